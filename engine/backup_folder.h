// The folder of a backup while it is written: it lies beside the folder that was asked for, under a
// name of its own, and gets the right name when it is whole. So a folder of that name is a backup,
// or was there before and is left alone.
//
// Thread safety: for one thread.

#ifndef KUNDIG_ENGINE_BACKUP_FOLDER_H_
#define KUNDIG_ENGINE_BACKUP_FOLDER_H_

#include <optional>
#include <string>

#include "engine/result.h"

namespace kundig::engine {

class BackupFolder {
 public:
  // kInvalidValue where `folder` is there and not empty, where an unfinished one lies beside it, or
  // where it would lie in the folder `data`; kDiskFull, kStorageFailed.
  static Result<BackupFolder> Begin(const std::string& folder, const std::string& data);
  BackupFolder(BackupFolder&& other) noexcept;
  BackupFolder& operator=(BackupFolder&&) = delete;
  // Removes what was not published.
  ~BackupFolder();

  const std::string& unfinished() const { return unfinished_; }
  // Durable on return.
  std::optional<Error> Publish();

 private:
  BackupFolder(std::string folder, std::string unfinished);

  std::string folder_;
  std::string unfinished_;  // empty where there is nothing to remove
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_BACKUP_FOLDER_H_
