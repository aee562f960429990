// The half of a shard that adds up: what an entry does to the measures of its customer, and what a
// day does.

#include <algorithm>

#include "engine/check.h"
#include "engine/shard.h"

namespace kundig::engine {
namespace {

bool InWindow(Day day, Day today, int32_t window_days) {
  return day <= today && (window_days == 0 || today - day < window_days);
}

}  // namespace

void Shard::AddUp(uint32_t row, const HistoryEntry& entry, const ApplyContext& context) {
  CustomerColumns& c = columns_;
  const ColumnDay day = ToColumn(entry.day);
  switch (entry.kind) {
    case EntryKind::kOrder:
      ++orders_;
      c.first_order[row] = c.first_order[row] == kNoDay ? day : std::min(c.first_order[row], day);
      c.last_order[row] = std::max(c.last_order[row], day);
      if (histories_[row]->OrdersOn(entry.day) == 1) {
        ++c.purchase_days[row];
        if (InWindow(entry.day, context.today, context.rules->settings().rfm.window_days)) {
          ++c.purchase_days_window[row];
        }
      }
      break;
    case EntryKind::kReturn:
      ++returns_;
      break;
    case EntryKind::kVisit:
      c.last_visit[row] = std::max(c.last_visit[row], day);
      return;
    case EntryKind::kContact:
      c.last_contact[row] = std::max(c.last_contact[row], day);
      return;
    case EntryKind::kConsent:
      SettleConsent(row, entry);
      return;
  }
  CountSums(row, entry, context, 1);
  RememberDay(row, entry.day, *context.rules, context.today);
}

void Shard::Subtract(uint32_t row, const HistoryEntry& entry, const ApplyContext& context) {
  CustomerColumns& c = columns_;
  switch (entry.kind) {
    case EntryKind::kOrder:
      --orders_;
      if (histories_[row]->OrdersOn(entry.day) == 0) {
        --c.purchase_days[row];
        if (InWindow(entry.day, context.today, context.rules->settings().rfm.window_days)) {
          --c.purchase_days_window[row];
        }
      }
      break;
    case EntryKind::kReturn:
      --returns_;
      break;
    case EntryKind::kVisit:
    case EntryKind::kContact:
    case EntryKind::kConsent:
      return;  // these have no sums, and what takes their place has the same time
  }
  CountSums(row, entry, context, -1);
}

void Shard::CountSums(uint32_t row, const HistoryEntry& entry, const ApplyContext& context,
                      int sign) {
  if (entry.day > context.today) return;
  CustomerColumns& c = columns_;
  const RuleSettings& rules = context.rules->settings();
  const bool is_order = entry.kind == EntryKind::kOrder;
  const int64_t direction = is_order ? sign : -sign;
  const int64_t revenue = direction * entry.amount.units;
  const int64_t margin = entry.margin ? direction * entry.margin->units : 0;
  const auto one = static_cast<uint32_t>(is_order ? sign : 0);  // wraps around to take away

  c.orders_total[row] += one;
  c.revenue_total[row] += revenue;
  c.margin_total[row] += margin;
  if (InWindow(entry.day, context.today, rules.rfm.window_days)) {
    c.orders[row] += one;
    c.revenue[row] += revenue;
    c.margin[row] += margin;
    if (is_order) c.items[row] += static_cast<uint64_t>(int64_t{sign} * int64_t{entry.items});
  }
  if (InWindow(entry.day, context.today, rules.abc.window_days)) {
    c.abc_value[row] += rules.abc.measure == AbcMeasure::kRevenue ? revenue : margin;
  }
}

// The latest by time is in force. One that takes another's place has the same time, so what is in
// force never has to be looked for.
void Shard::SettleConsent(uint32_t row, const HistoryEntry& entry) {
  CustomerColumns& c = columns_;
  if (c.consent[row] != ColumnConsent::kAbsent && entry.at.since_epoch < c.consent_at[row]) return;
  c.consent_at[row] = entry.at.since_epoch;
  c.consent[row] =
      entry.consent == ConsentState::kGranted ? ColumnConsent::kGranted : ColumnConsent::kWithdrawn;
  // A last day behind the columns' range is as good as none, one before it has passed.
  ColumnDay until = kNoDay;
  if (entry.until && *entry.until <= kLastDay) until = ToColumn(std::max(*entry.until, kFirstDay));
  c.consent_until[row] = until;
}

void Shard::SettleDays(uint32_t row) {
  const auto days = histories_[row]->OrderDays();
  columns_.first_order[row] = days ? ToColumn(days->first) : kNoDay;
  columns_.last_order[row] = days ? ToColumn(days->second) : kNoDay;
}

void Shard::RecomputeSums(uint32_t row, const Rules& rules, Day today) {
  CustomerColumns& c = columns_;
  c.orders_total[row] = 0;
  c.revenue_total[row] = 0;
  c.margin_total[row] = 0;
  c.orders[row] = 0;
  c.revenue[row] = 0;
  c.margin[row] = 0;
  c.items[row] = 0;
  c.abc_value[row] = 0;
  ApplyContext context;
  context.rules = &rules;
  context.today = today;
  std::vector<Day> days;
  histories_[row]->ForEach([&](const HistoryEntry& entry) {
    if (entry.kind != EntryKind::kOrder && entry.kind != EntryKind::kReturn) return;
    CountSums(row, entry, context, 1);
    if (entry.kind == EntryKind::kOrder &&
        InWindow(entry.day, today, rules.settings().rfm.window_days)) {
      days.push_back(entry.day);
    }
  });
  std::sort(days.begin(), days.end());
  c.purchase_days_window[row] =
      static_cast<uint16_t>(std::unique(days.begin(), days.end()) - days.begin());
}

void Shard::RememberDay(uint32_t row, Day day, const Rules& rules, Day today) {
  const int32_t longest =
      std::max(rules.settings().rfm.window_days, rules.settings().abc.window_days);
  if (day <= today - longest) return;  // it can leave no window any more
  if (rows_on_day_.empty()) {
    first_kept_day_ = static_cast<ColumnDay>(std::max(0, ToColumn(today) - longest));
  }
  const auto place = static_cast<size_t>(ToColumn(day) - first_kept_day_);
  if (place >= rows_on_day_.size()) rows_on_day_.resize(place + 1);
  std::vector<uint32_t>& rows = rows_on_day_[place];
  if (rows.empty() || rows.back() != row) rows.push_back(row);
}

void Shard::Roll(const Rules& rules, Day before, Day today, uint64_t sequence) {
  std::vector<uint32_t> rows;
  const auto collect = [&](Day after, Day through) {
    for (Day day = after + 1; day <= through; day = day + 1) {
      if (day < FromColumn(first_kept_day_)) continue;
      const auto place = static_cast<size_t>(day - FromColumn(first_kept_day_));
      if (place >= rows_on_day_.size()) break;
      rows.insert(rows.end(), rows_on_day_[place].begin(), rows_on_day_[place].end());
    }
  };
  collect(before, today);
  int32_t longest = 0;
  for (const int32_t window :
       {rules.settings().rfm.window_days, rules.settings().abc.window_days}) {
    if (window > 0) collect(before - window, today - window);
    longest = std::max(longest, window);
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  for (const uint32_t row : rows) {
    if (columns_.live[row] == 0) continue;
    RecomputeSums(row, rules, today);
    columns_.changed_at[row] = sequence;
  }
  const int32_t gone = today - longest - FromColumn(first_kept_day_) + 1;
  if (gone > 0 && !rows_on_day_.empty()) {
    const auto days = std::min(static_cast<size_t>(gone), rows_on_day_.size());
    rows_on_day_.erase(rows_on_day_.begin(), rows_on_day_.begin() + static_cast<ptrdiff_t>(days));
    first_kept_day_ = static_cast<ColumnDay>(first_kept_day_ + days);
  }
}

void Shard::Recompute(const Rules& rules, Day today) {
  rows_on_day_.clear();
  for (uint32_t row = 0; row < columns_.size(); ++row) {
    if (columns_.live[row] == 0) continue;
    RecomputeSums(row, rules, today);
    histories_[row]->ForEach([&](const HistoryEntry& entry) {
      if (entry.kind == EntryKind::kOrder || entry.kind == EntryKind::kReturn) {
        RememberDay(row, entry.day, rules, today);
      }
    });
  }
}

}  // namespace kundig::engine
