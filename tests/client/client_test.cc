#include "client/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/event_batch.h"
#include "client/order_batch.h"
#include "tests/client/fake_server.h"
#include "tests/eventually.h"

namespace kundig::client {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using wire::MessageType;

std::unique_ptr<wire::RefusedEventT> Refused(size_t index, const std::string& message) {
  auto refused = std::make_unique<wire::RefusedEventT>();
  refused->index = static_cast<uint32_t>(index);
  refused->error = std::make_unique<wire::ErrorT>();
  refused->error->code = wire::ErrorCode::future_event;
  refused->error->message = message;
  return refused;
}

TEST(ClientTest, ConnectsAndTellsWhatTheServerSaidOfItself) {
  FakeServer server(AnswerAsAShop);
  const auto client = Client::Connect(To(server));
  ASSERT_TRUE(client) << client.error().message;
  const ServerInfo info = client->server();
  EXPECT_EQ(info.name, "fake");
  EXPECT_EQ(info.currency, "EUR");
  EXPECT_EQ(info.stages, (std::vector<std::string>{"Address", "Offer"}));
  EXPECT_EQ(info.max_batch_events, 100U);
}

TEST(ClientTest, AddressThatCannotBeReadIsInvalid) {
  for (const char* address : {"", "localhost", ":7400", "localhost:", "localhost:x", "localhost:0",
                              "localhost:70000", "::1", "a:b:7400"}) {
    Options options;
    options.server = address;
    const auto client = Client::Connect(options);
    ASSERT_FALSE(client) << address;
    EXPECT_EQ(client.error().kind, ErrorKind::kInvalid) << address;
    EXPECT_EQ(client.error().field, "server");
  }
}

TEST(ClientTest, NobodyThereIsUnreachable) {
  Options options;
  {
    const FakeServer server(AnswerAsAShop);
    options = To(server);
  }
  const auto client = Client::Connect(options);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().kind, ErrorKind::kUnreachable);
  EXPECT_THAT(client.error().message, HasSubstr(options.server));
}

TEST(ClientTest, SilentHandshakeTimesOut) {
  FakeServer server(AnswerAsAShop, [](Peer&, const wire::Frame&) {});
  Options options = To(server);
  options.connect_timeout = 1s;
  const auto client = Client::Connect(options);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().kind, ErrorKind::kTimedOut);
}

TEST(ClientTest, RefusedHandshakeIsRefused) {
  FakeServer server(AnswerAsAShop, [](Peer& peer, const wire::Frame& frame) {
    peer.Refuse(frame.header.request_id, wire::ErrorCode::unsupported_version, "Too old.");
  });
  const auto client = Client::Connect(To(server));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().kind, ErrorKind::kRefused);
  EXPECT_EQ(client.error().code, wire::ErrorCode::unsupported_version);
  EXPECT_EQ(client.error().message, "Too old.");
}

TEST(ClientTest, HandshakeThatCannotBeReadIsProtocol) {
  const std::vector<Peer::Handler> strangers = {
      [](Peer& peer, const wire::Frame&) {
        const std::string http = "HTTP/1.1 400 Bad Request\r\nServer: other\r\n\r\n";
        peer.SendBytes({reinterpret_cast<const uint8_t*>(http.data()), http.size()});
      },
      [](Peer& peer, const wire::Frame& frame) {
        peer.Send(MessageType::ping_reply, frame.header.request_id, wire::PingReplyT{});
      },
      [](Peer& peer, const wire::Frame& frame) {
        wire::HelloReplyT reply = DefaultHelloReply();
        reply.protocol = wire::kProtocolVersion + 1;
        peer.Send(MessageType::hello_reply, frame.header.request_id, reply);
      },
      [](Peer& peer, const wire::Frame& frame) {
        wire::HelloReplyT reply = DefaultHelloReply();
        reply.limits = std::make_unique<wire::Limits>(8U << 20, 0, 1, 1);
        peer.Send(MessageType::hello_reply, frame.header.request_id, reply);
      },
      [](Peer& peer, const wire::Frame& frame) {
        peer.Send(MessageType::hello_reply, frame.header.request_id + 1, DefaultHelloReply());
      }};
  for (const Peer::Handler& stranger : strangers) {
    FakeServer server(AnswerAsAShop, stranger);
    const auto client = Client::Connect(To(server));
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().kind, ErrorKind::kProtocol) << client.error().message;
  }
}

TEST(ClientTest, ValueOfAnErrorThrowsIt) {
  Options options;
  options.server = "nowhere";
  try {
    Client::Connect(options).value();
    FAIL() << "expected a ClientError";
  } catch (const ClientError& error) {
    EXPECT_EQ(error.error().kind, ErrorKind::kInvalid);
    EXPECT_THAT(error.what(), HasSubstr("nowhere"));
  }
}

