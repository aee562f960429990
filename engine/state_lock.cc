#include "engine/state_lock.h"

#include "engine/check.h"

namespace kundig::engine {

StateLock::StateLock() {
  pthread_rwlockattr_t attributes;
  KUNDIG_CHECK(pthread_rwlockattr_init(&attributes) == 0);
  KUNDIG_CHECK(pthread_rwlockattr_setkind_np(&attributes,
                                             PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0);
  KUNDIG_CHECK(pthread_rwlock_init(&lookups_, &attributes) == 0);
  pthread_rwlockattr_destroy(&attributes);
}

StateLock::~StateLock() {
  pthread_rwlock_destroy(&lookups_);
}

void StateLock::EnterScan() {
  std::unique_lock<std::mutex> hold(mutex_);
  const uint64_t ticket = next_ticket_++;
  changed_.wait(hold, [&] { return serving_ == ticket; });
  ++scans_;
  ++serving_;  // a scan behind this one may come along
  changed_.notify_all();
}

void StateLock::LeaveScan() {
  std::unique_lock<std::mutex> hold(mutex_);
  if (--scans_ == 0) changed_.notify_all();
}

void StateLock::EnterWrite() {
  std::unique_lock<std::mutex> hold(mutex_);
  const uint64_t ticket = next_ticket_++;
  changed_.wait(hold, [&] { return serving_ == ticket && scans_ == 0; });
}

void StateLock::LeaveWrite() {
  std::unique_lock<std::mutex> hold(mutex_);
  ++serving_;
  if (serving_ != next_ticket_) changed_.notify_all();
}

}  // namespace kundig::engine
