// The columns of the customers of one shard: what scans read, one narrow vector for each measure
// and attribute.
//
// A row that is free has no history and is false in `live`. Absent values have a mark of their own
// in each column (see below), so that a column is one vector.
//
// Thread safety: reading needs the book's lookup, scan or write lock, writing the write lock.

#ifndef KUNDIG_ENGINE_CUSTOMER_COLUMNS_H_
#define KUNDIG_ENGINE_CUSTOMER_COLUMNS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/dictionary.h"
#include "engine/event.h"
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

struct CustomerColumns {
  std::vector<uint8_t> live;

  // Measures of all time. Orders dated tomorrow count in the days, and in no sum before their day
  // has come.
  std::vector<ColumnDay> first_order, last_order, last_visit, last_contact;
  std::vector<uint16_t> purchase_days;
  std::vector<uint32_t> orders_total;
  std::vector<int64_t> revenue_total, margin_total;

  // Measures of the window rfm.window_days.
  std::vector<uint32_t> orders;
  std::vector<uint16_t> purchase_days_window;
  std::vector<int64_t> revenue, margin;
  std::vector<uint64_t> items;
  // The measure of ABC over abc.window_days.
  std::vector<int64_t> abc_value;

  // Attributes; names are codes of CustomerNames.
  std::vector<ColumnKind> kind;
  std::vector<ColumnFlag> key_account;
  std::vector<NameCode> country, region, owner;
  std::vector<uint32_t> company_size, products;
  std::vector<int64_t> potential;
  std::vector<uint8_t> satisfaction, referral, bonding;

  // The consent in force: the latest by time.
  std::vector<ColumnConsent> consent;
  std::vector<ColumnDay> consent_until;  // kNoDay: without end
  std::vector<int64_t> consent_at;       // its time, with consent only

  // journal_sequence of the last entry that changed this customer's figures.
  std::vector<uint64_t> changed_at;

  uint32_t size() const { return static_cast<uint32_t>(live.size()); }
  // Appends a free row.
  void Grow();
  // Makes the row that of a customer of whom nothing is known.
  void Clear(uint32_t row);

  template <typename Function>
  void ForEachColumn(Function&& function) {
    function(live, uint8_t{0});
    function(first_order, kNoDay);
    function(last_order, kNoDay);
    function(last_visit, kNoDay);
    function(last_contact, kNoDay);
    function(purchase_days, uint16_t{0});
    function(orders_total, uint32_t{0});
    function(revenue_total, int64_t{0});
    function(margin_total, int64_t{0});
    function(orders, uint32_t{0});
    function(purchase_days_window, uint16_t{0});
    function(revenue, int64_t{0});
    function(margin, int64_t{0});
    function(items, uint64_t{0});
    function(abc_value, int64_t{0});
    function(kind, ColumnKind::kAbsent);
    function(key_account, ColumnFlag::kAbsent);
    function(country, kNoName);
    function(region, kNoName);
    function(owner, kNoName);
    function(company_size, kNoCount);
    function(products, kNoCount);
    function(potential, kNoPotential);
    function(satisfaction, kNoRating);
    function(referral, kNoRating);
    function(bonding, kNoRating);
    function(consent, ColumnConsent::kAbsent);
    function(consent_until, kNoDay);
    function(consent_at, int64_t{0});
    function(changed_at, uint64_t{0});
  }
};

inline void CustomerColumns::Grow() {
  ForEachColumn([](auto& column, auto absent) { column.push_back(absent); });
}

inline void CustomerColumns::Clear(uint32_t row) {
  ForEachColumn([row](auto& column, auto absent) { column[row] = absent; });
}

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CUSTOMER_COLUMNS_H_
