#include "engine/data_folder.h"

#include <fcntl.h>
#include <rocksdb/env.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "engine/erasure_receipts.h"
#include "engine/journal_files.h"
#include "engine/snapshot_file.h"

namespace kundig::engine {
namespace {

constexpr int kRecordDigits = 20;
constexpr std::string_view kBookNote =
    "A book of customers is kept in this folder. As long as this file is here, no start takes a"
    " journal that is gone for one that never was.\n";

namespace fs = std::filesystem;

std::string SnapshotName(uint64_t record) {
  char name[kRecordDigits + 1];
  std::snprintf(name, sizeof(name), "%020llu", static_cast<unsigned long long>(record));
  return name;
}

JournalFiles Files() {
  return JournalFiles(rocksdb::Env::Default());
}

std::string BookFile(const std::string& folder) {
  return folder + "/book";
}

// The record in a generation's name; nothing where it is not one's.
std::optional<uint64_t> RecordOf(const std::string& name) {
  uint64_t record = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), record);
  const bool whole = error == std::errc() && end == name.data() + name.size();
  return whole && name == SnapshotName(record) ? std::optional(record) : std::nullopt;
}

Error WrongFolder(std::string message) {
  return Error{.code = ErrorCode::kInvalidValue,
               .message = std::move(message),
               .field = "data",
               .position = {}};
}

}  // namespace

