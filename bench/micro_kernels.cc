// What lookups, events and scans are made of inside of the engine: kernels over one block of
// columns (in the first-level cache), the key index, histories and counters.

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "bench/micro.h"
#include "engine/customer_block.h"
#include "engine/day_log.h"
#include "engine/hash.h"
#include "engine/history.h"
#include "engine/key_index.h"
#include "engine/rank_counts.h"
#include "engine/scan_kernels.h"
#include "engine/selection.h"

namespace kundig::bench {
namespace {

using engine::kBlockRows;

// A block whose columns hold small random numbers.
std::unique_ptr<engine::CustomerBlock> RandomBlock() {
  auto block = std::make_unique<engine::CustomerBlock>();
  std::mt19937_64 random(3);
  for (uint32_t row = 0; row < kBlockRows; ++row) {
    block->columns.live[row] = 1;
    block->columns.orders[row] = static_cast<uint32_t>(random() % 10);
    block->columns.revenue[row] = static_cast<int32_t>(random() % 100'000);
    block->columns.last_order[row] = static_cast<engine::ColumnDay>(40'000 + random() % 400);
    block->columns.last_visit[row] = static_cast<engine::ColumnDay>(40'000 + random() % 400);
  }
  return block;
}

template <typename T>
void Range(benchmark::State& state, const engine::Column<T>& column, T low, T high) {
  uint32_t expected = 0;
  for (const T value : column) expected += low <= value && value <= high ? 1 : 0;
  Prove(engine::CountOf(engine::InRange(column, low, high)) == expected, "the rows in the range");
  Time(state, kBlockRows, sizeof(column),
       [&] { benchmark::DoNotOptimize(engine::InRange(column, low, high)); });
}

void RangeOfBytes(benchmark::State& state) {
  Range<uint8_t>(state, RandomBlock()->columns.live, 1, 1);
}
BENCHMARK(RangeOfBytes);
void RangeOfDays(benchmark::State& state) {
  Range<uint16_t>(state, RandomBlock()->columns.last_order, 40'100, 40'200);
}
BENCHMARK(RangeOfDays);
void RangeOfCounts(benchmark::State& state) {
  Range<uint32_t>(state, RandomBlock()->columns.orders, 2, 7);
}
BENCHMARK(RangeOfCounts);
void RangeOfMoney(benchmark::State& state) {
  Range<int32_t>(state, RandomBlock()->columns.revenue, 1000, 50'000);
}
BENCHMARK(RangeOfMoney);

void RangeOfLargerDay(benchmark::State& state) {
  const auto block = RandomBlock();
  const engine::CustomerColumns& c = block->columns;
  uint32_t expected = 0;
  for (uint32_t row = 0; row < kBlockRows; ++row) {
    expected += std::max(c.last_order[row], c.last_visit[row]) <= 40'200 ? 1 : 0;
  }
  const auto select = [&] { return engine::LargerInRange(c.last_order, c.last_visit, 0, 40'200); };
  Prove(engine::CountOf(select()) == expected, "the rows of the larger day");
  Time(state, kBlockRows, 2 * sizeof(c.last_order), [&] { benchmark::DoNotOptimize(select()); });
}
BENCHMARK(RangeOfLargerDay);

void SumOfCounts(benchmark::State& state) {
  const auto block = RandomBlock();
  const engine::Selection all = engine::InRange(block->columns.live, 1, 1);
  const auto& orders = block->columns.orders;
  Prove(engine::SumOf(orders, all) == std::accumulate(orders.begin(), orders.end(), uint64_t{0}),
        "the sum of all");
  Time(state, kBlockRows, sizeof(orders),
       [&] { benchmark::DoNotOptimize(engine::SumOf(orders, all)); });
}
BENCHMARK(SumOfCounts);

void SumOfMoney(benchmark::State& state) {
  const auto block = RandomBlock();
  const engine::Selection all = engine::InRange(block->columns.live, 1, 1);
  const auto& revenue = block->columns.revenue;
  const engine::MoneySum sum = engine::SumOf(revenue, all);
  Prove(!sum.has_wide && sum.narrow == std::accumulate(revenue.begin(), revenue.end(), int64_t{0}),
        "the sum of all");
  Time(state, kBlockRows, sizeof(revenue),
       [&] { benchmark::DoNotOptimize(engine::SumOf(revenue, all)); });
}
BENCHMARK(SumOfMoney);

void RfmCellsOfBlock(benchmark::State& state) {
  const auto block = RandomBlock();
  const engine::NarrowCuts cuts{
      {40'080, 40'160, 40'240, 40'320}, {1, 3, 5, 7}, {20'000, 40'000, 60'000, 80'000}};
  auto cells = std::make_unique<engine::Column<uint8_t>>();
  const auto score = [&] { engine::RfmCells(block->columns, cuts, cells.get()); };
  score();
  const auto above = [](const auto& levels, auto value) {
    return static_cast<int>(
        std::count_if(levels.begin(), levels.end(), [&](auto level) { return value > level; }));
  };
  for (uint32_t row = 0; row < kBlockRows; ++row) {
    const engine::CustomerColumns& c = block->columns;
    const int cell = 25 * above(cuts.last_order, c.last_order[row]) +
                     5 * above(cuts.orders, c.orders[row]) + above(cuts.revenue, c.revenue[row]);
    Prove((*cells)[row] == (c.orders[row] == 0 ? engine::kNoCell : cell), "the cell of a row");
  }
  Time(state, kBlockRows, 10 * kBlockRows, [&] {
    score();
    benchmark::DoNotOptimize(*cells);
  });
}
BENCHMARK(RfmCellsOfBlock);

// Finds rows by the hash of their ids, in random order: small indexes lie in the cache.
void FindInKeyIndex(benchmark::State& state) {
  const auto count = static_cast<uint32_t>(state.range(0));
  engine::KeyIndex index;
  std::vector<uint64_t> hashes;
  for (uint32_t row = 0; row < count; ++row) {
    hashes.push_back(engine::HashBytes("customer " + std::to_string(row)));
    index.Insert(hashes.back(), engine::RowIndex{row});
  }
  for (uint32_t row = 0; row < count; ++row) {
    Prove(index.Find(hashes[row], [&](engine::RowIndex at) { return engine::Raw(at) == row; })
              .has_value(),
          "a row is found by its hash");
  }
  std::shuffle(hashes.begin(), hashes.end(), std::mt19937_64(5));
  size_t next = 0;
  Time(state, 1, 0, [&] {
    benchmark::DoNotOptimize(index.Guess(hashes[next]));
    if (++next == hashes.size()) next = 0;
  });
}
BENCHMARK(FindInKeyIndex)->Arg(1000)->Arg(1'000'000);

// An order added to a history of so many, and looked for before, as every event does.
void AddOrderToHistory(benchmark::State& state) {
  const auto count = state.range(0);
  const auto order = [](const std::string& id, int64_t number) {
    engine::HistoryEntry entry;
    entry.id = id;
    entry.day = engine::Day{15'000 + static_cast<int32_t>(number)};
    entry.at = engine::TimeMs{(15'000 + number) * 86'400'000};
    entry.amount = engine::Minor{1234};
    return entry;
  };
  engine::History history("customer");
  for (int64_t number = 0; number < count; ++number) {
    const std::string id = "o" + std::to_string(1'000'000 + number);
    Prove(history.Add(order(id, number)) && history.Find(order(id, number)).has_value(),
          "what was added is found");
  }
  const std::string next = "o2000000";
  Time(state, 1, 0, [&] {
    benchmark::DoNotOptimize(history.Find(order(next, count)));
    history.Add(order(next, count));
    history.Remove(order(next, count));
  });
  Prove(history.entries() == count, "as many as before");
}
BENCHMARK(AddOrderToHistory)->Arg(4)->Arg(40)->Arg(4000);

void MoveBetweenRankCounts(benchmark::State& state) {
  engine::RankCounts counts;
  engine::RankedValues before{true, 40'000, 3, 12'345, 12'345};
  engine::RankedValues after{true, 40'010, 4, 22'345, 22'345};
  counts.Add(before);
  Prove(counts.population() == 1 && counts.by_last_order()[40'000] == 1, "one customer is counted");
  Time(state, 1, 0, [&] {
    counts.Remove(before);
    counts.Add(after);
    std::swap(before, after);
  });
  Prove(counts.population() == 1, "it is still one");
}
BENCHMARK(MoveBetweenRankCounts);

void RowsOfADay(benchmark::State& state) {
  const auto entries = static_cast<size_t>(state.range(0));
  engine::DayLog log;
  std::mt19937_64 random(8);
  size_t expected = 0;
  for (size_t at = 0; at < entries; ++at) {
    const auto day = static_cast<engine::ColumnDay>(40'000 + random() % 365);
    expected += day == 40'100 ? 1 : 0;
    log.Add(static_cast<uint32_t>(at), day);
  }
  const std::array<engine::DayLog::Days, 1> spans{{{40'100, 40'100}}};
  Prove(log.RowsOn(spans).size() == expected, "the rows of the day");
  Time(state, entries, entries * sizeof(engine::ColumnDay),
       [&] { benchmark::DoNotOptimize(log.RowsOn(spans)); });
}
BENCHMARK(RowsOfADay)->Arg(270'000);

}  // namespace
}  // namespace kundig::bench

BENCHMARK_MAIN();
