// The lock that makes the book one state.
//
// Three ways to hold it:
//   lookup  short, shared; from any thread. Waits only while a slice of a write is being applied.
//   scan    long, shared; keeps writers out, but not lookups.
//   write   exclusive: a turn, in which lookups go on, with short times alone.
//
// Scans and writes enter through a gate in the order in which they came (neighbouring scans
// together), so neither starves the other. A writer that has passed the gate, which means that no
// scan runs, then shuts out lookups; that takes as long as the lookups under way, microseconds. So
// a lookup never waits for a scan, nor for a writer that waits for one.
//
// Thread safety: that is what it is. Not recursive. A holder of `scan` may hand work to other
// threads, but must not wait for a thread that wants `scan` or `write` itself.

#ifndef KUNDIG_ENGINE_STATE_LOCK_H_
#define KUNDIG_ENGINE_STATE_LOCK_H_

#include <pthread.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace kundig::engine {

class StateLock {
 public:
  StateLock();
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

  class Lookup {
   public:
    explicit Lookup(StateLock* lock) : lock_(lock) { pthread_rwlock_rdlock(&lock_->lookups_); }
    ~Lookup() { pthread_rwlock_unlock(&lock_->lookups_); }
    Lookup(const Lookup&) = delete;
    Lookup& operator=(const Lookup&) = delete;

   private:
    StateLock* lock_;
  };

  class Scan {
   public:
    explicit Scan(StateLock* lock) : lock_(lock) { lock_->EnterScan(); }
    ~Scan() { lock_->LeaveScan(); }
    Scan(const Scan&) = delete;
    Scan& operator=(const Scan&) = delete;

   private:
    StateLock* lock_;
  };

  class Alone;

  // The writer's turn: no scan and no other writer. Lookups go on: the holder may read, and prepare
  // what it will write, but changes nothing that a lookup reads, except under Alone.
  class Turn {
   public:
    explicit Turn(StateLock* lock) : lock_(lock) { lock_->EnterWrite(); }
    ~Turn() { lock_->LeaveWrite(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    friend class StateLock::Alone;
    StateLock* lock_;
  };

  // Shuts out lookups, within a turn.
  class Alone {
   public:
    explicit Alone(const Turn& turn) : lock_(turn.lock_) {
      pthread_rwlock_wrlock(&lock_->lookups_);
    }
    ~Alone() { pthread_rwlock_unlock(&lock_->lookups_); }
    Alone(const Alone&) = delete;
    Alone& operator=(const Alone&) = delete;

   private:
    StateLock* lock_;
  };

  // Both, for what is short.
  class Write {
   public:
    explicit Write(StateLock* lock) : turn_(lock), alone_(turn_) {}

   private:
    Turn turn_;
    Alone alone_;
  };

 private:
  void EnterScan();
  void LeaveScan();
  void EnterWrite();
  void LeaveWrite();

  // The gate: tickets are served in order; `serving_` is the first that may not pass yet.
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t next_ticket_ = 0;
  uint64_t serving_ = 0;
  uint32_t scans_ = 0;

  pthread_rwlock_t lookups_;  // prefers writers, so that a stream of lookups does not starve them
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_STATE_LOCK_H_
