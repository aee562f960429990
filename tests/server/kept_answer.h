// A responder that keeps what it is sent, for tests of whoever answers.

#ifndef KUNDIG_TESTS_SERVER_KEPT_ANSWER_H_
#define KUNDIG_TESTS_SERVER_KEPT_ANSWER_H_

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "server/request_handler.h"

namespace kundig::server {

// One answer, and who waits for it.
//
// Thread safety: all methods from any thread.
class KeptAnswer {
 public:
  // The responder of this answer; it may outlive it.
  static std::unique_ptr<Responder> ResponderOf(std::shared_ptr<KeptAnswer> answer);

  // The type of the answer; nullopt where none came within 30 s.
  std::optional<wire::MessageType> WaitForType() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(30), [&] { return sent_; })) {
      return std::nullopt;
    }
    return answer_.type;
  }
  bool answered() {
    const std::lock_guard lock(mutex_);
    return sent_;
  }
  const std::vector<uint8_t>& payload() const { return answer_.payload; }
  ChunkSource* chunks() { return chunks_.get(); }
  std::thread::id thread() const { return thread_; }

  // Makes whoever answers wait in Send until Release().
  void Hold() { held_ = true; }
  void WaitUntilHolding() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return holding_; });
  }
  void Release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  void DropChunks() { chunks_.reset(); }

 private:
  class KeepingResponder;

  void Keep(Answer answer, std::unique_ptr<ChunkSource> chunks) {
    std::unique_lock lock(mutex_);
    holding_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_; });
    answer_ = std::move(answer);
    chunks_ = std::move(chunks);
    thread_ = std::this_thread::get_id();
    sent_ = true;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false, holding_ = false, sent_ = false;
  Answer answer_;
  std::unique_ptr<ChunkSource> chunks_;
  std::thread::id thread_;
};

class KeptAnswer::KeepingResponder final : public Responder {
 public:
  explicit KeepingResponder(std::shared_ptr<KeptAnswer> answer) : answer_(std::move(answer)) {}
  void Send(wire::MessageType type, std::span<const uint8_t> payload) override {
    answer_->Keep({.type = type, .payload = {payload.begin(), payload.end()}}, nullptr);
  }
  void Stream(std::unique_ptr<ChunkSource> chunks) override {
    answer_->Keep({.type = wire::MessageType::list_reply, .payload = {}}, std::move(chunks));
  }

 private:
  const std::shared_ptr<KeptAnswer> answer_;
};

inline std::unique_ptr<Responder> KeptAnswer::ResponderOf(std::shared_ptr<KeptAnswer> answer) {
  return std::make_unique<KeepingResponder>(std::move(answer));
}

}  // namespace kundig::server

#endif  // KUNDIG_TESTS_SERVER_KEPT_ANSWER_H_
