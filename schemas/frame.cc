#include "schemas/frame.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "schemas/limits.h"

namespace kundig::wire {

static_assert(std::endian::native == std::endian::little, "the wire and memory have one order");
static_assert(sizeof(FrameHeader) == kFrameHeaderBytes && offsetof(FrameHeader, checksum) == 4 &&
                  offsetof(FrameHeader, version) == 8 && offsetof(FrameHeader, type) == 10 &&
                  offsetof(FrameHeader, reserved) == 11 && offsetof(FrameHeader, request_id) == 12,
              "the header lies in memory as on the wire");
static_assert(kFrameHeaderBytes % kPayloadAlignment == 0);
static_assert(kReadChunkBytes >= kFrameHeaderBytes && kReadChunkBytes <= kKeptBufferBytes);

namespace {

constexpr size_t kChecksumOffset = 4;
constexpr size_t kAfterChecksumOffset = 8;

// `frame` is the whole frame; the checksum's own four bytes are left out.
uint32_t FrameChecksum(std::span<const uint8_t> frame) {
  return Crc32c(frame.subspan(kAfterChecksumOffset), Crc32c(frame.first(kChecksumOffset)));
}

uint8_t* AllocateAligned(size_t bytes) {
  return static_cast<uint8_t*>(::operator new (bytes, std::align_val_t{kPayloadAlignment}));
}

void FreeAligned(uint8_t* memory) {
  ::operator delete (memory, std::align_val_t{kPayloadAlignment});
}

}  // namespace

const char* Describe(FrameError error) {
  switch (error) {
    case FrameError::kNone:
      return "The frame is sound.";
    case FrameError::kTooLarge:
      return "The frame is longer than the limit of this connection; send smaller messages.";
    case FrameError::kBadLength:
      return "The frame's payload is shorter than any message; check how its length is written.";
    case FrameError::kBadReserved:
      return "The frame's reserved byte is not 0; check how its header is written.";
    case FrameError::kBadChecksum:
      return "The frame's checksum does not fit its bytes; check how CRC32C is computed.";
  }
  return "The frame is broken.";
}

void WriteFrame(uint8_t type, uint32_t request_id, std::span<const uint8_t> head,
                std::span<const uint8_t> body, uint8_t* to, uint16_t version) {
  FrameHeader header;
  header.payload_bytes = static_cast<uint32_t>(head.size() + body.size());
  header.version = version;
  header.type = type;
  header.request_id = request_id;
  std::memcpy(to, &header, kFrameHeaderBytes);
  uint8_t* payload = to + kFrameHeaderBytes;
  if (!head.empty()) std::memcpy(payload, head.data(), head.size());
  if (!body.empty()) std::memcpy(payload + head.size(), body.data(), body.size());
  header.checksum = FrameChecksum({to, kFrameHeaderBytes + header.payload_bytes});
  std::memcpy(to + kChecksumOffset, &header.checksum, sizeof(header.checksum));
}

void AppendFrame(uint8_t type, uint32_t request_id, std::span<const uint8_t> payload,
                 std::vector<uint8_t>* out, uint16_t version) {
  const size_t start = out->size();
  out->resize(start + kFrameHeaderBytes + payload.size());
  WriteFrame(type, request_id, payload, {}, out->data() + start, version);
}

FrameReader::FrameReader(uint32_t max_payload_bytes) : max_payload_bytes_(max_payload_bytes) {}

FrameReader::~FrameReader() {
  FreeAligned(buffer_);
}

std::span<uint8_t> FrameReader::Writable() {
  if (error_ != FrameError::kNone) return {};
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (capacity_ > kKeptBufferBytes) {
      FreeAligned(buffer_);
      buffer_ = nullptr;
      capacity_ = 0;
    }
  } else if (begin_ > 0 && capacity_ - end_ < kReadChunkBytes / 2) {
    // Paid for by the frames given out since begin_ was 0 last: no byte is moved here twice.
    std::memmove(buffer_, buffer_ + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == capacity_) Grow();
  return {buffer_ + end_, capacity_ - end_};
}

void FrameReader::Grow() {
  size_t capacity = kReadChunkBytes;
  if (capacity_ > 0) {
    // The buffer is full of one frame, whose header Next() has checked. The header alone earns no
    // memory: room doubles as the bytes come.
    FrameHeader header;
    std::memcpy(&header, buffer_, kFrameHeaderBytes);
    capacity = std::min(kFrameHeaderBytes + size_t{header.payload_bytes}, 2 * capacity_);
  }
  uint8_t* grown = AllocateAligned(capacity);
  if (end_ > 0) std::memcpy(grown, buffer_, end_);
  FreeAligned(buffer_);
  buffer_ = grown;
  capacity_ = capacity;
}

void FrameReader::Commit(size_t bytes) {
  end_ += bytes;
}

FrameError FrameReader::Judge(const FrameHeader& header) const {
  if (header.payload_bytes > max_payload_bytes_) return FrameError::kTooLarge;
  if (header.payload_bytes < kMinPayloadBytes) return FrameError::kBadLength;
  return header.reserved != 0 ? FrameError::kBadReserved : FrameError::kNone;
}

std::optional<Frame> FrameReader::NextInPlace(uint16_t version, uint8_t type, size_t alignment,
                                              Wanted wanted) {
  if (error_ != FrameError::kNone || end_ - begin_ < kFrameHeaderBytes) return std::nullopt;
  FrameHeader header;
  std::memcpy(&header, buffer_ + begin_, kFrameHeaderBytes);
  const size_t whole = kFrameHeaderBytes + size_t{header.payload_bytes};
  if (header.type != type || header.version != version || begin_ % alignment != 0 ||
      Judge(header) != FrameError::kNone || end_ - begin_ < whole ||
      FrameChecksum({buffer_ + begin_, whole}) != header.checksum) {
    return std::nullopt;
  }
  const std::span<const uint8_t> payload(buffer_ + begin_ + kFrameHeaderBytes,
                                         header.payload_bytes);
  if (wanted != nullptr && !wanted(payload)) return std::nullopt;
  begin_ += whole;
  return Frame{header, payload};
}

std::optional<Frame> FrameReader::Next() {
  if (error_ != FrameError::kNone || end_ - begin_ < kFrameHeaderBytes) return std::nullopt;
  FrameHeader header;
  std::memcpy(&header, buffer_ + begin_, kFrameHeaderBytes);
  const auto fail = [&](FrameError error) {
    error_ = error;
    faulty_header_ = header;
    return std::nullopt;
  };
  if (const FrameError error = Judge(header); error != FrameError::kNone) return fail(error);
  const size_t whole = kFrameHeaderBytes + size_t{header.payload_bytes};
  if (end_ - begin_ < whole) return std::nullopt;
  // Frames follow each other without padding. Moving one down by less than 16 bytes aligns it; what
  // lies below was given out before.
  uint8_t* frame = buffer_ + (begin_ - begin_ % kPayloadAlignment);
  if (frame != buffer_ + begin_) std::memmove(frame, buffer_ + begin_, whole);
  if (FrameChecksum({frame, whole}) != header.checksum) return fail(FrameError::kBadChecksum);
  begin_ += whole;
  return Frame{header, {frame + kFrameHeaderBytes, header.payload_bytes}};
}

}  // namespace kundig::wire
