// The half of a shard that adds up: what an entry does to the measures of its customer, and what a
// day does.

#include <algorithm>
#include <limits>

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
  // Orders mostly lie in the order of time; then a day is new where it is later than the last one.
  uint16_t days_in_order = 0;
  Day latest = kDayBeforeFirst;
  bool in_order = true;
  history.ForEach([&](const HistoryEntry& entry) {
    if (entry.kind != EntryKind::kOrder && entry.kind != EntryKind::kReturn) return;
    CountSums(&c, entry, rules, today, 1);
    if (entry.kind != EntryKind::kOrder) return;
    if (!InWindow(entry.day, today, rules.rfm.window_days)) return;
    in_order = in_order && entry.day >= latest;
    if (entry.day > latest) ++days_in_order;
    latest = std::max(latest, entry.day);
  });
  c.purchase_days_window = in_order ? days_in_order : DaysInWindow(history, rules, today);
}

// Puts the consent of this entry into force.
void PutConsent(CustomerRow* row, const HistoryEntry& entry) {
  row->consent =
      entry.consent == ConsentState::kGranted ? ColumnConsent::kGranted : ColumnConsent::kWithdrawn;
  // A last day behind the columns' range is as good as none, one before it has passed.
  ColumnDay until = kNoDay;
  if (entry.until && *entry.until <= kLastDay) until = ToColumn(std::max(*entry.until, kFirstDay));
  row->consent_until = until;
}

// The latest by time is in force; of those with one time the one that came last.
void SettleConsent(CustomerRow* row, const HistoryEntry& entry) {
  if (entry.at >= row->history.LatestConsent()) PutConsent(row, entry);
}

// Distinct days with an order, counted by sorting.
uint16_t OrderDaysOf(const History& history) {
  std::vector<Day> days;
  history.ForEach([&](const HistoryEntry& entry) {
    if (entry.kind == EntryKind::kOrder) days.push_back(entry.day);
  });
  std::sort(days.begin(), days.end());
  return static_cast<uint16_t>(std::unique(days.begin(), days.end()) - days.begin());
}

}  // namespace

