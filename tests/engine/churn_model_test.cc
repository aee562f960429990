// The closed forms against integration over what they are mixtures of, at random parameters;
// against the published values; and at their edges.

#include "engine/churn_model.h"

#include <gtest/gtest.h>

#include <boost/math/quadrature/sinh_sinh.hpp>
#include <boost/math/special_functions/hypergeometric_pFq.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "engine/churn_forecast.h"
#include "engine/gamma_function.h"
#include "tests/engine/churn_kinds.h"

namespace kundig::engine {
namespace {

ChurnModel ChurnModelOf(ChurnModelKind kind, const ChurnParameters& parameters) {
  return ChurnModel::Make(kind, parameters).value();
}

// What one customer does who buys at rate lambda and leaves with probability p, integrated over
// u = ln lambda and v = ln(p / (1 - p)) without any of the closed forms.
class Integrated {
 public:
  Integrated(ChurnModelKind kind, const ChurnParameters& parameters, const PurchaseHistory& history,
             double horizon_weeks)
      : parameters_(parameters), repeats_(history.repeats) {
    const double stays = kind == ChurnModelKind::kMbgNbd ? repeats_ + 1 : repeats_;
    const auto one = [](double, double) { return 1.0; };
    const auto purchases = [&](double u, double v) {
      const double p = 1 / (1 + std::exp(-v)), ahead = std::exp(u) * horizon_weeks;
      return p > 0 ? -std::expm1(-ahead * p) / p : ahead;
    };
    // He stayed each time, and bought x times until T.
    const double log_alive = LogIntegral(0, stays, history.age_weeks, one);
    log_likelihood_ = log_alive;
    if (stays > 0) {  // or he left after the last purchase
      const double log_gone = LogIntegral(1, stays - 1, history.last_weeks, one);
      const double larger = std::max(log_alive, log_gone);
      log_likelihood_ =
          larger + std::log(std::exp(log_alive - larger) + std::exp(log_gone - larger));
    }
    p_alive_ = std::exp(log_alive - log_likelihood_);
    expected_ = std::exp(LogIntegral(0, stays, history.age_weeks, purchases) - log_likelihood_);
  }

  double log_likelihood() const { return log_likelihood_; }
  double p_alive() const { return p_alive_; }
  double expected() const { return expected_; }

 private:
  static double LogP(double v) {
    return v < 0 ? v - std::log1p(std::exp(v)) : -std::log1p(std::exp(-v));
  }

  // ln of the integral of p^leaves (1 - p)^stays lambda^x e^(-lambda weeks) f over both densities.
  template <typename F>
  double LogIntegral(double leaves, double stays, double weeks, F f) const {
    const auto& [r, alpha, a, b] = parameters_;
    const double u_power = r + repeats_, u_rate = alpha + weeks;
    const double v_power = a + leaves, v_other = b + stays;
    const auto log_weight = [&](double u, double v) {
      return u_power * u - u_rate * std::exp(u) + v_power * LogP(v) + v_other * LogP(-v);
    };
    // Only where to look and how closely; the sums are over the whole plane.
    const double u_top = std::log(u_power / u_rate), u_width = 1 / std::sqrt(u_power);
    const double v_top = std::log(v_power / v_other);
    const double v_width = std::sqrt(1 / v_power + 1 / v_other);
    const double top = log_weight(u_top, v_top);
    boost::math::quadrature::sinh_sinh<double> outer, inner;
    const double integral = outer.integrate(
        [&](double y) {
          const double u = u_top + u_width * y;
          return inner.integrate(
              [&](double z) {
                const double v = v_top + v_width * z;
                const double weight = std::exp(log_weight(u, v) - top);
                return weight > 0 ? weight * f(u, v) : 0.0;
              },
              1e-10);
        },
        1e-9);
    return std::log(integral * u_width * v_width) + top + r * std::log(alpha) - LogGamma(r) +
           LogGamma(a + b) - LogGamma(a) - LogGamma(b);
  }

  const ChurnParameters parameters_;
  const double repeats_;
  double log_likelihood_ = 0, p_alive_ = 0, expected_ = 0;
};

class ChurnDice {
 public:
  explicit ChurnDice(uint64_t seed) : engine_(seed) {}
  double Between(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(engine_);
  }
  double Logarithmic(double low, double high) {
    return std::exp(Between(std::log(low), std::log(high)));
  }
  ChurnParameters Parameters(double low, double high) {
    return {.r = Logarithmic(low, high),
            .alpha = Logarithmic(low, high),
            .a = Logarithmic(low, high),
            .b = Logarithmic(low, high)};
  }
  PurchaseHistory History(double most_repeats) {
    PurchaseHistory history;
    history.age_weeks = Between(0, 200);
    history.repeats = std::floor(Logarithmic(1, most_repeats + 1) - 1);
    if (history.repeats > 0) history.last_weeks = history.age_weeks * Between(0.01, 1);
    return history;
  }

