// Leads and the pipeline.

#include <algorithm>
#include <tuple>

#include "tests/engine/model_book.h"
#include "tests/engine/model_changes.h"

namespace kundig::engine {

namespace {

class LeadReader {
 public:
  LeadReader(const FieldCatalog& catalog, const std::string& id, const ModelLead& lead,
             std::optional<int64_t> chance)
      : catalog_(catalog), id_(id), lead_(lead), chance_(chance) {}

  bool Number(FieldIndex field, int64_t* value) const {
    const auto give = [value](std::optional<int64_t> number) {
      if (number) *value = *number;
      return number.has_value();
    };
    const auto day = [](std::optional<Day> from) {
      return from ? std::optional<int64_t>(from->since_epoch) : std::nullopt;
    };
    static constexpr std::string_view kStatus[] = {"open", "won", "lost"};
    switch (static_cast<LeadField>(field)) {
      case LeadField::kStatus:
        return give(PlaceOf(catalog_, field, kStatus[static_cast<size_t>(lead_.status)]));
      case LeadField::kStage:
        if (!lead_.stage) return false;
        return give(StagePlace(field));
      case LeadField::kRevenue:
        return give(lead_.revenue.units);
      case LeadField::kChance:
        return give(chance_);
      case LeadField::kOverridden:
        return give(lead_.chance ? 1 : 0);
      case LeadField::kOpened:
        return give(day(lead_.opened));
      case LeadField::kExpectedClose:
        return give(day(lead_.expected_close));
      case LeadField::kClosed:
        return give(day(lead_.closed));
      default:
        return false;
    }
  }

  bool Text(FieldIndex field, std::string_view* value) const {
    const auto give = [value](const std::optional<std::string>& text) {
      if (text) *value = *text;
      return text.has_value();
    };
    switch (static_cast<LeadField>(field)) {
      case LeadField::kLead:
        *value = id_;
        return true;
      case LeadField::kCustomer:
        return give(lead_.customer);
      case LeadField::kOwner:
        return give(lead_.owner);
      case LeadField::kRegion:
        return give(lead_.region);
      case LeadField::kProduct:
        return give(lead_.product);
      case LeadField::kSource:
        return give(lead_.source);
      case LeadField::kReason:
        return give(lead_.reason);
      default:
        return false;
    }
  }

 private:
  // A stage that the rules do not name any more is none of theirs.
  std::optional<int64_t> StagePlace(FieldIndex field) const {
    const std::vector<std::string>& names = catalog_.At(field).values;
    const auto found = std::find(names.begin(), names.end(), *lead_.stage);
    return found - names.begin();
  }

