#include "tools/csv_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace kundig::tools {

namespace {
constexpr size_t kReadBytes = size_t{256} << 10;
}  // namespace

Outcome<CsvSource> CsvSource::Open(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return Failure{fmt::format("{}: cannot be opened: {}", path, std::strerror(errno))};
  }
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || S_ISDIR(status.st_mode)) {
    close(descriptor);
    return Failure{fmt::format("{}: is no file that can be read", path)};
  }
  CsvSource source;
  source.path_ = path;
  source.regular_ = S_ISREG(status.st_mode);
  source.size_ = source.regular_ ? static_cast<uint64_t>(status.st_size) : 0;
  source.file_.reset(gzdopen(descriptor, "rb"));
  if (!source.file_) {
    close(descriptor);
    return Failure{fmt::format("{}: no memory to read it", path)};
  }
  gzbuffer(source.file_.get(), static_cast<unsigned>(kReadBytes));
  source.buffer_.resize(kReadBytes);
  return source;
}

Outcome<std::string_view> CsvSource::Read() {
  const int count = gzread(file_.get(), buffer_.data(), static_cast<unsigned>(buffer_.size()));
  // gzread gives what it has of a stream that was cut short and tells of the cut only here.
  int code = Z_OK;
  const char* words = gzerror(file_.get(), &code);
  if (count < 0 || (static_cast<size_t>(count) < buffer_.size() && code != Z_OK)) {
    if (code == Z_ERRNO) words = std::strerror(errno);
    if (code == Z_BUF_ERROR) words = "the gzip data is cut short";
    return Failure{fmt::format("{}: cannot be read to its end: {}", path_, words)};
  }
  return std::string_view(buffer_.data(), static_cast<size_t>(count));
}

uint64_t CsvSource::position() const {
  const auto offset = gzoffset(file_.get());
  return offset < 0 ? 0 : static_cast<uint64_t>(offset);
}

}  // namespace kundig::tools
