#include "engine/block_scan.h"

#include <algorithm>
#include <limits>

#include "engine/scan_kernels.h"

namespace kundig::engine {
namespace {

// A range of values as a column has them; empty where low > high.
struct ValueRange {
  int64_t low, high;
  bool empty() const { return low > high; }
};

ValueRange Clamped(int64_t low, int64_t high, int64_t first, int64_t last) {
  return {std::max(low, first), std::min(high, last)};
}

template <typename T>
Selection InColumn(const Column<T>& column, int64_t low, int64_t high, int64_t first,
                   int64_t last) {
  const ValueRange range = Clamped(low, high, first, last);
  if (range.empty()) return Selection::None();
  return InRange(column, static_cast<T>(range.low), static_cast<T>(range.high));
}

// Days since 1970-01-01 as a range of ColumnDay.
ValueRange DayRange(int64_t low, int64_t high) {
  const int64_t before_first = kDayBeforeFirst.since_epoch;
  const ValueRange days = Clamped(low, high, kFirstDay.since_epoch, kLastDay.since_epoch);
  if (days.empty()) return {1, 0};
  return {days.low - before_first, days.high - before_first};
}

// The days for which low <= today - day <= high. Ages beyond the calendar are cut to it.
ValueRange DaysAgo(Day today, int64_t low, int64_t high) {
  constexpr int64_t kFar = 200'000;
  const int64_t youngest = std::clamp(low, -kFar, kFar), oldest = std::clamp(high, -kFar, kFar);
  if (low > high) return {1, 0};
  return DayRange(today.since_epoch - oldest, today.since_epoch - youngest);
}

Selection DayIn(const Column<ColumnDay>& column, const ValueRange& days) {
  return InColumn(column, days.low, days.high, 0, UINT16_MAX);
}

Selection LastActivityIn(const CustomerBlock& block, const ValueRange& days) {
  const ValueRange range = Clamped(days.low, days.high, 0, UINT16_MAX);
  if (range.empty()) return Selection::None();
  return LargerInRange(block.columns.last_order, block.columns.last_visit,
                       static_cast<uint16_t>(range.low), static_cast<uint16_t>(range.high));
}

// Row by row, by the field's definition.
Selection ByDefinition(const BookView& view, const CustomerBlock& block, CustomerField field,
                       int64_t low, int64_t high, const Selection& among) {
  if (IsJudgedField(field)) {
    return among.Where([&](uint32_t row) {
      int64_t value = 0;
      const CustomerView customer(view, block.rows[row]);
      return RowReader(customer).Number(Index(field), &value) && low <= value && value <= high;
    });
  }
  return WithField(view, field, [&](auto value_of) {
    return among.Where([&](uint32_t row) {
      int64_t value = 0;
      return value_of(ColumnFields(block, row), &value) && low <= value && value <= high;
    });
  });
}

// The classes A, B, C, none stand in the order of falling measures, so a range of classes is a
// range of measures.
Selection AbcIn(const BookView& view, const CustomerBlock& block, int64_t low, int64_t high) {
  const ValueRange classes = Clamped(low, high, 0, static_cast<int64_t>(AbcClass::kNone));
  if (classes.empty()) return Selection::None();
  const std::array<int64_t, 5> from = {std::numeric_limits<int64_t>::max(), view.ranking->a_from,
                                       view.ranking->b_from, 1,
                                       std::numeric_limits<int64_t>::min()};
  // A ends nowhere; each other class ends below where the better one begins.
  const int64_t last = classes.low == 0 ? std::numeric_limits<int64_t>::max()
                                        : from[static_cast<size_t>(classes.low)] - 1;
  return MoneyInRange(block, kAbcColumn, from[static_cast<size_t>(classes.high) + 1], last);
}

// never, lost and inactive follow from the last activity alone, and stand in its order.
Selection ActivityIn(const BookView& view, const CustomerBlock& block, int64_t low, int64_t high,
                     const Selection& among) {
  const ValueRange codes = Clamped(low, high, 0, static_cast<int64_t>(Activity::kActive));
  if (codes.empty()) return Selection::None();
  const ActivitySettings& rules = view.rules->settings().activity;
  const ValueRange lost =
      DaysAgo(view.today, rules.lost_after, std::numeric_limits<int64_t>::max());
  const ValueRange passive =
      DaysAgo(view.today, rules.inactive_after, std::numeric_limits<int64_t>::max());
  // Column days: 0 is never, then lost, then inactive, then the rest.
  const int64_t last_lost = std::max<int64_t>(lost.high, 0);
  const int64_t last_passive = std::max<int64_t>(passive.high, 0);
  const std::array<int64_t, 4> ends = {0, last_lost, last_passive, UINT16_MAX};
  const auto end_of = [&](int64_t code) {
    return ends[static_cast<size_t>(std::min<int64_t>(code, 3))];
  };
  const int64_t after = codes.low == 0 ? -1 : end_of(codes.low - 1);
  const bool whole = codes.high < static_cast<int64_t>(Activity::kProspect) ||
                     (codes.low <= static_cast<int64_t>(Activity::kProspect) &&
                      codes.high == static_cast<int64_t>(Activity::kActive));
  if (whole) {
    return among & LastActivityIn(block, {after + 1, end_of(codes.high)});
  }
  Selection selected;
  if (codes.low < static_cast<int64_t>(Activity::kProspect)) {
    selected = among & LastActivityIn(block, {after + 1, last_passive});
  }
  const Selection recent = among & LastActivityIn(block, {last_passive + 1, UINT16_MAX});
  return selected | ByDefinition(view, block, CustomerField::kActivity,
                                 std::max(codes.low, static_cast<int64_t>(Activity::kProspect)),
                                 codes.high, recent);
}

// The kinds 0 and 1 follow the mark of absence in the column.
Selection KindIn(const CustomerBlock& block, int64_t low, int64_t high) {
  const ValueRange kinds = Clamped(low, high, 0, static_cast<int64_t>(CustomerKind::kBusiness));
  if (kinds.empty()) return Selection::None();
  return InColumn(block.columns.kind, kinds.low + 1, kinds.high + 1, 1, UINT8_MAX);
}

// What was never set is false.
Selection KeyAccountIn(const CustomerBlock& block, int64_t low, int64_t high) {
  constexpr auto kTrue = static_cast<int64_t>(ColumnFlag::kTrue);
  const bool with_false = low <= 0 && 0 <= high, with_true = low <= 1 && 1 <= high;
  return InColumn(block.columns.key_account, with_false ? 0 : kTrue, with_true ? kTrue : kTrue - 1,
                  0, UINT8_MAX);
}

// r, f, m and the segment are functions of the cell.
Selection ScoreIn(const BookView& view, const CustomerBlock& block, CustomerField field,
                  int64_t low, int64_t high, const Selection& among) {
  std::array<bool, kNoCell + 1> holds{};
  for (uint8_t cell = 0; cell < kNoCell; ++cell) {
    const int r = cell / 25 + 1, f = cell / 5 % 5 + 1, m = cell % 5 + 1;
    const int64_t value = field == CustomerField::kR   ? r
                          : field == CustomerField::kF ? f
                          : field == CustomerField::kM ? m
                                                       : view.rules->SegmentOf(r, f, m);
    holds[cell] = low <= value && value <= high;
  }
  Column<uint8_t> cells;
  ScoreCells(view, block, &cells);
  return among.Where([&](uint32_t row) { return holds[cells[row]]; });
}

}  // namespace

Selection LiveRows(const CustomerBlock& block) {
  return InRange(block.columns.live, 1, 1);
}

Selection MoneyInRange(const CustomerBlock& block, const MoneyColumn& money, int64_t low,
                       int64_t high) {
  const Column<int32_t>& column = block.columns.*money.column;
  Selection selected = InColumn(column, low, high, kFirstNarrowMoney, kLastNarrowMoney);
  if (low < kFirstNarrowMoney || high > kLastNarrowMoney) {
    InRange(column, kWideMoney, kWideMoney).ForEach([&](uint32_t row) {
      const int64_t value = block.rows[row].*money.field;
      if (low <= value && value <= high) selected.Add(row);
    });
  }
  return selected;
}

Wide SumOfMoney(const CustomerBlock& block, const MoneyColumn& money, const Selection& rows) {
  const Column<int32_t>& column = block.columns.*money.column;
  const MoneySum sum = SumOf(column, rows);
  Wide total = sum.narrow;
  if (sum.has_wide) {
    (rows & InRange(column, kWideMoney, kWideMoney)).ForEach([&](uint32_t row) {
      total += block.rows[row].*money.field;
    });
  }
  return total;
}

void ScoreCells(const BookView& view, const CustomerBlock& block, Column<uint8_t>* cells) {
  const RfmSettings& rfm = view.rules->settings().rfm;
  const auto by_definition = [&](uint32_t row) {
    const std::optional<RfmScores> scores = ScoresOf(view, ColumnFields(block, row));
    (*cells)[row] =
        scores ? static_cast<uint8_t>(25 * (scores->r - 1) + 5 * (scores->f - 1) + (scores->m - 1))
               : kNoCell;
  };
  if (!view.ranking->scored || rfm.frequency != RfmFrequency::kOrders ||
      rfm.monetary != RfmMonetary::kTotal) {
    for (uint32_t row = 0; row < kBlockRows; ++row) by_definition(row);
    return;
  }
  NarrowCuts cuts;
  for (size_t k = 0; k < 4; ++k) {
    cuts.last_order[k] = static_cast<uint16_t>(std::clamp<int64_t>(
        view.ranking->recency_cuts[k] - kDayBeforeFirst.since_epoch, 0, UINT16_MAX));
    cuts.orders[k] =
        static_cast<uint32_t>(std::clamp<int64_t>(view.ranking->frequency_cuts[k], 0, UINT32_MAX));
    cuts.revenue[k] = static_cast<int32_t>(
        std::clamp(view.ranking->monetary_cuts[k], kFirstNarrowMoney - 1, kLastNarrowMoney));
  }
  RfmCells(block.columns, cuts, cells);
  InRange(block.columns.revenue, kWideMoney, kWideMoney).ForEach(by_definition);
}

Selection FieldInRange(const BookView& view, const CustomerBlock& block, CustomerField field,
                       int64_t low, int64_t high, const Selection& among) {
  const CustomerColumns& c = block.columns;
  const auto rating = [&](const Column<uint8_t>& column) {
    return among & InColumn(column, low, high, 0, kNoRating - 1);
  };
  const auto count = [&](const Column<uint32_t>& column, uint32_t last) {
    return among & InColumn(column, low, high, 0, last);
  };
  const auto name = [&](const Column<NameCode>& column) {
    return among & InColumn(column, low, high, kNoName + 1, UINT32_MAX);
  };
  const auto money = [&](const MoneyColumn& column) {
    return among & MoneyInRange(block, column, low, high);
  };
  switch (field) {
    case CustomerField::kKind:
      return among & KindIn(block, low, high);
    case CustomerField::kKeyAccount:
      return among & KeyAccountIn(block, low, high);
    case CustomerField::kSatisfaction:
      return rating(c.satisfaction);
    case CustomerField::kReferral:
      return rating(c.referral);
    case CustomerField::kBonding:
      return rating(c.bonding);
    case CustomerField::kCompanySize:
      return count(c.company_size, kNoCount - 1);
    case CustomerField::kProducts:
      return count(c.products, kNoCount - 1);
    case CustomerField::kCountry:
      return name(c.country);
    case CustomerField::kRegion:
      return name(c.region);
    case CustomerField::kOwner:
      return name(c.owner);
    case CustomerField::kOrders:
      return count(c.orders, UINT32_MAX);
    case CustomerField::kOrdersTotal:
      return count(c.orders_total, UINT32_MAX);
    case CustomerField::kItems:
      if (high >= kWideItems) break;
      return count(c.items, kWideItems - 1);
    case CustomerField::kPurchaseDays:
      return among & InColumn(c.purchase_days, low, high, 0, UINT16_MAX);
    case CustomerField::kFirstOrder:
      return among & DayIn(c.first_order, DayRange(low, high));
    case CustomerField::kLastOrder:
      return among & DayIn(c.last_order, DayRange(low, high));
    case CustomerField::kLastContact:
      return among & DayIn(c.last_contact, DayRange(low, high));
    case CustomerField::kRecencyDays:
      return among & DayIn(c.last_order, DaysAgo(view.today, low, high));
    case CustomerField::kLastActivity:
      return among & LastActivityIn(block, DayRange(low, high));
    case CustomerField::kInactiveDays:
      return among & LastActivityIn(block, DaysAgo(view.today, low, high));
    case CustomerField::kRevenue:
      return money(kRevenueColumn);
    case CustomerField::kRevenueTotal:
      return money(kRevenueTotalColumn);
    case CustomerField::kMargin:
      return money(kMarginColumn);
    case CustomerField::kMarginTotal:
      return money(kMarginTotalColumn);
    case CustomerField::kAbc:
      return among & AbcIn(view, block, low, high);
    case CustomerField::kActivity:
      return ActivityIn(view, block, low, high, among);
    case CustomerField::kR:
    case CustomerField::kF:
    case CustomerField::kM:
    case CustomerField::kRfmSegment:
      return ScoreIn(view, block, field, low, high, among);
    default:
      break;
  }
  return ByDefinition(view, block, field, low, high, among);
}

}  // namespace kundig::engine
