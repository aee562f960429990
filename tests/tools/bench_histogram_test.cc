#include "tools/bench_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tools/generate_random.h"

namespace kundig::tools {
namespace {

TEST(BenchHistogram, IsEmptyAtFirst) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.min_ns(), 0u);
  EXPECT_EQ(histogram.max_ns(), 0u);
  EXPECT_EQ(histogram.AtShare(0.5), 0u);
  EXPECT_EQ(histogram.mean_ns(), 0);
}

TEST(BenchHistogram, SmallValuesAreExact) {
  LatencyHistogram histogram;
  for (uint64_t value = 1; value <= 100; ++value) histogram.Record(value);
  EXPECT_EQ(histogram.AtShare(0), 1u);
  EXPECT_EQ(histogram.AtShare(0.01), 1u);
  EXPECT_EQ(histogram.AtShare(0.011), 2u);
  EXPECT_EQ(histogram.AtShare(0.5), 50u);
  EXPECT_EQ(histogram.AtShare(0.99), 99u);
  EXPECT_EQ(histogram.AtShare(1), 100u);
  EXPECT_DOUBLE_EQ(histogram.mean_ns(), 50.5);
}

// One value alone, around every power of two and at both ends of the range.
TEST(BenchHistogram, NoValueIsFurtherOffThanSaid) {
  std::vector<uint64_t> values = {0, std::numeric_limits<uint64_t>::max()};
  for (unsigned bit = 0; bit < 64; ++bit) {
    const uint64_t power = uint64_t{1} << bit;
    for (uint64_t value : {power - 1, power, power + 1, power + power / 3, power | (power >> 8)}) {
      values.push_back(value);
    }
  }
  for (uint64_t value : values) {
    LatencyHistogram histogram;
    histogram.Record(value);
    // Above it, so that the value is not the largest, which is exact.
    histogram.Record(std::numeric_limits<uint64_t>::max());
    const uint64_t shown = histogram.AtShare(0.5);
    EXPECT_GE(shown, value);
    EXPECT_LE(static_cast<double>(shown - value),
              static_cast<double>(value) * LatencyHistogram::kRelativeError)
        << value;
    EXPECT_EQ(histogram.min_ns(), value);
    EXPECT_EQ(histogram.max_ns(), std::numeric_limits<uint64_t>::max());
  }
}

TEST(BenchHistogram, PercentilesAreThoseOfTheSortedValues) {
  RandomStream random(7, RandomStream::Purpose::kLoad, 0);
  std::vector<uint64_t> values;
  LatencyHistogram whole, halves[2];
  for (int i = 0; i < 100'000; ++i) {
    const auto value = static_cast<uint64_t>(random.LogNormal(20'000, 1.5));
    values.push_back(value);
    whole.Record(value);
    halves[i % 2].Record(value);
  }
  std::sort(values.begin(), values.end());
  for (double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto place = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size())));
    const uint64_t exact = values[place - 1];
    EXPECT_GE(whole.AtShare(share), exact);
    EXPECT_LE(static_cast<double>(whole.AtShare(share)),
              static_cast<double>(exact) * (1 + LatencyHistogram::kRelativeError));
  }
  LatencyHistogram added;
  added.Add(halves[0]);
  added.Add(halves[1]);
  EXPECT_EQ(added.count(), whole.count());
  EXPECT_EQ(added.min_ns(), values.front());
  EXPECT_EQ(added.max_ns(), values.back());
  EXPECT_EQ(added.AtShare(0.99), whole.AtShare(0.99));
  EXPECT_DOUBLE_EQ(added.mean_ns(), whole.mean_ns());
}

}  // namespace
}  // namespace kundig::tools
