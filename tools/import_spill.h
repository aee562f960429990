// Records on disk, split by the hash of a key, for what does not fit the memory set aside.
//
// The files have no name (they are unlinked as soon as they are made), so that no end of the
// process leaves them behind. They lie in $TMPDIR, else in /var/tmp, because /tmp is often memory.
//
// Thread safety: belongs to one thread.

#ifndef KUNDIG_TOOLS_IMPORT_SPILL_H_
#define KUNDIG_TOOLS_IMPORT_SPILL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tools/import_failure.h"

namespace kundig::tools {

inline constexpr size_t kSpillPartitions = 64;
// A partition that does not fit is split again; after so many times everything is taken into
// memory.
inline constexpr int kMaxSpillDepth = 4;
// What a place in an index counts against the memory set aside, with the room that a hash table
// keeps free.
inline constexpr size_t kIndexBytes = 48;

class SpillFiles {
 public:
  // `depth` makes the split of a partition another one than that which made the partition.
  explicit SpillFiles(int depth) : depth_(depth) {}

  // Records with the same key come to lie in the same partition, in the order of writing.
  Outcome<void> Write(std::string_view key, std::string_view record);

  // Hands over the records of one partition, then gives its space back.
  Outcome<void> Read(size_t partition,
                     const std::function<Outcome<void>(std::string_view)>& record);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  // Makes the file of the partition where it has none yet.
  Outcome<std::FILE*> Open(size_t partition);

  int depth_;
  std::array<std::unique_ptr<std::FILE, Close>, kSpillPartitions> files_;
};

// Numbers and texts of a record, one behind the other.
void AppendVarint(uint64_t value, std::string* out);
void AppendRecordText(std::string_view text, std::string* out);

class RecordReader {
 public:
  explicit RecordReader(std::string_view record)
      : at_(record.data()), end_(record.data() + record.size()) {}

  uint64_t Varint();
  std::string_view Text();
  const char** at() { return &at_; }
  const char* end() const { return end_; }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_IMPORT_SPILL_H_
