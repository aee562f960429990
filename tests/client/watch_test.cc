// A watch asks again and again, each time from the place that the answer before it named.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "client/client.h"
#include "tests/client/fake_server.h"

namespace kundig::client {
namespace {

using namespace std::chrono_literals;
using wire::MessageType;

// Tells one change after the other, and who begins without a place from which to go on.
class FeedServer {
 public:
  FeedServer() : server_([this](Peer& peer, const wire::Frame& frame) { Handle(peer, frame); }) {}

  Options To() const {
    Options options;
    options.server = server_.address();
    return options;
  }
  std::vector<wire::WatchRequestT> asked() {
    const std::lock_guard lock(mutex_);
    std::vector<wire::WatchRequestT> asked;
    asked.swap(asked_);
    return asked;
  }
  int connections() const { return server_.connections(); }

  // Before the first request:
  size_t drop_at = SIZE_MAX;  // this request has no answer: the connection breaks
  std::chrono::milliseconds takes{0};
  uint64_t gone_from = UINT64_MAX;  // a sequence from which nobody can go on

 private:
  void Handle(Peer& peer, const wire::Frame& frame) {
    if (static_cast<MessageType>(frame.header.type) != MessageType::watch) {
      return AnswerAsAShop(peer, frame);
    }
    auto request = Unpacked<wire::WatchRequestT>(frame.payload);
    const uint64_t sequence = request.from ? request.from->sequence() : 0;
    const bool first = request.from == nullptr;
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(std::move(request));
    }
    std::this_thread::sleep_for(takes);
    if (arrivals_++ == drop_at) return peer.Reset();
    if (sequence == gone_from) {
      return peer.Refuse(frame.header.request_id, wire::ErrorCode::history_gone, "Too long ago.");
    }
    wire::WatchReplyT reply;
    reply.state = std::make_unique<wire::State>(100, 1, 0, 3, 0);
    reply.position = std::make_unique<wire::FeedPosition>(9, first ? 41 : sequence + 1, 5);
    if (!first) {
      auto change = std::make_unique<wire::ChangeT>();
      change->sequence = sequence + 1;
      change->place = 5;
      change->customer = "ada";
      reply.changes.push_back(std::move(change));
    }
    peer.Send(MessageType::watch_reply, frame.header.request_id, reply);
  }

  std::mutex mutex_;
  std::vector<wire::WatchRequestT> asked_;
  size_t arrivals_ = 0;
  FakeServer server_;
};

wire::WatchRequestT Champions() {
  wire::WatchRequestT request;
  request.where = "rfm_segment = 'Champions'";
  request.fields = {"revenue"};
  return request;
}

// Sequences of the first so many changes.
std::vector<uint64_t> Follow(Client* client, size_t changes) {
  std::vector<uint64_t> seen;
  const auto done = client->Watch(Champions(), [&](const wire::WatchReplyT& answer) {
    for (const auto& change : answer.changes) seen.push_back(change->sequence);
    return seen.size() < changes;
  });
  EXPECT_TRUE(done) << done.error().message;
  return seen;
}

TEST(WatchTest, GoesOnFromEachPosition) {
  FeedServer server;
  Client client = Client::Connect(server.To()).value();
  EXPECT_EQ(Follow(&client, 3), (std::vector<uint64_t>{42, 43, 44}));
  const auto asked = server.asked();
  ASSERT_EQ(asked.size(), 4U);
  EXPECT_EQ(asked[0].from, nullptr);
  for (size_t at = 1; at < asked.size(); ++at) {
    EXPECT_EQ(asked[at].where, "rfm_segment = 'Champions'");
    EXPECT_EQ(asked[at].fields, std::vector<std::string>{"revenue"});
    EXPECT_EQ(asked[at].wait_ms, kWatchWait.count());
    EXPECT_EQ(asked[at].from->feed(), 9U);
    EXPECT_EQ(asked[at].from->sequence(), 40 + at);
    EXPECT_EQ(asked[at].from->place(), 5U);
  }
  EXPECT_TRUE(client.Ping());
}

TEST(WatchTest, ALostConnectionLosesNoChange) {
  FeedServer server;
  server.drop_at = 2;
  Client client = Client::Connect(server.To()).value();
  EXPECT_EQ(Follow(&client, 3), (std::vector<uint64_t>{42, 43, 44}));
  EXPECT_EQ(server.connections(), 2);
  const auto asked = server.asked();
  ASSERT_EQ(asked.size(), 5U);
  EXPECT_EQ(asked[2].from->sequence(), 42U);
  EXPECT_EQ(asked[3].from->sequence(), 42U);
}

TEST(WatchTest, AWholeHistoryThatIsGoneIsTold) {
  FeedServer server;
  server.gone_from = 43;
  Client client = Client::Connect(server.To()).value();
  std::vector<uint64_t> seen;
  const auto done = client.Watch(Champions(), [&](const wire::WatchReplyT& answer) {
    for (const auto& change : answer.changes) seen.push_back(change->sequence);
    return true;
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::kRefused);
  EXPECT_EQ(done.error().code, wire::ErrorCode::history_gone);
  EXPECT_EQ(seen, (std::vector<uint64_t>{42, 43}));
}

TEST(WatchTest, TheServersWaitIsNoneOfTheDeadlines) {
  FeedServer server;
  server.takes = 400ms;
  Options options = server.To();
  options.deadline = 200ms;
  Client client = Client::Connect(options).value();
  wire::WatchRequestT request = Champions();
  const auto late = client.Watch(request);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::kTimedOut);
  request.wait_ms = 20'000;
  const auto waited = client.Watch(request);
  ASSERT_TRUE(waited) << waited.error().message;
  EXPECT_EQ(waited->position->sequence(), 41U);
}

}  // namespace
}  // namespace kundig::client
