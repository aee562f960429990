#include "engine/journal_mark.h"

#include <array>
#include <string_view>
#include <utility>

namespace kundig::engine {
namespace {

using rocksdb::IOOptions;
using rocksdb::IOStatus;

// A slot: format, checksum of what follows it and of the format, turn, cut_through, synced_through.
constexpr uint64_t kMarkFormat = 1;
constexpr size_t kFormatBytes = 4, kChecksumBytes = 4, kNumberBytes = 8;
constexpr size_t kSlotBytes = kFormatBytes + kChecksumBytes + 3 * kNumberBytes;
constexpr size_t kSlotDistanceBytes = 512;
constexpr size_t kFileBytes = 2 * kSlotDistanceBytes;

std::string PathIn(const std::string& folder) {
  return folder + "/mark";
}

std::string Slot(uint64_t turn, const JournalMark::Numbers& numbers) {
  std::string format, body;
  PutFixed(kMarkFormat, kFormatBytes, &format);
  PutFixed(turn, kNumberBytes, &body);
  PutFixed(numbers.cut_through, kNumberBytes, &body);
  PutFixed(numbers.synced_through, kNumberBytes, &body);
  std::string checksum;
  PutFixed(Crc32c({format, body}), kChecksumBytes, &checksum);
  return format + checksum + body;
}

uint64_t PlaceOf(uint64_t turn) {
  return turn % 2 * kSlotDistanceBytes;
}

}  // namespace

std::optional<Error> JournalMark::Create(const JournalFiles& files, const std::string& folder,
                                         const Numbers& numbers) {
  std::string content = Slot(0, numbers);
  content.resize(kSlotDistanceBytes);
  content += Slot(1, numbers);
  content.resize(kFileBytes);
  const std::string path = PathIn(folder), aside = path + ".new";
  rocksdb::FileSystem& system = files.system();
  IOStatus status = rocksdb::WriteStringToFile(&system, content, aside, /*should_sync=*/true);
  if (status.ok()) status = system.RenameFile(aside, path, IOOptions(), nullptr);
  if (!status.ok()) return StorageError(status, "creating " + path);
  return files.SyncFolder(folder);
}

bool JournalMark::Exists(const JournalFiles& files, const std::string& folder) {
  return files.Exists(PathIn(folder));
}

Result<JournalMark> JournalMark::Open(const JournalFiles& files, const std::string& folder) {
  const std::string path = PathIn(folder);
  std::unique_ptr<rocksdb::FSRandomRWFile> file;
  IOStatus status = files.system().NewRandomRWFile(path, {}, &file, nullptr);
  std::array<char, kFileBytes> scratch{};
  rocksdb::Slice read;
  if (status.ok()) {
    status = file->Read(0, scratch.size(), IOOptions(), &read, scratch.data(), nullptr);
  }
  if (!status.ok()) return StorageError(status, "reading " + path);

  JournalMark mark(path, std::move(file));
  bool found = false, newer = false;
  for (size_t at = 0; at + kSlotBytes <= read.size(); at += kSlotDistanceBytes) {
    const std::string_view slot(read.data() + at, kSlotBytes);
    const std::string_view format = slot.substr(0, kFormatBytes);
    const std::string_view body = slot.substr(kFormatBytes + kChecksumBytes);
    newer = newer || GetFixed(format, kFormatBytes) > kMarkFormat;
    if (GetFixed(slot.substr(kFormatBytes), kChecksumBytes) != Crc32c({format, body})) continue;
    if (GetFixed(format, kFormatBytes) != kMarkFormat) continue;
    const uint64_t turn = GetFixed(body, kNumberBytes);
    if (found && turn < mark.turn_) continue;
    found = true;
    mark.turn_ = turn;
    mark.numbers_ = {.cut_through = GetFixed(body.substr(kNumberBytes), kNumberBytes),
                     .synced_through = GetFixed(body.substr(2 * kNumberBytes), kNumberBytes)};
  }
  if (found) return mark;
  if (newer) {
    return Error{.code = ErrorCode::kNewerFormat,
                 .message = path +
                            " has a newer format than this release knows: start the release "
                            "that wrote it or a newer one.",
                 .field = {},
                 .position = {}};
  }
  return DamageError(path +
                     " is damaged, so nothing tells whether the journal is whole: restore a "
                     "backup, or accept the loss of its tail.");
}

std::optional<Error> JournalMark::Write(const Numbers& numbers) {
  const std::string slot = Slot(turn_ + 1, numbers);
  const IOStatus status = file_->Write(PlaceOf(turn_ + 1), slot, IOOptions(), nullptr);
  if (!status.ok()) return StorageError(status, "writing " + path_);
  ++turn_;
  numbers_ = numbers;
  return std::nullopt;
}

std::optional<Error> JournalMark::Sync() {
  const IOStatus status = file_->Sync(IOOptions(), nullptr);
  if (!status.ok()) return StorageError(status, "syncing " + path_);
  return std::nullopt;
}

}  // namespace kundig::engine
