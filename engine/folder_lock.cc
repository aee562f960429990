#include "engine/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace kundig::engine {
namespace {

constexpr int kNone = -1;

Error Failed(ErrorCode code, std::string message) {
  return Error{.code = code, .message = std::move(message), .field = {}, .position = {}};
}

// What the holder wrote; empty where it has not come to that yet.
std::string Holder(int file) {
  std::array<char, 32> text{};
  const ssize_t count = pread(file, text.data(), text.size(), 0);
  std::string holder(text.data(), count > 0 ? static_cast<size_t>(count) : 0);
  return holder.substr(0, holder.find('\n'));
}

}  // namespace

Result<FolderLock> FolderLock::Take(const std::string& folder) {
  const std::string path = folder + "/lock";
  FolderLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (lock.file_ == kNone) {
    return Failed(ErrorCode::kStorageFailed, "Cannot open " + path + ": " + std::strerror(errno) +
                                                 "; let the server write to its data folder.");
  }
  if (flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return Failed(ErrorCode::kStorageFailed,
                    "Cannot lock " + path + ": " + std::strerror(errno) + ".");
    }
    const std::string holder = Holder(lock.file_);
    return Failed(ErrorCode::kFolderInUse, "Another kundigd (pid " +
                                               (holder.empty() ? "unknown" : holder) + ") uses " +
                                               folder + "; stop it or name another folder.");
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  // The number only helps people, so a full disk does not keep the server from starting.
  if (ftruncate(lock.file_, 0) == 0) {
    const ssize_t written = pwrite(lock.file_, pid.data(), pid.size(), 0);
    static_cast<void>(written);
  }
  return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, kNone)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

FolderLock::~FolderLock() {
  if (file_ != kNone) close(file_);
}

}  // namespace kundig::engine
