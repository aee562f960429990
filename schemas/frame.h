// The frame: how messages lie on the wire. A pure state machine that does no I/O.
//
//   offset 0   u32  payload length, without this header
//          4   u32  CRC32C of the header's other 12 bytes (0..3, 8..15) followed by the payload
//          8   u16  protocol version
//         10   u8   message type (MessageType)
//         11   u8   reserved, 0
//         12   u32  request id, chosen by the client; a reply has that of its request
//         16        payload: a FlatBuffers message of the type's root table
//
// All little-endian. The header is 16 bytes so that the payload of a frame that starts on a 16-byte
// boundary is aligned as FlatBuffers need it.
//
// Thread safety: a FrameReader belongs to one thread.

#ifndef KUNDIG_SCHEMAS_FRAME_H_
#define KUNDIG_SCHEMAS_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace kundig::wire {

inline constexpr uint16_t kProtocolVersion = 1;
inline constexpr size_t kFrameHeaderBytes = 16;
inline constexpr size_t kPayloadAlignment = 16;
// How much a FrameReader asks the socket for at once, and how large a buffer it keeps when it is
// empty: a connection that once had a large frame gives the memory back.
inline constexpr size_t kReadChunkBytes = 64 << 10;
inline constexpr size_t kKeptBufferBytes = 1 << 20;

struct FrameHeader {
  uint32_t payload_bytes = 0;
  uint32_t checksum = 0;
  uint16_t version = kProtocolVersion;
  uint8_t type = 0;
  uint8_t reserved = 0;
  uint32_t request_id = 0;
};

enum class FrameError : uint8_t {
  kNone,
  kTooLarge,     // payload length above the limit
  kBadLength,    // payload length below the smallest message
  kBadReserved,  // reserved byte not 0
  kBadChecksum,
};

// The sentence that goes with an error.
const char* Describe(FrameError error);

// Writes a whole frame, whose payload is `head` and `body` behind each other, to `to`, which has
// room for kFrameHeaderBytes and the payload.
void WriteFrame(uint8_t type, uint32_t request_id, std::span<const uint8_t> head,
                std::span<const uint8_t> body, uint8_t* to, uint16_t version = kProtocolVersion);
// Appends a whole frame to `out`.
void AppendFrame(uint8_t type, uint32_t request_id, std::span<const uint8_t> payload,
                 std::vector<uint8_t>* out, uint16_t version = kProtocolVersion);

// One frame read: header and payload, the payload valid until the next call on its reader.
struct Frame {
  FrameHeader header;
  std::span<const uint8_t> payload;
};

// Bytes in, frames out.
//
// Usage: read from the socket into Writable(), say how much with Commit(n), then call Next() until
// it gives nothing. Next() gives a frame, nothing (more bytes are needed), or sets error(): then
// nothing more is given, and the connection is to be closed.
//
// Invariant: bytes [begin_, end_) are received and not yet given out. The buffer never grows above
// the header and max_payload_bytes (or one read chunk, where that is more), nor, once above
// kKeptBufferBytes, above twice the bytes received: a header that promises much earns no memory.
class FrameReader {
 public:
  explicit FrameReader(uint32_t max_payload_bytes);
  ~FrameReader();
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  // Room for the next read; never empty unless error(). Call it only after Next() gave nothing.
  std::span<uint8_t> Writable();
  // `bytes` of what Writable() gave last are filled.
  void Commit(size_t bytes);
  // The next whole frame, its payload 16-byte aligned. It stays valid until Writable() or Next() is
  // called.
  std::optional<Frame> Next();

  // As Next(), but only a frame of this version and type whose payload is aligned as it lies: it is
  // not moved, so that those given out by this method before stay valid too, until Writable() or
  // Next() is called. Where it gives nothing, Next() says why; also a frame whose payload is not
  // `wanted` is left to it.
  using Wanted = bool (*)(std::span<const uint8_t> payload);
  std::optional<Frame> NextInPlace(uint16_t version, uint8_t type, size_t alignment,
                                   Wanted wanted = nullptr);

  // From the next frame on: the handshake has a limit of its own, wire::kMaxHelloBytes.
  void set_max_payload_bytes(uint32_t bytes) { max_payload_bytes_ = bytes; }

  FrameError error() const { return error_; }
  // The header at fault where error() and the header was read whole: its request id may be
  // answered.
  const std::optional<FrameHeader>& faulty_header() const { return faulty_header_; }
  // Whether a frame has begun and not ended: an end of stream now is a truncated frame.
  bool mid_frame() const { return begin_ != end_; }
  // Memory held now.
  size_t buffer_bytes() const { return capacity_; }

 private:
  void Grow();
  // What is wrong with a header as such.
  FrameError Judge(const FrameHeader& header) const;

  uint32_t max_payload_bytes_;
  uint8_t* buffer_ = nullptr;  // kPayloadAlignment-aligned
  size_t capacity_ = 0;
  size_t begin_ = 0, end_ = 0;
  FrameError error_ = FrameError::kNone;
  std::optional<FrameHeader> faulty_header_;
};

// CRC32C (Castagnoli) of `bytes`, continuing from `seed` (0 at the start).
uint32_t Crc32c(std::span<const uint8_t> bytes, uint32_t seed = 0);

}  // namespace kundig::wire

#endif  // KUNDIG_SCHEMAS_FRAME_H_
