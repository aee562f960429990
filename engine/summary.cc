#include "engine/summary.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <vector>

#include "engine/block_filter.h"
#include "engine/block_scan.h"
#include "engine/limits.h"
#include "engine/scan_kernels.h"
#include "engine/shard.h"
#include "engine/value_judge.h"
#include "engine/wide.h"

namespace kundig::engine {
namespace {

// Runs count(block, partial) for each block of each shard and adds the partials up in the order of
// the shards.
template <typename Partial, typename Count>
Partial SumOverBlocks(const SummarySource& source, ShardRunner* runner, Count&& count) {
  std::vector<Partial> partials(source.shards.size());
  runner->ForEach(source.shards.size(), [&](size_t shard) {
    for (uint32_t block = 0; block < source.shards[shard]->blocks(); ++block) {
      count(source.shards[shard]->block(block), &partials[shard]);
    }
  });
  Partial sum = partials[0];
  for (size_t shard = 1; shard < partials.size(); ++shard) sum.Add(partials[shard]);
  return sum;
}

struct FigureSums {
  uint64_t customers = 0, orders = 0;
  Wide revenue = 0, revenue_total = 0;

  void Add(const FigureSums& other) {
    customers += other.customers;
    orders += other.orders;
    revenue += other.revenue;
    revenue_total += other.revenue_total;
  }
};

template <size_t kSize>
struct SumsTable {
  std::array<FigureSums, kSize> entries;

  void Add(const SumsTable& other) {
    for (size_t at = 0; at < kSize; ++at) entries[at].Add(other.entries[at]);
  }
};

// Sums by cell of many blocks. Customers and orders share a word, and rows take turns between two
// tables, so that a row does not wait for the sum that the row before it has just written.
class CellSums {
 public:
  void Add(const CustomerBlock& block, const Column<uint8_t>& cells) {
    const CustomerColumns& c = block.columns;
    for (uint32_t row = 0; row < kBlockRows; row += 2) {
      AddRow(0, cells[row], c.orders[row], c.revenue[row]);
      AddRow(1, cells[row + 1], c.orders[row + 1], c.revenue[row + 1]);
    }
    // What does not fit its column was added as its mark; take that away again.
    InRange(c.revenue, kWideMoney, kWideMoney).ForEach([&](uint32_t row) {
      if (cells[row] == kNoCell) return;
      sums_.entries[cells[row]].revenue += Wide{block.rows[row].revenue} - kWideMoney;
    });
    if (++blocks_ == kMaxBlocks) Settle();
  }
  void Add(const CellSums& other) { sums_.Add(other.sums_); }
  // After all blocks.
  void Settle() {
    for (auto& table : tables_) {
      for (size_t cell = 0; cell < kNoCell; ++cell) {
        sums_.entries[cell].Add(FigureSums{table[cell].customers_and_orders >> kOrderBits,
                                           table[cell].customers_and_orders & kOrdersMask,
                                           table[cell].revenue, 0});
      }
      table.fill(Cell{});
    }
    blocks_ = 0;
  }
  const SumsTable<kNoCell>& sums() const { return sums_; }

 private:
  static constexpr int kOrderBits = 36;
  static constexpr uint64_t kOrdersMask = (uint64_t{1} << kOrderBits) - 1;
  static constexpr uint32_t kMaxBlocks = 32;
  static_assert(uint64_t{kMaxBlocks} * kBlockRows * kMaxHistoryEntries <= kOrdersMask);
  static_assert(uint64_t{kMaxBlocks} * kBlockRows < uint64_t{1} << (64 - kOrderBits));

  struct Cell {
    uint64_t customers_and_orders = 0;
    int64_t revenue = 0;
  };
  void AddRow(size_t table, uint8_t cell, uint32_t orders, int32_t revenue) {
    Cell& sums = tables_[table][cell];
    sums.customers_and_orders += (uint64_t{1} << kOrderBits) + orders;
    sums.revenue += revenue;
  }

