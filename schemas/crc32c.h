// The two ways in which Crc32c() of frame.h is computed, side by side so that a test compares them.
//
// The processor's instructions make the checksum cheap enough to guard every frame (about eight
// bytes a cycle, in three lanes); the table of Boost is the meaning, and the way on processors
// without them.
//
// Thread safety: pure functions.

#ifndef KUNDIG_SCHEMAS_CRC32C_H_
#define KUNDIG_SCHEMAS_CRC32C_H_

#include <cstdint>
#include <span>

namespace kundig::wire {

// `seed` is the checksum of the bytes before, 0 at the start.
uint32_t Crc32cPortable(std::span<const uint8_t> bytes, uint32_t seed);

bool HasCrc32cInstructions();
// Only where HasCrc32cInstructions().
uint32_t Crc32cInstructions(std::span<const uint8_t> bytes, uint32_t seed);

}  // namespace kundig::wire

#endif  // KUNDIG_SCHEMAS_CRC32C_H_
