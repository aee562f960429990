// The one writer: takes all writes that wait, has them made durable by one sync, applied, and
// answered, in the order in which they were read. Writes that come while a sync is under way share
// the next one, so the more there are, the less each pays.
//
// Thread safety: Submit from any thread; Stop by one.
// Invariant: a write is answered or comes back from Submit or Stop; none is lost. Where the storage
// fails, nothing is answered any more: nobody knows what was kept.

#ifndef KUNDIG_SERVER_WRITE_QUEUE_H_
#define KUNDIG_SERVER_WRITE_QUEUE_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "engine/durable_book.h"
#include "server/job_pool.h"
#include "server/request_handler.h"

namespace kundig::server {

class WriteQueue {
 public:
  struct Entry {
    engine::WriteRequest request;  // may point into what `answer` owns
    size_t bytes = 0;              // its share of the queue
    std::unique_ptr<Responder> responder;
    std::function<void(const engine::Result<engine::ApplyAnswer>&, Responder*)> answer;
  };
  using Verdict = JobPool::Verdict;

  // `book` outlives the queue. `max_queued_bytes`: of the writes that wait, together; one alone may
  // exceed it. `growth`: what the writes of the next group may do; called on the writer's thread.
  // `storage_failed` is called once, on the writer's thread, and should end the process.
  WriteQueue(engine::DurableBook* book, size_t max_queued_bytes,
             std::function<engine::Growth()> growth,
             std::function<void(const engine::Error&)> storage_failed);
  ~WriteQueue();
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  // Moves `entry` away where it is taken, and else leaves it as it is.
  Verdict Submit(Entry* entry);
  // Waits for the writes under way; gives back those that had not begun.
  std::deque<Entry> Stop();

 private:
  void Work();
  void Write(std::deque<Entry>* group);

  engine::DurableBook* const book_;
  const size_t max_queued_bytes_;
  const std::function<engine::Growth()> growth_;
  const std::function<void(const engine::Error&)> storage_failed_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Entry> queue_;  // under mutex_
  size_t queued_bytes_ = 0;  // of queue_; under mutex_
  bool stopped_ = false;     // under mutex_
  bool failed_ = false;      // the writer's own
  std::thread thread_;       // last: uses the rest
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_WRITE_QUEUE_H_
