// What is explained of one customer: the numbers behind each class, score and risk, and the day on
// which each changes by itself, held against a book whose days pass.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "engine/book.h"
#include "engine/calendar.h"
#include "tests/engine/sample_days.h"

namespace kundig::engine {
namespace {

class BookExplain : public testing::Test {
 protected:
  void SetUp() override { Open(RuleSettings()); }
  void Open(RuleSettings settings) {
    BookOptions options;
    options.today = kToday;
    options.shards = 2;
    options.threads = 2;
    book_ = std::make_unique<Book>(CompileRules(std::move(settings), Calendar()).value(), options);
  }

  void Take(const Event& event) {
    const ApplyAnswer answer = book_->Apply(std::span(&event, 1));
    ASSERT_TRUE(answer.refused.empty()) << answer.refused[0].error.message;
  }
  void Order(std::string_view order, int days_ago, int64_t revenue,
             std::string_view customer = "ada") {
    Take(OrderPlaced{customer, order, Ago(days_ago), Minor{revenue}, std::nullopt, 1, ""});
  }
  void Rate(uint8_t bonding) {
    CustomerSet set;
    set.customer = "ada";
    set.bonding = Patch<uint8_t>::Set(bonding);
    Take(set);
  }
  void AdvanceTo(Day day) { ASSERT_TRUE(book_->AdvanceDay(day).has_value()); }
  ExplainAnswer Ask() {
    book_->RefreshRankings();
    return book_->Explain("ada");
  }

  // The day that `what` (a member of ForeseenDay) is foreseen for, and what it is to become.
  template <typename T>
  static std::optional<std::pair<Day, T>> Foreseen(const ExplainAnswer& answer,
                                                   std::optional<T> ForeseenDay::*what) {
    for (const ForeseenDay& day : answer.foresight->days) {
      if (day.*what) return std::pair(day.on, *(day.*what));
    }
    return std::nullopt;
  }
  static std::optional<Day> RiskMoves(const ExplainAnswer& answer, RiskSet ForeseenDay::*what,
                                      Risk risk) {
    for (const ForeseenDay& day : answer.foresight->days) {
      if ((day.*what & BitOf(risk)) != 0) return day.on;
    }
    return std::nullopt;
  }
  // The explained risk; fails where it does not hold.
  ExplainedRisk Risking(Risk risk) {
    for (const ExplainedRisk& explained : Ask().risks) {
      if (explained.risk == risk) return explained;
    }
    ADD_FAILURE() << "does not run risk " << static_cast<int>(risk);
    return {};
  }
  void ExpectRisk(Risk risk, RiskReason reason, int64_t value, int64_t limit,
                  std::optional<Day> since, std::optional<Day> ends) {
    const ExplainedRisk explained = Risking(risk);
    EXPECT_EQ(explained.reason, reason);
    EXPECT_EQ(explained.value, value);
    EXPECT_EQ(explained.limit, limit);
    EXPECT_EQ(explained.since, since);
    EXPECT_EQ(RiskMoves(Ask(), &ForeseenDay::risks_ended, risk), ends);
  }