 private:
  std::mt19937_64 engine_;
};

std::string Name(ChurnModelKind kind, const ChurnParameters& p, const PurchaseHistory& h) {
  std::ostringstream text;
  text << (kind == ChurnModelKind::kMbgNbd ? "mbg-nbd" : "bg-nbd") << " r " << p.r << " alpha "
       << p.alpha << " a " << p.a << " b " << p.b << " x " << h.repeats << " t_x " << h.last_weeks
       << " T " << h.age_weeks;
  return text.str();
}

void ExpectClose(double got, double expected, double tolerance, const std::string& name) {
  EXPECT_NEAR(got, expected, tolerance * std::max(std::abs(expected), 1e-30)) << name;
}

TEST(ChurnModelTest, IsTheMixtureOfItsCustomers) {
  ChurnDice random(11);
  for (int round = 0; round < 40; ++round) {
    const ChurnModelKind kind = kChurnModelKinds[round % 2];
    const ChurnParameters parameters = random.Parameters(0.2, 15);
    PurchaseHistory history = random.History(60);
    if (round < 4) history = {.repeats = 0, .last_weeks = 0, .age_weeks = history.age_weeks};
    if (round == 4) history = {.repeats = 65535, .last_weeks = 9300.5, .age_weeks = 9300.75};
    if (round == 5) history = {.repeats = 4000, .last_weeks = 590, .age_weeks = 590.75};
    if (round == 6) history.last_weeks = history.age_weeks;
    const double horizon = random.Logarithmic(1, 200);
    const ChurnModel model = ChurnModelOf(kind, parameters);
    const Integrated integrated(kind, parameters, history, horizon);
    const std::string name = Name(kind, parameters, history);
    EXPECT_NEAR(model.LogLikelihood(history), integrated.log_likelihood(), 1e-6) << name;
    ExpectClose(model.PAlive(history), integrated.p_alive(), 1e-6, name);
    ExpectClose(model.ExpectedPurchases(history, horizon), integrated.expected(), 1e-6, name);
  }
}

// Equation (10) of the bg-nbd paper as it stands, where that has digits left.
TEST(ChurnModelTest, ExpectsWhatThePublishedFormExpects) {
  ChurnDice random(12);
  for (int round = 0; round < 200; ++round) {
    const ChurnModelKind kind = kChurnModelKinds[round % 2];
    ChurnParameters parameters = random.Parameters(0.2, 10);
    if (std::abs(parameters.a - 1) < 0.05) parameters.a = 1.5;
    const PurchaseHistory history = random.History(40);
    const double horizon = history.age_weeks * random.Between(0.02, 0.8);
    const auto& [r, alpha, a, b] = parameters;
    const double x = history.repeats, stayed = kind == ChurnModelKind::kMbgNbd ? x + 1 : x;
    const double now = alpha + history.age_weeks;
    const double series = boost::math::hypergeometric_pFq({r + x, b + stayed}, {a + b + stayed - 1},
                                                          horizon / (now + horizon));
    const double published =
        (a + b + stayed - 1) / (a - 1) * (1 - std::pow(now / (now + horizon), r + x) * series);
    ExpectClose(
        ChurnModelOf(kind, parameters).ExpectedPurchasesAlive(x, history.age_weeks, horizon),
        published, 1e-8, Name(kind, parameters, history));
  }
}

TEST(ChurnModelTest, KnowsItsEdges) {
  const ChurnParameters parameters{.r = 0.7, .alpha = 6, .a = 0.8, .b = 2.5};
  const ChurnModel mbg = ChurnModelOf(ChurnModelKind::kMbgNbd, parameters);
  const ChurnModel bg = ChurnModelOf(ChurnModelKind::kBgNbd, parameters);
  // Who never came back: under bg-nbd nobody leaves before his first repeat purchase.
  EXPECT_EQ(bg.PAlive({.repeats = 0, .last_weeks = 0, .age_weeks = 5000}), 1);
  EXPECT_DOUBLE_EQ(mbg.PAlive({.repeats = 0, .last_weeks = 0, .age_weeks = 30}),
                   1 / (1 + 0.8 / 2.5 * std::pow(36.0 / 6, 0.7)));
  // Nothing seen yet.
  EXPECT_EQ(bg.PAlive({}), 1);
  EXPECT_DOUBLE_EQ(mbg.PAlive({}), 2.5 / 3.3);
  EXPECT_NEAR(bg.LogLikelihood({}), 0, 1e-14);
  EXPECT_NEAR(mbg.LogLikelihood({}), 0, 1e-14);
  // Seen a moment ago: only whether he left just then is open.
  EXPECT_DOUBLE_EQ(bg.PAlive({.repeats = 7, .last_weeks = 40, .age_weeks = 40}), 8.5 / 9.3);
  EXPECT_DOUBLE_EQ(mbg.PAlive({.repeats = 7, .last_weeks = 40, .age_weeks = 40}), 9.5 / 10.3);
  // Gone beyond any doubt, without a number that is none.
  const PurchaseHistory gone{.repeats = 65535, .last_weeks = 10, .age_weeks = 9000};
  for (const ChurnModel& model : {mbg, bg}) {
    EXPECT_EQ(model.PAlive(gone), 0);
    EXPECT_TRUE(std::isfinite(model.LogLikelihood(gone)));
    EXPECT_EQ(model.ExpectedPurchases(gone, 52), 0);
    EXPECT_EQ(model.ExpectedPurchases({.repeats = 3, .last_weeks = 4, .age_weeks = 5}, 0), 0);
  }
  // An astronomical x overflows nothing.
  EXPECT_TRUE(
      std::isfinite(mbg.LogLikelihood({.repeats = 1e9, .last_weeks = 50, .age_weeks = 50})));
}

// The published form divides by a - 1.
TEST(ChurnModelTest, IsSmoothWhereAIsOne) {
  const PurchaseHistory history{.repeats = 4, .last_weeks = 20, .age_weeks = 30};
  for (const ChurnModelKind kind : kChurnModelKinds) {
    const auto at = [&](double a) {
      return ChurnModelOf(kind, {.r = 0.5, .alpha = 5, .a = a, .b = 2})
          .ExpectedPurchases(history, 52);
    };
    ExpectClose(at(1), (at(1 - 1e-5) + at(1 + 1e-5)) / 2, 1e-9, "a = 1");
    ExpectClose(at(1), at(1 + 1e-12), 1e-10, "beside a = 1");
  }
}

// At the limits of the parameters: within what must hold whatever they are.
TEST(ChurnModelTest, StaysWithinItsBoundsAtTheLimitsOfItsParameters) {
  const double values[] = {kMinChurnParameter, 0.02, 1, 50, kMaxChurnParameter};
  for (const ChurnModelKind kind : kChurnModelKinds) {
    for (const double r : values) {
      for (const double alpha : values) {
        for (const double a : values) {
          for (const double b : values) {
            const ChurnModel model = ChurnModelOf(kind, {.r = r, .alpha = alpha, .a = a, .b = b});
            for (const double x : {0.0, 1.0, 300.0, 65535.0}) {
              const PurchaseHistory history{
                  .repeats = x, .last_weeks = x > 0 ? 99.5 : 0.0, .age_weeks = 100};
              const double never_leaves = (r + x) / (alpha + 100) * 52;
              const double expected = model.ExpectedPurchasesAlive(x, 100, 52);
              ASSERT_TRUE(expected >= 0 && expected <= never_leaves * (1 + 1e-12))
                  << Name(kind, model.parameters(), history) << " gives " << expected;
              const double p_alive = model.PAlive(history);
              ASSERT_TRUE(p_alive >= 0 && p_alive <= 1) << Name(kind, model.parameters(), history);
              ASSERT_TRUE(std::isfinite(model.LogLikelihood(history)));
            }
          }
        }
      }
    }
  }
}

TEST(ChurnModelTest, RefusesParametersByName) {
  for (const double wrong : {0.0, -1.0, 1e6, std::numeric_limits<double>::quiet_NaN()}) {
    const auto model =
        ChurnModel::Make(ChurnModelKind::kMbgNbd, {.r = 1, .alpha = 1, .a = wrong, .b = 1});
    ASSERT_TRUE(model.has_error());
    EXPECT_EQ(model.error().code, ErrorCode::kInvalidValue);
    EXPECT_EQ(model.error().field, "a");
  }
}

// What the forecast may be wrong by, as a share of what a customer would buy who never leaves.
TEST(ChurnForecastTest, AgreesWithTheModel) {
  ChurnDice random(13);
  for (int round = 0; round < 12; ++round) {
    const ChurnModelKind kind = kChurnModelKinds[round % 2];
    const ChurnParameters parameters =
        round < 8 ? random.Parameters(0.05, 20) : random.Parameters(0.001, 1000);
    const double horizon = random.Logarithmic(1, 300);
    const ChurnModel model = ChurnModelOf(kind, parameters);
    const ChurnForecast forecast(model, horizon);
    for (int customer = 0; customer < 300; ++customer) {
      PurchaseHistory history = random.History(customer % 3 == 0 ? 70'000 : 100);
      if (customer == 1) history = {};
      if (customer == 2) history = {.repeats = 0, .last_weeks = 0, .age_weeks = 65535 / 7.0};
      if (customer == 4) history = {.repeats = 31, .last_weeks = 50, .age_weeks = 50};
      if (customer == 5) history = {.repeats = 32, .last_weeks = 50, .age_weeks = 50};
      if (customer == 7) history = {.repeats = 65536, .last_weeks = 50, .age_weeks = 50};
      if (customer == 8) history = {.repeats = 65537, .last_weeks = 50, .age_weeks = 50};
      const double never_leaves = model.PAlive(history) * (parameters.r + history.repeats) *
                                  horizon / (parameters.alpha + history.age_weeks);
      EXPECT_NEAR(forecast.ExpectedPurchases(history), model.ExpectedPurchases(history, horizon),
                  1e-8 * never_leaves)
          << Name(kind, parameters, history) << " horizon " << horizon;
    }
  }
}

}  // namespace
}  // namespace kundig::engine
