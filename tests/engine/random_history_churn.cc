#include "tests/engine/random_history_churn.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace kundig::engine {

namespace {

// `relative` to the larger of the value and 1.
bool IsNear(double model, double engine, double relative) {
  return std::abs(model - engine) <= relative * std::max(std::abs(model), 1.0);
}

}  // namespace

ChurnQuery RandomChurnQuery(Random* random, Day today) {
  ChurnQuery query;
  if (random->Chance(75)) query.until = today - random->Pick({-1, 0, 1, 3, 10, 40, 150, 400});
  if (random->Chance(50)) {
    query.check_until = query.until.value_or(today) + random->Pick({0, 1, 2, 7, 30, 100, 365});
    if (random->Chance(80) && *query.check_until > today) query.check_until = today;
  }
  return query;
}

void CompareChurn(const std::string& where, const ChurnAnswer& model, const ChurnAnswer& engine,
                  Differences* differences) {
  const auto same = [&](std::string_view what, const auto& a, const auto& b) {
    differences->Same(where, what, a, b);
  };
  const auto near = [&](std::string_view what, double a, double b, double relative) {
    same(what, true, IsNear(a, b, relative));
  };
  same("journal_sequence", model.state.journal_sequence, engine.state.journal_sequence);
  same("as_of", model.state.as_of, engine.state.as_of);
  same("model", model.model, engine.model);
  same("pinned", model.pinned, engine.pinned);
  same("converged", model.converged, engine.converged);
  same("at_limit", model.at_limit, engine.at_limit);
  same("customers", model.customers, engine.customers);
  same("fitted_through", model.fitted_through, engine.fitted_through);
  same("checked_through", model.checked_through, engine.checked_through);
  same("horizon_days", model.horizon_days, engine.horizon_days);
  // The same groups give the same bits.
  for (double ChurnParameters::*const parameter :
       {&ChurnParameters::r, &ChurnParameters::alpha, &ChurnParameters::a, &ChurnParameters::b}) {
    same("parameters", model.parameters.*parameter, engine.parameters.*parameter);
  }
  near("log_likelihood is near", model.log_likelihood, engine.log_likelihood, 1e-9);
  near("alive is near", model.alive, engine.alive, 1e-9);
  near("expected_purchases is near", model.expected_purchases, engine.expected_purchases, 1e-4);
  for (size_t repeats = 0; repeats < model.hold_out.size(); ++repeats) {
    const ChurnAnswer::HoldOut &a = model.hold_out[repeats], &b = engine.hold_out[repeats];
    const std::string row = "hold_out[" + std::to_string(repeats) + "].";
    same(row + "customers", a.customers, b.customers);
    same(row + "purchases", a.purchases, b.purchases);
    near(row + "expected is near", a.expected, b.expected, 1e-4);
  }
}

void AskChurn(const ModelBook& model, Book* engine, const ChurnQuery& query,
              Differences* differences) {
  const Result<ChurnAnswer> expected = model.Churn(query);
  const Result<ChurnAnswer> got = engine->Churn(query);
  const std::string where =
      "churn until " + Show(query.until) + " checked until " + Show(query.check_until);
  differences->Same(where, "answered", expected.has_value(), got.has_value());
  if (expected.has_value() && got.has_value()) {
    CompareChurn(where, *expected, *got, differences);
  } else if (expected.has_error() && got.has_error()) {
    differences->Same(where, "error", expected.error().code, got.error().code);
    differences->Same(where, "field", expected.error().field, got.error().field);
  }
}

}  // namespace kundig::engine
