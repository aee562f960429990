// The churn and spend models: what one customer costs in a scan, and what a fit costs.
//
// Benchmarks named Long... take the size of the targets and are left out of ctest.

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "bench/micro.h"
#include "engine/churn_fit.h"
#include "engine/churn_forecast.h"
#include "engine/churn_model.h"
#include "engine/purchase_groups.h"
#include "engine/shard_runner.h"
#include "engine/spend_model.h"

namespace kundig::bench {
namespace {

using engine::ChurnModelKind;
using engine::PurchaseDays;

constexpr engine::ChurnParameters kParameters{.r = 0.7, .alpha = 9, .a = 0.9, .b = 4};
constexpr double kHorizonWeeks = 365 / 7.0;
constexpr int kBookDays = 1095;

// Customers who live by kParameters, acquired evenly over three years.
std::vector<PurchaseDays> Customers(size_t count) {
  std::mt19937_64 random(1);
  std::gamma_distribution<double> rates(kParameters.r, 1 / kParameters.alpha / 7);
  std::gamma_distribution<double> leaving(kParameters.a), staying(kParameters.b);
  std::uniform_real_distribution<double> uniform;
  std::vector<PurchaseDays> customers(count);
  for (PurchaseDays& customer : customers) {
    const double rate = rates(random), leaves = leaving(random), stays = staying(random);
    customer.age_days = static_cast<uint16_t>(uniform(random) * kBookDays);
    for (double at = 0; uniform(random) * (leaves + stays) >= leaves;) {
      at += std::max(-std::log(1 - uniform(random)) / rate, 1.0);
      if (at >= customer.age_days + 1.0) break;
      ++customer.repeats;
      customer.last_days = static_cast<uint16_t>(at);
    }
  }
  return customers;
}

engine::ChurnModel Model() {
  return engine::ChurnModel::Make(ChurnModelKind::kMbgNbd, kParameters).value();
}

// Every customer's figure, added up; the first ones are proven against `right`.
template <typename Figure, typename Right>
void EachCustomer(benchmark::State& state, Figure figure, Right right) {
  const auto customers = Customers(static_cast<size_t>(state.range(0)));
  for (size_t i = 0; i < std::min<size_t>(customers.size(), 100); ++i) {
    const auto history = engine::InWeeks(customers[i]);
    Prove(std::abs(figure(history) - right(history)) <= 1e-7 * (1 + right(history)), "a figure");
  }
  Time(state, customers.size(), 0, [&] {
    double sum = 0;
    for (const PurchaseDays days : customers) sum += figure(engine::InWeeks(days));
    benchmark::DoNotOptimize(sum);
  });
}

void PAlive(benchmark::State& state) {
  const engine::ChurnModel model = Model();
  EachCustomer(
      state, [&](const engine::PurchaseHistory& history) { return model.PAlive(history); },
      [&](const engine::PurchaseHistory& history) {
        const auto& [r, alpha, a, b] = kParameters;
        const double quotient = (alpha + history.age_weeks) / (alpha + history.last_weeks);
        return 1 / (1 + a / (b + history.repeats) * std::pow(quotient, r + history.repeats));
      });
}
BENCHMARK(PAlive)->Arg(100'000);

void ForecastPurchases(benchmark::State& state) {
  const engine::ChurnForecast forecast(Model(), kHorizonWeeks);
  EachCustomer(
      state,
      [&](const engine::PurchaseHistory& history) { return forecast.ExpectedPurchases(history); },
      [&](const engine::PurchaseHistory& history) {
        return Model().ExpectedPurchases(history, kHorizonWeeks);
      });
}
BENCHMARK(ForecastPurchases)->Arg(100'000);

// Customers who bought on more than 31 days: between the rows of the forecast.
void ForecastFrequentPurchases(benchmark::State& state) {
  const engine::ChurnModel model = Model();
  const engine::ChurnForecast forecast(model, kHorizonWeeks);
  const engine::PurchaseHistory history{.repeats = 77, .last_weeks = 90, .age_weeks = 92};
  const double right = model.ExpectedPurchases(history, kHorizonWeeks);
  Prove(std::abs(forecast.ExpectedPurchases(history) - right) < 1e-7 * right, "a frequent one");
  Time(state, 1, 0, [&] { benchmark::DoNotOptimize(forecast.ExpectedPurchases(history)); });
}
BENCHMARK(ForecastFrequentPurchases);

// Without a forecast: by quadrature.
void ExpectPurchases(benchmark::State& state) {
  const engine::ChurnModel model = Model();
  const engine::PurchaseHistory history{.repeats = static_cast<double>(state.range(0)),
                                        .last_weeks = state.range(0) > 0 ? 44.99 : 0.0,
                                        .age_weeks = 45};
  Prove(model.ExpectedPurchases(history, kHorizonWeeks) > 0, "something is expected");
  Time(state, 1, 0,
       [&] { benchmark::DoNotOptimize(model.ExpectedPurchases(history, kHorizonWeeks)); });
}
BENCHMARK(ExpectPurchases)->Arg(0)->Arg(5)->Arg(65'535);

void BuildForecast(benchmark::State& state) {
  const engine::ChurnModel model = Model();
  Prove(engine::ChurnForecast(model, kHorizonWeeks).ExpectedPurchases({}) > 0, "a forecast");
  Time(state, 1, 0, [&] { benchmark::DoNotOptimize(engine::ChurnForecast(model, kHorizonWeeks)); });
}
BENCHMARK(BuildForecast)->Unit(benchmark::kMillisecond);

std::vector<std::vector<PurchaseDays>> InShards(const std::vector<PurchaseDays>& customers) {
  std::vector<std::vector<PurchaseDays>> parts(64);
  for (size_t i = 0; i < customers.size(); ++i) parts[i % parts.size()].push_back(customers[i]);
  return parts;
}

void GroupCustomers(benchmark::State& state) {
  const auto parts = InShards(Customers(static_cast<size_t>(state.range(0))));
  engine::ShardRunner runner(0);
  size_t groups = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto fresh = parts;
    state.ResumeTiming();
    groups = engine::GroupCustomers(&fresh, &runner).size();
  }
  Prove(groups > 0 && groups <= static_cast<size_t>(state.range(0)), "groups");
  state.counters["groups"] = static_cast<double>(groups);
}

void FitChurn(benchmark::State& state) {
  auto parts = InShards(Customers(static_cast<size_t>(state.range(0))));
  engine::ShardRunner runner(0);
  const auto groups = engine::GroupCustomers(&parts, &runner);
  const auto kind = state.range(1) == 0 ? ChurnModelKind::kMbgNbd : ChurnModelKind::kBgNbd;
  engine::ChurnFit fit;
  for (auto _ : state) fit = engine::FitChurnModel(kind, groups, &runner).value();
  Prove(fit.converged && std::isfinite(fit.log_likelihood), "the fit converges");
  state.counters["groups"] = static_cast<double>(groups.size());
  state.counters["evaluations"] = fit.evaluations;
  state.counters["r"] = fit.parameters.r;
  state.counters["alpha"] = fit.parameters.alpha;
  state.counters["a"] = fit.parameters.a;
  state.counters["b"] = fit.parameters.b;
}

engine::SpendSums Spend(size_t count) {
  std::mt19937_64 random(2);
  std::gamma_distribution<double> rates(3.74, 1 / 1544.0);
  std::geometric_distribution<uint32_t> orders(0.2);
  engine::SpendSums sums;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t n = orders(random) + 1;
    std::gamma_distribution<double> total(6.25 * n, 1 / rates(random));
    sums.Add(n, engine::Minor{1 + std::llround(total(random))});
  }
  return sums;
}

void AddSpend(benchmark::State& state) {
  std::mt19937_64 random(3);
  std::vector<engine::Minor> totals(100'000);
  for (auto& total : totals) total = {static_cast<int64_t>(500 + random() % 100'000)};
  engine::SpendSums sums;
  Time(state, totals.size(), 0, [&] {
    for (const engine::Minor total : totals)
      sums.Add(static_cast<uint32_t>(1 + total.units % 13), total);
  });
  Prove(sums.customers() > 0, "customers");
}
BENCHMARK(AddSpend);

void FitSpend(benchmark::State& state) {
  const engine::SpendSums sums = Spend(static_cast<size_t>(state.range(0)));
  engine::SpendFit fit;
  for (auto _ : state) fit = engine::FitSpendModel(sums).value();
  Prove(fit.converged, "the fit converges");
  state.counters["p"] = fit.parameters.p;
  state.counters["q"] = fit.parameters.q;
  state.counters["gamma"] = fit.parameters.gamma;
  state.counters["evaluations"] = fit.evaluations;
}
BENCHMARK(FitSpend)->Arg(20'000)->Unit(benchmark::kMillisecond);

BENCHMARK(GroupCustomers)->Arg(20'000)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(FitChurn)
    ->Args({20'000, 0})
    ->Args({20'000, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void LongGroupCustomers(benchmark::State& state) {
  GroupCustomers(state);
}
BENCHMARK(LongGroupCustomers)->Arg(10'000'000)->Unit(benchmark::kMillisecond)->UseRealTime();

void LongFitChurn(benchmark::State& state) {
  FitChurn(state);
}
BENCHMARK(LongFitChurn)
    ->Args({10'000'000, 0})
    ->Args({10'000'000, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void LongFitSpend(benchmark::State& state) {
  FitSpend(state);
}
BENCHMARK(LongFitSpend)->Arg(10'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kundig::bench

BENCHMARK_MAIN();
