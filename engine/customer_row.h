// Everything about one customer but its history, in three cache lines: the truth that lookups read.
// The first has what only phase and risks need (customer_signs.h), so that most scans and events
// leave it alone.
//
// Absent values have a mark of their own (see below), so that every field is one number.
//
// Thread safety: reading needs the book's lookup, scan or write lock, writing the write lock.

#ifndef KUNDIG_ENGINE_CUSTOMER_ROW_H_
#define KUNDIG_ENGINE_CUSTOMER_ROW_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "engine/column_day.h"
#include "engine/customer_signs.h"
#include "engine/dictionary.h"
#include "engine/event.h"
#include "engine/history.h"
#include "engine/units.h"

namespace kundig::engine {

inline constexpr uint32_t kNoCount = UINT32_MAX;
inline constexpr int64_t kNoPotential = -1;
inline constexpr uint8_t kNoRating = UINT8_MAX;

enum class ColumnKind : uint8_t { kAbsent, kConsumer, kBusiness };
enum class ColumnFlag : uint8_t { kAbsent, kFalse, kTrue };
enum class ColumnConsent : uint8_t { kAbsent, kGranted, kWithdrawn };

// A value class in two bits, 0 = none.
using ClassCode = uint8_t;
inline constexpr ClassCode kNoClass = 0;
inline constexpr ClassCode kClassCodes = 3;  // a mask

constexpr ClassCode ToCode(ValueClass value_class) {
  return static_cast<ClassCode>(static_cast<ClassCode>(value_class) + 1);
}
constexpr std::optional<ValueClass> OptionalClass(ClassCode code) {
  if (code == kNoClass) return std::nullopt;
  return static_cast<ValueClass>(code - 1);
}

// Measures and attributes. Orders dated tomorrow count in the days, and in no sum before their day
// has come.
struct CustomerFigures : CustomerSigns {
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

  // The consent in force: the latest by time. kNoDay: without end.
  ColumnDay consent_until = kNoDay;
  ColumnConsent consent = ColumnConsent::kAbsent;

  ColumnKind kind = ColumnKind::kAbsent;
  ColumnFlag key_account = ColumnFlag::kAbsent;
  uint8_t satisfaction = kNoRating, referral = kNoRating, bonding = kNoRating;
  bool live : 1 = false;  // false for a row that belongs to nobody
  // The value class that a person set, and the one at the last day close where the rules remember
  // it.
  ClassCode pinned_class : 2 = kNoClass;
  ClassCode closed_class : 2 = kNoClass;
};

// An id of usual length, padded with zeros, so that comparing needs no loop and no branch: a call
// of memcmp reads 32 bytes at once, and behind a row that is a cache line nobody asked for. `bytes`
// is 0 for a longer id.
struct ShortId {
  static constexpr size_t kMaxBytes = 14;

  uint8_t bytes = 0;
  std::array<char, kMaxBytes> text{};

  ShortId() = default;
  explicit ShortId(std::string_view id) {
    if (id.size() > kMaxBytes) return;
    bytes = static_cast<uint8_t>(id.size());
    std::copy(id.begin(), id.end(), text.begin());
  }
  friend bool operator==(const ShortId& a, const ShortId& b) {
    return std::memcmp(&a, &b, sizeof(ShortId)) == 0;
  }
};

static_assert(std::has_unique_object_representations_v<ShortId>, "compared byte by byte");

// A short id lies in the row, so that a lookup reads nothing else; a longer one at the head of the
// history.
struct alignas(64) CustomerRow : CustomerFigures {
  ShortId short_id;
  History history;

  std::string_view customer() const {
    return short_id.bytes > 0 ? std::string_view(short_id.text.data(), short_id.bytes)
                              : history.customer();
  }
  // `as_short` is ShortId(customer).
  bool BelongsTo(std::string_view customer, const ShortId& as_short) const {
    return short_id == as_short && (as_short.bytes > 0 || history.customer() == customer);
  }
  // Makes it the row of this customer, of whom nothing is known.
  void BeginWith(std::string_view customer) {
    live = true;
    short_id = ShortId(customer);
    history = History(short_id.bytes > 0 ? std::string_view() : customer);
  }
};
static_assert(sizeof(CustomerRow) == 192, "three cache lines");

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CUSTOMER_ROW_H_