void Shard::AddUp(uint32_t at, const HistoryEntry& entry, const ApplyContext& context) {
  CustomerRow& c = RowAt(at);
  const ColumnDay day = ToColumn(entry.day);
  switch (entry.kind) {
    case EntryKind::kOrder: {
      ++orders_;
      // Orders mostly come in the order of time: then the days of the first and the last say it.
      const bool known_day = day == c.last_order || day == c.first_order;
      const bool new_day = !known_day && (day > c.last_order || c.history.OrdersOn(entry.day) == 1);
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
      SettleConsent(&c, entry);
      return;
    case EntryKind::kTermination:
    case EntryKind::kComplaint:
    case EntryKind::kServiceRequest:
    case EntryKind::kLatePayment:
    case EntryKind::kCost:
      return;
  }
  CountSums(&c, entry, context.rules->settings(), context.today, 1);
}

void Shard::MeasureAll(uint32_t at, const Rules& rules, Day today) {
  CustomerRow& c = RowAt(at);
  RecomputeSums(c.history, rules.settings(), today, &c);
  bool in_order = true;
  TimeMs latest_consent{std::numeric_limits<int64_t>::min()};
  c.history.ForEach([&](const HistoryEntry& entry) {
    const ColumnDay day = ToColumn(entry.day);
    switch (entry.kind) {
      case EntryKind::kOrder:
        ++orders_;
        in_order = in_order && day >= c.last_order;
        if (day > c.last_order) ++c.purchase_days;
        c.first_order = c.first_order == kNoDay ? day : std::min(c.first_order, day);
        c.last_order = std::max(c.last_order, day);
        break;
      case EntryKind::kReturn:
        ++returns_;
        break;
      case EntryKind::kVisit:
        c.last_visit = std::max(c.last_visit, day);
        break;
      case EntryKind::kContact:
        c.last_contact = std::max(c.last_contact, day);
        break;
      case EntryKind::kConsent:
        if (entry.at >= latest_consent) PutConsent(&c, entry);
        latest_consent = std::max(latest_consent, entry.at);
        break;
      case EntryKind::kTermination:
      case EntryKind::kComplaint:
      case EntryKind::kServiceRequest:
      case EntryKind::kLatePayment:
      case EntryKind::kCost:
        break;
    }
  });
  if (!in_order) c.purchase_days = OrderDaysOf(c.history);
  RememberDaysOf(at, rules, today);
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
  rows_on_day_.Add(row, ToColumn(day));
}

void Shard::RememberDaysOf(uint32_t at, const Rules& rules, Day today) {
  row(at).history.ForEach([&](const HistoryEntry& entry) {
    if (entry.kind == EntryKind::kOrder || entry.kind == EntryKind::kReturn) {
      RememberDay(at, entry.day, rules, today);
    }
  });
}

void Shard::TidyDays(const Rules& rules, Day today) {
  rows_on_day_.Clear();
  for (uint32_t at = 0; at < rows_; ++at) {
    if (row(at).live) RememberDaysOf(at, rules, today);
  }
}

std::vector<uint32_t> Shard::RowsToRoll(const Rules& rules, Day before, Day today) {
  const int32_t rfm = rules.settings().rfm.window_days, abc = rules.settings().abc.window_days;
  std::vector<DayLog::Days> spans;
  const auto add = [&](Day first, Day last) {
    if (last < kFirstDay) return;
    spans.push_back({ToColumn(std::max(first, kFirstDay)), ToColumn(last)});
  };
  add(before + 1, today);  // what arrives
  if (rfm > 0) add(before - rfm + 1, today - rfm);
  if (abc > 0 && abc != rfm) add(before - abc + 1, today - abc);
  std::vector<uint32_t> rows = rows_on_day_.RowsOn(spans);
  std::erase_if(rows, [this](uint32_t at) { return !row(at).live; });
  const Day first_kept = today - std::max(rfm, abc) + 1;
  if (first_kept > kFirstDay) rows_on_day_.Forget(ToColumn(first_kept), ToColumn(today));
  return rows;
}

void Shard::PrefetchRows(std::span<const uint32_t> rows) const {
  for (const uint32_t at : rows) PrefetchLinesOf(at);
  for (const uint32_t at : rows) PrefetchWritesOf(at);
}

void Shard::RollRows(std::span<const uint32_t> rows, const ApplyContext& context) {
  for (const uint32_t at : rows) {
    CustomerRow& row = RowAt(at);
    const RankedValues before = RankedOf(row, context.rules->settings().rfm);
    RecomputeSums(row.history, context.rules->settings(), context.today, &row);
    Store(at, EntryKind::kOrder, before, context);
  }
}

void Shard::StoreClosedClasses(std::span<const ClosedClass> classes) {
  for (const ClosedClass& closed : classes) {
    RowAt(closed.row).closed_class = closed.value_class & kClassCodes;
    BlockOf(closed.row).StoreClosedClass(closed.row % kBlockRows);
  }
}

void Shard::Recompute(const Rules& rules, Day today, RankCounts* counts) {
  rows_on_day_.Clear();
  settled_ = today;
  for (uint32_t at = 0; at < rows_; ++at) {
    CustomerRow& row = RowAt(at);
    if (!row.live) continue;
    RecomputeSums(row.history, rules.settings(), today, &row);
    BlockOf(at).StoreMeasures(at % kBlockRows);
    if (rules.settings().value.between == Between::kReview && row.closed_class != kNoClass) {
      row.closed_class = kNoClass;  // the next close will not renew it
      BlockOf(at).StoreClosedClass(at % kBlockRows);
    }
    counts->Add(RankedOf(row, rules.settings().rfm));
    RememberDaysOf(at, rules, today);
  }
}

}  // namespace kundig::engine
