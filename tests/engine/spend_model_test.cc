// The spend model against integration over the rates that it mixes, its sums against the customers
// they stand for, and the fit on the sample that the paper uses.

#include "engine/spend_model.h"

#include <gtest/gtest.h>

#include <boost/math/quadrature/sinh_sinh.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "engine/gamma_function.h"
#include "engine/maximize.h"
#include "tests/engine/cdnow_sample.h"

namespace kundig::engine {
namespace {

struct Spender {
  uint32_t orders;
  Minor total;
};

SpendSums SumsOf(const std::vector<Spender>& customers) {
  SpendSums sums;
  for (const Spender& customer : customers) sums.Add(customer.orders, customer.total);
  return sums;
}

std::vector<Spender> SimulatedSpenders(const SpendParameters& parameters, size_t count) {
  std::mt19937_64 random(8);
  std::gamma_distribution<double> rates(parameters.q, 1 / parameters.gamma);
  std::geometric_distribution<uint32_t> orders(0.3);
  std::vector<Spender> customers;
  while (customers.size() < count) {
    const double rate = rates(random);
    const uint32_t n = orders(random) + 1;
    std::gamma_distribution<double> totals(parameters.p * n, 1 / rate);
    customers.push_back({n, Minor{std::llround(totals(random))}});
  }
  return customers;
}

SpendModel SpendModelOf(const SpendParameters& parameters) {
  return SpendModel::Make(parameters).value();
}

// With the rate nu given, the mean of n orders is Gamma(pn, rate n nu), and an order is worth p /
// nu.
TEST(SpendModelTest, IsTheMixtureOfItsCustomers) {
  std::mt19937_64 random(6);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (int round = 0; round < 40; ++round) {
    const double p = 3 * std::exp(1.5 * uniform(random)), q = 1.1 + 4 * std::exp(uniform(random));
    const double gamma = 3000 * std::exp(2 * uniform(random));
    const auto n =
        static_cast<uint32_t>(1 + std::abs(uniform(random)) * (round % 4 == 0 ? 2000 : 12));
    const Minor total{std::llround(n * 2500 * std::exp(2 * uniform(random)))};
    const double mean = static_cast<double>(total.units) / n;
    const double shape = p * n + q, rate = gamma + n * mean;  // of nu, once the mean is known
    const double center = shape / rate;
    const auto log_joint = [&](double nu) {
      return q * std::log(gamma) - LogGamma(q) + (q - 1) * std::log(nu) - gamma * nu +
             p * n * std::log(n * nu) - LogGamma(p * n) + (p * n - 1) * std::log(mean) -
             n * nu * mean;
    };
    const double top = log_joint(center);
    boost::math::quadrature::sinh_sinh<double> line;
    const auto integral = [&](double power) {  // over ln nu
      return line.integrate(
                 [&](double y) {
                   const double nu = center * std::exp(y / std::sqrt(shape));
                   if (!(nu > 0 && std::isfinite(nu))) return 0.0;
                   return std::exp(log_joint(nu) - top) * std::pow(nu, power + 1);
                 },
                 1e-10) /
             std::sqrt(shape);
    };
    const double density = integral(0);
    const SpendModel model = SpendModelOf({.p = p, .q = q, .gamma = gamma});
    EXPECT_NEAR(model.LogLikelihood(n, n * mean), std::log(density) + top, 1e-7);
    const double expected = p * integral(-1) / density;
    EXPECT_NEAR(model.ExpectedValueMinor(n, total), expected, 1e-7 * expected);
  }
}

TEST(SpendModelTest, KnowsItsEdges) {
  const SpendModel model = SpendModelOf({.p = 6.25, .q = 3.74, .gamma = 1544});
  EXPECT_DOUBLE_EQ(model.ExpectedValueMinor(0, {0}), 6.25 * 1544 / 2.74);  // the population's mean
  EXPECT_NEAR(model.ExpectedValueMinor(900'000, {900'000 * 5000LL}), 5000, 0.01);
  // A total of nothing or less counts as nothing, and more such orders make it less.
  EXPECT_EQ(model.ExpectedValueMinor(2, {-5000}), model.ExpectedValueMinor(2, {0}));
  EXPECT_LT(model.ExpectedValueMinor(2, {0}), model.ExpectedValueMinor(2, {1}));
  EXPECT_LT(model.ExpectedValueMinor(3, {-5000}), model.ExpectedValueMinor(2, {-5000}));
  EXPECT_GT(model.ExpectedValueMinor(900'000, {std::numeric_limits<int64_t>::min()}), 0);
}

TEST(SpendModelTest, RefusesParametersByName) {
  EXPECT_EQ(SpendModel::Make({.p = 0, .q = 2, .gamma = 1}).error().field, "p");
  EXPECT_EQ(SpendModel::Make({.p = 1, .q = 1, .gamma = 1}).error().field, "q");
  const auto gamma = SpendModel::Make({.p = 1, .q = 2, .gamma = std::nan("")});
  EXPECT_EQ(gamma.error().field, "gamma");
  EXPECT_EQ(gamma.error().code, ErrorCode::kInvalidValue);
}

// Buckets instead of customers: what that costs.
TEST(SpendSumsTest, StandForTheirCustomers) {
  for (const double gamma : {3.0, 1544.0, 8e9}) {
    const SpendParameters parameters{.p = 6.25, .q = 3.74, .gamma = gamma};
    const auto customers = SimulatedSpenders(parameters, 20'000);
    const SpendModel model = SpendModelOf({.p = 2, .q = 1.5, .gamma = gamma * 2});
    double exact = 0, orders = 0;
    for (const Spender& customer : customers) {
      if (customer.total.units <= 0) continue;
      orders += customer.orders;
      exact += model.LogLikelihood(customer.orders, static_cast<double>(customer.total.units));
    }
    SpendParameters slopes;
    EXPECT_NEAR(SpendLogLikelihood(SumsOf(customers), model.parameters(), &slopes), exact,
                5e-7 * orders * model.parameters().p);
  }
}

TEST(SpendSumsTest, HaveTheSlopesOfTheirDifferences) {
  const SpendSums sums = SumsOf(SimulatedSpenders({.p = 6.25, .q = 3.74, .gamma = 1544}, 5000));
  for (const SpendParameters& place : {SpendParameters{.p = 6.25, .q = 3.74, .gamma = 1544},
                                       SpendParameters{.p = 0.01, .q = 50, .gamma = 9e6}}) {
    SpendParameters slopes, unused;
    SpendLogLikelihood(sums, place, &slopes);
    for (double SpendParameters::*const member :
         {&SpendParameters::p, &SpendParameters::q, &SpendParameters::gamma}) {
      const double step = 1e-5 * place.*member;
      SpendParameters above = place, below = place;
      above.*member += step;
      below.*member -= step;
      const double difference =
          (SpendLogLikelihood(sums, above, &unused) - SpendLogLikelihood(sums, below, &unused)) /
          (2 * step);
      EXPECT_NEAR(slopes.*member, difference, 1e-6 * std::abs(difference) + 1e-7 / step);
    }
  }
}

TEST(SpendSumsTest, LeaveOutWhatIsNotPositiveAndMergeInAnyOrder) {
  SpendSums sums;
  sums.Add(0, {500});
  sums.Add(3, {0});
  sums.Add(3, {-1});
  EXPECT_EQ(sums.customers(), 0u);
  EXPECT_TRUE(sums.buckets().empty());

  auto customers = SimulatedSpenders({.p = 3, .q = 2, .gamma = 5000}, 3000);
  customers.push_back({900'000, Minor{std::numeric_limits<int64_t>::max()}});
  const SpendSums together = SumsOf(customers);
  SpendSums first, second;
  for (size_t i = 0; i < customers.size(); ++i) {
    (i % 3 == 0 ? first : second).Add(customers[i].orders, customers[i].total);
  }
  second.Merge(first);
  EXPECT_EQ(second.customers(), together.customers());
  SpendParameters slopes;
  const SpendParameters place{.p = 3, .q = 2, .gamma = 5000};
  EXPECT_EQ(SpendLogLikelihood(second, place, &slopes),
            SpendLogLikelihood(together, place, &slopes));
}

TEST(SpendFitTest, FindsTheParametersThatCustomersWereDrawnFrom) {
  const auto fit =
      FitSpendModel(SumsOf(SimulatedSpenders({.p = 6.25, .q = 3.74, .gamma = 1544}, 50'000)))
          .value();
  EXPECT_TRUE(fit.converged);
  EXPECT_FALSE(fit.at_limit);
  EXPECT_EQ(fit.customers, 50'000u);
  EXPECT_NEAR(fit.parameters.p, 6.25, 0.25);  // some four standard errors
  EXPECT_NEAR(fit.parameters.q, 3.74, 0.12);
  EXPECT_NEAR(fit.parameters.gamma, 1544, 110);
}

TEST(SpendFitTest, RefusesTooFewCustomersAndSaysWhereALimitHeldIt) {
  const auto few = FitSpendModel(SumsOf(std::vector<Spender>(kMinSpendCustomers - 1, {2, {900}})));
  EXPECT_EQ(few.error().code, ErrorCode::kTooLittleData);
  EXPECT_EQ(few.error().field, "customers");
  // All alike: nothing varies, neither among customers nor among their orders.
  const auto alike = FitSpendModel(SumsOf(std::vector<Spender>(kMinSpendCustomers, {2, {900}})));
  EXPECT_TRUE(alike.value().at_limit);
}

// The paper's set-up: repeat purchases only, one for each day, through 1997-09-30.
TEST(SpendFitTest, GivesThePublishedFiguresOfCdnow) {
  const auto sample = ReadCdnowSample();
  if (!sample) GTEST_SKIP() << "shared/data is not beside this checkout";
  SpendSums sums;
  for (const CdnowCustomer& customer : *sample) {
    uint32_t orders = 0;
    Minor total;
    for (const auto& [day, cents] : customer) {
      if (day == customer.begin()->first || day > kCdnowCalibrationEnd) continue;
      ++orders;
      total += Minor{cents};
    }
    sums.Add(orders, total);
  }
  const auto fit = FitSpendModel(sums).value();
  EXPECT_TRUE(fit.converged);
  EXPECT_EQ(fit.customers, 946u);
  EXPECT_NEAR(fit.parameters.p, 6.25, 0.005);
  EXPECT_NEAR(fit.parameters.q, 3.74, 0.005);
  EXPECT_NEAR(fit.parameters.gamma, 1544, 0.5);
}

}  // namespace
}  // namespace kundig::engine
