#include "engine/pipeline.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "engine/limits.h"
#include "engine/pipeline_groups.h"
#include "engine/wide.h"

namespace kundig::engine {
namespace {

static_assert(static_cast<int>(LeadStatus::kOpen) == 0 && static_cast<int>(LeadStatus::kWon) == 1 &&
              static_cast<int>(LeadStatus::kLost) == 2);

// Parts that leads are split into: each has sums of its own, which are merged at the end.
constexpr uint64_t kMaxParts = 8;
// So that waking a worker pays.
constexpr uint64_t kMinPartLeads = 16'384;

struct Part {
  GroupSums open;
  std::array<GroupSums, 2> closed;  // won, lost

  Part(const Grouping* by, const Grouping* closed_by)
      : open(by), closed{GroupSums(closed_by), GroupSums(closed_by)} {}

  void Merge(const Part& other) {
    open.Merge(other.open);
    for (size_t at = 0; at < 2; ++at) closed[at].Merge(other.closed[at]);
  }
};

// What is asked, for the loops over leads.
struct Count {
  const LeadView& leads;
  const Expression* where;  // null where every lead counts

  bool Holds(uint32_t row) const {
    return where == nullptr || where->Holds(LeadReader(leads, row));
  }
};

// Leads that are looked at together: all of them are open, or none.
struct Block {
  uint32_t first_row, rows;  // at most kBlockLeads
  bool open;
};

// The blocks of the open leads, then those of the closed ones (where these are looked at at all).
class Blocks {
 public:
  Blocks(const LeadView& leads, bool with_closed)
      : open_rows_(leads.open_leads), rows_(with_closed ? leads.rows : open_rows_) {}

  uint32_t leads() const { return rows_; }
  uint32_t size() const { return OpenBlocks() + Count(rows_ - open_rows_); }
  Block operator[](uint32_t at) const {
    const bool open = at < OpenBlocks();
    const uint32_t first = open ? at * kBlockLeads : open_rows_ + (at - OpenBlocks()) * kBlockLeads;
    return {first, std::min(kBlockLeads, (open ? open_rows_ : rows_) - first), open};
  }

 private:
  static uint32_t Count(uint32_t rows) { return (rows + kBlockLeads - 1) / kBlockLeads; }
  uint32_t OpenBlocks() const { return Count(open_rows_); }

  uint32_t open_rows_, rows_;
};

// Adds up the leads of a block; any grouping, any amounts.
void CountBlock(const Count& count, const Block& block, Part* part) {
  const LeadColumns& c = *count.leads.columns;
  if (block.open) {
    part->open.Begin(block.first_row, block.rows);
  } else {
    for (GroupSums& closed : part->closed) closed.Begin(block.first_row, block.rows);
  }
  for (uint32_t at = 0; at < block.rows; ++at) {
    const uint32_t row = block.first_row + at;
    if (!count.Holds(row)) continue;
    LeadSums& sums = block.open ? part->open.Of(at)
                                : part->closed[c.status[row] == LeadStatus::kWon ? 0 : 1].Of(at);
    ++sums.leads;
    sums.revenue += c.revenue[row];
    if (!block.open) continue;
    sums.weighted += Wide{c.revenue[row]} * count.leads.ChanceOf(row);
    sums.overridden += c.chance[row] != kNoChance;
  }
}

// The same for dense groupings and amounts whose sums fit 64 bits, as they nearly always do: one
// table for open, won and lost groups, and one place for nobody.
class NarrowCounter {
 public:
  NarrowCounter(const Count& count, const Grouping& by, const Grouping& closed_by)
      : count_(&count),
        by_(&by),
        closed_by_(&closed_by),
        won_(static_cast<uint32_t>(by.groups())),
        lost_(won_ + static_cast<uint32_t>(closed_by.groups())),
        nobody_(lost_ + static_cast<uint32_t>(closed_by.groups())),
        sums_(nobody_ + 1) {
    for (const StageSetting& stage : count.leads.stages) {
      chance_of_.push_back(stage.chance_hundredths);
    }
  }

  static bool Fits(const LeadView& leads, const Grouping& by, const Grouping& closed_by) {
    constexpr int64_t kMaxChance = 10'000;
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / kMaxChance;
    const int64_t largest = std::max<int64_t>(leads.leads->largest_revenue(), 1);
    return by.dense() && closed_by.dense() && leads.rows <= kMost / largest;
  }

  void CountBlock(const Block& block) {
    const LeadColumns& c = *count_->leads.columns;
    const int64_t* const revenue = c.revenue.data() + block.first_row;
    std::array<uint32_t, kBlockLeads> place;
    std::fill_n(place.begin(), block.rows, 0);
    (block.open ? by_ : closed_by_)->AddGroups(block.first_row, block.rows, place.data());
    if (!block.open) {
      const LeadStatus* const status = c.status.data() + block.first_row;
      for (uint32_t at = 0; at < block.rows; ++at) {
        place[at] += status[at] == LeadStatus::kWon ? won_ : lost_;
      }
    }
    if (count_->where != nullptr) {
      for (uint32_t at = 0; at < block.rows; ++at) {
        if (!count_->Holds(block.first_row + at)) place[at] = nobody_;
      }
    }
    if (!block.open) {
      for (uint32_t at = 0; at < block.rows; ++at) {
        NarrowSums& sums = sums_[place[at]];
        sums.leads_and_overridden += kOneLead;
        sums.revenue += revenue[at];
      }
      return;
    }
    const uint16_t* const given = c.chance.data() + block.first_row;
    const StageIndex* const stage = c.stage.data() + block.first_row;
    for (uint32_t at = 0; at < block.rows; ++at) {
      // Arithmetic instead of a branch: whether a lead is overridden cannot be foretold, and a
      // wrong guess costs more than all else that is done for it.
      const int64_t overridden = given[at] != kNoChance ? 1 : 0;
      const int64_t chance = (given[at] & -overridden) | (chance_of_[stage[at]] & (overridden - 1));
      NarrowSums& sums = sums_[place[at]];
      sums.leads_and_overridden += kOneLead + static_cast<uint64_t>(overridden);
      sums.revenue += revenue[at];
      sums.weighted += revenue[at] * chance;
    }
  }

