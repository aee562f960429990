#include "tools/answer_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/tools/sample_answers.h"

namespace kundig::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

wire::RfmReplyT SomeRfm() {
  wire::RfmReplyT reply;
  reply.state = SomeState();
  reply.population = 12;
  reply.recency_cuts = {300, 100, 100, 10};
  reply.frequency_cuts = {1, 2, 2, 9};
  reply.monetary_cuts = {10000, 20000, 30000, 123456};
  for (uint8_t m : {uint8_t{1}, uint8_t{5}}) {
    auto cell = std::make_unique<wire::RfmCellT>();
    cell->r = 5;
    cell->f = 1;
    cell->m = m;
    cell->customers = 6;
    reply.cells.push_back(std::move(cell));
  }
  auto segment = std::make_unique<wire::RfmSegmentT>();
  segment->name = "New";
  segment->customers = 12;
  segment->orders = 24;
  segment->revenue = 120000;
  reply.segments.push_back(std::move(segment));
  return reply;
}

TEST(AnswerText, RfmShowsBoundsHeatAndSegments) {
  EXPECT_EQ(RfmText(SomeRfm(), kPlain),
            "RFM on 2010-12-10: 12 customers with an order in the window, money in GBP\n"
            "\n"
            "score  recency, days  frequency       monetary, GBP\n"
            "─────  ─────────────  ─────────  ──────────────────\n"
            "5           under 10     over 9       over 1,234.56\n"
            "4           10 to 99     3 to 9  300.01 to 1,234.56\n"
            "3                  –          –    200.01 to 300.00\n"
            "2         100 to 299          2    100.01 to 200.00\n"
            "1       300 and more    up to 1        up to 100.00\n"
            "\n"
            "customers  f 1  f 2  f 3  f 4  f 5\n"
            "─────────  ───  ───  ───  ───  ───\n"
            "r 5         12    ·    ·    ·    ·\n"
            "r 4          ·    ·    ·    ·    ·\n"
            "r 3          ·    ·    ·    ·    ·\n"
            "r 2          ·    ·    ·    ·    ·\n"
            "r 1          ·    ·    ·    ·    ·\n"
            "\n"
            "segment  customers    share  orders   revenue  per customer\n"
            "───────  ─────────  ───────  ──────  ────────  ────────────\n"
            "New             12  100.0 %      24  1,200.00        100.00\n");
}

TEST(AnswerText, ConfiguredCutsOfRecencyRise) {
  wire::RfmReplyT reply = SomeRfm();
  const std::string falling = RfmText(reply, kPlain);
  reply.recency_cuts = {10, 100, 100, 300};
  EXPECT_EQ(RfmText(reply, kPlain), falling);
}

TEST(AnswerText, RfmOfNobodySaysSo) {
  wire::RfmReplyT reply;
  reply.state = SomeState();
  EXPECT_EQ(RfmText(reply, kPlain),
            "RFM on 2010-12-10: 0 customers with an order in the window, money in GBP\n\n"
            "Nobody is scored: no customer has an order in the window.\n");
}

TEST(AnswerText, AbcHasShares) {
  wire::AbcReplyT reply;
  reply.state = SomeState();
  reply.measure = "revenue";
  reply.total = 300;
  for (wire::AbcClass abc : wire::EnumValuesAbcClass()) {
    auto group = std::make_unique<wire::AbcGroupT>();
    group->class_ = abc;
    group->customers = 1;
    reply.classes.push_back(std::move(group));
  }
  reply.classes[0]->sum = 200;
  reply.classes[0]->from = 200;
  reply.classes[1]->sum = 100;
  EXPECT_EQ(AbcText(reply, kPlain),
            "ABC by revenue on 2010-12-10: 3.00 GBP in all\n"
            "\n"
            "class  customers  of all  revenue   share  from\n"
            "─────  ─────────  ──────  ───────  ──────  ────\n"
            "A              1  25.0 %     2.00  66.7 %  2.00\n"
            "B              1  25.0 %     1.00  33.3 %     –\n"
            "C              1  25.0 %     0.00   0.0 %     –\n"
            "none           1  25.0 %     0.00       –     –\n");
}

