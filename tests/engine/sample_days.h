// The day on which the books of tests begin, and moments beside it. Which day it is plays no part:
// tests count from it.
//
// Thread safety: constants and free functions.

#ifndef KUNDIG_TESTS_ENGINE_SAMPLE_DAYS_H_
#define KUNDIG_TESTS_ENGINE_SAMPLE_DAYS_H_

#include <cstdint>

#include "engine/units.h"

namespace kundig::engine {

inline constexpr Day kToday{14'000};
inline constexpr int64_t kDayMs = 86'400'000;

// The first moment of a day in UTC, and moments that many days before today's, and later by `ms`.
inline TimeMs On(Day day) {
  return TimeMs{int64_t{day.since_epoch} * kDayMs};
}
inline TimeMs Ago(int days, int64_t ms = 0) {
  return TimeMs{On(kToday - days).since_epoch + ms};
}

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_SAMPLE_DAYS_H_
