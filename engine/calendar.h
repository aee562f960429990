// Civil dates, and the business day of a time. The engine reads no clock and no time-zone database:
// whoever owns the book hands it the zone's offsets as plain data, so that the same journal gives
// the same book.
//
// Thread safety: immutable after construction.

#ifndef KUNDIG_ENGINE_CALENDAR_H_
#define KUNDIG_ENGINE_CALENDAR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/units.h"

namespace kundig::engine {

struct CivilDate {
  int32_t year = 1970;
  int32_t month = 1;  // 1..12
  int32_t day = 1;    // 1..31
};

CivilDate ToCivil(Day day);
// nullopt where there is no such date.
std::optional<Day> FromCivil(CivilDate date);
// "YYYY-MM-DD".
std::string FormatDay(Day day);
std::optional<Day> ParseDay(std::string_view text);

class Calendar {
 public:
  // From `from` on, local time is UTC plus `offset_s` seconds.
  struct Offset {
    TimeMs from;
    int32_t offset_s = 0;
  };

  Calendar() = default;  // UTC
  // `offsets` ascending by `from`; the first one also holds before it.
  explicit Calendar(std::vector<Offset> offsets);

  // The civil date of `time` in this zone, saturated to the range of Day.
  Day DayOf(TimeMs time) const;

 private:
  std::vector<Offset> offsets_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CALENDAR_H_
