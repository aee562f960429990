// What the client does with requests whose connection broke: batches are applied once, questions
// are asked again, and what may not be executed twice is told to be lost.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/client.h"
#include "client/message.h"
#include "client/order_batch.h"
#include "tests/client/batch_book.h"
#include "tests/client/expected.h"
#include "tests/client/fake_server.h"

namespace kundig::client {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using wire::MessageType;
using Act = BatchBook::Act;
using RawAnswer = AsyncClient::RawAnswer;
using Sent = Expected<wire::EventBatchReplyT>;

TEST(SendingAgainTest, EachKindOfDropAppliesABatchOnce) {
  struct Case {
    Act act;
    bool repeated;
  };
  for (const Case& drop : {Case{Act::kDropBefore, false}, Case{Act::kDropAfter, true},
                           Case{Act::kDropMidAnswer, true}}) {
    BatchBook book([&](size_t arrival) { return arrival == 0 ? drop.act : Act::kAnswer; });
    {
      FakeServer server(book.Handler());
      Client client = Client::Connect(To(server)).value();
      const SentEvents sent = client.Send(OneOrder(0)).value();
      EXPECT_EQ(sent.applied, 1U);
      EXPECT_EQ(sent.repeated, drop.repeated ? 1U : 0U);
      EXPECT_EQ(server.connections(), 2);
    }
    EXPECT_EQ(book.applied, OrderIds(1));
    ASSERT_EQ(book.arrivals.size(), 2U);
    EXPECT_EQ(book.arrivals[0].producer, book.arrivals[1].producer);
    EXPECT_EQ(book.arrivals[0].number, book.arrivals[1].number);
  }
}

TEST(SendingAgainTest, TellsOfALostConnectionAndOfTheNextOne) {
  BatchBook book([](size_t arrival) { return arrival == 1 ? Act::kDropAfter : Act::kAnswer; });
  FakeServer server(book.Handler());
  std::vector<bool> lost;  // on the client's thread, which has gone when it is read
  {
    Options options = To(server);
    options.connection_changed = [&](const std::optional<Error>& why) {
      EXPECT_FALSE(why && why->message.empty());
      lost.push_back(why.has_value());
    };
    Client client = Client::Connect(options).value();
    for (size_t i = 0; i < 3; ++i) ASSERT_TRUE(client.Send(OneOrder(i)).has_value());
  }
  EXPECT_EQ(lost, (std::vector<bool>{true, false}));
}

TEST(SendingAgainTest, PipelinedBatchesAreSentAgainInTheirOrder) {
  constexpr size_t kBatches = 40;
  // Ten are answered; the next five are applied and nobody hears of it.
  BatchBook book([](size_t arrival) { return arrival == 14 ? Act::kDropAfter : Act::kAnswer; });
  {
    FakeServer server(book.Handler());
    AsyncClient client(To(server));
    std::vector<Sent> answers(kBatches);
    for (size_t i = 0; i < kBatches; ++i) client.Send(OneOrder(i), answers[i].Take());
    for (Sent& answer : answers) EXPECT_EQ(answer.Wait().value().applied, 1U);
    EXPECT_EQ(server.connections(), 2);
  }
  EXPECT_EQ(book.applied, OrderIds(kBatches));
  EXPECT_GE(book.repeated, 1U);
  EXPECT_EQ(book.arrivals[0].number, 1U);
  uint64_t highest = 0;
  for (size_t i = 0; i < book.arrivals.size(); ++i) {
    EXPECT_EQ(book.arrivals[i].producer, book.arrivals[0].producer);
    // The sixteenth is the first on the new connection.
    if (i > 0 && i != 15) {
      EXPECT_EQ(book.arrivals[i].number, book.arrivals[i - 1].number + 1);
    }
    highest = std::max(highest, book.arrivals[i].number);
  }
  EXPECT_EQ(highest, kBatches) << "numbers are dense";
}

TEST(SendingAgainTest, RandomDropsLoseAndDoubleNothing) {
  constexpr size_t kBatches = 600;
  constexpr int kThreads = 3;
  for (const uint32_t seed : {1U, 2U, 3U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    BatchBook book([&](size_t) {
      switch (random() % 40) {
        case 0:
          return Act::kDropBefore;
        case 1:
          return Act::kDropAfter;
        case 2:
          return Act::kDropMidAnswer;
        default:
          return Act::kAnswer;
      }
    });
    std::atomic<uint64_t> applied = 0;
    std::atomic<int> failed = 0;
    {
      FakeServer server(book.Handler());
      Options options = To(server);
      options.deadline = 60s;
      options.max_in_flight = 16;
      Client client = Client::Connect(options).value();
      std::vector<std::thread> threads;
      for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
          for (size_t i = 0; i < kBatches / kThreads; i += 5) {
            OrderBatch orders;  // five requests at once
            for (size_t k = 0; k < 5 * 100; ++k) {
              orders.Add("c", std::to_string(t) + "-" + std::to_string(i * 100 + k), 0, 1);
            }
            const auto sent = client.Send(orders);
            failed += sent ? 0 : 1;
            if (sent) applied += sent->applied;
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      EXPECT_GT(server.connections(), 10);
    }
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(applied, kBatches * 100);
    EXPECT_EQ(book.applied.size(), kBatches * 100);
    EXPECT_GT(book.repeated, 0U);
    // Those of one thread in its order.
    std::vector<size_t> next(kThreads);
    for (const std::string& id : book.applied) {
      const size_t thread = static_cast<size_t>(id[0] - '0');
      ASSERT_EQ(id, std::to_string(thread) + "-" + std::to_string(next[thread]));
      ++next[thread];
    }
  }
}

TEST(SendingAgainTest, QuestionsAreAskedAgain) {
  std::atomic<int> asked = 0;
  FakeServer server([&](Peer& peer, const wire::Frame& frame) {
    if (++asked % 2 == 1) return peer.Close();
    AnswerAsAShop(peer, frame);
  });
  Client client = Client::Connect(To(server)).value();
  EXPECT_TRUE(client.Ping());
  EXPECT_EQ(client.Profile("a").value().rfm_segment, "segment of a");
  EXPECT_EQ(client.Records(std::vector<std::string>{"abc"}).value()[0].records[0].revenue(), 3);
  EXPECT_EQ(asked, 6);
}

TEST(SendingAgainTest, WhatMayNotBeExecutedTwiceIsLost) {
  std::atomic<int> asked = 0;
  FakeServer server([&](Peer& peer, const wire::Frame&) {
    ++asked;
    peer.Close();
  });
  AsyncClient client(To(server));
  wire::AdvanceDayRequestT day;
  day.day = 20'000;
  const std::vector<std::pair<MessageType, std::vector<uint8_t>>> requests = {
      {MessageType::advance_day, Packed(day)},
      {MessageType::events, Packed(wire::EventBatchT())},  // without a name
      {MessageType::orders, OneOrder(0).Packed(OneOrder(0).All())},
      {MessageType::events, std::vector<uint8_t>(64, 0xEE)},  // no sound message
  };
  for (const auto& [type, payload] : requests) {
    Expected<RawAnswer> answer;
    client.Request(type, payload, answer.Take());
    EXPECT_EQ(answer.Wait().error().kind, ErrorKind::kLost);
  }
  EXPECT_EQ(asked, 4);
}

TEST(SendingAgainTest, ListIsAskedAgainUntilAPartOfItHasPassed) {
  int asked = 0;
  FakeServer server([&](Peer& peer, const wire::Frame& frame) {
    ++asked;
    if (asked % 2 == 1) return peer.Close();
    wire::ListReplyT chunk;
    chunk.state = std::make_unique<wire::State>(1, 1, 0, 3, 2);
    chunk.last = asked == 2;
    peer.Send(MessageType::list_reply, frame.header.request_id, chunk);
    if (asked == 4) peer.Close();
  });
  Client client = Client::Connect(To(server)).value();
  int chunks = 0;
  const auto count = [&](const wire::ListReplyT&) { return ++chunks > 0; };
  EXPECT_TRUE(client.List(wire::ListRequestT(), count));
  EXPECT_EQ(chunks, 1);
  const auto broken = client.List(wire::ListRequestT(), count);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind, ErrorKind::kLost);
  EXPECT_EQ(chunks, 2) << "the caller has a part, which another answer need not fit";
}

TEST(SendingAgainTest, WithoutItNothingIsSentTwice) {
  BatchBook book([](size_t) { return Act::kDropAfter; });
  {
    FakeServer server(book.Handler());
    Options options = To(server);
    options.send_again = false;
    Client client = Client::Connect(options).value();
    EXPECT_EQ(client.Send(OneOrder(0)).error().kind, ErrorKind::kLost);
    options.send_again = true;
    options.reconnect = false;
    Client other = Client::Connect(options).value();
    EXPECT_EQ(other.Send(OneOrder(1)).error().kind, ErrorKind::kLost);
  }
  EXPECT_EQ(book.arrivals.size(), 2U);
}

TEST(SendingAgainTest, ServerThatStopsIsLeftAndItsSuccessorAsked) {
  // It refuses all that comes over the first connection, and never closes it.
  std::atomic<FakeServer*> asked = nullptr;
  BatchBook book(
      [&](size_t) { return asked.load()->connections() == 1 ? Act::kStop : Act::kAnswer; });
  {
    FakeServer server(book.Handler());
    asked = &server;
    AsyncClient client(To(server));
    std::vector<Sent> answers(3);
    for (size_t i = 0; i < answers.size(); ++i) client.Send(OneOrder(i), answers[i].Take());
    for (Sent& answer : answers) EXPECT_FALSE(answer.Wait().value().repeated);
    EXPECT_GE(server.connections(), 2);
  }
  EXPECT_EQ(book.applied, OrderIds(3));
}

TEST(SendingAgainTest, ServerThatStopsIsLeftAlsoBehindAnAnswer) {
  // It refuses the first and answers the next, over a connection that it never closes.
  BatchBook book([](size_t arrival) { return arrival == 0 ? Act::kStop : Act::kAnswer; });
  {
    FakeServer server(book.Handler());
    AsyncClient client(To(server));
    Expected<RawAnswer> connected;
    client.Request(MessageType::ping, Packed(wire::PingT{}), connected.Take());
    ASSERT_TRUE(connected.Wait());
    std::vector<Sent> answers(2);
    for (size_t i = 0; i < answers.size(); ++i) client.Send(OneOrder(i), answers[i].Take());
    for (Sent& answer : answers) EXPECT_EQ(answer.Wait().value().applied, 1U);
    EXPECT_EQ(server.connections(), 2);
  }
}

TEST(SendingAgainTest, WhatWaitsBehindWhatAStopRefusedIsSentWhole) {
  // All that is in flight is refused, so the connection ends with nothing left on it.
  std::atomic<FakeServer*> asked = nullptr;
  BatchBook book(
      [&](size_t) { return asked.load()->connections() == 1 ? Act::kStop : Act::kAnswer; });
  {
    FakeServer server(book.Handler());
    asked = &server;
    Options options = To(server);
    options.max_in_flight = 2;
    AsyncClient client(options);
    std::vector<Sent> answers(8);
    for (size_t i = 0; i < answers.size(); ++i) client.Send(OneOrder(i), answers[i].Take());
    for (Sent& answer : answers) EXPECT_EQ(answer.Wait().value().applied, 1U);
  }
  EXPECT_EQ(book.applied, OrderIds(8));
}

TEST(SendingAgainTest, ServerThatStaysAwayIsToldWhenTheDeadlinePasses) {
  std::promise<void> arrived;
  auto server = std::make_unique<FakeServer>([&arrived](Peer& peer, const wire::Frame& frame) {
    if (static_cast<MessageType>(frame.header.type) == MessageType::ping) {
      AnswerAsAShop(peer, frame);
    } else {
      arrived.set_value();
    }
  });
  const uint16_t port = server->port();
  Options options = To(*server);
  options.deadline = 3s;  // attempts are up to a second apart
  AsyncClient client(options);
  Sent in_flight, behind;
  Expected<RawAnswer> ping;
  client.Request(MessageType::ping, Packed(wire::PingT{}), ping.Take());
  ASSERT_TRUE(ping.Wait());
  client.Send(OneOrder(0), in_flight.Take());
  arrived.get_future().wait();
  server.reset();
  client.Send(OneOrder(1), behind.Take());
  const auto lost = in_flight.Wait();
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::kLost);
  EXPECT_THAT(lost.error().message, HasSubstr(options.server));
  const auto unsent = behind.Wait();
  ASSERT_FALSE(unsent);
  // It may have left before the client saw that nobody is there.
  EXPECT_THAT(unsent.error().kind, testing::AnyOf(ErrorKind::kUnreachable, ErrorKind::kLost));

  BatchBook book([](size_t) { return Act::kAnswer; });
  server = std::make_unique<FakeServer>(book.Handler(), WelcomeEveryone, port);
  Sent later;
  client.Send(OneOrder(2), later.Take());
  EXPECT_TRUE(later.Wait());
  server.reset();
  EXPECT_EQ(book.applied, std::vector<std::string>{"o2"}) << "what was answered is not sent again";
}

TEST(SendingAgainTest, SuccessorThatRefusesTheHandshakeEndsTheWait) {
  std::atomic<int> greeted = 0;
  BatchBook book([](size_t) { return Act::kDropAfter; });
  FakeServer server(book.Handler(), [&](Peer& peer, const wire::Frame& frame) {
    if (++greeted == 1) return WelcomeEveryone(peer, frame);
    peer.Refuse(frame.header.request_id, wire::ErrorCode::unsupported_version, "Too old.");
  });
  Options options = To(server);
  options.deadline = 0ms;  // would wait for good
  Client client = Client::Connect(options).value();
  const auto lost = client.Send(OneOrder(0));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::kLost);
  EXPECT_THAT(lost.error().message, HasSubstr("Too old."));
}

