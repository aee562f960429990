#include "schemas/crc32c.h"

#include <boost/crc.hpp>

#include <cstring>

#include "schemas/frame.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace kundig::wire {

namespace {

constexpr uint32_t kCastagnoli = 0x1EDC6F41;

uint32_t ReverseBits(uint32_t value) {
  uint32_t reversed = 0;
  for (int bit = 0; bit < 32; ++bit) reversed |= ((value >> bit) & 1U) << (31 - bit);
  return reversed;
}

}  // namespace

uint32_t Crc32cPortable(std::span<const uint8_t> bytes, uint32_t seed) {
  // Boost takes the running remainder as the polynomial is written, highest power first; a checksum
  // is that remainder inverted and bit-reversed.
  boost::crc_optimal<32, kCastagnoli, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc(ReverseBits(~seed));
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

#if defined(__x86_64__)

bool HasCrc32cInstructions() {
  return __builtin_cpu_supports("sse4.2") != 0;
}

__attribute__((target("sse4.2"))) uint32_t Crc32cInstructions(std::span<const uint8_t> bytes,
                                                              uint32_t seed) {
  uint64_t crc = ~seed;
  const uint8_t* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= sizeof(uint64_t); left -= sizeof(uint64_t), at += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    crc = _mm_crc32_u64(crc, word);
  }
  auto narrow = static_cast<uint32_t>(crc);
  for (; left > 0; --left, ++at) narrow = _mm_crc32_u8(narrow, *at);
  return ~narrow;
}

#else

bool HasCrc32cInstructions() {
  return false;
}

uint32_t Crc32cInstructions(std::span<const uint8_t> bytes, uint32_t seed) {
  return Crc32cPortable(bytes, seed);
}

#endif

uint32_t Crc32c(std::span<const uint8_t> bytes, uint32_t seed) {
  static const bool kInstructions = HasCrc32cInstructions();
  return kInstructions ? Crc32cInstructions(bytes, seed) : Crc32cPortable(bytes, seed);
}

}  // namespace kundig::wire
