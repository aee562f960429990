// Each kernel against its plain twin, on random columns with the marks and limits in them.

#include "engine/scan_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <random>

namespace kundig::engine {
namespace {

template <typename T>
T Drawn(std::mt19937_64* random) {
  constexpr T kEdges[] = {std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), T{0}, T{1},
                          static_cast<T>(std::numeric_limits<T>::max() / 2)};
  if ((*random)() % 8 == 0) return kEdges[(*random)() % std::size(kEdges)];
  return static_cast<T>((*random)() >> (64 - 8 * sizeof(T)));
}

template <typename T>
void Fill(Column<T>* column, std::mt19937_64* random) {
  // Few distinct values in some rounds, so that equality occurs.
  const uint64_t spread = (*random)() % 2 == 0 ? 5 : 0;
  for (T& value : *column) {
    value = spread == 0 ? Drawn<T>(random) : static_cast<T>((*random)() % spread);
  }
}

Selection RandomRows(std::mt19937_64* random) {
  Selection rows;
  const uint64_t one_in = std::array<uint64_t, 4>{1, 2, 50, 5000}[(*random)() % 4];
  for (uint32_t row = 0; row < kBlockRows; ++row) {
    if ((*random)() % one_in == 0) rows.Add(row);
  }
  return rows;
}

template <typename T>
class ScanKernelsTest : public ::testing::Test {};
using ColumnTypes = ::testing::Types<uint8_t, uint16_t, uint32_t, int32_t>;
TYPED_TEST_SUITE(ScanKernelsTest, ColumnTypes);

TYPED_TEST(ScanKernelsTest, ARangeSelectsWhatItsTwinSelects) {
  std::mt19937_64 random(11);
  auto values = std::make_unique<Column<TypeParam>>();
  for (int round = 0; round < 50; ++round) {
    Fill(values.get(), &random);
    auto low = Drawn<TypeParam>(&random), high = Drawn<TypeParam>(&random);
    if (low > high) std::swap(low, high);
    if (round % 5 == 0) high = low = (*values)[random() % kBlockRows];
    const Selection rows = InRange(*values, low, high);
    for (uint32_t row = 0; row < kBlockRows; ++row) {
      ASSERT_EQ(rows.Has(row), low <= (*values)[row] && (*values)[row] <= high) << row;
    }
  }
}

TEST(ScanKernelsTest, TheLargerOfTwoDaysIsCompared) {
  std::mt19937_64 random(12);
  auto a = std::make_unique<Column<uint16_t>>(), b = std::make_unique<Column<uint16_t>>();
  for (int round = 0; round < 20; ++round) {
    Fill(a.get(), &random);
    Fill(b.get(), &random);
    const auto low = static_cast<uint16_t>(random() % 40000);
    const auto high = static_cast<uint16_t>(low + random() % 20000);
    const Selection rows = LargerInRange(*a, *b, low, high);
    for (uint32_t row = 0; row < kBlockRows; ++row) {
      const uint16_t larger = std::max((*a)[row], (*b)[row]);
      ASSERT_EQ(rows.Has(row), low <= larger && larger <= high) << row;
    }
  }
}

TEST(ScanKernelsTest, SumsAreThoseOfTheSelectedRows) {
  std::mt19937_64 random(13);
  auto counts = std::make_unique<Column<uint32_t>>();
  auto money = std::make_unique<Column<int32_t>>();
  for (int round = 0; round < 60; ++round) {
    Fill(counts.get(), &random);
    Fill(money.get(), &random);
    const Selection rows = RandomRows(&random);
    uint64_t count = 0;
    MoneySum sum;
    rows.ForEach([&](uint32_t row) {
      count += (*counts)[row];
      if ((*money)[row] == kWideMoney) {
        sum.has_wide = true;
      } else {
        sum.narrow += (*money)[row];
      }
    });
    uint32_t selected = 0;
    rows.ForEach([&](uint32_t) { ++selected; });
    EXPECT_EQ(CountOf(rows), selected);
    EXPECT_EQ(SumOf(*counts, rows), count);
    EXPECT_EQ(SumOf(*money, rows).narrow, sum.narrow);
    EXPECT_EQ(SumOf(*money, rows).has_wide, sum.has_wide);
  }
}

template <typename T>
std::array<T, 4> DrawnCuts(const Column<T>& values, std::mt19937_64* random) {
  std::array<T, 4> cuts;
  for (T& cut : cuts) cut = values[(*random)() % kBlockRows];
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

template <typename T>
int Above(const std::array<T, 4>& cuts, T value) {
  return static_cast<int>(
      std::count_if(cuts.begin(), cuts.end(), [&](T cut) { return value > cut; }));
}

TEST(ScanKernelsTest, CellsFollowTheCuts) {
  std::mt19937_64 random(14);
  auto columns = std::make_unique<CustomerColumns>();
  auto cells = std::make_unique<Column<uint8_t>>();
  for (int round = 0; round < 20; ++round) {
    Fill(&columns->last_order, &random);
    Fill(&columns->orders, &random);
    Fill(&columns->revenue, &random);
    const NarrowCuts cuts{DrawnCuts(columns->last_order, &random),
                          DrawnCuts(columns->orders, &random),
                          DrawnCuts(columns->revenue, &random)};
    RfmCells(*columns, cuts, cells.get());
    for (uint32_t row = 0; row < kBlockRows; ++row) {
      const int cell = columns->orders[row] == 0
                           ? kNoCell
                           : 25 * Above(cuts.last_order, columns->last_order[row]) +
                                 5 * Above(cuts.orders, columns->orders[row]) +
                                 Above(cuts.revenue, columns->revenue[row]);
      ASSERT_EQ((*cells)[row], cell) << row;
    }
  }
}

}  // namespace
}  // namespace kundig::engine
