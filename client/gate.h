// Counts what a client holds without an answer, so that its memory has a bound.
//
// Thread safety: all methods from any thread. Invariant: whoever entered leaves once, with the same
// number of bytes; one request may always enter an empty gate, whatever its size.

#ifndef KUNDIG_CLIENT_GATE_H_
#define KUNDIG_CLIENT_GATE_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "client/client.h"

namespace kundig::client {

class Gate {
 public:
  explicit Gate(uint32_t max_requests) : max_requests_(max_requests) {}

  bool TryEnter(size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (!HasRoom(bytes)) return false;
    Take(bytes);
    return true;
  }

  // Waits for room.
  void Enter(size_t bytes) {
    std::unique_lock lock(mutex_);
    left_.wait(lock, [&] { return HasRoom(bytes); });
    Take(bytes);
  }

  void Leave(size_t bytes) {
    {
      const std::lock_guard lock(mutex_);
      requests_ -= 1;
      bytes_ -= bytes;
    }
    // All of them: the first in line may wait for more bytes than the next.
    left_.notify_all();
  }

 private:
  bool HasRoom(size_t bytes) const {
    return requests_ == 0 || (requests_ < max_requests_ && bytes_ + bytes <= kMaxWaitingBytes);
  }
  void Take(size_t bytes) {
    requests_ += 1;
    bytes_ += bytes;
  }

  const uint32_t max_requests_;
  std::mutex mutex_;
  std::condition_variable left_;
  uint32_t requests_ = 0;
  size_t bytes_ = 0;
};

}  // namespace kundig::client

#endif  // KUNDIG_CLIENT_GATE_H_
