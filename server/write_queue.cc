#include "server/write_queue.h"

#include <utility>
#include <vector>

namespace kundig::server {

WriteQueue::WriteQueue(engine::DurableBook* book, size_t max_queued_bytes,
                       std::function<engine::Growth()> growth,
                       std::function<void(const engine::Error&)> storage_failed)
    : book_(book),
      max_queued_bytes_(max_queued_bytes),
      growth_(std::move(growth)),
      storage_failed_(std::move(storage_failed)),
      thread_([this] { Work(); }) {}

WriteQueue::~WriteQueue() {
  Stop();
}

WriteQueue::Verdict WriteQueue::Submit(Entry* entry) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return Verdict::kStopped;
    if (!queue_.empty() && queued_bytes_ + entry->bytes > max_queued_bytes_) return Verdict::kFull;
    queued_bytes_ += entry->bytes;
    queue_.push_back(std::move(*entry));
  }
  changed_.notify_one();
  return Verdict::kTaken;
}

std::deque<WriteQueue::Entry> WriteQueue::Stop() {
  std::deque<Entry> left;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    left.swap(queue_);
    queued_bytes_ = 0;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  return left;
}

void WriteQueue::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopped_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::deque<Entry> group;
    group.swap(queue_);
    queued_bytes_ = 0;
    lock.unlock();
    Write(&group);
    group.clear();
    lock.lock();
  }
}

void WriteQueue::Write(std::deque<Entry>* group) {
  if (failed_) return;
  std::vector<engine::WriteRequest> requests;
  requests.reserve(group->size());
  const engine::Growth growth = growth_();
  for (Entry& entry : *group) {
    entry.request.growth = growth;
    requests.push_back(entry.request);
  }
  book_->Write(requests, [&](size_t place, const engine::Result<engine::ApplyAnswer>& answer) {
    if (failed_) return;
    if (!answer && answer.error().code == engine::ErrorCode::kStorageFailed) {
      failed_ = true;
      return storage_failed_(answer.error());
    }
    Entry& entry = (*group)[place];
    entry.answer(answer, entry.responder.get());
    // An answer that goes may do work of its own, and what it owns is large.
    entry = Entry();
  });
}

}  // namespace kundig::server
