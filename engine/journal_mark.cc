#include "engine/journal_mark.h"

#include <string_view>
#include <utility>

namespace kundig::engine {
namespace {

using rocksdb::IOOptions;
using rocksdb::IOStatus;

// A slot: format, checksum of what follows it and of the format, turn, cut_through, synced_through,
// identity. Slots of format 1 have no identity.
constexpr uint64_t kMarkFormat = 2, kFormatWithoutIdentity = 1;
constexpr size_t kMarkFormatBytes = 4;
constexpr size_t kHeadBytes = kMarkFormatBytes + kChecksumBytes;
constexpr size_t kSlotBytes = kHeadBytes + 4 * kNumberBytes;
constexpr size_t kSlotDistanceBytes = 512;
constexpr size_t kFileBytes = 2 * kSlotDistanceBytes;

std::string PathIn(const std::string& folder) {
  return folder + "/mark";
}

std::string Slot(uint64_t turn, const JournalMark::Numbers& numbers) {
  std::string format, body;
  PutFixed(kMarkFormat, kMarkFormatBytes, &format);
  PutFixed(turn, kNumberBytes, &body);
  PutFixed(numbers.cut_through, kNumberBytes, &body);
  PutFixed(numbers.synced_through, kNumberBytes, &body);
  PutFixed(numbers.identity, kNumberBytes, &body);
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

Result<JournalMark::Content> JournalMark::Read(const JournalFiles& files,
                                               const std::string& folder) {
  const std::string path = PathIn(folder);
  std::string bytes;
  const IOStatus status = rocksdb::ReadFileToString(&files.system(), path, &bytes);
  if (!status.ok()) return StorageError(status, "reading " + path);
  // So that what is missing of a shorter file is a damaged slot.
  bytes.resize(kFileBytes);

  Content content;
  bool found = false, newer = false;
  for (size_t at = 0; at < kFileBytes; at += kSlotDistanceBytes) {
    const std::string_view slot = std::string_view(bytes).substr(at, kSlotBytes);
    const uint64_t format = GetFixed(slot, kMarkFormatBytes);
    const bool has_identity = format != kFormatWithoutIdentity;
    const std::string_view body = slot.substr(
        kHeadBytes, kSlotBytes - kHeadBytes - (has_identity ? size_t{0} : kNumberBytes));
    newer = newer || format > kMarkFormat;
    if (format == 0 || format > kMarkFormat ||
        GetFixed(slot.substr(kMarkFormatBytes), kChecksumBytes) !=
            Crc32c({slot.substr(0, kMarkFormatBytes), body})) {
      content.slot_damaged = true;
      continue;
    }
    const auto number = [&](size_t place) {
      return GetFixed(body.substr(place * kNumberBytes), kNumberBytes);
    };
    if (found && number(0) < content.turn) continue;
    found = true;
    content.turn = number(0);
    content.numbers = {.cut_through = number(1),
                       .synced_through = number(2),
                       .identity = has_identity ? number(3) : 0};
  }
  if (found) return content;
  if (newer) {
    return Error{.code = ErrorCode::kNewerFormat,
                 .message = path +
                            " has a newer format than this release knows: start the release "
                            "that wrote it or a newer one.",
                 .field = {},
                 .position = {}};
  }
  return DamageError(path + " is damaged, so nothing tells whether the journal is whole" +
                     std::string(kRestoreOrAccept));
}

Result<JournalMark> JournalMark::Open(const JournalFiles& files, const std::string& folder) {
  const Result<Content> content = Read(files, folder);
  if (!content) return content.error();
  const std::string path = PathIn(folder);
  std::unique_ptr<rocksdb::FSRandomRWFile> file;
  const IOStatus status = files.system().NewRandomRWFile(path, {}, &file, nullptr);
  if (!status.ok()) return StorageError(status, "opening " + path);
  return JournalMark(path, std::move(file), *content);
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
