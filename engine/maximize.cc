#include "engine/maximize.h"

#include <nlopt.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "engine/check.h"

namespace kundig::engine {
namespace {

constexpr double kFlatSlope = 1e-6;
constexpr double kSmallestStep = 1e-9;  // of a logarithm; the optimizer stops at smaller ones
constexpr double kNearLimit = 1e-6;     // of a logarithm; rounding keeps it off the limit itself

// The function of the logarithms, and in units of `scale`.
struct InLogarithms {
  const SmoothFunction& function;
  double scale;
  uint32_t evaluations = 0;

  double operator()(std::span<const double> logs, std::span<double> slopes) {
    ++evaluations;
    std::vector<double> at(logs.begin(), logs.end());
    for (double& parameter : at) parameter = std::exp(parameter);
    std::vector<double> natural(at.size());
    const double value = function(at, natural);
    for (size_t i = 0; i < slopes.size(); ++i) slopes[i] = natural[i] * at[i] / scale;
    return value / scale;
  }
};

double Evaluate(unsigned count, const double* logs, double* slopes, void* state) {
  const size_t wanted = slopes != nullptr ? count : 0;
  return (*static_cast<InLogarithms*>(state))({logs, count}, {slopes, wanted});
}

}  // namespace

Maximum Maximize(const SmoothFunction& function, std::span<const ParameterRange> ranges,
                 double scale) {
  std::vector<double> logs, lowest, highest;
  for (const ParameterRange& range : ranges) {
    lowest.push_back(std::log(range.lowest));
    highest.push_back(std::log(range.highest));
    logs.push_back(std::clamp(std::log(range.start), lowest.back(), highest.back()));
  }
  InLogarithms scaled{.function = function, .scale = scale};
  const std::unique_ptr<nlopt_opt_s, void (*)(nlopt_opt)> optimizer(
      nlopt_create(NLOPT_LD_SLSQP, static_cast<unsigned>(ranges.size())), nlopt_destroy);
  nlopt_opt handle = optimizer.get();
  KUNDIG_CHECK(handle != nullptr);
  nlopt_set_max_objective(handle, Evaluate, &scaled);
  nlopt_set_lower_bounds(handle, lowest.data());
  nlopt_set_upper_bounds(handle, highest.data());
  nlopt_set_xtol_abs1(handle, kSmallestStep);
  nlopt_set_maxeval(handle, static_cast<int>(kMaxFitEvaluations));

  Maximum maximum;
  // Rounding may stop it on a slope that its memory of earlier steps hides; it is then sent off
  // again from there without that memory. What it returns is not asked: whether this is a maximum
  // is told by the slopes themselves.
  for (int attempt = 0; attempt < kMaxFitAttempts && !maximum.converged; ++attempt) {
    double best = 0;
    nlopt_optimize(handle, logs.data(), &best);
    std::vector<double> slopes(logs.size());
    maximum = {.at = {}, .value = scaled(logs, slopes) * scale, .converged = true};
    for (size_t i = 0; i < logs.size(); ++i) {
      maximum.at.push_back(std::clamp(std::exp(logs[i]), ranges[i].lowest, ranges[i].highest));
      const bool beyond = (logs[i] <= lowest[i] + kNearLimit && slopes[i] < 0) ||
                          (logs[i] >= highest[i] - kNearLimit && slopes[i] > 0);
      maximum.at_limit |= beyond;
      maximum.converged &= beyond || std::abs(slopes[i]) < kFlatSlope;
    }
  }
  maximum.evaluations = scaled.evaluations;
  return maximum;
}

}  // namespace kundig::engine
