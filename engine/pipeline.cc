#include "engine/pipeline.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <vector>

#include "engine/limits.h"
#include "engine/pipeline_groups.h"
#include "engine/wide.h"

namespace kundig::engine {
namespace {

static_assert(static_cast<int>(LeadStatus::kOpen) == 0 && static_cast<int>(LeadStatus::kWon) == 1 &&
              static_cast<int>(LeadStatus::kLost) == 2);

// Parts that leads are split into: each has sums of its own, which are merged at the end.
constexpr uint32_t kMaxParts = 8;

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

struct Part {
  GroupSums open;
  std::array<GroupSums, 2> closed;  // won, lost

  Part(const Grouping* by, const Grouping* closed_by)
      : open(by), closed{GroupSums(closed_by), GroupSums(closed_by)} {}
};

// What is asked, for the loops over leads.
struct Count {
  const LeadTable& leads;
  const Rules& rules;
  const Expression* where;  // null where every lead counts

  bool Holds(uint32_t row) const {
    return where == nullptr || where->Holds(LeadReader(leads, rules, row));
  }
};

// Adds up the leads first_row ... of a block; any grouping, any amounts.
void CountBlock(const Count& count, uint32_t first_row, Part* part) {
  const LeadColumns& c = count.leads.columns();
  const uint32_t rows = std::min(kBlockLeads, count.leads.rows() - first_row);
  part->open.Begin(first_row, rows);
  for (GroupSums& closed : part->closed) closed.Begin(first_row, rows);
  for (uint32_t at = 0; at < rows; ++at) {
    const uint32_t row = first_row + at;
    if (c.live[row] == 0 || !count.Holds(row)) continue;
    const bool open = c.status[row] == LeadStatus::kOpen;
    LeadSums& sums =
        open ? part->open.Of(at) : part->closed[c.status[row] == LeadStatus::kWon ? 0 : 1].Of(at);
    ++sums.leads;
    sums.revenue += c.revenue[row];
    if (!open) continue;
    sums.weighted += Wide{c.revenue[row]} * LeadReader::ChanceOf(c, count.rules, row);
    sums.overridden += c.chance[row] != kNoChance;
  }
}

// The same for dense groupings and amounts whose sums fit 64 bits, as they nearly always do: one
// table for open, won and lost groups, and one place for nobody, so that a lead costs no branch.
class NarrowCounter {
 public:
  NarrowCounter(const Count& count, const Grouping& by, const Grouping& closed_by)
      : count_(count),
        open_(by.groups()),
        closed_(closed_by.groups()),
        sums_(open_ + 2 * closed_ + 1) {
    const std::vector<StageSetting>& stages = count.rules.stages();
    for (size_t stage = 0; stage < stages.size(); ++stage) {
      chance_of_[stage] = stages[stage].chance_hundredths;
    }
  }

  static bool Fits(const LeadTable& leads, const Grouping& by, const Grouping& closed_by) {
    constexpr int64_t kMaxChance = 10'000;
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / kMaxChance;
    const int64_t largest = std::max<int64_t>(leads.largest_revenue(), 1);
    return by.dense() && closed_by.dense() && leads.rows() <= kMost / largest;
  }

  void CountBlock(uint32_t first_row, Part* part) {
    const LeadColumns& c = count_.leads.columns();
    const uint32_t rows = std::min(kBlockLeads, count_.leads.rows() - first_row);
    part->open.Begin(first_row, rows);
    part->closed[0].Begin(first_row, rows);
    const uint32_t* open_group = part->open.groups();
    const uint32_t* closed_group = part->closed[0].groups();
    const auto won = static_cast<uint32_t>(open_), lost = static_cast<uint32_t>(open_ + closed_);
    const auto nobody = static_cast<uint32_t>(open_ + 2 * closed_);
    // Arithmetic instead of branches: whether a lead is open, won, lost or overridden cannot be
    // foretold, and a wrong guess costs more than all else that is done for it.
    const std::array<uint32_t, 3> base = {0, won, lost};  // by LeadStatus
    std::array<uint32_t, kBlockLeads> place;
    for (uint32_t at = 0; at < rows; ++at) {
      const auto status = static_cast<uint32_t>(c.status[first_row + at]);
      const uint32_t is_open = status == 0 ? ~0u : 0u, is_live = 0u - c.live[first_row + at];
      const uint32_t group =
          base[status] + ((open_group[at] & is_open) | (closed_group[at] & ~is_open));
      place[at] = (group & is_live) | (nobody & ~is_live);
    }
    if (count_.where != nullptr) {
      for (uint32_t at = 0; at < rows; ++at) {
        if (place[at] != nobody && !count_.Holds(first_row + at)) place[at] = nobody;
      }
    }
    for (uint32_t at = 0; at < rows; ++at) {
      const uint32_t row = first_row + at;
      const int64_t overridden = c.chance[row] != kNoChance ? 1 : 0;
      const int64_t chance =
          (c.chance[row] & -overridden) | (chance_of_[c.stage[row]] & (overridden - 1));
      NarrowSums& sums = sums_[place[at]];
      sums.leads_and_overridden += (uint64_t{1} << 32) + static_cast<uint64_t>(overridden);
      sums.revenue += c.revenue[row];
      sums.weighted += c.revenue[row] * chance;
    }
  }

