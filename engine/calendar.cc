#include "engine/calendar.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <limits>
#include <utility>

#include "engine/check.h"
#include "engine/day_length.h"

namespace kundig::engine {
namespace {

// The Gregorian calendar repeats itself after 400 years. Working within one such period keeps every
// Day inside the years that std::chrono can hold.
constexpr int32_t kPeriodDays = 146097;
constexpr int32_t kPeriodYears = 400;

constexpr int64_t kSecondMs = 1000;

constexpr int64_t FloorDivide(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

Day Saturated(int64_t days) {
  return Day{static_cast<int32_t>(std::clamp<int64_t>(days, std::numeric_limits<int32_t>::min(),
                                                      std::numeric_limits<int32_t>::max()))};
}

bool ReadDigits(std::string_view text, int32_t* value) {
  *value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    *value = *value * 10 + (c - '0');
  }
  return true;
}

}  // namespace

CivilDate ToCivil(Day day) {
  const auto period = static_cast<int32_t>(FloorDivide(day.since_epoch, kPeriodDays));
  const auto in_period =
      static_cast<int32_t>(day.since_epoch - static_cast<int64_t>(period) * kPeriodDays);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{in_period}}};
  return CivilDate{static_cast<int>(date.year()) + period * kPeriodYears,
                   static_cast<int32_t>(static_cast<unsigned>(date.month())),
                   static_cast<int32_t>(static_cast<unsigned>(date.day()))};
}

std::optional<Day> FromCivil(CivilDate date) {
  if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31) return std::nullopt;
  const int64_t period = FloorDivide(date.year, kPeriodYears);
  const std::chrono::year_month_day in_period{
      std::chrono::year{static_cast<int>(date.year - period * kPeriodYears)},
      std::chrono::month{static_cast<unsigned>(date.month)},
      std::chrono::day{static_cast<unsigned>(date.day)}};
  if (!in_period.ok()) return std::nullopt;
  const int64_t days =
      std::chrono::sys_days{in_period}.time_since_epoch().count() + period * kPeriodDays;
  const Day day = Saturated(days);
  return day.since_epoch == days ? std::optional(day) : std::nullopt;
}

std::string FormatDay(Day day) {
  const CivilDate date = ToCivil(day);
  std::array<char, 40> buffer;
  const int size = std::snprintf(buffer.data(), buffer.size(), "%04d-%02d-%02d", date.year,
                                 date.month, date.day);
  return std::string(buffer.data(), static_cast<size_t>(size));
}

std::optional<Day> ParseDay(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  CivilDate date;
  if (!ReadDigits(text.substr(0, 4), &date.year) || !ReadDigits(text.substr(5, 2), &date.month) ||
      !ReadDigits(text.substr(8, 2), &date.day)) {
    return std::nullopt;
  }
  return FromCivil(date);
}

Calendar::Calendar(std::vector<Offset> offsets) : offsets_(std::move(offsets)) {
  KUNDIG_CHECK(std::is_sorted(offsets_.begin(), offsets_.end(),
                              [](const Offset& a, const Offset& b) { return a.from < b.from; }));
}

Day Calendar::DayOf(TimeMs time) const {
  int64_t offset_s = 0;
  if (!offsets_.empty()) {
    auto after = std::upper_bound(offsets_.begin(), offsets_.end(), time,
                                  [](TimeMs at, const Offset& offset) { return at < offset.from; });
    offset_s = (after == offsets_.begin() ? *after : *(after - 1)).offset_s;
  }
  // The offset is added within the day, because a time near the ends of 64 bits leaves no room.
  const int64_t utc_days = FloorDivide(time.since_epoch, kDayMs);
  const int64_t remainder_ms = time.since_epoch % kDayMs;
  const int64_t utc_ms = remainder_ms < 0 ? remainder_ms + kDayMs : remainder_ms;
  return Saturated(utc_days + FloorDivide(utc_ms + offset_s * kSecondMs, kDayMs));
}

}  // namespace kundig::engine
