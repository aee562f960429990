// Everything about one customer but its history, in two cache lines: the truth that lookups read.
//
// Absent values have a mark of their own (see below), so that every field is one number.
//
// Thread safety: reading needs the book's lookup, scan or write lock, writing the write lock.

#ifndef KUNDIG_ENGINE_CUSTOMER_ROW_H_
#define KUNDIG_ENGINE_CUSTOMER_ROW_H_

#include <cstdint>
#include <optional>

#include "engine/dictionary.h"
#include "engine/event.h"
#include "engine/history.h"
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

inline constexpr uint32_t kNoCount = UINT32_MAX;
inline constexpr int64_t kNoPotential = -1;
inline constexpr uint8_t kNoRating = UINT8_MAX;

enum class ColumnKind : uint8_t { kAbsent, kConsumer, kBusiness };
enum class ColumnFlag : uint8_t { kAbsent, kFalse, kTrue };
enum class ColumnConsent : uint8_t { kAbsent, kGranted, kWithdrawn };

// Measures and attributes. Orders dated tomorrow count in the days, and in no sum before their day
// has come.
struct CustomerFigures {
  // journal_sequence of the last entry that changed this customer's figures.
  uint64_t changed_at = 0;

  int64_t revenue_total = 0, margin_total = 0;  // of all time
  int64_t revenue = 0, margin = 0;              // of the window rfm.window_days
  int64_t abc_value = 0;                        // the measure of ABC over abc.window_days
  int64_t potential = kNoPotential;
  uint64_t items = 0;  // of the window

  uint32_t orders_total = 0;
  uint32_t orders = 0;                                            // of the window
  NameCode country = kNoName, region = kNoName, owner = kNoName;  // codes of CustomerNames
  uint32_t company_size = kNoCount, products = kNoCount;

  ColumnDay first_order = kNoDay, last_order = kNoDay, last_visit = kNoDay, last_contact = kNoDay;
  uint16_t purchase_days = 0, purchase_days_window = 0;

  // The consent in force: the latest by time. Its time is kept in 48 bits, enough for any event.
  uint32_t consent_at_low = 0;
  int16_t consent_at_high = 0;
  ColumnDay consent_until = kNoDay;  // kNoDay: without end
  ColumnConsent consent = ColumnConsent::kAbsent;

  ColumnKind kind = ColumnKind::kAbsent;
  ColumnFlag key_account = ColumnFlag::kAbsent;
  uint8_t satisfaction = kNoRating, referral = kNoRating, bonding = kNoRating;
  bool live = false;  // false for a row that belongs to nobody

  TimeMs consent_at() const { return TimeMs{(int64_t{consent_at_high} << 32) | consent_at_low}; }
  void set_consent_at(TimeMs at) {
    consent_at_low = static_cast<uint32_t>(at.since_epoch);
    consent_at_high = static_cast<int16_t>(at.since_epoch >> 32);
  }
};

struct alignas(64) CustomerRow : CustomerFigures {
  History history;
};
static_assert(sizeof(CustomerRow) == 128, "two cache lines");

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CUSTOMER_ROW_H_
