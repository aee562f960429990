#include "engine/churn_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "engine/gamma_function.h"

namespace kundig::engine {
namespace {

// ln(1 + e^x).
double Softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

// The mean of (1 - (1 + p tau)^-s) / p over p ~ Beta(a, b): what a customer buys whose rate is
// Gamma(s) and who leaves with probability p after each purchase; tau is the time ahead over the
// rate's scale.
//
// The closed form is a hypergeometric function, times 1 / (a - 1), minus another: it loses its
// digits near a = 1, and its series takes as many terms as there are purchases. Over y = ln(p / (1
// - p)) the mean is one over the whole line of a function that is analytic in |Im y| < pi / 2 and
// beyond, whatever the parameters; there the sum over equally wide steps converges exponentially,
// and dividing it by the same sum over the weights spares the beta function and keeps the mean
// between its bounds.
class PurchaseMean {
 public:
  PurchaseMean(double s, double a, double b, double tau) : s_(s), a_(a), b_(b), tau_(tau) {
    mode_ = std::log(a / b);
    log_top_ = LogWeight(mode_);
    // The weight is as wide as 1 / sqrt(a b / (a + b)) where that is narrow.
    step_ = 0.7 / std::sqrt(8 + a * b / (a + b));
  }

  double Value() {
    Add(mode_, 1);
    Walk(-step_, a_);
    Walk(step_, b_);
    return sum_ / weights_;
  }

 private:
  double LogWeight(double y) const { return a_ * y - (a_ + b_) * Softplus(y); }

  void Add(double y, double weight) {
    const double p = 1 / (1 + std::exp(-y));
    value_ = -std::expm1(-s_ * std::log1p(p * tau_)) / p;
    weights_ += weight;
    sum_ += weight * value_;
  }

  // Outward from the mode, until weights are nothing, or so far out that the function is constant
  // and the weights fall by the same factor e^(-decay * step) each: these are added at once.
  void Walk(double step, double decay) {
    constexpr double kNothing = 1e-17;
    const double steep = std::max((s_ + 1) * std::max(tau_, 1.0), a_ + b_);
    for (double y = mode_ + step;; y += step) {
      const double weight = std::exp(LogWeight(y) - log_top_);
      Add(y, weight);
      if (weight < kNothing * weights_) return;
      if (std::exp(-std::abs(y)) * steep < kNothing && (y < 0) == (step < 0)) {
        const double rest = weight / std::expm1(decay * std::abs(step));
        weights_ += rest;
        sum_ += rest * value_;
        return;
      }
    }
  }

  const double s_, a_, b_, tau_;
  double mode_ = 0, log_top_ = 0, step_ = 0;
  double weights_ = 0, sum_ = 0, value_ = 0;
};

}  // namespace

ChurnBand BandOf(double churn_score) {
  if (churn_score < 0.33) return ChurnBand::kLow;
  return churn_score > kHighChurnScore ? ChurnBand::kHigh : ChurnBand::kMedium;
}

Result<ChurnModel> ChurnModel::Make(ChurnModelKind kind, const ChurnParameters& parameters) {
  const std::pair<const char*, double> named[] = {
      {"r", parameters.r}, {"alpha", parameters.alpha}, {"a", parameters.a}, {"b", parameters.b}};
  for (const auto& [name, value] : named) {
    if (!(value >= kMinChurnParameter && value <= kMaxChurnParameter)) {
      return Error{.code = ErrorCode::kInvalidValue,
                   .message = std::string("The churn parameter ") + name +
                              " must lie between 0.001 and 10000.",
                   .field = name,
                   .position = {}};
    }
  }
  return ChurnModel(kind, parameters);
}

double ChurnModel::LogOdds(const PurchaseHistory& history) const {
  const double stayed_before = Stayed(history.repeats) - 1;
  if (stayed_before < 0) return -std::numeric_limits<double>::infinity();
  const auto& [r, alpha, a, b] = parameters_;
  // As log1p of the difference: with a large x the last digits of a quotient near 1 count.
  const double silent = (history.age_weeks - history.last_weeks) / (alpha + history.last_weeks);
  return std::log(a / (b + stayed_before)) + (r + history.repeats) * std::log1p(silent);
}

double ChurnModel::PAlive(const PurchaseHistory& history) const {
  const double stayed_before = Stayed(history.repeats) - 1;
  if (stayed_before < 0) return 1;
  const auto& [r, alpha, a, b] = parameters_;
  const double silent = (history.age_weeks - history.last_weeks) / (alpha + history.last_weeks);
  const double grown = std::exp((r + history.repeats) * std::log1p(silent));
  return 1 / (1 + a / (b + stayed_before) * grown);
}

double ChurnModel::LogLikelihood(const PurchaseHistory& history) const {
  const auto& [r, alpha, a, b] = parameters_;
  const double x = history.repeats;
  const double stayed = Stayed(x);
  return LogGamma(r + x) - LogGamma(r) + LogGamma(b + stayed) - LogGamma(b) + LogGamma(a + b) -
         LogGamma(a + b + stayed) - r * std::log1p(history.age_weeks / alpha) -
         x * std::log(alpha + history.age_weeks) + Softplus(LogOdds(history));
}

double ChurnModel::ExpectedPurchases(const PurchaseHistory& history, double horizon_weeks) const {
  return PAlive(history) *
         ExpectedPurchasesAlive(history.repeats, history.age_weeks, horizon_weeks);
}

double ChurnModel::ExpectedPurchasesAlive(double repeats, double age_weeks,
                                          double horizon_weeks) const {
  const auto& [r, alpha, a, b] = parameters_;
  return PurchaseMean(r + repeats, a, b + Stayed(repeats), horizon_weeks / (alpha + age_weeks))
      .Value();
}

}  // namespace kundig::engine