std::string PlainFolder(const std::string& folder) {
  const fs::path path = fs::path(folder).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

bool HoldsBook(const std::string& folder) {
  return Files().Exists(BookFile(folder));
}

std::optional<Error> NoteBook(const std::string& folder) {
  if (HoldsBook(folder)) return std::nullopt;
  const std::string path = BookFile(folder);
  const JournalFiles files = Files();
  const rocksdb::IOStatus status =
      rocksdb::WriteStringToFile(&files.system(), std::string(kBookNote), path,
                                 /*should_sync=*/true);
  if (!status.ok()) return StorageError(status, "writing " + path);
  return files.SyncFolder(folder);
}

bool IsDataFolder(const std::string& folder) {
  if (HoldsBook(folder)) return true;
  if (Files().Exists(JournalFolder(folder))) return true;
  const Result<std::vector<uint64_t>> generations = GenerationsOf(folder);
  return !generations || !generations->empty();
}

std::optional<Error> FolderProblem(const std::string& folder) {
  const std::string path = PlainFolder(folder);
  std::error_code error;
  if (fs::is_directory(path, error)) return std::nullopt;
  if (fs::is_symlink(path, error) && !fs::exists(path, error)) {
    return WrongFolder(path + " is a symbolic link to " + fs::read_symlink(path, error).string() +
                       ", which is not there; make that folder or mend the link");
  }
  if (fs::exists(path, error)) {
    return WrongFolder(path + " is there and is no folder; name a folder");
  }
  return std::nullopt;
}

std::string GenerationFolder(const std::string& data, uint64_t record) {
  return SnapshotsFolder(data) + "/" + SnapshotName(record);
}

std::optional<Error> CheckGenerationName(const std::string& folder, const SnapshotInfo& info) {
  const std::optional<uint64_t> record = RecordOf(fs::path(folder).filename());
  if (!record || info.begin_record >= *record) return std::nullopt;
  return DamageError(folder + " holds a snapshot of after record " +
                     std::to_string(info.begin_record) +
                     ", so it is not the one that its name says" + std::string(kRestore));
}

Result<std::vector<uint64_t>> GenerationsOf(const std::string& data) {
  std::vector<uint64_t> generations;
  if (!Files().Exists(SnapshotsFolder(data))) return generations;
  Result<std::vector<std::string>> children = Files().Children(SnapshotsFolder(data));
  if (!children) return children.error();
  for (const std::string& name : *children) {
    if (const std::optional<uint64_t> record = RecordOf(name)) generations.push_back(*record);
  }
  std::sort(generations.begin(), generations.end());
  return generations;
}

std::optional<Error> RemoveGeneration(const std::string& data, uint64_t record) {
  return Files().RemoveFolder(SnapshotsFolder(data), SnapshotName(record));
}

std::optional<Error> SetDamagedAside(const std::string& data, uint64_t record) {
  return Files().SetAside(SnapshotsFolder(data), SnapshotName(record));
}

std::optional<Error> SetReceiptsAside(const std::string& data) {
  const std::string path = ErasureReceipts::PathIn(SnapshotsFolder(data));
  return Files().SetAside(SnapshotsFolder(data), fs::path(path).filename());
}

std::optional<Error> RemoveDamaged(const std::string& data) {
  return Files().RemoveEnding(SnapshotsFolder(data), kSetAside);
}

std::optional<Error> PrepareSnapshotsFolder(const std::string& data) {
  const std::string folder = SnapshotsFolder(data);
  if (auto error = Files().CreateFolder(folder)) return error;
  if (auto error = Files().FinishRemovals(folder)) return error;
  return Files().RemoveEnding(folder, kUnfinished);
}

std::optional<Error> CopyDataFolder(const std::string& from, const std::string& to) {
  std::error_code error;
  for (const std::string& part : {JournalFolder(""), SnapshotsFolder("")}) {
    if (!error && !fs::exists(from + part, error)) continue;
    if (!error) fs::create_directory(to + part, error);
    if (error) break;
    for (fs::recursive_directory_iterator entry(from + part, error), end; !error && entry != end;
         entry.increment(error)) {
      const fs::path copy = fs::path(to + part) / entry->path().lexically_relative(from + part);
      if (entry->is_directory(error)) {
        fs::create_directory(copy, error);
      } else if (!error && fs::copy_file(entry->path(), copy, error)) {
        fs::permissions(copy, fs::perms::owner_write, fs::perm_options::add, error);
      }
      if (error) break;
    }
  }
  if (!error) return std::nullopt;
  const bool full = error == std::errc::no_space_on_device;
  return Error{.code = full ? ErrorCode::kDiskFull : ErrorCode::kStorageFailed,
               .message = "cannot copy " + from + " to " + to + ": " + error.message(),
               .field = "data",
               .position = {}};
}

std::optional<Error> PublishDataFolder(const std::string& unfinished, const std::string& folder) {
  const auto failed = [&](const char* what) {
    return Error{.code = ErrorCode::kStorageFailed,
                 .message = std::string(what) + " " + folder + ": " + std::strerror(errno) +
                            "; name a folder that is missing or empty",
                 .field = "data",
                 .position = {}};
  };
  // One sync of the whole file system: a restore is many files, and rare.
  const int file = open(unfinished.c_str(), O_RDONLY | O_DIRECTORY);
  const bool synced = file >= 0 && syncfs(file) == 0;
  if (file >= 0) close(file);
  if (!synced) return failed("cannot sync what becomes");
  if (std::rename(unfinished.c_str(), folder.c_str()) != 0) return failed("cannot make");
  return Files().SyncFolder(fs::absolute(PlainFolder(folder)).parent_path());
}

std::optional<Error> MakeDataFolder(const std::string& folder) {
  if (auto error = FolderProblem(folder)) return error;
  const std::string path = PlainFolder(folder);
  const fs::path parent = fs::absolute(path).lexically_normal().parent_path();
  std::error_code ignored;
  if (!fs::is_directory(parent, ignored)) {
    return WrongFolder("there is no folder " + parent.string() + " to put " + path +
                       " in; make it first");
  }
  // Where somebody else made the folder in one that we may not read, its entry is not ours to sync.
  if (fs::is_directory(path, ignored) && access(parent.c_str(), R_OK) != 0) return std::nullopt;
  return Files().CreateFolder(path);
}

}  // namespace kundig::engine
