// Phases and risks, worked out from the lists of a customer's entries.

#include <algorithm>

#include "tests/engine/model_book.h"

namespace kundig::engine {

// Of the days more than `to_days` and at most `from_days` - 1 days ago.
int64_t ModelBook::NetRevenue(const ModelCustomer& customer, int32_t from_days,
                              int32_t to_days) const {
  const auto lies_there = [&](Day day) {
    return day <= today_ && today_ - day >= to_days && today_ - day < from_days;
  };
  int64_t revenue = 0;
  for (const auto& [id, order] : customer.orders) {
    if (lies_there(order.day)) revenue += order.revenue.units;
  }
  for (const auto& [id, back] : customer.returns) {
    if (lies_there(back.day)) revenue -= back.amount.units;
  }
  return revenue;
}

// An order dated tomorrow makes nobody a customer yet, but counts as the last one.
Phase ModelBook::PhaseOf(const ModelCustomer& customer, const Profile& profile) const {
  const PhaseSettings& settings = rules_->settings().phase;
  if (profile.orders_total == 0) return Phase::kProspect;

  std::optional<Day> in_force;
  std::vector<Day> passed;  // of notices that took effect
  for (const auto& [at, notice] : customer.terminations) {
    if (notice.state == TerminationState::kWithdrawn) {
      in_force.reset();
      continue;
    }
    const Day given = rules_->calendar().DayOf(at);
    if (in_force && *in_force < given) passed.push_back(*in_force);
    in_force = notice.effective;
  }
  if (in_force && *in_force >= today_) return Phase::kTermination;
  if (in_force) passed.push_back(*in_force);

  std::set<Day> purchases;
  for (const auto& [id, order] : customer.orders) purchases.insert(order.day);
  const bool is_gone =
      !passed.empty() && *purchases.rbegin() <= *std::max_element(passed.begin(), passed.end());
  if (is_gone || profile.activity == Activity::kInactive || profile.activity == Activity::kLost) {
    return Phase::kAbstinence;
  }

  std::optional<Day> come_back, before;
  for (const Day day : purchases) {
    if (before && day - *before >= rules_->settings().activity.inactive_after) come_back = day;
    before = day;
  }
  for (const Day end : passed) {
    const auto first = purchases.upper_bound(end);
    if (first != purchases.end()) come_back = std::max(come_back.value_or(*first), *first);
  }
  if (come_back && today_ - *come_back < settings.revival_days) return Phase::kRevitalization;

  const int32_t age = today_ - *profile.first_order;
  const Wide recent = NetRevenue(customer, settings.span_days, 0);
  const Wide earlier = NetRevenue(customer, 2 * settings.span_days, settings.span_days);
  if (age < settings.new_days) return Phase::kSocialization;
  if (profile.activity == Activity::kOverdue ||
      (earlier > 0 && recent * 100 < settings.decline_percent * earlier)) {
    return Phase::kDegeneration;
  }
  if (age < 2 * settings.span_days || recent * 100 > settings.growth_percent * earlier) {
    return Phase::kGrowth;
  }
  return Phase::kMaturity;
}

// Contacts, service requests and late payments dated tomorrow count at once, as in last_contact.
RiskSet ModelBook::RisksOf(const ModelCustomer& customer, const Profile& profile) const {
  const RiskSettings& settings = rules_->settings().risk;
  RiskSet risks = 0;
  const auto flag = [&risks](Risk risk, bool holds) {
    if (holds) risks |= BitOf(risk);
  };
  const auto since = [this](Day day) { return today_ - day; };

  int contacts = 0, early_contacts = 0;
  std::optional<Day> last_seen = profile.last_activity;
  for (const auto& [at, contact] : customer.contacts) {
    if (since(contact.day) < 30) ++contacts;
    if (profile.first_order && contact.day >= *profile.first_order &&
        contact.day - *profile.first_order < 30) {
      ++early_contacts;
    }
    last_seen = std::max(last_seen.value_or(contact.day), contact.day);
  }
  flag(Risk::kOverloaded, contacts > settings.contacts_per_30_days ||
                              (profile.first_order && since(*profile.first_order) < 30 &&
                               early_contacts > settings.contacts_after_first_order));
  for (const Day changed : customer.owner_changes) {
    if (!profile.first_order) break;
    const int32_t after_first = changed - *profile.first_order;
    flag(Risk::kHandover, after_first >= 0 && after_first < settings.handover_days &&
                              since(changed) < settings.handover_days);
  }
  flag(Risk::kNeglected,
       (profile.abc == AbcClass::kA || profile.value_class == ValueClass::kIndividual) &&
           last_seen && since(*last_seen) >= settings.neglected_days);
  for (const auto& [id, complaint] : customer.complaints) {
    const Day opened = rules_->calendar().DayOf(complaint.at);
    flag(Risk::kComplaint, !complaint.closed && since(opened) >= settings.complaint_days);
  }
  for (const auto& [at, day] : customer.late_payments) {
    flag(Risk::kLatePayment, since(day) < settings.late_payment_days);
  }
  const auto recent_requests =
      std::count_if(customer.service_requests.begin(), customer.service_requests.end(),
                    [&](const auto& request) { return since(request.second) < 30; });
  flag(Risk::kService, recent_requests >= settings.service_requests);
  flag(Risk::kSlowing, profile.activity == Activity::kOverdue);
  flag(Risk::kDissatisfied,
       (profile.satisfaction && *profile.satisfaction <= settings.dissatisfied_satisfaction) ||
           (profile.referral && *profile.referral <= settings.dissatisfied_referral));
  flag(Risk::kUnprofitable, profile.orders_total > 0 && profile.customer_value < Minor{0});
  flag(Risk::kChurn, profile.churn_band == ChurnBand::kHigh);
  for (const auto& [id, lead] : leads_) {
    if (lead.status != LeadStatus::kOpen || !lead.opened || lead.customer != profile.customer) {
      continue;
    }
    const Day opened = *lead.opened;
    const bool answered =
        std::any_of(customer.contacts.begin(), customer.contacts.end(),
                    [&](const auto& contact) { return contact.second.day >= opened; });
    flag(Risk::kUnanswered, !answered && since(opened) > settings.unanswered_days);
  }
  return risks;
}

Result<PhasesAnswer> ModelBook::Phases(std::string_view where) const {
  Expression expression = Expression::Everything();
  if (!where.empty()) {
    Result<Expression> parsed = ParseExpression(where, rules_->customer_fields());
    if (parsed.has_error()) return parsed.error();
    expression = *std::move(parsed);
  }
  PhasesAnswer answer;
  answer.state = State();
  if (Outlook() && Outlook()->spend) {
    for (PhasesAnswer::Group& group : answer.phases) group.clv = Minor{0};
    for (PhasesAnswer::Group& group : answer.risks) group.clv = Minor{0};
    answer.at_risk.clv = Minor{0};
  }
  for (const ModelRow& row : Rows()) {
    const Profile& profile = row.profile;
    if (!expression.Holds(ModelProfileReader(*rules_, profile))) continue;
    const auto count = [&](PhasesAnswer::Group* group) {
      ++group->customers;
      group->revenue += profile.revenue;
      group->revenue_total += profile.revenue_total;
      if (group->clv) *group->clv += profile.clv.value_or(Minor{0});
    };
    count(&answer.phases[static_cast<size_t>(profile.phase)]);
    for (size_t risk = 0; risk < kRisks; ++risk) {
      if ((profile.risks >> risk & 1) != 0) count(&answer.risks[risk]);
    }
    if (profile.risks != 0) count(&answer.at_risk);
  }
  return answer;
}

}  // namespace kundig::engine
