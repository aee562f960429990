// One process per data folder: a lock on the folder itself, held as long as this object lives. The
// kernel lets go of it when the process ends, however it ends. Nobody can take it away by removing
// a file: DIR/lock only says for people which process it is, and may stay.
//
// Thread safety: one thread; may be destroyed on another.

#ifndef KUNDIG_ENGINE_FOLDER_LOCK_H_
#define KUNDIG_ENGINE_FOLDER_LOCK_H_

#include <string>

#include "engine/result.h"

namespace kundig::engine {

class FolderLock {
 public:
  // To change what is in the folder, which must be there. kFolderInUse names the process that holds
  // it; kStorageFailed where the folder cannot be locked or written to.
  static Result<FolderLock> Take(const std::string& folder);
  // To read, beside others who read: changes nothing and needs no right to. Errors as Take;
  // kInvalidValue where there is no such folder.
  static Result<FolderLock> TakeToRead(const std::string& folder);

  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

 private:
  explicit FolderLock(int file) : file_(file) {}

  static Result<FolderLock> Lock(const std::string& folder, int operation);

  int file_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_FOLDER_LOCK_H_
