#include "tools/answer_json.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <cstdint>
#include <iterator>

#include "tools/figures.h"
#include "tools/json_values.h"
#include "tools/names.h"

namespace kundig::tools {

namespace json = boost::json;

namespace {

// A PhaseGroup or RiskGroup, under its name.
template <typename Group>
json::object GroupJson(std::string_view kind, std::string_view name, const Group& group) {
  return {{kind, name},
          {"customers", group.customers},
          {"revenue", group.revenue},
          {"revenue_total", group.revenue_total},
          {"clv", NumberOrNull(group.clv)}};
}

}  // namespace

void AddState(const wire::State& state, json::object* answer) {
  (*answer)["journal_sequence"] = state.journal_sequence();
  (*answer)["ranking_version"] = state.ranking_version();
  (*answer)["rules_version"] = state.rules_version();
  (*answer)["fit_version"] = state.fit_version();
}

void AddUnrankedState(const wire::State& state, json::object* answer) {
  (*answer)["journal_sequence"] = state.journal_sequence();
  (*answer)["rules_version"] = state.rules_version();
  (*answer)["fit_version"] = state.fit_version();
}

json::object StatusJson(const wire::StatusReplyT& reply) {
  json::object answer{{"customers", reply.customers},   {"orders", reply.orders},
                      {"returns", reply.returns},       {"leads", reply.leads},
                      {"open_leads", reply.open_leads}, {"today", FormatDay(reply.state->as_of())}};
  AddState(*reply.state, &answer);
  answer["memory_bytes"] = reply.memory_bytes;
  answer["memory_limit_bytes"] = reply.memory_limit_bytes;
  answer["version"] = reply.version;
  answer["durability"] = reply.durability;
  answer["journal_bytes"] = reply.journal_bytes;
  answer["saved_sequence"] = reply.saved_sequence;
  answer["erased_sequence"] = reply.erased_sequence;
  answer["erased_at"] = reply.erased_at.has_value() ? json::value(FormatTime(*reply.erased_at))
                                                    : json::value(nullptr);
  answer["as_of"] = FormatDay(reply.state->as_of());
  return answer;
}

json::object ProfileJson(const wire::ProfileT& profile, const wire::State& state) {
  if (!profile.found) return {{"customer", profile.customer}, {"found", false}};
  json::object answer{{"customer", profile.customer},
                      {"found", true},
                      {"as_of", FormatDay(state.as_of())},
                      {"kind", NameOrNull(profile.kind)},
                      {"country", TextOrNull(profile.country)},
                      {"region", TextOrNull(profile.region)},
                      {"owner", TextOrNull(profile.owner)},
                      {"company_size", NumberOrNull(profile.company_size)},
                      {"products", NumberOrNull(profile.products)},
                      {"potential", NumberOrNull(profile.potential)},
                      {"key_account", profile.key_account},
                      {"satisfaction", NumberOrNull(profile.satisfaction)},
                      {"referral", NumberOrNull(profile.referral)},
                      {"bonding", NumberOrNull(profile.bonding)},
                      {"first_order", DayOrNull(profile.first_order)},
                      {"last_order", DayOrNull(profile.last_order)},
                      {"last_activity", DayOrNull(profile.last_activity)},
                      {"recency_days", NumberOrNull(profile.recency_days)},
                      {"inactive_days", NumberOrNull(profile.inactive_days)},
                      {"purchase_days", profile.purchase_days},
                      {"orders", profile.orders},
                      {"revenue", profile.revenue},
                      {"margin", profile.margin},
                      {"items", profile.items},
                      {"orders_total", profile.orders_total},
                      {"revenue_total", profile.revenue_total},
                      {"margin_total", profile.margin_total},
                      {"r", NumberOrNull(profile.r)},
                      {"f", NumberOrNull(profile.f)},
                      {"m", NumberOrNull(profile.m)},
                      {"rfm_segment", TextOrNull(profile.rfm_segment)},
                      {"abc", Name(profile.abc)},
                      {"value_score", ThousandthsOrNull(profile.value_score)},
                      {"value_class", Name(profile.value_class)},
                      {"value_pinned", profile.value_pinned},
                      {"hidden_potential", profile.hidden_potential},
                      {"activity", Name(profile.activity)},
                      {"consent", NameOrNull(profile.consent)},
                      {"last_contact", DayOrNull(profile.last_contact)},
                      {"p_alive", MillionthsOrNull(profile.p_alive)},
                      {"churn_score", MillionthsOrNull(profile.churn_score)},
                      {"churn_band", NameOrNull(profile.churn_band)},
                      {"expected_orders", ThousandthsOrNull(profile.expected_orders)},
                      {"clv", NumberOrNull(profile.clv)},
                      {"customer_value", profile.customer_value},
                      {"phase", Name(profile.phase)},
                      {"risks", RiskNames(profile.risks)},
                      {"ranking_version", state.ranking_version()}};
  AddUnrankedState(state, &answer);
  return answer;
}

json::object RfmJson(const wire::RfmReplyT& reply) {
  json::value cuts = nullptr;
  if (!reply.recency_cuts.empty()) {
    cuts = json::object{
        {"recency_days", json::array(reply.recency_cuts.begin(), reply.recency_cuts.end())},
        {"frequency", json::array(reply.frequency_cuts.begin(), reply.frequency_cuts.end())},
        {"monetary", json::array(reply.monetary_cuts.begin(), reply.monetary_cuts.end())}};
  }
  json::array cells, segments;
  for (const auto& cell : reply.cells) {
    cells.push_back({{"r", cell->r},
                     {"f", cell->f},
                     {"m", cell->m},
                     {"customers", cell->customers},
                     {"orders", cell->orders},
                     {"revenue", cell->revenue}});
  }
  for (const auto& segment : reply.segments) {
    segments.push_back({{"name", segment->name},
                        {"customers", segment->customers},
                        {"orders", segment->orders},
                        {"revenue", segment->revenue}});
  }
  json::object answer{{"as_of", FormatDay(reply.state->as_of())},
                      {"population", reply.population},
                      {"cuts", std::move(cuts)},
                      {"cells", std::move(cells)},
                      {"segments", std::move(segments)}};
  AddState(*reply.state, &answer);
  return answer;
}

json::object AbcJson(const wire::AbcReplyT& reply) {
  json::array classes;
  for (const auto& group : reply.classes) {
    json::value share = 0;
    if (group->class_ != wire::AbcClass::none && reply.total != 0) {
      share = static_cast<double>(group->sum) / static_cast<double>(reply.total);
    }
    classes.push_back({{"class", Name(group->class_)},
                       {"customers", group->customers},
                       {"sum", group->sum},
                       {"share", share},
                       {"from", NumberOrNull(group->from)}});
  }
  json::object answer{{"as_of", FormatDay(reply.state->as_of())},
                      {"measure", reply.measure},
                      {"total", reply.total},
                      {"classes", std::move(classes)}};
  AddState(*reply.state, &answer);
  return answer;
}

json::object ValueJson(const wire::ValueReplyT& reply) {
  json::array classes;
  for (const auto& group : reply.classes) {
    classes.push_back({{"class", Name(group->class_)},
                       {"customers", group->customers},
                       {"revenue", group->revenue}});
  }
  json::object answer{{"as_of", FormatDay(reply.state->as_of())},
                      {"classes", std::move(classes)},
                      {"hidden_potential", json::object{{"customers", reply.hidden_customers},
                                                        {"revenue", reply.hidden_revenue}}}};
  AddState(*reply.state, &answer);
  return answer;
}

json::object PhasesJson(const wire::PhasesReplyT& reply) {
  json::array phases;
  for (const auto& group : reply.phases) {
    phases.push_back(GroupJson("phase", Name(group->phase), *group));
  }
  json::object answer{{"as_of", FormatDay(reply.state->as_of())}, {"phases", std::move(phases)}};
  AddState(*reply.state, &answer);
  return answer;
}

json::object RisksJson(const wire::PhasesReplyT& reply) {
  json::array risks;
  for (const auto& group : reply.risks) {
    risks.push_back(GroupJson("risk", Name(group->risk), *group));
  }
  json::object answer{{"as_of", FormatDay(reply.state->as_of())},
                      {"risks", std::move(risks)},
                      {"at_risk", json::object{{"customers", reply.at_risk_customers},
                                               {"revenue", reply.at_risk_revenue},
                                               {"revenue_total", reply.at_risk_revenue_total},
                                               {"clv", NumberOrNull(reply.at_risk_clv)}}}};
  AddState(*reply.state, &answer);
  return answer;
}

json::object CountJson(const wire::CountReplyT& reply) {
  json::object answer{{"customers", reply.customers},
                      {"orders", reply.orders},
                      {"revenue", reply.revenue},
                      {"revenue_total", reply.revenue_total},
                      {"as_of", FormatDay(reply.state->as_of())}};
  AddState(*reply.state, &answer);
  return answer;
}

json::value SpendJson(const wire::SpendFitT* spend) {
  if (spend == nullptr) return nullptr;
  return json::object{{"measure", Name(spend->measure)},
                      {"p", spend->p},
                      {"q", spend->q},
                      {"gamma", spend->gamma},
                      {"log_likelihood", spend->log_likelihood},
                      {"customers", spend->customers},
                      {"converged", spend->converged},
                      {"at_limit", spend->at_limit}};
}

json::object ChurnJson(const wire::ChurnReplyT& reply) {
  json::object answer{{"model", Name(reply.model)},
                      {"parameters", json::object{{"r", reply.parameters->r()},
                                                  {"alpha", reply.parameters->alpha()},
                                                  {"a", reply.parameters->a()},
                                                  {"b", reply.parameters->b()}}},
                      {"log_likelihood", reply.log_likelihood},
                      {"customers", reply.customers},
                      {"fitted_through", FormatDay(reply.fitted_through)},
                      {"pinned", reply.pinned},
                      {"converged", reply.converged},
                      {"at_limit", reply.at_limit},
                      {"alive", reply.alive},
                      {"horizon_days", reply.horizon_days},
                      {"expected_purchases", reply.expected_purchases},
                      {"purchases", reply.purchases},
                      {"spend", SpendJson(reply.spend.get())},
                      {"in_force", reply.in_force}};
  if (reply.checked_through.has_value()) {
    json::array rows;
    for (const auto& row : reply.hold_out) {
      const auto mean = [customers = static_cast<double>(row->customers)](double purchases) {
        return customers > 0 ? json::value(purchases / customers) : json::value(nullptr);
      };
      rows.push_back({{"repeats", row->repeats},
                      {"customers", row->customers},
                      {"actual", mean(static_cast<double>(row->purchases))},
                      {"expected", mean(row->expected)}});
    }
    answer["checked_through"] = FormatDay(*reply.checked_through);
    answer["hold_out"] = std::move(rows);
  }
  answer["as_of"] = FormatDay(reply.state->as_of());
  AddUnrankedState(*reply.state, &answer);
  return answer;
}

void AppendText(std::string_view text, std::string* out) {
  *out += json::serialize(json::string_view(text.data(), text.size()));
}

namespace {

void Append(const json::value& value, std::string* out) {
  switch (value.kind()) {
    case json::kind::null:
      *out += "null";
      break;
    case json::kind::bool_:
      *out += value.get_bool() ? "true" : "false";
      break;
    case json::kind::int64:
      fmt::format_to(std::back_inserter(*out), "{}", value.get_int64());
      break;
    case json::kind::uint64:
      fmt::format_to(std::back_inserter(*out), "{}", value.get_uint64());
      break;
    case json::kind::double_:
      fmt::format_to(std::back_inserter(*out), "{}", value.get_double());
      break;
    case json::kind::string:
      AppendText(value.get_string(), out);
      break;
    case json::kind::array: {
      const char* separator = "[";
      for (const json::value& item : value.get_array()) {
        *out += separator;
        Append(item, out);
        separator = ",";
      }
      *out += value.get_array().empty() ? "[]" : "]";
      break;
    }
    case json::kind::object: {
      const char* separator = "{";
      for (const auto& [key, item] : value.get_object()) {
        *out += separator;
        AppendText(key, out);
        *out += ':';
        Append(item, out);
        separator = ",";
      }
      *out += value.get_object().empty() ? "{}" : "}";
      break;
    }
  }
}

}  // namespace

std::string ToText(const json::value& value) {
  std::string text;
  Append(value, &text);
  return text;
}

}  // namespace kundig::tools
