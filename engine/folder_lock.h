// One process per data folder: an exclusive lock on the file DIR/lock, held as long as this object
// lives. The kernel lets go of it when the process ends, however it ends; the file stays.
//
// Thread safety: one thread; may be destroyed on another.

#ifndef KUNDIG_ENGINE_FOLDER_LOCK_H_
#define KUNDIG_ENGINE_FOLDER_LOCK_H_

#include <string>

#include "engine/result.h"

namespace kundig::engine {

class FolderLock {
 public:
  // The folder must be there. kFolderInUse names the process that holds it; kStorageFailed where
  // the file cannot be made or locked.
  static Result<FolderLock> Take(const std::string& folder);

  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

 private:
  explicit FolderLock(int file) : file_(file) {}

  int file_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_FOLDER_LOCK_H_
