// The events of customers, days and rules.

#include "tests/engine/model_book.h"

#include "engine/check.h"
#include "tests/engine/model_changes.h"

namespace kundig::engine {

int64_t RoundHalfAway(Wide numerator, Wide denominator) {
  KUNDIG_CHECK(denominator > 0);
  const Wide size = numerator < 0 ? -numerator : numerator;
  const Wide rounded = (2 * size + denominator) / (2 * denominator);
  return static_cast<int64_t>(numerator < 0 ? -rounded : rounded);
}

ModelBook::ModelBook(std::shared_ptr<const Rules> rules, Day today)
    : rules_(std::move(rules)), today_(today) {}

StateName ModelBook::State() const {
  return StateName{journal_sequence_, journal_sequence_, today_, rules_version_, fit_version_};
}

bool ModelBook::Grows(const Event& event) const {
  if (std::holds_alternative<Erase>(event) || std::holds_alternative<LeadClosed>(event)) {
    return false;
  }
  if (const LeadSet* lead = std::get_if<LeadSet>(&event)) {
    return !leads_.contains(std::string(lead->lead));
  }
  const auto named = [](const auto& one) -> std::string_view {
    if constexpr (requires { one.customer.verb; })
      return {};
    else if constexpr (requires { std::string_view(one.customer); })
      return one.customer;
    else
      return {};
  };
  const auto found = customers_.find(std::string(std::visit(named, event)));
  if (found == customers_.end()) return true;
  const ModelCustomer& customer = found->second;
  if (const OrderPlaced* order = std::get_if<OrderPlaced>(&event)) {
    return !customer.orders.contains(std::string(order->order));
  }
  if (const ReturnReceived* taken = std::get_if<ReturnReceived>(&event)) {
    return !customer.returns.contains(std::string(taken->return_id));
  }
  if (const Visit* visit = std::get_if<Visit>(&event)) return !customer.visits.contains(visit->at);
  if (const Contact* contact = std::get_if<Contact>(&event)) {
    return !customer.contacts.contains(contact->at);
  }
  if (const Termination* notice = std::get_if<Termination>(&event)) {
    return !customer.terminations.contains(notice->at);
  }
  if (const Complaint* complaint = std::get_if<Complaint>(&event)) {
    return !customer.complaints.contains(std::string(complaint->complaint));
  }
  if (const ServiceRequest* request = std::get_if<ServiceRequest>(&event)) {
    return !customer.service_requests.contains(request->at);
  }
  if (const LatePayment* payment = std::get_if<LatePayment>(&event)) {
    return !customer.late_payments.contains(payment->at);
  }
  if (const Cost* cost = std::get_if<Cost>(&event)) {
    return !customer.costs.contains(std::string(cost->cost));
  }
  return false;
}

ApplyAnswer ModelBook::Apply(std::span<const Event> events, Growth growth) {
  ApplyAnswer answer;
  for (size_t i = 0; i < events.size(); ++i) {
    const Result<Outcome> outcome =
        growth == Growth::kRefused && Grows(events[i])
            ? Result<Outcome>(Refuse(ErrorCode::kMemoryFull, "memory_limit"))
            : std::visit([this](const auto& event) { return Take(event); }, events[i]);
    if (outcome.has_error()) {
      answer.refused.push_back(RefusedEvent{static_cast<uint32_t>(i), outcome.error()});
      continue;
    }
    // An event that changes nothing is an entry of the journal all the same.
    ++journal_sequence_;
    if (*outcome == Outcome::kApplied) ++answer.applied;
    if (*outcome == Outcome::kReplaced) ++answer.replaced;
    if (*outcome == Outcome::kUnchanged) ++answer.unchanged;
  }
  rows_.reset();
  answer.state = State();
  return answer;
}

Result<StateName> ModelBook::AdvanceDay(Day day) {
  if (day <= today_) return Refuse(ErrorCode::kDayNotForward, "");
  today_ = day;
  ++journal_sequence_;
  rows_.reset();
  if (rules_->settings().value.between == Between::kLastClose) {
    std::map<std::string, ValueClass> classes;
    for (const ModelRow& row : Rows()) {
      classes[std::string(row.profile.customer)] = row.profile.value_class;
    }
    for (const auto& [id, value_class] : classes) customers_[id].closed_class = value_class;
    rows_.reset();
  }
  return State();
}

// No entry of the journal: rules are configuration, not something that happened.
Result<StateName> ModelBook::ReplaceRules(std::shared_ptr<const Rules> rules) {
  if (rules->settings().currency != rules_->settings().currency) {
    return Refuse(ErrorCode::kInvalidValue, "book.currency");
  }
  for (const auto& [id, lead] : leads_) {
    if (lead.stage && !rules->FindStage(*lead.stage)) {
      return Refuse(ErrorCode::kUnknownStage, "pipeline.stage");
    }
  }
  rules_ = std::move(rules);
  ++rules_version_;
  if (rules_->settings().value.between == Between::kReview) {
    for (auto& [id, customer] : customers_) customer.closed_class.reset();
  }
  looked_ahead_ = false;
  rows_.reset();
  return State();
}

// No entry of the journal either.
StateName ModelBook::AdoptFit(const AdoptedFit& fit) {
  fit_ = fit;
  ++fit_version_;
  looked_ahead_ = false;
  rows_.reset();
  return State();
}

// Tomorrow is allowed because clocks of shops and of the server differ.
Result<Day> ModelBook::EventDay(TimeMs at) const {
  const Day day = rules_->calendar().DayOf(at);
  if (day > today_ + 1) return Refuse(ErrorCode::kFutureEvent, "at");
  if (day < kFirstDay) return Refuse(ErrorCode::kInvalidValue, "at");
  return day;
}

std::optional<Error> ModelBook::JudgeCurrency(std::string_view currency) const {
  if (currency.empty() || currency == rules_->settings().currency) return std::nullopt;
  return Refuse(ErrorCode::kCurrencyMismatch, "currency");
}

// Four days are kept; the oldest stays where it is the last within handover_days of the first
// order.
void ModelBook::NoteOwnerChange(ModelCustomer* customer) const {
  std::vector<Day>& days = customer->owner_changes;
  if (!days.empty() && days.back() == today_) return;
  days.push_back(today_);
  if (days.size() <= 4) return;
  std::optional<Day> first;
  for (const auto& [id, order] : customer->orders)
    first = std::min(first.value_or(order.day), order.day);
  const auto early = [&](Day day) {
    return first && day >= *first && day - *first < rules_->settings().risk.handover_days;
  };
  days.erase(days.begin() + (early(days[0]) && !early(days[1]) ? 1 : 0));
}

Result<ModelBook::Outcome> ModelBook::Take(const CustomerSet& event) {
  const auto [found, is_new] = customers_.try_emplace(std::string(event.customer));
  ModelAttributes& attributes = found->second.attributes;
  const ModelAttributes before = attributes;
  Amend(&attributes.kind, event.kind);
  Amend(&attributes.country, event.country);
  Amend(&attributes.region, event.region);
  Amend(&attributes.owner, event.owner);
  if (before.owner && before.owner != attributes.owner) NoteOwnerChange(&found->second);
  Amend(&attributes.company_size, event.company_size);
  Amend(&attributes.products, event.products);
  Amend(&attributes.potential, event.potential);
  Amend(&attributes.key_account, event.key_account);
  Amend(&attributes.satisfaction, event.satisfaction);
  Amend(&attributes.referral, event.referral);
  Amend(&attributes.bonding, event.bonding);
  Amend(&attributes.pinned_class, event.pinned_class);
  return is_new || attributes != before ? Outcome::kApplied : Outcome::kUnchanged;
}

Result<ModelBook::Outcome> ModelBook::Take(const OrderPlaced& event) {
  if (const auto error = JudgeCurrency(event.currency)) return *error;
  if (event.revenue < Minor{0}) return Refuse(ErrorCode::kInvalidValue, "revenue");
  const Result<Day> day = EventDay(event.at);
  if (day.has_error()) return day.error();
  return Put(&customers_[std::string(event.customer)].orders, std::string(event.order),
             ModelOrder{event.at, *day, event.revenue, event.margin, event.items});
}

Result<ModelBook::Outcome> ModelBook::Take(const ReturnReceived& event) {
  if (const auto error = JudgeCurrency(event.currency)) return *error;
  const Result<Day> day = EventDay(event.at);
  if (day.has_error()) return day.error();
  return Put(&customers_[std::string(event.customer)].returns, std::string(event.return_id),
             ModelReturn{event.at, *day, event.amount, event.margin});
}

// Names a customer, and so creates it, even where there is no such order to cancel.
Result<ModelBook::Outcome> ModelBook::Take(const OrderCancelled& event) {
  return customers_[std::string(event.customer)].orders.erase(std::string(event.order)) == 1
             ? Outcome::kApplied
             : Outcome::kUnchanged;
}

Result<ModelBook::Outcome> ModelBook::Take(const Visit& event) {
  const Result<Day> day = EventDay(event.at);
  if (day.has_error()) return day.error();
  return Put(&customers_[std::string(event.customer)].visits, event.at, *day);
}

Result<ModelBook::Outcome> ModelBook::Take(const Contact& event) {
  const Result<Day> day = EventDay(event.at);
  if (day.has_error()) return day.error();
  return Put(&customers_[std::string(event.customer)].contacts, event.at,
             ModelContact{*day, std::string(event.channel), std::string(event.campaign)});
}

Result<ModelBook::Outcome> ModelBook::Take(const Consent& event) {
  const Result<Day> day = EventDay(event.at);
  if (day.has_error()) return day.error();
  return Put(&customers_[std::string(event.customer)].consents, event.at,
             ModelConsent{event.state, event.until});
}

Result<ModelBook::Outcome> ModelBook::Take(const Termination& event) {
  const Result<Day> day = EventDay(event.at);
  if (day.has_error()) return day.error();
  return Put(&customers_[std::string(event.customer)].terminations, event.at,
             ModelTermination{event.state, event.effective, std::string(event.reason)});
}

Result<ModelBook::Outcome> ModelBook::Take(const Complaint& event) {
  const Result<Day> day = EventDay(event.at);
  if (day.has_error()) return day.error();
  if (event.closed && *event.closed > today_ + 1) {
    return Refuse(ErrorCode::kFutureEvent, "closed");
  }
  if (event.closed && *event.closed < *day) return Refuse(ErrorCode::kInvalidValue, "closed");
  return Put(&customers_[std::string(event.customer)].complaints, std::string(event.complaint),
             ModelComplaint{event.at, event.closed});
}

Result<ModelBook::Outcome> ModelBook::Take(const ServiceRequest& event) {
  const Result<Day> day = EventDay(event.at);
  if (day.has_error()) return day.error();
  return Put(&customers_[std::string(event.customer)].service_requests, event.at, *day);
}

Result<ModelBook::Outcome> ModelBook::Take(const LatePayment& event) {
  const Result<Day> day = EventDay(event.at);
  if (day.has_error()) return day.error();
  return Put(&customers_[std::string(event.customer)].late_payments, event.at, *day);
}

Result<ModelBook::Outcome> ModelBook::Take(const Cost& event) {
  if (const auto error = JudgeCurrency(event.currency)) return *error;
  if (event.amount < Minor{0}) return Refuse(ErrorCode::kInvalidValue, "amount");
  const Result<Day> day = EventDay(event.at);
  if (day.has_error()) return day.error();
  return Put(&customers_[std::string(event.customer)].costs, std::string(event.cost),
             ModelCost{event.at, event.amount});
}

// The leads of an erased customer go even where the book never knew the customer itself: a name
// that somebody wants gone must not stay on in the pipeline.
Result<ModelBook::Outcome> ModelBook::Take(const Erase& event) {
  const std::string id(event.customer);
  const size_t gone = customers_.erase(id) + std::erase_if(leads_, [&id](const auto& entry) {
                        return entry.second.customer == id;
                      });
  std::erase_if(lead_pasts_, [this](const auto& past) { return !leads_.contains(past.first); });
  return gone > 0 ? Outcome::kApplied : Outcome::kUnchanged;
}

}  // namespace kundig::engine