TEST(AnswerText, ValueHasSharesAndHiddenPotential) {
  wire::ValueReplyT reply;
  reply.state = SomeState();
  for (wire::ValueClass value : wire::EnumValuesValueClass()) {
    auto group = std::make_unique<wire::ValueGroupT>();
    group->class_ = value;
    reply.classes.push_back(std::move(group));
  }
  reply.classes[0]->customers = 1;
  reply.classes[0]->revenue = 300;
  reply.classes[1]->customers = 3;
  reply.classes[1]->revenue = 100;
  reply.hidden_customers = 2;
  reply.hidden_revenue = 90;
  EXPECT_EQ(ValueText(reply, kPlain),
            "Value classes on 2010-12-10, revenue in GBP\n"
            "\n"
            "class       customers  of all  revenue   share\n"
            "──────────  ─────────  ──────  ───────  ──────\n"
            "individual          1  25.0 %     3.00  75.0 %\n"
            "standard            3  75.0 %     1.00  25.0 %\n"
            "review              0   0.0 %     0.00   0.0 %\n"
            "\n"
            "Hidden potential: 2 standard customers with 0.90 GBP of revenue\n");
  reply.hidden_customers = 1;
  EXPECT_THAT(ValueText(reply, kPlain), testing::HasSubstr(": 1 standard customer with 0.90"));
}

TEST(AnswerText, StatusAndCountAreTwoColumns) {
  wire::StatusReplyT status;
  status.state = SomeState();
  status.customers = 1234567;
  status.memory_bytes = 3 * 1024 * 1024 / 2;
  status.memory_limit_bytes = 8 * 1024 * 1024;
  status.durability = "none";
  const std::string text = StatusText(status);
  EXPECT_THAT(text, testing::ContainsRegex("today +2010-12-10\n"));
  EXPECT_THAT(text, testing::ContainsRegex("customers +1,234,567\n"));
  EXPECT_THAT(text, testing::ContainsRegex("rules version +3\nfit version +2\n"));
  EXPECT_THAT(text, testing::ContainsRegex("memory +1.5 MiB of 8.0 MiB\n"));
  wire::CountReplyT count;
  count.customers = 2;
  count.revenue = 100;
  EXPECT_EQ(CountText(count, kPlain),
            "customers              2\n"
            "orders                 0\n"
            "revenue         1.00 GBP\n"
            "revenue in all  0.00 GBP\n");
}

TEST(AnswerText, PipelineHasTotalsAndTheClosed) {
  wire::PipelineReplyT reply;
  reply.state = SomeState();
  reply.by = {wire::PipelineKey::stage, wire::PipelineKey::owner};
  auto group = std::make_unique<wire::PipelineGroupT>();
  group->keys = {"Offer", "Ada"};
  group->leads = 2;
  group->revenue = 100000;
  group->weighted = 75000;
  group->overridden = 1;
  reply.groups.push_back(std::make_unique<wire::PipelineGroupT>(*group));
  reply.total = std::move(group);
  reply.won_leads = 1;
  reply.won_revenue = 900;
  const std::string open =
      "Open leads on 2010-12-10, money in GBP\n"
      "\n"
      "stage  owner  leads   revenue  weighted  overridden\n"
      "─────  ─────  ─────  ────────  ────────  ──────────\n"
      "Offer  Ada        2  1,000.00    750.00           1\n"
      "─────  ─────  ─────  ────────  ────────  ──────────\n"
      "total             2  1,000.00    750.00           1\n"
      "\n"
      "won 1 lead, 9.00 GBP · lost 0 leads, 0.00 GBP\n";
  EXPECT_EQ(PipelineText(reply, kPlain), open);

  reply.closed_by = {wire::PipelineKey::reason};
  auto closed = std::make_unique<wire::ClosedGroupT>();
  closed->status = wire::LeadStatus::won;
  closed->keys = {"price"};
  closed->leads = 1;
  closed->revenue = 900;
  reply.closed.push_back(std::move(closed));
  EXPECT_EQ(PipelineText(reply, kPlain), open +
                                             "\n"
                                             "closed  reason  leads  revenue\n"
                                             "──────  ──────  ─────  ───────\n"
                                             "won     price       1     9.00\n");
}

