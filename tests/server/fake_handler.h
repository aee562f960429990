// A request handler without an engine: what it does depends on the type of the request alone.
//
//   profiles  repeats the payload at once; records too, but one whose number is kUnsound is refused
//             with bad_message
//   events    repeats the payload from another thread, in an order of the seed
//   list      streams chunks: payload = StreamOrder
//   count     is held until Release(), then repeats the payload from the releasing thread
//   rfm       is never answered: its responder is destroyed
//   abc       is refused with bad_message at once, value from another thread
//   pipeline  is answered with as many bytes as the first four of the payload say
//   others    are refused with unknown_type
//
// Thread safety: all methods from any thread.

#ifndef KUNDIG_TESTS_SERVER_FAKE_HANDLER_H_
#define KUNDIG_TESTS_SERVER_FAKE_HANDLER_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "schemas/limits.h"
#include "server/handshake.h"
#include "server/limits.h"
#include "server/request_handler.h"

namespace kundig::server {

struct StreamOrder {
  uint32_t chunks = 0;
  uint32_t chunk_bytes = wire::kMinPayloadBytes;
  uint32_t from_other_thread = 0;
};

inline std::vector<uint8_t> PayloadOf(const StreamOrder& order) {
  std::vector<uint8_t> payload(sizeof(order));
  std::memcpy(payload.data(), &order, sizeof(order));
  return payload;
}

// A payload that tells one request from another.
inline std::vector<uint8_t> NumberedPayload(uint32_t number, size_t bytes = 16) {
  std::vector<uint8_t> payload(bytes);
  std::memcpy(payload.data(), &number, sizeof(number));
  return payload;
}

inline uint32_t NumberOf(std::span<const uint8_t> payload) {
  uint32_t number = 0;
  std::memcpy(&number, payload.data(), sizeof(number));
  return number;
}

class FakeHandler final : public RequestHandler {
 public:
  explicit FakeHandler(int threads = 3) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this, i] { Work(static_cast<uint32_t>(i)); });
    }
  }
  ~FakeHandler() override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void HandleLookups(wire::MessageType type, std::span<const std::span<const uint8_t>> payloads,
                     LookupSink* sink) override {
    EXPECT_FALSE(payloads.empty());
    EXPECT_LE(payloads.size(), kMaxRunRequests);
    longest_run_ = std::max(longest_run_.load(), payloads.size());
    for (const std::span<const uint8_t> payload : payloads) {
      handled_.fetch_add(1);
      const bool sound = type == wire::MessageType::profiles || NumberOf(payload) != kUnsound;
      const bool goes_on = sound ? sink->Answer(ReplyOf(type), payload.first(4), payload.subspan(4))
                                 : sink->Answer(wire::MessageType::error, BadMessage());
      EXPECT_EQ(goes_on, sound);
      if (!goes_on) return;
    }
  }

  void Handle(wire::MessageType type, std::span<const uint8_t> payload,
              std::unique_ptr<Responder> responder) override {
    handled_.fetch_add(1);
    switch (type) {
      case wire::MessageType::profiles:
      case wire::MessageType::records:
        handled_alone_.fetch_add(1);
        responder->Send(ReplyOf(type), payload);
        return;
      case wire::MessageType::events:
        Later(Job{wire::MessageType::events_reply,
                  {payload.begin(), payload.end()},
                  nullptr,
                  std::move(responder)});
        return;
      case wire::MessageType::list: {
        StreamOrder order;
        std::memcpy(&order, payload.data(), sizeof(order));
        auto chunks = std::make_unique<Chunks>(order, this);
        if (order.from_other_thread != 0) {
          Later(Job{wire::MessageType::list_reply, {}, std::move(chunks), std::move(responder)});
        } else {
          responder->Stream(std::move(chunks));
        }
        return;
      }
      case wire::MessageType::count: {
        const std::lock_guard<std::mutex> lock(mutex_);
        held_.push_back(Job{wire::MessageType::count_reply,
                            {payload.begin(), payload.end()},
                            nullptr,
                            std::move(responder)});
        changed_.notify_all();
        return;
      }
      case wire::MessageType::rfm:
        return;
      case wire::MessageType::abc:
        responder->Send(wire::MessageType::error, BadMessage());
        return;
      case wire::MessageType::value:
        Later(Job{wire::MessageType::error, BadMessage(), nullptr, std::move(responder)});
        return;
      case wire::MessageType::pipeline:
        responder->Send(wire::MessageType::pipeline_reply, std::vector<uint8_t>(NumberOf(payload)));
        return;
      default:
        responder->Send(wire::MessageType::error,
                        EncodeSessionError(wire::ErrorCode::unknown_type, "No such request."));
    }
  }

  // Waits until `number` requests are held.
  void AwaitHeld(size_t number) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return held_.size() >= number; });
  }
  // Answers all held requests, the last first.
  void Release() {
    std::vector<Job> held;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      held.swap(held_);
    }
    while (!held.empty()) {
      Answer(std::move(held.back()));
      held.pop_back();
    }
  }

  uint64_t handled() const { return handled_.load(); }
  // Of these, lookups that had to wait for an earlier request.
  uint64_t handled_alone() const { return handled_alone_.load(); }
  size_t longest_run() const { return longest_run_.load(); }
  uint64_t chunks_made() const { return chunks_made_.load(); }
  int64_t streams_alive() const { return streams_alive_.load(); }

 private:
  struct Job {
    wire::MessageType type = wire::MessageType::none;
    std::vector<uint8_t> payload;
    std::unique_ptr<ChunkSource> chunks;
    std::unique_ptr<Responder> responder;
  };

  // Chunk i has the number i; a cancelled one has kCancelledChunk.
  class Chunks final : public ChunkSource {
   public:
    Chunks(const StreamOrder& order, FakeHandler* handler) : order_(order), handler_(handler) {
      handler_->streams_alive_.fetch_add(1);
    }
    ~Chunks() override { handler_->streams_alive_.fetch_sub(1); }

    std::optional<server::Answer> Next(bool cancelled) override {
      if (cancelled) {
        return server::Answer{wire::MessageType::list_reply,
                              NumberedPayload(kCancelledChunk, order_.chunk_bytes)};
      }
      if (next_ == order_.chunks) return std::nullopt;
      handler_->chunks_made_.fetch_add(1);
      return server::Answer{wire::MessageType::list_reply,
                            NumberedPayload(next_++, order_.chunk_bytes)};
    }

   private:
    const StreamOrder order_;
    FakeHandler* const handler_;
    uint32_t next_ = 0;
  };

  static wire::MessageType ReplyOf(wire::MessageType type) {
    return static_cast<wire::MessageType>(static_cast<uint8_t>(type) | 0x80);
  }
  static std::vector<uint8_t> BadMessage() {
    return EncodeSessionError(wire::ErrorCode::bad_message, "Not sound.");
  }

  static void Answer(Job job) {
    if (job.chunks != nullptr) {
      job.responder->Stream(std::move(job.chunks));
    } else {
      job.responder->Send(job.type, job.payload);
    }
  }

  void Later(Job job) {
    const std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back(std::move(job));
    changed_.notify_all();
  }

  void Work(uint32_t seed) {
    std::minstd_rand random(seed + 1);
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      std::swap(jobs_[random() % jobs_.size()], jobs_.back());
      Job job = std::move(jobs_.back());
      jobs_.pop_back();
      lock.unlock();
      Answer(std::move(job));
      lock.lock();
    }
  }

 public:
  static constexpr uint32_t kCancelledChunk = 0xFFFFFFFF;
  static constexpr uint32_t kUnsound = 0xFFFFFFFE;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Job> jobs_;
  std::vector<Job> held_;
  bool stopping_ = false;
  std::atomic<uint64_t> handled_{0};
  std::atomic<uint64_t> handled_alone_{0};
  std::atomic<size_t> longest_run_{0};
  std::atomic<uint64_t> chunks_made_{0};
  std::atomic<int64_t> streams_alive_{0};
  std::vector<std::thread> threads_;
};

}  // namespace kundig::server

#endif  // KUNDIG_TESTS_SERVER_FAKE_HANDLER_H_
