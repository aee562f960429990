#include "engine/customer_sums.h"

#include <algorithm>

#include "engine/history.h"

namespace kundig::engine {
namespace {

// Distinct days with an order, counted by sorting.
uint16_t DaysInWindow(const History& history, const RuleSettings& rules, Day today) {
  std::vector<Day> days;
  history.ForEach([&](const HistoryEntry& entry) {
    if (entry.kind == EntryKind::kOrder && InWindow(entry.day, today, rules.rfm.window_days)) {
      days.push_back(entry.day);
    }
  });
  std::sort(days.begin(), days.end());
  return static_cast<uint16_t>(std::unique(days.begin(), days.end()) - days.begin());
}

}  // namespace

std::vector<int32_t> WindowsOf(const Rules& rules) {
  const RuleSettings& settings = rules.settings();
  std::vector<int32_t> windows = {settings.rfm.window_days, settings.abc.window_days,
                                  settings.phase.span_days, 2 * settings.phase.span_days};
  std::sort(windows.begin(), windows.end());
  windows.erase(std::unique(windows.begin(), windows.end()), windows.end());
  return windows;
}

void RecomputeSums(const History& history, const RuleSettings& rules, Day today,
                   CustomerFigures* figures) {
  CustomerFigures& c = *figures;
  c.orders_total = 0;
  c.revenue_total = 0;
  c.margin_total = 0;
  c.orders = 0;
  c.revenue = 0;
  c.margin = 0;
  c.items = 0;
  c.abc_value = 0;
  c.recent = 0;
  c.before = 0;
  c.costs_total = 0;
  // Orders mostly lie in the order of time; then a day is new where it is later than the last one.
  uint16_t days_in_order = 0;
  Day latest = kDayBeforeFirst;
  bool in_order = true;
  history.ForEach([&](const HistoryEntry& entry) {
    if (!CountsInSums(entry.kind)) return;
    CountSums(&c, entry.day, ShareOf(entry), rules, today, 1);
    if (entry.kind != EntryKind::kOrder) return;
    if (!InWindow(entry.day, today, rules.rfm.window_days)) return;
    in_order = in_order && entry.day >= latest;
    if (entry.day > latest) ++days_in_order;
    latest = std::max(latest, entry.day);
  });
  c.purchase_days_window = in_order ? days_in_order : DaysInWindow(history, rules, today);
}

SharesByDay AddUpByDay(const History& history) {
  SharesByDay shares;
  // Entries mostly lie in the order of time: most often the day is that of the one before.
  auto at = shares.end();
  history.ForEach([&](const HistoryEntry& entry) {
    if (!CountsInSums(entry.kind)) return;
    if (at == shares.end() || at->first != entry.day) at = shares.try_emplace(entry.day).first;
    const SumsShare share = ShareOf(entry);
    SumsShare& day = at->second;
    day.revenue += share.revenue;
    day.margin += share.margin;
    day.costs += share.costs;
    day.items += share.items;
    day.orders += share.orders;
  });
  return shares;
}

}  // namespace kundig::engine
