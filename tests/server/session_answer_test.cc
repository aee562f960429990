// Order of answers, streams, and what a session does with a client that asks or holds too much.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/eventually.h"
#include "tests/server/raw_client.h"
#include "tests/server/served.h"

namespace kundig::server {
namespace {

using wire::ErrorCode;
using wire::MessageType;

TEST(SessionAnswerTest, AThousandPipelinedRequestsAreAnsweredInOrder) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  constexpr uint32_t kRequests = 1000;
  std::vector<uint8_t> bytes;
  const MessageType types[] = {MessageType::events, MessageType::profiles, MessageType::events,
                               MessageType::ping};
  for (uint32_t i = 0; i < kRequests; ++i) {
    const MessageType type = types[i % 4];
    wire::AppendFrame(static_cast<uint8_t>(type), 5 * i,
                      type == MessageType::ping ? PingPayload() : NumberedPayload(i, 12 + i % 40),
                      &bytes);
  }
  std::thread sender([&] { client.SendBytes(bytes); });
  for (uint32_t i = 0; i < kRequests; ++i) {
    const std::optional<RawReply> reply = client.Receive();
    ASSERT_TRUE(reply) << i;
    ASSERT_EQ(reply->request_id, 5 * i);
    ASSERT_EQ(static_cast<int>(reply->type), static_cast<int>(types[i % 4]) + 128);
    if (reply->type != MessageType::ping_reply) {
      ASSERT_EQ(reply->payload, NumberedPayload(i, 12 + i % 40));
    }
  }
  sender.join();
}

TEST(SessionAnswerTest, AnUnknownTypeIsRefusedAndTheConnectionStays) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  for (const int type : {18, 100, 128, 130, 255, 0}) {
    ASSERT_TRUE(client.Send(static_cast<MessageType>(type), 9, NumberedPayload(1)));
    const std::optional<RawReply> reply = client.Receive();
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->type, MessageType::error);
    EXPECT_EQ(reply->code(), ErrorCode::unknown_type);
  }
  ASSERT_TRUE(client.Send(MessageType::ping, 10, PingPayload()));
  EXPECT_EQ(client.Receive()->type, MessageType::ping_reply);
}

TEST(SessionAnswerTest, AMessageThatTheHandlerCallsUnsoundClosesTheConnection) {
  Served served;
  for (const MessageType type : {MessageType::abc, MessageType::value}) {
    RawClient client;
    ASSERT_TRUE(client.Open(served.address()));
    ASSERT_TRUE(client.Send(type, 9, NumberedPayload(1)));
    const std::optional<RawReply> reply = client.Receive();
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->type, MessageType::error);
    EXPECT_EQ(reply->code(), ErrorCode::bad_message);
    EXPECT_TRUE(client.AtEnd());
  }
  EXPECT_EQ(served.count(Incident::kBadMessage), 2U);
}

TEST(SessionAnswerTest, ARequestThatTheHandlerDropsIsAnsweredInternal) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  ASSERT_TRUE(client.Send(MessageType::rfm, 9, NumberedPayload(1)));
  const std::optional<RawReply> reply = client.Receive();
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->type, MessageType::error);
  EXPECT_EQ(reply->code(), ErrorCode::internal);
}

TEST(SessionAnswerTest, AnAnswerLongerThanAFrameIsRefusedByName) {
  NetworkOptions options;
  options.session.max_frame_bytes = wire::kSmallestMaxFrameBytes;
  Served served(options);
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  ASSERT_TRUE(client.Send(MessageType::pipeline, 1, NumberedPayload(wire::kSmallestMaxFrameBytes)));
  EXPECT_EQ(client.Receive()->payload.size(), size_t{wire::kSmallestMaxFrameBytes});
  ASSERT_TRUE(
      client.Send(MessageType::pipeline, 2, NumberedPayload(wire::kSmallestMaxFrameBytes + 1)));
  const std::optional<RawReply> reply = client.Receive();
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->type, MessageType::error);
  EXPECT_EQ(reply->code(), ErrorCode::result_too_large);
  EXPECT_EQ(reply->field(), "max_frame_bytes");
}

