// One segment of the RocksDB journal: a RocksDB folder of its own that is written by one process
// from its making to the next one's, and only read after that. So nothing is ever appended behind a
// torn tail, opening changes no byte of what may be damaged, and a folder that is not needed any
// more is removed as a whole instead of being compacted.
//
// A record's key is its number, big-endian; its value is
//   format version    1 byte
//   number            8 bytes, once more, so that a value in a wrong place is found
//   CRC32C            4 bytes, over version, number and payload
//   payload
// The value of key 0 is no record: its payload is the identity of the journal (8 bytes), so that a
// segment of another journal is not taken for one of this. It goes with the first record. Segments
// of the first releases have none.
//
// Thread safety: Append and Sync by one thread at a time; Read by any number beside it.

#ifndef KUNDIG_ENGINE_ROCKS_SEGMENT_H_
#define KUNDIG_ENGINE_ROCKS_SEGMENT_H_

#include <rocksdb/db.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/journal.h"
#include "engine/result.h"

namespace kundig::engine {

class RocksSegment {
 public:
  struct Settings {
    rocksdb::Env* env = nullptr;
    size_t write_buffer_bytes = 0;
  };
  struct Range {
    uint64_t first = 0, last = 0;
  };
  // How much of a write-ahead log with damage in it is read.
  enum class Tail : uint8_t {
    kExact,   // not even at its end may a log break off
    kWhole,   // a log may only break off at its end; damage elsewhere is an error
    kPrefix,  // what lies before the damage
    kAll      // what lies before it and behind it
  };

  // What a record takes beside its payload: its header, its key, and what RocksDB adds.
  static constexpr size_t kRecordOverheadBytes = 64;
  // Ends the names of the write-ahead logs in a segment's folder.
  static constexpr std::string_view kLogEnding = ".log";

  // The folder is there and empty.
  static rocksdb::Status Create(const std::string& path, const Settings& settings,
                                uint64_t identity, std::unique_ptr<RocksSegment>* segment);
  // Writes nothing and takes no lock.
  static rocksdb::Status OpenSealed(const std::string& path, const Settings& settings, Tail tail,
                                    std::unique_ptr<RocksSegment>* segment);

  rocksdb::Status Append(uint64_t first, std::span<const std::string_view> payloads, bool sync);
  rocksdb::Status Sync();

  // The lowest and the highest number; nothing where there is no record.
  Result<std::optional<Range>> Numbers() const;
  // Of the journal that it was written for; nothing where none was noted.
  Result<std::optional<uint64_t>> Identity() const;
  // Every record of the range, which must all be there.
  std::optional<Error> Read(Range range, const Journal::Reader& reader) const;

 private:
  RocksSegment(std::string path, std::unique_ptr<rocksdb::DB> rocks,
               std::optional<uint64_t> identity_to_write)
      : path_(std::move(path)), rocks_(std::move(rocks)), identity_to_write_(identity_to_write) {}

  Result<uint64_t> NumberAt(const rocksdb::Iterator& at) const;

  const std::string path_;
  const std::unique_ptr<rocksdb::DB> rocks_;
  std::optional<uint64_t> identity_to_write_;  // with the first record
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_ROCKS_SEGMENT_H_
