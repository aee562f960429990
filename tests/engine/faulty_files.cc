#include "tests/engine/faulty_files.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "tests/engine/journal_folder.h"

namespace kundig::engine {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr size_t kSectorBytes = 512;

class FaultyWritableFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyWritableFile(FaultyFiles* files, std::string path,
                     std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), files_(*files), path_(std::move(path)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const IOStatus fault = files_.Count();
    const Slice taken(data.data(), fault.ok() ? data.size() : data.size() / 2);
    const IOStatus status = target()->Append(taken, options, debug);
    files_.Written(path_, end_ += taken.size());
    return fault.ok() ? status : fault;
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return Synced(target()->Sync(options, debug));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Synced(target()->Fsync(options, debug));
  }

 private:
  IOStatus Synced(IOStatus status) {
    IOStatus fault = files_.Count();
    if (!fault.ok()) return fault;
    if (status.ok()) files_.Synced(path_);
    return status;
  }

  FaultyFiles& files_;
  const std::string path_;
  uint64_t end_ = 0;
};

class FaultyRandomFile : public rocksdb::FSRandomRWFileOwnerWrapper {
 public:
  FaultyRandomFile(FaultyFiles* files, std::string path,
                   std::unique_ptr<rocksdb::FSRandomRWFile> file)
      : FSRandomRWFileOwnerWrapper(std::move(file)), files_(*files), path_(std::move(path)) {}

  IOStatus Write(uint64_t offset, const Slice& data, const IOOptions& options,
                 IODebugContext* debug) override {
    IOStatus fault = files_.Count();
    if (!fault.ok()) return fault;
    files_.Overwrites(path_);
    return FSRandomRWFileOwnerWrapper::Write(offset, data, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    IOStatus fault = files_.Count();
    if (!fault.ok()) return fault;
    IOStatus status = FSRandomRWFileOwnerWrapper::Sync(options, debug);
    if (status.ok()) files_.Synced(path_);
    return status;
  }

 private:
  FaultyFiles& files_;
  const std::string path_;
};

class FaultyFolder : public rocksdb::FSDirectoryWrapper {
 public:
  FaultyFolder(FaultyFiles* files, std::string folder, std::unique_ptr<rocksdb::FSDirectory> target)
      : FSDirectoryWrapper(std::move(target)), files_(*files), folder_(std::move(folder)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    IOStatus fault = files_.Count();
    if (!fault.ok()) return fault;
    files_.FolderSynced(folder_);
    return FSDirectoryWrapper::Fsync(options, debug);
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, debug);
  }

 private:
  FaultyFiles& files_;
  const std::string folder_;
};

std::string Normalized(const std::string& path) {
  std::string plain = std::filesystem::path(path).lexically_normal();
  while (plain.size() > 1 && plain.back() == '/') plain.pop_back();
  return plain;
}

}  // namespace

void FaultyFiles::FailCalls(uint64_t first, uint64_t count, IOStatus status) {
  const std::lock_guard lock(mutex_);
  calls_ = 0;
  fail_from_ = first;
  fail_count_ = count;
  failure_ = std::move(status);
}

uint64_t FaultyFiles::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

void FaultyFiles::SetFreeBytes(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  free_bytes_ = bytes;
}

IOStatus FaultyFiles::Count() {
  const std::lock_guard lock(mutex_);
  const uint64_t call = calls_++;
  return call >= fail_from_ && call - fail_from_ < fail_count_ ? failure_ : IOStatus::OK();
}

void FaultyFiles::Written(const std::string& path, uint64_t end) {
  const std::lock_guard lock(mutex_);
  states_[Normalized(path)].end = end;
}

void FaultyFiles::Overwrites(const std::string& path) {
  const std::lock_guard lock(mutex_);
  State& state = states_[Normalized(path)];
  if (state.overwritten) return;
  state.overwritten = true;
  state.synced_content = Content(path);
}

void FaultyFiles::Synced(const std::string& path) {
  const std::lock_guard lock(mutex_);
  State& state = states_[Normalized(path)];
  state.synced = state.end;
  state.overwritten = false;
}

