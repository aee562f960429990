#include "engine/snapshot_file.h"

#include <filesystem>
#include <utility>

#include "engine/journal_files.h"

namespace kundig::engine {
namespace {

using rocksdb::IOOptions;
using rocksdb::IOStatus;

constexpr size_t kSnapshotFormatBytes = 4;
constexpr size_t kFileHeadBytes = kSnapshotMagic.size() + kSnapshotFormatBytes + kChecksumBytes;
constexpr size_t kPartHeadBytes = 8 + 8 + 4 + 4 + 2 * kChecksumBytes;

rocksdb::Env* EnvOr(rocksdb::Env* env) {
  return env != nullptr ? env : rocksdb::Env::Default();
}

// The number at `*at`, which moves behind it.
uint64_t TakeFixed(std::string_view from, size_t bytes, size_t* at) {
  const uint64_t number = GetFixed(from.substr(*at), bytes);
  *at += bytes;
  return number;
}

std::string_view WithoutChecksum(std::string_view head) {
  return head.substr(0, head.size() - kChecksumBytes);
}
bool EndsWithItsChecksum(std::string_view head) {
  const std::string_view body = WithoutChecksum(head);
  return GetFixed(head.substr(body.size()), kChecksumBytes) == Crc32c({body});
}

}  // namespace

Error SnapshotDamage(const std::string& path, uint64_t offset, const std::string& what) {
  return DamageError(path + " is damaged at byte " + std::to_string(offset) + ": " + what +
                     "; start from another snapshot or a backup.");
}

class SnapshotWriter::Storage {
 public:
  explicit Storage(rocksdb::Env* env) : files(EnvOr(env)) {}

  JournalFiles files;
  std::unique_ptr<rocksdb::FSWritableFile> file;
};

SnapshotWriter::SnapshotWriter(rocksdb::Env* env, std::string folder)
    : storage_(std::make_unique<Storage>(env)), folder_(std::move(folder)) {}
SnapshotWriter::~SnapshotWriter() = default;

std::optional<Error> SnapshotWriter::Begin() {
  Abandon();
  return storage_->files.CreateFolder(folder_ + std::string(kUnfinished));
}

std::optional<Error> SnapshotWriter::BeginFile(std::string_view name) {
  files_.push_back({.name = std::string(name), .bytes = 0, .checksum = 0});
  const std::string path = folder_ + std::string(kUnfinished) + "/" + files_.back().name;
  IOStatus status =
      storage_->files.system().NewWritableFile(path, {}, &storage_->file, /*dbg=*/nullptr);
  heads_ = kSnapshotMagic;
  PutFixed(kSnapshotFormat, kSnapshotFormatBytes, &heads_);
  std::string head = heads_;
  PutFixed(Crc32c({heads_}), kChecksumBytes, &head);
  if (status.ok()) status = storage_->file->Append(head, IOOptions(), nullptr);
  if (!status.ok()) return StorageError(status, "writing " + path);
  files_.back().bytes = head.size();
  return std::nullopt;
}

std::optional<Error> SnapshotWriter::AddPart(const PartHead& head, std::string_view payload) {
  std::string bytes;
  PutFixed(payload.size(), 8, &bytes);
  PutFixed(head.record, 8, &bytes);
  PutFixed(head.kind, 4, &bytes);
  PutFixed(head.first, 4, &bytes);
  PutFixed(Crc32c({payload}), kChecksumBytes, &bytes);
  heads_ += bytes;
  PutFixed(Crc32c({bytes}), kChecksumBytes, &bytes);
  IOStatus status = storage_->file->Append(bytes, IOOptions(), nullptr);
  if (status.ok()) {
    status = storage_->file->Append(rocksdb::Slice(payload.data(), payload.size()), IOOptions(),
                                    nullptr);
  }
  if (!status.ok()) return StorageError(status, "writing a part of " + files_.back().name);
  files_.back().bytes += bytes.size() + payload.size();
  return std::nullopt;
}

std::optional<Error> SnapshotWriter::EndFile() {
  files_.back().checksum = Crc32c({heads_});
  IOStatus status = storage_->file->Fsync(IOOptions(), nullptr);
  if (status.ok()) status = storage_->file->Close(IOOptions(), nullptr);
  storage_->file.reset();
  if (!status.ok()) return StorageError(status, "syncing " + files_.back().name);
  return std::nullopt;
}

std::optional<Error> SnapshotWriter::Publish(std::string_view manifest) {
  if (auto error = BeginFile(kManifest)) return error;
  if (auto error = AddPart(PartHead{}, manifest)) return error;
  if (auto error = EndFile()) return error;
  const std::string aside = folder_ + std::string(kUnfinished);
  if (auto error = storage_->files.SyncFolder(aside)) return error;
  const IOStatus status = storage_->files.system().RenameFile(aside, folder_, IOOptions(), nullptr);
  if (!status.ok()) return StorageError(status, "renaming " + aside);
  return storage_->files.SyncFolder(std::filesystem::path(folder_).parent_path().string());
}

std::optional<Error> SnapshotWriter::PublishFile() {
  const std::string aside = folder_ + std::string(kUnfinished) + "/" + files_.back().name;
  const IOStatus status = storage_->files.system().RenameFile(aside, folder_, IOOptions(), nullptr);
  if (!status.ok()) return StorageError(status, "renaming " + aside);
  return storage_->files.SyncFolder(std::filesystem::path(folder_).parent_path().string());
}

void SnapshotWriter::Abandon() {
  storage_->file.reset();
  rocksdb::FileSystem& system = storage_->files.system();
  const std::string aside = folder_ + std::string(kUnfinished);
  if (!storage_->files.Exists(aside)) return;
  const auto names = storage_->files.Children(aside);
  if (!names) return;
  for (const std::string& name : *names) {
    system.DeleteFile(aside + "/" + name, IOOptions(), nullptr).PermitUncheckedError();
  }
  system.DeleteDir(aside, IOOptions(), nullptr).PermitUncheckedError();
}

class SnapshotReader::Storage {
 public:
  explicit Storage(rocksdb::Env* env) : files(EnvOr(env)) {}

