// The explanation of a customer beside its value class, as JSON and as text.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/tools/sample_answers.h"
#include "tools/answer_json.h"
#include "tools/answer_text.h"

namespace kundig::tools {
namespace {

using testing::HasSubstr;
using testing::Not;

std::unique_ptr<wire::ExplainedScoreT> Score(int64_t value, uint8_t score) {
  auto explained = std::make_unique<wire::ExplainedScoreT>();
  explained->value = value;
  explained->score = score;
  return explained;
}

std::unique_ptr<wire::ExplainedRiskT> RiskOf(wire::Risk risk, wire::RiskReason reason,
                                             int64_t value, int64_t limit) {
  auto explained = std::make_unique<wire::ExplainedRiskT>();
  explained->risk = risk;
  explained->reason = reason;
  explained->value = value;
  explained->limit = limit;
  return explained;
}

// On 2010-12-10, which is day 14953.
wire::ExplainReplyT Ada() {
  wire::ExplainReplyT reply;
  reply.state = std::make_unique<wire::State>(42, 40, 14'953, 3, 0);
  reply.customer = "ada";
  reply.found = true;
  reply.activity = std::make_unique<wire::ExplainedActivityT>();
  reply.activity->activity = wire::Activity::active;
  reply.activity->last_activity = 14'945;
  reply.activity->last_order = 14'944;
  reply.activity->inactive_days = 8;
  reply.activity->recency_days = 9;
  reply.activity->purchase_days = 3;
  reply.activity->mean_gap = 12'500;
  reply.activity->overdue_after = 25;
  reply.activity->inactive_after = 365;
  reply.activity->lost_after = 1095;
  reply.activity->overdue_percent = 200;
  reply.phase = std::make_unique<wire::ExplainedPhaseT>();
  reply.phase->phase = wire::Phase::degeneration;
  reply.phase->reason = wire::PhaseReason::decline;
  reply.phase->first_order = 14'000;
  reply.phase->recent = 4'900;
  reply.phase->before = 10'000;
  reply.phase->span_days = 180;
  reply.phase->new_days = 90;
  reply.phase->revival_days = 91;
  reply.phase->decline_percent = 50;
  reply.phase->growth_percent = 120;
  reply.rfm = std::make_unique<wire::ExplainedRfmT>();
  reply.rfm->segment = "Loyal";
  reply.rfm->window_days = 365;
  reply.rfm->recency = Score(9, 4);
  reply.rfm->recency->better_score = 5;
  reply.rfm->recency->better_from = 3;
  reply.rfm->recency->worse_score = 2;
  reply.rfm->recency->worse_from = 20;
  reply.rfm->frequency = Score(3, 5);
  reply.rfm->monetary = Score(15'050, 1);
  reply.rfm->monetary->better_score = 3;
  reply.rfm->monetary->better_from = 20'000;
  reply.abc = std::make_unique<wire::ExplainedAbcT>();
  reply.abc->abc = wire::AbcClass::c;
  reply.abc->measure = "margin";
  reply.abc->value = 300;
  reply.abc->window_days = 365;
  reply.abc->better = wire::AbcClass::b;
  reply.abc->better_from = 700;
  reply.risks.push_back(RiskOf(wire::Risk::slowing, wire::RiskReason::overdue, 26, 25));
  reply.risks.back()->since = 14'953;
  reply.risks.push_back(RiskOf(wire::Risk::unprofitable, wire::RiskReason::customer_value, -50, 0));
  reply.risks.push_back(RiskOf(wire::Risk::churn, wire::RiskReason::churn_score, 712'000, 660'000));
  reply.foreseen_through = 16'779;
  auto day = std::make_unique<wire::ForeseenDayT>();
  day->on = 14'964;
  day->r = 2;
  day->risks_begun = {wire::Risk::neglected};
  day->risks_ended = {wire::Risk::slowing};
  reply.changes.push_back(std::move(day));
  day = std::make_unique<wire::ForeseenDayT>();
  day->on = 15'310;
  day->activity = wire::Activity::inactive;
  day->phase = wire::Phase::abstinence;
  day->m = 0;
  day->rfm_segment = "none";
  day->abc = wire::AbcClass::none;
  day->value_class = wire::ValueClass::standard;
  reply.changes.push_back(std::move(day));
  return reply;
}

TEST(ExplainAnswer, JsonGivesNumbersLimitsAndDays) {
  const std::string text = ToText(ExplainJson(Ada()));
  EXPECT_THAT(
      text,
      HasSubstr(R"("activity":{"activity":"active","last_activity":"2010-12-02",)"
                R"("inactive_days":8,"last_order":"2010-12-01","recency_days":9,)"
                R"("purchase_days":3,"mean_gap_days":12.5,"overdue_after":25,)"
                R"("inactive_after":365,"lost_after":1095,"overdue_percent":200},)"
                R"("phase":{"phase":"degeneration","reason":"decline","first_order":"2008-05-01",)"
                R"("notice":null,"came_back":null,"recent":4900,"before":10000,"span_days":180,)"
                R"("new_days":90,"revival_days":91,"decline_percent":50,"growth_percent":120},)"
                R"("rfm":{"segment":"Loyal","window_days":365,)"
                R"("recency":{"score":4,"value":9,"better":{"score":5,"from":3,"distance":6},)"
                R"("worse":{"score":2,"from":20,"distance":11}},)"
                R"("frequency_of":"orders","frequency":{"score":5,"value":3,"better":null,)"
                R"("worse":null},"monetary_of":"total","monetary":{"score":1,"value":15050,)"
                R"("better":{"score":3,"from":20000,"distance":4950},"worse":null}},)"
                R"("abc":{"class":"C","measure":"margin","window_days":365,"value":300,)"
                R"("better":{"class":"B","from":700,"distance":400}},)"
                R"("risks":[{"risk":"slowing","reason":"overdue","value":26,"limit":25,)"
                R"("since":"2010-12-10"},{"risk":"unprofitable","reason":"customer_value",)"
                R"("value":-50,"limit":0,"since":null},{"risk":"churn","reason":"churn_score",)"
                R"("value":0.712,"limit":0.66,"since":null}],"foreseen_through":"2015-12-10",)"
                R"("changes":[{"on":"2010-12-21","r":2,"risks_begun":["neglected"],)"
                R"("risks_ended":["slowing"]},{"on":"2011-12-02","activity":"inactive",)"
                R"("phase":"abstinence","m":null,"rfm_segment":"none","abc":"none",)"
                R"("value_class":"standard"}],"journal_sequence":42)"));
  wire::ExplainReplyT earlier = Ada();
  earlier.foreseen_through = flatbuffers::nullopt;
  EXPECT_THAT(ToText(ExplainJson(earlier)), Not(HasSubstr("changes")));
}

TEST(ExplainAnswer, TextHasALineForEachClassAndRisk) {
  const std::string text = ExplainText(Ada(), kPlain);
  for (const char* line :
       {"value class  review        as above",
        "→ standard on 2011-12-02\n",
        "activity     active        last activity 2010-12-02, 8 days ago (inactive from 365, lost "
        "from 1095)",
        "→ inactive on 2011-12-02 unless an order or a visit comes\n",
        "rhythm                     an order every 12.5 days, the last 9 days ago (overdue after "
        "25)\n",
        "phase        degeneration  49.00 in the last 180 days, 100.00 in the 180 before: below 50 "
        "%",
        "→ abstinence on 2011-12-02\n",
        "segment      Loyal         r 4, f 5, m 1",
        "recency      4             9 days; 5 down to 3 (6 less); 2 from 20 (11 more)",
        "→ 2 on 2010-12-21\n",
        "frequency    5             3 orders\n",
        "monetary     1             150.50 in all; 3 from 200.00 (49.50 more)",
        "→ unscored on 2011-12-02\n",
        "ABC class    C             margin 3.00; B from 7.00 (4.00 more)",
        "risk         slowing       the last order 26 days ago, more than 25; since 2010-12-10",
        "→ ends on 2010-12-21\n",
        "risk         unprofitable  customer value -0.50, below 0.00\n",
        "risk         churn         churn score 0.712, above 0.66\n",
        "no risk yet  neglected",
        "→ begins on 2010-12-21\n",
        "→ what comes by itself: unless anything new comes, with today's rankings, rules and churn "
        "fit, until "
        "2015-12-10\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(ExplainAnswer, TextSaysWhatWouldPreventAChange) {
  wire::ExplainReplyT reply = Ada();
  reply.changes.back()->activity = wire::Activity::overdue;
  reply.rfm->frequency->value = 1;
  const std::string text = ExplainText(reply, kPlain);
  EXPECT_THAT(text, HasSubstr("→ overdue on 2011-12-02 unless an order comes\n"));
  EXPECT_THAT(text, HasSubstr("1 order\n"));
}

TEST(ExplainAnswer, TextOfAnEarlierDayForeseesNothing) {
  wire::ExplainReplyT reply = Ada();
  reply.changes.clear();
  reply.foreseen_through = flatbuffers::nullopt;
  reply.rfm = nullptr;
  reply.risks.push_back(std::make_unique<wire::ExplainedRiskT>());
  reply.risks.back()->limit = 8;
  const std::string text = ExplainText(reply, kPlain);
  EXPECT_THAT(text, Not(HasSubstr("→")));
  EXPECT_THAT(text, HasSubstr("segment      –             unscored: no order in the window\n"));
  EXPECT_THAT(text, HasSubstr("too many contacts in 30 days, more than 8\n"));
}

TEST(ExplainAnswer, TextSaysWhichRuleOfThePhaseDecided) {
  wire::ExplainReplyT reply = Ada();
  reply.phase->notice = 14'960;
  reply.phase->came_back = 14'900;
  const auto says = [&reply](wire::PhaseReason reason) {
    reply.phase->reason = reason;
    return ExplainText(reply, kPlain);
  };
  using enum wire::PhaseReason;
  EXPECT_THAT(says(no_order), HasSubstr("no order"));
  EXPECT_THAT(says(notice), HasSubstr("notice given, effective 2010-12-17"));
  EXPECT_THAT(says(notice_took_effect),
              HasSubstr("a notice took effect on 2010-12-17, and no order came since"));
  EXPECT_THAT(says(inactive), HasSubstr("inactive or lost"));
  EXPECT_THAT(says(came_back), HasSubstr("came back on 2010-10-18, less than 91 days ago"));
  EXPECT_THAT(says(new_customer), HasSubstr("first order on 2008-05-01, less than 90 days ago"));
  EXPECT_THAT(says(young_customer), HasSubstr("first order on 2008-05-01, less than 360 days ago"));
  EXPECT_THAT(says(growth), HasSubstr("in the 180 before: above 120 %"));
  EXPECT_THAT(says(steady), HasSubstr("in the 180 before: neither below 50 % nor above 120 %"));
}

}  // namespace
}  // namespace kundig::tools