  std::unique_ptr<Book> book_;
};

TEST_F(BookExplain, SaysWhenACustomerBecomesInactive) {
  Order("1", 8, 100);
  const ExplainAnswer answer = Ask();
  EXPECT_EQ(answer.activity.activity, Activity::kActive);
  EXPECT_EQ(answer.activity.last_activity, kToday - 8);
  EXPECT_EQ(answer.activity.inactive_days, 8);
  EXPECT_EQ(answer.activity.overdue_after_days, std::nullopt) << "no rhythm yet";
  const auto inactive = Foreseen(answer, &ForeseenDay::activity);
  EXPECT_EQ(inactive, std::pair(kToday - 8 + 365, Activity::kInactive));
  AdvanceTo(kToday - 8 + 364);
  EXPECT_EQ(Ask().activity.activity, Activity::kActive);
  AdvanceTo(inactive->first);
  EXPECT_EQ(Ask().activity.activity, Activity::kInactive);
  EXPECT_EQ(Foreseen(Ask(), &ForeseenDay::activity), std::pair(kToday - 8 + 1095, Activity::kLost));
}

TEST_F(BookExplain, MeasuresTheOwnRhythm) {
  for (const int days_ago : {35, 22, 10}) Order(std::to_string(days_ago), days_ago, 100);
  const ExplainAnswer answer = Ask();
  EXPECT_EQ(answer.activity.purchase_days, 3u);
  EXPECT_EQ(answer.activity.mean_gap_thousandths, 12'500);
  EXPECT_EQ(answer.activity.overdue_after_days, 25);
  EXPECT_EQ(Foreseen(answer, &ForeseenDay::activity),
            std::pair(kToday - 10 + 26, Activity::kOverdue));
  EXPECT_EQ(RiskMoves(answer, &ForeseenDay::risks_begun, Risk::kSlowing), kToday - 10 + 26);
  AdvanceTo(kToday - 10 + 25);
  EXPECT_EQ(Ask().activity.activity, Activity::kActive);
  AdvanceTo(kToday - 10 + 26);
  EXPECT_EQ(Ask().activity.activity, Activity::kOverdue);
  // Until he counts as inactive.
  ExpectRisk(Risk::kSlowing, RiskReason::kOverdue, 26, 25, kToday - 10 + 26, kToday - 10 + 365);
}

TEST_F(BookExplain, NamesTheRuleOfThePhase) {
  Take(Visit{"ada", Ago(1)});
  EXPECT_EQ(Ask().phase.reason, PhaseReason::kNoOrder);
  EXPECT_EQ(Foreseen(Ask(), &ForeseenDay::phase), std::nullopt);

  Order("1", 20, 100);
  EXPECT_EQ(Ask().phase.reason, PhaseReason::kNewCustomer);
  EXPECT_EQ(Ask().phase.first_order, kToday - 20);
  EXPECT_EQ(Foreseen(Ask(), &ForeseenDay::phase), std::pair(kToday + 70, Phase::kGrowth));

  Take(Termination{"ada", Ago(5), TerminationState::kGiven, kToday + 3, ""});
  EXPECT_EQ(Ask().phase.reason, PhaseReason::kNotice);
  EXPECT_EQ(Ask().phase.notice, kToday + 3);
  EXPECT_EQ(Foreseen(Ask(), &ForeseenDay::phase), std::pair(kToday + 4, Phase::kAbstinence));
  AdvanceTo(kToday + 3);
  EXPECT_EQ(Ask().phase.phase, Phase::kTermination);
  AdvanceTo(kToday + 4);
  EXPECT_EQ(Ask().phase.reason, PhaseReason::kNoticeTookEffect);

  Order("2", -4, 100);
  EXPECT_EQ(Ask().phase.reason, PhaseReason::kCameBack);
  EXPECT_EQ(Ask().phase.came_back, kToday + 4);
  EXPECT_EQ(Foreseen(Ask(), &ForeseenDay::phase), std::pair(kToday + 94, Phase::kGrowth));
}

TEST_F(BookExplain, HoldsRevenueAgainstThatOfTheSpanBefore) {
  Order("first", 400, 7);
  Order("before", 300, 100);
  Order("recent", 10, 100);
  ExplainAnswer answer = Ask();
  EXPECT_EQ(answer.phase.reason, PhaseReason::kSteady);
  EXPECT_EQ(answer.phase.recent, Minor{100});
  EXPECT_EQ(answer.phase.before, Minor{100});
  // Three purchase days with a mean gap of 195 days say nothing yet; the order of 300 days ago
  // leaves the span before, and nothing is left to compare with.
  const auto grows = Foreseen(answer, &ForeseenDay::phase);
  EXPECT_EQ(grows, std::pair(kToday + 60, Phase::kGrowth));
  AdvanceTo(kToday + 59);
  EXPECT_EQ(Ask().phase.phase, Phase::kMaturity);
  AdvanceTo(kToday + 60);
  EXPECT_EQ(Ask().phase.reason, PhaseReason::kGrowth);
  // The last order leaves the recent span.
  EXPECT_EQ(Foreseen(Ask(), &ForeseenDay::phase), std::pair(kToday + 170, Phase::kDegeneration));
  AdvanceTo(kToday + 170);
  EXPECT_EQ(Ask().phase.reason, PhaseReason::kDecline);
}

TEST_F(BookExplain, TellsTheCutsAroundAScore) {
  RuleSettings settings;
  settings.rfm.scoring = RfmScoring::kFixed;
  settings.rfm.recency_cuts = {10, 30, 60, 90};
  settings.rfm.frequency_cuts = {1, 2, 5, 9};
  settings.rfm.monetary_cuts = {100, 100, 500, 900};
  Open(settings);
  Order("1", 40, 60);
  Order("2", 30, 40);
  const ExplainAnswer answer = Ask();
  ASSERT_TRUE(answer.rfm.has_value());
  const auto is = [](const std::optional<ExplainedScore::Neighbour>& neighbour, int score,
                     int64_t from) {
    return neighbour && neighbour->score == score && neighbour->from == from;
  };
  const ExplainedScore& recency = answer.rfm->recency;
  EXPECT_EQ(recency.value, 30);
  EXPECT_EQ(recency.score, 3);
  EXPECT_TRUE(is(recency.better, 4, 29));
  EXPECT_TRUE(is(recency.worse, 2, 60));
  const ExplainedScore& frequency = answer.rfm->frequency;
  EXPECT_EQ(frequency.value, 2);
  EXPECT_EQ(frequency.score, 2);
  EXPECT_TRUE(is(frequency.better, 3, 3));
  EXPECT_TRUE(is(frequency.worse, 1, 1));
  const ExplainedScore& monetary = answer.rfm->monetary;
  EXPECT_EQ(monetary.score, 1);
  EXPECT_TRUE(is(monetary.better, 3, 101)) << "no value has the score 2";
  EXPECT_FALSE(monetary.worse.has_value());
  EXPECT_EQ(answer.rfm->segment, answer.rules->segment_names()[answer.rules->SegmentOf(3, 2, 1)]);

  EXPECT_EQ(Foreseen(answer, &ForeseenDay::r), std::pair(kToday + 30, uint8_t{2}));
  EXPECT_EQ(Foreseen(answer, &ForeseenDay::f), std::pair(kToday + 325, uint8_t{1}));
  EXPECT_EQ(Foreseen(answer, &ForeseenDay::m), std::pair(kToday + 335, uint8_t{0}));
  // 321 and 221 are one segment, 121 is another.
  EXPECT_EQ(Foreseen(answer, &ForeseenDay::rfm_segment),
            std::pair(kToday + 60, std::string_view("Lost")));
  AdvanceTo(kToday + 335);
  EXPECT_FALSE(Ask().rfm.has_value()) << "no order is left in the window";
}

TEST_F(BookExplain, TellsTheMeasureThatTheNextClassBeginsAt) {
  Order("1", 10, 90, "bob");
  Order("2", 10, 7, "cid");
  Order("3", 10, 2);
  Order("4", 300, 1);
  ExplainAnswer answer = Ask();
  EXPECT_EQ(answer.abc.abc, AbcClass::kC);
  EXPECT_EQ(answer.abc.value, Minor{3});
  EXPECT_EQ(answer.abc.better, AbcClass::kB);
  EXPECT_EQ(answer.abc.better_from, Minor{7});
  EXPECT_EQ(Foreseen(answer, &ForeseenDay::abc), std::pair(kToday + 355, AbcClass::kNone));
  const ExplainAnswer best = book_->Explain("bob");
  EXPECT_EQ(best.abc.abc, AbcClass::kA);
  EXPECT_EQ(best.abc.better, std::nullopt);
  Take(OrderCancelled{"ada", "3"});
  Take(OrderCancelled{"ada", "4"});
  answer = Ask();
  EXPECT_EQ(answer.abc.abc, AbcClass::kNone);
  EXPECT_EQ(answer.abc.better_from, Minor{1});
}

TEST_F(BookExplain, ForeseesTheValueClassWithItsMemory) {
  RuleSettings settings;
  settings.rfm.window_days = 30;
  settings.value.between = Between::kLastClose;
  settings.value.criteria = {
      {.field = "orders", .weight = 1, .missing = Missing::kSkip, .points = {}}};
  settings.value.criteria[0].points = {{0, 0}, {1, 55}, {2, 70}};
  Open(settings);
  Order("1", 20, 100);
  Order("2", 10, 100);
  EXPECT_EQ(Ask().value_class, ValueClass::kIndividual);
  // On the tenth day one order is left: between the thresholds, where the memory keeps the class.
  // On the twentieth none is.
  EXPECT_EQ(Foreseen(Ask(), &ForeseenDay::value_class),
            std::pair(kToday + 20, ValueClass::kStandard));
  for (int days = 1; days < 20; ++days) {
    AdvanceTo(kToday + days);
    EXPECT_EQ(Ask().value_class, ValueClass::kIndividual) << days;
  }
  AdvanceTo(kToday + 20);
  EXPECT_EQ(Ask().value_class, ValueClass::kStandard);
}

TEST_F(BookExplain, CountsAnOrderOfTomorrowFromTomorrowOn) {
  Order("1", -1, 100);
  const ExplainAnswer answer = Ask();
  EXPECT_EQ(answer.phase.reason, PhaseReason::kNoOrder);
  EXPECT_EQ(Foreseen(answer, &ForeseenDay::phase), std::pair(kToday + 1, Phase::kSocialization));
  AdvanceTo(kToday + 1);
  EXPECT_EQ(Ask().phase.phase, Phase::kSocialization);
}

TEST_F(BookExplain, GivesTheNumbersBehindRisks) {
  Take(LatePayment{"ada", Ago(100)});
  Take(LatePayment{"ada", Ago(20)});
  ExpectRisk(Risk::kLatePayment, RiskReason::kLatePayment, 20, 180, kToday - 100, kToday + 160);

  for (const int days_ago : {25, 3, 2}) Take(ServiceRequest{"ada", Ago(days_ago)});
  ExpectRisk(Risk::kService, RiskReason::kServiceRequests, 3, 3, kToday - 2, kToday + 5);

  Take(Complaint{"ada", "k1", Ago(9), std::nullopt});
  ExpectRisk(Risk::kComplaint, RiskReason::kOpenComplaint, 9, 7, kToday - 2, std::nullopt);

  CustomerSet set;
  set.customer = "ada";
  set.satisfaction = Patch<uint8_t>::Set(uint8_t{5});
  set.referral = Patch<uint8_t>::Set(uint8_t{6});
  Take(set);
  ExpectRisk(Risk::kDissatisfied, RiskReason::kReferral, 6, 6, std::nullopt, std::nullopt);
  set.satisfaction = Patch<uint8_t>::Set(uint8_t{4});
  Take(set);
  ExpectRisk(Risk::kDissatisfied, RiskReason::kSatisfaction, 4, 4, std::nullopt, std::nullopt);

  LeadSet lead;
  lead.lead = "l1";
  lead.stage = "Offer";
  lead.customer = Patch<std::string_view>::Set("ada");
  lead.opened = Patch<Day>::Set(kToday - 7);
  Take(lead);
  EXPECT_EQ(RiskMoves(Ask(), &ForeseenDay::risks_begun, Risk::kUnanswered), kToday + 1);
  AdvanceTo(kToday + 1);
  ExpectRisk(Risk::kUnanswered, RiskReason::kOpenLead, 8, 7, kToday + 1, std::nullopt);
}

TEST_F(BookExplain, CountsContacts) {
  Order("1", 20, 100);
  for (const int days_ago : {21, 20, 15, 10, 2}) Take(Contact{"ada", Ago(days_ago), "mail", ""});
  ExpectRisk(Risk::kOverloaded, RiskReason::kEarlyContacts, 4, 3, kToday - 2, kToday + 10);
  for (const int days_ago : {4, 5, 6, 7}) Take(Contact{"ada", Ago(days_ago), "mail", ""});
  ExpectRisk(Risk::kOverloaded, RiskReason::kContacts, 9, 8, kToday - 2, kToday + 10);
}

TEST_F(BookExplain, TellsOfNeglectAndHandover) {
  const auto own = [this](std::string_view owner) {
    CustomerSet set;
    set.customer = "ada";
    set.owner = Patch<std::string_view>::Set(owner);
    Take(set);
  };
  Order("1", 60, 100);
  own("ann");
  own("bob");
  ExpectRisk(Risk::kHandover, RiskReason::kOwnerChanged, 60, 90, kToday, kToday + 90);
  EXPECT_EQ(RiskMoves(Ask(), &ForeseenDay::risks_begun, Risk::kNeglected), kToday + 120);
  AdvanceTo(kToday + 120);
  // Until the order leaves the window, and with it the class A.
  ExpectRisk(Risk::kNeglected, RiskReason::kUnseen, 180, 180, kToday + 120, kToday + 305);
}

TEST_F(BookExplain, TellsSinceWhenACustomerCostsMoreThanHeEarns) {
  Take(OrderPlaced{"ada", "1", Ago(50), Minor{900}, Minor{300}, 1, ""});
  Take(Cost{"ada", "c1", Ago(60), Minor{200}, ""});
  Take(Cost{"ada", "c2", Ago(40), Minor{101}, ""});
  ExpectRisk(Risk::kUnprofitable, RiskReason::kCustomerValue, -1, 0, kToday - 40, std::nullopt);
  Take(Cost{"ada", "c1", Ago(60), Minor{301}, ""});
  ExpectRisk(Risk::kUnprofitable, RiskReason::kCustomerValue, -102, 0, kToday - 50, std::nullopt);
  Take(OrderPlaced{"ada", "2", Ago(-1), Minor{900}, Minor{102}, 1, ""});
  ExpectRisk(Risk::kUnprofitable, RiskReason::kCustomerValue, -102, 0, kToday - 50, kToday + 1);
}

TEST_F(BookExplain, FollowsTheChurnScore) {
  RuleSettings settings;
  settings.churn.pinned = ChurnParameters{.r = 0.525, .alpha = 6.183, .a = 0.891, .b = 1.614};
  Open(settings);
  for (const int days_ago : {100, 80, 60}) Order(std::to_string(days_ago), days_ago, 100);
  const auto begins = RiskMoves(Ask(), &ForeseenDay::risks_begun, Risk::kChurn);
  ASSERT_TRUE(begins.has_value());
  AdvanceTo(*begins - 1);
  EXPECT_EQ(RiskMoves(Ask(), &ForeseenDay::risks_begun, Risk::kChurn), begins);
  AdvanceTo(*begins + 7);
  const ExplainedRisk churn = Risking(Risk::kChurn);
  EXPECT_EQ(churn.since, begins);
  EXPECT_EQ(churn.limit, 660'000);
  EXPECT_GT(churn.value, churn.limit);
}

TEST_F(BookExplain, ForeseesNothingForABookWithoutHistories) {
  Order("1", 8, 100);
  for (const int days_ago : {5, 4, 3}) Take(ServiceRequest{"ada", Ago(days_ago)});
  for (const Day as_of : {kToday, kToday - 2}) {
    RecountOrder order;
    order.as_of = as_of;
    const auto recounts = book_->Recount(order);
    ASSERT_TRUE(recounts.has_value());
    const ExplainAnswer then = recounts->front()->Explain("ada");
    EXPECT_FALSE(then.foresight.has_value());
    EXPECT_EQ(then.activity.inactive_days, as_of - (kToday - 8));
    EXPECT_EQ(then.phase.reason, PhaseReason::kNewCustomer);
    ASSERT_EQ(then.risks.size(), 1u);
    EXPECT_EQ(then.risks[0].value, std::nullopt);
    EXPECT_EQ(then.risks[0].since, kToday - 3);
  }
}

TEST_F(BookExplain, LooksAheadForFiveYearsAndNotBehindTheLastDay) {
  Order("1", 8, 100);
  EXPECT_EQ(Ask().foresight->through, kToday + kForesightDays);
  AdvanceTo(kLastDay - 1);
  const ExplainAnswer answer = Ask();
  EXPECT_EQ(answer.foresight->through, kLastDay);
  EXPECT_TRUE(answer.foresight->days.empty());
  EXPECT_FALSE(book_->Explain("nobody").found);
}

}  // namespace
}  // namespace kundig::engine
