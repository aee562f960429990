// Integers named by role: days, money, times, rows and shards are types that do not mix.
//
// Thread safety: plain values.

#ifndef KUNDIG_ENGINE_UNITS_H_
#define KUNDIG_ENGINE_UNITS_H_

#include <compare>
#include <cstdint>

namespace kundig::engine {

// A civil date as days since 1970-01-01.
struct Day {
  int32_t since_epoch = 0;

  friend constexpr auto operator<=>(const Day&, const Day&) = default;
  friend constexpr int32_t operator-(Day a, Day b) { return a.since_epoch - b.since_epoch; }
  friend constexpr Day operator+(Day a, int32_t days) { return Day{a.since_epoch + days}; }
  friend constexpr Day operator-(Day a, int32_t days) { return Day{a.since_epoch - days}; }
};

// Events lie between these days, so that a column can keep a day in 16 bits (0 = absent).
inline constexpr Day kDayBeforeFirst{-25567};             // 1900-01-01
inline constexpr Day kFirstDay = kDayBeforeFirst + 1;     // 1900-01-02
inline constexpr Day kLastDay = kDayBeforeFirst + 65535;  // 2079-06-06

// A lead's days and the last day of a consent are what people write: any day of the civil calendar.
inline constexpr Day kFirstCivilDay{-719162};  // 0001-01-01
inline constexpr Day kLastCivilDay{2932896};   // 9999-12-31

// Money in minor units (cents, pence) of the book's currency.
struct Minor {
  int64_t units = 0;

  friend constexpr auto operator<=>(const Minor&, const Minor&) = default;
  constexpr Minor& operator+=(Minor other) {
    units += other.units;
    return *this;
  }
  constexpr Minor& operator-=(Minor other) {
    units -= other.units;
    return *this;
  }
  friend constexpr Minor operator+(Minor a, Minor b) { return Minor{a.units + b.units}; }
  friend constexpr Minor operator-(Minor a, Minor b) { return Minor{a.units - b.units}; }
};

// Unix milliseconds.
struct TimeMs {
  int64_t since_epoch = 0;
  friend constexpr auto operator<=>(const TimeMs&, const TimeMs&) = default;
};

// Place of a customer in the columns of its shard, and of a lead in those of its own.
enum class RowIndex : uint32_t {};
enum class ShardIndex : uint32_t {};

constexpr uint32_t Raw(RowIndex row) {
  return static_cast<uint32_t>(row);
}
constexpr uint32_t Raw(ShardIndex shard) {
  return static_cast<uint32_t>(shard);
}

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_UNITS_H_
