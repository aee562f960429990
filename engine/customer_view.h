// One customer's fields: the one place that says what each field of the profile is made of.
//
// WithField gives, for one field, a function from a customer to its value. The customer comes as
// RowFields (a lookup reads its row) or as ColumnFields (a scan reads the columns), and the
// function is the same for both; scans call it for each row of a block, with the choice of the
// field made outside of the loop. So lists, rules and profiles cannot disagree about a field.
//
// Thread safety: needs the book's lookup, scan or write lock as long as a view is used.

#ifndef KUNDIG_ENGINE_CUSTOMER_VIEW_H_
#define KUNDIG_ENGINE_CUSTOMER_VIEW_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/book_view.h"
#include "engine/check.h"
#include "engine/churn_outlook.h"
#include "engine/customer_block.h"
#include "engine/customer_field.h"
#include "engine/customer_outlook.h"
#include "engine/customer_phase.h"
#include "engine/dictionary.h"
#include "engine/purchase_groups.h"
#include "engine/query.h"
#include "engine/rank_counts.h"
#include "engine/ranking.h"
#include "engine/rules.h"

namespace kundig::engine {

// One customer, for a lookup. `figures` are usually those of `row` itself.
struct CustomerView {
  const BookView* book = nullptr;
  const CustomerRow* row = nullptr;
  const CustomerFigures* figures = nullptr;

