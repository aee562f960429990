#include "tools/generate_random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>

namespace kundig::tools {
namespace {

using Purpose = RandomStream::Purpose;

constexpr int kStreamDraws = 200'000;

// Mean and variance of what `draw` gives, for one stream.
template <typename Draw>
std::pair<double, double> Moments(Draw draw) {
  RandomStream random(1, Purpose::kCustomer, 0);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kStreamDraws; ++i) {
    const double value = draw(&random);
    sum += value;
    squares += value * value;
  }
  const double mean = sum / kStreamDraws;
  return {mean, squares / kStreamDraws - mean * mean};
}

TEST(RandomStream, IsTheSameEverywhere) {
  // Guards the bytes of generated files: another value here makes other shops of the same seed.
  RandomStream random(1, Purpose::kCustomer, 0);
  EXPECT_EQ(random(), 6740329079320479327U);
}

TEST(RandomStream, DiffersBySeedPurposeAndNumber) {
  std::set<uint64_t> seen;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    for (uint64_t number = 0; number < 100; ++number) {
      seen.insert(RandomStream(seed, Purpose::kCustomer, number)());
      seen.insert(RandomStream(seed, Purpose::kLead, number)());
    }
  }
  EXPECT_EQ(seen.size(), 2000U);
}

TEST(RandomStream, FirstDrawsOfManyStreamsAreUniform) {
  std::array<int, 10> tenths{};
  for (uint64_t number = 0; number < kStreamDraws; ++number) {
    const double value = RandomStream(7, Purpose::kCustomer, number).Uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    ++tenths[static_cast<size_t>(value * 10)];
  }
  for (const int count : tenths) EXPECT_NEAR(count, kStreamDraws / 10, 700);
}

TEST(RandomStream, DrawsHaveTheirMeansAndVariances) {
  const auto uniform = Moments([](RandomStream* random) { return random->Uniform(); });
  EXPECT_NEAR(uniform.first, 0.5, 0.005);
  EXPECT_NEAR(uniform.second, 1.0 / 12, 0.002);
  const auto normal = Moments([](RandomStream* random) { return random->Normal(3, 2); });
  EXPECT_NEAR(normal.first, 3, 0.03);
  EXPECT_NEAR(normal.second, 4, 0.1);
  const auto exponential = Moments([](RandomStream* random) { return random->Exponential(0.25); });
  EXPECT_NEAR(exponential.first, 4, 0.06);
  EXPECT_NEAR(exponential.second, 16, 0.6);
  // Shape below and above 1 take different ways through the algorithm.
  const auto flat = Moments([](RandomStream* random) { return random->Gamma(0.6, 3); });
  EXPECT_NEAR(flat.first, 0.2, 0.004);
  EXPECT_NEAR(flat.second, 0.6 / 9, 0.004);
  const auto round = Moments([](RandomStream* random) { return random->Gamma(4, 2); });
  EXPECT_NEAR(round.first, 2, 0.02);
  EXPECT_NEAR(round.second, 1, 0.03);
  const auto logs =
      Moments([](RandomStream* random) { return std::log(random->LogNormal(20, 0.5)); });
  EXPECT_NEAR(logs.first, std::log(20), 0.01);
  EXPECT_NEAR(logs.second, 0.25, 0.01);
  const auto chance = Moments([](RandomStream* random) { return random->Chance(0.3) ? 1 : 0; });
  EXPECT_NEAR(chance.first, 0.3, 0.006);
}

TEST(RandomStream, IntegersAndPicksStayInTheirRange) {
  RandomStream random(1, Purpose::kCustomer, 0);
  std::set<int64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.Between(-2, 2));
  EXPECT_EQ(seen, (std::set<int64_t>{-2, -1, 0, 1, 2}));
  constexpr std::array<int, 3> kWeights = {1, 0, 3};
  std::array<int, 3> picks{};
  for (int i = 0; i < kStreamDraws; ++i) ++picks[random.Pick(kWeights)];
  EXPECT_NEAR(picks[0], kStreamDraws / 4, 900);
  EXPECT_EQ(picks[1], 0);
}

}  // namespace
}  // namespace kundig::tools
