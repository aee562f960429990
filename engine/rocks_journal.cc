#include "engine/rocks_journal.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "engine/journal_files.h"
#include "engine/journal_mark.h"
#include "engine/journal_opening.h"
#include "engine/rocks_segment.h"

namespace kundig::engine {
namespace {

// Invariants: the records of sealed_ and then of writer_ are dense. Locks are taken in the order
// rolling_, appending_, readers_, listing_, mark_lock_.
class RocksJournal : public Journal {
 public:
  RocksJournal(const RocksJournalOptions& options, const JournalFiles& files,
               const RocksSegment::Settings& settings, JudgedFolder judged, JournalMark mark);

  std::optional<Error> Append(std::span<const std::string_view> payloads) override;
  std::optional<Error> Sync() override;
  std::optional<Error> Read(uint64_t from, const Reader& reader) override;
  std::optional<Error> Roll() override;
  std::optional<Error> CutThrough(uint64_t number) override;
  uint64_t first() const override { return first_; }
  uint64_t last() const override { return last_; }
  uint64_t durable() const override { return durable_; }
  uint64_t bytes_on_disk() const override;

  // A segment for what is appended next; without one the first append makes it. With appending_
  // held, or before anybody else knows this.
  std::optional<Error> BeginSegment();

 private:
  struct Writer {
    std::shared_ptr<RocksSegment> segment;
    std::string name;
    uint64_t first = 0;  // the number of its first record, which may still be to come
  };

  std::string PathOf(const std::string& name) const { return options_.folder + "/" + name; }
  std::optional<Error> LacksRoom(uint64_t bytes) const;
  Result<Writer> CreateSegment(uint64_t number);
  std::optional<Error> MarkDurable(uint64_t number);
  std::optional<Error> Fail(Error error);
  // Finds out whether a group of which the disk took no more is there.
  std::optional<Error> AfterNoSpace(uint64_t group_last, const rocksdb::Status& status);
  std::optional<Error> SyncWriter();
  void Seal();

  const RocksJournalOptions options_;
  const JournalFiles files_;
  const RocksSegment::Settings settings_;

  std::mutex rolling_;         // Roll and CutThrough
  std::shared_mutex readers_;  // shared: segments are read; exclusive: one is closed or removed
  std::mutex appending_;       // guards what appends change
  std::optional<Error> failed_;
  bool preparing_ = false;  // Roll makes a segment, and its name is taken

  mutable std::mutex listing_;  // guards the two below; appending_ as well where they change
  std::vector<SealedSegment> sealed_;
  Writer writer_;

  const uint64_t identity_;  // what the mark says, for every segment
  std::mutex mark_lock_;
  JournalMark mark_;

