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

constexpr Phase PhaseBy(PhaseReason reason) {
  switch (reason) {
    case PhaseReason::kNoOrder:
      return Phase::kProspect;
    case PhaseReason::kNotice:
      return Phase::kTermination;
    case PhaseReason::kNoticeTookEffect:
    case PhaseReason::kInactive:
      return Phase::kAbstinence;
    case PhaseReason::kCameBack:
      return Phase::kRevitalization;
    case PhaseReason::kNewCustomer:
      return Phase::kSocialization;
    case PhaseReason::kOverdue:
    case PhaseReason::kDecline:
      return Phase::kDegeneration;
    case PhaseReason::kYoungCustomer:
    case PhaseReason::kGrowth:
      return Phase::kGrowth;
    case PhaseReason::kSteady:
      break;
  }
  return Phase::kMaturity;
}

// The effective day of the notice in force; of two that have taken effect the later one counts.
inline ColumnDay NoticeOf(const CustomerSigns& signs) {
  return std::max(signs.notice, signs.older_notice);
}

// The latest day on which he came back: after a long gap, or after that notice.
inline ColumnDay CameBack(const CustomerSigns& signs) {
  const ColumnDay ended = NoticeOf(signs);
  const ColumnDay back_after = ended == kNoDay         ? kNoDay
                               : ended == signs.notice ? signs.back_after_notice
                                                       : signs.back_after_older;
  return std::max(signs.come_back, back_after);
}

template <typename Fields>
PhaseReason PhaseReasonOf(const BookView& view, const Fields& c) {
  const PhaseSettings& rules = view.rules->settings().phase;
  const CustomerSigns& signs = c.signs();
  const int32_t today = ToColumn(view.today);
  if (c.orders_total() == 0) return PhaseReason::kNoOrder;
  if (signs.notice != kNoDay && signs.notice >= today) return PhaseReason::kNotice;

  const Activity activity = ActivityOf(view, c);
  const ColumnDay ended = NoticeOf(signs);
  if (ended != kNoDay && c.last_order() <= ended) return PhaseReason::kNoticeTookEffect;
  if (activity == Activity::kInactive || activity == Activity::kLost) return PhaseReason::kInactive;
  const ColumnDay back = CameBack(signs);
  if (back != kNoDay && today - back < rules.revival_days) return PhaseReason::kCameBack;

  const int32_t age_days = today - c.first_order();
  if (age_days < rules.new_days) return PhaseReason::kNewCustomer;
  if (activity == Activity::kOverdue) return PhaseReason::kOverdue;
  const Wide recent = Wide{signs.recent} * 100, before = signs.before;
  if (before > 0 && recent < rules.decline_percent * before) return PhaseReason::kDecline;
  if (age_days < 2 * rules.span_days) return PhaseReason::kYoungCustomer;
  return recent > rules.growth_percent * before ? PhaseReason::kGrowth : PhaseReason::kSteady;
}

template <typename Fields>
Phase PhaseOf(const BookView& view, const Fields& c) {
  return PhaseBy(PhaseReasonOf(view, c));
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
