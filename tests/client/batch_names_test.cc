// The names under which batches are sent, and how many may wait for their answers.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/client.h"
#include "client/event_batch.h"
#include "client/message.h"
#include "client/order_batch.h"
#include "tests/client/batch_book.h"
#include "tests/client/expected.h"
#include "tests/client/fake_server.h"

namespace kundig::client {
namespace {

using namespace std::chrono_literals;
using wire::MessageType;
using Act = BatchBook::Act;
using Sent = Expected<wire::EventBatchReplyT>;

TEST(BatchNamesTest, NoMoreBatchesWaitForAnswersThanAServerRemembers) {
  constexpr size_t kBatches = 2 * kMaxUnansweredBatches + 88;
  // Of the server's thread:
  std::shared_ptr<Peer> client_of;
  std::vector<uint32_t> held;
  bool hold = true;
  const auto answer_held = [&] {
    for (const uint32_t id : std::exchange(held, {})) {
      wire::EventBatchReplyT reply;
      reply.state = std::make_unique<wire::State>(1, 1, 0, 3, 2);
      client_of->Send(MessageType::orders_reply, id, reply);
    }
  };
  FakeServer server(
      [&](Peer& peer, const wire::Frame& frame) {
        client_of = peer.shared_from_this();
        held.push_back(frame.header.request_id);
        if (!hold) answer_held();
      },
      [](Peer& peer, const wire::Frame& frame) {
        wire::HelloReplyT reply = DefaultHelloReply();
        reply.limits = std::make_unique<wire::Limits>(8U << 20, 5000, 1000, 100);
        peer.Send(MessageType::hello_reply, frame.header.request_id, reply);
      });
  Options options = To(server);
  options.max_in_flight = 5000;
  AsyncClient client(options);
  std::vector<Sent> answers(kBatches);
  for (size_t i = 0; i < kBatches; ++i) client.Send(OneOrder(i), answers[i].Take());
  size_t came = 0;
  while (came < kMaxUnansweredBatches) {
    std::this_thread::sleep_for(1ms);
    server.Run([&] { came = held.size(); });
  }
  // Time for one more to come, were it sent.
  std::this_thread::sleep_for(100ms);
  server.Run([&] {
    EXPECT_EQ(held.size(), kMaxUnansweredBatches);
    hold = false;
    answer_held();
  });
  for (Sent& answer : answers) EXPECT_TRUE(answer.Wait());
  server.Run([&] { client_of.reset(); });
}

TEST(BatchNamesTest, CallersOwnNamesAreSentAsTheyAre) {
  BatchBook book([](size_t) { return Act::kAnswer; });
  {
    FakeServer server(book.Handler());
    {
      Client client = Client::Connect(To(server)).value();
      EXPECT_FALSE(client.Send(OneOrder(0), {"shop", 7}).value().repeated);
    }
    // The shop starts again and is not sure of it.
    Client client = Client::Connect(To(server)).value();
    EXPECT_TRUE(client.Send(OneOrder(0), {"shop", 7}).value().repeated);
    EXPECT_FALSE(client.Send(OneOrder(1), {"shop", 0}).value().repeated);
    AsyncClient other(To(server));
    Sent answer;
    other.Send(OneOrder(1), {"shop", 0}, answer.Take());
    EXPECT_TRUE(answer.Wait().value().repeated);
    for (const std::string& producer : {std::string(), std::string(65, 'p')}) {
      const auto unnamed = client.Send(OneOrder(0), {producer, 1});
      ASSERT_FALSE(unnamed);
      EXPECT_EQ(unnamed.error().kind, ErrorKind::kInvalid);
      EXPECT_EQ(unnamed.error().field, "producer");
    }
  }
  EXPECT_EQ(book.applied, OrderIds(2));
}

TEST(BatchNamesTest, EventsAreNamedLikeOrders) {
  std::vector<BatchName> names;
  {
    FakeServer server([&](Peer& peer, const wire::Frame& frame) {
      const auto batch = Unpacked<wire::EventBatchT>(frame.payload);
      names.push_back({batch.producer, batch.batch});
      wire::EventBatchReplyT reply;
      reply.state = std::make_unique<wire::State>(1, 1, 0, 3, 2);
      reply.applied = static_cast<uint32_t>(batch.events.size());
      peer.Send(MessageType::events_reply, frame.header.request_id, reply);
    });
    Client client = Client::Connect(To(server)).value();
    Client other = Client::Connect(To(server)).value();
    EventBatch events;
    events.Visit("a", 1).Visit("b", 2);
    EXPECT_EQ(client.Send(events).value().applied, 2U);
    EXPECT_EQ(client.Send(events.events()).value().applied, 2U);
    EXPECT_EQ(client.Send(events, {"shop", 9}).value().applied, 2U);
    wire::EventBatchT named;
    named.producer = "queue";
    named.batch = 3;
    EXPECT_TRUE(client.Send(named));
    EXPECT_TRUE(other.Send(events));
    AsyncClient async(To(server));
    for (int i = 0; i < 3; ++i) {
      Sent answer;
      if (i == 0) async.Send(events.events(), answer.Take());
      if (i == 1) async.Send(events, {"shop", 10}, answer.Take());
      if (i == 2) async.Send(named, answer.Take());
      EXPECT_TRUE(answer.Wait());
    }
  }
  ASSERT_EQ(names.size(), 8U);
  EXPECT_EQ(names[0].producer.size(), 32U);
  EXPECT_EQ(names[1].producer, names[0].producer);
  EXPECT_EQ(names[0].number, 1U);
  EXPECT_EQ(names[1].number, 2U);
  EXPECT_EQ(names[2].producer, "shop");
  EXPECT_EQ(names[2].number, 9U);
  EXPECT_EQ(names[3].producer, "queue");
  EXPECT_EQ(names[3].number, 3U);
  EXPECT_NE(names[4].producer, names[0].producer) << "each client object has a name of its own";
  EXPECT_NE(names[5].producer, names[4].producer);
  EXPECT_EQ(names[6].number, 10U);
  EXPECT_EQ(names[7].producer, "queue");
}

}  // namespace
}  // namespace kundig::client