  std::atomic<uint64_t> first_, last_, durable_;
};

Error DiskFull(std::string message) {
  return Error{
      .code = ErrorCode::kDiskFull, .message = std::move(message), .field = {}, .position = {}};
}

RocksJournal::RocksJournal(const RocksJournalOptions& options, const JournalFiles& files,
                           const RocksSegment::Settings& settings, JudgedFolder judged,
                           JournalMark mark)
    : options_(options),
      files_(files),
      settings_(settings),
      sealed_(std::move(judged.segments)),
      identity_(mark.numbers().identity),
      mark_(std::move(mark)),
      first_(judged.first),
      last_(judged.last),
      durable_(judged.last) {}

std::optional<Error> RocksJournal::Fail(Error error) {
  // Whatever it was at its place, nothing is sure after it.
  error.code = ErrorCode::kStorageFailed;
  failed_ = std::move(error);
  return failed_;
}

std::optional<Error> RocksJournal::LacksRoom(uint64_t bytes) const {
  const Result<uint64_t> free_bytes = files_.FreeBytes(options_.folder);
  if (!free_bytes) return free_bytes.error();
  if (*free_bytes >= options_.disk_reserve_bytes + bytes) return std::nullopt;
  return DiskFull("The disk of " + options_.folder + " has " + std::to_string(*free_bytes) +
                  " bytes left, and " + std::to_string(options_.disk_reserve_bytes) +
                  " are kept free; make room on it.");
}

Result<RocksJournal::Writer> RocksJournal::CreateSegment(uint64_t number) {
  Writer next{.segment = nullptr, .name = SegmentName(number), .first = number};
  const std::string path = PathOf(next.name);
  std::unique_ptr<RocksSegment> segment;
  std::optional<Error> error = files_.CreateFolder(path);
  if (!error) {
    const rocksdb::Status status = RocksSegment::Create(path, settings_, identity_, &segment);
    if (status.ok()) {
      next.segment = std::move(segment);
      return next;
    }
    error = StorageError(status, "creating " + path);
  }
  // No record is in it. Where removing fails too, its name is free again after the next opening.
  if (files_.Exists(path)) {
    if (auto second = files_.RemoveFolder(options_.folder, next.name)) {
      second->code = ErrorCode::kStorageFailed;
      return *second;
    }
  }
  return *error;
}

std::optional<Error> RocksJournal::BeginSegment() {
  Result<Writer> next = CreateSegment(last_ + 1);
  if (next) {
    const std::lock_guard listing(listing_);
    writer_ = std::move(*next);
    return std::nullopt;
  }
  if (next.error().code == ErrorCode::kDiskFull) return next.error();
  return Fail(next.error());
}

std::optional<Error> RocksJournal::Append(std::span<const std::string_view> payloads) {
  uint64_t bytes = 0;
  for (const std::string_view payload : payloads) {
    bytes += payload.size() + RocksSegment::kRecordOverheadBytes;
  }
  if (bytes > kMaxJournalGroupBytes) {
    return Error{.code = ErrorCode::kLimitExceeded,
                 .message = "A group of " + std::to_string(bytes) +
                            " bytes is too large for the journal; send smaller batches.",
                 .field = "journal.group_bytes_max",
                 .position = {}};
  }
  const std::lock_guard appending(appending_);
  if (failed_) return failed_;
  if (payloads.empty()) return std::nullopt;
  if (auto error = LacksRoom(bytes)) {
    return error->code == ErrorCode::kDiskFull ? error : Fail(*error);
  }
  if (writer_.segment == nullptr) {
    if (preparing_) return DiskFull("The journal makes room for a new segment.");
    if (auto error = BeginSegment()) return error;
  }
  const uint64_t group_last = last_ + payloads.size();
  const rocksdb::Status status =
      writer_.segment->Append(last_ + 1, payloads, options_.sync_every_append);
  if (status.IsNoSpace()) return AfterNoSpace(group_last, status);
  if (!status.ok()) return Fail(StorageError(status, "appending to " + PathOf(writer_.name)));
  last_ = group_last;
  return options_.sync_every_append ? MarkDurable(group_last) : std::nullopt;
}

std::optional<Error> RocksJournal::MarkDurable(uint64_t number) {
  const std::lock_guard lock(mark_lock_);
  JournalMark::Numbers numbers = mark_.numbers();
  numbers.synced_through = number;
  if (auto error = mark_.Write(numbers)) return Fail(*error);
  durable_ = number;
  return std::nullopt;
}

std::optional<Error> RocksJournal::AfterNoSpace(uint64_t group_last,
                                                const rocksdb::Status& status) {
  // RocksDB may write what it still holds when it closes, so it is closed before anybody looks.
  const std::unique_lock readers(readers_);
  const std::string path = PathOf(writer_.name);
  {
    const std::lock_guard listing(listing_);
    writer_.segment.reset();
  }
  if (durable_ < last_) {
    if (auto error = files_.WriteAgain(path, RocksSegment::kLogEnding)) return Fail(*error);
    if (auto error = MarkDurable(last_)) return error;
  }
  bool prefix = false;
  uint64_t found = writer_.first - 1;
  {
    const auto segment = OpenSealedSegment(path, files_, settings_, &prefix);
    if (!segment) return Fail(segment.error());
    const auto range = (*segment)->Numbers();
    if (!range) return Fail(range.error());
    if (range->has_value()) found = (**range).last;
  }
  if (found != last_) {
    return Fail(StorageError(
        status, "appending to " + path + ", which holds " +
                    (found == group_last ? "a group that may not be durable" : "part of it")));
  }
  if (writer_.first > last_) {
    if (auto error = files_.RemoveFolder(options_.folder, writer_.name)) return Fail(*error);
  } else {
    Seal();
  }
  return DiskFull("The disk of " + options_.folder +
                  " is full; nothing of the group was kept. Make room on it.");
}

// The writer's records become a sealed segment.
void RocksJournal::Seal() {
  const std::lock_guard listing(listing_);
  sealed_.push_back({.name = writer_.name, .range = {.first = writer_.first, .last = last_}});
}

std::optional<Error> RocksJournal::Sync() {
  const std::lock_guard appending(appending_);
  return SyncWriter();
}

std::optional<Error> RocksJournal::SyncWriter() {
  if (failed_) return failed_;
  if (durable_ == last_) return std::nullopt;
  const rocksdb::Status status = writer_.segment->Sync();
  if (!status.ok()) return Fail(StorageError(status, "syncing " + PathOf(writer_.name)));
  return MarkDurable(last_);
}

std::optional<Error> RocksJournal::Roll() {
  const std::lock_guard rolling(rolling_);
  uint64_t number = 0;
  {
    const std::lock_guard appending(appending_);
    if (failed_) return failed_;
    if (writer_.segment == nullptr || writer_.first > last_) return std::nullopt;
    number = last_ + 1;
    preparing_ = true;
  }
  Result<Writer> next = CreateSegment(number);
  Writer old;
  {
    const std::lock_guard appending(appending_);
    preparing_ = false;
    if (failed_) return failed_;
    if (!next)
      return next.error().code == ErrorCode::kDiskFull ? next.error() : *Fail(next.error());
    if (auto error = SyncWriter()) return error;
    next->first = last_ + 1;
    // Without a writer an append found the disk full meanwhile, and sealed what it wrote.
    if (writer_.segment != nullptr) Seal();
    const std::lock_guard listing(listing_);
    old = std::exchange(writer_, std::move(*next));
  }
  return std::nullopt;
}

std::optional<Error> RocksJournal::CutThrough(uint64_t number) {
  const std::lock_guard rolling(rolling_);
  std::vector<SealedSegment> cut;
  {
    const std::lock_guard listing(listing_);
    for (const SealedSegment& segment : sealed_) {
      if (segment.range.last <= number) cut.push_back(segment);
    }
  }
  const auto fail = [this](const Error& error) {
    const std::lock_guard appending(appending_);
    return error.code == ErrorCode::kDiskFull ? error : *Fail(error);
  };
  // What was set aside is older than anything that can be read.
  if (auto error = files_.RemoveEnding(options_.folder, kSetAside)) return fail(*error);
  if (cut.empty()) return std::nullopt;
  // The mark comes first: segments below it that a crash leaves are removed by the next opening,
  // and are never missed.
  {
    std::unique_lock lock(mark_lock_);
    JournalMark::Numbers numbers = mark_.numbers();
    numbers.cut_through = cut.back().range.last;
    std::optional<Error> error = mark_.Write(numbers);
    lock.unlock();
    if (!error) error = mark_.Sync();
    if (error) return fail(*error);
  }
  for (const SealedSegment& segment : cut) {
    {
      const std::unique_lock readers(readers_);
      const std::lock_guard listing(listing_);
      sealed_.erase(sealed_.begin());
      first_ = segment.range.last + 1;
    }
    if (auto error = files_.RemoveFolder(options_.folder, segment.name)) return fail(*error);
  }
  return std::nullopt;
}

std::optional<Error> RocksJournal::Read(uint64_t from, const Reader& reader) {
  const std::shared_lock readers(readers_);
  std::vector<SealedSegment> sealed;
  Writer writer;
  uint64_t last = 0;
  {
    const std::lock_guard listing(listing_);
    sealed = sealed_;
    writer = writer_;
    last = last_;
  }
  if (from < first_) {
    return Error{.code = ErrorCode::kInvalidValue,
                 .message = "The journal begins with record " + std::to_string(first_) +
                            "; what is older was cut.",
                 .field = {},
                 .position = {}};
  }
  for (const SealedSegment& segment : sealed) {
    if (segment.range.last < from) continue;
    if (auto error = ReadSealedSegment(PathOf(segment.name), files_, settings_,
                                       {.first = from, .last = segment.range.last}, reader)) {
      return error;
    }
    from = segment.range.last + 1;
  }
  if (writer.segment == nullptr || from > last) return std::nullopt;
  return writer.segment->Read({.first = from, .last = last}, reader);
}

uint64_t RocksJournal::bytes_on_disk() const {
  std::vector<std::string> names;
  {
    const std::lock_guard listing(listing_);
    for (const SealedSegment& segment : sealed_) names.push_back(segment.name);
    if (writer_.segment != nullptr) names.push_back(writer_.name);
  }
  uint64_t bytes = files_.FolderBytes(options_.folder);
  for (const std::string& name : names) bytes += files_.FolderBytes(PathOf(name));
  return bytes;
}

rocksdb::Env* EnvOf(const RocksJournalOptions& options) {
  return options.env != nullptr ? options.env : rocksdb::Env::Default();
}

RocksSegment::Settings SettingsOf(const RocksJournalOptions& options) {
  return {.env = EnvOf(options), .write_buffer_bytes = options.write_buffer_bytes};
}

}  // namespace

Result<std::unique_ptr<Journal>> OpenRocksJournal(const RocksJournalOptions& options,
                                                  JournalRecovery* recovery) {
  const JournalFiles files(EnvOf(options));
  const RocksSegment::Settings settings = SettingsOf(options);
  Result<JudgedFolder> judged = JudgeJournalFolder(options, files, settings);
  if (!judged) return judged.error();
  Result<JournalMark> mark = SettleJournalFolder(options.folder, files, *judged);
  if (!mark) return mark.error();
  *recovery = judged->recovery;
  auto journal = std::make_unique<RocksJournal>(options, files, settings, *std::move(judged),
                                                *std::move(mark));
  if (auto error = journal->BeginSegment(); error && error->code != ErrorCode::kDiskFull) {
    return *error;
  }
  return std::unique_ptr<Journal>(std::move(journal));
}

Result<JournalRange> ReadRocksJournal(const RocksJournalOptions& options,
                                      const Journal::Reader& reader, JournalRecovery* recovery) {
  const JournalFiles files(EnvOf(options));
  const RocksSegment::Settings settings = SettingsOf(options);
  const Result<JudgedFolder> judged = JudgeJournalFolder(options, files, settings);
  if (!judged) return judged.error();
  *recovery = judged->recovery;
  for (const SealedSegment& segment : judged->segments) {
    if (auto error = ReadSealedSegment(options.folder + "/" + segment.name, files, settings,
                                       segment.range, reader)) {
      return *error;
    }
  }
  return JournalRange{.first = judged->first, .last = judged->last};
}

}  // namespace kundig::engine
