#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/client.h"
#include "tests/client/fake_server.h"

namespace kundig::client {
namespace {

using namespace std::chrono_literals;
using wire::MessageType;

wire::ListReplyT Chunk(int64_t number, bool last, bool cancelled, size_t text_bytes) {
  wire::ListReplyT chunk;
  chunk.state = std::make_unique<wire::State>(1, 1, 0, 3, 2);
  chunk.total_customers = 1000;
  chunk.rows = 1;
  auto numbers = std::make_unique<wire::ColumnT>();
  numbers->name = "orders";
  numbers->numbers = {number};
  chunk.columns.push_back(std::move(numbers));
  auto texts = std::make_unique<wire::ColumnT>();
  texts->name = "customer";
  texts->type = wire::FieldType::text;
  texts->texts = {std::string(text_bytes, 'x')};
  chunk.columns.push_back(std::move(texts));
  chunk.last = last;
  chunk.cancelled = cancelled;
  return chunk;
}

// Streams lists of `chunks` chunks; stops early when cancelled.
class ListServer {
 public:
  ListServer(int chunks, size_t text_bytes)
      : server_([this](Peer& peer, const wire::Frame& frame) { Handle(peer, frame); }) {
    for (int i = 0; i < chunks; ++i) {
      chunks_.push_back(Packed(Chunk(i, i + 1 == chunks, false, text_bytes)));
    }
  }

  Client Connect(std::chrono::milliseconds deadline = 10s) {
    Options options = To(server_);
    options.deadline = deadline;
    return Client::Connect(options).value();
  }

  FakeServer& server() { return server_; }
  std::atomic<bool> hold_last = false;  // another one comes when cancelled
  std::atomic<int> cancels = 0;

 private:
  void Handle(Peer& peer, const wire::Frame& frame) {
    const auto type = static_cast<MessageType>(frame.header.type);
    if (type == MessageType::cancel) {
      ++cancels;
      EXPECT_EQ(frame.header.request_id, list_);
      if (hold_last) peer.Send(MessageType::list_reply, list_, Chunk(-1, true, true, 0));
    } else if (type == MessageType::list) {
      list_ = frame.header.request_id;
      for (const auto& chunk : chunks_) {
        if (hold_last && &chunk == &chunks_.back()) break;
        peer.SendPayload(MessageType::list_reply, list_, chunk);
      }
    } else {
      AnswerAsAShop(peer, frame);
    }
  }

  std::vector<std::vector<uint8_t>> chunks_;
  uint32_t list_ = 0;
  FakeServer server_;
};

TEST(ListTest, GivesEveryChunkInOrderOnTheCallingThread) {
  ListServer lists(50, 100);
  Client client = lists.Connect();
  int64_t next = 0;
  const auto caller = std::this_thread::get_id();
  const auto done = client.List({}, [&](const wire::ListReplyT& chunk) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    EXPECT_EQ(chunk.columns[0]->numbers.front(), next++);
    EXPECT_EQ(chunk.last, next == 50);
    return true;
  });
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(next, 50);
  EXPECT_EQ(lists.cancels, 0);
  EXPECT_TRUE(client.Ping());
}

TEST(ListTest, CancelEndsTheStreamAndTheConnectionGoesOn) {
  ListServer lists(21, 100);
  lists.hold_last = true;
  Client client = lists.Connect();
  int taken = 0;
  // The fake's chunks have come before the wish to stop; the next one carries it over.
  const auto done = client.List({}, [&](const wire::ListReplyT&) { return ++taken < 3; });
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(taken, 3);
  EXPECT_EQ(lists.cancels, 1);
  EXPECT_TRUE(client.Ping());
  EXPECT_EQ(lists.server().connections(), 1);
}

TEST(ListTest, ChunkThatThrowsLeavesTheConnectionUsable) {
  ListServer lists(100, 1000);
  Client client = lists.Connect();
  EXPECT_THROW(static_cast<void>(client.List(
                   {}, [](const wire::ListReplyT&) -> bool { throw std::runtime_error("full"); })),
               std::runtime_error);
  EXPECT_TRUE(client.Ping());
}

TEST(ListTest, SlowConsumerHoldsTheServerUpInsteadOfFillingMemory) {
  constexpr int kLargeChunks = 96;
  constexpr size_t kChunkBytes = 256U << 10;
  ListServer lists(kLargeChunks, kChunkBytes);
  // The deadline stands still while the consumer is slower than it.
  Client client = lists.Connect(3s);
  int taken = 0;
  const auto done = client.List({}, [&](const wire::ListReplyT&) {
    if (++taken == 1) {
      std::this_thread::sleep_for(3500ms);
      // What the client holds, and what fits the buffers of both kernels.
      EXPECT_LT(lists.server().written_bytes(), kLargeChunks * 3 / 4 * kChunkBytes);
    }
    return true;
  });
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(taken, kLargeChunks);
}

TEST(ListTest, DeadlineIsThatOfEachChunk) {
  ListServer lists(6, 10);
  lists.hold_last = true;
  Client client = lists.Connect(1s);
  int taken = 0;
  const auto done = client.List({}, [&](const wire::ListReplyT&) {
    ++taken;
    return true;
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::kTimedOut);
  EXPECT_EQ(taken, 5);
  // The client has cancelled what nobody waits for, so the connection is free again.
  EXPECT_TRUE(client.Ping());
  EXPECT_EQ(lists.cancels, 1);
  EXPECT_EQ(lists.server().connections(), 1);
}

}  // namespace
}  // namespace kundig::client
