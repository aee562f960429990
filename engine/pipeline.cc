#include "engine/pipeline.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/calendar.h"
#include "engine/check.h"
#include "engine/hash.h"
#include "engine/limits.h"
#include "engine/wide.h"

namespace kundig::engine {
namespace {

constexpr uint32_t kBlockLeads = 16 * 1024;
constexpr uint32_t kNoMonth = 0;  // otherwise year * 12 + month - 1

// Codes of one lead for each key of a grouping, the rest 0.
using KeyCodes = std::array<uint32_t, kMaxPipelineKeys>;

struct KeyCodesHash {
  size_t operator()(const KeyCodes& codes) const {
    return HashBytes({reinterpret_cast<const char*>(codes.data()), sizeof(codes)});
  }
};

struct Sums {
  uint64_t leads = 0, overridden = 0;
  Wide revenue = 0, weighted = 0;  // weighted in minor units times hundredths of a percent
  uint32_t example = 0;            // a row of the group, to name it by

  void Add(const Sums& other) {
    leads += other.leads;
    overridden += other.overridden;
    revenue += other.revenue;
    weighted += other.weighted;
  }
};

using Groups = boost::unordered_flat_map<KeyCodes, Sums, KeyCodesHash>;

struct Partial {
  Groups open;
  std::array<Groups, 2> closed;  // won, lost
};

class LeadReader {
 public:
  LeadReader(const LeadTable& leads, const Rules& rules, uint32_t row)
      : leads_(leads), rules_(rules), row_(row) {}

  bool Number(FieldIndex index, int64_t* value) const {
    const LeadColumns& c = leads_.columns();
    const auto day = [value](LeadDay column) {
      *value = column;
      return column != kNoLeadDay;
    };
    switch (static_cast<LeadField>(index)) {
      case LeadField::kStatus:
        *value = static_cast<int64_t>(c.status[row_]);
        return true;
      case LeadField::kStage:
        *value = c.stage[row_];
        return c.stage[row_] != kNoStage;
      case LeadField::kRevenue:
        *value = c.revenue[row_];
        return true;
      case LeadField::kChance:
        if (c.status[row_] != LeadStatus::kOpen) return false;
        *value = ChanceOf(c, rules_, row_);
        return true;
      case LeadField::kOverridden:
        *value = c.chance[row_] != kNoChance;
        return true;
      case LeadField::kOpened:
        return day(c.opened[row_]);
      case LeadField::kExpectedClose:
        return day(c.expected_close[row_]);
      case LeadField::kClosed:
        return day(c.closed[row_]);
      default:
        return false;
    }
  }

  bool Text(FieldIndex index, std::string_view* text) const {
    const std::optional<std::string_view> name = leads_.NameAt(static_cast<LeadField>(index), row_);
    if (name) *text = *name;
    return name.has_value();
  }

  // The chance in force: the override, or the stage's chance now.
  static int64_t ChanceOf(const LeadColumns& c, const Rules& rules, uint32_t row) {
    return c.chance[row] != kNoChance ? int64_t{c.chance[row]}
                                      : int64_t{rules.stages()[c.stage[row]].chance_hundredths};
  }

