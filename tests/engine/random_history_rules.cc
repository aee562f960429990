// Random rules for random histories.

#include <algorithm>
#include <cstdio>

#include "engine/check.h"
#include "tests/engine/random_history_actions.h"
#include "tests/engine/random_history_questions.h"

namespace kundig::engine {

namespace {

// What a value class may depend on: everything that is known before it.
bool BeforeValueClass(FieldIndex field) {
  return field != Index(CustomerField::kValueScore) && field != Index(CustomerField::kValueClass) &&
         field != Index(CustomerField::kHiddenPotential) && field != Index(CustomerField::kRisk);
}

std::array<int64_t, 4> AscendingCuts(Random* random, std::initializer_list<int64_t> from) {
  std::set<int64_t> cuts;
  while (cuts.size() < 4) cuts.insert(random->Pick(from));
  std::array<int64_t, 4> ascending{};
  std::copy(cuts.begin(), cuts.end(), ascending.begin());
  return ascending;
}

void RandomizeRfm(Random* random, RfmSettings* rfm) {
  rfm->window_days = random->Pick({0, 1, 2, 30, 365, 365, 1000});
  rfm->frequency = random->Pick({RfmFrequency::kOrders, RfmFrequency::kPurchaseDays});
  rfm->monetary = random->Pick({RfmMonetary::kTotal, RfmMonetary::kAverage});
  if (random->Chance(25)) {
    rfm->scoring = RfmScoring::kFixed;
    rfm->recency_cuts = AscendingCuts(random, {0, 1, 7, 30, 90, 180, 365, 730});
    rfm->frequency_cuts = AscendingCuts(random, {0, 1, 2, 3, 5, 10, 100});
    rfm->monetary_cuts = AscendingCuts(random, {0, 1, 100, 999, 1000, 5000, 1000000});
  }
  if (random->Chance(30)) {
    rfm->first_match = true;
    rfm->otherwise = "the others";
    rfm->segments = {{"best", {"555", "554", "545"}, {1, 5}, {1, 5}, {1, 5}},
                     {"recent", {}, {4, 5}, {1, 5}, {1, 3}},
                     {"often", {}, {1, 5}, {3, 5}, {1, 5}}};
  }
}

void RandomizeAbc(Random* random, AbcSettings* abc) {
  abc->measure = random->Chance(70) ? AbcMeasure::kRevenue : AbcMeasure::kMargin;
  abc->boundary = random->Chance(60) ? AbcBoundary::kStay : AbcBoundary::kDrop;
  abc->window_days = random->Pick({0, 1, 30, 365, 365, 1000});
  abc->a_hundredths = random->Pick({1, 2000, 5000, 7999, 8000, 9999});
  abc->b_hundredths = std::max(abc->a_hundredths, random->Pick({5000, 9500, 9501, 10000}));
}

std::vector<CriterionSetting> RandomCriteria(Random* random) {
  static constexpr const char* kFields[] = {"company_size",
                                            "products",
                                            "potential",
                                            "key_account",
                                            "satisfaction",
                                            "referral",
                                            "bonding",
                                            "recency_days",
                                            "orders",
                                            "purchase_days",
                                            "revenue",
                                            "margin",
                                            "items",
                                            "orders_total",
                                            "customer_value",
                                            "r",
                                            "f",
                                            "m",
                                            "revenue_total"};
  std::vector<CriterionSetting> criteria;
  for (uint64_t n = random->Below(5); n > 0; --n) {
    CriterionSetting criterion;
    criterion.field = random->Pick(kFields);
    criterion.weight = random->Pick({1, 1, 3, 7, 40, 1000});
    criterion.missing = random->Pick({Missing::kSkip, Missing::kZero});
    std::set<int64_t> from;
    for (uint64_t steps = random->Below(4) + 1; steps > 0; --steps) {
      from.insert(
          random->Pick({int64_t{-100}, int64_t{0}, int64_t{1}, int64_t{2}, int64_t{3}, int64_t{5},
                        int64_t{9}, int64_t{100}, int64_t{1000}, int64_t{1000000}}));
    }
    for (const int64_t step : from) {
      criterion.points.emplace_back(step, random->Pick({0, 25, 33, 50, 60, 67, 100}));
    }
    criteria.push_back(std::move(criterion));
  }
  return criteria;
}

void RandomizeValue(Random* random, const FieldCatalog& catalog, ValueSettings* value) {
  value->individual_at_hundredths = random->Pick({2500, 5000, 6000, 6667, 10000});
  value->standard_below_hundredths =
      std::min(value->individual_at_hundredths, random->Pick({1, 2500, 3333, 5000, 6000}));
  value->between = random->Pick({Between::kReview, Between::kLastClose});
  value->criteria = RandomCriteria(random);
  const auto where = [&] { return RandomExpression(random, catalog, BeforeValueClass, nullptr); };
  for (uint64_t n = random->Below(3); n > 0; --n) {
    value->always.push_back(
        {random->Pick({ValueClass::kIndividual, ValueClass::kStandard, ValueClass::kReview}),
         where()});
  }
  for (uint64_t n = random->Below(3); n > 0; --n) value->potential.push_back(where());
}

void RandomizePhaseAndRisk(Random* random, PhaseSettings* phase, RiskSettings* risk) {
  phase->new_days = random->Pick({1, 30, 90});
  phase->revival_days = random->Pick({1, 30, 90, 400});
  phase->span_days = random->Pick({1, 30, 180, 180, 1000});
  phase->decline_percent = random->Pick({0, 50, 100, 300});
  phase->growth_percent = random->Pick({0, 100, 120});
  risk->contacts_per_30_days = random->Pick({0, 1, 2, 8});
  risk->contacts_after_first_order = random->Pick({0, 1, 3});
  risk->handover_days = random->Pick({0, 1, 30, 90, 400});
  risk->neglected_days = random->Pick({1, 30, 180});
  risk->complaint_days = random->Pick({0, 1, 7, 30});
  risk->late_payment_days = random->Pick({0, 1, 30, 180, 365});
  risk->service_requests = random->Pick({1, 2, 3});
  risk->dissatisfied_satisfaction = random->Pick({-1, 0, 4, 10});
  risk->dissatisfied_referral = random->Pick({-1, 0, 6, 10});
  risk->unanswered_days = random->Pick({0, 1, 7, 31});
}

ChurnParameters RandomParameters(Random* random) {
  return {.r = random->Pick({0.05, 0.525, 3.0}),
          .alpha = random->Pick({0.5, 6.183, 80.0}),
          .a = random->Pick({0.1, 0.891, 4.0}),
          .b = random->Pick({0.2, 1.614, 30.0})};
}

void RandomizeChurn(Random* random, ChurnSettings* churn) {
  churn->model = random->Pick({ChurnModelKind::kMbgNbd, ChurnModelKind::kBgNbd});
  churn->horizon_days = random->Pick({1, 30, 365});
  if (random->Chance(50)) churn->pinned = RandomParameters(random);
}

}  // namespace

AdoptedFit RandomFit(Random* random, Day today) {
  AdoptedFit fit;
  fit.model = random->Pick({ChurnModelKind::kMbgNbd, ChurnModelKind::kBgNbd});
  fit.parameters = RandomParameters(random);
  fit.pinned = random->Chance(10);
  fit.fitted_through = today;
  fit.log_likelihood = -random->Pick({0.5, 9582.4});
  if (random->Chance(30)) return fit;
  AdoptedSpend& spend = fit.spend.emplace();
  spend.measure = random->Pick({SpendMeasure::kRevenue, SpendMeasure::kMargin});
  spend.parameters = {.p = random->Pick({0.5, 6.25}),
                      .q = random->Pick({1.01, 3.74}),
                      .gamma = random->Pick({0.25, 1500.0, 1e15})};
  return fit;
}

std::shared_ptr<const Rules> RandomRules(Random* random, std::vector<StageSetting> stages,
                                         Calendar calendar) {
  RuleSettings settings;
  settings.stages = std::move(stages);
  RandomizeRfm(random, &settings.rfm);
  RandomizeAbc(random, &settings.abc);
  settings.activity.inactive_after = random->Pick({1, 30, 365});
  settings.activity.lost_after =
      std::max(settings.activity.inactive_after, random->Pick({30, 365, 1095}));
  settings.activity.overdue_percent = random->Pick({100, 150, 200, 1000});
  settings.waiting_days = random->Pick({0, 1, 30, 400});
  std::vector<std::string> segments;
  for (const SegmentSetting& segment : settings.rfm.segments) segments.push_back(segment.name);
  if (settings.rfm.otherwise) segments.push_back(*settings.rfm.otherwise);
  if (segments.empty()) segments = {"Champions", "New", "Lost"};
  RandomizeValue(random, CustomerCatalog(segments), &settings.value);
  RandomizeChurn(random, &settings.churn);
  RandomizePhaseAndRisk(random, &settings.phase, &settings.risk);

  Result<std::shared_ptr<const Rules>> rules =
      CompileRules(std::move(settings), std::move(calendar));
  if (rules.has_error()) {
    std::fprintf(stderr, "%s: %s\n", rules.error().field.c_str(), rules.error().message.c_str());
  }
  KUNDIG_CHECK(rules.has_value());
  return *rules;
}

}  // namespace kundig::engine
