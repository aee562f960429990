#include "tools/answer_json.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/tools/sample_answers.h"

namespace kundig::tools {
namespace {

TEST(AnswerJson, NumbersAreShortestDecimals) {
  boost::json::object object{{"a", 62.345}, {"b", 60}, {"c", 0.5}, {"d", 1.0 / 3}, {"e", -7}};
  EXPECT_EQ(ToText(object), R"({"a":62.345,"b":60,"c":0.5,"d":0.3333333333333333,"e":-7})");
}

TEST(AnswerJson, TextsAreQuotedAndEmptyContainersAreWhole) {
  boost::json::object object{{"a\"", "x\ny"}, {"b", boost::json::array()}, {"c", nullptr}};
  object["d"] = boost::json::object();
  object["e"] = {true, 1};
  EXPECT_EQ(ToText(object), R"({"a\"":"x\ny","b":[],"c":null,"d":{},"e":[true,1]})");
}

TEST(AnswerJson, StatusHasTheDocumentedKeysFirst) {
  wire::StatusReplyT reply;
  reply.state = SomeState();
  reply.customers = 3;
  reply.orders = 5;
  reply.returns = 1;
  reply.leads = 4;
  reply.open_leads = 2;
  reply.memory_bytes = 1000;
  reply.memory_limit_bytes = 2000;
  reply.version = "0.1.0";
  reply.durability = "sync";
  reply.journal_bytes = 7;
  reply.saved_sequence = 41;
  reply.erased_sequence = 30;
  reply.erased_at = 1'291'986'359'999;
  EXPECT_EQ(ToText(StatusJson(reply)),
            R"({"customers":3,"orders":5,"returns":1,"leads":4,"open_leads":2,)"
            R"("today":"2010-12-10",)"
            R"("journal_sequence":42,"ranking_version":40,"rules_version":3,"fit_version":2,)"
            R"("memory_bytes":1000,"memory_limit_bytes":2000,"version":"0.1.0",)"
            R"("durability":"sync","journal_bytes":7,)"
            R"("saved_sequence":41,"erased_sequence":30,"erased_at":"2010-12-10T13:05:59Z",)"
            R"("as_of":"2010-12-10"})");
}

TEST(AnswerJson, AbsentValuesOfAProfileAreNull) {
  wire::ProfileT profile;
  profile.customer = "x";
  profile.found = true;
  EXPECT_EQ(
      ToText(ProfileJson(profile, *SomeState())),
      R"({"customer":"x","found":true,"as_of":"2010-12-10","kind":null,"country":null,)"
      R"("region":null,"owner":null,"company_size":null,"products":null,"potential":null,)"
      R"("key_account":false,"satisfaction":null,"referral":null,"bonding":null,)"
      R"("first_order":null,"last_order":null,"last_activity":null,"recency_days":null,)"
      R"("inactive_days":null,"purchase_days":0,"orders":0,"revenue":0,"margin":0,"items":0,)"
      R"("orders_total":0,"revenue_total":0,"margin_total":0,"r":null,"f":null,"m":null,)"
      R"("rfm_segment":null,"abc":"none","value_score":null,"value_class":"review",)"
      R"("value_pinned":false,"hidden_potential":false,"activity":"never","consent":null,"last_contact":null,)"
      R"("p_alive":null,"churn_score":null,"churn_band":null,"expected_orders":null,)"
      R"("clv":null,"customer_value":0,"phase":"prospect","risks":[],)"
      R"("ranking_version":40,"journal_sequence":42,"rules_version":3,"fit_version":2})");
}

TEST(AnswerJson, PresentValuesOfAProfileHaveTheirForms) {
  wire::ProfileT profile;
  profile.customer = "x";
  profile.found = true;
  profile.kind = wire::CustomerKind::business;
  profile.company_size = 12;
  profile.satisfaction = uint8_t{0};
  profile.last_order = 14952;
  profile.revenue = -12345;
  profile.r = uint8_t{5};
  profile.abc = wire::AbcClass::a;
  profile.value_score = 62345;
  profile.value_class = wire::ValueClass::individual;
  profile.activity = wire::Activity::overdue;
  profile.consent = wire::ConsentStatus::expired;
  profile.p_alive = 968'912;
  profile.churn_score = 31'088;
  profile.churn_band = wire::ChurnBand::low;
  profile.expected_orders = 25'757;
  profile.clv = 412'300;
  const boost::json::object json = ProfileJson(profile, *SomeState());
  EXPECT_EQ(json.at("kind"), "business");
  EXPECT_EQ(json.at("company_size"), 12);
  EXPECT_EQ(json.at("satisfaction"), 0);
  EXPECT_EQ(json.at("last_order"), "2010-12-09");
  EXPECT_EQ(json.at("revenue"), -12345);
  EXPECT_EQ(json.at("r"), 5);
  EXPECT_EQ(json.at("abc"), "A");
  EXPECT_EQ(ToText(json.at("value_score")), "62.345");
  EXPECT_EQ(json.at("value_class"), "individual");
  EXPECT_EQ(json.at("activity"), "overdue");
  EXPECT_EQ(json.at("consent"), "expired");
  EXPECT_EQ(ToText(json.at("p_alive")), "0.968912");
  EXPECT_EQ(ToText(json.at("churn_score")), "0.031088");
  EXPECT_EQ(json.at("churn_band"), "low");
  EXPECT_EQ(ToText(json.at("expected_orders")), "25.757");
  EXPECT_EQ(json.at("clv"), 412'300);
}

wire::PhasesReplyT SomePhases() {
  wire::PhasesReplyT reply;
  reply.state = SomeState();
  auto phase = std::make_unique<wire::PhaseGroupT>();
  phase->phase = wire::Phase::growth;
  phase->customers = 2;
  phase->revenue = 100;
  phase->revenue_total = 300;
  reply.phases.push_back(std::move(phase));
  auto risk = std::make_unique<wire::RiskGroupT>();
  risk->risk = wire::Risk::late_payment;
  risk->customers = 1;
  risk->revenue = 40;
  risk->revenue_total = 50;
  risk->clv = 7;
  reply.risks.push_back(std::move(risk));
  reply.at_risk_customers = 1;
  reply.at_risk_revenue = 40;
  reply.at_risk_revenue_total = 50;
  return reply;
}

TEST(AnswerJson, PhasesAndRisksShowTheirHalf) {
  EXPECT_EQ(ToText(PhasesJson(SomePhases())),
            R"({"as_of":"2010-12-10","phases":[{"phase":"growth","customers":2,"revenue":100,)"
            R"("revenue_total":300,"clv":null}],)"
            R"("journal_sequence":42,"ranking_version":40,"rules_version":3,"fit_version":2})");
  EXPECT_EQ(
      ToText(RisksJson(SomePhases())),
      R"({"as_of":"2010-12-10","risks":[{"risk":"late_payment","customers":1,"revenue":40,)"
      R"("revenue_total":50,"clv":7}],"at_risk":{"customers":1,"revenue":40,"revenue_total":50,"clv":null},)"
      R"("journal_sequence":42,"ranking_version":40,"rules_version":3,"fit_version":2})");
}

TEST(AnswerJson, AnUnknownCustomerIsNotFound) {
  wire::ProfileT profile;
  profile.customer = "x";
  EXPECT_EQ(ToText(ProfileJson(profile, *SomeState())), R"({"customer":"x","found":false})");
  wire::ExplainReplyT explained;
  explained.customer = "x";
  EXPECT_EQ(ToText(ExplainJson(explained)), R"({"customer":"x","found":false})");
}

TEST(AnswerJson, ExplainSaysWhatDecided) {
  wire::ExplainReplyT reply;
  reply.state = SomeState();
  reply.customer = "x";
  reply.found = true;
  reply.value_class = wire::ValueClass::standard;
  reply.value_score = 47500;
  reply.decided_by = wire::DecidedBy::score;
  reply.individual_at = 6000;
  reply.standard_below = 5050;
  reply.next_class = wire::ValueClass::individual;
  reply.distance = 12500;
  auto criterion = std::make_unique<wire::ExplainedCriterionT>();
  criterion->field = "last_order";
  criterion->value = 14952;
  criterion->points = 50;
  criterion->weight = 40;
  criterion->share = 47500;
  reply.criteria.push_back(std::move(criterion));
  criterion = std::make_unique<wire::ExplainedCriterionT>();
  criterion->field = "key_account";
  criterion->value = 1;
  criterion->weight = 1;
  reply.criteria.push_back(std::move(criterion));
  EXPECT_EQ(
      ToText(ExplainJson(reply)),
      R"({"customer":"x","found":true,"as_of":"2010-12-10","value_class":"standard",)"
      R"("value_score":47.5,"decided_by":"score","rule":null,"rule_index":null,)"
      R"("criteria":[{"field":"last_order","value":"2010-12-09","points":50,"weight":40,)"
      R"("share":47.5},{"field":"key_account","value":true,"points":null,"weight":1,)"
      R"("share":null}],"individual_at":60,"standard_below":50.5,)"
      R"("next_class":"individual","distance":12.5,"hidden_potential":false,)"
      R"("potential_rule":null,"activity":null,"phase":null,"rfm":null,"abc":null,"risks":[],)"
      R"("journal_sequence":42,"ranking_version":40,"rules_version":3,"fit_version":2})");
}

TEST(AnswerJson, RfmHasCutsCellsAndSegments) {
  wire::RfmReplyT reply;
  reply.state = SomeState();
  reply.population = 1;
  reply.recency_cuts = {9, 9, 9, 9};
  reply.frequency_cuts = {1, 1, 1, 1};
  reply.monetary_cuts = {500, 500, 500, 500};
  auto cell = std::make_unique<wire::RfmCellT>();
  cell->r = cell->f = cell->m = 1;
  cell->customers = 1;
  cell->orders = 1;
  cell->revenue = 500;
  reply.cells.push_back(std::move(cell));
  auto segment = std::make_unique<wire::RfmSegmentT>();
  segment->name = "Lost";
  segment->customers = 1;
  segment->orders = 1;
  segment->revenue = 500;
  reply.segments.push_back(std::move(segment));
  EXPECT_EQ(ToText(RfmJson(reply)),
            R"({"as_of":"2010-12-10","population":1,"cuts":{"recency_days":[9,9,9,9],)"
            R"("frequency":[1,1,1,1],"monetary":[500,500,500,500]},)"
            R"("cells":[{"r":1,"f":1,"m":1,"customers":1,"orders":1,"revenue":500}],)"
            R"("segments":[{"name":"Lost","customers":1,"orders":1,"revenue":500}],)"
            R"("journal_sequence":42,"ranking_version":40,"rules_version":3,"fit_version":2})");
}

TEST(AnswerJson, RfmOfNobodyHasNoCuts) {
  wire::RfmReplyT reply;
  reply.state = SomeState();
  EXPECT_EQ(ToText(RfmJson(reply)),
            R"({"as_of":"2010-12-10","population":0,"cuts":null,"cells":[],"segments":[],)"
            R"("journal_sequence":42,"ranking_version":40,"rules_version":3,"fit_version":2})");
}

TEST(AnswerJson, AbcSharesAreFractionsOfTheTotal) {
  wire::AbcReplyT reply;
  reply.state = SomeState();
  reply.measure = "revenue";
  reply.total = 300;
  for (wire::AbcClass abc : wire::EnumValuesAbcClass()) {
    auto group = std::make_unique<wire::AbcGroupT>();
    group->class_ = abc;
    reply.classes.push_back(std::move(group));
  }
  reply.classes[0]->customers = 1;
  reply.classes[0]->sum = 200;
  reply.classes[0]->from = 200;
  reply.classes[1]->customers = 1;
  reply.classes[1]->sum = 100;
  reply.classes[1]->from = 100;
  reply.classes[3]->customers = 2;
  reply.classes[3]->sum = -50;
  reply.classes[3]->from = -50;
  EXPECT_EQ(ToText(AbcJson(reply)),
            R"({"as_of":"2010-12-10","measure":"revenue","total":300,"classes":[)"
            R"({"class":"A","customers":1,"sum":200,"share":0.6666666666666666,"from":200},)"
            R"({"class":"B","customers":1,"sum":100,"share":0.3333333333333333,"from":100},)"
            R"({"class":"C","customers":0,"sum":0,"share":0,"from":null},)"
            R"({"class":"none","customers":2,"sum":-50,"share":0,"from":-50}],)"
            R"("journal_sequence":42,"ranking_version":40,"rules_version":3,"fit_version":2})");
}

TEST(AnswerJson, ValueAndCountAreSums) {
  wire::ValueReplyT value;
  value.state = SomeState();
  auto group = std::make_unique<wire::ValueGroupT>();
  group->customers = 2;
  group->revenue = 7;
  value.classes.push_back(std::move(group));
  value.hidden_customers = 1;
  value.hidden_revenue = 3;
  EXPECT_EQ(ToText(ValueJson(value)),
            R"({"as_of":"2010-12-10","classes":[{"class":"individual","customers":2,"revenue":7}],)"
            R"("hidden_potential":{"customers":1,"revenue":3},)"
            R"("journal_sequence":42,"ranking_version":40,"rules_version":3,"fit_version":2})");
  wire::CountReplyT count;
  count.state = SomeState();
  count.customers = 1;
  count.orders = 2;
  count.revenue = 3;
  count.revenue_total = 4;
  EXPECT_EQ(ToText(CountJson(count)),
            R"({"customers":1,"orders":2,"revenue":3,"revenue_total":4,"as_of":"2010-12-10",)"
            R"("journal_sequence":42,"ranking_version":40,"rules_version":3,"fit_version":2})");
}

TEST(AnswerJson, PipelineNamesTheKeysOfItsGroups) {
  wire::PipelineReplyT reply;
  reply.state = SomeState();
  reply.by = {wire::PipelineKey::stage, wire::PipelineKey::month};
  auto group = std::make_unique<wire::PipelineGroupT>();
  group->keys = {"Offer", "none"};
  group->leads = 2;
  group->revenue = 1000;
  group->weighted = 750;
  group->overridden = 1;
  reply.total = std::make_unique<wire::PipelineGroupT>(*group);
  reply.groups.push_back(std::move(group));
  reply.won_leads = 1;
  reply.won_revenue = 9;
  const std::string open =
      R"({"as_of":"2010-12-10","groups":[{"by":{"stage":"Offer","month":"none"},"leads":2,)"
      R"("revenue":1000,"weighted":750,"overridden":1}],"total":{"leads":2,"revenue":1000,)"
      R"("weighted":750,"overridden":1},"won":{"leads":1,"revenue":9},)"
      R"("lost":{"leads":0,"revenue":0},)";
  EXPECT_EQ(ToText(PipelineJson(reply)),
            open + R"("journal_sequence":42,"rules_version":3,"fit_version":2})");

  reply.closed_by = {wire::PipelineKey::reason};
  auto closed = std::make_unique<wire::ClosedGroupT>();
  closed->status = wire::LeadStatus::won;
  closed->keys = {"price"};
  closed->leads = 1;
  closed->revenue = 9;
  reply.closed.push_back(std::move(closed));
  EXPECT_EQ(ToText(PipelineJson(reply)),
            open + R"("closed":[{"status":"won","by":{"reason":"price"},"leads":1,"revenue":9}],)"
                   R"("journal_sequence":42,"rules_version":3,"fit_version":2})");
}

}  // namespace
}  // namespace kundig::tools