 private:
  const LeadTable& leads_;
  const Rules& rules_;
  uint32_t row_;
};

uint32_t MonthOf(LeadDay day) {
  if (day == kNoLeadDay) return kNoMonth;
  const CivilDate date = ToCivil(Day{day});
  return static_cast<uint32_t>(date.year * 12 + date.month - 1);
}

uint32_t CodeOf(PipelineKey key, const LeadColumns& c, uint32_t row) {
  switch (key) {
    case PipelineKey::kStage:
      return c.stage[row];
    case PipelineKey::kOwner:
      return c.owner[row];
    case PipelineKey::kRegion:
      return c.region[row];
    case PipelineKey::kProduct:
      return c.product[row];
    case PipelineKey::kSource:
      return c.source[row];
    case PipelineKey::kCustomer:
      return c.customer[row];
    case PipelineKey::kMonth:
      return MonthOf(c.expected_close[row]);
    case PipelineKey::kQuarter:
      return MonthOf(c.expected_close[row]) / 3;
    case PipelineKey::kReason:
      return c.reason[row];
  }
  KUNDIG_CHECK(false);
}

std::string NameOf(PipelineKey key, const LeadTable& leads, const Rules& rules, uint32_t row) {
  const LeadColumns& c = leads.columns();
  const auto named = [&](LeadField field) {
    return std::string(leads.NameAt(field, row).value_or("none"));
  };
  switch (key) {
    case PipelineKey::kStage:
      return c.stage[row] == kNoStage ? "none" : rules.stages()[c.stage[row]].name;
    case PipelineKey::kOwner:
      return named(LeadField::kOwner);
    case PipelineKey::kRegion:
      return named(LeadField::kRegion);
    case PipelineKey::kProduct:
      return named(LeadField::kProduct);
    case PipelineKey::kSource:
      return named(LeadField::kSource);
    case PipelineKey::kCustomer:
      return named(LeadField::kCustomer);
    case PipelineKey::kReason:
      return named(LeadField::kReason);
    case PipelineKey::kMonth:
    case PipelineKey::kQuarter:
      break;
  }
  if (c.expected_close[row] == kNoLeadDay) return "none";
  const std::string day = FormatDay(Day{c.expected_close[row]});  // YYYY-MM-DD
  if (key == PipelineKey::kMonth) return day.substr(0, 7);
  const int quarter = (ToCivil(Day{c.expected_close[row]}).month + 2) / 3;
  return day.substr(0, 4) + "-Q" + std::to_string(quarter);
}

KeyCodes CodesOf(const std::vector<PipelineKey>& keys, const LeadColumns& c, uint32_t row) {
  KeyCodes codes{};
  for (size_t at = 0; at < keys.size(); ++at) codes[at] = CodeOf(keys[at], c, row);
  return codes;
}

void CountLead(const LeadTable& leads, const Rules& rules, const PipelineQuery& query, uint32_t row,
               Partial* partial) {
  const LeadColumns& c = leads.columns();
  const bool open = c.status[row] == LeadStatus::kOpen;
  Groups& groups =
      open ? partial->open : partial->closed[c.status[row] == LeadStatus::kWon ? 0 : 1];
  const auto [group, is_new] =
      groups.try_emplace(CodesOf(open ? query.by : query.closed_by, c, row));
  Sums& sums = group->second;
  if (is_new) sums.example = row;
  ++sums.leads;
  sums.revenue += c.revenue[row];
  if (!open) return;
  sums.weighted += Wide{c.revenue[row]} * LeadReader::ChanceOf(c, rules, row);
  sums.overridden += c.chance[row] != kNoChance;
}

// Groups by what they are called, in the order of the answer: names ascending, stages by the stage
// table. A lead whose owner is called "none" joins those that have none.
using Named = std::map<std::vector<std::pair<uint32_t, std::string>>, Sums>;

Named NameGroups(const Groups& groups, const std::vector<PipelineKey>& keys, const LeadTable& leads,
                 const Rules& rules) {
  Named named;
  for (const auto& [codes, sums] : groups) {
    std::vector<std::pair<uint32_t, std::string>> name;
    for (size_t at = 0; at < keys.size(); ++at) {
      const uint32_t order = keys[at] == PipelineKey::kStage ? codes[at] : 0;
      name.emplace_back(order, NameOf(keys[at], leads, rules, sums.example));
    }
    named[std::move(name)].Add(sums);
  }
  return named;
}

PipelineAnswer::Group Report(const Sums& sums) {
  PipelineAnswer::Group group;
  group.leads = sums.leads;
  group.revenue = Narrow(sums.revenue);
  group.weighted = Narrow(DivideHalfAway(sums.weighted, 10000));
  group.overridden = sums.overridden;
  return group;
}

}  // namespace

std::optional<Error> CheckGrouping(const PipelineQuery& query) {
  if (query.by.size() > kMaxPipelineKeys || query.closed_by.size() > kMaxPipelineKeys) {
    return Error{ErrorCode::kLimitExceeded,
                 "a grouping has at most " + std::to_string(kMaxPipelineKeys) + " keys",
                 query.by.size() > kMaxPipelineKeys ? "by" : "closed_by", std::nullopt};
  }
  if (std::find(query.by.begin(), query.by.end(), PipelineKey::kReason) != query.by.end()) {
    return Error{ErrorCode::kInvalidValue, "open leads have no reason; group closed ones by it",
                 "by", std::nullopt};
  }
  return std::nullopt;
}

PipelineAnswer ComputePipeline(const LeadTable& leads, const Rules& rules,
                               const PipelineQuery& query, const Expression& where,
                               ShardRunner* runner) {
  const uint32_t blocks = (leads.rows() + kBlockLeads - 1) / kBlockLeads;
  std::vector<Partial> partials(blocks);
  runner->ForEach(blocks, [&](size_t block) {
    const uint32_t first = static_cast<uint32_t>(block) * kBlockLeads;
    const uint32_t end = std::min(first + kBlockLeads, leads.rows());
    for (uint32_t row = first; row < end; ++row) {
      if (leads.columns().live[row] == 0) continue;
      if (!where.Holds(LeadReader(leads, rules, row))) continue;
      CountLead(leads, rules, query, row, &partials[block]);
    }
  });

  Partial all;
  const auto merge = [](Groups* into, const Groups& from) {
    for (const auto& [codes, sums] : from) {
      const auto [group, is_new] = into->try_emplace(codes, sums);
      if (!is_new) group->second.Add(sums);
    }
  };
  for (const Partial& partial : partials) {
    merge(&all.open, partial.open);
    for (size_t at = 0; at < 2; ++at) merge(&all.closed[at], partial.closed[at]);
  }

  PipelineAnswer answer;
  Sums total;
  for (const auto& [name, sums] : NameGroups(all.open, query.by, leads, rules)) {
    PipelineAnswer::Group group = Report(sums);
    for (const auto& [order, text] : name) group.keys.push_back(text);
    answer.groups.push_back(std::move(group));
    total.Add(sums);
  }
  answer.total = Report(total);
  for (size_t at = 0; at < 2; ++at) {
    Sums closed;
    for (const auto& [name, sums] : NameGroups(all.closed[at], query.closed_by, leads, rules)) {
      closed.Add(sums);
      if (query.closed_by.empty()) continue;
      PipelineAnswer::Closed group;
      group.status = at == 0 ? LeadStatus::kWon : LeadStatus::kLost;
      for (const auto& [order, text] : name) group.keys.push_back(text);
      group.leads = sums.leads;
      group.revenue = Narrow(sums.revenue);
      answer.closed.push_back(std::move(group));
    }
    (at == 0 ? answer.won_leads : answer.lost_leads) = closed.leads;
    (at == 0 ? answer.won_revenue : answer.lost_revenue) = Narrow(closed.revenue);
  }
  return answer;
}

}  // namespace kundig::engine