TEST(AnswerText, AnEmptyPipelineIsOneLine) {
  wire::PipelineReplyT reply;
  reply.state = SomeState();
  reply.by = {wire::PipelineKey::owner};
  reply.total = std::make_unique<wire::PipelineGroupT>();
  EXPECT_EQ(PipelineText(reply, kPlain),
            "Open leads on 2010-12-10, money in GBP\n"
            "\n"
            "owner  leads  revenue  weighted  overridden\n"
            "─────  ─────  ───────  ────────  ──────────\n"
            "total      0     0.00      0.00           0\n"
            "\n"
            "won 0 leads, 0.00 GBP · lost 0 leads, 0.00 GBP\n");
}

TEST(AnswerText, AProfileNamesItsReasons) {
  wire::ProfileT profile;
  profile.customer = "Zoë\n";
  profile.found = true;
  profile.r = uint8_t{5};
  profile.f = uint8_t{4};
  profile.m = uint8_t{3};
  profile.rfm_segment = "Loyal";
  profile.value_class = wire::ValueClass::standard;
  profile.value_score = 47500;
  profile.hidden_potential = true;
  profile.activity = wire::Activity::inactive;
  profile.inactive_days = 423;
  profile.last_order = 14952;
  profile.potential = 5000000;
  profile.revenue_total = 123456;
  profile.risks = {wire::Risk::slowing, wire::Risk::unanswered};
  const std::string text = ProfileText(profile, *SomeState(), kPlain);
  EXPECT_THAT(text, HasSubstr("Zoë? on 2010-12-10, money in GBP\n"));
  EXPECT_THAT(text, HasSubstr("Loyal (r 5, f 4, m 3)"));
  EXPECT_THAT(text, HasSubstr("standard, score 47.5, hidden potential"));
  EXPECT_THAT(text, HasSubstr("inactive: 423 days since the last activity"));
  EXPECT_THAT(text, HasSubstr("50,000.00 GBP"));
  EXPECT_THAT(text, HasSubstr("in all              0  1,234.56    0.00\n"));
  EXPECT_THAT(text, HasSubstr("churn           –"));

  profile.p_alive = 123'456;
  profile.churn_band = wire::ChurnBand::high;
  profile.expected_orders = 512;
  profile.clv = 412'300;
  const std::string ahead = ProfileText(profile, *SomeState(), kPlain);
  EXPECT_THAT(ahead, HasSubstr("high: still a customer with 12.3 %"));
  EXPECT_THAT(ahead, HasSubstr("orders to come  0.512\n"));
  EXPECT_THAT(ahead, HasSubstr("lifetime value  4,123.00 GBP"));

  EXPECT_THAT(text, HasSubstr("risks           slowing, unanswered"));

  profile.r = flatbuffers::nullopt;
  profile.activity = wire::Activity::overdue;
  profile.recency_days = 1;
  EXPECT_THAT(ProfileText(profile, *SomeState(), kPlain),
              HasSubstr("unscored: no order in the window"));
  EXPECT_THAT(ProfileText(profile, *SomeState(), kPlain),
              HasSubstr("overdue: 1 day since the last order"));
}

