// The short way of lookups: runs, what ends them, and when the long way is taken.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/limits.h"
#include "tests/eventually.h"
#include "tests/server/raw_client.h"
#include "tests/server/served.h"

namespace kundig::server {
namespace {

using wire::ErrorCode;
using wire::MessageType;

void Append(MessageType type, uint32_t number, std::vector<uint8_t>* bytes,
            size_t payload_bytes = 16) {
  wire::AppendFrame(static_cast<uint8_t>(type), number, NumberedPayload(number, payload_bytes),
                    bytes);
}

// The next reply answers request `number` by repeating it.
void ExpectRepeated(RawClient* client, MessageType type, uint32_t number,
                    size_t payload_bytes = 16) {
  const std::optional<RawReply> reply = client->Receive();
  ASSERT_TRUE(reply) << number;
  ASSERT_EQ(reply->request_id, number);
  ASSERT_EQ(static_cast<int>(reply->type), static_cast<int>(type) | 0x80);
  ASSERT_EQ(reply->payload, NumberedPayload(number, payload_bytes));
}

TEST(SessionLookupTest, RequestsThatComeTogetherAreHandledTogether) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  constexpr uint32_t kRequests = 3 * kMaxRunRequests;
  std::vector<uint8_t> bytes;
  for (uint32_t i = 0; i < kRequests; ++i) Append(MessageType::records, i, &bytes);
  // One read need not bring all of them.
  ASSERT_TRUE(Eventually([&] {
    EXPECT_TRUE(client.SendBytes(bytes));
    for (uint32_t i = 0; i < kRequests; ++i) ExpectRepeated(&client, MessageType::records, i);
    return served.handler.longest_run() == kMaxRunRequests;
  }));
  EXPECT_EQ(served.handler.handled_alone(), 0U);
}

TEST(SessionLookupTest, TypesLengthsAndPlacesMayChangeAtWill) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  std::minstd_rand random(5);
  constexpr uint32_t kRequests = 3000;
  struct Asked {
    MessageType type;
    size_t bytes;
  };
  std::vector<Asked> asked;
  std::vector<uint8_t> bytes;
  for (uint32_t i = 0; i < kRequests; ++i) {
    const MessageType types[] = {MessageType::records, MessageType::records, MessageType::profiles,
                                 MessageType::events};
    // Most are multiples of four, as messages are; after others, payloads lie askew.
    const size_t length = 12 + 4 * (random() % 30) + (random() % 50 == 0 ? random() % 4 : 0);
    asked.push_back({types[random() % (i % 500 < 400 ? 3 : 4)], length});
    Append(asked[i].type, i, &bytes, length);
  }
  std::thread sender([&] { EXPECT_TRUE(client.SendBytes(bytes)); });
  for (uint32_t i = 0; i < kRequests; ++i) {
    ExpectRepeated(&client, asked[i].type, i, asked[i].bytes);
  }
  sender.join();
  EXPECT_EQ(served.handler.handled(), kRequests);
  EXPECT_GT(served.handler.longest_run(), 1U);
}

TEST(SessionLookupTest, WaitBehindWhatIsUnanswered) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  std::vector<uint8_t> bytes;
  Append(MessageType::count, 0, &bytes);
  for (uint32_t i = 1; i < 10; ++i) Append(MessageType::records, i, &bytes);
  ASSERT_TRUE(client.SendBytes(bytes));
  served.handler.AwaitHeld(1);
  ASSERT_TRUE(Eventually([&] { return served.handler.handled_alone() == 9; }));
  EXPECT_EQ(served.handler.longest_run(), 0U);
  served.handler.Release();
  ExpectRepeated(&client, MessageType::count, 0);
  for (uint32_t i = 1; i < 10; ++i) ExpectRepeated(&client, MessageType::records, i);
  // Nothing is unanswered now.
  ASSERT_TRUE(client.Send(MessageType::records, 10, NumberedPayload(10)));
  ExpectRepeated(&client, MessageType::records, 10);
  EXPECT_EQ(served.handler.longest_run(), 1U);
}

