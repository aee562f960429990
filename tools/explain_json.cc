// The explanation of a customer as JSON.

#include <boost/json/array.hpp>

#include <utility>

#include "tools/answer_json.h"
#include "tools/figures.h"
#include "tools/json_values.h"
#include "tools/names.h"

namespace kundig::tools {

namespace json = boost::json;

namespace {

json::value CriterionValue(const wire::ExplainedCriterionT& criterion) {
  if (!criterion.value) return nullptr;
  switch (TypeOfCriterion(criterion.field)) {
    case wire::FieldType::day:
      return json::value(FormatDay(static_cast<int32_t>(*criterion.value)));
    case wire::FieldType::boolean:
      return *criterion.value != 0;
    case wire::FieldType::thousandths:
      return DecimalJson(*criterion.value, 1000);
    case wire::FieldType::millionths:
      return DecimalJson(*criterion.value, 1'000'000);
    default:
      return *criterion.value;
  }
}

json::object ActivityJson(const wire::ExplainedActivityT& activity) {
  return {{"activity", Name(activity.activity)},
          {"last_activity", DayOrNull(activity.last_activity)},
          {"inactive_days", NumberOrNull(activity.inactive_days)},
          {"last_order", DayOrNull(activity.last_order)},
          {"recency_days", NumberOrNull(activity.recency_days)},
          {"purchase_days", activity.purchase_days},
          {"mean_gap_days", ThousandthsOrNull(activity.mean_gap)},
          {"overdue_after", NumberOrNull(activity.overdue_after)},
          {"inactive_after", activity.inactive_after},
          {"lost_after", activity.lost_after},
          {"overdue_percent", activity.overdue_percent}};
}

json::object PhaseJson(const wire::ExplainedPhaseT& phase) {
  return {{"phase", Name(phase.phase)},
          {"reason", Name(phase.reason)},
          {"first_order", DayOrNull(phase.first_order)},
          {"notice", DayOrNull(phase.notice)},
          {"came_back", DayOrNull(phase.came_back)},
          {"recent", phase.recent},
          {"before", phase.before},
          {"span_days", phase.span_days},
          {"new_days", phase.new_days},
          {"revival_days", phase.revival_days},
          {"decline_percent", phase.decline_percent},
          {"growth_percent", phase.growth_percent}};
}

// The distance is what the value has to move by.
template <typename Name>
json::object NextJson(const char* key, const Name& name, int64_t from, int64_t value) {
  const int64_t distance = from > value ? from - value : value - from;
  return {{key, name}, {"from", from}, {"distance", distance}};
}

json::object ScoreJson(const wire::ExplainedScoreT& score) {
  const auto next = [&score](const flatbuffers::Optional<uint8_t>& to,
                             const flatbuffers::Optional<int64_t>& from) {
    return to && from ? json::value(NextJson("score", *to, *from, score.value))
                      : json::value(nullptr);
  };
  return {{"score", score.score},
          {"value", score.value},
          {"better", next(score.better_score, score.better_from)},
          {"worse", next(score.worse_score, score.worse_from)}};
}

json::object RfmPartJson(const wire::ExplainedRfmT& rfm) {
  return {{"segment", rfm.segment},
          {"window_days", rfm.window_days},
          {"recency", ScoreJson(*rfm.recency)},
          {"frequency_of", rfm.by_purchase_days ? "purchase_days" : "orders"},
          {"frequency", ScoreJson(*rfm.frequency)},
          {"monetary_of", rfm.by_average ? "average" : "total"},
          {"monetary", ScoreJson(*rfm.monetary)}};
}

json::object AbcPartJson(const wire::ExplainedAbcT& abc) {
  json::value better = nullptr;
  if (abc.better && abc.better_from) {
    better = NextJson("class", Name(*abc.better), *abc.better_from, abc.value);
  }
  return {{"class", Name(abc.abc)},
          {"measure", abc.measure},
          {"window_days", abc.window_days},
          {"value", abc.value},
          {"better", std::move(better)}};
}

json::object RiskJson(const wire::ExplainedRiskT& risk) {
  const bool is_score = risk.reason == wire::RiskReason::churn_score;
  const auto number = [is_score](int64_t value) {
    return is_score ? DecimalJson(value, 1'000'000) : json::value(value);
  };
  return {{"risk", Name(risk.risk)},
          {"reason", Name(risk.reason)},
          {"value", risk.value ? number(*risk.value) : json::value(nullptr)},
          {"limit", number(risk.limit)},
          {"since", DayOrNull(risk.since)}};
}

// Only what changes on the day.
json::object ForeseenJson(const wire::ForeseenDayT& day) {
  json::object object{{"on", FormatDay(day.on)}};
  const auto name = [&object](const char* key, const auto& code) {
    if (code) object[key] = Name(*code);
  };
  const auto score = [&object](const char* key, const flatbuffers::Optional<uint8_t>& to) {
    if (to) object[key] = *to > 0 ? json::value(*to) : json::value(nullptr);
  };
  const auto risks = [&object](const char* key, const std::vector<wire::Risk>& some) {
    if (!some.empty()) object[key] = RiskNames(some);
  };
  name("activity", day.activity);
  name("phase", day.phase);
  score("r", day.r);
  score("f", day.f);
  score("m", day.m);
  if (!day.rfm_segment.empty()) {
    const bool is_scored = !day.r || *day.r > 0;
    object["rfm_segment"] = is_scored ? json::value(day.rfm_segment) : json::value(nullptr);
  }
  name("abc", day.abc);
  name("value_class", day.value_class);
  risks("risks_begun", day.risks_begun);
  risks("risks_ended", day.risks_ended);
  return object;
}

}  // namespace

json::object ExplainJson(const wire::ExplainReplyT& reply) {
  if (!reply.found) return {{"customer", reply.customer}, {"found", false}};
  json::array criteria;
  for (const auto& criterion : reply.criteria) {
    criteria.push_back({{"field", criterion->field},
                        {"value", CriterionValue(*criterion)},
                        {"points", NumberOrNull(criterion->points)},
                        {"weight", criterion->weight},
                        {"share", ThousandthsOrNull(criterion->share)}});
  }
  json::object answer{{"customer", reply.customer},
                      {"found", true},
                      {"as_of", FormatDay(reply.state->as_of())},
                      {"value_class", Name(reply.value_class)},
                      {"value_score", ThousandthsOrNull(reply.value_score)},
                      {"decided_by", Name(reply.decided_by)},
                      {"rule", TextOrNull(reply.rule)},
                      {"rule_index", NumberOrNull(reply.rule_index)},
                      {"criteria", std::move(criteria)},
                      {"individual_at", DecimalJson(reply.individual_at, 100)},
                      {"standard_below", DecimalJson(reply.standard_below, 100)},
                      {"next_class", NameOrNull(reply.next_class)},
                      {"distance", ThousandthsOrNull(reply.distance)},
                      {"hidden_potential", reply.hidden_potential},
                      {"potential_rule", TextOrNull(reply.potential_rule)}};
  answer["activity"] =
      reply.activity ? json::value(ActivityJson(*reply.activity)) : json::value(nullptr);
  answer["phase"] = reply.phase ? json::value(PhaseJson(*reply.phase)) : json::value(nullptr);
  answer["rfm"] = reply.rfm ? json::value(RfmPartJson(*reply.rfm)) : json::value(nullptr);
  answer["abc"] = reply.abc ? json::value(AbcPartJson(*reply.abc)) : json::value(nullptr);
  json::array risks;
  for (const auto& risk : reply.risks) risks.push_back(RiskJson(*risk));
  answer["risks"] = std::move(risks);
  if (reply.foreseen_through) {
    json::array changes;
    for (const auto& day : reply.changes) changes.push_back(ForeseenJson(*day));
    answer["foreseen_through"] = FormatDay(*reply.foreseen_through);
    answer["changes"] = std::move(changes);
  }
  AddState(*reply.state, &answer);
  return answer;
}

}  // namespace kundig::tools
