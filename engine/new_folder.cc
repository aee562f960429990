#include "engine/new_folder.h"

#include <sys/stat.h>

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
  return Error{
      .code = ErrorCode::kInvalidValue, .message = std::move(message), .field = {}, .position = {}};
}

// Where another file system is mounted, a folder cannot be replaced.
bool IsMountPoint(const fs::path& folder) {
  struct stat inside {
  }, outside{};
  return stat(folder.c_str(), &inside) == 0 && stat(folder.parent_path().c_str(), &outside) == 0 &&
         inside.st_dev != outside.st_dev;
}

bool LiesIn(const fs::path& inner, const fs::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

}  // namespace

NewFolder::NewFolder(std::string folder, std::string unfinished)
    : folder_(std::move(folder)), unfinished_(std::move(unfinished)) {}

NewFolder::NewFolder(NewFolder&& other) noexcept
    : folder_(std::move(other.folder_)),
      unfinished_(std::move(other.unfinished_)),
      made_(std::exchange(other.made_, false)) {}

NewFolder::~NewFolder() {
  std::error_code ignored;
  if (made_) fs::remove_all(unfinished_, ignored);
}

Result<NewFolder> NewFolder::Begin(const std::string& folder, const std::string& source) {
  if (folder.empty()) return Invalid("name a folder");
  if (auto error = FolderProblem(folder)) return *error;
  std::error_code error;
  // Of a link to a folder, the folder: a rename would put the new one in the place of the link.
  const fs::path path = fs::weakly_canonical(fs::absolute(PlainFolder(folder)), error);
  const fs::path other = fs::weakly_canonical(fs::absolute(PlainFolder(source)), error);
  if (LiesIn(path, other) || LiesIn(other, path)) {
    return Invalid(path.string() + " and " + other.string() +
                   " must lie apart; name a folder elsewhere");
  }
  if (fs::exists(path, error) && !fs::is_empty(path, error)) {
    return Invalid("there is something in " + path.string() +
                   " already; name a folder that is missing or empty");
  }
  if (IsMountPoint(path)) {
    return Invalid("a file system is mounted at " + path.string() + "; name a folder in it");
  }
  if (!fs::is_directory(path.parent_path(), error)) {
    return Invalid("there is no folder " + path.parent_path().string() + " to put " +
                   path.string() + " in; make it first");
  }
  const std::string unfinished = path.string() + std::string(kUnfinished);
  if (fs::exists(fs::symlink_status(unfinished, error))) {
    return Invalid(unfinished + " is in the way, perhaps left by an earlier try; remove it");
  }
  return NewFolder(path.string(), unfinished);
}

std::optional<Error> NewFolder::Make() {
  auto error = MakeDataFolder(unfinished_);
  made_ = !error;
  return error;
}

std::optional<Error> NewFolder::Publish() {
  if (auto error = PublishDataFolder(unfinished_, folder_)) return error;
  made_ = false;
  return std::nullopt;
}

}  // namespace kundig::engine
