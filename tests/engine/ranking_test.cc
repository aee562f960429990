// Cuts found through buckets against cuts found by sorting.

#include "engine/ranking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "engine/hash.h"
#include "engine/huge_pages.h"
#include "engine/rank_counts.h"
#include "engine/shard.h"
#include "engine/shard_runner.h"
#include "engine/value_buckets.h"
#include "tests/engine/sample_days.h"

namespace kundig::engine {
namespace {

TEST(ValueBucketsTest, KeepTheOrderOfValues) {
  std::vector<int64_t> values = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
  for (int bit = 0; bit < 63; ++bit) {
    for (const int64_t near : {-1, 0, 1}) {
      values.push_back((int64_t{1} << bit) + near);
      values.push_back(-(int64_t{1} << bit) + near);
    }
  }
  std::sort(values.begin(), values.end());
  for (size_t at = 0; at + 1 < values.size(); ++at) {
    EXPECT_LE(BucketOf(values[at]), BucketOf(values[at + 1])) << values[at];
    EXPECT_LT(BucketOf(values[at]), kBuckets);
  }
}

class RankingTest : public ::testing::Test {
 protected:
  // One customer for each value: an order of that revenue, some days ago.
  void Fill(const std::vector<int64_t>& revenues, std::mt19937_64* random) {
    for (int shard = 0; shard < 4; ++shard)
      shards_.push_back(std::make_unique<Shard>(&arena_, kToday));
    RuleSettings settings;
    rules_ = *CompileRules(settings, Calendar());
    ApplyContext context;
    context.rules = rules_.get();
    context.names = &names_;
    context.counts = &counts_;
    context.today = kToday;
    for (size_t at = 0; at < revenues.size(); ++at) {
      OrderPlaced order;
      const std::string customer = "c" + std::to_string(at);
      const auto days_ago = static_cast<int32_t>((*random)() % 364);
      order.customer = customer;
      order.order = "o";
      context.hash = HashBytes(customer);
      order.at = Ago(days_ago);
      order.revenue = Minor{revenues[at]};
      ASSERT_TRUE(shards_[at % 4]->Apply(order, context).has_value());
      days_.push_back((kToday - days_ago).since_epoch);
    }
  }

  BlockArena arena_;
  std::vector<std::unique_ptr<Shard>> shards_;
  RankCounts counts_;
  std::shared_ptr<const Rules> rules_;
  CustomerNames names_;
  std::vector<int64_t> days_;
  ShardRunner runner_{2};
};

TEST_F(RankingTest, NobodyIsScoredInAnEmptyBook) {
  std::mt19937_64 random(1);
  Fill({}, &random);
  const Ranking ranking = ComputeRanking(counts_, shards_, *rules_, kToday, 0, &runner_);
  EXPECT_FALSE(ranking.scored);
  EXPECT_EQ(ranking.AbcOf(0), AbcClass::kNone);
}

TEST_F(RankingTest, EqualsSortingForEveryKindOfSpread) {
  std::mt19937_64 random(3);
  std::vector<int64_t> revenues;
  for (int at = 0; at < 2000; ++at) {
    revenues.push_back(static_cast<int64_t>(random() % 10));                            // ties
    revenues.push_back(static_cast<int64_t>(random() % 100000));                        // even
    revenues.push_back(static_cast<int64_t>(uint64_t{1} << (random() % 40)) + at % 3);  // wide
  }
  Fill(revenues, &random);
  const Ranking ranking = ComputeRanking(counts_, shards_, *rules_, kToday, 42, &runner_);
  EXPECT_EQ(ranking.version, 42u);

  std::vector<int64_t> sorted = revenues;
  std::sort(sorted.begin(), sorted.end());
  std::vector<int64_t> days = days_;
  std::sort(days.begin(), days.end());
  for (size_t k = 1; k <= 4; ++k) {
    const size_t place = (k * sorted.size() + 4) / 5 - 1;
    EXPECT_EQ(ranking.monetary_cuts[k - 1], sorted[place]);
    EXPECT_EQ(ranking.recency_cuts[k - 1], days[place]);
    EXPECT_EQ(ranking.frequency_cuts[k - 1], 1);
  }

  int64_t total = 0;
  for (const int64_t value : revenues) total += value;
  for (const int64_t value : revenues) {
    if (value == 0) {
      EXPECT_EQ(ranking.AbcOf(value), AbcClass::kNone);
      continue;
    }
    const auto first_greater = std::upper_bound(sorted.begin(), sorted.end(), value);
    int64_t above = 0;
    for (auto at = first_greater; at != sorted.end(); ++at) above += *at;
    const AbcClass expected = above * 100 < 80 * total   ? AbcClass::kA
                              : above * 100 < 95 * total ? AbcClass::kB
                                                         : AbcClass::kC;
    ASSERT_EQ(ranking.AbcOf(value), expected) << value;
  }
}

}  // namespace
}  // namespace kundig::engine