TEST(ClientTest, RefusalKeepsCodeFieldAndPosition) {
  FakeServer server([](Peer& peer, const wire::Frame& frame) {
    wire::ErrorT error;
    error.code = wire::ErrorCode::unknown_field;
    error.message = "No field is called 'colour'.";
    error.field = "where";
    error.position = 4;
    peer.Send(MessageType::error, frame.header.request_id, error);
  });
  Client client = Client::Connect(To(server)).value();
  for (int round = 0; round < 2; ++round) {  // the connection goes on
    const auto count = client.Count("colour = 1");
    ASSERT_FALSE(count);
    EXPECT_EQ(count.error().kind, ErrorKind::kRefused);
    EXPECT_EQ(count.error().code, wire::ErrorCode::unknown_field);
    EXPECT_EQ(count.error().message, "No field is called 'colour'.");
    EXPECT_EQ(count.error().field, "where");
    EXPECT_EQ(count.error().position, 4);
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(ClientTest, ProfilesAreSplitAndComeInTheOrderAsked) {
  std::atomic<int> requests = 0;
  FakeServer server([&](Peer& peer, const wire::Frame& frame) {
    ++requests;
    AnswerAsAShop(peer, frame);
  });
  Client client = Client::Connect(To(server)).value();
  std::vector<std::string> customers;
  for (int i = 0; i < 2500; ++i) customers.push_back(std::to_string(i));
  const auto replies = client.Profiles(customers).value();
  ASSERT_EQ(replies.size(), 3U);
  EXPECT_EQ(requests, 3);
  size_t at = 0;
  for (const auto& reply : replies) {
    for (const auto& profile : reply.profiles) EXPECT_EQ(profile->customer, customers[at++]);
  }
  EXPECT_EQ(at, customers.size());
  EXPECT_TRUE(client.Profiles({}).value().empty());
  EXPECT_FALSE(client.Profile("nobody").value().found);
}

TEST(ClientTest, RecordsAreSplitAndComeInTheOrderAsked) {
  std::atomic<int> requests = 0;
  FakeServer server([&](Peer& peer, const wire::Frame& frame) {
    ++requests;
    AnswerAsAShop(peer, frame);
  });
  Client client = Client::Connect(To(server)).value();
  std::vector<std::string> customers;
  for (size_t i = 0; i < 2500; ++i) customers.emplace_back(i % 60, 'c');
  const auto replies = client.Records(customers).value();
  ASSERT_EQ(replies.size(), 3U);
  EXPECT_EQ(requests, 3);
  int64_t at = 0;
  for (const auto& reply : replies) {
    for (const wire::ProfileRecord& record : reply.records) {
      EXPECT_EQ(record.revenue(), at % 60);
      EXPECT_EQ(record.found(), at++ % 60 != 0);
    }
  }
  EXPECT_EQ(at, 2500);
  EXPECT_TRUE(client.Records({}).value().empty());
}

TEST(ClientTest, NamesAreAskedForPageByPage) {
  std::vector<uint32_t> asked;
  FakeServer server([&](Peer& peer, const wire::Frame& frame) {
    const auto question = Unpacked<wire::NamesRequestT>(frame.payload);
    EXPECT_EQ(question.kind, wire::NameKind::region);
    asked.push_back(question.from);
    wire::NamesReplyT reply;
    reply.codes = 7;
    for (uint32_t code = question.from; code <= 7 && reply.names.size() < 3; ++code) {
      reply.names.push_back("region " + std::to_string(code));
    }
    peer.Send(MessageType::names_reply, frame.header.request_id, reply);
  });
  Client client = Client::Connect(To(server)).value();
  const auto names = client.Names(wire::NameKind::region).value();
  ASSERT_EQ(names.size(), 7U);
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(names[i], "region " + std::to_string(i + 1));
  EXPECT_EQ(asked, (std::vector<uint32_t>{1, 4, 7}));
}

TEST(ClientTest, AFitOfTheChurnModelMayTakeLongerThanADeadline) {
  FakeServer server([&](Peer& peer, const wire::Frame& frame) {
    const auto question = Unpacked<wire::ChurnRequestT>(frame.payload);
    EXPECT_EQ(question.until, 10'134);
    EXPECT_EQ(question.check_until, 10'407);
    std::this_thread::sleep_for(100ms);
    wire::ChurnReplyT reply;
    reply.state = std::make_unique<wire::State>(1, 1, 0, 3, 2);
    reply.parameters = std::make_unique<wire::ChurnParameters>(0.25, 4.5, 0.75, 2.5);
    reply.customers = 2'357;
    peer.Send(MessageType::churn_reply, frame.header.request_id, reply);
  });
  Options options = To(server);
  options.deadline = 10ms;
  Client client = Client::Connect(options).value();
  wire::ChurnRequestT question;
  question.until = 10'134;
  question.check_until = 10'407;
  const auto reply = client.Churn(question);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->parameters->alpha(), 4.5);
  EXPECT_EQ(reply->customers, 2'357U);
}

TEST(ClientTest, AsksWhatThePipelineWas) {
  FakeServer server([&](Peer& peer, const wire::Frame& frame) {
    if (frame.header.type == static_cast<uint8_t>(MessageType::waterfall)) {
      const auto question = Unpacked<wire::WaterfallRequestT>(frame.payload);
      wire::WaterfallReplyT reply;
      reply.state = std::make_unique<wire::State>(1, 1, 0, 3, 2);
      reply.from = *question.from;
      reply.to = *question.to;
      reply.opening = std::make_unique<wire::WaterfallTotal>(1, 2, 3);
      reply.closing = std::make_unique<wire::WaterfallTotal>(4, 5, 6);
      peer.Send(MessageType::waterfall_reply, frame.header.request_id, reply);
    } else {
      wire::ConversionReplyT reply;
      reply.state = std::make_unique<wire::State>(1, 1, 0, 3, 2);
      reply.stages.push_back(std::make_unique<wire::ConversionStageT>());
      reply.stages.back()->stage = Unpacked<wire::ConversionRequestT>(frame.payload).where;
      peer.Send(MessageType::conversion_reply, frame.header.request_id, reply);
    }
  });
  Client client = Client::Connect(To(server)).value();
  wire::WaterfallRequestT days;
  days.from = 7;
  days.to = 9;
  const auto waterfall = client.Waterfall(days);
  ASSERT_TRUE(waterfall) << waterfall.error().message;
  EXPECT_EQ(waterfall->to, 9);
  EXPECT_EQ(waterfall->closing->weighted(), 6);
  wire::ConversionRequestT question;
  question.where = "owner = 'cleo'";
  EXPECT_EQ(client.Conversion(question)->stages[0]->stage, "owner = 'cleo'");
}

TEST(ClientTest, NamesThatNeverEndAreProtocol) {
  FakeServer server([&](Peer& peer, const wire::Frame& frame) {
    wire::NamesReplyT reply;
    reply.codes = 7;
    peer.Send(MessageType::names_reply, frame.header.request_id, reply);
  });
  Client client = Client::Connect(To(server)).value();
  EXPECT_EQ(client.Names(wire::NameKind::owner).error().kind, ErrorKind::kProtocol);
}

TEST(ClientTest, AnswerForOtherCustomersThanAskedIsProtocol) {
  FakeServer server([](Peer& peer, const wire::Frame& frame) {
    wire::ProfilesReplyT reply;
    reply.state = std::make_unique<wire::State>(1, 1, 0, 3, 2);
    peer.Send(MessageType::profiles_reply, frame.header.request_id, reply);
  });
  Client client = Client::Connect(To(server)).value();
  EXPECT_EQ(client.Profile("a").error().kind, ErrorKind::kProtocol);
  EXPECT_EQ(client.Profiles(std::vector<std::string>{"a"}).error().kind, ErrorKind::kProtocol);
}

TEST(ClientTest, EventsAreSplitAndRefusedOnesKeepTheirPlace) {
  std::atomic<int> requests = 0;
  FakeServer server([&](Peer& peer, const wire::Frame& frame) {
    const auto batch = Unpacked<wire::EventBatchT>(frame.payload);
    wire::EventBatchReplyT reply;
    reply.state = std::make_unique<wire::State>(static_cast<uint64_t>(++requests), 1, 0, 3, 2);
    for (size_t i = 0; i < batch.events.size(); ++i) {
      const auto* order = batch.events[i]->body.AsOrder();
      if (order->revenue % 70 != 0) {
        ++reply.applied;
        continue;
      }
      reply.refused.push_back(Refused(i, order->order));
    }
    peer.Send(MessageType::events_reply, frame.header.request_id, reply);
  });
  Client client = Client::Connect(To(server)).value();
  EventBatch events;
  for (int i = 0; i < 250; ++i) events.Order("c", "o" + std::to_string(i), 0, i);
  const SentEvents sent = client.Send(events).value();
  EXPECT_EQ(requests, 3);
  EXPECT_EQ(sent.journal_sequence, 3U);
  EXPECT_EQ(sent.applied, 246U);
  ASSERT_EQ(sent.refused.size(), 4U);
  for (size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(sent.refused[k].index, 70 * k);
    EXPECT_EQ(sent.refused[k].error.code, wire::ErrorCode::future_event);
    EXPECT_EQ(sent.refused[k].error.message, "o" + std::to_string(70 * k));
  }
}

TEST(ClientTest, OrdersAreSplitAndRefusedOnesKeepTheirPlace) {
  std::atomic<int> requests = 0;
  FakeServer server([&](Peer& peer, const wire::Frame& frame) {
    const auto batch = Unpacked<wire::OrderBatchT>(frame.payload);
    wire::EventBatchReplyT reply;
    reply.state = std::make_unique<wire::State>(static_cast<uint64_t>(++requests), 1, 0, 3, 2);
    for (size_t i = 0; i < batch.at.size(); ++i) {
      if (batch.revenue[i] % 70 != 0) {
        ++reply.applied;
        continue;
      }
      reply.refused.push_back(Refused(i, "Later."));
    }
    reply.refused_more = 2;
    peer.Send(MessageType::orders_reply, frame.header.request_id, reply);
  });
  Client client = Client::Connect(To(server)).value();
  OrderBatch orders;
  for (int i = 0; i < 250; ++i) orders.Add("c", "o" + std::to_string(i), 0, i);
  const SentEvents sent = client.Send(orders).value();
  EXPECT_EQ(requests, 3);
  EXPECT_EQ(sent.journal_sequence, 3U);
  EXPECT_EQ(sent.applied, 246U);
  EXPECT_EQ(sent.refused_more, 6U);
  ASSERT_EQ(sent.refused.size(), 4U);
  for (size_t k = 0; k < 4; ++k) EXPECT_EQ(sent.refused[k].index, 70 * k);
}

TEST(ClientTest, WhatTheServerWouldNotTakeIsInvalidAndNotSent) {
  std::atomic<int> requests = 0;
  FakeServer server([&](Peer&, const wire::Frame&) { ++requests; });
  Client client = Client::Connect(To(server)).value();

  EventBatch events;
  for (int i = 0; i < 101; ++i) events.Visit("c", i);
  const auto too_many = client.Send(events.events());
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(too_many.error().field, "max_batch_events");

  const auto too_long = client.Count(std::string((8U << 20) + 1, ' '));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(too_long.error().field, "max_frame_bytes");

  wire::EventBatchT empty;
  empty.events.push_back(std::make_unique<wire::EventT>());
  const auto no_body = client.Send(empty);
  ASSERT_FALSE(no_body);
  EXPECT_EQ(no_body.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(requests, 0);
}

TEST(ClientTest, ManyThreadsShareOneClient) {
  FakeServer server(AnswerAsAShop);
  Options options = To(server);
  options.max_in_flight = 3;  // fewer than threads: some wait their turn
  Client client = Client::Connect(options).value();
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const std::string customer = std::to_string(t) + "-" + std::to_string(i);
        const auto profile = client.Profile(customer);
        if (!profile || profile->rfm_segment != "segment of " + customer) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(server.connections(), 1);
}

TEST(ClientTest, ReachesTheServerAgainAfterItsRestart) {
  auto server = std::make_unique<FakeServer>(AnswerAsAShop);
  const uint16_t port = server->port();
  Options options = To(*server);
  options.deadline = 2s;  // for so long a request waits for the server to come back
  Client client = Client::Connect(options).value();
  Client loyal = [&] {
    options.reconnect = false;
    return Client::Connect(options).value();
  }();
  ASSERT_TRUE(client.Ping());
  ASSERT_TRUE(loyal.Ping());

  server.reset();
  const auto meanwhile = client.Ping();
  ASSERT_FALSE(meanwhile);
  EXPECT_THAT(meanwhile.error().kind, testing::AnyOf(ErrorKind::kLost, ErrorKind::kUnreachable));
  EXPECT_EQ(client.Ping().error().kind, ErrorKind::kUnreachable);

  server = std::make_unique<FakeServer>(AnswerAsAShop, WelcomeEveryone, port);
  EXPECT_TRUE(Eventually([&] { return client.Ping().has_value(); }));
  EXPECT_FALSE(loyal.Ping());
  EXPECT_EQ(loyal.Ping().error().kind, ErrorKind::kUnreachable);
}

TEST(ClientTest, MovedClientGoesOn) {
  FakeServer server(AnswerAsAShop);
  Client first = Client::Connect(To(server)).value();
  Client second = std::move(first);
  EXPECT_TRUE(second.Ping());
  first = std::move(second);
  EXPECT_TRUE(first.Ping());
}

}  // namespace
}  // namespace kundig::client