TEST(SessionLookupTest, AreNeverInFlightWhereTheyAreAnsweredAtOnce) {
  NetworkOptions options;
  options.session.max_in_flight = 1;
  Served served(options);
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  std::vector<uint8_t> bytes;
  for (uint32_t i = 0; i < 500; ++i) Append(MessageType::records, i, &bytes);
  ASSERT_TRUE(client.SendBytes(bytes));
  for (uint32_t i = 0; i < 500; ++i) ExpectRepeated(&client, MessageType::records, i);
}

TEST(SessionLookupTest, AnUnsoundOneEndsTheConnectionBehindTheAnswersBeforeIt) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  std::vector<uint8_t> bytes;
  for (uint32_t i = 0; i < 20; ++i) {
    wire::AppendFrame(static_cast<uint8_t>(MessageType::records), i,
                      NumberedPayload(i == 7 ? FakeHandler::kUnsound : i), &bytes);
  }
  ASSERT_TRUE(client.SendBytes(bytes));
  for (uint32_t i = 0; i < 7; ++i) ExpectRepeated(&client, MessageType::records, i);
  const std::optional<RawReply> reply = client.Receive();
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->type, MessageType::error);
  EXPECT_EQ(reply->request_id, 7U);
  EXPECT_EQ(reply->code(), ErrorCode::bad_message);
  EXPECT_TRUE(client.AtEnd());
  EXPECT_EQ(served.count(Incident::kBadMessage), 1U);
}

TEST(SessionLookupTest, ABrokenFrameEndsTheConnectionBehindTheAnswersBeforeIt) {
  for (const bool other_version : {false, true}) {
    Served served;
    RawClient client;
    ASSERT_TRUE(client.Open(served.address()));
    std::vector<uint8_t> bytes;
    for (uint32_t i = 0; i < 5; ++i) Append(MessageType::records, i, &bytes);
    wire::AppendFrame(static_cast<uint8_t>(MessageType::records), 5, NumberedPayload(5), &bytes,
                      other_version ? wire::kProtocolVersion + 1 : wire::kProtocolVersion);
    if (!other_version) bytes.back() = static_cast<uint8_t>(bytes.back() ^ 1);
    Append(MessageType::records, 6, &bytes);
    ASSERT_TRUE(client.SendBytes(bytes));
    for (uint32_t i = 0; i < 5; ++i) ExpectRepeated(&client, MessageType::records, i);
    const std::optional<RawReply> reply = client.Receive();
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->type, MessageType::error);
    EXPECT_EQ(reply->request_id, 5U);
    EXPECT_EQ(reply->code(), other_version ? ErrorCode::unsupported_version : ErrorCode::bad_frame);
    EXPECT_TRUE(client.AtEnd());
  }
}

TEST(SessionLookupTest, NeedTheHandshakeFirst) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Connect(served.address()));
  ASSERT_TRUE(client.Send(MessageType::records, 3, NumberedPayload(3)));
  const std::optional<RawReply> reply = client.Receive();
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->type, MessageType::error);
  EXPECT_EQ(reply->code(), ErrorCode::handshake_required);
  EXPECT_EQ(served.handler.handled(), 0U);
}

TEST(SessionLookupTest, AreRefusedWhileTheServerDrains) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  ASSERT_TRUE(client.Send(MessageType::count, 1, NumberedPayload(1)));
  served.handler.AwaitHeld(1);
  std::thread drainer([&] { EXPECT_TRUE(served.network.Drain(std::chrono::seconds(20))); });
  EXPECT_TRUE(Eventually([&] {
    RawClient late;
    return !late.Connect(served.address());
  }));
  // Who is owed an answer keeps the connection, however long that takes.
  std::this_thread::sleep_for(2 * kDrainQuiet);
  EXPECT_TRUE(client.Send(MessageType::records, 2, NumberedPayload(2)));
  served.handler.Release();
  ExpectRepeated(&client, MessageType::count, 1);
  const std::optional<RawReply> reply = client.Receive();
  EXPECT_TRUE(reply && reply->type == MessageType::error && reply->request_id == 2 &&
              reply->code() == ErrorCode::shutting_down);
  client.Close();
  drainer.join();
}

}  // namespace
}  // namespace kundig::server
