// What leads were on earlier days: histories, waterfalls, conversions.

#include <algorithm>
#include <array>
#include <set>

#include "tests/engine/model_book.h"
#include "tests/engine/model_changes.h"

namespace kundig::engine {

namespace {

bool IsClosed(const ModelMoment& moment) {
  return moment.status != LeadStatus::kOpen;
}

// Where in the past the status of the last of its first `count` moments begins.
size_t StatusBegins(const std::vector<ModelMoment>& past, size_t count) {
  size_t at = count - 1;
  while (at > 0 && past[at - 1].status == past[count - 1].status) --at;
  return at;
}

Minor Rounded(Wide weighted) {
  return Minor{RoundHalfAway(weighted, 10000)};
}

}  // namespace

void ModelBook::Remember(const std::string& id, const std::optional<ModelLead>& before) {
  const ModelLead& lead = leads_.at(id);
  std::vector<ModelMoment>& past = lead_pasts_[id];
  // What is still to come counts as today.
  const auto told = [this](Day day) { return std::min(day, today_); };
  const bool closed = lead.status != LeadStatus::kOpen;
  const bool closes = closed && (!before || before->status != lead.status);

  ModelMoment moment;
  moment.day = closes ? told(*lead.closed) : today_;
  moment.status = lead.status;
  moment.stage = lead.stage;
  moment.chance = lead.chance;
  moment.revenue = lead.revenue;
  if (lead.stage) {
    const bool stays = before && before->stage == lead.stage;
    moment.stage_chance = stays
                              ? past.back().stage_chance
                              : rules_->stages()[*rules_->FindStage(*lead.stage)].chance_hundredths;
  }
  if (!before) past = {moment};
  if (lead.opened && (!before || before->opened != lead.opened)) {
    const Day day = told(*lead.opened);
    if (!IsClosed(past[0])) {
      past[0].day = past.size() > 1 ? std::min(day, past[1].day) : day;
    } else if (day < past[0].day) {
      ModelMoment open;
      open.day = day;
      open.revenue = past[0].revenue;
      past.insert(past.begin(), open);
    }
  }
  if (!before) return;
  if (closed && !closes && lead.closed != before->closed) {
    const size_t at = StatusBegins(past, past.size());
    Day day = told(*lead.closed);
    if (at + 1 < past.size()) day = std::min(day, past[at + 1].day);
    if (at > 0) day = std::max(day, past[at - 1].day);
    past[at].day = day;
  }
  const ModelMoment& last = past.back();
  if (last.status == moment.status && last.stage == moment.stage && last.chance == moment.chance &&
      last.revenue == moment.revenue) {
    return;
  }
  moment.day = std::max(moment.day, last.day);
  past.push_back(moment);
}

const ModelMoment* ModelBook::MomentOn(const std::string& id, Day day) const {
  const ModelMoment* last = nullptr;
  for (const ModelMoment& moment : lead_pasts_.at(id)) {
    if (moment.day <= day) last = &moment;
  }
  return last;
}

// A closed lead has none: won and lost are states, not percentages.
std::optional<int64_t> ModelBook::ChanceOf(const ModelMoment& moment) const {
  if (IsClosed(moment)) return std::nullopt;
  if (moment.chance) return *moment.chance;
  if (!moment.stage) return 0;
  const auto named = rules_->FindStage(*moment.stage);
  return named ? rules_->stages()[*named].chance_hundredths : moment.stage_chance;
}

std::optional<ModelBook::LeadThen> ModelBook::Then(const std::string& id, Day day) const {
  const ModelMoment* moment = MomentOn(id, day);
  if (moment == nullptr) return std::nullopt;
  LeadThen then{leads_.at(id), ChanceOf(*moment)};
  const std::vector<ModelMoment>& past = lead_pasts_.at(id);
  if (moment == &past.back()) return then;
  then.lead.status = moment->status;
  then.lead.stage = moment->stage;
  then.lead.chance = moment->chance;
  then.lead.revenue = moment->revenue;
  if (IsClosed(*moment)) {
    const auto count = static_cast<size_t>(moment - past.data()) + 1;
    then.lead.closed = past[StatusBegins(past, count)].day;
  } else {
    then.lead.closed.reset();
    then.lead.reason.reset();
  }
  return then;
}

Result<WaterfallAnswer> ModelBook::Waterfall(const WaterfallQuery& query) const {
  if (query.from >= query.to) return Refuse(ErrorCode::kInvalidValue, "from");
  if (query.to > today_) return Refuse(ErrorCode::kInvalidValue, "to");
  const auto leads = LeadsThen(query.where, query.to, LeadFieldsThen());
  if (leads.has_error()) return leads.error();
  struct Part {
    std::set<std::string> leads;
    std::map<std::string, Minor> revenue;
    Wide weighted = 0;
  };
  std::array<Part, kWaterfallParts> parts;
  const auto part = [&](WaterfallPart which) -> Part& { return parts[static_cast<size_t>(which)]; };
  const auto weight = [this](const ModelMoment& moment) {
    return Wide{moment.revenue.units} * ChanceOf(moment).value_or(0);
  };
  WaterfallAnswer answer;
  answer.state = State();
  Wide opening = 0, closing = 0;
  const auto add = [&](const ModelMoment* moment, Wide* weighted, WaterfallAnswer::Total* total) {
    if (moment == nullptr || IsClosed(*moment)) return;
    ++total->leads;
    total->revenue += moment->revenue;
    *weighted += weight(*moment);
  };
  for (const auto& [id, then] : *leads) {
    add(MomentOn(id, query.from), &opening, &answer.opening);
    add(MomentOn(id, query.to), &closing, &answer.closing);
    const ModelMoment* before = nullptr;
    for (const ModelMoment& moment : lead_pasts_.at(id)) {
      const ModelMoment* const was = std::exchange(before, &moment);
      if (moment.day <= query.from || moment.day > query.to) continue;
      const auto count = [&, lead = id](WaterfallPart which, Wide weighted) {
        part(which).leads.insert(lead);
        part(which).weighted += weighted;
      };
      if (was == nullptr || (IsClosed(*was) && !IsClosed(moment))) {
        count(WaterfallPart::kNew, weight(moment));
      } else if (!IsClosed(*was) && !IsClosed(moment)) {
        const Wide moved = Wide{was->revenue.units} * *ChanceOf(moment) - weight(*was);
        if (*ChanceOf(moment) > *ChanceOf(*was)) count(WaterfallPart::kMovedUp, moved);
        if (*ChanceOf(moment) < *ChanceOf(*was)) count(WaterfallPart::kMovedDown, moved);
        const Wide revalued = weight(moment) - weight(*was) - moved;
        if (moment.revenue != was->revenue) count(WaterfallPart::kRevalued, revalued);
      }
      if (IsClosed(moment) && (was == nullptr || was->status != moment.status)) {
        const bool won = moment.status == LeadStatus::kWon;
        const WaterfallPart which = won ? WaterfallPart::kWon : WaterfallPart::kLost;
        count(which, was == nullptr ? 0 : -weight(*was));
        part(which).revenue[id] = moment.revenue;
      }
    }
  }
  answer.opening.weighted = Rounded(opening);
  answer.closing.weighted = Rounded(closing);
  Wide running = opening;
  for (size_t at = 0; at < parts.size(); ++at) {
    answer.parts[at].leads = parts[at].leads.size();
    for (const auto& [id, revenue] : parts[at].revenue) answer.parts[at].revenue += revenue;
    answer.parts[at].weighted = Rounded(running + parts[at].weighted) - Rounded(running);
    running += parts[at].weighted;
  }
  return answer;
}

Result<ConversionAnswer> ModelBook::Conversion(const ConversionQuery& query) const {
  if (query.from && query.to && *query.from > *query.to) {
    return Refuse(ErrorCode::kInvalidValue, "from");
  }
  const auto leads = LeadsThen(query.where, today_, rules_->lead_fields());
  if (leads.has_error()) return leads.error();
  ConversionAnswer answer;
  answer.state = State();
  const std::vector<StageSetting>& stages = rules_->stages();
  for (size_t stage = 0; stage < stages.size(); ++stage) {
    ConversionAnswer::Stage& row = answer.stages.emplace_back();
    std::vector<std::vector<int32_t>> days(stages.size() - stage);
    for (const auto& [id, then] : *leads) {
      const std::vector<ModelMoment>& past = lead_pasts_.at(id);
      const auto begins = std::find_if(past.begin(), past.end(), [&](const ModelMoment& moment) {
        return moment.stage == stages[stage].name;
      });
      if (begins == past.end() || (query.from && begins->day < *query.from) ||
          (query.to && begins->day > *query.to)) {
        continue;
      }
      ++row.leads;
      for (size_t later = stage + 1; later <= stages.size(); ++later) {
        const auto reached = std::find_if(begins, past.end(), [&](const ModelMoment& moment) {
          return later < stages.size() ? moment.stage == stages[later].name
                                       : moment.status == LeadStatus::kWon;
        });
        if (reached != past.end()) days[later - stage - 1].push_back(reached->day - begins->day);
      }
    }
    for (std::vector<int32_t>& taken : days) {
      std::sort(taken.begin(), taken.end());
      ConversionAnswer::Step& step = row.to.emplace_back();
      step.leads = taken.size();
      if (!taken.empty()) step.median_days = static_cast<uint32_t>(taken[(taken.size() - 1) / 2]);
    }
  }
  return answer;
}

}  // namespace kundig::engine
