#include "engine/backup_folder.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "engine/data_folder.h"
#include "engine/snapshot_file.h"

namespace kundig::engine {
namespace {

namespace fs = std::filesystem;

Error Invalid(std::string message) {
  return Error{.code = ErrorCode::kInvalidValue,
               .message = std::move(message),
               .field = "folder",
               .position = {}};
}

// Without a slash at the end, which would name nothing beside it.
fs::path Plain(const std::string& folder) {
  const fs::path path = fs::path(folder).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

bool LiesIn(const fs::path& folder, const fs::path& data) {
  std::error_code ignored;
  const fs::path inner = fs::weakly_canonical(folder, ignored);
  const fs::path outer = fs::weakly_canonical(Plain(data.string()), ignored);
  const auto [end, at] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return end == outer.end();
}

}  // namespace

BackupFolder::BackupFolder(std::string folder, std::string unfinished)
    : folder_(std::move(folder)), unfinished_(std::move(unfinished)) {}

BackupFolder::BackupFolder(BackupFolder&& other) noexcept
    : folder_(std::move(other.folder_)), unfinished_(std::exchange(other.unfinished_, {})) {}

BackupFolder::~BackupFolder() {
  std::error_code ignored;
  if (!unfinished_.empty()) fs::remove_all(unfinished_, ignored);
}

Result<BackupFolder> BackupFolder::Begin(const std::string& folder, const std::string& data) {
  const fs::path path = Plain(folder);
  std::error_code error;
  if (LiesIn(path, data)) {
    return Invalid(path.string() + " lies in the data folder of the server; name another folder");
  }
  if (fs::exists(path, error) && !(fs::is_directory(path, error) && fs::is_empty(path, error))) {
    return Invalid("there is something in " + path.string() + " already; name a new folder");
  }
  const std::string unfinished = path.string() + std::string(kUnfinished);
  if (fs::exists(unfinished, error)) {
    return Invalid(unfinished + " is there, perhaps of a backup that was broken off; remove it");
  }
  if (!fs::is_directory(path.parent_path(), error)) {
    return Invalid("there is no folder " + path.parent_path().string() + " to put the backup in");
  }
  if (auto failed = MakeDataFolder(unfinished)) return *failed;
  return BackupFolder(path.string(), unfinished);
}

std::optional<Error> BackupFolder::Publish() {
  if (auto error = PublishDataFolder(unfinished_, folder_)) return error;
  unfinished_.clear();
  return std::nullopt;
}

}  // namespace kundig::engine
