#include "engine/waterfall.h"

#include <array>
#include <optional>

#include "engine/lead_scan.h"
#include "engine/leads_as_of.h"
#include "engine/wide.h"

namespace kundig::engine {
namespace {

// Weighted: in minor units times hundredths of a percent.
struct WaterfallSums {
  struct Total {
    uint64_t leads = 0;
    Wide revenue = 0, weighted = 0;

    void Add(int64_t lead_revenue, int64_t chance) {
      ++leads;
      revenue += lead_revenue;
      weighted += Wide{lead_revenue} * chance;
    }
    void Merge(const Total& other) {
      leads += other.leads;
      revenue += other.revenue;
      weighted += other.weighted;
    }
  };

  Total opening, closing;
  std::array<Total, kWaterfallParts> parts;

  void Merge(const WaterfallSums& other) {
    opening.Merge(other.opening);
    closing.Merge(other.closing);
    for (size_t at = 0; at < parts.size(); ++at) parts[at].Merge(other.parts[at]);
  }
};

// What the changes of one lead add.
class OneLead {
 public:
  OneLead(const StagesThen& stages, WaterfallSums* sums) : stages_(stages), sums_(sums) {}
  ~OneLead() {
    for (size_t at = 0; at < counted_.size(); ++at) {
      sums_->parts[at].leads += counted_[at] ? 1 : 0;
      sums_->parts[at].revenue += revenue_[at];
    }
  }
  OneLead(const OneLead&) = delete;
  OneLead& operator=(const OneLead&) = delete;

  // `before`: null where the lead was not there.
  void Take(const LeadChange* before, const LeadChange& after) {
    const bool was_open = before != nullptr && before->open();
    const int64_t chance = stages_.ChanceOf(after);
    if (before == nullptr || (after.open() && !was_open)) {
      Count(WaterfallPart::kNew, after.open() ? Wide{after.revenue} * chance : 0);
    }
    if (!after.open()) {
      if (before != nullptr && before->place == after.place) return;
      const WaterfallPart part =
          after.place == kPlaceWon ? WaterfallPart::kWon : WaterfallPart::kLost;
      Count(part, was_open ? -Wide{before->revenue} * stages_.ChanceOf(*before) : 0);
      revenue_[static_cast<size_t>(part)] = after.revenue;
    } else if (was_open) {
      const int64_t step = chance - stages_.ChanceOf(*before);
      if (step != 0) {
        Count(step > 0 ? WaterfallPart::kMovedUp : WaterfallPart::kMovedDown,
              Wide{before->revenue} * step);
      }
      if (after.revenue != before->revenue) {
        Count(WaterfallPart::kRevalued, Wide{after.revenue - before->revenue} * chance);
      }
    }
  }

 private:
  void Count(WaterfallPart part, Wide weighted) {
    counted_[static_cast<size_t>(part)] = true;
    sums_->parts[static_cast<size_t>(part)].weighted += weighted;
  }

  const StagesThen& stages_;
  WaterfallSums* const sums_;
  std::array<bool, kWaterfallParts> counted_{};
  std::array<int64_t, kWaterfallParts> revenue_{};
};

Minor WeightedMinor(Wide weighted) {
  return Narrow(DivideHalfAway(weighted, 10'000));
}

WaterfallAnswer::Total ReportTotal(const WaterfallSums::Total& total) {
  return {total.leads, Narrow(total.revenue), WeightedMinor(total.weighted)};
}

}  // namespace

WaterfallAnswer ComputeWaterfall(const LeadTable& leads, const Rules& rules,
                                 const WaterfallQuery& query, const Expression& where,
                                 ShardRunner* runner) {
  const StagesThen stages(leads.stages(), rules);
  // Without a condition there is nothing to ask the leads of the later day.
  std::optional<LeadsAsOf> then;
  if (!query.where.empty()) then.emplace(leads, rules, query.to, runner);
  const LeadView view = then ? then->view() : LeadView(leads, rules);
  const WaterfallSums sums = SumLeads(
      view, then ? &where : nullptr, WaterfallSums(), runner, [&](uint32_t row, WaterfallSums* to) {
        const LeadHistory& history = leads.columns().history[row];
        const uint32_t before = history.CountThrough(query.from.since_epoch);
        const uint32_t after = history.CountThrough(query.to.since_epoch);
        const auto add = [&](uint32_t changes, WaterfallSums::Total* total) {
          if (changes == 0 || !history[changes - 1].open()) return;
          total->Add(history[changes - 1].revenue, stages.ChanceOf(history[changes - 1]));
        };
        add(before, &to->opening);
        add(after, &to->closing);
        OneLead lead(stages, to);
        for (uint32_t at = before; at < after; ++at) {
          lead.Take(at == 0 ? nullptr : &history[at - 1], history[at]);
        }
      });

  WaterfallAnswer answer;
  answer.opening = ReportTotal(sums.opening);
  answer.closing = ReportTotal(sums.closing);
  Wide running = sums.opening.weighted;
  for (size_t at = 0; at < sums.parts.size(); ++at) {
    const Minor before = WeightedMinor(running);
    running += sums.parts[at].weighted;
    answer.parts[at] = {sums.parts[at].leads, Narrow(sums.parts[at].revenue),
                        WeightedMinor(running) - before};
  }
  return answer;
}

}  // namespace kundig::engine
