#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "engine/calendar.h"
#include "schemas/profile_generated.h"
#include "server/encode.h"
#include "tests/server/encoded_state.h"
#include "tests/server/messages.h"

namespace kundig::server {
namespace {

using engine::Day;
using engine::Minor;
using flatbuffers::FlatBufferBuilder;

TEST(EncodeExplain, NamesTheRuleThatDecided) {
  engine::RuleSettings settings;
  settings.value.always = {{engine::ValueClass::kIndividual, "key_account = true"}};
  settings.value.potential = {"potential >= 5"};
  settings.value.individual_at_hundredths = 6'050;
  engine::ExplainAnswer answer;
  answer.state = kState;
  answer.rules = RulesOf(settings);
  answer.found = true;
  answer.value_class = engine::ValueClass::kIndividual;
  answer.decided_by = engine::DecidedBy::kAlwaysRule;
  answer.rule_index = 0;
  answer.potential_index = 0;
  answer.criteria = {
      {.field = "revenue", .value = 5, .points = 10, .weight = 40, .share_thousandths = 400},
      {.field = "potential", .value = {}, .points = {}, .weight = 20, .share_thousandths = {}}};
  FlatBufferBuilder builder;
  EncodeExplain(answer, "c", &builder);
  const auto reply = Unpacked<wire::ExplainReplyT>(Payload(builder));
  EXPECT_EQ(reply.customer, "c");
  EXPECT_EQ(reply.rule, "key_account = true");
  EXPECT_EQ(reply.rule_index, 0);
  EXPECT_EQ(reply.decided_by, wire::DecidedBy::always_rule);
  EXPECT_EQ(reply.potential_rule, "potential >= 5");
  EXPECT_EQ(reply.individual_at, 6'050);
  EXPECT_EQ(reply.standard_below, 5'000);
  EXPECT_FALSE(reply.next_class.has_value());
  ASSERT_EQ(reply.criteria.size(), 2u);
  EXPECT_EQ(reply.criteria[0]->share, 400);
  EXPECT_FALSE(reply.criteria[1]->points.has_value());
}

TEST(EncodeExplain, CarriesWhatDecidedAndWhatComes) {
  engine::RuleSettings settings;
  settings.activity.lost_after = 1'000;
  settings.phase.revival_days = 77;
  settings.rfm.monetary = engine::RfmMonetary::kAverage;
  settings.abc.measure = engine::AbcMeasure::kMargin;
  engine::ExplainAnswer answer;
  answer.state = kState;
  answer.rules = RulesOf(settings);
  answer.found = true;
  answer.activity = {.activity = engine::Activity::kOverdue,
                     .last_activity = Day{100},
                     .last_order = Day{99},
                     .inactive_days = 5,
                     .recency_days = 6,
                     .purchase_days = 3,
                     .mean_gap_thousandths = 2'500,
                     .overdue_after_days = 4};
  answer.phase.phase = engine::Phase::kDegeneration;
  answer.phase.reason = engine::PhaseReason::kDecline;
  answer.phase.recent = Minor{-3};
  using Neighbour = engine::ExplainedScore::Neighbour;
  answer.rfm.emplace();
  answer.rfm->recency = {.value = 6, .score = 2, .better = Neighbour{4, 5}, .worse = {}};
  answer.rfm->segment = "Lost";
  answer.abc = {.abc = engine::AbcClass::kC,
                .value = Minor{3},
                .better = engine::AbcClass::kB,
                .better_from = Minor{7}};
  answer.risks = {{.risk = engine::Risk::kService,
                   .reason = engine::RiskReason::kServiceRequests,
                   .value = std::nullopt,
                   .limit = 3,
                   .since = Day{98}}};
  engine::ForeseenDay day;
  day.on = Day{200};
  day.phase = engine::Phase::kAbstinence;
  day.m = 0;
  day.rfm_segment = "none";
  day.risks_ended = engine::BitOf(engine::Risk::kSlowing) | engine::BitOf(engine::Risk::kService);
  answer.foresight = {.through = Day{300}, .days = {day}};
  FlatBufferBuilder builder;
  EncodeExplain(answer, "c", &builder);
  const auto reply = Unpacked<wire::ExplainReplyT>(Payload(builder));
  EXPECT_EQ(reply.activity->activity, wire::Activity::overdue);
  EXPECT_EQ(reply.activity->last_order, 99);
  EXPECT_EQ(reply.activity->mean_gap, 2'500);
  EXPECT_EQ(reply.activity->lost_after, 1'000u);
  EXPECT_EQ(reply.phase->reason, wire::PhaseReason::decline);
  EXPECT_EQ(reply.phase->recent, -3);
  EXPECT_EQ(reply.phase->revival_days, 77u);
  EXPECT_FALSE(reply.phase->notice.has_value());
  EXPECT_EQ(reply.rfm->recency->better_score, 4);
  EXPECT_EQ(reply.rfm->recency->better_from, 5);
  EXPECT_FALSE(reply.rfm->recency->worse_from.has_value());
  EXPECT_TRUE(reply.rfm->by_average);
  EXPECT_FALSE(reply.rfm->by_purchase_days);
  EXPECT_EQ(reply.abc->measure, "margin");
  EXPECT_EQ(reply.abc->better, wire::AbcClass::b);
  EXPECT_EQ(reply.abc->better_from, 7);
  ASSERT_EQ(reply.risks.size(), 1u);
  EXPECT_EQ(reply.risks[0]->reason, wire::RiskReason::service_requests);
  EXPECT_FALSE(reply.risks[0]->value.has_value());
  EXPECT_EQ(reply.risks[0]->since, 98);
  EXPECT_EQ(reply.foreseen_through, 300);
  ASSERT_EQ(reply.changes.size(), 1u);
  EXPECT_EQ(reply.changes[0]->on, 200);
  EXPECT_EQ(reply.changes[0]->phase, wire::Phase::abstinence);
  EXPECT_EQ(reply.changes[0]->m, 0);
  EXPECT_FALSE(reply.changes[0]->activity.has_value());
  EXPECT_EQ(reply.changes[0]->risks_ended,
            (std::vector<wire::Risk>{wire::Risk::service, wire::Risk::slowing}));
  EXPECT_TRUE(reply.changes[0]->risks_begun.empty());
}

}  // namespace
}  // namespace kundig::server
