// Where the relationship with a customer stands, and what endangers it: activity, phase, risks.
//
// Each is a function of a customer's figures, the rules and today, judged when it is asked. The
// customer comes as RowFields or as ColumnFields (customer_block.h).
//
// Thread safety: needs the book's lookup, scan or write lock.

#ifndef KUNDIG_ENGINE_CUSTOMER_PHASE_H_
#define KUNDIG_ENGINE_CUSTOMER_PHASE_H_

#include <algorithm>
#include <cstdint>

#include "engine/book_view.h"
#include "engine/customer_block.h"
#include "engine/customer_outlook.h"
#include "engine/query.h"
#include "engine/ranking.h"
#include "engine/rules.h"
#include "engine/wide.h"

namespace kundig::engine {

template <typename Fields>
ColumnDay LastActivity(const Fields& c) {
  return std::max(c.last_order(), c.last_visit());
}

template <typename Fields>
Activity ActivityOf(const BookView& view, const Fields& c) {
  const ActivitySettings& rules = view.rules->settings().activity;
  const ColumnDay last = LastActivity(c);
  if (last == kNoDay) return Activity::kNever;
  const int32_t inactive_days = view.today - FromColumn(last);
  if (inactive_days >= rules.lost_after) return Activity::kLost;
  if (inactive_days >= rules.inactive_after) return Activity::kInactive;
  if (c.orders_total() == 0) return Activity::kProspect;
  if (c.purchase_days() >= 3) {
    const int64_t recency_days = view.today - FromColumn(c.last_order());
    const int64_t span_days = c.last_order() - c.first_order();
    const int64_t gaps = c.purchase_days() - 1;
    if (recency_days * gaps * 100 > rules.overdue_percent * span_days) return Activity::kOverdue;
  }
  return Activity::kActive;
}

template <typename Fields>
int64_t CustomerValueOf(const Fields& c) {
  return c.margin_total() - c.signs().costs_total;
}

template <typename Fields>
Phase PhaseOf(const BookView& view, const Fields& c) {
  const PhaseSettings& rules = view.rules->settings().phase;
  const CustomerSigns& signs = c.signs();
  const int32_t today = ToColumn(view.today);
  if (c.orders_total() == 0) return Phase::kProspect;
  if (signs.notice != kNoDay && signs.notice >= today) return Phase::kTermination;

  const Activity activity = ActivityOf(view, c);
  // A notice in force has taken effect here; of two that have the later one counts.
  const ColumnDay ended = std::max(signs.notice, signs.older_notice);
  if (activity == Activity::kInactive || activity == Activity::kLost ||
      (ended != kNoDay && c.last_order() <= ended)) {
    return Phase::kAbstinence;
  }
  const ColumnDay back_after = ended == kNoDay         ? kNoDay
                               : ended == signs.notice ? signs.back_after_notice
                                                       : signs.back_after_older;
  const ColumnDay back = std::max(signs.come_back, back_after);
  if (back != kNoDay && today - back < rules.revival_days) return Phase::kRevitalization;

  const int32_t age_days = today - c.first_order();
  if (age_days < rules.new_days) return Phase::kSocialization;
  const Wide recent = Wide{signs.recent} * 100, before = signs.before;
  if (activity == Activity::kOverdue || (before > 0 && recent < rules.decline_percent * before)) {
    return Phase::kDegeneration;
  }
  if (age_days < 2 * rules.span_days || recent > rules.growth_percent * before) {
    return Phase::kGrowth;
  }
  return Phase::kMaturity;
}

// `individual`: whether the value class is. The ranking must be there, for class A.
template <typename Fields>
RiskSet RisksOf(const BookView& view, const Fields& c, bool individual) {
  const RiskSettings& rules = view.rules->settings().risk;
  const CustomerSigns& signs = c.signs();
  const int32_t today = ToColumn(view.today);
  const auto within = [today](ColumnDay day, int32_t days) {
    return day != kNoDay && today - day < days;
  };
  RiskSet risks = 0;
  const auto flag = [&risks](Risk risk, bool holds) {
    if (holds) risks |= BitOf(risk);
  };
  flag(Risk::kOverloaded,
       within(signs.contacts.last, kCrowdDays) ||
           (signs.early_contact != kNoDay && within(c.first_order(), kNewCustomerDays)));
  flag(Risk::kHandover,
       std::any_of(signs.owner_changes.begin(), signs.owner_changes.end(), [&](ColumnDay change) {
         return within(change, rules.handover_days) &&
                IsEarlyChange(change, c.first_order(), rules.handover_days);
       }));
  const ColumnDay last_seen = std::max(LastActivity(c), c.last_contact());
  flag(Risk::kNeglected, last_seen != kNoDay && today - last_seen >= rules.neglected_days &&
                             (individual || view.ranking->AbcOf(c.abc_value()) == AbcClass::kA));
  flag(Risk::kComplaint,
       signs.complaint != kNoDay && today - signs.complaint >= rules.complaint_days);
  flag(Risk::kLatePayment, within(signs.late_payments.last, rules.late_payment_days));
  flag(Risk::kService, within(signs.service.last, kCrowdDays));
  flag(Risk::kSlowing, ActivityOf(view, c) == Activity::kOverdue);
  flag(Risk::kDissatisfied,
       (c.satisfaction() != kNoRating && c.satisfaction() <= rules.dissatisfied_satisfaction) ||
           (c.referral() != kNoRating && c.referral() <= rules.dissatisfied_referral));
  flag(Risk::kUnprofitable, c.orders_total() > 0 && CustomerValueOf(c) < 0);
  flag(Risk::kChurn, MayBeLost(view, c));
  flag(Risk::kUnanswered,
       signs.lead_opened != kNoDay && today - signs.lead_opened > rules.unanswered_days);
  return risks;
}

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CUSTOMER_PHASE_H_
