// The half of a shard that adds up: what an entry does to the measures of its customer, and what a
// day does.

#include <algorithm>
#include <limits>

#include "engine/check.h"
#include "engine/customer_sums.h"
#include "engine/lead_table.h"
#include "engine/shard.h"

namespace kundig::engine {
namespace {

int32_t LongestWindow(const Rules& rules) {
  const RuleSettings& settings = rules.settings();
  return std::max(
      {settings.rfm.window_days, settings.abc.window_days, 2 * settings.phase.span_days});
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

// What a purchase on a day that had none does to the days of phases; `c` has the others.
void AddPurchaseDay(CustomerRow* c, ColumnDay day, const RuleSettings& rules) {
  // Before the first one, or where the last long gap is or others before it were.
  const bool moves_gaps =
      c->come_back == kNoDay ? day < c->first_order : c->first_order < day && day < c->come_back;
  if (moves_gaps) {
    SettlePurchases(c->history, rules, c);
    return;
  }
  if (c->last_order != kNoDay && day - c->last_order >= rules.activity.inactive_after) {
    c->come_back = day;
  }
  const auto follow = [day](ColumnDay notice, ColumnDay* back) {
    if (notice != kNoDay && day > notice && (*back == kNoDay || day < *back)) *back = day;
  };
  follow(c->notice, &c->back_after_notice);
  follow(c->older_notice, &c->back_after_older);
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
      const bool is_first = c.first_order == kNoDay || day < c.first_order;
      if (new_day) AddPurchaseDay(&c, day, context.rules->settings());
      if (is_first) c.first_order = day;
      c.last_order = std::max(c.last_order, day);
      if (is_first && c.last_contact != kNoDay) {
        SettleContacts(c.history, c.first_order, context.rules->settings(), &c);
      }
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
      SettleContacts(c.history, c.first_order, context.rules->settings(), &c);
      if (c.lead_opened != kNoDay && c.lead_opened <= c.last_contact) {
        c.lead_opened = context.leads->FirstOpenedAfter(c.customer(), c.last_contact);
      }
      return;
    case EntryKind::kConsent:
      SettleConsent(&c, entry);
      return;
    case EntryKind::kTermination:
      SettleNotices(c.history, &c);
      SettlePurchases(c.history, context.rules->settings(), &c);
      return;
    case EntryKind::kComplaint:
      SettleComplaints(c.history, &c);
      return;
    case EntryKind::kServiceRequest:
      SettleService(c.history, context.rules->settings(), &c);
      return;
    case EntryKind::kLatePayment:
      SettlePayments(c.history, context.rules->settings(), &c);
      return;
    case EntryKind::kCost:
      break;
  }
  CountSums(&c, entry.day, ShareOf(entry), context.rules->settings(), context.today, 1);
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
  SettleSigns(c.history, c.first_order, rules.settings(), &c);
  RememberDaysOf(at, rules, today);
}

void Shard::Subtract(CustomerRow* row, const HistoryEntry& entry, const ApplyContext& context) {
  // The sums first: the entry may point into the history.
  const bool is_order = entry.kind == EntryKind::kOrder;
  const Day day = entry.day;
  if (CountsInSums(entry.kind)) {
    CountSums(row, day, ShareOf(entry), context.rules->settings(), context.today, -1);
  }
  row->history.Remove(entry);
  if (entry.kind == EntryKind::kReturn) --returns_;
  if (!is_order) return;
  --orders_;
  if (row->history.OrdersOn(day) > 0) return;
  --row->purchase_days;
  SettlePurchases(row->history, context.rules->settings(), row);
  if (InWindow(day, context.today, context.rules->settings().rfm.window_days)) {
    --row->purchase_days_window;
  }
}

void Shard::SettleDays(CustomerRow* row, const Rules& rules) {
  const auto days = row->history.OrderDays();
  const ColumnDay first_order = days ? ToColumn(days->first) : kNoDay;
  row->last_order = days ? ToColumn(days->second) : kNoDay;
  if (first_order == row->first_order) return;
  row->first_order = first_order;
  if (row->last_contact == kNoDay) return;
  SettleContacts(row->history, first_order, rules.settings(), row);
}

const CustomerFigures& Shard::FiguresOn(uint32_t at, const Rules& rules, Day today,
                                        CustomerFigures* room) const {
  const CustomerRow& own = row(at);
  if (settled_ == today) return own;
  *room = own;
  RecomputeSums(own.history, rules.settings(), today, room);
  return *room;
}

const CustomerFigures& Shard::FiguresBy(uint32_t at, const Rules& rules, Day today,
                                        CustomerFigures* room) const {
  const CustomerRow& own = row(at);
  *room = own;
  RecomputeSums(own.history, rules.settings(), today, room);
  SettleSigns(own.history, own.first_order, rules.settings(), room);
  return *room;
}

void Shard::RememberDay(uint32_t row, EntryKind kind, Day day, const Rules& rules, Day today) {
  if (kind == EntryKind::kCost) {
    // Of all time from its day on: it leaves no window.
    if (day <= today) return;
    ++logged_costs_;
  }
  if (day <= today - LongestWindow(rules)) return;  // it can leave no window any more
  rows_on_day_.Add(row, ToColumn(day));
}

void Shard::RememberDaysOf(uint32_t at, const Rules& rules, Day today) {
  row(at).history.ForEach([&](const HistoryEntry& entry) {
    if (CountsInSums(entry.kind)) RememberDay(at, entry.kind, entry.day, rules, today);
  });
}

void Shard::TidyDays(const Rules& rules, Day today) {
  rows_on_day_.Clear();
  logged_costs_ = 0;
  for (uint32_t at = 0; at < rows_; ++at) {
    if (row(at).live) RememberDaysOf(at, rules, today);
  }
}

std::vector<uint32_t> Shard::RowsToRoll(const Rules& rules, Day before, Day today) {
  std::vector<DayLog::Days> spans;
  const auto add = [&](Day first, Day last) {
    if (last < kFirstDay) return;
    spans.push_back({ToColumn(std::max(first, kFirstDay)), ToColumn(last)});
  };
  add(before + 1, today);  // what arrives
  for (const int32_t days : WindowsOf(rules)) {
    if (days > 0) add(before - days + 1, today - days);  // what leaves
  }
  std::vector<uint32_t> rows = rows_on_day_.RowsOn(spans);
  std::erase_if(rows, [this](uint32_t at) { return !row(at).live; });
  const Day first_kept = today - LongestWindow(rules) + 1;
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
  logged_costs_ = 0;
  settled_ = today;
  for (uint32_t at = 0; at < rows_; ++at) {
    CustomerRow& row = RowAt(at);
    if (!row.live) continue;
    RecomputeSums(row.history, rules.settings(), today, &row);
    SettleSigns(row.history, row.first_order, rules.settings(), &row);
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