  CustomerView(const BookView& in, const CustomerRow& of) : CustomerView(in, of, of) {}
  CustomerView(const BookView& in, const CustomerRow& of, const CustomerFigures& as)
      : book(&in), row(&of), figures(&as) {}
};

// The score of the weighted criteria and the class that follows; see Individual or Standard.
struct ValueVerdict {
  std::optional<int32_t> score_thousandths;  // floored
  ValueClass value_class = ValueClass::kReview;
  DecidedBy decided_by = DecidedBy::kNoCriterion;
  uint32_t rule_index = 0;  // with kAlwaysRule
  int64_t points = 0, weights = 0;
};
ValueVerdict JudgeValue(const CustomerView& customer);
// The points of the highest step at or below the value, 0 below the first.
int32_t PointsOf(const CompiledCriterion& criterion, int64_t value);
// The class between the two thresholds, of a customer who was of class `closed` at the last day
// close.
ValueClass ClassBetween(const ValueSettings& settings, ClassCode closed);
// The class of a score of points / weights, in hundredths of a point.
ValueClass ClassByScore(const ValueSettings& settings, int64_t hundredths, int64_t weights,
                        ClassCode closed);
RiskSet RisksOf(const CustomerView& customer, const ValueVerdict& verdict);
// The first of [[value.potential]] that holds, where the class is standard.
std::optional<uint32_t> HiddenPotential(const CustomerView& customer, ValueClass value_class);

template <typename Fields>
std::optional<ConsentStatus> ConsentOf(const BookView& view, const Fields& c) {
  if (c.consent() == ColumnConsent::kAbsent) return std::nullopt;
  if (c.consent() == ColumnConsent::kWithdrawn) return ConsentStatus::kWithdrawn;
  const ColumnDay until = c.consent_until();
  return until != kNoDay && FromColumn(until) < view.today ? ConsentStatus::kExpired
                                                           : ConsentStatus::kGranted;
}

template <typename Fields>
std::optional<RfmScores> ScoresOf(const BookView& view, const Fields& c) {
  if (c.orders() == 0 || !view.ranking->scored) return std::nullopt;
  const RfmSettings& rfm = view.rules->settings().rfm;
  const Ranking& ranking = *view.ranking;
  RfmScores scores;
  scores.r = Ranking::Score(ranking.recency_cuts, FromColumn(c.last_order()).since_epoch);
  scores.f = Ranking::Score(ranking.frequency_cuts, FrequencyOf(c, rfm));
  scores.m = Ranking::Score(ranking.monetary_cuts, MonetaryOf(c, rfm));
  scores.segment = view.rules->SegmentOf(scores.r, scores.f, scores.m);
  return scores;
}

// What the value class needs all rules for; the fields that follow from it are no functions of the
// columns alone.
inline bool IsJudgedField(CustomerField field) {
  return field == CustomerField::kValueScore || field == CustomerField::kValueClass ||
         field == CustomerField::kHiddenPotential || field == CustomerField::kRisk;
}

FieldSet JudgedFields();

// Calls use(value_of), where bool value_of(const Fields& customer, int64_t* value) is false for an
// absent value. Names (country, region, owner) come as their codes. Not for kCustomer and judged
// fields.
template <typename Use>
decltype(auto) WithField(const BookView& view, CustomerField field, Use&& use) {
  const auto day = [](ColumnDay column, int64_t* value) {
    *value = FromColumn(column).since_epoch;
    return column != kNoDay;
  };
  const auto days_since = [&view](ColumnDay column, int64_t* value) {
    *value = view.today - FromColumn(column);
    return column != kNoDay;
  };
  const auto plain = [](auto number, int64_t* value) {
    *value = static_cast<int64_t>(number);
    return true;
  };
  const auto marked = [](auto number, auto absent, int64_t* value) {
    *value = static_cast<int64_t>(number);
    return number != absent;
  };
  const auto score = [&view](const auto& c, uint8_t RfmScores::*member, int64_t* value) {
    const std::optional<RfmScores> scores = ScoresOf(view, c);
    if (scores) *value = (*scores).*member;
    return scores.has_value();
  };
  // figure(outlook, purchases, P(alive))
  const auto ahead = [&view](const auto& c, int64_t* value, auto figure) {
    if (view.churn == nullptr || c.purchase_days() == 0) return false;
    const PurchaseHistory purchases = PurchasesOf(view, c);
    *value = figure(*view.churn, purchases, view.churn->PAlive(purchases));
    return true;
  };
  using Churn = const ChurnOutlook&;
  using Purchases = const PurchaseHistory&;
  switch (field) {
    case CustomerField::kCustomer:
    case CustomerField::kValueScore:
    case CustomerField::kValueClass:
    case CustomerField::kHiddenPotential:
    case CustomerField::kRisk:
      break;
    case CustomerField::kKind:
      return use([&](const auto& c, int64_t* value) {
        *value = static_cast<int64_t>(c.kind()) - 1;
        return c.kind() != ColumnKind::kAbsent;
      });
    case CustomerField::kKeyAccount:
      return use([&](const auto& c, int64_t* value) {
        return plain(c.key_account() == ColumnFlag::kTrue, value);
      });
    case CustomerField::kCountry:
      return use(
          [&](const auto& c, int64_t* value) { return marked(c.country(), kNoName, value); });
    case CustomerField::kRegion:
      return use([&](const auto& c, int64_t* value) { return marked(c.region(), kNoName, value); });
    case CustomerField::kOwner:
      return use([&](const auto& c, int64_t* value) { return marked(c.owner(), kNoName, value); });
    case CustomerField::kCompanySize:
      return use(
          [&](const auto& c, int64_t* value) { return marked(c.company_size(), kNoCount, value); });
    case CustomerField::kProducts:
      return use(
          [&](const auto& c, int64_t* value) { return marked(c.products(), kNoCount, value); });
    case CustomerField::kPotential:
      return use([&](const auto& c, int64_t* value) {
        return marked(c.potential(), kNoPotential, value);
      });
    case CustomerField::kSatisfaction:
      return use([&](const auto& c, int64_t* value) {
        return marked(c.satisfaction(), kNoRating, value);
      });
    case CustomerField::kReferral:
      return use(
          [&](const auto& c, int64_t* value) { return marked(c.referral(), kNoRating, value); });
    case CustomerField::kBonding:
      return use(
          [&](const auto& c, int64_t* value) { return marked(c.bonding(), kNoRating, value); });
    case CustomerField::kFirstOrder:
      return use([&](const auto& c, int64_t* value) { return day(c.first_order(), value); });
    case CustomerField::kLastOrder:
      return use([&](const auto& c, int64_t* value) { return day(c.last_order(), value); });
    case CustomerField::kLastActivity:
      return use([&](const auto& c, int64_t* value) { return day(LastActivity(c), value); });
    case CustomerField::kLastContact:
      return use([&](const auto& c, int64_t* value) { return day(c.last_contact(), value); });
    case CustomerField::kRecencyDays:
      return use([&](const auto& c, int64_t* value) { return days_since(c.last_order(), value); });
    case CustomerField::kInactiveDays:
      return use([&](const auto& c, int64_t* value) { return days_since(LastActivity(c), value); });
    case CustomerField::kPurchaseDays:
      return use([&](const auto& c, int64_t* value) { return plain(c.purchase_days(), value); });
    case CustomerField::kOrders:
      return use([&](const auto& c, int64_t* value) { return plain(c.orders(), value); });
    case CustomerField::kRevenue:
      return use([&](const auto& c, int64_t* value) { return plain(c.revenue(), value); });
    case CustomerField::kMargin:
      return use([&](const auto& c, int64_t* value) { return plain(c.margin(), value); });
    case CustomerField::kItems:
      return use([&](const auto& c, int64_t* value) { return plain(c.items(), value); });
    case CustomerField::kOrdersTotal:
      return use([&](const auto& c, int64_t* value) { return plain(c.orders_total(), value); });
    case CustomerField::kRevenueTotal:
      return use([&](const auto& c, int64_t* value) { return plain(c.revenue_total(), value); });
    case CustomerField::kMarginTotal:
      return use([&](const auto& c, int64_t* value) { return plain(c.margin_total(), value); });
    case CustomerField::kR:
      return use([&](const auto& c, int64_t* value) { return score(c, &RfmScores::r, value); });
    case CustomerField::kF:
      return use([&](const auto& c, int64_t* value) { return score(c, &RfmScores::f, value); });
    case CustomerField::kM:
      return use([&](const auto& c, int64_t* value) { return score(c, &RfmScores::m, value); });
    case CustomerField::kRfmSegment:
      return use(
          [&](const auto& c, int64_t* value) { return score(c, &RfmScores::segment, value); });
    case CustomerField::kAbc:
      return use([&](const auto& c, int64_t* value) {
        return plain(view.ranking->AbcOf(c.abc_value()), value);
      });
    case CustomerField::kActivity:
      return use([&](const auto& c, int64_t* value) { return plain(ActivityOf(view, c), value); });
    case CustomerField::kConsent:
      return use([&](const auto& c, int64_t* value) {
        const std::optional<ConsentStatus> consent = ConsentOf(view, c);
        if (consent) *value = static_cast<int64_t>(*consent);
        return consent.has_value();
      });
    case CustomerField::kPAlive:
      return use([&](const auto& c, int64_t* value) {
        return ahead(c, value, [](Churn, Purchases, double p_alive) {
          return ChurnOutlook::Millionths(p_alive);
        });
      });
    case CustomerField::kChurnScore:
      return use([&](const auto& c, int64_t* value) {
        return ahead(c, value, [](Churn, Purchases, double p_alive) {
          return kOneInMillionths - ChurnOutlook::Millionths(p_alive);
        });
      });
    case CustomerField::kChurnBand:
      return use([&](const auto& c, int64_t* value) {
        return ahead(c, value, [](Churn, Purchases, double p_alive) {
          return static_cast<int64_t>(BandOf(1 - p_alive));
        });
      });
    case CustomerField::kExpectedOrders:
      return use([&](const auto& c, int64_t* value) {
        return ahead(c, value, [](Churn churn, Purchases purchases, double p_alive) {
          return ChurnOutlook::Thousandths(churn.ExpectedOrders(purchases, p_alive));
        });
      });
    case CustomerField::kClv:
      return use([&](const auto& c, int64_t* value) {
        if (view.churn == nullptr || !view.churn->has_spend()) return false;
        return ahead(c, value, [&c](Churn churn, Purchases purchases, double p_alive) {
          return ClvOf(churn, c, churn.ExpectedOrders(purchases, p_alive)).units;
        });
      });
    case CustomerField::kCustomerValue:
      return use([&](const auto& c, int64_t* value) { return plain(CustomerValueOf(c), value); });
    case CustomerField::kPhase:
      return use([&](const auto& c, int64_t* value) { return plain(PhaseOf(view, c), value); });
  }
  KUNDIG_CHECK(false);
}

bool IsNameField(CustomerField field);
// The dictionary of a field that is a name.
const Dictionary& NamesOf(const CustomerNames& names, CustomerField field);

// The customer as Expression::Holds reads it: every field.
class RowReader {
 public:
  explicit RowReader(const CustomerView& customer) : customer_(customer) {}

  bool Number(FieldIndex index, int64_t* value) const;
  bool Text(FieldIndex index, std::string_view* text) const;

 private:
  const CustomerView& customer_;
};

// The value of a judged field; RowReader judges anew for each.
bool JudgedNumber(const CustomerView& customer, const ValueVerdict& verdict, CustomerField field,
                  int64_t* value);

// Everything about one customer. `customer` of the profile is left to the caller.
void FillProfile(const CustomerView& customer, Profile* profile);
// The same as a record, over one made anew.
void FillRecord(const CustomerView& customer, ProfileRecord* record);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CUSTOMER_VIEW_H_
