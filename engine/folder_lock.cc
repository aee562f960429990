#include "engine/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace kundig::engine {
namespace {

constexpr int kNoFile = -1;
constexpr std::string_view kExplanation =
    "The process that serves this folder is named below. This file is no lock and may stay.\n";

Error Failed(ErrorCode code, std::string message) {
  return Error{.code = code, .message = std::move(message), .field = {}, .position = {}};
}

std::string LockFile(const std::string& folder) {
  return folder + "/lock";
}

// What the holder wrote; empty where it has not come to that yet.
std::string Holder(const std::string& folder) {
  const int file = open(LockFile(folder).c_str(), O_RDONLY | O_CLOEXEC);
  if (file == kNoFile) return {};
  std::array<char, kExplanation.size() + 32> text{};
  const ssize_t count = pread(file, text.data(), text.size(), 0);
  close(file);
  const std::string_view all(text.data(), count > 0 ? static_cast<size_t>(count) : 0);
  if (!all.starts_with(kExplanation)) return {};
  const std::string_view holder = all.substr(kExplanation.size());
  return std::string(holder.substr(0, holder.find('\n')));
}

Error InUse(const std::string& folder, bool by_readers) {
  if (by_readers) {
    return Failed(ErrorCode::kFolderInUse,
                  folder + " is being read by kundigd --verify or --restore; wait for it.");
  }
  const std::string holder = Holder(folder);
  return Failed(ErrorCode::kFolderInUse, "Another kundigd (pid " +
                                             (holder.empty() ? "unknown" : holder) + ") uses " +
                                             folder + "; stop it or name another folder.");
}

}  // namespace

Result<FolderLock> FolderLock::Lock(const std::string& folder, int operation) {
  FolderLock lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.file_ == kNoFile) {
    const bool missing = errno == ENOENT;
    return Failed(missing ? ErrorCode::kInvalidValue : ErrorCode::kStorageFailed,
                  missing ? "there is no data folder " + folder
                          : "Cannot open the folder " + folder + ": " + std::strerror(errno) + ".");
  }
  if (flock(lock.file_, operation | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) {
    return Failed(ErrorCode::kStorageFailed,
                  "Cannot lock the folder " + folder + ": " + std::strerror(errno) + ".");
  }
  // Who changes the folder lets nobody else in, who reads it lets readers in. Whoever has just gone
  // lets in everybody.
  const bool by_readers = operation == LOCK_EX && flock(lock.file_, LOCK_SH | LOCK_NB) == 0;
  if (by_readers && flock(lock.file_, operation | LOCK_NB) == 0) return lock;
  return InUse(folder, by_readers);
}

Result<FolderLock> FolderLock::TakeToRead(const std::string& folder) {
  return Lock(folder, LOCK_SH);
}

Result<FolderLock> FolderLock::Take(const std::string& folder) {
  Result<FolderLock> lock = Lock(folder, LOCK_EX);
  if (!lock) return lock;
  const std::string path = LockFile(folder);
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  // It only helps people, so a full disk does not keep the server from starting.
  if (file == kNoFile) {
    if (errno == ENOSPC || errno == EDQUOT) return lock;
    return Failed(ErrorCode::kStorageFailed, "Cannot write " + path + ": " + std::strerror(errno) +
                                                 "; let the server write to its data folder.");
  }
  const std::string text = std::string(kExplanation) + std::to_string(getpid()) + "\n";
  if (ftruncate(file, 0) == 0) {
    const ssize_t written = pwrite(file, text.data(), text.size(), 0);
    static_cast<void>(written);
  }
  close(file);
  return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, kNoFile)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

FolderLock::~FolderLock() {
  if (file_ != kNoFile) close(file_);
}

}  // namespace kundig::engine