TEST(SendingAgainTest, ServerThatBreaksAtEveryRequestIsAskedWithPauses) {
  FakeServer server([](Peer& peer, const wire::Frame&) { peer.Close(); });
  Options options = To(server);
  options.deadline = 500ms;
  Client client = Client::Connect(options).value();
  EXPECT_FALSE(client.Ping());
  // At 0, 10, 30, 70, 150, 310 ms.
  EXPECT_LE(server.connections(), 7);
}

TEST(SendingAgainTest, WhatLeftInPartIsSentAgainToo) {
  // The first connection takes nothing after the handshake; what fits the kernel's buffers leaves.
  std::shared_ptr<Peer> stuck;
  std::promise<void> welcomed;
  BatchBook book([](size_t) { return Act::kAnswer; });
  std::vector<std::string> ids;
  {
    FakeServer server(book.Handler(), [&](Peer& peer, const wire::Frame& frame) {
      wire::HelloReplyT reply = DefaultHelloReply();
      reply.limits = std::make_unique<wire::Limits>(8U << 20, 64, 1000, 50'000);
      peer.Send(MessageType::hello_reply, frame.header.request_id, reply);
      if (stuck) return;
      stuck = peer.shared_from_this();
      peer.StopReading();
      welcomed.set_value();
    });
    Options options = To(server);
    options.deadline = 60s;
    AsyncClient client(options);
    // More than both kernels' buffers together take.
    std::vector<Sent> answers(8);
    for (size_t i = 0; i < answers.size(); ++i) {
      OrderBatch orders;
      for (int k = 0; k < 40'000; ++k) {
        ids.push_back(std::to_string(i) + "-" + std::to_string(k) + std::string(40, 'x'));
        orders.Add("c", ids.back(), 0, 1, 1, 1);
      }
      client.Send(orders, answers[i].Take());
    }
    welcomed.get_future().wait();
    // Until all that fits has left.
    std::this_thread::sleep_for(1s);
    server.Run([&] { stuck->Reset(); });
    for (Sent& answer : answers) {
      const auto outcome = answer.Wait();
      ASSERT_TRUE(outcome) << outcome.error().message;
      EXPECT_EQ(outcome->applied, 40'000U);
    }
    server.Run([&] { stuck.reset(); });
  }
  EXPECT_EQ(book.applied, ids);
}

}  // namespace
}  // namespace kundig::client
