// What a session says to the first frame, and to frames and messages that are broken.

#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "tests/eventually.h"
#include "tests/server/raw_client.h"
#include "tests/server/served.h"

namespace kundig::server {
namespace {

using wire::ErrorCode;
using wire::MessageType;

std::vector<uint8_t> FrameOf(MessageType type, uint32_t request_id,
                             std::span<const uint8_t> payload) {
  std::vector<uint8_t> frame;
  wire::AppendFrame(static_cast<uint8_t>(type), request_id, payload, &frame);
  return frame;
}

void ExpectErrorThenEnd(RawClient* client, ErrorCode code, uint32_t request_id) {
  const std::optional<RawReply> reply = client->Receive();
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->type, MessageType::error);
  EXPECT_EQ(reply->code(), code);
  EXPECT_EQ(reply->request_id, request_id);
  EXPECT_TRUE(client->AtEnd());
}

TEST(SessionHandshakeTest, SaysWhatTheServerIs) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Connect(served.address()));
  ASSERT_TRUE(client.Send(MessageType::hello, 42, HelloPayload()));
  const std::optional<RawReply> reply = client.Receive();
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->type, MessageType::hello_reply);
  EXPECT_EQ(reply->request_id, 42U);
  const auto* hello = flatbuffers::GetRoot<wire::HelloReply>(reply->payload.data());
  EXPECT_EQ(hello->protocol(), wire::kProtocolVersion);
  EXPECT_EQ(hello->server_name()->str(), "test");
  EXPECT_EQ(hello->server_version()->str(), "1.2.3");
  EXPECT_EQ(hello->currency()->str(), "EUR");
  EXPECT_EQ(hello->time_zone()->str(), "UTC");
  EXPECT_EQ(hello->stages()->Get(0)->str(), "Offer");
  EXPECT_EQ(hello->durability()->str(), "none");
  EXPECT_EQ(hello->limits()->max_frame_bytes(), wire::kMaxFrameBytes);
  EXPECT_EQ(hello->limits()->max_in_flight(), wire::kMaxInFlight);
  EXPECT_EQ(hello->limits()->max_profile_ids(), wire::kMaxProfileIds);
  EXPECT_EQ(hello->limits()->max_batch_events(), wire::kMaxBatchEvents);
}

TEST(SessionHandshakeTest, AcceptsARangeThatHoldsItsVersionWhateverTheHeaderSays) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Connect(served.address()));
  ASSERT_TRUE(client.Send(MessageType::hello, 1, HelloPayload(1, 9), 9));
  const std::optional<RawReply> reply = client.Receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->type, MessageType::hello_reply);
}

TEST(SessionHandshakeTest, WorksOneByteAtATime) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Connect(served.address()));
  std::vector<uint8_t> bytes = FrameOf(MessageType::hello, 1, HelloPayload());
  for (const uint8_t byte : FrameOf(MessageType::ping, 2, PingPayload())) bytes.push_back(byte);
  for (const uint8_t byte : FrameOf(MessageType::profiles, 3, NumberedPayload(33, 37))) {
    bytes.push_back(byte);
  }
  for (const uint8_t byte : bytes) ASSERT_TRUE(client.SendBytes({&byte, 1}));
  EXPECT_EQ(client.Receive()->type, MessageType::hello_reply);
  EXPECT_EQ(client.Receive()->type, MessageType::ping_reply);
  const std::optional<RawReply> reply = client.Receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->type, MessageType::profiles_reply);
  EXPECT_EQ(reply->payload, NumberedPayload(33, 37));
}

TEST(SessionHandshakeTest, RefusesAFirstFrameThatIsNoHello) {
  Served served;
  for (const MessageType type : {MessageType::ping, MessageType::profiles, MessageType::cancel}) {
    RawClient client;
    ASSERT_TRUE(client.Connect(served.address()));
    ASSERT_TRUE(client.Send(type, 5, PingPayload()));
    ExpectErrorThenEnd(&client, ErrorCode::handshake_required, 5);
  }
  EXPECT_EQ(served.count(Incident::kHandshakeFailed), 3U);
  EXPECT_EQ(served.handler.handled(), 0U);
}

