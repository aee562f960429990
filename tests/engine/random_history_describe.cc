// Actions in words, for the person who looks for a fault.

#include "tests/engine/random_history_actions.h"

namespace kundig::engine {

namespace {

std::string Text(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}
std::string Text(Minor amount) {
  return std::to_string(amount.units);
}
std::string Text(TimeMs at) {
  return std::to_string(at.since_epoch) + " (UTC " + FormatDay(Calendar().DayOf(at)) + ")";
}
std::string Text(Day day) {
  return FormatDay(day);
}
template <typename T>
requires std::is_arithmetic_v<T> || std::is_enum_v<T> std::string Text(T number) {
  return std::to_string(static_cast<int64_t>(number));
}

template <typename T>
std::string Field(const char* name, const T& value) {
  return std::string(" ") + name + "=" + Text(value);
}
template <typename T>
std::string Field(const char* name, const std::optional<T>& value) {
  return value ? Field(name, *value) : "";
}
template <typename T>
std::string Field(const char* name, const Patch<T>& patch) {
  if (patch.verb == Patch<T>::Verb::kKeep) return "";
  return patch.verb == Patch<T>::Verb::kSet ? Field(name, patch.value)
                                            : std::string(" ") + name + "=removed";
}

struct Describer {
  std::string operator()(const CustomerSet& e) const {
    return "customer set" + Field("customer", e.customer) + Field("kind", e.kind) +
           Field("country", e.country) + Field("region", e.region) + Field("owner", e.owner) +
           Field("company_size", e.company_size) + Field("products", e.products) +
           Field("potential", e.potential) + Field("key_account", e.key_account) +
           Field("satisfaction", e.satisfaction) + Field("referral", e.referral) +
           Field("bonding", e.bonding) + Field("pinned_class", e.pinned_class);
  }
  std::string operator()(const OrderPlaced& e) const {
    return "order" + Field("customer", e.customer) + Field("order", e.order) + Field("at", e.at) +
           Field("revenue", e.revenue) + Field("margin", e.margin) + Field("items", e.items) +
           Field("currency", e.currency);
  }
  std::string operator()(const ReturnReceived& e) const {
    return "return" + Field("customer", e.customer) + Field("return", e.return_id) +
           Field("at", e.at) + Field("amount", e.amount) + Field("margin", e.margin) +
           Field("currency", e.currency);
  }
  std::string operator()(const OrderCancelled& e) const {
    return "order cancelled" + Field("customer", e.customer) + Field("order", e.order);
  }
  std::string operator()(const Visit& e) const {
    return "visit" + Field("customer", e.customer) + Field("at", e.at);
  }
  std::string operator()(const Contact& e) const {
    return "contact" + Field("customer", e.customer) + Field("at", e.at) +
           Field("channel", e.channel) + Field("campaign", e.campaign);
  }
  std::string operator()(const Consent& e) const {
    return "consent" + Field("customer", e.customer) + Field("at", e.at) + Field("state", e.state) +
           Field("until", e.until);
  }
  std::string operator()(const LeadSet& e) const {
    return "lead set" + Field("lead", e.lead) + Field("status", e.status) +
           Field("stage", e.stage) + Field("revenue", e.revenue) + Field("chance", e.chance) +
           Field("customer", e.customer) + Field("owner", e.owner) + Field("region", e.region) +
           Field("product", e.product) + Field("source", e.source) + Field("opened", e.opened) +
           Field("expected_close", e.expected_close) + Field("closed", e.closed) +
           Field("reason", e.reason) + Field("currency", e.currency);
  }
  std::string operator()(const LeadClosed& e) const {
    return "lead closed" + Field("lead", e.lead) + Field("status", e.status) +
           Field("closed", e.closed) + Field("reason", e.reason);
  }
  std::string operator()(const Erase& e) const { return "erase" + Field("customer", e.customer); }
  std::string operator()(const Termination& e) const {
    return "termination" + Field("customer", e.customer) + Field("at", e.at) +
           Field("state", e.state) + Field("effective", e.effective) + Field("reason", e.reason);
  }
  std::string operator()(const Complaint& e) const {
    return "complaint" + Field("customer", e.customer) + Field("complaint", e.complaint) +
           Field("at", e.at) + Field("closed", e.closed);
  }
  std::string operator()(const ServiceRequest& e) const {
    return "service request" + Field("customer", e.customer) + Field("at", e.at);
  }
  std::string operator()(const LatePayment& e) const {
    return "late payment" + Field("customer", e.customer) + Field("at", e.at);
  }
  std::string operator()(const Cost& e) const {
    return "cost" + Field("customer", e.customer) + Field("cost", e.cost) + Field("at", e.at) +
           Field("amount", e.amount) + Field("currency", e.currency);
  }

  std::string operator()(const Event& event) const { return std::visit(*this, event); }
  std::string operator()(const FitChange& change) const {
    const AdoptedFit& fit = change.fit;
    return "a fit of model " + Text(fit.model) + (fit.pinned ? " under pinned parameters" : "") +
           " r=" + std::to_string(fit.parameters.r) +
           " alpha=" + std::to_string(fit.parameters.alpha) +
           " a=" + std::to_string(fit.parameters.a) + " b=" + std::to_string(fit.parameters.b) +
           (fit.spend ? " with measure " + Text(fit.spend->measure) : " without spend");
  }
  std::string operator()(const DayChange& change) const {
    return "day change to " + FormatDay(change.day);
  }
  std::string operator()(const RuleChange& change) const {
    const RuleSettings& s = change.rules->settings();
    return "rules:" + Field("rfm.window_days", s.rfm.window_days) +
           Field("rfm.scoring", s.rfm.scoring) + Field("rfm.frequency", s.rfm.frequency) +
           Field("rfm.monetary", s.rfm.monetary) + Field("abc.measure", s.abc.measure) +
           Field("abc.window_days", s.abc.window_days) + Field("abc.a", s.abc.a_hundredths) +
           Field("abc.b", s.abc.b_hundredths) + Field("abc.boundary", s.abc.boundary) +
           Field("inactive_after", s.activity.inactive_after) +
           Field("lost_after", s.activity.lost_after) +
           Field("overdue_percent", s.activity.overdue_percent) +
           Field("waiting_days", s.waiting_days) + Field("criteria", s.value.criteria.size()) +
           Field("always", s.value.always.size()) + Field("potential", s.value.potential.size()) +
           Field("stages", s.stages.size());
  }
};

}  // namespace

std::string Describe(const Action& action) {
  return std::visit(Describer{}, action);
}

}  // namespace kundig::engine
