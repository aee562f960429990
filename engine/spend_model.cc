#include "engine/spend_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "engine/gamma_function.h"
#include "engine/maximize.h"

namespace kundig::engine {
namespace {

std::array<ParameterRange, 3> Ranges(const SpendParameters& start) {
  return {{{.start = start.p, .lowest = kMinSpendShape, .highest = kMaxSpendShape},
           {.start = start.q, .lowest = kMinSpendQ, .highest = kMaxSpendShape},
           {.start = start.gamma, .lowest = kMinSpendGamma, .highest = kMaxSpendGamma}}};
}

double MeanTotal(Wide sum, uint64_t count) {
  return static_cast<double>(sum) / static_cast<double>(count);
}

}  // namespace

Result<SpendModel> SpendModel::Make(const SpendParameters& parameters) {
  constexpr std::array kNames = {"p", "q", "gamma"};
  const auto ranges = Ranges(parameters);
  for (size_t i = 0; i < ranges.size(); ++i) {
    const ParameterRange& range = ranges[i];
    if (!(range.start >= range.lowest && range.start <= range.highest)) {
      return Error{
          .code = ErrorCode::kInvalidValue,
          .message = std::string("The spend parameter ") + kNames[i] +
                     " is outside of its limits: p 0.001 to 1000, q 1.01 to 1000, gamma above 0.",
          .field = kNames[i],
          .position = {}};
    }
  }
  return SpendModel(parameters);
}

double SpendModel::LogLikelihood(uint32_t orders, double total_minor) const {
  const auto& [p, q, gamma] = parameters_;
  const double n = orders;
  return LogGamma(p * n + q) - LogGamma(p * n) - LogGamma(q) -
         p * n * std::log1p(gamma / total_minor) - q * std::log1p(total_minor / gamma) -
         std::log(total_minor / n);
}

double SpendModel::ExpectedValueMinor(uint32_t orders, Minor total) const {
  const auto& [p, q, gamma] = parameters_;
  const auto positive = static_cast<double>(std::max<int64_t>(total.units, 0));
  return p * (gamma + positive) / (p * orders + q - 1);
}

double SpendLogLikelihood(const SpendSums& sums, const SpendParameters& parameters,
                          SpendParameters* slopes) {
  const auto& [p, q, gamma] = parameters;
  double value = 0;
  SpendParameters by{.p = 0, .q = 0, .gamma = 0};
  const double log_gamma_q = LogGamma(q);
  const double digamma_q = Digamma(q);
  for (size_t orders = 1; orders < sums.customers_by_orders().size(); ++orders) {
    if (sums.customers_by_orders()[orders] == 0) continue;
    const auto customers = static_cast<double>(sums.customers_by_orders()[orders]);
    const auto n = static_cast<double>(orders);
    const double digamma_all = Digamma(p * n + q);
    value += customers * (LogGamma(p * n + q) - LogGamma(p * n) - log_gamma_q + std::log(n));
    by.p += customers * n * (digamma_all - Digamma(p * n));
    by.q += customers * (digamma_all - digamma_q);
  }
  for (const SpendSums::Bucket& bucket : sums.buckets()) {
    if (bucket.customers == 0) continue;
    const auto customers = static_cast<double>(bucket.customers);
    const auto orders = static_cast<double>(bucket.orders);
    const double total = MeanTotal(bucket.total, bucket.customers);
    const double total_of_orders = MeanTotal(bucket.total_by_orders, bucket.orders);
    const double of_orders = orders * std::log1p(gamma / total_of_orders);
    const double of_customers = customers * std::log1p(total / gamma);
    value -= p * of_orders + q * of_customers + customers * std::log(total);
    by.p -= of_orders;
    by.q -= of_customers;
    by.gamma +=
        q * customers * total / (gamma * (gamma + total)) - p * orders / (gamma + total_of_orders);
  }
  *slopes = by;
  return value;
}

Result<SpendFit> FitSpendModel(const SpendSums& sums) {
  if (sums.customers() < kMinSpendCustomers) {
    return Error{.code = ErrorCode::kTooLittleData,
                 .message = "A spend model is fitted to " + std::to_string(kMinSpendCustomers) +
                            " customers with orders of a positive value or more; here are " +
                            std::to_string(sums.customers()) + ".",
                 .field = "customers",
                 .position = {}};
  }
  double total = 0, orders = 0;
  for (const SpendSums::Bucket& bucket : sums.buckets()) {
    total += static_cast<double>(bucket.total);
    orders += static_cast<double>(bucket.orders);
  }
  // The mean of an order is p * gamma / (q - 1).
  const auto ranges = Ranges({.p = 2, .q = 3, .gamma = total / orders});
  const auto function = [&](std::span<const double> at, std::span<double> slopes) {
    SpendParameters by;
    const double value = SpendLogLikelihood(sums, {.p = at[0], .q = at[1], .gamma = at[2]}, &by);
    const std::array each = {by.p, by.q, by.gamma};
    std::copy(each.begin(), each.end(), slopes.begin());
    return value;
  };
  const Maximum maximum = Maximize(function, ranges, static_cast<double>(sums.customers()));
  return SpendFit{.parameters = {.p = maximum.at[0], .q = maximum.at[1], .gamma = maximum.at[2]},
                  .log_likelihood = maximum.value,
                  .customers = sums.customers(),
                  .evaluations = maximum.evaluations,
                  .converged = maximum.converged,
                  .at_limit = maximum.at_limit};
}

}  // namespace kundig::engine