void FaultyFiles::FolderSynced(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  for (auto& [path, state] : states_) {
    if (std::filesystem::path(path).parent_path() == Normalized(folder)) state.entry_synced = true;
  }
}

void FaultyFiles::LosePower(Random* random) {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, state] : states_) {
    if (!std::filesystem::exists(path)) continue;
    if (!state.entry_synced && random->Chance(50)) {
      std::filesystem::remove(path);
    } else if (state.overwritten) {
      if (random->Chance(70)) Overwrite(path, state.synced_content);
    } else if (state.synced < state.end) {
      const uint64_t keep = state.synced + random->Below(state.end - state.synced + 1);
      std::string content = Content(path).substr(0, static_cast<size_t>(keep));
      // Of what stays, a sector may not have been written, and one behind it may have been.
      if (keep > state.synced && random->Chance(50)) {
        const auto from = static_cast<size_t>(state.synced + random->Below(keep - state.synced));
        const size_t sector_end = (from / kSectorBytes + 1) * kSectorBytes;
        for (size_t at = from; at < std::min(sector_end, content.size()); ++at) content[at] = '\0';
      }
      Overwrite(path, content);
    }
  }
  states_.clear();
}

IOStatus FaultyFiles::NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      IODebugContext* debug) {
  IOStatus status = Count();
  if (!status.ok()) return status;
  std::unique_ptr<rocksdb::FSWritableFile> real;
  status = target()->NewWritableFile(path, options, &real, debug);
  if (!status.ok()) return status;
  {
    const std::lock_guard lock(mutex_);
    states_[Normalized(path)] = State{};
  }
  *file = std::make_unique<FaultyWritableFile>(this, path, std::move(real));
  return status;
}

IOStatus FaultyFiles::NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                      IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSRandomRWFile> real;
  IOStatus status = target()->NewRandomRWFile(path, options, &real, debug);
  if (status.ok()) *file = std::make_unique<FaultyRandomFile>(this, path, std::move(real));
  return status;
}

IOStatus FaultyFiles::NewDirectory(const std::string& folder, const IOOptions& options,
                                   std::unique_ptr<rocksdb::FSDirectory>* directory,
                                   IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> real;
  IOStatus status = target()->NewDirectory(folder, options, &real, debug);
  if (status.ok()) *directory = std::make_unique<FaultyFolder>(this, folder, std::move(real));
  return status;
}

IOStatus FaultyFiles::DeleteFile(const std::string& path, const IOOptions& options,
                                 IODebugContext* debug) {
  IOStatus status = Count();
  if (!status.ok()) return status;
  {
    const std::lock_guard lock(mutex_);
    states_.erase(Normalized(path));
  }
  return target()->DeleteFile(path, options, debug);
}

IOStatus FaultyFiles::CreateDirIfMissing(const std::string& folder, const IOOptions& options,
                                         IODebugContext* debug) {
  IOStatus status = Count();
  if (!status.ok()) return status;
  return target()->CreateDirIfMissing(folder, options, debug);
}

IOStatus FaultyFiles::RenameFile(const std::string& from, const std::string& to,
                                 const IOOptions& options, IODebugContext* debug) {
  IOStatus status = Count();
  if (!status.ok()) return status;
  status = target()->RenameFile(from, to, options, debug);
  if (!status.ok()) return status;
  const std::lock_guard lock(mutex_);
  const std::string old_path = Normalized(from), new_path = Normalized(to);
  std::map<std::string, State> moved;
  for (auto& [path, state] : states_) {
    const bool below = path.starts_with(old_path + "/");
    if (path == old_path) state.entry_synced = true;
    const bool moves = below || path == old_path;
    moved[moves ? new_path + path.substr(old_path.size()) : path] = state;
  }
  states_ = std::move(moved);
  return status;
}

IOStatus FaultyFiles::GetFreeSpace(const std::string& path, const IOOptions& options,
                                   uint64_t* bytes, IODebugContext* debug) {
  const IOStatus status = target()->GetFreeSpace(path, options, bytes, debug);
  const std::lock_guard lock(mutex_);
  *bytes = std::min(*bytes, free_bytes_);
  return status;
}

}  // namespace kundig::engine
