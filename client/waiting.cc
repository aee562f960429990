#include "client/waiting.h"

#include <utility>

namespace kundig::client {

Callback<Answers::RawAnswer> Answers::ForNext() {
  const std::lock_guard lock(mutex_);
  const size_t index = answers_.size();
  answers_.emplace_back();
  ++missing_;
  return [self = shared_from_this(), index](Result<RawAnswer> answer) {
    const std::lock_guard answer_lock(self->mutex_);
    self->failed_ = self->failed_ || !answer;
    self->answers_[index] = std::move(answer);
    --self->missing_;
    self->came_.notify_one();
  };
}

bool Answers::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

std::vector<Result<Answers::RawAnswer>> Answers::WaitForAll() {
  std::unique_lock lock(mutex_);
  came_.wait(lock, [&] { return missing_ == 0; });
  std::vector<Result<RawAnswer>> all;
  all.reserve(answers_.size());
  for (auto& answer : answers_) all.push_back(*std::move(answer));
  return all;
}

std::function<bool(std::span<const uint8_t>)> StreamedChunks::ForMore() {
  return [self = shared_from_this()](std::span<const uint8_t> chunk) {
    const std::lock_guard lock(self->mutex_);
    if (self->cancelled_) return false;
    self->held_.emplace_back(chunk.begin(), chunk.end());
    if (self->held_.size() >= kMaxHeldChunks) {
      self->paused_ = true;
      self->channel_->PauseReading();
    }
    self->came_.notify_one();
    return true;
  };
}

Callback<AsyncClient::RawAnswer> StreamedChunks::ForDone() {
  return [self = shared_from_this()](Result<AsyncClient::RawAnswer> last) {
    const std::lock_guard lock(self->mutex_);
    self->last_ = std::move(last);
    self->came_.notify_one();
  };
}

std::optional<Result<AsyncClient::RawAnswer>> StreamedChunks::Next() {
  std::unique_lock lock(mutex_);
  if (ended_) return std::nullopt;
  came_.wait(lock, [&] { return !held_.empty() || last_; });
  if (held_.empty()) {
    ended_ = true;
    return std::move(last_);
  }
  AsyncClient::RawAnswer chunk = std::move(held_.front());
  held_.pop_front();
  if (paused_ && held_.empty()) {
    paused_ = false;
    channel_->ResumeReading();
  }
  return chunk;
}

void StreamedChunks::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  held_.clear();
  if (std::exchange(paused_, false)) channel_->ResumeReading();
}

}  // namespace kundig::client