  // After all blocks.
  void Settle(Part* part) const {
    for (size_t group = 0; group < open_; ++group) Add(sums_[group], true, &part->open.At(group));
    for (size_t group = 0; group < closed_; ++group) {
      Add(sums_[open_ + group], false, &part->closed[0].At(group));
      Add(sums_[open_ + closed_ + group], false, &part->closed[1].At(group));
    }
  }

 private:
  struct NarrowSums {
    uint64_t leads_and_overridden = 0;
    int64_t revenue = 0, weighted = 0;
  };
  static void Add(const NarrowSums& from, bool open, LeadSums* to) {
    to->leads += from.leads_and_overridden >> 32;
    to->revenue += from.revenue;
    if (!open) return;
    to->overridden += from.leads_and_overridden & UINT32_MAX;
    to->weighted += from.weighted;
  }

  const Count& count_;
  const size_t open_, closed_;  // groups
  std::vector<NarrowSums> sums_;
  std::array<int64_t, kNoStage + 1> chance_of_{};  // by stage; 0 for closed leads
};

PipelineAnswer::Group Report(const LeadSums& sums) {
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
  const Grouping by(query.by, leads, rules), closed_by(query.closed_by, leads, rules);
  const uint32_t blocks = (leads.rows() + kBlockLeads - 1) / kBlockLeads;
  std::vector<Part> parts(std::clamp<uint32_t>(blocks, 1, kMaxParts), Part(&by, &closed_by));
  const Count count{leads, rules, query.where.empty() ? nullptr : &where};
  const bool narrow = NarrowCounter::Fits(leads, by, closed_by);
  runner->ForEach(parts.size(), [&](size_t at) {
    Part& part = parts[at];
    const auto for_blocks = [&](auto&& count_block) {
      for (auto block = static_cast<uint32_t>(at); block < blocks;
           block += static_cast<uint32_t>(parts.size())) {
        count_block(block * kBlockLeads);
      }
    };
    if (!narrow) return for_blocks([&](uint32_t row) { CountBlock(count, row, &part); });
    NarrowCounter counter(count, by, closed_by);
    for_blocks([&](uint32_t row) { counter.CountBlock(row, &part); });
    counter.Settle(&part);
  });
  Part& all = parts[0];
  for (size_t part = 1; part < parts.size(); ++part) {
    all.open.Merge(parts[part].open);
    for (size_t at = 0; at < 2; ++at) all.closed[at].Merge(parts[part].closed[at]);
  }

  PipelineAnswer answer;
  LeadSums total;
  const GroupSums::NamedGroups open = all.open.ByName();
  for (const auto& [names, sums] : open.groups) {
    PipelineAnswer::Group group = Report(sums);
    group.keys.assign(names.begin(), names.end());
    answer.groups.push_back(std::move(group));
    total.Add(sums);
  }
  answer.total = Report(total);
  for (size_t at = 0; at < 2; ++at) {
    LeadSums closed;
    const GroupSums::NamedGroups named = all.closed[at].ByName();
    for (const auto& [names, sums] : named.groups) {
      closed.Add(sums);
      if (query.closed_by.empty()) continue;
      PipelineAnswer::Closed group;
      group.status = at == 0 ? LeadStatus::kWon : LeadStatus::kLost;
      group.keys.assign(names.begin(), names.end());
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
