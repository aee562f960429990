#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/client.h"
#include "client/event_batch.h"
#include "client/message.h"
#include "client/order_batch.h"
#include "tests/client/expected.h"
#include "tests/client/fake_server.h"

namespace kundig::client {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using wire::MessageType;
using RawAnswer = AsyncClient::RawAnswer;

// What was sent is not sent again.
Options ToOnce(const FakeServer& server) {
  Options options = To(server);
  options.send_again = false;
  return options;
}

Expected<RawAnswer> Ping(AsyncClient& client,
                         std::optional<std::chrono::milliseconds> deadline = std::nullopt) {
  Expected<RawAnswer> answer;
  client.Request(MessageType::ping, Packed(wire::PingT{}), answer.Take(), nullptr, deadline);
  return answer;
}

TEST(AsyncClientTest, PipelinesUpToTheLimitAndAnswersInOrder) {
  constexpr uint32_t kInFlight = 50;
  constexpr size_t kRequests = 500;
  std::vector<uint32_t> held;  // of the server's thread
  FakeServer server([&](Peer& peer, const wire::Frame& frame) {
    held.push_back(frame.header.request_id);
    if (held.size() < kInFlight) return;
    EXPECT_EQ(held.size(), kInFlight);
    for (const uint32_t id : held) {
      peer.Send(MessageType::ping_reply, id, wire::PingReplyT{});
    }
    held.clear();
  });
  Options options = To(server);
  options.max_in_flight = kInFlight;
  AsyncClient client(options);
  std::vector<size_t> order;
  std::promise<void> all;
  for (size_t i = 0; i < kRequests; ++i) {
    client.Request(MessageType::ping, Packed(wire::PingT{}),
                   [&, i](const Result<RawAnswer>& answer) {
                     EXPECT_TRUE(answer);
                     order.push_back(i);
                     if (order.size() == kRequests) all.set_value();
                   });
  }
  all.get_future().wait();
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(AsyncClientTest, ServersLimitInFlightHolds) {
  size_t held = 0;  // of the server's thread
  FakeServer server([&](Peer& peer, const wire::Frame& frame) {
    if (++held < 64) return;  // as the handshake says
    EXPECT_EQ(held, 64U);
    for (uint32_t id = frame.header.request_id - 63; id <= frame.header.request_id; ++id) {
      peer.Send(MessageType::ping_reply, id, wire::PingReplyT{});
    }
    held = 0;
  });
  Options options = To(server);
  options.max_in_flight = 1000;
  AsyncClient client(options);
  std::vector<Expected<RawAnswer>> answers;
  for (int i = 0; i < 128; ++i) answers.push_back(Ping(client));
  for (auto& answer : answers) EXPECT_TRUE(answer.Wait());
}

TEST(AsyncClientTest, TypedRequestsGetTypedAnswers) {
  FakeServer server([](Peer& peer, const wire::Frame& frame) {
    if (static_cast<MessageType>(frame.header.type) != MessageType::events) {
      return AnswerAsAShop(peer, frame);
    }
    wire::EventBatchReplyT reply;
    reply.state = std::make_unique<wire::State>(7, 7, 0, 3, 2);
    reply.applied = static_cast<uint32_t>(Unpacked<wire::EventBatchT>(frame.payload).events.size());
    peer.Send(MessageType::events_reply, frame.header.request_id, reply);
  });
  AsyncClient client(To(server));
  Expected<ServerInfo> connected;
  client.Connect(connected.Take());
  EXPECT_EQ(connected.Wait().value().name, "fake");
  Expected<wire::ProfilesReplyT> profiles;
  client.Profiles({"a", "nobody"}, profiles.Take());
  const auto reply = profiles.Wait().value();
  ASSERT_EQ(reply.profiles.size(), 2U);
  EXPECT_EQ(reply.profiles[0]->rfm_segment, "segment of a");
  EXPECT_FALSE(reply.profiles[1]->found);
  Expected<wire::EventBatchReplyT> events;
  client.Send(EventBatch().Visit("a", 1).Erase("b").events(), events.Take());
  EXPECT_EQ(events.Wait().value().applied, 2U);
}

TEST(AsyncClientTest, RecordsAndOrders) {
  FakeServer server([](Peer& peer, const wire::Frame& frame) {
    if (static_cast<MessageType>(frame.header.type) != MessageType::orders) {
      return AnswerAsAShop(peer, frame);
    }
    wire::EventBatchReplyT reply;
    reply.state = std::make_unique<wire::State>(7, 7, 0, 3, 2);
    reply.applied = static_cast<uint32_t>(Unpacked<wire::OrderBatchT>(frame.payload).at.size());
    peer.Send(MessageType::orders_reply, frame.header.request_id, reply);
  });
  AsyncClient client(To(server));
  Expected<wire::RecordsReplyT> records;
  client.Records(std::vector<std::string>{"abc", ""}, records.Take());
  const auto reply = records.Wait().value();
  ASSERT_EQ(reply.records.size(), 2U);
  EXPECT_EQ(reply.records[0].revenue(), 3);
  EXPECT_FALSE(reply.records[1].found());
  OrderBatch orders;
  orders.Add("a", "1", 0, 1).Add("b", "2", 0, 1);
  Expected<wire::EventBatchReplyT> sent;
  client.Send(orders, sent.Take());
  EXPECT_EQ(sent.Wait().value().applied, 2U);

  for (int i = 0; i < 100; ++i) orders.Add("c", "3", 0, 1);
  Expected<wire::EventBatchReplyT> too_many;
  client.Send(orders, too_many.Take());
  const auto refused = too_many.Wait();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(refused.error().field, "max_batch_events");
  Expected<wire::RecordsReplyT> too_many_ids;
  client.Records(std::vector<std::string>(1001), too_many_ids.Take());
  EXPECT_EQ(too_many_ids.Wait().error().field, "max_profile_ids");
}

TEST(AsyncClientTest, DeadlineAnswersInTimeAndTheLateAnswerIsDropped) {
  int asked = 0;  // both of the server's thread
  uint32_t late = 0;
  FakeServer server([&](Peer& peer, const wire::Frame& frame) {
    if (++asked == 2) {
      late = frame.header.request_id;
      return;
    }
    if (asked == 3) peer.Send(MessageType::ping_reply, late, wire::PingReplyT{});
    AnswerAsAShop(peer, frame);
  });
  AsyncClient client(To(server));
  ASSERT_TRUE(Ping(client).Wait());  // connected
  const auto begin = std::chrono::steady_clock::now();
  const auto timed_out = Ping(client, 1s).Wait();
  ASSERT_FALSE(timed_out);
  EXPECT_EQ(timed_out.error().kind, ErrorKind::kTimedOut);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 1s);
  EXPECT_TRUE(Ping(client, 10s).Wait());
  EXPECT_EQ(server.connections(), 1);
}

TEST(AsyncClientTest, ServerThatStaysSilentIsGivenUp) {
  std::atomic<bool> silent = false;
  FakeServer server([&](Peer& peer, const wire::Frame& frame) {
    if (!silent) AnswerAsAShop(peer, frame);
  });
  AsyncClient client(ToOnce(server));
  ASSERT_TRUE(Ping(client).Wait());  // connected
  silent = true;
  auto first = Ping(client, 500ms);
  auto second = Ping(client, 0ms);  // no deadline of its own
  EXPECT_EQ(first.Wait().error().kind, ErrorKind::kTimedOut);
  EXPECT_EQ(second.Wait().error().kind, ErrorKind::kLost);
  silent = false;
  EXPECT_TRUE(Ping(client).Wait());
  EXPECT_EQ(server.connections(), 2);
}

TEST(AsyncClientTest, WhatWasSentWhenTheConnectionBrokeIsLost) {
  FakeServer server([](Peer& peer, const wire::Frame&) { peer.Close(); });
  AsyncClient client(ToOnce(server));
  EXPECT_EQ(Ping(client).Wait().error().kind, ErrorKind::kLost);
}

TEST(AsyncClientTest, WhatLeftInPartIsUnreachableAndWhatDidNotLeaveIsSentAgain) {
  // The first connection takes nothing after the handshake; what fits the kernel's buffers leaves.
  std::shared_ptr<Peer> stuck;
  std::promise<void> welcomed;
  FakeServer server(AnswerAsAShop, [&](Peer& peer, const wire::Frame& frame) {
    WelcomeEveryone(peer, frame);
    if (stuck) return;
    stuck = peer.shared_from_this();
    peer.StopReading();
    welcomed.set_value();
  });
  Options options = ToOnce(server);
  options.max_in_flight = 64;
  AsyncClient client(options);
  auto whole = Ping(client);
  // More than both kernels' buffers together take, in frames as large as the server allows.
  std::vector<Expected<RawAnswer>> large(4);
  const std::vector<uint8_t> payload(7U << 20);
  for (auto& answer : large) client.Request(MessageType::ping, payload, answer.Take());
  auto behind = Ping(client);
  welcomed.get_future().wait();
  // Until all that fits has left.
  std::this_thread::sleep_for(1s);
  server.Run([&] { stuck->Reset(); });

  EXPECT_EQ(whole.Wait().error().kind, ErrorKind::kLost);
  bool unreachable = false;
  for (auto& answer : large) {
    const auto outcome = answer.Wait();
    if (outcome) {
      EXPECT_TRUE(unreachable) << "only what did not leave is sent on the next connection";
      continue;
    }
    // Those before the one that left in part left whole.
    if (!unreachable && outcome.error().kind == ErrorKind::kLost) continue;
    EXPECT_EQ(outcome.error().kind, ErrorKind::kUnreachable) << outcome.error().message;
    EXPECT_FALSE(unreachable) << "only one request can leave in part";
    unreachable = true;
  }
  EXPECT_TRUE(unreachable);
  const auto later = behind.Wait();
  EXPECT_TRUE(later) << later.error().message;
  EXPECT_EQ(server.connections(), 2);
  server.Run([&] { stuck.reset(); });
}

TEST(AsyncClientTest, AnswersThatCannotBeReadCloseTheConnection) {
  const std::vector<Peer::Handler> liars = {
      // another type than asked for
      [](Peer& peer, const wire::Frame& frame) {
        wire::StatusReplyT reply;
        reply.state = std::make_unique<wire::State>(1, 1, 0, 3, 2);
        peer.Send(MessageType::status_reply, frame.header.request_id, reply);
      },
      // another request
      [](Peer& peer, const wire::Frame& frame) {
        peer.Send(MessageType::ping_reply, frame.header.request_id + 1, wire::PingReplyT{});
      },
      // no sound message
      [](Peer& peer, const wire::Frame& frame) {
        const std::vector<uint8_t> garbage(64, 0xEE);
        peer.SendPayload(MessageType::ping_reply, frame.header.request_id, garbage);
      },
      // an error that is no sound message
      [](Peer& peer, const wire::Frame& frame) {
        const std::vector<uint8_t> garbage(64, 0xEE);
        peer.SendPayload(MessageType::error, frame.header.request_id, garbage);
      },
      // an error for nobody
      [](Peer& peer, const wire::Frame& frame) {
        peer.Refuse(frame.header.request_id + 1, wire::ErrorCode::overloaded, "Busy.");
      },
  };
  for (size_t i = 0; i < liars.size(); ++i) {
    std::atomic<bool> lie = true;
    FakeServer server([&](Peer& peer, const wire::Frame& frame) {
      (lie ? liars[i] : Peer::Handler(AnswerAsAShop))(peer, frame);
    });
    AsyncClient client(To(server));
    EXPECT_EQ(Ping(client).Wait().error().kind, ErrorKind::kProtocol) << i;
    lie = false;
    EXPECT_TRUE(Ping(client).Wait()) << i;
    EXPECT_EQ(server.connections(), 2) << i;
  }
}

TEST(AsyncClientTest, BrokenFramesEndTheConnection) {
  struct Case {
    Peer::Handler liar;
    ErrorKind first;
  };
  const auto broken = [](Peer& peer, uint32_t request_id, uint16_t version, uint8_t flip) {
    std::vector<uint8_t> bytes;
    wire::AppendFrame(static_cast<uint8_t>(MessageType::ping_reply), request_id,
                      Packed(wire::PingReplyT{}), &bytes, version);
    bytes.back() ^= flip;
    peer.SendBytes(bytes);
  };
  const std::vector<Case> cases = {
      {[&](Peer& peer, const wire::Frame& frame) {
         broken(peer, frame.header.request_id, wire::kProtocolVersion, 1);
       },
       ErrorKind::kProtocol},
      {[&](Peer& peer, const wire::Frame& frame) {
         broken(peer, frame.header.request_id, wire::kProtocolVersion + 1, 0);
       },
       ErrorKind::kProtocol},
      // the server's reason to close, which answers no request
      {[](Peer& peer, const wire::Frame&) {
         peer.Refuse(0, wire::ErrorCode::bad_frame, "The frame came too slowly.");
       },
       ErrorKind::kLost}};
  for (const Case& broken_case : cases) {
    // Both requests leave in one connection, and only the second makes the server speak.
    bool second = false;
    FakeServer server([&](Peer& peer, const wire::Frame& frame) {
      if (std::exchange(second, true)) {
        wire::Frame first = frame;
        first.header.request_id -= 1;
        broken_case.liar(peer, first);
      }
    });
    AsyncClient client(ToOnce(server));
    auto first = Ping(client);
    auto other = Ping(client);
    EXPECT_EQ(first.Wait().error().kind, broken_case.first);
    EXPECT_EQ(other.Wait().error().kind, ErrorKind::kLost);
  }
}

TEST(AsyncClientTest, OneTooManyWaitingIsInvalid) {
  FakeServer server([](Peer&, const wire::Frame&) {});
  std::atomic<size_t> lost = 0;
  {
    AsyncClient client(To(server));
    for (uint32_t i = 0; i < kMaxWaitingRequests; ++i) {
      client.Request(MessageType::ping, Packed(wire::PingT{}),
                     [&](const Result<RawAnswer>& answer) {
                       const ErrorKind kind = answer.error().kind;
                       if (kind == ErrorKind::kLost || kind == ErrorKind::kUnreachable) ++lost;
                     });
    }
    const auto refused = Ping(client).Wait();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kInvalid);
    EXPECT_EQ(refused.error().field, "max_waiting_requests");
    EXPECT_EQ(lost, 0U);
  }
  EXPECT_EQ(lost, kMaxWaitingRequests) << "the destructor answers all that waits";
}

