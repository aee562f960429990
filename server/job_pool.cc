#include "server/job_pool.h"

#include <utility>

namespace kundig::server {

JobPool::JobPool(uint32_t threads, size_t max_queued) : max_queued_(max_queued) {
  for (uint32_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

JobPool::~JobPool() {
  Stop();
}

JobPool::Verdict JobPool::Submit(Job* job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return Verdict::kStopped;
    if (!queue_.empty() && queued_ + job->weight > max_queued_) return Verdict::kFull;
    queued_ += job->weight;
    queue_.push_back(std::move(*job));
  }
  changed_.notify_one();
  return Verdict::kTaken;
}

std::deque<JobPool::Job> JobPool::Stop() {
  std::deque<Job> left;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    left.swap(queue_);
    queued_ = 0;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  return left;
}

void JobPool::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopped_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    queued_ -= job.weight;
    lock.unlock();
    // Away before the lock: an answer may do work of its own when it goes.
    job.run(std::move(job.responder));
    lock.lock();
  }
}

}  // namespace kundig::server