  void Merge(const NarrowCounter& other) {
    for (size_t at = 0; at < nobody_; ++at) {
      sums_[at].leads_and_overridden += other.sums_[at].leads_and_overridden;
      sums_[at].revenue += other.sums_[at].revenue;
      sums_[at].weighted += other.sums_[at].weighted;
    }
  }

  // After all blocks and merging.
  void Settle(Part* part) const {
    const auto settle = [this](uint32_t first, uint32_t end, GroupSums* to) {
      for (uint32_t at = first; at < end; ++at) {
        const NarrowSums& from = sums_[at];
        to->At(at - first)
            .Add({from.leads_and_overridden >> 32, from.leads_and_overridden & UINT32_MAX,
                  from.revenue, from.weighted});
      }
    };
    settle(0, won_, &part->open);
    settle(won_, lost_, &part->closed[0]);
    settle(lost_, nobody_, &part->closed[1]);
  }

 private:
  struct NarrowSums {
    uint64_t leads_and_overridden = 0;
    int64_t revenue = 0, weighted = 0;
  };
  static constexpr uint64_t kOneLead = uint64_t{1} << 32;

  const Count* count_;
  const Grouping* by_;
  const Grouping* closed_by_;
  const uint32_t won_, lost_, nobody_;  // places behind the open groups
  std::vector<NarrowSums> sums_;
  std::vector<int64_t> chance_of_;  // by stage
};

// Splits the blocks among copies of `none`, each of which counts its own by count(block, counter),
// and merges these.
template <typename Counter, typename CountOne>
Counter CountAll(const Blocks& blocks, uint64_t groups, const Counter& none, ShardRunner* runner,
                 const CountOne& count) {
  // A part also costs what its table costs to clear and to merge.
  const uint64_t part_leads = std::max(kMinPartLeads, 2 * groups);
  std::vector<Counter> parts(std::clamp<uint64_t>(blocks.leads() / part_leads, 1, kMaxParts), none);
  const auto work = [&](size_t part) {
    for (auto at = static_cast<uint32_t>(part); at < blocks.size();
         at += static_cast<uint32_t>(parts.size())) {
      count(blocks[at], &parts[part]);
    }
  };
  if (parts.size() == 1) {
    work(0);
  } else {
    runner->ForEach(parts.size(), work);
  }
  for (size_t part = 1; part < parts.size(); ++part) parts[0].Merge(parts[part]);
  return std::move(parts[0]);
}

PipelineAnswer::Group ReportGroup(const LeadSums& sums) {
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

PipelineAnswer ComputePipeline(const LeadView& leads, const PipelineQuery& query,
                               const Expression& where, ShardRunner* runner) {
  const Grouping by(query.by, leads), closed_by(query.closed_by, leads);
  const Count count{leads, query.where.empty() ? nullptr : &where};
  // All that was won and all that was lost is known without a look at it.
  const bool closed_is_known = count.where == nullptr && query.closed_by.empty();
  const Blocks blocks(leads, !closed_is_known);
  const uint64_t groups = by.groups() + 2 * closed_by.groups();
  Part all(&by, &closed_by);
  if (NarrowCounter::Fits(leads, by, closed_by)) {
    CountAll(blocks, groups, NarrowCounter(count, by, closed_by), runner,
             [](const Block& block, NarrowCounter* to) { to->CountBlock(block); })
        .Settle(&all);
  } else {
    all = CountAll(blocks, groups, all, runner,
                   [&count](const Block& block, Part* to) { CountBlock(count, block, to); });
  }
  if (closed_is_known) {
    for (size_t at = 0; at < leads.closed.size(); ++at) {
      const ClosedSums& sums = leads.closed[at];
      all.closed[at].At(0).Add({sums.leads, 0, sums.revenue, 0});
    }
  }

  PipelineAnswer answer;
  LeadSums total;
  const GroupSums::NamedGroups open = all.open.ByName();
  answer.groups.reserve(open.groups.size());
  for (const GroupSums::NamedGroup& named : open.groups) {
    PipelineAnswer::Group& group = answer.groups.emplace_back(ReportGroup(named.sums));
    group.keys = open.Names(named);
    total.Add(named.sums);
  }
  answer.total = ReportGroup(total);
  for (size_t at = 0; at < 2; ++at) {
    LeadSums closed;
    const GroupSums::NamedGroups named = all.closed[at].ByName();
    for (const GroupSums::NamedGroup& one : named.groups) {
      closed.Add(one.sums);
      if (query.closed_by.empty()) continue;
      PipelineAnswer::Closed& group = answer.closed.emplace_back();
      group.status = at == 0 ? LeadStatus::kWon : LeadStatus::kLost;
      group.keys = named.Names(one);
      group.leads = one.sums.leads;
      group.revenue = Narrow(one.sums.revenue);
    }
    (at == 0 ? answer.won_leads : answer.lost_leads) = closed.leads;
    (at == 0 ? answer.won_revenue : answer.lost_revenue) = Narrow(closed.revenue);
  }
  return answer;
}

}  // namespace kundig::engine
