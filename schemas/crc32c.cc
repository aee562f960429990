#include "schemas/crc32c.h"

#include <boost/crc.hpp>

#include <cstring>

#include "schemas/frame.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
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

#define KUNDIG_CRC32C_TARGET __attribute__((target("sse4.2,pclmul")))

namespace {

// A remainder is a polynomial with its highest power in bit 0. x^power modulo the Castagnoli one.
constexpr uint32_t PowerOfX(size_t power) {
  constexpr uint32_t kReflected = 0x82F63B78;
  uint32_t remainder = 0x80000000;
  for (; power > 0; --power) remainder = remainder >> 1 ^ ((remainder & 1) != 0 ? kReflected : 0);
  return remainder;
}

// A factor for AfterZeros: carry-less multiplication and the reduction that follows it multiply by
// x^33 of their own.
constexpr uint32_t ZerosFactor(size_t zero_bytes) {
  return PowerOfX(8 * zero_bytes - 33);
}

// The remainder `crc` would become behind the zero bytes of the factor.
KUNDIG_CRC32C_TARGET uint64_t AfterZeros(uint64_t crc, uint32_t factor) {
  const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<int64_t>(crc)),
                                               _mm_cvtsi32_si128(static_cast<int>(factor)), 0);
  return _mm_crc32_u64(0, static_cast<uint64_t>(_mm_cvtsi128_si64(product)));
}

uint64_t WordAt(const uint8_t* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// Three lanes of kLane bytes side by side, as long as there are three: the instruction takes three
// cycles, but a new one may begin in each.
template <size_t kLane>
KUNDIG_CRC32C_TARGET uint64_t ThreeLanes(uint64_t crc, std::span<const uint8_t>* bytes) {
  static_assert(kLane % sizeof(uint64_t) == 0);
  constexpr uint32_t kOneLane = ZerosFactor(kLane), kTwoLanes = ZerosFactor(2 * kLane);
  while (bytes->size() >= 3 * kLane) {
    const uint8_t* at = bytes->data();
    uint64_t second = 0, third = 0;
    for (const uint8_t* end = at + kLane; at < end; at += sizeof(uint64_t)) {
      crc = _mm_crc32_u64(crc, WordAt(at));
      second = _mm_crc32_u64(second, WordAt(at + kLane));
      third = _mm_crc32_u64(third, WordAt(at + 2 * kLane));
    }
    crc = AfterZeros(crc, kTwoLanes) ^ AfterZeros(second, kOneLane) ^ third;
    *bytes = bytes->subspan(3 * kLane);
  }
  return crc;
}

// Large frames; and a reply of one record, which has 184 bytes behind its checksum.
constexpr size_t kLongLane = 512, kShortLane = 56;

}  // namespace

bool HasCrc32cInstructions() {
  return __builtin_cpu_supports("sse4.2") != 0 && __builtin_cpu_supports("pclmul") != 0;
}

KUNDIG_CRC32C_TARGET uint32_t Crc32cInstructions(std::span<const uint8_t> bytes, uint32_t seed) {
  uint64_t crc = ~seed;
  crc = ThreeLanes<kLongLane>(crc, &bytes);
  crc = ThreeLanes<kShortLane>(crc, &bytes);
  const uint8_t* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= sizeof(uint64_t); left -= sizeof(uint64_t), at += sizeof(uint64_t)) {
    crc = _mm_crc32_u64(crc, WordAt(at));
  }
  auto narrow = static_cast<uint32_t>(crc);
  if (left >= sizeof(uint32_t)) {
    uint32_t word;
    std::memcpy(&word, at, sizeof(word));
    narrow = _mm_crc32_u32(narrow, word);
    left -= sizeof(word);
    at += sizeof(word);
  }
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
