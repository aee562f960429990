#include "tools/csv_reader.h"

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tools/csv_source.h"
#include "tools/csv_text.h"

namespace kundig::tools {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

class CsvReader::Impl {
 public:
  Impl(std::string path, CsvSource source, char delimiter)
      : path_(std::move(path)), source_(std::move(source)) {
    // All line ends are reported, so that empty lines are counted.
    csv_init(&parser_, CSV_REPALL_NL);
    csv_set_delim(&parser_, static_cast<unsigned char>(delimiter));
  }
  ~Impl() { csv_free(&parser_); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Outcome<void> ReadHeader() {
    auto chunk = source_.Read();
    if (chunk.has_error()) return chunk.error();
    rest_ = *chunk;
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
    const std::function<bool(const CsvRow&)> keep = [this](const CsvRow& row) {
      for (const std::string_view name : row.fields) header_.emplace_back(Strip(name));
      return true;
    };
    row_ = &keep;
    // Byte by byte, so that no row behind the header is taken with it.
    while (header_.empty() && !failed_) {
      if (rest_.empty()) {
        chunk = source_.Read();
        if (chunk.has_error()) return chunk.error();
        if (chunk->empty()) {
          csv_fini(&parser_, OnField, OnRow, this);
          break;
        }
        rest_ = *chunk;
      }
      Parse(rest_.substr(0, 1));
      rest_.remove_prefix(1);
    }
    row_ = nullptr;
    if (failed_) return TooLong();
    if (header_.empty()) {
      return Failure{fmt::format("{}: is empty; the first line must name the columns", path_)};
    }
    for (const std::string& name : header_) {
      if (!IsUtf8(name)) {
        return Failure{fmt::format("{}: the header is not UTF-8; convert the file first", path_)};
      }
    }
    return {};
  }

  Outcome<void> ReadRows(const std::function<bool(const CsvRow&)>& row) {
    row_ = &row;
    while (!stopped_) {
      if (rest_.empty()) {
        const auto chunk = source_.Read();
        if (chunk.has_error()) return chunk.error();
        if (chunk->empty()) {
          // A last line without a line end.
          csv_fini(&parser_, OnField, OnRow, this);
          break;
        }
        rest_ = *chunk;
      }
      if (!Parse(rest_)) failed_ = true;
      rest_ = {};
      if (failed_) return TooLong();
    }
    return {};
  }

  const std::vector<std::string>& header() const { return header_; }
  const CsvSource& source() const { return source_; }

 private:
  bool Parse(std::string_view bytes) {
    const size_t taken = csv_parse(&parser_, bytes.data(), bytes.size(), OnField, OnRow, this);
    // What libcsv holds of a field that has not ended yet is not in text_.
    if (parser_.entry_pos > kMaxCsvRowBytes) failed_ = true;
    return taken == bytes.size();
  }

  Failure TooLong() const {
    return Failure{fmt::format("{}:{}: the row is longer than {} bytes; is a quote left open?",
                               path_, line_, kMaxCsvRowBytes)};
  }

  static void OnField(void* data, size_t size, void* self) {
    static_cast<Impl*>(self)->TakeField(
        std::string_view(data == nullptr ? "" : static_cast<const char*>(data), size));
  }
  static void OnRow(int end, void* self) { static_cast<Impl*>(self)->TakeRow(end); }

  void TakeField(std::string_view field) {
    after_return_ = false;
    if (failed_ || text_.size() + ends_.size() + field.size() > kMaxCsvRowBytes) {
      failed_ = true;
      return;
    }
    text_.append(field);
    ends_.push_back(text_.size());
  }

  void TakeRow(int end) {
    const uint64_t line = line_;
    const bool second_half = end == '\n' && after_return_;
    after_return_ = end == '\r';
    if (end != -1 && !second_half) ++line_;
    if (ends_.empty() || failed_ || stopped_) return;
    line_ += static_cast<uint64_t>(std::count(text_.begin(), text_.end(), '\n'));
    fields_.clear();
    size_t from = 0;
    for (const size_t to : ends_) {
      fields_.emplace_back(text_.data() + from, to - from);
      from = to;
    }
    if (!(*row_)(CsvRow{fields_, line})) stopped_ = true;
    text_.clear();
    ends_.clear();
  }

  std::string path_;
  CsvSource source_;
  csv_parser parser_{};
  std::vector<std::string> header_;
  std::string_view rest_;  // read, not yet parsed

  // The row under way: its fields one behind the other, and where each one ends.
  std::string text_;
  std::vector<size_t> ends_;
  std::vector<std::string_view> fields_;
  const std::function<bool(const CsvRow&)>* row_ = nullptr;
  uint64_t line_ = 1;
  bool after_return_ = false;  // the last line ended with a carriage return
  bool failed_ = false;
  bool stopped_ = false;
};

CsvReader::CsvReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

Outcome<CsvReader> CsvReader::Open(const std::string& path, char delimiter) {
  auto source = CsvSource::Open(path);
  if (source.has_error()) return source.error();
  auto impl = std::make_unique<Impl>(path, std::move(*source), delimiter);
  const auto done = impl->ReadHeader();
  if (done.has_error()) return done.error();
  return CsvReader(std::move(impl));
}

const std::vector<std::string>& CsvReader::header() const {
  return impl_->header();
}

Outcome<void> CsvReader::ReadRows(const std::function<bool(const CsvRow&)>& row) {
  return impl_->ReadRows(row);
}

uint64_t CsvReader::position() const {
  return impl_->source().position();
}

uint64_t CsvReader::size() const {
  return impl_->source().size();
}

bool CsvReader::regular() const {
  return impl_->source().regular();
}

}  // namespace kundig::tools
