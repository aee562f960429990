// The answers about leads as JSON.

#include <boost/json/array.hpp>

#include <string>
#include <vector>

#include "tools/answer_json.h"
#include "tools/figures.h"
#include "tools/names.h"

namespace kundig::tools {

namespace json = boost::json;

namespace {

json::object Keys(const std::vector<wire::PipelineKey>& by, const std::vector<std::string>& keys) {
  json::object object;
  for (size_t i = 0; i < by.size() && i < keys.size(); ++i) object[Name(by[i])] = keys[i];
  return object;
}

void AddGroup(const wire::PipelineGroupT& group, json::object* out) {
  (*out)["leads"] = group.leads;
  (*out)["revenue"] = group.revenue;
  (*out)["weighted"] = group.weighted;
  (*out)["overridden"] = group.overridden;
}

json::object Total(const wire::WaterfallTotal& total) {
  return {{"leads", total.leads()}, {"revenue", total.revenue()}, {"weighted", total.weighted()}};
}

}  // namespace

json::object PipelineJson(const wire::PipelineReplyT& reply) {
  json::array groups;
  for (const auto& group : reply.groups) {
    json::object entry{{"by", Keys(reply.by, group->keys)}};
    AddGroup(*group, &entry);
    groups.push_back(std::move(entry));
  }
  json::object total;
  AddGroup(*reply.total, &total);
  json::object answer{
      {"as_of", FormatDay(reply.state->as_of())},
      {"groups", std::move(groups)},
      {"total", std::move(total)},
      {"won", json::object{{"leads", reply.won_leads}, {"revenue", reply.won_revenue}}},
      {"lost", json::object{{"leads", reply.lost_leads}, {"revenue", reply.lost_revenue}}}};
  if (!reply.closed_by.empty()) {
    json::array closed;
    for (const auto& group : reply.closed) {
      closed.push_back({{"status", Name(group->status)},
                        {"by", Keys(reply.closed_by, group->keys)},
                        {"leads", group->leads},
                        {"revenue", group->revenue}});
    }
    answer["closed"] = std::move(closed);
  }
  AddUnrankedState(*reply.state, &answer);
  return answer;
}

json::object WaterfallJson(const wire::WaterfallReplyT& reply) {
  json::array changes;
  for (const wire::WaterfallChange& change : reply.changes) {
    json::object row{
        {"kind", Name(change.part())}, {"leads", change.leads()}, {"weighted", change.weighted()}};
    const bool closes =
        change.part() == wire::WaterfallPart::won || change.part() == wire::WaterfallPart::lost;
    if (closes) row["revenue"] = change.revenue();
    changes.push_back(std::move(row));
  }
  json::object answer{{"as_of", FormatDay(reply.state->as_of())},
                      {"from", FormatDay(reply.from)},
                      {"to", FormatDay(reply.to)},
                      {"opening", Total(*reply.opening)},
                      {"changes", std::move(changes)},
                      {"closing", Total(*reply.closing)}};
  AddUnrankedState(*reply.state, &answer);
  return answer;
}

json::object ConversionJson(const wire::ConversionReplyT& reply) {
  json::array stages;
  for (size_t at = 0; at < reply.stages.size(); ++at) {
    const wire::ConversionStageT& stage = *reply.stages[at];
    json::array to;
    for (size_t place = 0; place < stage.to.size(); ++place) {
      const wire::ConversionStepT& step = *stage.to[place];
      to.push_back({{"stage", StageReached(reply, at, place)},
                    {"leads", step.leads},
                    {"share", ShareReached(stage, step)},
                    {"median_days",
                     step.median_days ? json::value(*step.median_days) : json::value(nullptr)}});
    }
    stages.push_back({{"from", stage.stage}, {"leads", stage.leads}, {"to", std::move(to)}});
  }
  json::object answer{{"as_of", FormatDay(reply.state->as_of())}, {"stages", std::move(stages)}};
  AddUnrankedState(*reply.state, &answer);
  return answer;
}

json::array ConversionRows(const wire::ConversionReplyT& reply) {
  json::array rows;
  const json::object answer = ConversionJson(reply);
  for (const json::value& stage : answer.at("stages").as_array()) {
    for (const json::value& step : stage.at("to").as_array()) {
      rows.push_back({{"from", stage.at("from")},
                      {"from_leads", stage.at("leads")},
                      {"stage", step.at("stage")},
                      {"leads", step.at("leads")},
                      {"share", step.at("share")},
                      {"median_days", step.at("median_days")}});
    }
  }
  return rows;
}

}  // namespace kundig::tools
