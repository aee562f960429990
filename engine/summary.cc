#include "engine/summary.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "engine/block_filter.h"
#include "engine/customer_view.h"
#include "engine/wide.h"

namespace kundig::engine {
namespace {

// Runs count(view, partial) for each shard and adds the partials up in the order of the shards.
template <typename Partial, typename Count>
Partial SumOverShards(const SummarySource& source, ShardRunner* runner, Count&& count) {
  std::vector<Partial> partials(source.shards.size());
  runner->ForEach(source.shards.size(), [&](size_t shard) {
    count(CustomerView{source.shards[shard].get(), source.rules, source.ranking, source.names,
                       source.today},
          &partials[shard]);
  });
  Partial sum = partials[0];
  for (size_t shard = 1; shard < partials.size(); ++shard) sum.Add(partials[shard]);
  return sum;
}

template <typename Visitor>
void ForEachRow(const CustomerView& view, Visitor&& visit) {
  const std::vector<uint8_t>& live = view.columns().live;
  for (uint32_t row = 0; row < live.size(); ++row) {
    if (live[row] != 0) visit(row);
  }
}

struct Sums {
  uint64_t customers = 0, orders = 0;
  Wide revenue = 0, revenue_total = 0;

  void Add(const Sums& other) {
    customers += other.customers;
    orders += other.orders;
    revenue += other.revenue;
    revenue_total += other.revenue_total;
  }
};

template <size_t kSize>
struct SumsTable {
  std::array<Sums, kSize> entries;

  void Add(const SumsTable& other) {
    for (size_t at = 0; at < kSize; ++at) entries[at].Add(other.entries[at]);
  }
};

size_t CellOf(const RfmScores& scores) {
  return static_cast<size_t>(25 * (scores.r - 1) + 5 * (scores.f - 1) + (scores.m - 1));
}

}  // namespace

void ComputeRfm(const SummarySource& source, ShardRunner* runner, RfmAnswer* answer) {
  const auto cells = SumOverShards<SumsTable<125>>(
      source, runner, [](const CustomerView& view, SumsTable<125>* sums) {
        const CustomerColumns& c = view.columns();
        ForEachRow(view, [&](uint32_t row) {
          const std::optional<RfmScores> scores = ScoresOf(view, row);
          if (!scores) return;
          sums->entries[CellOf(*scores)].Add(Sums{1, c.orders[row], c.revenue[row], 0});
        });
      });
  std::vector<Sums> segments(source.rules->segment_names().size());
  answer->cuts = ReportedCuts(*source.ranking, source.today);
  for (uint8_t r = 1; r <= 5; ++r) {
    for (uint8_t f = 1; f <= 5; ++f) {
      for (uint8_t m = 1; m <= 5; ++m) {
        const Sums& cell = cells.entries[CellOf(RfmScores{r, f, m, 0})];
        if (cell.customers == 0) continue;
        answer->population += cell.customers;
        answer->cells.push_back({r, f, m, cell.customers, cell.orders, Narrow(cell.revenue)});
        segments[source.rules->SegmentOf(r, f, m)].Add(cell);
      }
    }
  }
  for (size_t at = 0; at < segments.size(); ++at) {
    if (segments[at].customers == 0) continue;
    answer->segments.push_back({source.rules->segment_names()[at], segments[at].customers,
                                segments[at].orders, Narrow(segments[at].revenue)});
  }
}

void ComputeAbc(const SummarySource& source, ShardRunner* runner, AbcAnswer* answer) {
  struct Partial {
    std::array<uint64_t, 4> customers{};
    std::array<Wide, 4> sum{};
    std::array<int64_t, 4> from;
    Partial() { from.fill(std::numeric_limits<int64_t>::max()); }
    void Add(const Partial& other) {
      for (size_t at = 0; at < 4; ++at) {
        customers[at] += other.customers[at];
        sum[at] += other.sum[at];
        from[at] = std::min(from[at], other.from[at]);
      }
    }
  };
  const auto classes =
      SumOverShards<Partial>(source, runner, [](const CustomerView& view, Partial* partial) {
        const CustomerColumns& c = view.columns();
        ForEachRow(view, [&](uint32_t row) {
          const auto at = static_cast<size_t>(view.ranking->AbcOf(c.abc_value[row]));
          ++partial->customers[at];
          partial->sum[at] += c.abc_value[row];
          partial->from[at] = std::min(partial->from[at], c.abc_value[row]);
        });
      });
  answer->measure = source.rules->settings().abc.measure;
  answer->total = Narrow(classes.sum[0] + classes.sum[1] + classes.sum[2]);
  for (size_t at = 0; at < 4; ++at) {
    answer->classes[at].customers = classes.customers[at];
    answer->classes[at].sum = Narrow(classes.sum[at]);
    if (classes.customers[at] > 0) answer->classes[at].from = Minor{classes.from[at]};
  }
}

void ComputeValue(const SummarySource& source, ShardRunner* runner, ValueAnswer* answer) {
  const auto sums = SumOverShards<SumsTable<4>>(
      source, runner, [](const CustomerView& view, SumsTable<4>* partial) {
        const CustomerColumns& c = view.columns();
        ForEachRow(view, [&](uint32_t row) {
          const ValueClass value_class = JudgeValue(view, row).value_class;
          const Sums one{1, c.orders[row], c.revenue[row], 0};
          partial->entries[static_cast<size_t>(value_class)].Add(one);
          if (HiddenPotential(view, row, value_class)) partial->entries[3].Add(one);
        });
      });
  for (size_t at = 0; at < 3; ++at) {
    answer->classes[at] = {sums.entries[at].customers, Narrow(sums.entries[at].revenue)};
  }
  answer->hidden_potential = {sums.entries[3].customers, Narrow(sums.entries[3].revenue)};
}

void ComputeCount(const SummarySource& source, const Expression& where, ShardRunner* runner,
                  CountAnswer* answer) {
  const BlockFilter filter(where, *source.names);
  const auto sums =
      SumOverShards<Sums>(source, runner, [&](const CustomerView& view, Sums* partial) {
        const CustomerColumns& c = view.columns();
        for (uint32_t first = 0; first < c.size(); first += kBlockRows) {
          filter.Select(view, first).ForEach([&](uint32_t in_block) {
            const uint32_t row = first + in_block;
            partial->Add(Sums{1, c.orders[row], c.revenue[row], c.revenue_total[row]});
          });
        }
      });
  answer->customers = sums.customers;
  answer->orders = sums.orders;
  answer->revenue = Narrow(sums.revenue);
  answer->revenue_total = Narrow(sums.revenue_total);
}

}  // namespace kundig::engine
