// The sums of a customer over its orders, returns and costs: of all time, and of windows that end
// today.
//
// A sum is counted up and down by shares, so that an event costs the same whatever came before it
// and a day takes away exactly what leaves a window. A share is that of one entry, or of all
// entries of a day together, which is the same: what looks ahead many days (foresight.h) adds a
// history up by days once.
//
// Thread safety: plain values, pure functions; a history needs the book's lookup, scan or write
// lock.

#ifndef KUNDIG_ENGINE_CUSTOMER_SUMS_H_
#define KUNDIG_ENGINE_CUSTOMER_SUMS_H_

#include <cstdint>
#include <map>
#include <vector>

#include "engine/customer_row.h"
#include "engine/history_entry.h"
#include "engine/rules.h"
#include "engine/units.h"

namespace kundig::engine {

// Whether the sums of a customer are made of such entries, which then have a day to be remembered.
constexpr bool CountsInSums(EntryKind kind) {
  return kind == EntryKind::kOrder || kind == EntryKind::kReturn || kind == EntryKind::kCost;
}

struct SumsShare {
  int64_t revenue = 0, margin = 0, costs = 0;
  int64_t items = 0;
  uint32_t orders = 0;
};

// Of an order, return or cost.
inline SumsShare ShareOf(const HistoryEntry& entry) {
  SumsShare share;
  if (entry.kind == EntryKind::kCost) {
    share.costs = entry.amount.units;
    return share;
  }
  const bool is_order = entry.kind == EntryKind::kOrder;
  const int64_t direction = is_order ? 1 : -1;
  share.revenue = direction * entry.amount.units;
  share.margin = entry.margin ? direction * entry.margin->units : 0;
  if (is_order) {
    share.items = entry.items;
    share.orders = 1;
  }
  return share;
}

inline bool InWindow(Day day, Day today, int32_t window_days) {
  return day <= today && (window_days == 0 || today - day < window_days);
}

// Adds the share of a day to the sums, or takes it away (sign -1).
inline void CountSums(CustomerFigures* figures, Day day, const SumsShare& share,
                      const RuleSettings& rules, Day today, int sign) {
  if (day > today) return;
  CustomerFigures& c = *figures;
  const int64_t revenue = sign * share.revenue, margin = sign * share.margin;
  const uint32_t orders = static_cast<uint32_t>(sign) * share.orders;  // wraps around to take away

  c.costs_total += sign * share.costs;
  c.orders_total += orders;
  c.revenue_total += revenue;
  c.margin_total += margin;
  if (InWindow(day, today, rules.rfm.window_days)) {
    c.orders += orders;
    c.revenue += revenue;
    c.margin += margin;
    c.items += static_cast<uint64_t>(sign * share.items);
  }
  if (InWindow(day, today, rules.abc.window_days)) {
    c.abc_value += rules.abc.measure == AbcMeasure::kRevenue ? revenue : margin;
  }
  const int32_t age_days = today - day;
  if (age_days < rules.phase.span_days) {
    c.recent += revenue;
  } else if (age_days < 2 * rules.phase.span_days) {
    c.before += revenue;
  }
}

// The windows that sums are over, ascending, each once; 0 is all history.
std::vector<int32_t> WindowsOf(const Rules& rules);

// The sums of a customer from its history.
void RecomputeSums(const History& history, const RuleSettings& rules, Day today,
                   CustomerFigures* figures);

using SharesByDay = std::map<Day, SumsShare>;
SharesByDay AddUpByDay(const History& history);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CUSTOMER_SUMS_H_
