// The hash of an id: which shard it belongs to and where it lies in a key index. XXH3, 64 bits.
//
// Thread safety: pure functions.

#ifndef KUNDIG_ENGINE_HASH_H_
#define KUNDIG_ENGINE_HASH_H_

#include <cstdint>
#include <string_view>

namespace kundig::engine {

uint64_t HashBytes(std::string_view bytes);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_HASH_H_
