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

#include "engine/journal_files.h"
#include "engine/snapshot_file.h"

namespace kundig::engine {
namespace {

constexpr int kRecordDigits = 20;
constexpr std::string_view kDamagedEnding = ".damaged";

std::string NameOf(uint64_t record) {
  char name[kRecordDigits + 1];
  std::snprintf(name, sizeof(name), "%020llu", static_cast<unsigned long long>(record));
  return name;
}

JournalFiles Files() {
  return JournalFiles(rocksdb::Env::Default());
}

// Removes the folders whose name ends so.
std::optional<Error> RemoveEnding(const std::string& folder, std::string_view ending) {
  Result<std::vector<std::string>> children = Files().Children(folder);
  if (!children) return children.error();
  for (const std::string& name : *children) {
    if (!name.ends_with(ending)) continue;
    if (auto error = Files().RemoveFolder(folder, name)) return error;
  }
  return std::nullopt;
}

}  // namespace

bool IsDataFolder(const std::string& folder) {
  return Files().Exists(JournalFolder(folder));
}

std::string GenerationFolder(const std::string& data, uint64_t record) {
  return SnapshotsFolder(data) + "/" + NameOf(record);
}

Result<std::vector<uint64_t>> GenerationsOf(const std::string& data) {
  std::vector<uint64_t> generations;
  if (!Files().Exists(SnapshotsFolder(data))) return generations;
  Result<std::vector<std::string>> children = Files().Children(SnapshotsFolder(data));
  if (!children) return children.error();
  for (const std::string& name : *children) {
    uint64_t record = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), record);
    const bool whole = error == std::errc() && end == name.data() + name.size();
    if (whole && name == NameOf(record)) generations.push_back(record);
  }
  std::sort(generations.begin(), generations.end());
  return generations;
}

std::optional<Error> RemoveGeneration(const std::string& data, uint64_t record) {
  return Files().RemoveFolder(SnapshotsFolder(data), NameOf(record));
}

std::optional<Error> SetDamagedAside(const std::string& data, uint64_t record) {
  const std::string folder = GenerationFolder(data, record);
  const rocksdb::Status renamed =
      rocksdb::Env::Default()->RenameFile(folder, folder + std::string(kDamagedEnding));
  if (!renamed.ok()) return StorageError(renamed, "renaming " + folder);
  return Files().SyncFolder(SnapshotsFolder(data));
}

std::optional<Error> RemoveDamaged(const std::string& data) {
  return RemoveEnding(SnapshotsFolder(data), kDamagedEnding);
}

std::optional<Error> PrepareSnapshotsFolder(const std::string& data) {
  const std::string folder = SnapshotsFolder(data);
  if (auto error = Files().CreateFolder(folder)) return error;
  if (auto error = Files().FinishRemovals(folder)) return error;
  return RemoveEnding(folder, kUnfinished);
}

std::optional<Error> CopyDataFolder(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::remove_all(to, error);
  if (!error) std::filesystem::create_directories(to, error);
  for (const std::string& part : {JournalFolder(""), SnapshotsFolder("")}) {
    if (error) break;
    std::filesystem::copy(from + part, to + part, std::filesystem::copy_options::recursive, error);
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
  return Files().SyncFolder(std::filesystem::absolute(folder).parent_path());
}

std::optional<Error> MakeDataFolder(const std::string& folder) {
  return Files().CreateFolder(folder);
}

}  // namespace kundig::engine
