#include "engine/journal_files.h"

#include <rocksdb/file_checksum.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

namespace kundig::engine {
namespace {

using rocksdb::IOOptions;
using rocksdb::IOStatus;

constexpr std::string_view kRemoved = ".removed";
constexpr size_t kPieceBytes = size_t{1} << 20;

std::optional<Error> Outcome(const IOStatus& status, const std::string& doing) {
  if (status.ok()) return std::nullopt;
  return StorageError(status, doing);
}

}  // namespace

Error StorageError(const rocksdb::Status& status, const std::string& doing) {
  const std::string what = doing + ": " + status.ToString();
  if (status.IsNoSpace()) {
    return Error{.code = ErrorCode::kDiskFull,
                 .message = "The disk is full while " + what + "; make room on it.",
                 .field = {},
                 .position = {}};
  }
  if (status.IsCorruption())
    return DamageError("Damage was found while " + what + std::string(kRestore));
  return Error{.code = ErrorCode::kStorageFailed,
               .message = "The storage failed while " + what + "; check the disk.",
               .field = {},
               .position = {}};
}

Error DamageError(std::string message) {
  return Error{
      .code = ErrorCode::kDamaged, .message = std::move(message), .field = {}, .position = {}};
}

uint32_t Crc32c(std::initializer_list<std::string_view> pieces) {
  static const auto factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  const auto checksum = factory->CreateFileChecksumGenerator({});
  for (const std::string_view piece : pieces) checksum->Update(piece.data(), piece.size());
  checksum->Finalize();
  uint32_t value = 0;  // RocksDB spells it with the highest byte first
  for (const char byte : checksum->GetChecksum()) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

void PutFixed(uint64_t number, size_t bytes, std::string* to) {
  for (size_t i = 0; i < bytes; ++i) to->push_back(static_cast<char>(number >> (8 * i)));
}

uint64_t GetFixed(std::string_view from, size_t bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < bytes; ++i) {
    number |= uint64_t{static_cast<uint8_t>(from[i])} << (8 * i);
  }
  return number;
}

std::optional<Error> JournalFiles::SyncFolder(const std::string& folder) const {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  IOStatus status = files_->NewDirectory(folder, IOOptions(), &directory, nullptr);
  if (status.ok()) status = directory->Fsync(IOOptions(), nullptr);
  return Outcome(status, "syncing the folder " + folder);
}

std::optional<Error> JournalFiles::CreateFolder(const std::string& folder) const {
  const IOStatus status = files_->CreateDirIfMissing(folder, IOOptions(), nullptr);
  if (!status.ok()) return StorageError(status, "creating the folder " + folder);
  // A slash at the end would make the folder its own parent.
  const auto path = std::filesystem::absolute(folder).lexically_normal();
  return SyncFolder((path.has_filename() ? path : path.parent_path()).parent_path());
}

bool JournalFiles::Exists(const std::string& path) const {
  return files_->FileExists(path, IOOptions(), nullptr).ok();
}

Result<std::vector<std::string>> JournalFiles::Children(const std::string& folder) const {
  std::vector<std::string> names;
  const IOStatus status = files_->GetChildren(folder, IOOptions(), &names, nullptr);
  if (status.IsNotFound()) {
    return Error{.code = ErrorCode::kStorageFailed,
                 .message = "There is no folder " + folder +
                            ", or it may not be read; make it or mend the way to it.",
                 .field = {},
                 .position = {}};
  }
  if (!status.ok()) return StorageError(status, "listing the folder " + folder);
  std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
  std::sort(names.begin(), names.end());
  return names;
}

uint64_t JournalFiles::FileBytes(const std::string& path) const {
  uint64_t bytes = 0;
  return files_->GetFileSize(path, IOOptions(), &bytes, nullptr).ok() ? bytes : 0;
}

uint64_t JournalFiles::FolderBytes(const std::string& folder) const {
  std::vector<std::string> names;
  if (!files_->GetChildren(folder, IOOptions(), &names, nullptr).ok()) return 0;
  uint64_t total = 0;
  for (const std::string& name : names) total += FileBytes(folder + "/" + name);
  return total;
}

Result<uint64_t> JournalFiles::FreeBytes(const std::string& folder) const {
  uint64_t bytes = 0;
  const IOStatus status = files_->GetFreeSpace(folder, IOOptions(), &bytes, nullptr);
  if (!status.ok()) return StorageError(status, "asking for the free space of " + folder);
  return bytes;
}

std::optional<Error> JournalFiles::RemoveFolder(const std::string& parent,
                                                const std::string& name) const {
  const std::string from = parent + "/" + name;
  const std::string to = from + std::string(kRemoved);
  if (Exists(to)) {
    if (auto error = RemoveAll(to)) return error;
  }
  const IOStatus status = files_->RenameFile(from, to, IOOptions(), nullptr);
  if (!status.ok()) return StorageError(status, "renaming " + from);
  if (auto error = SyncFolder(parent)) return error;
  if (auto error = RemoveAll(to)) return error;
  return SyncFolder(parent);
}

std::optional<Error> JournalFiles::FinishRemovals(const std::string& parent) const {
  const auto names = Children(parent);
  if (!names) return names.error();
  bool any = false;
  for (const std::string& name : *names) {
    if (!name.ends_with(kRemoved)) continue;
    if (auto error = RemoveAll(parent + "/" + name)) return error;
    any = true;
  }
  return any ? SyncFolder(parent) : std::nullopt;
}

std::optional<Error> JournalFiles::RemoveEnding(const std::string& parent,
                                                std::string_view ending) const {
  const auto names = Children(parent);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!name.ends_with(ending)) continue;
    if (auto error = RemoveFolder(parent, name)) return error;
  }
  return std::nullopt;
}

