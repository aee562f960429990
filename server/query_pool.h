// The threads that run what must not run on a network thread: scans of the book, and what waits for
// one. Few threads and a queue with an end, because each scan already uses all of the engine's
// workers: more at a time would only make all of them later.
//
// Thread safety: Submit from any thread; Stop by one.
// Invariant: a job is run or comes back from Submit or Stop; none is lost.

#ifndef KUNDIG_SERVER_QUERY_POOL_H_
#define KUNDIG_SERVER_QUERY_POOL_H_

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

class QueryPool {
 public:
  struct Job {
    std::function<void(Responder*)> run;
    std::unique_ptr<Responder> responder;
  };
  enum class Verdict : uint8_t { kTaken, kFull, kStopped };

  QueryPool(uint32_t threads, size_t max_queued);
  ~QueryPool();
  QueryPool(const QueryPool&) = delete;
  QueryPool& operator=(const QueryPool&) = delete;

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
  bool stopped_ = false;   // under mutex_
  std::vector<std::thread> threads_;
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_QUERY_POOL_H_
