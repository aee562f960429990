#include "engine/rocks_segment.h"

#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <cstdarg>
#include <limits>
#include <utility>
#include <vector>

#include "engine/journal_files.h"

#if defined(__SANITIZE_THREAD__)
#define KUNDIG_THREAD_SANITIZER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KUNDIG_THREAD_SANITIZER
#endif
#endif

#ifdef KUNDIG_THREAD_SANITIZER
// The packaged RocksDB was not built for the thread sanitizer, which therefore sees what the
// library copies, but not the atomics by which it hands that on. A race in which either side runs
// inside the library is left out; its mutexes order what we do, and our own code is watched.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:librocksdb\n";
}
#endif

namespace kundig::engine {
namespace {

using rocksdb::Slice;
using rocksdb::Status;

constexpr uint8_t kValueFormat = 1;
constexpr size_t kHeaderBytes = 1 + kNumberBytes + kChecksumBytes;
constexpr uint64_t kIdentityNumber = 0;  // records begin with 1
constexpr size_t kReadAheadBytes = size_t{2} << 20;

// What RocksDB would write into a file of its own. Whatever matters of it comes back as a status.
class NoInfoLog : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::Options OptionsFor(const RocksSegment::Settings& settings) {
  rocksdb::Options options;
  options.env = settings.env;
  options.info_log = std::make_shared<NoInfoLog>();
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;

  // The log is the journal: each group goes there first, and with it a sync. A log is never used
  // again or compressed, and what a failed write left behind is not repaired beside us.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.recycle_log_file_num = 0;
  options.wal_compression = rocksdb::kNoCompression;
  // Otherwise each segment takes a write buffer's room ahead, and keeps it when its process dies.
  options.allow_fallocate = false;
  options.max_bgerror_resume_count = 0;
  options.paranoid_checks = true;
  options.avoid_flush_during_shutdown = true;
  options.avoid_flush_during_recovery = true;

  // A segment is written once, in order, and removed: files stay as they were flushed, and no
  // number of them slows a writer down.
  options.write_buffer_size = settings.write_buffer_bytes;
  options.disable_auto_compactions = true;
  options.compression = rocksdb::kNoCompression;
  constexpr int kNever = std::numeric_limits<int>::max();
  options.level0_file_num_compaction_trigger = kNever;
  options.level0_slowdown_writes_trigger = kNever;
  options.level0_stop_writes_trigger = kNever;
  options.soft_pending_compaction_bytes_limit = 0;
  options.hard_pending_compaction_bytes_limit = 0;