  const FieldCatalog& catalog_;
  const std::string& id_;
  const ModelLead& lead_;
  std::optional<int64_t> chance_;
};

std::string TwoDigits(int32_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

std::string KeyOf(PipelineKey key, const ModelLead& lead) {
  const auto text = [](const std::optional<std::string>& value) { return value.value_or("none"); };
  switch (key) {
    case PipelineKey::kStage:
      return text(lead.stage);
    case PipelineKey::kOwner:
      return text(lead.owner);
    case PipelineKey::kRegion:
      return text(lead.region);
    case PipelineKey::kProduct:
      return text(lead.product);
    case PipelineKey::kSource:
      return text(lead.source);
    case PipelineKey::kCustomer:
      return text(lead.customer);
    case PipelineKey::kReason:
      return text(lead.reason);
    case PipelineKey::kMonth:
    case PipelineKey::kQuarter:
      break;
  }
  if (!lead.expected_close) return "none";
  const CivilDate date = ToCivil(*lead.expected_close);
  const std::string year = std::to_string(date.year);
  return key == PipelineKey::kMonth ? year + "-" + TwoDigits(date.month)
                                    : year + "-Q" + std::to_string((date.month + 2) / 3);
}

// What groups are ordered by: a stage by its place in the table, everything else by its bytes.
using SortKeys = std::vector<std::pair<size_t, std::string>>;

SortKeys KeysOf(const std::vector<PipelineKey>& by, const ModelLead& lead, const Rules& rules) {
  SortKeys keys;
  for (const PipelineKey key : by) {
    size_t place = 0;
    if (key == PipelineKey::kStage) {
      // Stages that the rules do not name stand behind theirs, by name; "none" is the last.
      const size_t named = rules.stages().size();
      place = lead.stage ? rules.FindStage(*lead.stage).value_or(named) : named + 1;
    }
    keys.emplace_back(place, KeyOf(key, lead));
  }
  return keys;
}

std::vector<std::string> KeyNames(const SortKeys& keys) {
  std::vector<std::string> names;
  for (const auto& [place, name] : keys) names.push_back(name);
  return names;
}

struct PipelineSums {
  uint64_t leads = 0;
  Minor revenue;
  Wide weighted = 0;  // times 10000
  uint64_t overridden = 0;

  void Add(const ModelLead& lead, int64_t chance) {
    ++leads;
    revenue += lead.revenue;
    weighted += static_cast<Wide>(lead.revenue.units) * chance;
    if (lead.chance) ++overridden;
  }

  PipelineAnswer::Group Figures(std::vector<std::string> keys) const {
    return {std::move(keys), leads, revenue, Minor{RoundHalfAway(weighted, 10000)}, overridden};
  }
};

}  // namespace

Result<ModelBook::Outcome> ModelBook::Take(const LeadSet& event) {
  if (const auto error = JudgeCurrency(event.currency)) return *error;
  if (event.revenue && *event.revenue < Minor{0}) {
    return Refuse(ErrorCode::kInvalidValue, "revenue");
  }
  const std::string id(event.lead);
  const auto found = leads_.find(id);
  const bool is_new = found == leads_.end();
  const ModelLead before = is_new ? ModelLead{} : found->second;
  const bool was_open = is_new || before.status == LeadStatus::kOpen;
  const LeadStatus status = event.status.value_or(before.status);
  ModelLead lead = before;
  lead.status = status;

  if (status == LeadStatus::kOpen) {
    if (event.stage) {
      if (!rules_->FindStage(*event.stage)) return Refuse(ErrorCode::kUnknownStage, "stage");
      lead.stage = std::string(*event.stage);
    }
    if (!lead.stage) return Refuse(ErrorCode::kMissingField, "stage");
    lead.closed.reset();
    lead.reason.reset();
  } else {
    // A row that says both "won" and where the lead stood before is taken: closing clears the
    // stage.
    if (event.stage && !event.status) return Refuse(ErrorCode::kLeadClosed, "stage");
    const bool stays = !was_open && before.status == status;
    if (event.reason && !event.reason->empty()) {
      lead.reason = std::string(*event.reason);
    } else if (!stays) {
      return Refuse(ErrorCode::kMissingReason, "reason");
    }
    // The same closing sent again on a later day is the same content: it keeps its day.
    if (event.closed) {
      lead.closed = *event.closed;
    } else if (!stays) {
      lead.closed = today_;
    }
    lead.stage.reset();
  }
  if (event.revenue) lead.revenue = *event.revenue;
  Amend(&lead.chance, event.chance);
  Amend(&lead.customer, event.customer);
  Amend(&lead.owner, event.owner);
  Amend(&lead.region, event.region);
  Amend(&lead.product, event.product);
  Amend(&lead.source, event.source);
  Amend(&lead.opened, event.opened);
  Amend(&lead.expected_close, event.expected_close);
  const std::optional<ModelLead> known = is_new ? std::nullopt : std::optional(before);
  const Outcome outcome = Put(&leads_, id, lead);
  if (outcome != Outcome::kUnchanged) Remember(id, known);
  return outcome;
}

Result<ModelBook::Outcome> ModelBook::Take(const LeadClosed& event) {
  if (!leads_.contains(std::string(event.lead))) return Refuse(ErrorCode::kUnknownLead, "lead");
  if (event.status == LeadStatus::kOpen) return Refuse(ErrorCode::kInvalidValue, "status");
  if (event.reason.empty()) return Refuse(ErrorCode::kMissingReason, "reason");
  LeadSet set;
  set.lead = event.lead;
  set.status = event.status;
  set.closed = event.closed;
  set.reason = event.reason;
  return Take(set);
}

FieldCatalog ModelBook::LeadFieldsThen() const {
  std::vector<std::string> stages;
  for (const StageSetting& stage : rules_->stages()) stages.push_back(stage.name);
  for (const auto& [id, past] : lead_pasts_) {
    for (const ModelMoment& moment : past) {
      if (moment.stage && std::find(stages.begin(), stages.end(), *moment.stage) == stages.end()) {
        stages.push_back(*moment.stage);
      }
    }
  }
  return LeadCatalog(stages);
}

Result<std::map<std::string, ModelBook::LeadThen>> ModelBook::LeadsThen(
    const std::string& where, Day day, const FieldCatalog& fields) const {
  Expression condition = Expression::Everything();
  if (!where.empty()) {
    Result<Expression> parsed = ParseExpression(where, fields);
    if (parsed.has_error()) return parsed.error();
    condition = std::move(*parsed);
  }
  std::map<std::string, LeadThen> leads;
  for (const auto& [id, now] : leads_) {
    const std::optional<LeadThen> then = Then(id, day);
    if (!then) continue;
    const LeadReader reader(fields, id, then->lead, then->chance);
    if (condition.Holds(reader)) leads.emplace(id, *then);
  }
  return leads;
}

Result<PipelineAnswer> ModelBook::Pipeline(const PipelineQuery& query) const {
  if (std::find(query.by.begin(), query.by.end(), PipelineKey::kReason) != query.by.end()) {
    return Refuse(ErrorCode::kInvalidValue, "by");
  }
  const Day day = query.as_of.value_or(today_);
  if (day > today_) return Refuse(ErrorCode::kInvalidValue, "as_of");
  const auto leads =
      LeadsThen(query.where, day, query.as_of ? LeadFieldsThen() : rules_->lead_fields());
  if (leads.has_error()) return leads.error();
  std::map<SortKeys, PipelineSums> groups;
  std::map<std::pair<LeadStatus, SortKeys>, PipelineSums> closed;
  PipelineSums total, won, lost;
  for (const auto& [id, then] : *leads) {
    const auto& [lead, chance] = then;
    if (lead.status == LeadStatus::kOpen) {
      groups[KeysOf(query.by, lead, *rules_)].Add(lead, *chance);
      total.Add(lead, *chance);
      continue;
    }
    (lead.status == LeadStatus::kWon ? won : lost).Add(lead, 0);
    if (!query.closed_by.empty()) {
      closed[{lead.status, KeysOf(query.closed_by, lead, *rules_)}].Add(lead, 0);
    }
  }

  PipelineAnswer answer;
  answer.state = State();
  answer.state.as_of = day;
  for (const auto& [keys, sums] : groups) answer.groups.push_back(sums.Figures(KeyNames(keys)));
  answer.total = total.Figures({});
  answer.won_leads = won.leads;
  answer.won_revenue = won.revenue;
  answer.lost_leads = lost.leads;
  answer.lost_revenue = lost.revenue;
  for (const auto& [key, sums] : closed) {
    answer.closed.push_back({key.first, KeyNames(key.second), sums.leads, sums.revenue});
  }
  return answer;
}

}  // namespace kundig::engine
