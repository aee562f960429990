// 128-bit integers for sums and products over the whole book, and their way back to 64 bits.
//
// Thread safety: plain values.

#ifndef KUNDIG_ENGINE_WIDE_H_
#define KUNDIG_ENGINE_WIDE_H_

#include <algorithm>
#include <cstdint>
#include <limits>

#include "engine/units.h"

namespace kundig::engine {

__extension__ using Wide = __int128;

// Saturates: a book whose total exceeds 64 bits of minor units reports the largest number.
constexpr Minor Narrow(Wide value) {
  constexpr Wide kLow = std::numeric_limits<int64_t>::min();
  constexpr Wide kHigh = std::numeric_limits<int64_t>::max();
  return Minor{static_cast<int64_t>(std::clamp(value, kLow, kHigh))};
}

// value / divisor rounded half away from zero; divisor > 0.
constexpr Wide DivideHalfAway(Wide value, Wide divisor) {
  return value < 0 ? -((-value * 2 + divisor) / (divisor * 2))
                   : (value * 2 + divisor) / (divisor * 2);
}

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_WIDE_H_