  // Read from end to end, once: a cache would only take memory.
  rocksdb::BlockBasedTableOptions table;
  table.no_block_cache = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

using Key = std::array<char, kNumberBytes>;

Key KeyOf(uint64_t number) {
  Key key;
  for (size_t i = 0; i < kNumberBytes; ++i) {
    key[i] = static_cast<char>(number >> (8 * (kNumberBytes - 1 - i)));
  }
  return key;
}

std::string HeaderOf(uint64_t number, std::string_view payload) {
  std::string header(1, static_cast<char>(kValueFormat));
  PutFixed(number, kNumberBytes, &header);
  PutFixed(Crc32c({header, payload}), kChecksumBytes, &header);
  return header;
}

// Puts the value of a number into the batch.
Status Put(uint64_t number, std::string_view payload, rocksdb::WriteBatch* batch) {
  const Key key = KeyOf(number);
  const std::string header = HeaderOf(number, payload);
  const Slice key_part(key.data(), key.size());
  const std::array<Slice, 2> value_parts = {Slice(header), Slice(payload.data(), payload.size())};
  return batch->Put(rocksdb::SliceParts(&key_part, 1),
                    rocksdb::SliceParts(value_parts.data(), value_parts.size()));
}

// The payload of a stored value; nothing where it is not the value of this record.
std::optional<std::string_view> PayloadOf(uint64_t number, std::string_view value) {
  if (value.size() < kHeaderBytes) return std::nullopt;
  const std::string_view payload = value.substr(kHeaderBytes);
  const std::string_view covered = value.substr(0, 1 + kNumberBytes);
  const uint64_t checksum = GetFixed(value.substr(covered.size()), kChecksumBytes);
  if (checksum != Crc32c({covered, payload})) return std::nullopt;
  if (GetFixed(value.substr(1), kNumberBytes) != number) return std::nullopt;
  return payload;
}

}  // namespace

Status RocksSegment::Create(const std::string& path, const Settings& settings, uint64_t identity,
                            std::unique_ptr<RocksSegment>* segment) {
  rocksdb::Options options = OptionsFor(settings);
  options.create_if_missing = true;
  options.error_if_exists = true;
  rocksdb::DB* rocks = nullptr;
  const Status status = rocksdb::DB::Open(options, path, &rocks);
  if (status.ok()) {
    segment->reset(new RocksSegment(path, std::unique_ptr<rocksdb::DB>(rocks), identity));
  }
  return status;
}

Status RocksSegment::OpenSealed(const std::string& path, const Settings& settings, Tail tail,
                                std::unique_ptr<RocksSegment>* segment) {
  rocksdb::Options options = OptionsFor(settings);
  if (tail == Tail::kExact) {
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
  } else if (tail == Tail::kPrefix) {
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  } else if (tail == Tail::kAll) {
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  }
  rocksdb::DB* rocks = nullptr;
  const Status status = rocksdb::DB::OpenForReadOnly(options, path, &rocks);
  if (status.ok()) {
    segment->reset(new RocksSegment(path, std::unique_ptr<rocksdb::DB>(rocks), std::nullopt));
  }
  return status;
}

Status RocksSegment::Append(uint64_t first, std::span<const std::string_view> payloads, bool sync) {
  size_t bytes = 0;
  for (const std::string_view payload : payloads) bytes += payload.size() + kRecordOverheadBytes;
  rocksdb::WriteBatch batch(bytes);
  Status status;
  if (identity_to_write_) {
    std::string identity;
    PutFixed(*identity_to_write_, kNumberBytes, &identity);
    status = Put(kIdentityNumber, identity, &batch);
  }
  for (uint64_t number = first; const std::string_view payload : payloads) {
    if (status.ok()) status = Put(number, payload, &batch);
    ++number;
  }
  if (!status.ok()) return status;
  rocksdb::WriteOptions options;
  options.sync = sync;
  status = rocks_->Write(options, &batch);
  if (status.ok()) identity_to_write_.reset();
  return status;
}

Status RocksSegment::Sync() {
  return rocks_->SyncWAL();
}

Result<uint64_t> RocksSegment::NumberAt(const rocksdb::Iterator& at) const {
  const std::string_view key = at.key().ToStringView();
  if (key.size() != kNumberBytes) {
    return DamageError(path_ + " holds a key that is no number" + std::string(kRestore));
  }
  uint64_t number = 0;
  for (const char byte : key) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

Result<std::optional<RocksSegment::Range>> RocksSegment::Numbers() const {
  const std::unique_ptr<rocksdb::Iterator> at(rocks_->NewIterator({}));
  const Key key = KeyOf(kIdentityNumber + 1);
  at->Seek(Slice(key.data(), key.size()));
  if (!at->Valid()) {
    if (!at->status().ok()) return StorageError(at->status(), "reading " + path_);
    return std::optional<Range>();
  }
  const Result<uint64_t> first = NumberAt(*at);
  if (!first) return first.error();
  at->SeekToLast();
  if (!at->Valid()) return StorageError(at->status(), "reading " + path_);
  const Result<uint64_t> last = NumberAt(*at);
  if (!last) return last.error();
  return std::optional(Range{.first = *first, .last = *last});
}

Result<std::optional<uint64_t>> RocksSegment::Identity() const {
  const Key key = KeyOf(kIdentityNumber);
  std::string value;
  const Status status = rocks_->Get({}, Slice(key.data(), key.size()), &value);
  if (status.IsNotFound()) return std::optional<uint64_t>();
  if (!status.ok()) return StorageError(status, "reading " + path_);
  const std::optional<std::string_view> payload = PayloadOf(kIdentityNumber, value);
  if (!payload || payload->size() != kNumberBytes) {
    return DamageError("What " + path_ + " says of its journal is damaged" + std::string(kRestore));
  }
  return std::optional(GetFixed(*payload, kNumberBytes));
}

std::optional<Error> RocksSegment::Read(Range range, const Journal::Reader& reader) const {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.readahead_size = kReadAheadBytes;
  const std::unique_ptr<rocksdb::Iterator> at(rocks_->NewIterator(options));
  const Key key = KeyOf(range.first);
  at->Seek(Slice(key.data(), key.size()));
  for (uint64_t number = range.first; number <= range.last; ++number, at->Next()) {
    if (!at->Valid() && !at->status().ok()) {
      return StorageError(at->status(),
                          "reading record " + std::to_string(number) + " from " + path_);
    }
    const Result<uint64_t> found = at->Valid() ? NumberAt(*at) : Result<uint64_t>(number + 1);
    if (!found) return found.error();
    if (*found != number) {
      return DamageError("Record " + std::to_string(number) + " of the journal is missing from " +
                         path_ + ": restore a backup.");
    }
    const std::string_view value = at->value().ToStringView();
    if (!value.empty() && static_cast<uint8_t>(value.front()) > kValueFormat) {
      return Error{.code = ErrorCode::kNewerFormat,
                   .message = "Record " + std::to_string(number) + " in " + path_ +
                              " has a newer format than this release knows: start the release "
                              "that wrote it or a newer one.",
                   .field = {},
                   .position = {}};
    }
    const std::optional<std::string_view> payload = PayloadOf(number, value);
    if (!payload.has_value()) {
      return DamageError("Record " + std::to_string(number) + " in " + path_ +
                         " is damaged: restore a backup.");
    }
    if (auto error = reader(number, *payload)) return error;
  }
  return std::nullopt;
}

}  // namespace kundig::engine