TEST(AsyncClientTest, TypesThatAreTheClientsOwnAreInvalid) {
  FakeServer server(AnswerAsAShop);
  AsyncClient client(To(server));
  for (const MessageType type : {MessageType::none, MessageType::hello, MessageType::cancel,
                                 MessageType::ping_reply, MessageType::error}) {
    Expected<RawAnswer> answer;
    client.Request(type, Packed(wire::PingT{}), answer.Take());
    EXPECT_EQ(answer.Wait().error().kind, ErrorKind::kInvalid);
  }
  Expected<RawAnswer> list;
  client.Request(MessageType::list, Packed(wire::ListRequestT{}), list.Take());
  EXPECT_EQ(list.Wait().error().field, "more");
}

TEST(AsyncClientTest, DestroyedWithinItsOwnCallback) {
  FakeServer server(AnswerAsAShop);
  auto client = std::make_unique<AsyncClient>(To(server));
  std::promise<void> gone;
  client->Request(MessageType::ping, Packed(wire::PingT{}), [&](const Result<RawAnswer>& answer) {
    EXPECT_TRUE(answer);
    client.reset();
    gone.set_value();
  });
  gone.get_future().wait();
}

TEST(AsyncClientTest, CallbacksMaySendFurtherRequests) {
  FakeServer server(AnswerAsAShop);
  AsyncClient client(To(server));
  std::promise<void> all;
  std::function<void(int)> next = [&](int left) {
    client.Request(MessageType::ping, Packed(wire::PingT{}),
                   [&, left](const Result<RawAnswer>& answer) {
                     EXPECT_TRUE(answer);
                     left == 0 ? all.set_value() : next(left - 1);
                   });
  };
  next(100);
  all.get_future().wait();
}

TEST(AsyncClientTest, BacksOffWhileNobodyListens) {
  Options options;
  {
    const FakeServer server(AnswerAsAShop);
    options = To(server);
  }
  AsyncClient client(options);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 4; ++i) {
    const auto answer = Ping(client).Wait();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kUnreachable);
  }
  // Nothing before the first attempt, then 10, 20 and 40 ms.
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 7 * kFirstBackoff);
}

}  // namespace
}  // namespace kundig::client
