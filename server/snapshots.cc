#include "server/snapshots.h"

#include <utility>

#include "server/log.h"

namespace kundig::server {

namespace {

int64_t MillisecondsOf(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

}  // namespace

Snapshots::Snapshots(engine::DurableBook* book, const Clock* clock, uint64_t journal_bytes,
                     std::function<void(const engine::Error&)> storage_failed)
    : book_(book),
      clock_(clock),
      journal_bytes_(journal_bytes),
      storage_failed_(std::move(storage_failed)),
      thread_([this] { Run(); }) {}

void Snapshots::Judge(const engine::Error& error) const {
  if (error.code == engine::ErrorCode::kStorageFailed) storage_failed_(error);
}

Snapshots::~Snapshots() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

engine::Result<engine::SnapshotInfo> Snapshots::Save(engine::Generations keep, const char* why) {
  const auto begin = clock_->SteadyTime();
  engine::Result<engine::SnapshotInfo> saved = book_->SaveSnapshot(clock_->WallTime(), keep);
  if (saved) {
    Log(LogLevel::kInfo, "snapshots", "the book was saved",
        {{"why", why},
         {"records", saved->begin_record},
         {"journal_sequence", saved->begin_sequence},
         {"bytes", saved->bytes()},
         {"milliseconds", MillisecondsOf(clock_->SteadyTime() - begin)}});
  } else {
    Log(LogLevel::kError, "snapshots",
        "the book was not saved, or what is older not removed; the journal keeps everything",
        {{"why", why}, {"reason", saved.error().message}});
    Judge(saved.error());
  }
  return saved;
}

engine::Result<engine::SnapshotInfo> Snapshots::Backup(const std::string& folder) {
  const auto begin = clock_->SteadyTime();
  engine::Result<engine::SnapshotInfo> copied = book_->Backup(clock_->WallTime(), folder);
  if (copied) {
    Log(LogLevel::kInfo, "snapshots", "a backup was written and read back",
        {{"folder", folder},
         {"journal_sequence", copied->end_sequence},
         {"bytes", copied->bytes()},
         {"milliseconds", MillisecondsOf(clock_->SteadyTime() - begin)}});
  } else {
    Log(LogLevel::kError, "snapshots", "a backup could not be written",
        {{"folder", folder}, {"reason", copied.error().message}});
  }
  return copied;
}

void Snapshots::Run() {
  std::chrono::seconds rest = kLook;
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, rest, [&] { return stopped_; })) {
    lock.unlock();
    rest = kLook;
    book_->MeasureJournal();
    if (book_->Status().segment_bytes >= engine::kSegmentBytes) {
      if (const auto error = book_->RollJournal()) {
        Log(LogLevel::kError, "snapshots", "no new segment of the journal could be made",
            {{"reason", error->message}});
        Judge(*error);
      }
    }
    if (book_->Status().unsaved_bytes >= journal_bytes_ &&
        !Save(engine::Generations::kKeepTwo, "the journal has grown")) {
      rest = kRestAfterFailure;
    }
    lock.lock();
  }
}

}  // namespace kundig::server
