// The expected purchases of every customer over one horizon, cheap enough for scans.
//
// Given that a customer is alive, what he is expected to buy depends on x and T alone, and
// smoothly: so it is computed once for some x and some T when a model is taken into use, and read
// by interpolation from then on. Over T each row is a Chebyshev series in
//   w = ln(1 + horizon / (alpha + T)), which lies in (0, ln(1 + horizon / alpha)],
// of the expectation divided by s * tau, s = r + x, tau = horizon / (alpha + T), which is what a
// customer would buy who never leaves. The function is analytic within |Im w| < pi, so a dozen or
// two terms do. Over x there is a row for each x below 32 and eight for each doubling from there to
// 65,536, between which a polynomial of degree five in ln x goes; beyond, the model is asked
// itself.
//
// Accuracy, measured against the model, as a share of s * tau: 1e-8 at most and 1e-10 mostly (1e-12
// below x = 32) while parameters are below 1,000; beyond that 4e-6 was the largest.
//
// Thread safety: immutable. Building one takes some ten milliseconds on the calling thread.

#ifndef KUNDIG_ENGINE_CHURN_FORECAST_H_
#define KUNDIG_ENGINE_CHURN_FORECAST_H_

#include <cstddef>
#include <span>
#include <vector>

#include "engine/churn_model.h"

namespace kundig::engine {

class ChurnForecast {
 public:
  // horizon_weeks > 0 and finite.
  ChurnForecast(const ChurnModel& model, double horizon_weeks);

  const ChurnModel& model() const { return model_; }
  double horizon_weeks() const { return horizon_weeks_; }

  // ChurnModel::ExpectedPurchases over the horizon; `repeats` is a whole number.
  double ExpectedPurchases(const PurchaseHistory& history) const {
    return ExpectedPurchases(history, model_.PAlive(history));
  }
  // The same where P(alive) is known already.
  double ExpectedPurchases(const PurchaseHistory& history, double p_alive) const;

 private:
  // The terms of one row, the constant one halved.
  std::vector<double> Row(double repeats) const;
  // Row `row` at w, which is given as its place between -1 and 1.
  double At(size_t row, double place) const;
  double BetweenRows(double repeats, double place) const;

  ChurnModel model_;
  double horizon_weeks_;
  double w_max_;
  std::vector<double> terms_;       // of all rows
  std::vector<size_t> row_begins_;  // one more than rows
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CHURN_FORECAST_H_
