// The bytes of a file, plain or gzip: which of the two is seen from the content, not the name.
//
// Thread safety: belongs to one thread.

#ifndef KUNDIG_TOOLS_CSV_SOURCE_H_
#define KUNDIG_TOOLS_CSV_SOURCE_H_

#include <zlib.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/import_failure.h"

namespace kundig::tools {

class CsvSource {
 public:
  // Failure: a file that is missing or may not be read.
  static Outcome<CsvSource> Open(const std::string& path);

  // The next bytes, unpacked; empty at the end; valid until the next call.
  // Failure: reading fails, or the gzip data is damaged or cut short.
  Outcome<std::string_view> Read();

  // Bytes of the file itself, packed as it is, read so far and in all (0 where it is a pipe).
  uint64_t position() const;
  uint64_t size() const { return size_; }
  // False for a pipe, which cannot be read twice.
  bool regular() const { return regular_; }

 private:
  struct Close {
    void operator()(gzFile_s* file) const { gzclose(file); }
  };

  std::string path_;
  std::unique_ptr<gzFile_s, Close> file_;
  std::vector<char> buffer_;
  uint64_t size_ = 0;
  bool regular_ = false;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_CSV_SOURCE_H_
