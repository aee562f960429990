#include "engine/conversion.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "engine/lead_scan.h"
#include "engine/leads_as_of.h"

namespace kundig::engine {
namespace {

// How many leads took how many days.
class DayCounts {
 public:
  void Add(uint32_t days) {
    ++leads_;
    ++counts_[days];
  }
  void Merge(const DayCounts& other) {
    leads_ += other.leads_;
    for (const auto& [days, count] : other.counts_) counts_[days] += count;
  }
  uint64_t leads() const { return leads_; }
  // The lower of the two in the middle of an even count.
  std::optional<uint32_t> Median() const {
    if (leads_ == 0) return std::nullopt;
    std::vector<std::pair<uint32_t, uint64_t>> sorted(counts_.begin(), counts_.end());
    std::sort(sorted.begin(), sorted.end());
    auto at = sorted.begin();
    for (uint64_t before = at->second; before <= (leads_ - 1) / 2; before += at->second) ++at;
    return at->first;
  }

 private:
  uint64_t leads_ = 0;
  boost::unordered_flat_map<uint32_t, uint64_t> counts_;
};

struct StageCounts {
  explicit StageCounts(size_t stages)
      : entered(stages),
        reached(stages * (stages + 1)),
        seen(stages + 1),
        reached_from(stages + 1) {}

  std::vector<uint64_t> entered;   // by stage
  std::vector<DayCounts> reached;  // by stage * (stages + 1) + later one; the last is won
  // Of the lead in hand: which stages it has entered, and reached from the one looked at; marked
  // with the number of the turn, so that nothing needs to be cleared.
  std::vector<uint64_t> seen, reached_from;
  uint64_t turn = 0;

  void Merge(const StageCounts& other) {
    for (size_t at = 0; at < entered.size(); ++at) entered[at] += other.entered[at];
    for (size_t at = 0; at < reached.size(); ++at) reached[at].Merge(other.reached[at]);
  }
};

// The days in which a stage must have been entered for the first time.
struct EntryDays {
  LeadDay first = std::numeric_limits<LeadDay>::min(), last = std::numeric_limits<LeadDay>::max();
};

class Counter {
 public:
  Counter(const StagesThen& stages, size_t named, const EntryDays& days)
      : stages_(stages), named_(named), days_(days) {}

  void Add(const LeadHistory& history, StageCounts* sums) const {
    const uint64_t lead = ++sums->turn;
    for (size_t at = 0; at < history.size(); ++at) {
      const size_t stage = StageOf(history[at]);
      if (stage >= named_ || std::exchange(sums->seen[stage], lead) == lead) continue;
      const LeadDay day = history[at].day;
      if (day < days_.first || day > days_.last) continue;
      ++sums->entered[stage];
      AddReached(history, at, stage, sums);
    }
  }

 private:
  // 0 ... named - 1, named where the lead was won, more where it counts as no stage.
  size_t StageOf(const LeadChange& change) const {
    if (change.open()) {
      const size_t stage = stages_.Of(change.place);
      return stage < named_ ? stage : named_ + 1;
    }
    return change.place == kPlaceWon ? named_ : named_ + 1;
  }

  void AddReached(const LeadHistory& history, size_t entry, size_t stage, StageCounts* sums) const {
    // A number of its own for each stage of each lead.
    const uint64_t turn = (sums->turn << 16) + stage + 1;
    for (size_t at = entry + 1; at < history.size(); ++at) {
      const size_t later = StageOf(history[at]);
      if (later <= stage || later > named_) continue;
      if (std::exchange(sums->reached_from[later], turn) == turn) continue;
      sums->reached[stage * (named_ + 1) + later].Add(
          static_cast<uint32_t>(history[at].day - history[entry].day));
    }
  }

  const StagesThen& stages_;
  const size_t named_;
  const EntryDays days_;
};

}  // namespace

ConversionAnswer ComputeConversion(const LeadTable& leads, const Rules& rules,
                                   const ConversionQuery& query, const Expression& where,
                                   ShardRunner* runner) {
  const StagesThen stages(leads.stages(), rules);
  const size_t named = rules.stages().size();
  EntryDays days;
  if (query.from) days.first = query.from->since_epoch;
  if (query.to) days.last = query.to->since_epoch;
  const Counter counter(stages, named, days);
  const StageCounts sums = SumLeads(
      LeadView(leads, rules), query.where.empty() ? nullptr : &where, StageCounts(named), runner,
      [&](uint32_t row, StageCounts* to) { counter.Add(leads.columns().history[row], to); });

  ConversionAnswer answer;
  for (size_t stage = 0; stage < named; ++stage) {
    ConversionAnswer::Stage& from = answer.stages.emplace_back();
    from.leads = sums.entered[stage];
    for (size_t later = stage + 1; later <= named; ++later) {
      const DayCounts& reached = sums.reached[stage * (named + 1) + later];
      from.to.push_back({reached.leads(), reached.Median()});
    }
  }
  return answer;
}

}  // namespace kundig::engine
