#include "engine/churn_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "engine/gamma_function.h"
#include "engine/maximize.h"

namespace kundig::engine {
namespace {

// Groups that are summed in one go: enough that handing them to a worker costs nothing.
constexpr size_t kChunkGroups = 16384;

void Add(const ChurnParameters& from, ChurnParameters* to) {
  to->r += from.r;
  to->alpha += from.alpha;
  to->a += from.a;
  to->b += from.b;
}

}  // namespace

ChurnLikelihood::ChurnLikelihood(ChurnModelKind kind, std::span<const PurchaseGroup> groups,
                                 ShardRunner* runner)
    : kind_(kind), groups_(groups), runner_(runner) {
  uint16_t most_repeats = 0, oldest = 0;
  for (const PurchaseGroup& group : groups) {
    most_repeats = std::max(most_repeats, group.days.repeats);
    oldest = std::max(oldest, group.days.age_days);
  }
  customers_by_repeats_.resize(size_t{most_repeats} + 1);
  customers_by_age_.resize(size_t{oldest} + 1);
  repeats_by_age_.resize(size_t{oldest} + 1);
  for (const PurchaseGroup& group : groups) {
    customers_by_repeats_[group.days.repeats] += group.customers;
    customers_by_age_[group.days.age_days] += group.customers;
    repeats_by_age_[group.days.age_days] += uint64_t{group.customers} * group.days.repeats;
  }
  uint64_t age_days = 0;
  for (size_t age = 0; age < customers_by_age_.size(); ++age) {
    customers_ += customers_by_age_[age];
    repeats_ += repeats_by_age_[age];
    age_days += age * customers_by_age_[age];
  }
  if (customers_ > 0) {
    mean_age_weeks_ = static_cast<double>(age_days) / static_cast<double>(customers_) / 7;
  }
  log_weeks_.resize(customers_by_age_.size());
  one_by_weeks_.resize(customers_by_age_.size());
  log_leaving_.resize(customers_by_repeats_.size());
  one_by_staying_.resize(customers_by_repeats_.size());
}

double ChurnLikelihood::Stayed(size_t repeats) const {
  return static_cast<double>(kind_ == ChurnModelKind::kMbgNbd ? repeats + 1 : repeats);
}

// ln of B(a, b + k) / B(a, b) * Gamma(r + x) / Gamma(r) * alpha^r.
ChurnLikelihood::Sums ChurnLikelihood::OverRepeats(const ChurnParameters& parameters) const {
  const auto& [r, alpha, a, b] = parameters;
  const double at_zero = LogGamma(a + b) - LogGamma(b) - LogGamma(r) + r * std::log(alpha);
  const double by_r = std::log(alpha) - Digamma(r);
  const double by_a = Digamma(a + b);
  const double by_b = by_a - Digamma(b);
  Sums sums;
  for (size_t repeats = 0; repeats < customers_by_repeats_.size(); ++repeats) {
    if (customers_by_repeats_[repeats] == 0) continue;
    const auto customers = static_cast<double>(customers_by_repeats_[repeats]);
    const auto x = static_cast<double>(repeats);
    const double stayed = Stayed(repeats);
    const double by_both = Digamma(a + b + stayed);
    sums.value +=
        customers * (at_zero + LogGamma(r + x) + LogGamma(b + stayed) - LogGamma(a + b + stayed));
    Add({.r = customers * (by_r + Digamma(r + x)),
         .alpha = customers * r / alpha,
         .a = customers * (by_a - by_both),
         .b = customers * (by_b + Digamma(b + stayed) - by_both)},
        &sums.slopes);
  }
  return sums;
}

// -(r + x) ln(alpha + T).
ChurnLikelihood::Sums ChurnLikelihood::OverAges(const ChurnParameters& parameters) const {
  Sums sums;
  for (size_t age = 0; age < customers_by_age_.size(); ++age) {
    const auto customers = static_cast<double>(customers_by_age_[age]);
    const double purchases = parameters.r * customers + static_cast<double>(repeats_by_age_[age]);
    sums.value -= purchases * log_weeks_[age];
    sums.slopes.r -= customers * log_weeks_[age];
    sums.slopes.alpha -= purchases * one_by_weeks_[age];
  }
  return sums;
}

// ln(1 + odds).
ChurnLikelihood::Sums ChurnLikelihood::OverGroups(size_t chunk,
                                                  const ChurnParameters& parameters) const {
  const size_t begin = chunk * kChunkGroups;
  Sums sums;
  for (const PurchaseGroup& group :
       groups_.subspan(begin, std::min(kChunkGroups, groups_.size() - begin))) {
    const auto& [repeats, last, age] = group.days;
    if (kind_ == ChurnModelKind::kBgNbd && repeats == 0) continue;
    const double purchases = parameters.r + repeats;
    const double silence = log_weeks_[age] - log_weeks_[last];
    const double log_odds = log_leaving_[repeats] + purchases * silence;
    const double smaller = std::exp(-std::abs(log_odds));
    const double gone = (log_odds > 0 ? 1 : smaller) / (1 + smaller);
    const auto customers = static_cast<double>(group.customers);
    const double weight = customers * gone;
    sums.value += customers * (std::max(log_odds, 0.0) + std::log1p(smaller));
    sums.slopes.r += weight * silence;
    sums.slopes.alpha += weight * purchases * (one_by_weeks_[age] - one_by_weeks_[last]);
    sums.slopes.a += weight;
    sums.slopes.b -= weight * one_by_staying_[repeats];
  }
  sums.slopes.a /= parameters.a;
  return sums;
}

double ChurnLikelihood::At(const ChurnParameters& parameters, ChurnParameters* slopes) {
  for (size_t days = 0; days < log_weeks_.size(); ++days) {
    const double weeks = parameters.alpha + static_cast<double>(days) / 7;
    log_weeks_[days] = std::log(weeks);
    one_by_weeks_[days] = 1 / weeks;
  }
  for (size_t repeats = 0; repeats < log_leaving_.size(); ++repeats) {
    if (customers_by_repeats_[repeats] == 0) continue;
    const double staying = parameters.b + Stayed(repeats) - 1;
    log_leaving_[repeats] = std::log(parameters.a / staying);
    one_by_staying_[repeats] = 1 / staying;
  }
  std::vector<Sums> chunks((groups_.size() + kChunkGroups - 1) / kChunkGroups);
  runner_->ForEach(chunks.size(),
                   [&](size_t chunk) { chunks[chunk] = OverGroups(chunk, parameters); });
  chunks.push_back(OverRepeats(parameters));
  chunks.push_back(OverAges(parameters));
  Sums all;
  for (const Sums& sums : chunks) {
    all.value += sums.value;
    Add(sums.slopes, &all.slopes);
  }
  *slopes = all.slopes;
  return all.value;
}

Result<ChurnFit> FitChurnModel(ChurnModelKind kind, std::span<const PurchaseGroup> groups,
                               ShardRunner* runner) {
  ChurnLikelihood likelihood(kind, groups, runner);
  if (likelihood.customers() < kMinFitCustomers) {
    return Error{.code = ErrorCode::kTooLittleData,
                 .message = "Ask again when " + std::to_string(kMinFitCustomers) +
                            " customers or more have an order (now " +
                            std::to_string(likelihood.customers()) +
                            "), or pin the parameters of the churn model.",
                 .field = "customers",
                 .position = {}};
  }
  if (likelihood.repeats() == 0) {
    return Error{.code = ErrorCode::kTooLittleData,
                 .message =
                     "Ask again when a customer has bought on a second day, or pin the "
                     "parameters of the churn model.",
                 .field = "repeats",
                 .position = {}};
  }
  const auto customers = static_cast<double>(likelihood.customers());
  const double rate =
      static_cast<double>(likelihood.repeats()) / customers / likelihood.mean_age_weeks();
  const auto range = [](double start) {
    return ParameterRange{.start = std::clamp(start, kMinChurnParameter, kMaxChurnParameter),
                          .lowest = kMinChurnParameter,
                          .highest = kMaxChurnParameter};
  };
  // From rates that differ much (r = 1/2) and have the mean that is seen, and one who leaves after
  // every third purchase.
  const std::array ranges = {range(0.5), range(0.5 / rate), range(1), range(2)};
  const auto function = [&](std::span<const double> at, std::span<double> slopes) {
    ChurnParameters by;
    const double value = likelihood.At({.r = at[0], .alpha = at[1], .a = at[2], .b = at[3]}, &by);
    const std::array each = {by.r, by.alpha, by.a, by.b};
    std::copy(each.begin(), each.end(), slopes.begin());
    return value;
  };
  const Maximum maximum = Maximize(function, ranges, customers);
  return ChurnFit{.parameters = {.r = maximum.at[0],
                                 .alpha = maximum.at[1],
                                 .a = maximum.at[2],
                                 .b = maximum.at[3]},
                  .log_likelihood = maximum.value,
                  .customers = likelihood.customers(),
                  .evaluations = maximum.evaluations,
                  .converged = maximum.converged,
                  .at_limit = maximum.at_limit};
}

}  // namespace kundig::engine