TEST(SessionHandshakeTest, RefusesOtherVersions) {
  Served served;
  RawClient newer, older;
  ASSERT_TRUE(newer.Connect(served.address()));
  ASSERT_TRUE(newer.Send(MessageType::hello, 5, HelloPayload(2, 3), 3));
  ExpectErrorThenEnd(&newer, ErrorCode::unsupported_version, 5);
  ASSERT_TRUE(older.Connect(served.address()));
  ASSERT_TRUE(older.Send(MessageType::hello, 6, HelloPayload(0, 0)));
  ExpectErrorThenEnd(&older, ErrorCode::unsupported_version, 6);
  RawClient changed;
  ASSERT_TRUE(changed.Open(served.address()));
  ASSERT_TRUE(changed.Send(MessageType::ping, 8, PingPayload(), 2));
  ExpectErrorThenEnd(&changed, ErrorCode::unsupported_version, 8);
}

TEST(SessionHandshakeTest, RefusesAHelloThatIsUnsoundTooLongOrTheSecond) {
  Served served;
  RawClient unsound, too_long, second;
  ASSERT_TRUE(unsound.Connect(served.address()));
  ASSERT_TRUE(unsound.Send(MessageType::hello, 5, std::vector<uint8_t>(40, 0xEE)));
  ExpectErrorThenEnd(&unsound, ErrorCode::bad_message, 5);
  ASSERT_TRUE(too_long.Connect(served.address()));
  ASSERT_TRUE(too_long.Send(MessageType::hello, 5,
                            HelloPayload(1, 1, std::string(wire::kMaxHelloBytes, 'x'))));
  ExpectErrorThenEnd(&too_long, ErrorCode::frame_too_large, 5);
  ASSERT_TRUE(second.Open(served.address()));
  ASSERT_TRUE(second.Send(MessageType::hello, 5, HelloPayload()));
  ExpectErrorThenEnd(&second, ErrorCode::bad_message, 5);
}

TEST(SessionHandshakeTest, ClosesAClientThatDoesNotSayHelloInTime) {
  NetworkOptions options;
  options.session.handshake_timeout = std::chrono::milliseconds(300);
  Served served(options);
  RawClient silent;
  ASSERT_TRUE(silent.Connect(served.address()));
  ExpectErrorThenEnd(&silent, ErrorCode::handshake_required, 0);
  RawClient slow;
  ASSERT_TRUE(slow.Connect(served.address()));
  const std::vector<uint8_t> hello = FrameOf(MessageType::hello, 1, HelloPayload());
  ASSERT_TRUE(slow.SendBytes(std::span<const uint8_t>(hello).first(20)));
  ExpectErrorThenEnd(&slow, ErrorCode::handshake_required, 0);
}

TEST(SessionFrameTest, AnswersABrokenFrameWithItsRequestIdAndCloses) {
  NetworkOptions options;
  options.session.max_frame_bytes = wire::kSmallestMaxFrameBytes;
  Served served(options);
  struct Case {
    size_t offset;
    std::vector<uint8_t> bytes;
    ErrorCode code;
  };
  const std::vector<Case> cases = {
      {20, {0xFF}, ErrorCode::bad_frame},                // payload
      {4, {1, 2, 3, 4}, ErrorCode::bad_frame},           // checksum
      {11, {1}, ErrorCode::bad_frame},                   // reserved
      {0, {3, 0, 0, 0}, ErrorCode::bad_frame},           // too short
      {0, {1, 0, 0x10, 0}, ErrorCode::frame_too_large},  // one byte above the limit
      {0, {0xFF, 0xFF, 0xFF, 0xFF}, ErrorCode::frame_too_large},
  };
  for (const Case& broken : cases) {
    RawClient client;
    ASSERT_TRUE(client.Open(served.address()));
    std::vector<uint8_t> frame = FrameOf(MessageType::profiles, 77, NumberedPayload(1));
    std::copy(broken.bytes.begin(), broken.bytes.end(),
              frame.begin() + static_cast<std::ptrdiff_t>(broken.offset));
    ASSERT_TRUE(client.SendBytes(frame));
    ExpectErrorThenEnd(&client, broken.code, 77);
  }
  EXPECT_EQ(served.count(Incident::kBadFrame), cases.size());
  EXPECT_EQ(served.handler.handled(), 0U);
}