TEST(AnswerText, PhasesAndRisksAreTables) {
  wire::PhasesReplyT reply;
  reply.state = SomeState();
  auto phase = std::make_unique<wire::PhaseGroupT>();
  phase->phase = wire::Phase::abstinence;
  phase->customers = 1200;
  phase->revenue_total = 123'456;
  reply.phases.push_back(std::move(phase));
  auto risk = std::make_unique<wire::RiskGroupT>();
  risk->risk = wire::Risk::late_payment;
  risk->customers = 3;
  reply.risks.push_back(std::move(risk));
  reply.at_risk_customers = 3;
  reply.at_risk_revenue = 4200;
  EXPECT_EQ(PhasesText(reply, kPlain),
            "Phases on 2010-12-10, revenue in GBP\n"
            "\n"
            "phase       customers  revenue  revenue in all  lifetime value\n"
            "──────────  ─────────  ───────  ──────────────  ──────────────\n"
            "abstinence      1,200     0.00        1,234.56               –\n");
  EXPECT_EQ(RisksText(reply, kPlain),
            "Risks on 2010-12-10, revenue in GBP\n"
            "\n"
            "risk          customers  revenue  revenue in all  lifetime value\n"
            "────────────  ─────────  ───────  ──────────────  ──────────────\n"
            "late_payment          3     0.00            0.00               –\n"
            "\n"
            "3 customers at risk with 42.00 GBP of revenue\n");
}

TEST(AnswerText, AnUnknownCustomerIsSaid) {
  wire::ProfileT profile;
  profile.customer = "x";
  EXPECT_EQ(ProfileText(profile, *SomeState(), kPlain), "x: no such customer\n");
  wire::ExplainReplyT reply;
  reply.customer = "x";
  EXPECT_EQ(ExplainText(reply, kPlain), "x: no such customer\n");
}

wire::ExplainReplyT SomeExplanation() {
  wire::ExplainReplyT reply;
  reply.state = SomeState();
  reply.customer = "x";
  reply.found = true;
  reply.value_class = wire::ValueClass::standard;
  reply.value_score = 47500;
  reply.decided_by = wire::DecidedBy::score;
  reply.individual_at = 6000;
  reply.standard_below = 5000;
  reply.next_class = wire::ValueClass::individual;
  reply.distance = 12500;
  auto criterion = std::make_unique<wire::ExplainedCriterionT>();
  criterion->field = "revenue";
  criterion->value = 123456;
  criterion->points = 50;
  criterion->weight = 40;
  criterion->share = 47500;
  reply.criteria.push_back(std::move(criterion));
  criterion = std::make_unique<wire::ExplainedCriterionT>();
  criterion->field = "satisfaction";
  criterion->weight = 10;
  reply.criteria.push_back(std::move(criterion));
  return reply;
}

TEST(AnswerText, ExplainSaysTheDistance) {
  EXPECT_EQ(ExplainText(SomeExplanation(), kPlain),
            "x is standard with a score of 47.5, 12.5 points below individual.\n"
            "Money in GBP.\n"
            "\n"
            "criterion        value    points  weight  share of the score\n"
            "────────────  ────────  ────────  ──────  ──────────────────\n"
            "revenue       1,234.56        50      40                47.5\n"
            "satisfaction         –  left out      10                   –\n"
            "\n"
            "individual from 60, standard below 50\n");
}

TEST(AnswerText, ExplainNamesTheRuleThatDecided) {
  wire::ExplainReplyT reply = SomeExplanation();
  reply.decided_by = wire::DecidedBy::always_rule;
  reply.rule = "key_account = true";
  EXPECT_THAT(
      ExplainText(reply, kPlain),
      HasSubstr("x is standard: the rule \"key_account = true\" decides before the score."));
  reply.decided_by = wire::DecidedBy::no_criterion;
  reply.hidden_potential = true;
  reply.potential_rule = "potential >= 5";
  const std::string text = ExplainText(reply, kPlain);
  EXPECT_THAT(text, HasSubstr("no criterion has a value to score"));
  EXPECT_THAT(text, HasSubstr("hidden potential: the rule \"potential >= 5\" holds\n"));
}

TEST(AnswerText, ColoursComeOnlyWithColour) {
  EXPECT_THAT(RfmText(SomeRfm(), {"GBP", true}), HasSubstr("\x1b[48;5;46;38;5;232m"));
  EXPECT_THAT(RfmText(SomeRfm(), kPlain), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace kundig::tools
