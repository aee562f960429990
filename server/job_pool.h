// The threads that run what must not run on a network thread: scans of the book, and writes, which
// wait for a scan that is under way. Few threads and a queue with an end: each scan already uses
// all of the engine's workers, so more at a time would only make all of them later; and one thread
// is enough for writes, which take turns anyway and so stay in the order in which they were read.
//
// Thread safety: Submit from any thread; Stop by one.
// Invariant: a job is run or comes back from Submit or Stop; none is lost.

#ifndef KUNDIG_SERVER_JOB_POOL_H_
#define KUNDIG_SERVER_JOB_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "server/request_handler.h"

namespace kundig::server {

class JobPool {
 public:
  struct Job {
    std::function<void(std::unique_ptr<Responder>)> run;
    std::unique_ptr<Responder> responder;
    size_t weight = 1;  // its share of the queue
  };
  enum class Verdict : uint8_t { kTaken, kFull, kStopped };

  // `max_queued`: the weight of the jobs that wait, together. A job alone may exceed it.
  JobPool(uint32_t threads, size_t max_queued);
  ~JobPool();
  JobPool(const JobPool&) = delete;
  JobPool& operator=(const JobPool&) = delete;

  // Moves `job` away where it is taken, and else leaves it as it is.
  Verdict Submit(Job* job);
  // Waits for the jobs that run; gives back those that had not begun.
  std::deque<Job> Stop();

 private:
  void Work();

  const size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> queue_;  // under mutex_
  size_t queued_ = 0;      // weight of queue_; under mutex_
  bool stopped_ = false;   // under mutex_
  std::vector<std::thread> threads_;
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_JOB_POOL_H_