std::optional<Error> JournalFiles::SetAside(const std::string& parent,
                                            const std::string& name) const {
  std::string aside = name + std::string(kSetAside);
  for (uint64_t other = 2; Exists(parent + "/" + aside); ++other) {
    aside = name + "." + std::to_string(other) + std::string(kSetAside);
  }
  const std::string from = parent + "/" + name;
  const IOStatus status = files_->RenameFile(from, parent + "/" + aside, IOOptions(), nullptr);
  if (!status.ok()) return StorageError(status, "renaming " + from);
  return SyncFolder(parent);
}

std::optional<Error> JournalFiles::RemoveAll(const std::string& path) const {
  // Not through a link, whose folder is another's.
  std::error_code ignored;
  const bool is_folder = std::filesystem::symlink_status(path, ignored).type() ==
                         std::filesystem::file_type::directory;
  if (!is_folder)
    return Outcome(files_->DeleteFile(path, IOOptions(), nullptr), "removing " + path);
  const auto names = Children(path);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (auto error = RemoveAll(path + "/" + name)) return error;
  }
  return Outcome(files_->DeleteDir(path, IOOptions(), nullptr), "removing " + path);
}

std::optional<Error> JournalFiles::WriteAgain(const std::string& folder,
                                              std::string_view ending) const {
  const auto names = Children(folder);
  if (!names) return names.error();
  std::string piece(kPieceBytes, '\0');
  for (const std::string& name : *names) {
    if (!name.ends_with(ending)) continue;
    const std::string path = folder + "/" + name;
    std::unique_ptr<rocksdb::FSRandomRWFile> file;
    IOStatus status = files_->NewRandomRWFile(path, {}, &file, nullptr);
    rocksdb::Slice read;
    for (uint64_t at = 0; status.ok(); at += read.size()) {
      status = file->Read(at, piece.size(), IOOptions(), &read, piece.data(), nullptr);
      if (!status.ok() || read.empty()) break;
      status = file->Write(at, read, IOOptions(), nullptr);
    }
    if (status.ok()) status = file->Sync(IOOptions(), nullptr);
    if (!status.ok()) return StorageError(status, "writing " + path + " once more");
  }
  return SyncFolder(folder);
}

}  // namespace kundig::engine
