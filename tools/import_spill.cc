#include "tools/import_spill.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace kundig::tools {

namespace {

constexpr size_t kFileBufferBytes = size_t{64} << 10;

std::string SpillFolder() {
  const char* const folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/var/tmp";
}

Failure SpillFailure(std::string_view what) {
  return Failure{
      fmt::format("the temporary files in {} {}: {}; set TMPDIR to a folder with room, "
                  "or raise --memory",
                  SpillFolder(), what, std::strerror(errno))};
}

}  // namespace

Outcome<std::FILE*> SpillFiles::Open(size_t partition) {
  if (files_[partition]) return files_[partition].get();
  std::string name = SpillFolder() + "/kundig-import-XXXXXX";
  const int descriptor = mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) return SpillFailure("cannot be made");
  unlink(name.c_str());
  files_[partition].reset(fdopen(descriptor, "w+b"));
  if (!files_[partition]) {
    const Failure failure = SpillFailure("cannot be made");
    close(descriptor);
    return failure;
  }
  std::setvbuf(files_[partition].get(), nullptr, _IOFBF, kFileBufferBytes);
  return files_[partition].get();
}

Outcome<void> SpillFiles::Write(std::string_view key, std::string_view record) {
  const uint64_t hash =
      XXH3_64bits_withSeed(key.data(), key.size(), static_cast<uint64_t>(depth_) + 1);
  const auto file = Open(hash % kSpillPartitions);
  if (file.has_error()) return file.error();
  const auto size = static_cast<uint32_t>(record.size());
  if (std::fwrite(&size, sizeof(size), 1, *file) != 1 ||
      std::fwrite(record.data(), record.size(), 1, *file) != 1) {
    return SpillFailure("cannot be written");
  }
  return {};
}

Outcome<void> SpillFiles::Read(size_t partition,
                               const std::function<Outcome<void>(std::string_view)>& record) {
  const auto file = std::exchange(files_[partition], nullptr);
  if (!file) return {};
  if (std::fflush(file.get()) != 0 || std::fseek(file.get(), 0, SEEK_SET) != 0) {
    return SpillFailure("cannot be written");
  }
  std::string buffer;
  uint32_t size = 0;
  while (std::fread(&size, sizeof(size), 1, file.get()) == 1) {
    buffer.resize(size);
    if (std::fread(buffer.data(), size, 1, file.get()) != 1) {
      return SpillFailure("cannot be read");
    }
    const auto done = record(buffer);
    if (done.has_error()) return done.error();
  }
  if (std::ferror(file.get()) != 0) return SpillFailure("cannot be read");
  return {};
}

void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) {
    out->push_back(static_cast<char>(static_cast<uint8_t>(value | 0x80)));
  }
  out->push_back(static_cast<char>(static_cast<uint8_t>(value)));
}

void AppendRecordText(std::string_view text, std::string* out) {
  AppendVarint(text.size(), out);
  out->append(text);
}

uint64_t RecordReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; at_ != end_ && shift < 64; shift += 7) {
    const auto byte = static_cast<uint8_t>(*at_++);
    value |= uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80) == 0) break;
  }
  return value;
}

std::string_view RecordReader::Text() {
  const auto size = std::min<uint64_t>(Varint(), static_cast<uint64_t>(end_ - at_));
  const std::string_view text(at_, size);
  at_ += size;
  return text;
}

}  // namespace kundig::tools
