// One customer's fields, read from its row: the one place that says what each field of the profile
// is made of.
//
// WithField gives, for one field, a function from a row to its value. Row readers call that
// function once; scans call it for each row of a block with the choice of the field made outside of
// the loop. So lists, rules and profiles cannot disagree about a field.
//
// Thread safety: needs the book's lookup, scan or write lock as long as a view is used.

#ifndef KUNDIG_ENGINE_CUSTOMER_VIEW_H_
#define KUNDIG_ENGINE_CUSTOMER_VIEW_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/check.h"
#include "engine/customer_columns.h"
#include "engine/customer_field.h"
#include "engine/dictionary.h"
#include "engine/query.h"
#include "engine/ranking.h"
#include "engine/rules.h"
#include "engine/shard.h"

namespace kundig::engine {

struct CustomerView {
  const Shard* shard = nullptr;
  const Rules* rules = nullptr;
  const Ranking* ranking = nullptr;
  const CustomerNames* names = nullptr;
  Day today;

  const CustomerColumns& columns() const { return shard->columns(); }
};

// The score of the weighted criteria and the class that follows; see Individual or Standard.
struct ValueVerdict {
  std::optional<int32_t> score_thousandths;  // floored
  ValueClass value_class = ValueClass::kReview;
  DecidedBy decided_by = DecidedBy::kNoCriterion;
  uint32_t rule_index = 0;  // with kAlwaysRule
  int64_t points = 0, weights = 0;
};
ValueVerdict JudgeValue(const CustomerView& view, uint32_t row);
// The first of [[value.potential]] that holds, where the class is standard.
std::optional<uint32_t> HiddenPotential(const CustomerView& view, uint32_t row,
                                        ValueClass value_class);

inline ColumnDay LastActivity(const CustomerColumns& c, uint32_t row) {
  return std::max(c.last_order[row], c.last_visit[row]);
}

inline Activity ActivityOf(const CustomerView& view, uint32_t row) {
  const CustomerColumns& c = view.columns();
  const ActivitySettings& rules = view.rules->settings().activity;
  const ColumnDay last = LastActivity(c, row);
  if (last == kNoDay) return Activity::kNever;
  const int32_t inactive_days = view.today - FromColumn(last);
  if (inactive_days >= rules.lost_after) return Activity::kLost;
  if (inactive_days >= rules.inactive_after) return Activity::kInactive;
  if (c.orders_total[row] == 0) return Activity::kProspect;
  if (c.purchase_days[row] >= 3) {
    const int64_t recency_days = view.today - FromColumn(c.last_order[row]);
    const int64_t span_days = c.last_order[row] - c.first_order[row];
    const int64_t gaps = c.purchase_days[row] - 1;
    if (recency_days * gaps * 100 > rules.overdue_percent * span_days) return Activity::kOverdue;
  }
  return Activity::kActive;
}

inline std::optional<ConsentStatus> ConsentOf(const CustomerView& view, uint32_t row) {
  const CustomerColumns& c = view.columns();
  if (c.consent[row] == ColumnConsent::kAbsent) return std::nullopt;
  if (c.consent[row] == ColumnConsent::kWithdrawn) return ConsentStatus::kWithdrawn;
  const ColumnDay until = c.consent_until[row];
  return until != kNoDay && FromColumn(until) < view.today ? ConsentStatus::kExpired
                                                           : ConsentStatus::kGranted;
}

inline std::optional<RfmScores> ScoresOf(const CustomerView& view, uint32_t row) {
  const CustomerColumns& c = view.columns();
  if (c.orders[row] == 0 || !view.ranking->scored) return std::nullopt;
  const RfmSettings& rfm = view.rules->settings().rfm;
  const Ranking& ranking = *view.ranking;
  RfmScores scores;
  scores.r = Ranking::Score(ranking.recency_cuts, FromColumn(c.last_order[row]).since_epoch);
  scores.f = Ranking::Score(ranking.frequency_cuts, FrequencyOf(c, row, rfm));
  scores.m = Ranking::Score(ranking.monetary_cuts, MonetaryOf(c, row, rfm));
  scores.segment = view.rules->SegmentOf(scores.r, scores.f, scores.m);
  return scores;
}

// Calls use(value_of), where bool value_of(uint32_t row, int64_t* value) is false for an absent
// value. Names (country, region, owner) come as their codes. Not for kCustomer.
template <typename Use>
decltype(auto) WithField(const CustomerView& view, CustomerField field, Use&& use) {
  const CustomerColumns& c = view.columns();
  const auto day_of = [](const std::vector<ColumnDay>& column) {
    return [&column](uint32_t row, int64_t* value) {
      *value = FromColumn(column[row]).since_epoch;
      return column[row] != kNoDay;
    };
  };
  const auto plain = [](const auto& column) {
    return [&column](uint32_t row, int64_t* value) {
      *value = static_cast<int64_t>(column[row]);
      return true;
    };
  };
  const auto marked = [](const auto& column, auto absent) {
    return [&column, absent](uint32_t row, int64_t* value) {
      *value = static_cast<int64_t>(column[row]);
      return column[row] != absent;
    };
  };
  const auto score = [&view](auto member) {
    return [&view, member](uint32_t row, int64_t* value) {
      const std::optional<RfmScores> scores = ScoresOf(view, row);
      if (scores) *value = (*scores).*member;
      return scores.has_value();
    };
  };
  switch (field) {
    case CustomerField::kCustomer:
      break;
    case CustomerField::kKind:
      return use([&c](uint32_t row, int64_t* value) {
        *value = static_cast<int64_t>(c.kind[row]) - 1;
        return c.kind[row] != ColumnKind::kAbsent;
      });
    case CustomerField::kCountry:
      return use(marked(c.country, kNoName));
    case CustomerField::kRegion:
      return use(marked(c.region, kNoName));
    case CustomerField::kOwner:
      return use(marked(c.owner, kNoName));
    case CustomerField::kCompanySize:
      return use(marked(c.company_size, kNoCount));
    case CustomerField::kProducts:
      return use(marked(c.products, kNoCount));
    case CustomerField::kPotential:
      return use(marked(c.potential, kNoPotential));
    case CustomerField::kKeyAccount:
      return use([&c](uint32_t row, int64_t* value) {
        *value = c.key_account[row] == ColumnFlag::kTrue;
        return true;
      });
    case CustomerField::kSatisfaction:
      return use(marked(c.satisfaction, kNoRating));
    case CustomerField::kReferral:
      return use(marked(c.referral, kNoRating));
    case CustomerField::kBonding:
      return use(marked(c.bonding, kNoRating));
    case CustomerField::kFirstOrder:
      return use(day_of(c.first_order));
    case CustomerField::kLastOrder:
      return use(day_of(c.last_order));
    case CustomerField::kLastActivity:
      return use([&c](uint32_t row, int64_t* value) {
        const ColumnDay day = LastActivity(c, row);
        *value = FromColumn(day).since_epoch;
        return day != kNoDay;
      });
    case CustomerField::kRecencyDays:
      return use([&c, &view](uint32_t row, int64_t* value) {
        *value = view.today - FromColumn(c.last_order[row]);
        return c.last_order[row] != kNoDay;
      });
    case CustomerField::kInactiveDays:
      return use([&c, &view](uint32_t row, int64_t* value) {
        const ColumnDay day = LastActivity(c, row);
        *value = view.today - FromColumn(day);
        return day != kNoDay;
      });
    case CustomerField::kPurchaseDays:
      return use(plain(c.purchase_days));
    case CustomerField::kOrders:
      return use(plain(c.orders));
    case CustomerField::kRevenue:
      return use(plain(c.revenue));
    case CustomerField::kMargin:
      return use(plain(c.margin));
    case CustomerField::kItems:
      return use(plain(c.items));
    case CustomerField::kOrdersTotal:
      return use(plain(c.orders_total));
    case CustomerField::kRevenueTotal:
      return use(plain(c.revenue_total));
    case CustomerField::kMarginTotal:
      return use(plain(c.margin_total));
    case CustomerField::kR:
      return use(score(&RfmScores::r));
    case CustomerField::kF:
      return use(score(&RfmScores::f));
    case CustomerField::kM:
      return use(score(&RfmScores::m));
    case CustomerField::kRfmSegment:
      return use(score(&RfmScores::segment));
    case CustomerField::kAbc:
      return use([&c, &view](uint32_t row, int64_t* value) {
        *value = static_cast<int64_t>(view.ranking->AbcOf(c.abc_value[row]));
        return true;
      });
    case CustomerField::kValueScore:
      return use([&view](uint32_t row, int64_t* value) {
        const ValueVerdict verdict = JudgeValue(view, row);
        *value = verdict.score_thousandths.value_or(0);
        return verdict.score_thousandths.has_value();
      });
    case CustomerField::kValueClass:
      return use([&view](uint32_t row, int64_t* value) {
        *value = static_cast<int64_t>(JudgeValue(view, row).value_class);
        return true;
      });
    case CustomerField::kHiddenPotential:
      return use([&view](uint32_t row, int64_t* value) {
        *value = HiddenPotential(view, row, JudgeValue(view, row).value_class).has_value();
        return true;
      });
    case CustomerField::kActivity:
      return use([&view](uint32_t row, int64_t* value) {
        *value = static_cast<int64_t>(ActivityOf(view, row));
        return true;
      });
    case CustomerField::kConsent:
      return use([&view](uint32_t row, int64_t* value) {
        const std::optional<ConsentStatus> consent = ConsentOf(view, row);
        if (consent) *value = static_cast<int64_t>(*consent);
        return consent.has_value();
      });
    case CustomerField::kLastContact:
      return use(day_of(c.last_contact));
  }
  KUNDIG_CHECK(false);
}

bool IsNameField(CustomerField field);
// The dictionary of a field that is a name.
const Dictionary& NamesOf(const CustomerNames& names, CustomerField field);

// The row as Expression::Holds reads it.
class RowReader {
 public:
  RowReader(const CustomerView& view, uint32_t row) : view_(view), row_(row) {}

  bool Number(FieldIndex index, int64_t* value) const;
  bool Text(FieldIndex index, std::string_view* text) const;

 private:
  const CustomerView& view_;
  uint32_t row_;
};

// Everything about one row. `customer` of the profile is left to the caller.
void FillProfile(const CustomerView& view, uint32_t row, Profile* profile);
// The same as a record, over one made anew.
void FillRecord(const CustomerView& view, uint32_t row, ProfileRecord* record);
// The value class explained; the state is left to the caller.
void FillExplanation(const CustomerView& view, uint32_t row, ExplainAnswer* answer);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CUSTOMER_VIEW_H_
