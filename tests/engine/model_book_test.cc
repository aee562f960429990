// The model is what the engine is measured by, so it is measured by hand here.

#include "tests/engine/model_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/sample_days.h"

namespace kundig::engine {
namespace {

using testing::ElementsAre;

CustomerSet Customer(std::string_view id) {
  CustomerSet set;
  set.customer = id;
  return set;
}

LeadSet Lead(std::string_view id, std::optional<LeadStatus> status,
             std::optional<std::string_view> stage) {
  LeadSet set;
  set.lead = id;
  set.status = status;
  set.stage = stage;
  return set;
}

class ModelBookTest : public testing::Test {
 protected:
  void Use(RuleSettings settings) {
    Result<std::shared_ptr<const Rules>> rules = CompileRules(std::move(settings), Calendar());
    ASSERT_TRUE(rules.has_value()) << rules.error().field << ": " << rules.error().message;
    book_ = std::make_unique<ModelBook>(*rules, kToday);
  }
  void SetUp() override { Use(RuleSettings()); }

  ApplyAnswer Take(const Event& event) { return book_->Apply(std::span(&event, 1)); }
  // What the event is refused for; nullopt where it is taken.
  std::optional<ErrorCode> Refusal(const Event& event) {
    const ApplyAnswer answer = Take(event);
    if (answer.refused.empty()) return std::nullopt;
    return answer.refused[0].error.code;
  }
  void Order(std::string_view customer, std::string_view order, Day day, int64_t revenue,
             std::optional<Minor> margin = std::nullopt) {
    ASSERT_EQ(Refusal(OrderPlaced{customer, order, On(day), Minor{revenue}, margin, 1, ""}),
              std::nullopt);
  }
  void Return(std::string_view customer, std::string_view id, Day day, int64_t amount) {
    ASSERT_EQ(Refusal(ReturnReceived{customer, id, On(day), Minor{amount}, std::nullopt, ""}),
              std::nullopt);
  }
  Profile Ask(std::string_view id) {
    ProfilesAnswer answer;
    book_->Profiles(std::span(&id, 1), &answer);
    return answer.profiles[0];
  }
  std::vector<std::string> Listed(ListQuery query) {
    query.fields = {"customer"};
    const Result<ListAnswer> answer = book_->List(query);
    EXPECT_TRUE(answer.has_value());
    return {answer->columns[0].texts.begin(), answer->columns[0].texts.end()};
  }

