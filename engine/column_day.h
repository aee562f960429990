// A day as rows and columns keep it.
//
// Thread safety: plain values.

#ifndef KUNDIG_ENGINE_COLUMN_DAY_H_
#define KUNDIG_ENGINE_COLUMN_DAY_H_

#include <cstdint>
#include <optional>

#include "engine/units.h"

namespace kundig::engine {

// A day in 16 bits: days since kDayBeforeFirst, 0 = no day.
using ColumnDay = uint16_t;
inline constexpr ColumnDay kNoDay = 0;

constexpr ColumnDay ToColumn(Day day) {
  return static_cast<ColumnDay>(day - kDayBeforeFirst);
}
constexpr Day FromColumn(ColumnDay day) {
  return kDayBeforeFirst + day;
}
constexpr std::optional<Day> OptionalDay(ColumnDay day) {
  return day == kNoDay ? std::nullopt : std::optional<Day>(FromColumn(day));
}

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_COLUMN_DAY_H_
