#include "tools/bench_keys.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace kundig::tools {
namespace {

TEST(BenchKeys, AreReadAsTheyAreWritten) {
  EXPECT_EQ(ParseKeys("uniform"), 0);
  EXPECT_EQ(ParseKeys("zipf:0.99"), 0.99);
  EXPECT_EQ(ParseKeys("zipf:1"), 1);
  for (const char* wrong : {"", "zipf", "zipf:", "zipf:0", "zipf:-1", "zipf:1x", "zipf:nan",
                            "zipf:11", "Uniform", "uniform "}) {
    EXPECT_EQ(ParseKeys(wrong), std::nullopt) << wrong;
  }
}

TEST(BenchKeys, UniformDrawsReachAllAlike) {
  const KeyDraw keys(10, 0);
  RandomStream random(1, RandomStream::Purpose::kLoad, 0);
  std::vector<int> drawn(10);
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) ++drawn.at(keys.Draw(&random));
  // Five standard deviations of a share of one tenth.
  for (int count : drawn) EXPECT_NEAR(count, kDraws * 0.1, 5 * std::sqrt(kDraws * 0.09));
}

TEST(BenchKeys, ZipfRanksComeAsOftenAsTheLawSays) {
  for (double skew : {0.5, 0.99, 1.0, 2.0}) {
    constexpr uint64_t kKeys = 1000;
    const KeyDraw keys(kKeys, skew);
    RandomStream random(3, RandomStream::Purpose::kLoad, 0);
    std::vector<int> drawn(kKeys + 1);
    constexpr int kDraws = 400'000;
    for (int i = 0; i < kDraws; ++i) ++drawn.at(keys.DrawRank(&random));
    EXPECT_EQ(drawn[0], 0);
    double all = 0;
    for (uint64_t rank = 1; rank <= kKeys; ++rank) {
      all += std::pow(static_cast<double>(rank), -skew);
    }
    for (const uint64_t rank : std::vector<uint64_t>{1, 2, 3, 10, 100, 1000}) {
      const double share = std::pow(static_cast<double>(rank), -skew) / all;
      EXPECT_NEAR(drawn[rank], kDraws * share, 5 * std::sqrt(kDraws * share) + 1)
          << "skew " << skew << ", rank " << rank;
    }
  }
}

TEST(BenchKeys, OneKeyIsAlwaysTheSame) {
  RandomStream random(1, RandomStream::Purpose::kLoad, 0);
  for (double skew : {0.0, 0.99, 10.0}) {
    const KeyDraw keys(1, skew);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(keys.Draw(&random), 0u);
  }
}

TEST(BenchKeys, EveryRankHasACustomerOfItsOwn) {
  for (uint64_t count : {2u, 3u, 10u, 997u, 1000u, 65'536u}) {
    const KeyDraw keys(count, 0.99);
    std::set<uint64_t> customers;
    for (uint64_t rank = 1; rank <= count; ++rank) customers.insert(keys.CustomerOfRank(rank));
    EXPECT_EQ(customers.size(), count);
    EXPECT_LT(*customers.rbegin(), count);
  }
}

}  // namespace
}  // namespace kundig::tools