TEST(SessionAnswerTest, RequestsAboveTheLimitAreRefusedInTheirTurnAndNotExecuted) {
  NetworkOptions options;
  options.session.max_in_flight = 4;
  Served served(options);
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  // In one piece, so that the last is read before the first is answered.
  std::vector<uint8_t> frames;
  for (uint32_t i = 0; i < 6; ++i) {
    wire::AppendFrame(static_cast<uint8_t>(MessageType::count), i, NumberedPayload(i), &frames);
  }
  wire::AppendFrame(static_cast<uint8_t>(MessageType::ping), 6, PingPayload(), &frames);
  ASSERT_TRUE(client.SendBytes(frames));
  served.handler.AwaitHeld(4);
  served.handler.Release();
  for (uint32_t i = 0; i < 7; ++i) {
    const std::optional<RawReply> reply = client.Receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->request_id, i);
    if (i < 4) {
      EXPECT_EQ(reply->type, MessageType::count_reply);
    } else {
      ASSERT_EQ(reply->type, MessageType::error);
      EXPECT_EQ(reply->code(), ErrorCode::too_many_requests);
      EXPECT_EQ(reply->field(), "max_in_flight");
    }
  }
  EXPECT_EQ(served.handler.handled(), 4U);
  ASSERT_TRUE(client.Send(MessageType::profiles, 8, NumberedPayload(8)));
  EXPECT_EQ(client.Receive()->type, MessageType::profiles_reply);
}

