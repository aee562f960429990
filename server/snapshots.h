// Saves the book when its journal has grown, when somebody asks, and at the end; keeps the segments
// of the journal small meanwhile.
//
// Thread safety: Save and Backup from any thread that may wait for as long as they take; the rest
// by the owner. They take turns in the book.

#ifndef KUNDIG_SERVER_SNAPSHOTS_H_
#define KUNDIG_SERVER_SNAPSHOTS_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "engine/durable_book.h"
#include "server/housekeeping.h"

namespace kundig::server {

class Snapshots {
 public:
  static constexpr std::chrono::seconds kLook{1};
  // After one that failed, for lack of room for instance.
  static constexpr std::chrono::seconds kRestAfterFailure{10};

  // Saves the book whenever that many bytes of records lie behind the last snapshot.
  // `storage_failed` is told what a disk did not do for the book's own folder, and should end the
  // process. The arguments outlive it.
  Snapshots(engine::DurableBook* book, const Clock* clock, uint64_t journal_bytes,
            std::function<void(const engine::Error&)> storage_failed);
  ~Snapshots();  // ends the thread; saves nothing
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  engine::Result<engine::SnapshotInfo> Save(engine::Generations keep, const char* why);
  engine::Result<engine::SnapshotInfo> Backup(const std::string& folder);

 private:
  void Run();
  // Ends the process where the storage failed.
  void Judge(const engine::Error& error) const;

  engine::DurableBook* const book_;
  const Clock* const clock_;
  const uint64_t journal_bytes_;
  const std::function<void(const engine::Error&)> storage_failed_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;  // under mutex_
  std::thread thread_;    // last: uses the rest
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_SNAPSHOTS_H_