  std::array<std::array<Cell, kNoCell + 1>, 2> tables_;
  uint32_t blocks_ = 0;  // in tables_
  SumsTable<kNoCell> sums_;
};

}  // namespace

void ComputeRfm(const SummarySource& source, ShardRunner* runner, RfmAnswer* answer) {
  const Rules& rules = *source.view.rules;
  std::vector<CellSums> of_shard(source.shards.size());
  runner->ForEach(source.shards.size(), [&](size_t shard) {
    Column<uint8_t> cell_of;
    for (uint32_t block = 0; block < source.shards[shard]->blocks(); ++block) {
      ScoreCells(source.view, source.shards[shard]->block(block), &cell_of);
      of_shard[shard].Add(source.shards[shard]->block(block), cell_of);
    }
    of_shard[shard].Settle();
  });
  for (size_t shard = 1; shard < of_shard.size(); ++shard) of_shard[0].Add(of_shard[shard]);
  const SumsTable<kNoCell>& cells = of_shard[0].sums();
  std::vector<FigureSums> segments(rules.segment_names().size());
  answer->cuts = ReportedCuts(*source.view.ranking, source.view.today);
  for (uint8_t r = 1; r <= 5; ++r) {
    for (uint8_t f = 1; f <= 5; ++f) {
      for (uint8_t m = 1; m <= 5; ++m) {
        const FigureSums& cell =
            cells.entries[static_cast<size_t>(25 * (r - 1) + 5 * (f - 1) + m - 1)];
        if (cell.customers == 0) continue;
        answer->population += cell.customers;
        answer->cells.push_back({r, f, m, cell.customers, cell.orders, Narrow(cell.revenue)});
        segments[rules.SegmentOf(r, f, m)].Add(cell);
      }
    }
  }
  for (size_t at = 0; at < segments.size(); ++at) {
    if (segments[at].customers == 0) continue;
    answer->segments.push_back({rules.segment_names()[at], segments[at].customers,
                                segments[at].orders, Narrow(segments[at].revenue)});
  }
}

void ComputeValue(const SummarySource& source, ShardRunner* runner, ValueAnswer* answer) {
  const ValueJudge judge(*source.view.rules, *source.view.names);
  const auto sums = SumOverBlocks<SumsTable<4>>(
      source, runner, [&](const CustomerBlock& block, SumsTable<4>* partial) {
        const ValueJudge::Classes classes = judge.Judge(source.view, block, LiveRows(block));
        const auto add = [&](size_t entry, const Selection& rows) {
          partial->entries[entry].Add(
              FigureSums{CountOf(rows), 0, SumOfMoney(block, kRevenueColumn, rows), 0});
        };
        for (size_t at = 0; at < 3; ++at) add(at, classes.rows[at]);
        add(3, classes.hidden_potential);
      });
  for (size_t at = 0; at < 3; ++at) {
    answer->classes[at] = {sums.entries[at].customers, Narrow(sums.entries[at].revenue)};
  }
  answer->hidden_potential = {sums.entries[3].customers, Narrow(sums.entries[3].revenue)};
}

void ComputeCount(const SummarySource& source, const Expression& where, ShardRunner* runner,
                  CountAnswer* answer) {
  const BlockFilter filter(where, *source.view.rules, *source.view.names);
  const auto sums = SumOverBlocks<FigureSums>(
      source, runner, [&](const CustomerBlock& block, FigureSums* partial) {
        const Selection rows = filter.Select(source.view, block);
        if (rows.Empty()) return;
        partial->Add(FigureSums{CountOf(rows), SumOf(block.columns.orders, rows),
                                SumOfMoney(block, kRevenueColumn, rows),
                                SumOfMoney(block, kRevenueTotalColumn, rows)});
      });
  answer->customers = sums.customers;
  answer->orders = sums.orders;
  answer->revenue = Narrow(sums.revenue);
  answer->revenue_total = Narrow(sums.revenue_total);
}

void ComputePhases(const SummarySource& source, const Expression& where, ShardRunner* runner,
                   PhasesAnswer* answer) {
  constexpr size_t kAtRisk = kPhases + kRisks;
  const BlockFilter filter(where, *source.view.rules, *source.view.names);
  const ValueJudge judge(*source.view.rules, *source.view.names);
  // And what the customers are worth still.
  struct Table : SumsTable<kAtRisk + 1> {
    std::array<Wide, kAtRisk + 1> clv{};

    void Add(const Table& other) {
      SumsTable::Add(other);
      for (size_t at = 0; at < clv.size(); ++at) clv[at] += other.clv[at];
    }
    void Add(size_t at, const FigureSums& one, Minor worth) {
      entries[at].Add(one);
      clv[at] += worth.units;
    }
  };
  const bool priced = source.view.churn != nullptr && source.view.churn->has_spend();
  const auto sums =
      SumOverBlocks<Table>(source, runner, [&](const CustomerBlock& block, Table* partial) {
        const Selection rows = filter.Select(source.view, block);
        if (rows.Empty()) return;
        const ValueJudge::Classes classes = judge.Judge(source.view, block, rows);
        const Selection& individual = classes.rows[static_cast<size_t>(ValueClass::kIndividual)];
        rows.ForEach([&](uint32_t row) {
          const ColumnFields customer(block, row);
          const FigureSums one{1, 0, customer.revenue(), customer.revenue_total()};
          const Phase phase = PhaseOf(source.view, customer);
          const Minor worth = priced ? ClvOf(source.view, customer) : Minor{};
          partial->Add(static_cast<size_t>(phase), one, worth);
          const RiskSet risks = RisksOf(source.view, customer, individual.Has(row));
          if (risks != 0) partial->Add(kAtRisk, one, worth);
          for (RiskSet left = risks; left != 0; left &= left - 1) {
            partial->Add(kPhases + static_cast<size_t>(std::countr_zero(left)), one, worth);
          }
        });
      });
  const auto group = [&](size_t at) {
    const FigureSums& of = sums.entries[at];
    return PhasesAnswer::Group{of.customers, Narrow(of.revenue), Narrow(of.revenue_total),
                               priced ? std::optional(Narrow(sums.clv[at])) : std::nullopt};
  };
  for (size_t at = 0; at < kPhases; ++at) answer->phases[at] = group(at);
  for (size_t at = 0; at < kRisks; ++at) answer->risks[at] = group(kPhases + at);
  answer->at_risk = group(kAtRisk);
}

}  // namespace kundig::engine
