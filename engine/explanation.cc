#include "engine/explanation.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "engine/customer_phase.h"
#include "engine/customer_sums.h"
#include "engine/foresight.h"
#include "engine/rank_counts.h"
#include "engine/ranking.h"

namespace kundig::engine {
namespace {

void ExplainValue(const CustomerView& customer, const ValueVerdict& verdict,
                  ExplainAnswer* answer) {
  const Rules& rules = *customer.book->rules;
  const ValueSettings& settings = rules.settings().value;
  const RowReader reader(customer);
  answer->value_class = verdict.value_class;
  answer->value_score_thousandths = verdict.score_thousandths;
  answer->decided_by = verdict.decided_by;
  if (verdict.decided_by == DecidedBy::kAlwaysRule) answer->rule_index = verdict.rule_index;
  for (const CompiledCriterion& criterion : rules.criteria()) {
    ExplainedCriterion explained;
    explained.field = rules.customer_fields().At(criterion.field).name;
    explained.weight = criterion.weight;
    int64_t value = 0;
    const bool present = reader.Number(criterion.field, &value);
    if (present) explained.value = value;
    if (present || criterion.missing == Missing::kZero) {
      explained.points = present ? PointsOf(criterion, value) : 0;
      explained.share_thousandths = static_cast<int32_t>(
          int64_t{criterion.weight} * *explained.points * 1000 / verdict.weights);
    }
    answer->criteria.push_back(explained);
  }
  const bool by_score =
      verdict.decided_by == DecidedBy::kScore || verdict.decided_by == DecidedBy::kLastClose;
  if (by_score && verdict.value_class != ValueClass::kIndividual) {
    // The next better class from below standard_below is what stands between the thresholds, unless
    // that is standard as well, or there is nothing between them.
    const ValueClass between = ClassBetween(settings, customer.figures->closed_class);
    const bool below = verdict.points * 100 < settings.standard_below_hundredths * verdict.weights;
    const bool to_between = below && between != ValueClass::kStandard &&
                            settings.standard_below_hundredths < settings.individual_at_hundredths;
    answer->next_class = to_between ? between : ValueClass::kIndividual;
    const int64_t at =
        to_between ? settings.standard_below_hundredths : settings.individual_at_hundredths;
    // (at / 100 - points / weights) in thousandths, rounded up.
    const int64_t missing = at * verdict.weights - verdict.points * 100;
    const int64_t scale = verdict.weights * 100;
    answer->distance_thousandths = static_cast<int32_t>((missing * 1000 + scale - 1) / scale);
  }
  answer->potential_index = HiddenPotential(customer, verdict.value_class);
  answer->hidden_potential = answer->potential_index.has_value();
}

ExplainedActivity ExplainActivity(const BookView& view, const CustomerFigures& c) {
  const RowFields fields(c);
  ExplainedActivity explained;
  explained.activity = ActivityOf(view, fields);
  explained.last_activity = OptionalDay(LastActivity(fields));
  explained.last_order = OptionalDay(c.last_order);
  if (explained.last_activity) explained.inactive_days = view.today - *explained.last_activity;
  if (explained.last_order) explained.recency_days = view.today - *explained.last_order;
  explained.purchase_days = c.purchase_days;
  if (c.purchase_days >= 3) {
    const int64_t span_days = c.last_order - c.first_order, gaps = c.purchase_days - 1;
    explained.mean_gap_thousandths = span_days * 1000 / gaps;
    // Overdue where recency_days * gaps * 100 > overdue_percent * span_days.
    explained.overdue_after_days =
        view.rules->settings().activity.overdue_percent * span_days / (gaps * 100);
  }
  return explained;
}

ExplainedPhase ExplainPhase(const BookView& view, const CustomerFigures& c) {
  ExplainedPhase explained;
  explained.reason = PhaseReasonOf(view, RowFields(c));
  explained.phase = PhaseBy(explained.reason);
  explained.first_order = OptionalDay(c.first_order);
  explained.notice = OptionalDay(NoticeOf(c));
  explained.came_back = OptionalDay(CameBack(c));
  explained.recent = Minor{c.recent};
  explained.before = Minor{c.before};
  return explained;
}

// `value` counts upwards.
ExplainedScore ExplainScore(std::array<int64_t, 4> cuts, int64_t value) {
  std::sort(cuts.begin(), cuts.end());  // fixed ones of recency fall
  ExplainedScore explained;
  explained.value = value;
  explained.score = Ranking::Score(cuts, value);
  const auto better = std::lower_bound(cuts.begin(), cuts.end(), value);
  if (better != cuts.end()) explained.better = {Ranking::Score(cuts, *better + 1), *better + 1};
  if (better != cuts.begin()) {
    explained.worse = {Ranking::Score(cuts, *(better - 1)), *(better - 1)};
  }
  return explained;
}

std::optional<ExplainedRfm> ExplainRfm(const BookView& view, const CustomerFigures& c) {
  const RowFields fields(c);
  const std::optional<RfmScores> scores = ScoresOf(view, fields);
  if (!scores) return std::nullopt;
  const RfmSettings& rfm = view.rules->settings().rfm;
  ExplainedRfm explained;
  explained.segment = view.rules->segment_names()[scores->segment];
  explained.frequency = ExplainScore(view.ranking->frequency_cuts, FrequencyOf(fields, rfm));
  explained.monetary = ExplainScore(view.ranking->monetary_cuts, MonetaryOf(fields, rfm));
  explained.recency =
      ExplainScore(view.ranking->recency_cuts, FromColumn(c.last_order).since_epoch);
  // Days of the calendar become days that they lie back.
  const auto turn = [&view](int64_t* day) { *day = view.today.since_epoch - *day; };
  turn(&explained.recency.value);
  if (explained.recency.better) turn(&explained.recency.better->from);
  if (explained.recency.worse) turn(&explained.recency.worse->from);
  return explained;
}

ExplainedAbc ExplainAbc(const Ranking& ranking, int64_t value) {
  ExplainedAbc explained;
  explained.abc = ranking.AbcOf(value);
  explained.value = Minor{value};
  const Ranking tight = WithTightCuts(ranking);
  for (const int64_t from : {int64_t{1}, tight.b_from, tight.a_from}) {
    if (from <= value || from == std::numeric_limits<int64_t>::max()) continue;
    explained.better = tight.AbcOf(from);
    explained.better_from = Minor{from};
    break;
  }
  return explained;
}

// Entries of a kind on the days first ... first + days - 1; absent without a history.
std::optional<int64_t> CountOn(const History* history, EntryKind kind, Day first, int32_t days) {
  if (history == nullptr) return std::nullopt;
  int64_t count = 0;
  history->ForEachOf(kind, [&](const HistoryEntry& entry) {
    const int32_t at = entry.day - first;
    count += 0 <= at && at < days;
  });
  return count;
}

// Entries of a kind that a rule about the last 30 days counts, one dated tomorrow among them.
std::optional<int64_t> CountLately(const History* history, EntryKind kind, Day today) {
  return CountOn(history, kind, today - (kCrowdDays - 1), kCrowdDays + 1);
}

// Since when orders earn less than what was booked, which is so today.
std::optional<Day> UnprofitableSince(const SharesByDay& shares, Day today) {
  std::optional<Day> since;
  int64_t value = 0;
  bool ordered = false;
  for (const auto& [day, share] : shares) {
    if (day > today) break;
    value += share.margin - share.costs;
    ordered = ordered || share.orders > 0;
    if (!ordered || value >= 0) {
      since.reset();
    } else if (!since) {
      since = day;
    }
  }
  return since;
}

// Since when, without a break and with the orders that he has, the model in force gives him up.
Day MayBeLostSince(BookView view, const CustomerFigures& c) {
  Day since = view.today;
  while (view.today > FromColumn(c.last_order)) {
    view.today = view.today - 1;
    if (!MayBeLost(view, RowFields(c))) break;
    since = view.today;
  }
  return since;
}

// The numbers behind a risk that holds.
class RiskExplainer {
 public:
  RiskExplainer(const CustomerView& customer, const History* history, const SharesByDay& shares)
      : view_(*customer.book), c_(*customer.figures), history_(history), shares_(shares) {}

