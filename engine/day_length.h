// How long a day is. Times are counted without leap seconds, so every day is equally long.
//
// Thread safety: a constant.

#ifndef KUNDIG_ENGINE_DAY_LENGTH_H_
#define KUNDIG_ENGINE_DAY_LENGTH_H_

#include <cstdint>

namespace kundig::engine {

inline constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_DAY_LENGTH_H_