TEST(SessionFrameTest, TheErrorOfABrokenFrameComesAfterTheAnswersBeforeIt) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  ASSERT_TRUE(client.Send(MessageType::count, 1, NumberedPayload(1)));
  std::vector<uint8_t> frame = FrameOf(MessageType::profiles, 2, NumberedPayload(2));
  frame.back() ^= 1;
  ASSERT_TRUE(client.SendBytes(frame));
  // What follows is not read.
  ASSERT_TRUE(client.Send(MessageType::profiles, 3, NumberedPayload(3)));
  served.handler.AwaitHeld(1);
  ASSERT_TRUE(Eventually([&] { return served.count(Incident::kBadFrame) == 1; }));
  served.handler.Release();
  const std::optional<RawReply> reply = client.Receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->type, MessageType::count_reply);
  ExpectErrorThenEnd(&client, ErrorCode::bad_frame, 2);
  EXPECT_EQ(served.handler.handled(), 1U);
}

TEST(SessionFrameTest, AFrameCutByTheEndOfTheStreamJustCloses) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  const std::vector<uint8_t> frame = FrameOf(MessageType::profiles, 2, NumberedPayload(2, 100));
  ASSERT_TRUE(client.SendBytes(std::span<const uint8_t>(frame).first(60)));
  client.CloseSending();
  EXPECT_TRUE(client.AtEnd());
  EXPECT_EQ(served.count(Incident::kTruncatedFrame), 1U);
}

TEST(SessionFrameTest, ClosesAClientWhoseFrameDoesNotEndInTime) {
  NetworkOptions options;
  options.session.frame_timeout = std::chrono::milliseconds(300);
  Served served(options);
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  const std::vector<uint8_t> frame = FrameOf(MessageType::profiles, 2, NumberedPayload(2, 100));
  ASSERT_TRUE(client.SendBytes(std::span<const uint8_t>(frame).first(60)));
  ExpectErrorThenEnd(&client, ErrorCode::bad_frame, 0);
  EXPECT_EQ(served.count(Incident::kFrameTimedOut), 1U);
}

TEST(SessionFrameTest, GarbageNeverHurtsAnyoneElse) {
  Served served;
  RawClient witness;
  ASSERT_TRUE(witness.Open(served.address()));
  std::mt19937 random(11);
  for (uint32_t round = 0; round < 150; ++round) {
    RawClient client;
    if (round % 3 == 0) {
      ASSERT_TRUE(client.Connect(served.address()));
    } else {
      ASSERT_TRUE(client.Open(served.address()));
    }
    std::vector<uint8_t> bytes;
    if (round % 2 == 0) {
      bytes.resize(random() % 3000);
      for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    } else {
      // Sound frames with unsound payloads of the types that the session reads itself.
      std::vector<uint8_t> payload(12 + random() % 100);
      for (uint8_t& byte : payload) byte = static_cast<uint8_t>(random() % 16);
      for (const MessageType type : {MessageType::cancel, MessageType::ping, MessageType::hello}) {
        wire::AppendFrame(static_cast<uint8_t>(type), round, payload, &bytes);
      }
    }
    client.SendBytes(bytes);
    client.CloseSending();
    while (client.Receive()) {
    }
  }
  ASSERT_TRUE(witness.Send(MessageType::ping, 1, PingPayload()));
  EXPECT_EQ(witness.Receive()->type, MessageType::ping_reply);
  EXPECT_TRUE(Eventually([&] { return served.network.open_connections() == 1; }));
}

}  // namespace
}  // namespace kundig::server