  ExplainedRisk Explain(Risk risk) const;

 private:
  ExplainedRisk Overloaded() const;
  ExplainedRisk Churn() const;
  ExplainedRisk Handover() const;
  int64_t DaysSince(ColumnDay day) const { return view_.today - FromColumn(day); }
  const RiskSettings& rules() const { return view_.rules->settings().risk; }

  const BookView& view_;
  const CustomerFigures& c_;
  const History* const history_;
  const SharesByDay& shares_;
};

ExplainedRisk RiskExplainer::Overloaded() const {
  ExplainedRisk lately{Risk::kOverloaded, RiskReason::kContacts,
                       CountLately(history_, EntryKind::kContact, view_.today),
                       rules().contacts_per_30_days, OptionalDay(c_.contacts.since)};
  if (c_.contacts.last != kNoDay && DaysSince(c_.contacts.last) < kCrowdDays) return lately;
  return {Risk::kOverloaded, RiskReason::kEarlyContacts,
          CountOn(history_, EntryKind::kContact, FromColumn(c_.first_order), kNewCustomerDays),
          rules().contacts_after_first_order, OptionalDay(c_.early_contact)};
}

ExplainedRisk RiskExplainer::Handover() const {
  // Days of early changes lie so close that the risk has run from the first of them on.
  std::optional<Day> since;
  ColumnDay last = kNoDay;
  for (const ColumnDay change : c_.owner_changes) {
    if (!IsEarlyChange(change, c_.first_order, rules().handover_days)) continue;
    if (!since) since = FromColumn(change);
    last = change;
  }
  return {Risk::kHandover, RiskReason::kOwnerChanged, last - c_.first_order, rules().handover_days,
          since};
}

ExplainedRisk RiskExplainer::Churn() const {
  const double p_alive = view_.churn->PAlive(PurchasesOf(view_, RowFields(c_)));
  return {Risk::kChurn, RiskReason::kChurnScore,
          kOneInMillionths - ChurnOutlook::Millionths(p_alive),
          ChurnOutlook::Millionths(kHighChurnScore), MayBeLostSince(view_, c_)};
}

ExplainedRisk RiskExplainer::Explain(Risk risk) const {
  switch (risk) {
    case Risk::kOverloaded:
      return Overloaded();
    case Risk::kHandover:
      return Handover();
    case Risk::kNeglected: {
      const ColumnDay seen = std::max(LastActivity(RowFields(c_)), c_.last_contact);
      return {risk, RiskReason::kUnseen, DaysSince(seen), rules().neglected_days,
              FromColumn(seen) + rules().neglected_days};
    }
    case Risk::kComplaint:
      return {risk, RiskReason::kOpenComplaint, DaysSince(c_.complaint), rules().complaint_days,
              FromColumn(c_.complaint) + rules().complaint_days};
    case Risk::kLatePayment:
      return {risk, RiskReason::kLatePayment, DaysSince(c_.late_payments.last),
              rules().late_payment_days, OptionalDay(c_.late_payments.since)};
    case Risk::kService:
      return {risk, RiskReason::kServiceRequests,
              CountLately(history_, EntryKind::kServiceRequest, view_.today),
              rules().service_requests, OptionalDay(c_.service.since)};
    case Risk::kSlowing: {
      const ExplainedActivity activity = ExplainActivity(view_, c_);
      const auto after_days = static_cast<int32_t>(*activity.overdue_after_days);
      return {risk, RiskReason::kOverdue, *activity.recency_days, after_days,
              *activity.last_order + after_days + 1};
    }
    case Risk::kDissatisfied:
      if (c_.satisfaction != kNoRating && c_.satisfaction <= rules().dissatisfied_satisfaction) {
        return {risk, RiskReason::kSatisfaction, c_.satisfaction, rules().dissatisfied_satisfaction,
                std::nullopt};
      }
      return {risk, RiskReason::kReferral, c_.referral, rules().dissatisfied_referral,
              std::nullopt};
    case Risk::kUnprofitable:
      return {risk, RiskReason::kCustomerValue, CustomerValueOf(RowFields(c_)), 0,
              UnprofitableSince(shares_, view_.today)};
    case Risk::kChurn:
      return Churn();
    case Risk::kUnanswered:
      break;
  }
  return {risk, RiskReason::kOpenLead, DaysSince(c_.lead_opened), rules().unanswered_days,
          FromColumn(c_.lead_opened) + rules().unanswered_days + 1};
}

}  // namespace

void FillExplanation(const CustomerView& customer, const History* history, ExplainAnswer* answer) {
  const BookView& view = *customer.book;
  const CustomerFigures& c = *customer.figures;
  const ValueVerdict verdict = JudgeValue(customer);
  const SharesByDay shares = history == nullptr ? SharesByDay() : AddUpByDay(*history);
  answer->found = true;
  ExplainValue(customer, verdict, answer);
  answer->activity = ExplainActivity(view, c);
  answer->phase = ExplainPhase(view, c);
  answer->rfm = ExplainRfm(view, c);
  answer->abc = ExplainAbc(*view.ranking, c.abc_value);
  const RiskSet risks = RisksOf(customer, verdict);
  const RiskExplainer explainer(customer, history, shares);
  for (size_t at = 0; at < kRisks; ++at) {
    const auto risk = static_cast<Risk>(at);
    if ((risks & BitOf(risk)) != 0) answer->risks.push_back(explainer.Explain(risk));
  }
  if (history != nullptr) answer->foresight = Foresee(customer, shares);
}

}  // namespace kundig::engine