  JournalFiles files;
  std::unique_ptr<rocksdb::FSSequentialFile> file;
};

SnapshotReader::SnapshotReader(rocksdb::Env* env, const std::string& folder, std::string_view name,
                               const SnapshotFile* expected)
    : storage_(std::make_unique<Storage>(env)),
      path_(folder + "/" + std::string(name)),
      expected_(expected) {}
SnapshotReader::~SnapshotReader() = default;

std::optional<Error> SnapshotReader::Open() {
  rocksdb::FileSystem& system = storage_->files.system();
  IOStatus status = system.GetFileSize(path_, IOOptions(), &size_, nullptr);
  if (status.IsNotFound() || status.IsPathNotFound()) {
    return DamageError(path_ + " is missing; start from another snapshot or a backup.");
  }
  if (status.ok()) status = system.NewSequentialFile(path_, {}, &storage_->file, nullptr);
  if (!status.ok()) return StorageError(status, "opening " + path_);

  std::string bytes;
  if (auto error = Read(kFileHeadBytes, &bytes)) return error;
  const std::string_view head = bytes;
  if (!head.starts_with(kSnapshotMagic)) return Damage("it is no file of a snapshot");
  if (!EndsWithItsChecksum(head)) return Damage("its head has a wrong checksum");
  const uint64_t format = GetFixed(head.substr(kSnapshotMagic.size()), kSnapshotFormatBytes);
  if (format > kSnapshotFormat) {
    return Error{.code = ErrorCode::kNewerFormat,
                 .message = path_ + " has format " + std::to_string(format) +
                            ", this release knows formats up to " +
                            std::to_string(kSnapshotFormat) +
                            ": start the release that wrote it or a newer one.",
                 .field = {},
                 .position = {}};
  }
  if (format < 1) return Damage("there is no format 0");
  format_ = static_cast<uint32_t>(format);
  heads_ = WithoutChecksum(head);
  if (expected_ != nullptr && expected_->bytes != size_) {
    part_at_ = std::min(expected_->bytes, size_);
    return Damage("it has " + std::to_string(size_) + " bytes and not " +
                  std::to_string(expected_->bytes));
  }
  return std::nullopt;
}

std::optional<Error> SnapshotReader::Read(uint64_t bytes, std::string* to) {
  part_at_ = at_;
  if (bytes > size_ - at_) return Damage("it ends too early");
  to->resize(bytes);
  rocksdb::Slice read;
  const IOStatus status = storage_->file->Read(bytes, IOOptions(), &read, to->data(), nullptr);
  if (!status.ok()) return StorageError(status, "reading " + path_);
  if (read.size() != bytes) return Damage("it ends too early");
  if (read.data() != to->data()) to->assign(read.data(), read.size());
  at_ += bytes;
  return std::nullopt;
}

std::optional<Error> SnapshotReader::Next(PartHead* head, std::string* payload, bool* more) {
  *more = at_ < size_;
  if (!*more) {
    part_at_ = at_;
    if (expected_ != nullptr && expected_->checksum != Crc32c({heads_})) {
      return Damage("it is not the file that the manifest names");
    }
    return std::nullopt;
  }
  std::string bytes;
  if (auto error = Read(kPartHeadBytes, &bytes)) return error;
  if (!EndsWithItsChecksum(bytes)) return Damage("the head of a part has a wrong checksum");
  heads_ += WithoutChecksum(bytes);
  size_t at = 0;
  const uint64_t size = TakeFixed(bytes, 8, &at);
  head->record = TakeFixed(bytes, 8, &at);
  head->kind = static_cast<uint32_t>(TakeFixed(bytes, 4, &at));
  head->first = static_cast<uint32_t>(TakeFixed(bytes, 4, &at));
  const uint64_t checksum = TakeFixed(bytes, kChecksumBytes, &at);
  if (auto error = Read(size, payload)) return error;
  if (checksum != Crc32c({*payload})) return Damage("a part has a wrong checksum");
  return std::nullopt;
}

}  // namespace kundig::engine