TEST(SessionAnswerTest, AClientFarAboveTheLimitIsNotReadUntilItIsAnswered) {
  NetworkOptions options;
  options.session.max_in_flight = 4;
  Served served(options);
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  constexpr uint32_t kRequests = 5000;
  for (uint32_t i = 0; i < kRequests; ++i) {
    ASSERT_TRUE(client.Send(MessageType::count, i, NumberedPayload(i)));
  }
  served.handler.AwaitHeld(4);
  std::atomic<bool> done{false};
  std::thread releaser([&] {
    while (!done) {
      served.handler.Release();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  uint32_t executed = 0;
  for (uint32_t i = 0; i < kRequests; ++i) {
    const std::optional<RawReply> reply = client.Receive();
    ASSERT_TRUE(reply) << i;
    ASSERT_EQ(reply->request_id, i);
    if (reply->type == MessageType::count_reply) ++executed;
  }
  done = true;
  releaser.join();
  EXPECT_EQ(served.handler.handled(), executed);
  EXPECT_LT(executed, kRequests);
}

TEST(SessionAnswerTest, AClientMayCloseItsSideAndStillGetsItsAnswers) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  ASSERT_TRUE(client.Send(MessageType::count, 1, NumberedPayload(1)));
  ASSERT_TRUE(client.Send(MessageType::profiles, 2, NumberedPayload(2)));
  ASSERT_TRUE(client.Send(MessageType::list, 3, PayloadOf({.chunks = 20, .chunk_bytes = 50'000})));
  client.CloseSending();
  served.handler.AwaitHeld(1);
  served.handler.Release();
  EXPECT_EQ(client.Receive()->type, MessageType::count_reply);
  EXPECT_EQ(client.Receive()->type, MessageType::profiles_reply);
  for (uint32_t i = 0; i < 20; ++i) EXPECT_EQ(NumberOf(client.Receive()->payload), i);
  EXPECT_TRUE(client.AtEnd());
}

TEST(SessionAnswerTest, AnswersForAClientThatIsGoneAreDropped) {
  Served served;
  for (int i = 0; i < 20; ++i) {
    RawClient client;
    ASSERT_TRUE(client.Open(served.address()));
    ASSERT_TRUE(client.Send(MessageType::list, 1, PayloadOf({.chunks = 1'000'000})));
    ASSERT_TRUE(client.Send(MessageType::events, 2, NumberedPayload(2)));
    ASSERT_TRUE(client.Send(MessageType::count, 3, NumberedPayload(3)));
    served.handler.AwaitHeld(static_cast<size_t>(i) + 1);
    client.Reset();
  }
  EXPECT_TRUE(Eventually([&] { return served.network.open_connections() == 0; }));
  served.handler.Release();
  EXPECT_EQ(served.handler.streams_alive(), 0);
  RawClient client;
  EXPECT_TRUE(client.Open(served.address()));
}

TEST(SessionStreamTest, ChunksComeInOrderAndTheNextAnswerAfterThem) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  for (const uint32_t other_thread : {0U, 1U}) {
    const StreamOrder order{
        .chunks = 200, .chunk_bytes = 30'000, .from_other_thread = other_thread};
    ASSERT_TRUE(client.Send(MessageType::list, 1, PayloadOf(order)));
    ASSERT_TRUE(client.Send(MessageType::events, 2, NumberedPayload(2)));
    for (uint32_t i = 0; i < order.chunks; ++i) {
      const std::optional<RawReply> reply = client.Receive();
      ASSERT_TRUE(reply);
      ASSERT_EQ(reply->request_id, 1U);
      ASSERT_EQ(NumberOf(reply->payload), i);
    }
    EXPECT_EQ(client.Receive()->type, MessageType::events_reply);
  }
}

TEST(SessionStreamTest, IsMadeOnlyAsFastAsItIsRead) {
  Served served;
  RawClient client(4096);
  ASSERT_TRUE(client.Open(served.address()));
  constexpr uint32_t kChunkBytes = 100'000;
  ASSERT_TRUE(client.Send(MessageType::list, 1,
                          PayloadOf({.chunks = 100'000, .chunk_bytes = kChunkBytes})));
  // The kernel's buffers fill, then nothing moves.
  uint64_t made = 0;
  ASSERT_TRUE(Eventually([&] {
    const uint64_t before = std::exchange(made, served.handler.chunks_made());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return made > 0 && before == made;
  }));
  EXPECT_LT(made * kChunkBytes, 64U << 20);
}

TEST(SessionStreamTest, ACancelEndsItAndTheConnectionGoesOn) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  ASSERT_TRUE(
      client.Send(MessageType::list, 1, PayloadOf({.chunks = 1'000'000, .chunk_bytes = 100'000})));
  for (uint32_t i = 0; i < 5; ++i) EXPECT_EQ(NumberOf(client.Receive()->payload), i);
  ASSERT_TRUE(client.Send(MessageType::cancel, 1, PingPayload()));
  ASSERT_TRUE(client.Send(MessageType::ping, 2, PingPayload()));
  uint32_t number = 4;
  for (;;) {
    const std::optional<RawReply> reply = client.Receive();
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->type, MessageType::list_reply);
    const uint32_t next = NumberOf(reply->payload);
    if (next == FakeHandler::kCancelledChunk) break;
    ASSERT_EQ(next, ++number);
  }
  EXPECT_EQ(client.Receive()->type, MessageType::ping_reply);
  EXPECT_EQ(served.handler.streams_alive(), 0);
  // A cancel of what has ended, or never was, is no error.
  ASSERT_TRUE(client.Send(MessageType::cancel, 1, PingPayload()));
  ASSERT_TRUE(client.Send(MessageType::ping, 3, PingPayload()));
  EXPECT_EQ(client.Receive()->type, MessageType::ping_reply);
}

TEST(SessionStallTest, AClientThatStopsReadingIsCutOffAndNobodyElseNotices) {
  NetworkOptions options{.threads = 1};
  options.session.write_stall_timeout = std::chrono::seconds(2);
  Served served(options);
  RawClient stalled(4096), other;
  ASSERT_TRUE(stalled.Open(served.address()));
  ASSERT_TRUE(other.Open(served.address()));
  ASSERT_TRUE(
      stalled.Send(MessageType::list, 1, PayloadOf({.chunks = 1'000'000, .chunk_bytes = 100'000})));
  uint32_t asked = 0;
  ASSERT_TRUE(Eventually([&] {
    ++asked;
    EXPECT_TRUE(other.Send(MessageType::profiles, asked, NumberedPayload(asked)));
    const std::optional<RawReply> reply = other.Receive();
    EXPECT_TRUE(reply && reply->request_id == asked);
    return served.count(Incident::kStalledClient) == 1;
  }));
  EXPECT_GT(asked, 10U);
  EXPECT_TRUE(Eventually([&] { return served.handler.streams_alive() == 0; }));
  EXPECT_TRUE(Eventually([&] { return served.network.open_connections() == 1; }));
}

TEST(SessionStallTest, AClientThatOnlySendsIsNotReadForEverAndCutOff) {
  NetworkOptions options;
  options.session.write_stall_timeout = std::chrono::milliseconds(300);
  Served served(options);
  RawClient client(4096);
  ASSERT_TRUE(client.Open(served.address()));
  std::vector<uint8_t> frames;
  for (uint32_t i = 0; i < 100; ++i) {
    wire::AppendFrame(static_cast<uint8_t>(MessageType::profiles), i, NumberedPayload(i, 10'000),
                      &frames);
  }
  size_t at = 0, sent = 0;
  ASSERT_TRUE(Eventually([&] {
    const size_t bytes = client.SendSome(std::span<const uint8_t>(frames).subspan(at));
    at = (at + bytes) % frames.size();
    sent += bytes;
    return served.count(Incident::kStalledClient) == 1;
  }));
  // Bounded by the buffers of two kernels and one session.
  EXPECT_LT(sent, 64U << 20);
}

TEST(SessionIdleTest, AnIdleClientIsClosedAndABusyOneIsNot) {
  NetworkOptions options;
  options.session.idle_timeout = std::chrono::seconds(2);
  Served served(options);
  RawClient idle, waiting;
  ASSERT_TRUE(waiting.Open(served.address()));
  ASSERT_TRUE(waiting.Send(MessageType::count, 1, NumberedPayload(1)));
  served.handler.AwaitHeld(1);
  ASSERT_TRUE(idle.Open(served.address()));
  EXPECT_TRUE(idle.AtEnd());
  EXPECT_EQ(served.count(Incident::kIdleClient), 1U);
  served.handler.Release();
  const std::optional<RawReply> reply = waiting.Receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->type, MessageType::count_reply);
}

}  // namespace
}  // namespace kundig::server
