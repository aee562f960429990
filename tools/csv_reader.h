// Rows of a CSV file (RFC 4180, any delimiter, UTF-8 with or without byte order mark, plain or
// gzip), one after the other: a file larger than memory passes.
//
// The first row is the header. Empty lines are no rows. Reading is done by libcsv; this class adds
// the lines' numbers, the header, and the limit on the length of a row.
//
// Thread safety: belongs to one thread.

#ifndef KUNDIG_TOOLS_CSV_READER_H_
#define KUNDIG_TOOLS_CSV_READER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/import_failure.h"

namespace kundig::tools {

// Bytes of one row. A longer one means that a quote was left open, or that this is no CSV.
inline constexpr size_t kMaxCsvRowBytes = size_t{1} << 20;

// Valid during the call that hands it over.
struct CsvRow {
  std::span<const std::string_view> fields;
  uint64_t line = 0;  // where the row begins, counted from 1
};

class CsvReader {
 public:
  // Failure: as CsvSource::Open and Read, no header, a header that is not UTF-8.
  static Outcome<CsvReader> Open(const std::string& path, char delimiter);
  CsvReader(CsvReader&&) noexcept;
  CsvReader& operator=(CsvReader&&) noexcept;
  ~CsvReader();

  // The names of the columns, without white space around them.
  const std::vector<std::string>& header() const;

  // Calls `row` for each row until it returns false or the file ends.
  // Failure: the file breaks off; rows before the break were handed over.
  Outcome<void> ReadRows(const std::function<bool(const CsvRow&)>& row);

  uint64_t position() const;  // bytes of the file read so far
  uint64_t size() const;      // bytes of the file, 0 where it is a pipe
  bool regular() const;       // false for a pipe

 private:
  class Impl;
  explicit CsvReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_CSV_READER_H_
