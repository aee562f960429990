#include "engine/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <utility>

namespace kundig::engine {
namespace {

using testing::HasSubstr;

CriterionSetting Criterion(std::string field) {
  return {std::move(field), 40, Missing::kZero, {{0, 0}, {50'000, 25}, {200'000, 100}}};
}

std::shared_ptr<const Rules> Compiled(RuleSettings settings) {
  Result<std::shared_ptr<const Rules>> rules = CompileRules(std::move(settings), Calendar());
  if (!rules) throw std::runtime_error(rules.error().field + ": " + rules.error().message);
  return *rules;
}

Error RulesRefusal(const std::function<void(RuleSettings*)>& spoil) {
  RuleSettings settings;
  spoil(&settings);
  Result<std::shared_ptr<const Rules>> rules = CompileRules(settings, Calendar());
  if (rules) {
    ADD_FAILURE() << "the settings were taken";
    return {};
  }
  return rules.error();
}

std::string FieldRefused(const std::function<void(RuleSettings*)>& spoil) {
  const Error error = RulesRefusal(spoil);
  EXPECT_THAT(error.message, HasSubstr("expected"));
  return error.field;
}

TEST(RulesTest, AreCompleteWithoutAnySetting) {
  const auto rules = Compiled({});
  ASSERT_EQ(rules->stages().size(), 5u);
  EXPECT_EQ(rules->stages()[3].name, "Offer");
  EXPECT_EQ(rules->stages()[3].chance_hundredths, 7500);
  EXPECT_EQ(rules->FindStage("Address"), 0);
  EXPECT_EQ(rules->FindStage("Negotiation"), 4);
  EXPECT_EQ(rules->FindStage("offer"), std::nullopt);
  EXPECT_EQ(rules->segment_names().size(), 11u);
  EXPECT_EQ(rules->segment_names()[rules->SegmentOf(5, 5, 5)], "Champions");
  EXPECT_EQ(rules->segment_names()[rules->SegmentOf(1, 2, 1)], "Lost");
  EXPECT_TRUE(rules->criteria().empty());
  EXPECT_EQ(rules->customer_fields().At(Index(CustomerField::kRfmSegment)).values,
            rules->segment_names());
  EXPECT_EQ(rules->lead_fields().At(Index(LeadField::kStage)).values.back(), "Negotiation");
}

TEST(RulesTest, KeepTheCalendarOfTheBook) {
  const auto rules = CompileRules({}, Calendar({{TimeMs{0}, 3600}})).value();
  EXPECT_EQ(rules->calendar().DayOf(TimeMs{86'400'000 - 1}), Day{1});
}

TEST(RulesTest, CompileValueRulesAndNameWhatTheyReadFrom) {
  RuleSettings settings;
  settings.value.criteria = {Criterion("revenue"), Criterion("key_account"), Criterion("r")};
  settings.value.always = {{ValueClass::kReview, "abc = 'A' and country = 'Germany'"}};
  settings.value.potential = {"potential > 5 and value_score >= 40"};
  const auto rules = Compiled(settings);

  ASSERT_EQ(rules->criteria().size(), 3u);
  EXPECT_EQ(rules->criteria()[0].field, Index(CustomerField::kRevenue));
  EXPECT_EQ(rules->criteria()[0].missing, Missing::kZero);
  EXPECT_EQ(rules->criteria()[0].points.size(), 3u);
  ASSERT_EQ(rules->always().size(), 1u);
  EXPECT_EQ(rules->always()[0].value_class, ValueClass::kReview);
  ASSERT_EQ(rules->potential().size(), 1u);
  EXPECT_EQ(rules->potential()[0].text(), "potential > 5 and value_score >= 40");

  FieldSet expected;
  for (CustomerField field :
       {CustomerField::kRevenue, CustomerField::kKeyAccount, CustomerField::kR, CustomerField::kAbc,
        CustomerField::kCountry, CustomerField::kPotential}) {
    expected.Add(Index(field));
  }
  for (size_t i = 0; i < kCustomerFieldCount; ++i) {
    const auto field = static_cast<FieldIndex>(i);
    EXPECT_EQ(rules->value_fields().Has(field), expected.Has(field))
        << rules->customer_fields().At(field).name;
  }
}

TEST(RulesTest, ReadConditionsAgainstTheirOwnSegments) {
  RuleSettings settings;
  settings.rfm.segments = {{"Everybody", {}, {1, 5}, {1, 5}, {1, 5}}};
  settings.value.always = {{ValueClass::kIndividual, "rfm_segment = 'Everybody'"}};
  EXPECT_EQ(Compiled(settings)->always().size(), 1u);
  settings.rfm.segments.clear();
  EXPECT_FALSE(CompileRules(settings, Calendar()));
}

TEST(RulesTest, TakeTheEdgesOfEveryRange) {
  RuleSettings low;
  low.rfm.window_days = 0;
  low.rfm.scoring = RfmScoring::kFixed;
  low.rfm.monetary_cuts = {-5, -5, 0, 0};
  low.abc.window_days = 0;
  low.abc.a_hundredths = low.abc.b_hundredths = 1;
  low.activity = {1, 1, 1};
  low.waiting_days = 0;
  low.value.individual_at_hundredths = low.value.standard_below_hundredths = 0;
  low.value.criteria = {{"orders", 1, Missing::kSkip, {{INT64_MIN, 0}}}};
  low.stages = {{"Won", 0}};
  EXPECT_NO_THROW(Compiled(low));

  RuleSettings high;
  high.rfm.window_days = high.abc.window_days = high.waiting_days = 65535;
  high.abc.a_hundredths = high.abc.b_hundredths = 10'000;
  high.activity = {65535, 65535, 1'000'000};
  high.value.individual_at_hundredths = high.value.standard_below_hundredths = 10'000;
  high.value.criteria = {{"orders", 1000, Missing::kSkip, {{INT64_MAX, 100}}}};
  high.stages.assign(255, {});
  for (size_t i = 0; i < high.stages.size(); ++i) {
    high.stages[i] = {std::string(120, 'x') + std::to_string(i), 10'000};
  }
  EXPECT_NO_THROW(Compiled(high));
}

TEST(RulesTest, NameTheSettingThatIsOutOfRange) {
  for (const char* currency : {"", "EU", "eur", "EURO", "E R", "\xc3\x89U"}) {
    EXPECT_EQ(FieldRefused([&](auto* s) { s->currency = currency; }), "book.currency");
  }
  EXPECT_EQ(FieldRefused([](auto* s) { s->rfm.window_days = -1; }), "rfm.window_days");
  EXPECT_EQ(FieldRefused([](auto* s) { s->rfm.window_days = 65536; }), "rfm.window_days");
  EXPECT_EQ(FieldRefused([](auto* s) { s->abc.window_days = -1; }), "abc.window_days");
  EXPECT_EQ(FieldRefused([](auto* s) { s->abc.a_hundredths = 0; }), "abc.a");
  EXPECT_EQ(FieldRefused([](auto* s) { s->abc.a_hundredths = 10'001; }), "abc.a");
  EXPECT_EQ(FieldRefused([](auto* s) { s->abc.b_hundredths = 7'999; }), "abc.b");
  EXPECT_EQ(FieldRefused([](auto* s) { s->abc.b_hundredths = 10'001; }), "abc.b");
  EXPECT_EQ(FieldRefused([](auto* s) { s->activity.inactive_after = 0; }),
            "activity.inactive_after");
  EXPECT_EQ(FieldRefused([](auto* s) { s->activity.lost_after = 364; }), "activity.lost_after");
  EXPECT_EQ(FieldRefused([](auto* s) { s->activity.lost_after = 65536; }), "activity.lost_after");
  EXPECT_EQ(FieldRefused([](auto* s) { s->activity.overdue_percent = 0; }),
            "activity.overdue_percent");
  EXPECT_EQ(FieldRefused([](auto* s) { s->waiting_days = -1; }), "reactivation.waiting_days");
}

TEST(RulesTest, CheckTheChurnModel) {
  RuleSettings edges;
  edges.churn = {.model = ChurnModelKind::kBgNbd,
                 .horizon_days = 1,
                 .pinned = ChurnParameters{.r = 0.001, .alpha = 10'000, .a = 0.001, .b = 10'000}};
  EXPECT_NO_THROW(Compiled(edges));
  edges.churn.horizon_days = 65535;
  EXPECT_NO_THROW(Compiled(edges));
  EXPECT_EQ(FieldRefused([](auto* s) { s->churn.horizon_days = 0; }), "churn.horizon_days");
  EXPECT_EQ(FieldRefused([](auto* s) { s->churn.horizon_days = 65536; }), "churn.horizon_days");
  const std::pair<const char*, double ChurnParameters::*> named[] = {
      {"churn.parameters.r", &ChurnParameters::r},
      {"churn.parameters.alpha", &ChurnParameters::alpha},
      {"churn.parameters.a", &ChurnParameters::a},
      {"churn.parameters.b", &ChurnParameters::b}};
  for (const auto& parameter : named) {
    for (const double value : {0.0, -1.0, 0.0009, 10'001.0, std::nan("")}) {
      EXPECT_EQ(FieldRefused([&](auto* s) { s->churn.pinned.emplace().*parameter.second = value; }),
                parameter.first);
    }
  }
}

TEST(RulesTest, CheckCutsOnlyWhereTheyCount) {
  auto cuts = [](auto member, std::array<int64_t, 4> values) {
    return [=](RuleSettings* s) {
      s->rfm.scoring = RfmScoring::kFixed;
      s->rfm.*member = values;
    };
  };
  EXPECT_EQ(FieldRefused(cuts(&RfmSettings::recency_cuts, {30, 60, 59, 90})), "rfm.recency_cuts");
  EXPECT_EQ(FieldRefused(cuts(&RfmSettings::recency_cuts, {-1, 60, 60, 90})), "rfm.recency_cuts");
  EXPECT_EQ(FieldRefused(cuts(&RfmSettings::frequency_cuts, {1, 2, 4, 3})), "rfm.frequency_cuts");
  EXPECT_EQ(FieldRefused(cuts(&RfmSettings::frequency_cuts, {-1, 2, 3, 4})), "rfm.frequency_cuts");
  EXPECT_EQ(FieldRefused(cuts(&RfmSettings::monetary_cuts, {1, 0, 2, 3})), "rfm.monetary_cuts");
  RuleSettings unused;
  unused.rfm.recency_cuts = {4, 3, 2, 1};
  EXPECT_NO_THROW(Compiled(unused));
}

TEST(RulesTest, NameTheCriterionAtFault) {
  auto with = [](const std::function<void(CriterionSetting*)>& spoil) {
    return [=](RuleSettings* s) {
      s->value.criteria = {Criterion("revenue"), Criterion("orders")};
      spoil(&s->value.criteria[1]);
    };
  };
  EXPECT_EQ(FieldRefused(with([](auto* c) { c->weight = 0; })), "value.criterion[1].weight");
  EXPECT_EQ(FieldRefused(with([](auto* c) { c->weight = 1001; })), "value.criterion[1].weight");
  EXPECT_EQ(FieldRefused(with([](auto* c) { c->points.clear(); })), "value.criterion[1].points");
  EXPECT_EQ(FieldRefused(with([](auto* c) { c->points[2].first = 50'000; })),
            "value.criterion[1].points[2]");
  EXPECT_EQ(FieldRefused(with([](auto* c) { c->points[1].second = 101; })),
            "value.criterion[1].points[1]");
  EXPECT_EQ(FieldRefused(with([](auto* c) { c->points[0].second = -1; })),
            "value.criterion[1].points[0]");
  for (const char* field : {"country", "abc", "last_order", "value_score", "value_class",
                            "hidden_potential", "risk", "phase", "customer"}) {
    EXPECT_EQ(FieldRefused(with([&](auto* c) { c->field = field; })), "value.criterion[1].field")
        << field;
  }
  const Error unknown = RulesRefusal(with([](auto* c) { c->field = "ordrs"; }));
  EXPECT_EQ(unknown.code, ErrorCode::kUnknownField);
  EXPECT_EQ(unknown.field, "value.criterion[1].field");
  EXPECT_THAT(unknown.message, HasSubstr("did you mean 'orders'?"));
}

TEST(RulesTest, NameTheValueThresholdAtFault) {
  EXPECT_EQ(FieldRefused([](auto* s) { s->value.individual_at_hundredths = 10'001; }),
            "value.individual_at");
  EXPECT_EQ(FieldRefused([](auto* s) { s->value.individual_at_hundredths = -1; }),
            "value.individual_at");
  EXPECT_EQ(FieldRefused([](auto* s) { s->value.standard_below_hundredths = 6'001; }),
            "value.standard_below");
  EXPECT_EQ(FieldRefused([](auto* s) { s->value.standard_below_hundredths = -1; }),
            "value.standard_below");
}

TEST(RulesTest, BoundPhasesAndRisks) {
  const auto phase = [](auto PhaseSettings::*member, int32_t value) {
    return FieldRefused([=](RuleSettings* s) { s->phase.*member = value; });
  };
  const auto risk = [](auto RiskSettings::*member, int32_t value) {
    return FieldRefused([=](RuleSettings* s) { s->risk.*member = value; });
  };
  EXPECT_EQ(phase(&PhaseSettings::new_days, 0), "phase.new_days");
  EXPECT_EQ(phase(&PhaseSettings::revival_days, 0), "phase.revival_days");
  EXPECT_EQ(phase(&PhaseSettings::span_days, kMaxSettingDays + 1), "phase.span_days");
  EXPECT_EQ(phase(&PhaseSettings::decline_percent, -1), "phase.decline_percent");
  EXPECT_EQ(phase(&PhaseSettings::growth_percent, kMaxPhasePercent + 1), "phase.growth_percent");
  EXPECT_EQ(risk(&RiskSettings::contacts_per_30_days, -1), "risk.contacts_per_30_days");
  EXPECT_EQ(risk(&RiskSettings::contacts_after_first_order, kMaxRiskCount + 1),
            "risk.contacts_after_first_order");
  EXPECT_EQ(risk(&RiskSettings::handover_days, -1), "risk.handover_days");
  EXPECT_EQ(risk(&RiskSettings::neglected_days, 0), "risk.neglected_days");
  EXPECT_EQ(risk(&RiskSettings::complaint_days, -1), "risk.complaint_days");
  EXPECT_EQ(risk(&RiskSettings::late_payment_days, kMaxSettingDays + 1), "risk.late_payment_days");
  EXPECT_EQ(risk(&RiskSettings::service_requests, 0), "risk.service_requests");
  EXPECT_EQ(risk(&RiskSettings::dissatisfied_satisfaction, 11), "risk.dissatisfied_satisfaction");
  EXPECT_EQ(risk(&RiskSettings::dissatisfied_referral, -2), "risk.dissatisfied_referral");
  EXPECT_EQ(risk(&RiskSettings::unanswered_days, -1), "risk.unanswered_days");
}

TEST(RulesTest, KeepThePlaceOfAnErrorInACondition) {
  auto always = [](std::string where) {
    return [=](RuleSettings* s) {
      s->value.always = {{ValueClass::kIndividual, "r = 5"}, {ValueClass::kIndividual, where}};
    };
  };
  const Error unknown = RulesRefusal(always("key_account = true and revenu > 3"));
  EXPECT_EQ(unknown.code, ErrorCode::kUnknownField);
  EXPECT_EQ(unknown.field, "value.always[1].where");
  EXPECT_EQ(unknown.position, 23);
  EXPECT_EQ(RulesRefusal(always("")).code, ErrorCode::kSyntax) << "a rule without a condition";

  const Error potential = RulesRefusal([](auto* s) { s->value.potential = {"abc = 5"}; });
  EXPECT_EQ(potential.code, ErrorCode::kTypeMismatch);
  EXPECT_EQ(potential.field, "value.potential[0].where");
  EXPECT_EQ(potential.position, 6);
}

TEST(RulesTest, RefuseConditionsOnWhatTheyDecide) {
  for (const char* where :
       {"value_score > 5", "value_class = 'review'", "hidden_potential = true", "risk = null"}) {
    EXPECT_EQ(FieldRefused([&](auto* s) {
                s->value.always = {{ValueClass::kIndividual, where}};
              }),
              "value.always[0].where")
        << where;
  }
  for (const char* where :
       {"value_class = 'standard'", "r = 5 or hidden_potential = false", "risk = 'neglected'"}) {
    EXPECT_EQ(FieldRefused([&](auto* s) { s->value.potential = {where}; }),
              "value.potential[0].where")
        << where;
  }
}

TEST(RulesTest, NameTheStageAtFault) {
  auto stages = [](std::vector<StageSetting> table) {
    return [=](RuleSettings* s) { s->stages = table; };
  };
  EXPECT_EQ(FieldRefused(stages({{"A", 0}, {"", 0}})), "pipeline.stage[1].name");
  EXPECT_EQ(RulesRefusal(stages({{"", 0}})).code, ErrorCode::kMissingField);
  EXPECT_EQ(FieldRefused(stages({{std::string(129, 'x'), 0}})), "pipeline.stage[0].name");
  EXPECT_EQ(FieldRefused(stages({{"A", 0}, {"B", 0}, {"A", 0}})), "pipeline.stage[2].name");
  EXPECT_EQ(FieldRefused(stages({{"A", -1}})), "pipeline.stage[0].chance");
  EXPECT_EQ(FieldRefused(stages({{"A", 10'001}})), "pipeline.stage[0].chance");
}

TEST(RulesTest, PassOnWhatIsWrongWithTheSegments) {
  EXPECT_EQ(FieldRefused([](auto* s) {
              s->rfm.segments = {{"A", {"55"}, {}, {}, {}}};
            }),
            "rfm.segment[0].cells[0]");
}

TEST(RulesTest, BoundTheirTables) {
  auto limit = [](const std::function<void(RuleSettings*)>& spoil, const char* field) {
    const Error error = RulesRefusal(spoil);
    EXPECT_EQ(error.code, ErrorCode::kLimitExceeded) << field;
    EXPECT_EQ(error.field, field);
  };
  limit([](auto* s) { s->stages.assign(kMaxStages + 1, {"A", 0}); }, "pipeline.stage");
  limit([](auto* s) { s->value.criteria.assign(kMaxCriteria + 1, Criterion("orders")); },
        "value.criterion");
  limit([](auto* s) { s->value.always.assign(kMaxValueRules + 1, {}); }, "value.always");
  limit([](auto* s) { s->value.potential.assign(kMaxValueRules + 1, "r = 1"); }, "value.potential");
  limit(
      [](auto* s) {
        s->value.criteria = {Criterion("orders")};
        s->value.criteria[0].points.assign(kMaxCriterionPoints + 1, {0, 0});
      },
      "value.criterion[0].points");
}

}  // namespace
}  // namespace kundig::engine