  std::unique_ptr<ModelBook> book_;
};

TEST_F(ModelBookTest, WindowHoldsItsLastDaysOnly) {
  Order("a", "in", kToday - 364, 100);
  Order("a", "out", kToday - 365, 1000);
  Return("a", "r", kToday, 30);
  const Profile a = Ask("a");
  EXPECT_EQ(a.orders, 1u);
  EXPECT_EQ(a.revenue, Minor{70});
  EXPECT_EQ(a.orders_total, 2u);
  EXPECT_EQ(a.revenue_total, Minor{1070});
  EXPECT_EQ(a.purchase_days, 2u);
  EXPECT_EQ(a.recency_days, 364);
  ASSERT_TRUE(book_->AdvanceDay(kToday + 1).has_value());
  EXPECT_EQ(Ask("a").orders, 0u);
  EXPECT_EQ(Ask("a").revenue, Minor{-30});
}

TEST_F(ModelBookTest, OrderOfTomorrowIsKnownButNotSummed) {
  Order("a", "1", kToday + 1, 100);
  EXPECT_EQ(Ask("a").recency_days, -1);
  EXPECT_EQ(Ask("a").purchase_days, 1u);
  EXPECT_EQ(Ask("a").orders_total, 0u);
  EXPECT_EQ(Ask("a").revenue_total, Minor{0});
  EXPECT_EQ(Ask("a").activity, Activity::kProspect);
  ASSERT_TRUE(book_->AdvanceDay(kToday + 1).has_value());
  EXPECT_EQ(Ask("a").orders_total, 1u);
  EXPECT_EQ(Ask("a").orders, 1u);
}

TEST_F(ModelBookTest, SameIdentityReplacesAndCancelledOrderNeverWas) {
  const OrderPlaced order{"a", "1", On(kToday), Minor{100}, std::nullopt, 2, ""};
  EXPECT_EQ(Take(order).applied, 1u);
  EXPECT_EQ(Take(order).unchanged, 1u);
  OrderPlaced corrected = order;
  corrected.revenue = Minor{40};
  EXPECT_EQ(Take(corrected).replaced, 1u);
  EXPECT_EQ(Ask("a").revenue, Minor{40});
  EXPECT_EQ(Take(OrderCancelled{"a", "1"}).applied, 1u);
  EXPECT_EQ(Take(OrderCancelled{"a", "1"}).unchanged, 1u);
  EXPECT_EQ(Ask("a").first_order, std::nullopt);
  EXPECT_EQ(Take(order).applied, 1u);
  EXPECT_EQ(book_->State().journal_sequence, 6u);
}

TEST_F(ModelBookTest, RefusedEventChangesNothing) {
  EXPECT_EQ(Refusal(Visit{"a", On(kToday + 2)}), ErrorCode::kFutureEvent);
  EXPECT_EQ(Refusal(Visit{"a", On(kDayBeforeFirst)}), ErrorCode::kInvalidValue);
  EXPECT_EQ(Refusal(OrderPlaced{"a", "1", On(kToday), Minor{1}, {}, 0, "GBP"}),
            ErrorCode::kCurrencyMismatch);
  EXPECT_FALSE(Ask("a").found);
  EXPECT_EQ(book_->State().journal_sequence, 0u);
}

TEST_F(ModelBookTest, QuantileCutsScoreFiveValuesFromOneToFive) {
  for (const char* id : {"1", "2", "3", "4", "5"}) {
    Order(id, "o", kToday - 10 * (id[0] - '0'), 100 * (id[0] - '0'));
  }
  const RfmAnswer rfm = book_->Rfm();
  EXPECT_EQ(rfm.population, 5u);
  EXPECT_THAT(rfm.cuts->monetary, ElementsAre(100, 200, 300, 400));
  EXPECT_THAT(rfm.cuts->recency_days, ElementsAre(50, 40, 30, 20));
  EXPECT_THAT(rfm.cuts->frequency, ElementsAre(1, 1, 1, 1));
  EXPECT_EQ(Ask("1").rfm->m, 1);
  EXPECT_EQ(Ask("1").rfm->r, 5);
  EXPECT_EQ(Ask("5").rfm->m, 5);
  EXPECT_EQ(Ask("5").rfm->r, 1);
  EXPECT_EQ(Ask("5").rfm->f, 1);
  EXPECT_EQ(rfm.cells.size(), 5u);
}

TEST_F(ModelBookTest, FixedCutsAndAverageMonetary) {
  RuleSettings settings;
  settings.rfm.scoring = RfmScoring::kFixed;
  settings.rfm.monetary = RfmMonetary::kAverage;
  settings.rfm.recency_cuts = {10, 20, 30, 40};
  settings.rfm.frequency_cuts = {1, 2, 3, 4};
  settings.rfm.monetary_cuts = {-2, -1, 0, 1};
  Use(settings);
  Order("a", "1", kToday - 10, 0);
  Order("a", "2", kToday - 30, 0);
  Return("a", "r", kToday, 3);  // -1.5 an order, rounded away from zero
  const RfmScores scores = *Ask("a").rfm;
  EXPECT_EQ(scores.r, 4);
  EXPECT_EQ(scores.f, 2);
  EXPECT_EQ(scores.m, 1);
  EXPECT_EQ(RoundHalfAway(-5, 2), -3);
  EXPECT_EQ(RoundHalfAway(5, 2), 3);
  EXPECT_EQ(RoundHalfAway(4, 3), 1);
}

TEST_F(ModelBookTest, AbcCutsStayOrDrop) {
  Order("eighty", "1", kToday, 80);
  Order("fifteen", "1", kToday, 15);
  Order("five", "1", kToday, 5);
  Return("minus", "1", kToday, 7);
  EXPECT_EQ(Ask("eighty").abc, AbcClass::kA);
  EXPECT_EQ(Ask("fifteen").abc, AbcClass::kB);
  EXPECT_EQ(Ask("five").abc, AbcClass::kC);
  const AbcAnswer abc = book_->Abc();
  EXPECT_EQ(abc.total, Minor{100});
  EXPECT_EQ(abc.classes[3].from, Minor{-7});
  EXPECT_EQ(abc.classes[3].sum, Minor{-7});

  RuleSettings settings;
  settings.abc.boundary = AbcBoundary::kDrop;
  Use(settings);
  Order("ninety", "1", kToday, 90);
  Order("x", "1", kToday, 5);
  Order("y", "1", kToday, 5);
  EXPECT_EQ(Ask("ninety").abc, AbcClass::kB);
  EXPECT_EQ(Ask("x").abc, AbcClass::kC);
  EXPECT_EQ(Ask("y").abc, AbcClass::kC);
  EXPECT_EQ(book_->Abc().classes[0].from, std::nullopt);
}

TEST_F(ModelBookTest, ValueClassByScoreRuleAndPotential) {
  RuleSettings settings;
  settings.value.criteria = {{"revenue", 2, Missing::kSkip, {{0, 0}, {100, 50}, {1000, 100}}},
                             {"satisfaction", 1, Missing::kSkip, {{0, 0}, {8, 100}}},
                             {"potential", 3, Missing::kZero, {{0, 0}, {500, 100}}}};
  settings.value.always = {{ValueClass::kIndividual, "key_account = true"}};
  settings.value.potential = {"potential >= 1000000", "potential = null"};
  Use(settings);
  Order("a", "1", kToday, 100);
  Profile a = Ask("a");
  EXPECT_EQ(a.value_score_thousandths, 20000);  // (2*50 + 3*0) / 5
  EXPECT_EQ(a.value_class, ValueClass::kStandard);
  EXPECT_TRUE(a.hidden_potential);
  ExplainAnswer explained = book_->Explain("a");
  EXPECT_EQ(explained.decided_by, DecidedBy::kScore);
  EXPECT_EQ(explained.next_class, ValueClass::kReview);
  EXPECT_EQ(explained.distance_thousandths, 30000);
  EXPECT_EQ(explained.potential_index, 1u);
  EXPECT_EQ(explained.criteria[0].share_thousandths, 20000);
  EXPECT_EQ(explained.criteria[1].points, std::nullopt);
  EXPECT_EQ(explained.criteria[2].points, 0);

  CustomerSet set = Customer("a");
  set.potential = Patch<Minor>::Set(Minor{500});
  set.satisfaction = Patch<uint8_t>::Set(7);
  Take(set);
  explained = book_->Explain("a");  // (100 + 0 + 300) / 6
  EXPECT_EQ(explained.value_score_thousandths, 66666);
  EXPECT_EQ(explained.value_class, ValueClass::kIndividual);
  EXPECT_EQ(explained.next_class, std::nullopt);

  CustomerSet key = Customer("b");
  key.key_account = Patch<bool>::Set(true);
  Take(key);
  explained = book_->Explain("b");
  EXPECT_EQ(explained.decided_by, DecidedBy::kAlwaysRule);
  EXPECT_EQ(explained.value_score_thousandths, 0);
  EXPECT_EQ(explained.value_class, ValueClass::kIndividual);
  EXPECT_EQ(book_->Value().classes[0].customers, 2u);
}

TEST_F(ModelBookTest, ActivityIsTheFirstThatHolds) {
  Take(Customer("never"));
  Order("lost", "1", kToday - 1095, 1);
  Order("inactive", "1", kToday - 365, 1);
  Take(Visit{"prospect", On(kToday)});
  // Mean gap 10 days: overdue from the 21st day on.
  for (const std::string_view id : {"overdue", "active"}) {
    const Day last = kToday - (id == "overdue" ? 21 : 20);
    Order(id, "1", last, 1);
    Order(id, "2", last - 5, 1);
    Order(id, "3", last - 20, 1);
  }
  EXPECT_EQ(Ask("never").activity, Activity::kNever);
  EXPECT_EQ(Ask("lost").activity, Activity::kLost);
  EXPECT_EQ(Ask("inactive").activity, Activity::kInactive);
  EXPECT_EQ(Ask("prospect").activity, Activity::kProspect);
  EXPECT_EQ(Ask("overdue").activity, Activity::kOverdue);
  EXPECT_EQ(Ask("active").activity, Activity::kActive);
}

TEST_F(ModelBookTest, LatestConsentIsInForce) {
  Take(Consent{"a", On(kToday), ConsentState::kGranted, kToday});
  Take(Consent{"a", On(kToday - 1), ConsentState::kWithdrawn, std::nullopt});
  EXPECT_EQ(Ask("a").consent, ConsentStatus::kGranted);
  ASSERT_TRUE(book_->AdvanceDay(kToday + 1).has_value());
  EXPECT_EQ(Ask("a").consent, ConsentStatus::kExpired);
  EXPECT_EQ(Take(Consent{"a", On(kToday), ConsentState::kWithdrawn, std::nullopt}).replaced, 1u);
  EXPECT_EQ(Ask("a").consent, ConsentStatus::kWithdrawn);
}

TEST_F(ModelBookTest, ReactivationCountsWhomItLeavesOut) {
  for (const char* id : {"a", "b", "c", "d"}) Order(id, "1", kToday - 400, id[0]);
  Order("active", "1", kToday, 1);
  for (const char* id : {"a", "c", "d"}) {
    Take(Consent{id, On(kToday - 400), ConsentState::kGranted, std::nullopt});
  }
  Take(Contact{"a", On(kToday - 29), "mail", ""});
  Take(Contact{"b", On(kToday), "mail", ""});
  Take(Contact{"c", On(kToday - 30), "mail", ""});
  ListQuery query;
  query.reactivation = query.need_consent = true;
  const Result<ListAnswer> answer = book_->List(query);
  EXPECT_EQ(answer->total_customers, 2u);
  EXPECT_EQ(answer->total_revenue, Minor{'c' + 'd'});
  EXPECT_EQ(answer->excluded_no_consent, 1u);
  EXPECT_EQ(answer->excluded_contacted, 1u);
  EXPECT_THAT(Listed(query), ElementsAre("d", "c"));
}

TEST_F(ModelBookTest, ListOrdersAbsentLastAndTiesById) {
  Order("b", "1", kToday - 1, 10);
  Order("a", "1", kToday - 1, 10);
  Order("z", "1", kToday, 10);
  Take(Customer("n"));
  ListQuery query;
  query.order_by = "last_order";
  EXPECT_THAT(Listed(query), ElementsAre("z", "a", "b", "n"));
  query.descending = false;
  EXPECT_THAT(Listed(query), ElementsAre("a", "b", "z", "n"));
  query.limit = 2;
  EXPECT_THAT(Listed(query), ElementsAre("a", "b"));
  EXPECT_TRUE(book_->List(query)->next.has_value());
  EXPECT_EQ(book_->Count("orders = 1")->revenue, Minor{30});
}

TEST_F(ModelBookTest, PipelineRoundsOncePerFigure) {
  LeadSet lead = Lead("1", {}, "Interest");
  lead.revenue = Minor{1};
  EXPECT_EQ(Take(lead).applied, 1u);
  lead.lead = "2";
  Take(lead);
  lead.lead = "3";
  lead.stage = "Address";
  lead.chance = Patch<uint16_t>::Set(5000);
  Take(lead);
  const Result<PipelineAnswer> answer = book_->Pipeline(PipelineQuery());
  ASSERT_EQ(answer->groups.size(), 2u);
  EXPECT_THAT(answer->groups[0].keys, ElementsAre("Address"));
  EXPECT_EQ(answer->groups[0].weighted, Minor{1});  // 0.5
  EXPECT_EQ(answer->groups[1].weighted, Minor{1});  // 0.25 + 0.25
  EXPECT_EQ(answer->total.weighted, Minor{1});      // 1.0
  EXPECT_EQ(answer->total.overridden, 1u);
}

TEST_F(ModelBookTest, LeadLivesThroughItsStates) {
  EXPECT_EQ(Refusal(Lead("1", {}, {})), ErrorCode::kMissingField);
  EXPECT_EQ(Refusal(Lead("1", {}, "nowhere")), ErrorCode::kUnknownStage);
  EXPECT_EQ(Refusal(LeadClosed{"1", LeadStatus::kWon, {}, "price"}), ErrorCode::kUnknownLead);
  LeadSet open = Lead("1", {}, "Offer");
  open.revenue = Minor{100};
  open.customer = Patch<std::string_view>::Set("a");
  EXPECT_EQ(Take(open).applied, 1u);
  EXPECT_EQ(Refusal(LeadClosed{"1", LeadStatus::kLost, {}, ""}), ErrorCode::kMissingReason);
  EXPECT_EQ(Take(LeadClosed{"1", LeadStatus::kLost, {}, "price"}).replaced, 1u);
  EXPECT_EQ(book_->leads().at("1").closed, kToday);
  EXPECT_EQ(Refusal(Lead("1", {}, "Offer")), ErrorCode::kLeadClosed);
  EXPECT_EQ(Refusal(Lead("1", LeadStatus::kOpen, {})), ErrorCode::kMissingField);
  EXPECT_EQ(book_->Pipeline(PipelineQuery())->lost_revenue, Minor{100});
  EXPECT_EQ(Take(Lead("1", LeadStatus::kOpen, "Offer")).replaced, 1u);
  EXPECT_EQ(book_->Status().open_leads, 1u);
  EXPECT_EQ(Take(Erase{"a"}).applied, 1u);
  EXPECT_EQ(book_->Status().leads, 0u);
  EXPECT_EQ(Take(Erase{"a"}).unchanged, 1u);
}

}  // namespace
}  // namespace kundig::engine
