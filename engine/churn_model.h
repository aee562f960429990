// Whether a customer is still one, and how often he will buy: the models of Batislam, Denizel and
// Filiztekin (2007), "Empirical validation and comparison of models for customer base analysis",
// Int. J. of Research in Marketing 24, 201-209 (mbg-nbd), and of Fader, Hardie and Lee (2005),
// "Counting your customers the easy way", Marketing Science 24, 275-284 (bg-nbd).
//
// The story both tell: a customer who is alive buys at a rate lambda of his own (Poisson), and
// after each purchase leaves for good with a probability p of his own. Over the customers lambda is
// Gamma(r, rate alpha) and p is Beta(a, b). Under bg-nbd the first leaving comes after the first
// repeat purchase at the earliest, so who never came back is alive with probability 1; under
// mbg-nbd one may leave right after the very first purchase.
//
// Both are one formula. Let k be the number of times that a customer who is alive did not leave
// (x under bg-nbd, x + 1 under mbg-nbd). Then, given that he is alive, lambda and p are independent
// again, Gamma(r + x, alpha + T) and Beta(a, b + k), and with
//   odds = a / (b + k - 1) * ((alpha + T) / (alpha + t_x))^(r + x)       (0 where k = 0)
// P(alive) = 1 / (1 + odds) and
//   L = B(a, b + k) / B(a, b) * Gamma(r + x) / Gamma(r) * alpha^r / (alpha + T)^(r + x) * (1 +
//   odds).
// For bg-nbd this is equation (6) of the paper and the denominator of (10); for mbg-nbd it follows
// in the same way from the likelihood (1-p)^(x+1) lambda^x e^(-lambda T) + p (1-p)^x lambda^x
// e^(-lambda t_x) of one customer. Powers are taken of logarithms, so x may be as large as one
// likes.
//
// Edges: with t_x = T, odds = a / (b + k - 1), whatever the times. With T = 0 nothing was seen, and
// what comes out is the population's: E[X(t)] of a new customer is ExpectedPurchases of {0, 0, 0}.
// Nothing is special at a = 1, where the published forms of the expectation divide by zero.
//
// Thread safety: immutable.

#ifndef KUNDIG_ENGINE_CHURN_MODEL_H_
#define KUNDIG_ENGINE_CHURN_MODEL_H_

#include <cstdint>

#include "engine/result.h"

namespace kundig::engine {

enum class ChurnModelKind : uint8_t { kMbgNbd, kBgNbd };

// low: a churn score below 0.33; high: above kHighChurnScore.
inline constexpr double kHighChurnScore = 0.66;
enum class ChurnBand : uint8_t { kLow, kMedium, kHigh };
ChurnBand BandOf(double churn_score);

// Each lies within these limits, which are also those of the fit: beyond them customers are all
// alike, all gone or all there, and nothing changes any more but the rounding.
inline constexpr double kMinChurnParameter = 1e-3;
inline constexpr double kMaxChurnParameter = 1e4;

struct ChurnParameters {
  double r = 1;      // shape of the purchase rates
  double alpha = 1;  // their rate, in weeks: the mean purchase rate is r / alpha a week
  double a = 1;      // the mean probability to leave after a purchase is a / (a + b)
  double b = 1;
};

// What the models know of a customer: x, t_x and T of the papers. 0 <= last_weeks <= age_weeks, and
// last_weeks > 0 where repeats > 0; all finite.
struct PurchaseHistory {
  double repeats = 0;     // x: purchase days after the first
  double last_weeks = 0;  // t_x: from the first purchase to the last
  double age_weeks = 0;   // T: from the first purchase to today
};

class ChurnModel {
 public:
  // kInvalidValue, with the parameter's name as the field, where one is outside of its limits.
  static Result<ChurnModel> Make(ChurnModelKind kind, const ChurnParameters& parameters);

  ChurnModelKind kind() const { return kind_; }
  const ChurnParameters& parameters() const { return parameters_; }

  // ln L of one customer; bg-nbd: equation (6). Half a microsecond.
  double LogLikelihood(const PurchaseHistory& history) const;

  // P(alive | x, t_x, T), 0..1. A logarithm and an exponential: cheap enough for every customer of
  // a scan.
  double PAlive(const PurchaseHistory& history) const;

  // E[purchases in the next horizon_weeks | x, t_x, T], horizon_weeks >= 0; bg-nbd: equation (10).
  // Right to ten digits, by the quadrature below, in some ten microseconds: where many are asked
  // for over one horizon, see engine/churn_forecast.h.
  double ExpectedPurchases(const PurchaseHistory& history, double horizon_weeks) const;

  // The same, given that the customer is alive: it depends on x and T only and is what
  // ExpectedPurchases multiplies P(alive) with. x need not be whole.
  double ExpectedPurchasesAlive(double repeats, double age_weeks, double horizon_weeks) const;

 private:
  ChurnModel(ChurnModelKind kind, const ChurnParameters& parameters)
      : kind_(kind), parameters_(parameters) {}

  // k: how often a customer who is alive has stayed.
  double Stayed(double repeats) const {
    return kind_ == ChurnModelKind::kMbgNbd ? repeats + 1 : repeats;
  }
  // ln odds; minus infinity where the customer cannot have left.
  double LogOdds(const PurchaseHistory& history) const;

  ChurnModelKind kind_;
  ChurnParameters parameters_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CHURN_MODEL_H_
