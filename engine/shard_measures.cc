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

// Adds an order's or return's share in the sums, or takes it away (sign -1).
void CountSums(CustomerFigures* figures, const HistoryEntry& entry, const RuleSettings& rules,
               Day today, int sign) {
  if (entry.day > today) return;
  CustomerFigures& c = *figures;
  const bool is_order = entry.kind == EntryKind::kOrder;
  const int64_t direction = is_order ? sign : -sign;
  const int64_t revenue = direction * entry.amount.units;
  const int64_t margin = entry.margin ? direction * entry.margin->units : 0;
  const auto one = static_cast<uint32_t>(is_order ? sign : 0);  // wraps around to take away

  c.orders_total += one;
  c.revenue_total += revenue;
  c.margin_total += margin;
  if (InWindow(entry.day, today, rules.rfm.window_days)) {
    c.orders += one;
    c.revenue += revenue;
    c.margin += margin;
    if (is_order) c.items += static_cast<uint64_t>(int64_t{sign} * int64_t{entry.items});
  }
  if (InWindow(entry.day, today, rules.abc.window_days)) {
    c.abc_value += rules.abc.measure == AbcMeasure::kRevenue ? revenue : margin;
  }
}

// The sums of a customer from its history.
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
  std::vector<Day> days;
  history.ForEach([&](const HistoryEntry& entry) {
    if (entry.kind != EntryKind::kOrder && entry.kind != EntryKind::kReturn) return;
    CountSums(&c, entry, rules, today, 1);
    if (entry.kind == EntryKind::kOrder && InWindow(entry.day, today, rules.rfm.window_days)) {
      days.push_back(entry.day);
    }
  });
  std::sort(days.begin(), days.end());
  c.purchase_days_window =
      static_cast<uint16_t>(std::unique(days.begin(), days.end()) - days.begin());
}

// The latest by time is in force. One that takes another's place has the same time, so what is in
// force never has to be looked for.
void SettleConsent(CustomerRow* row, const HistoryEntry& entry) {
  if (row->consent != ColumnConsent::kAbsent && entry.at < row->consent_at()) return;
  row->set_consent_at(entry.at);
  row->consent =
      entry.consent == ConsentState::kGranted ? ColumnConsent::kGranted : ColumnConsent::kWithdrawn;
  // A last day behind the columns' range is as good as none, one before it has passed.
  ColumnDay until = kNoDay;
  if (entry.until && *entry.until <= kLastDay) until = ToColumn(std::max(*entry.until, kFirstDay));
  row->consent_until = until;
}

}  // namespace

void Shard::AddUp(CustomerRow* row, const HistoryEntry& entry, const ApplyContext& context) {
  CustomerRow& c = *row;
  const ColumnDay day = ToColumn(entry.day);
  switch (entry.kind) {
    case EntryKind::kOrder: {
      ++orders_;
      // Orders mostly come in the order of time: then the day is new without looking.
      const bool new_day = day > c.last_order || c.history.OrdersOn(entry.day) == 1;
      c.first_order = c.first_order == kNoDay ? day : std::min(c.first_order, day);
      c.last_order = std::max(c.last_order, day);
      if (new_day) {
        ++c.purchase_days;
        if (InWindow(entry.day, context.today, context.rules->settings().rfm.window_days)) {
          ++c.purchase_days_window;
        }
      }
      break;
    }
    case EntryKind::kReturn:
      ++returns_;
      break;
    case EntryKind::kVisit:
      c.last_visit = std::max(c.last_visit, day);
      return;
    case EntryKind::kContact:
      c.last_contact = std::max(c.last_contact, day);
      return;
    case EntryKind::kConsent:
      SettleConsent(row, entry);
      return;
  }
  CountSums(row, entry, context.rules->settings(), context.today, 1);
}

void Shard::Subtract(CustomerRow* row, const HistoryEntry& entry, const ApplyContext& context) {
  // The sums first: the entry may point into the history.
  const bool is_order = entry.kind == EntryKind::kOrder;
  const Day day = entry.day;
  if (is_order || entry.kind == EntryKind::kReturn) {
    CountSums(row, entry, context.rules->settings(), context.today, -1);
  }
  row->history.Remove(entry);
  if (entry.kind == EntryKind::kReturn) --returns_;
  if (!is_order) return;
  --orders_;
  if (row->history.OrdersOn(day) > 0) return;
  --row->purchase_days;
  if (InWindow(day, context.today, context.rules->settings().rfm.window_days)) {
    --row->purchase_days_window;
  }
}

void Shard::SettleDays(CustomerRow* row) {
  const auto days = row->history.OrderDays();
  row->first_order = days ? ToColumn(days->first) : kNoDay;
  row->last_order = days ? ToColumn(days->second) : kNoDay;
}

const CustomerFigures& Shard::FiguresOn(uint32_t at, const Rules& rules, Day today,
                                        CustomerFigures* room) const {
  const CustomerRow& own = row(at);
  if (settled_ == today) return own;
  *room = own;
  RecomputeSums(own.history, rules.settings(), today, room);
  return *room;
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

std::vector<uint32_t> Shard::RowsToRoll(const Rules& rules, Day before, Day today) {
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
  std::erase_if(rows, [this](uint32_t at) { return !row(at).live; });
  const int32_t gone = today - longest - FromColumn(first_kept_day_) + 1;
  if (gone > 0 && !rows_on_day_.empty()) {
    const auto days = std::min(static_cast<size_t>(gone), rows_on_day_.size());
    rows_on_day_.erase(rows_on_day_.begin(), rows_on_day_.begin() + static_cast<ptrdiff_t>(days));
    first_kept_day_ = static_cast<ColumnDay>(first_kept_day_ + days);
  }
  return rows;
}

void Shard::PrefetchRows(std::span<const uint32_t> rows) const {
  for (const uint32_t at : rows) {
    const auto* lines = reinterpret_cast<const char*>(&row(at));
    __builtin_prefetch(lines);
    __builtin_prefetch(lines + 64);
  }
  for (const uint32_t at : rows) {
    row(at).history.PrefetchEntries();
    block(at / kBlockRows).PrefetchMeasures(at % kBlockRows);
  }
}

void Shard::RollRows(std::span<const uint32_t> rows, const ApplyContext& context) {
  for (const uint32_t at : rows) {
    CustomerRow& row = RowAt(at);
    const RankedValues before = RankedOf(row, context.rules->settings().rfm);
    RecomputeSums(row.history, context.rules->settings(), context.today, &row);
    Store(at, EntryKind::kOrder, before, context);
  }
}

void Shard::Recompute(const Rules& rules, Day today, RankCounts* counts) {
  rows_on_day_.clear();
  settled_ = today;
  for (uint32_t at = 0; at < rows_; ++at) {
    CustomerRow& row = RowAt(at);
    if (!row.live) continue;
    RecomputeSums(row.history, rules.settings(), today, &row);
    BlockOf(at).StoreMeasures(at % kBlockRows);
    counts->Add(RankedOf(row, rules.settings().rfm));
    row.history.ForEach([&](const HistoryEntry& entry) {
      if (entry.kind == EntryKind::kOrder || entry.kind == EntryKind::kReturn) {
        RememberDay(at, entry.day, rules, today);
      }
    });
  }
}

}  // namespace kundig::engine
