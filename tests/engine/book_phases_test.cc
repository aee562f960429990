// Phases, risks and the value of a customer, each rule on the last day before it holds and on the
// first day that it does.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "engine/book.h"
#include "engine/calendar.h"
#include "tests/engine/sample_days.h"

namespace kundig::engine {
namespace {

class BookPhases : public testing::Test {
 protected:
  void SetUp() override { Open(RuleSettings()); }
  void Open(RuleSettings settings) {
    BookOptions options;
    options.today = today_ = kToday;
    options.shards = 2;
    options.threads = 2;
    book_ = std::make_unique<Book>(CompileRules(std::move(settings), Calendar()).value(), options);
  }

  TimeMs Ago(int days, int64_t ms = 0) const {
    return TimeMs{int64_t{(today_ - days).since_epoch} * 86'400'000 + ms};
  }
  void Take(const Event& event) {
    const ApplyAnswer answer = book_->Apply(std::span(&event, 1));
    ASSERT_TRUE(answer.refused.empty()) << answer.refused[0].error.message;
  }
  void Order(std::string_view order, int days_ago, int64_t revenue,
             std::optional<Minor> margin = std::nullopt) {
    Take(OrderPlaced{"ada", order, Ago(days_ago), Minor{revenue}, margin, 1, ""});
  }
  void Notice(int days_ago, std::optional<int> effective_days_ago) {
    Termination notice{"ada", Ago(days_ago), TerminationState::kWithdrawn, std::nullopt, ""};
    if (effective_days_ago) {
      notice.state = TerminationState::kGiven;
      notice.effective = today_ - *effective_days_ago;
    }
    Take(notice);
  }
  void Contacts(int count, int days_ago) {
    for (int n = 0; n < count; ++n) Take(Contact{"ada", Ago(days_ago, n), "mail", ""});
  }
  void NextDay() {
    today_ = today_ + 1;
    ASSERT_TRUE(book_->AdvanceDay(today_).has_value());
  }
  Profile Ask() {
    const std::string_view id = "ada";
    ProfilesAnswer answer;
    book_->RefreshRankings();
    book_->Profiles(std::span(&id, 1), &answer);
    return answer.profiles[0];
  }
  bool Runs(Risk risk) { return (Ask().risks & BitOf(risk)) != 0; }
  uint64_t Count(const std::string& where) { return book_->Count(where).value().customers; }

  Day today_;
  std::unique_ptr<Book> book_;
};

TEST_F(BookPhases, WhoNeverOrderedIsAProspect) {
  Take(Visit{"ada", Ago(1)});
  EXPECT_EQ(Ask().phase, Phase::kProspect);
  Order("1", -1, 100);
  EXPECT_EQ(Ask().phase, Phase::kProspect) << "the order is dated tomorrow";
  NextDay();
  EXPECT_EQ(Ask().phase, Phase::kSocialization);
  Take(OrderCancelled{"ada", "1"});
  EXPECT_EQ(Ask().phase, Phase::kProspect);
}

TEST_F(BookPhases, ANewCustomerGrowsFromTheNinetiethDayOn) {
  Order("1", 89, 100);
  EXPECT_EQ(Ask().phase, Phase::kSocialization);
  NextDay();
  EXPECT_EQ(Ask().phase, Phase::kGrowth);
  Order("earlier", 200, 100);
  EXPECT_EQ(Ask().phase, Phase::kGrowth);
  Take(OrderCancelled{"ada", "1"});
  Take(OrderCancelled{"ada", "earlier"});
  Order("1", 0, 1);
  EXPECT_EQ(Ask().phase, Phase::kSocialization);
}

TEST_F(BookPhases, RevenueIsHeldAgainstThatOfTheSpanBefore) {
  Order("first", 400, 7);
  Order("before", 300, 100);
  const auto with_recent = [this](int64_t revenue) {
    Order("recent", 10, revenue);
    return Ask().phase;
  };
  EXPECT_EQ(with_recent(49), Phase::kDegeneration);
  EXPECT_EQ(with_recent(50), Phase::kMaturity);
  EXPECT_EQ(with_recent(120), Phase::kMaturity);
  EXPECT_EQ(with_recent(121), Phase::kGrowth);
  Take(ReturnReceived{"ada", "back", Ago(179), Minor{72}, std::nullopt, ""});
  EXPECT_EQ(Ask().phase, Phase::kDegeneration);
  NextDay();
  EXPECT_EQ(Ask().phase, Phase::kGrowth) << "the return belongs to the span before";
}

TEST_F(BookPhases, TheSpanBeforeEndsWithItsLastDay) {
  Order("first", 500, 7);
  Order("before", 359, 1000);
  Order("recent", 10, 100);
  EXPECT_EQ(Ask().phase, Phase::kDegeneration);
  NextDay();
  EXPECT_EQ(Ask().phase, Phase::kGrowth);
}

TEST_F(BookPhases, WhoseOrdersStayOutDegenerates) {
  for (int n = 0; n < 3; ++n) Order(std::to_string(n), 100 + 10 * n, 100);
  // A mean gap of 10 days; overdue after 20.
  EXPECT_EQ(Ask().phase, Phase::kDegeneration);
  EXPECT_TRUE(Runs(Risk::kSlowing));
  Order("again", 5, 300);
  EXPECT_EQ(Ask().phase, Phase::kGrowth);
  EXPECT_FALSE(Runs(Risk::kSlowing));
}

TEST_F(BookPhases, ANoticeRunsThroughItsEffectiveDay) {
  Order("1", 10, 100);
  Notice(5, 0);
  EXPECT_EQ(Ask().phase, Phase::kTermination);
  NextDay();
  EXPECT_EQ(Ask().phase, Phase::kAbstinence);
  // Taken back at its own time, as if it had not been given.
  Notice(6, std::nullopt);
  EXPECT_EQ(Ask().phase, Phase::kSocialization);
}

TEST_F(BookPhases, WhoBuysAfterANoticeTookEffectHasComeBack) {
  Order("1", 300, 100);
  Notice(200, 150);
  EXPECT_EQ(Ask().phase, Phase::kAbstinence);
  Order("2", 150, 100);
  EXPECT_EQ(Ask().phase, Phase::kAbstinence) << "on the day itself";
  Order("3", 10, 100);
  EXPECT_EQ(Ask().phase, Phase::kRevitalization);
  Order("4", 89, 100);
  EXPECT_EQ(Ask().phase, Phase::kRevitalization);
  NextDay();
  EXPECT_EQ(Ask().phase, Phase::kGrowth) << "and buys more than before";
  // He gives notice again, and takes that back: the first one ended the relationship all the same.
  Notice(2, -30);
  EXPECT_EQ(Ask().phase, Phase::kTermination);
  Notice(1, std::nullopt);
  Take(OrderCancelled{"ada", "4"});
  EXPECT_EQ(Ask().phase, Phase::kRevitalization);
  Take(OrderCancelled{"ada", "3"});
  EXPECT_EQ(Ask().phase, Phase::kAbstinence);
}

TEST_F(BookPhases, ANoticeThatWasChangedInTimeNeverTookEffect) {
  Order("1", 100, 100);
  Notice(50, 20);
  Notice(20, -30);
  EXPECT_EQ(Ask().phase, Phase::kTermination);
  Notice(10, std::nullopt);
  EXPECT_EQ(Ask().phase, Phase::kGrowth);
}

TEST_F(BookPhases, WhoIsInactiveIsAbsent) {
  Order("1", 364, 100);
  EXPECT_EQ(Ask().phase, Phase::kMaturity);
  NextDay();
  EXPECT_EQ(Ask().phase, Phase::kAbstinence);
}

TEST_F(BookPhases, ALongGapMakesAReturn) {
  Order("old", 454, 100);
  Order("new", 89, 100);
  EXPECT_EQ(Ask().phase, Phase::kRevitalization) << "a gap of 365 days, 89 days ago";
  Order("between", 300, 100);
  EXPECT_NE(Ask().phase, Phase::kRevitalization) << "no gap any more";
  Take(OrderCancelled{"ada", "between"});
  EXPECT_EQ(Ask().phase, Phase::kRevitalization);
  NextDay();
  EXPECT_EQ(Ask().phase, Phase::kGrowth);
  // Found anew under other rules, and not found where the gap is a day too short.
  RuleSettings settings;
  settings.activity.inactive_after = 366;
  settings.phase.revival_days = 91;
  ASSERT_TRUE(book_->ReplaceRules(CompileRules(settings, Calendar()).value()).has_value());
  EXPECT_EQ(Ask().phase, Phase::kGrowth);
  settings.activity.inactive_after = 365;
  ASSERT_TRUE(book_->ReplaceRules(CompileRules(settings, Calendar()).value()).has_value());
  EXPECT_EQ(Ask().phase, Phase::kRevitalization);
}

TEST_F(BookPhases, OrdersMayComeInAnyOrderOfTime) {
  Order("new", 20, 100);
  Order("newest", 5, 100);
  EXPECT_EQ(Ask().phase, Phase::kSocialization);
  Order("old", 385, 100);
  EXPECT_EQ(Ask().phase, Phase::kRevitalization);
  Order("older", 800, 100);
  EXPECT_EQ(Ask().phase, Phase::kRevitalization);
  Take(OrderCancelled{"ada", "new"});
  EXPECT_EQ(Ask().phase, Phase::kRevitalization) << "the next purchase is the return now";
}

TEST_F(BookPhases, CostsComeOffTheMargin) {
  Order("1", 10, 1000, Minor{300});
  Order("2", 5, 500);
  Take(Cost{"ada", "c1", Ago(3), Minor{300}, ""});
  EXPECT_EQ(Ask().customer_value, Minor{0});
  EXPECT_FALSE(Runs(Risk::kUnprofitable));
  Take(Cost{"ada", "c2", Ago(-1), Minor{1}, ""});
  EXPECT_EQ(Ask().customer_value, Minor{0}) << "it is dated tomorrow";
  NextDay();
  EXPECT_EQ(Ask().customer_value, Minor{-1});
  EXPECT_TRUE(Runs(Risk::kUnprofitable));
  EXPECT_EQ(Count("customer_value < 0"), 1u);
  Take(Cost{"ada", "c1", Ago(4), Minor{100}, ""});
  EXPECT_EQ(Ask().customer_value, Minor{199});
  Take(Cost{"ada", "c1", Ago(-1), Minor{900}, ""});
  EXPECT_EQ(Ask().customer_value, Minor{299}) << "moved to tomorrow";
  Take(OrderCancelled{"ada", "1"});
  Take(OrderCancelled{"ada", "2"});
  EXPECT_EQ(Ask().customer_value, Minor{-1});
  EXPECT_FALSE(Runs(Risk::kUnprofitable)) << "he never ordered";
}

TEST_F(BookPhases, ContactsOverloadACustomer) {
  Contacts(8, 29);
  EXPECT_FALSE(Runs(Risk::kOverloaded));
  Contacts(1, 3);
  EXPECT_TRUE(Runs(Risk::kOverloaded));
  NextDay();
  EXPECT_FALSE(Runs(Risk::kOverloaded)) << "eight lie 30 days back";
}

TEST_F(BookPhases, ANewCustomerIsOverloadedSooner) {
  Contacts(4, 29);
  EXPECT_FALSE(Runs(Risk::kOverloaded));
  Order("1", 29, 100);
  EXPECT_TRUE(Runs(Risk::kOverloaded));
  Order("1", 28, 100);
  EXPECT_FALSE(Runs(Risk::kOverloaded)) << "the contacts lie before the order";
  Order("1", 29, 100);
  EXPECT_TRUE(Runs(Risk::kOverloaded));
  NextDay();
  EXPECT_FALSE(Runs(Risk::kOverloaded)) << "the thirty days are over";
}

TEST_F(BookPhases, AnEarlyHandoverIsARisk) {
  Order("1", 89, 100);
  const auto own = [this](std::string_view owner) {
    CustomerSet set;
    set.customer = "ada";
    set.owner =
        owner.empty() ? Patch<std::string_view>::Remove() : Patch<std::string_view>::Set(owner);
    Take(set);
  };
  own("ann");
  EXPECT_FALSE(Runs(Risk::kHandover)) << "the first owner";
  own("ann");
  EXPECT_FALSE(Runs(Risk::kHandover));
  own("");
  EXPECT_TRUE(Runs(Risk::kHandover)) << "89 days after the first order";
  for (int day = 0; day < 89; ++day) NextDay();
  EXPECT_TRUE(Runs(Risk::kHandover));
  NextDay();
  EXPECT_FALSE(Runs(Risk::kHandover));
  own("bob");
  own("cid");
  EXPECT_FALSE(Runs(Risk::kHandover)) << "not early any more";
  Order("1", 89, 100);
  EXPECT_TRUE(Runs(Risk::kHandover));
}

TEST_F(BookPhases, TheBestMustNotBeNeglected) {
  Order("1", 179, 100);
  ASSERT_EQ(Ask().abc, AbcClass::kA);
  EXPECT_FALSE(Runs(Risk::kNeglected));
  NextDay();
  EXPECT_TRUE(Runs(Risk::kNeglected));
  EXPECT_EQ(Count("risk = 'neglected'"), 1u);
  Contacts(1, 179);
  EXPECT_FALSE(Runs(Risk::kNeglected));
  Take(OrderPlaced{"bob", "1", Ago(1), Minor{100'000}, std::nullopt, 1, ""});
  NextDay();
  ASSERT_NE(Ask().abc, AbcClass::kA);
  EXPECT_FALSE(Runs(Risk::kNeglected));
  RuleSettings settings;
  settings.value.always = {{ValueClass::kIndividual, "customer = 'ada'"}};
  ASSERT_TRUE(book_->ReplaceRules(CompileRules(settings, Calendar()).value()).has_value());
  EXPECT_TRUE(Runs(Risk::kNeglected));
  EXPECT_EQ(Count("risk = 'neglected'"), 1u);
}

TEST_F(BookPhases, AComplaintMustNotStayOpen) {
  Take(Complaint{"ada", "k1", Ago(6), std::nullopt});
  EXPECT_FALSE(Runs(Risk::kComplaint));
  NextDay();
  EXPECT_TRUE(Runs(Risk::kComplaint));
  Take(Complaint{"ada", "k2", Ago(9), std::nullopt});
  Take(Complaint{"ada", "k1", Ago(7), today_});
  EXPECT_TRUE(Runs(Risk::kComplaint));
  Take(Complaint{"ada", "k2", Ago(9), today_});
  EXPECT_FALSE(Runs(Risk::kComplaint));
}

TEST_F(BookPhases, ALatePaymentCountsForAWhile) {
  Take(LatePayment{"ada", Ago(179)});
  Take(LatePayment{"ada", Ago(300)});
  EXPECT_TRUE(Runs(Risk::kLatePayment));
  NextDay();
  EXPECT_FALSE(Runs(Risk::kLatePayment));
}

TEST_F(BookPhases, ThreeServiceRequestsAreOneTooMany) {
  Take(ServiceRequest{"ada", Ago(29)});
  Take(ServiceRequest{"ada", Ago(3)});
  EXPECT_FALSE(Runs(Risk::kService));
  Take(ServiceRequest{"ada", Ago(3, 1)});
  EXPECT_TRUE(Runs(Risk::kService));
  NextDay();
  EXPECT_FALSE(Runs(Risk::kService));
}

TEST_F(BookPhases, RatingsTellWhoIsDissatisfied) {
  const auto rate = [this](uint8_t satisfaction, uint8_t referral) {
    CustomerSet set;
    set.customer = "ada";
    set.satisfaction = Patch<uint8_t>::Set(satisfaction);
    set.referral = Patch<uint8_t>::Set(referral);
    Take(set);
    return Runs(Risk::kDissatisfied);
  };
  Take(Visit{"ada", Ago(1)});
  EXPECT_FALSE(Runs(Risk::kDissatisfied)) << "nothing is known";
  EXPECT_FALSE(rate(5, 7));
  EXPECT_TRUE(rate(4, 7));
  EXPECT_TRUE(rate(5, 6));
}

TEST_F(BookPhases, AnOpenLeadWantsAnAnswer) {
  const auto lead = [this](std::string_view id, std::string_view customer, int opened_days_ago) {
    LeadSet set;
    set.lead = id;
    set.stage = "Offer";
    set.customer = Patch<std::string_view>::Set(customer);
    set.opened = Patch<Day>::Set(today_ - opened_days_ago);
    Take(set);
  };
  lead("l1", "ada", 7);
  Take(Visit{"ada", Ago(1)});  // only now there is a customer
  EXPECT_FALSE(Runs(Risk::kUnanswered));
  NextDay();
  EXPECT_TRUE(Runs(Risk::kUnanswered));
  Contacts(1, 9);
  EXPECT_TRUE(Runs(Risk::kUnanswered)) << "a contact before the lead was opened";
  lead("l2", "ada", 30);
  Contacts(1, 8);
  EXPECT_FALSE(Runs(Risk::kUnanswered));
  lead("l3", "ada", 7);
  NextDay();
  EXPECT_TRUE(Runs(Risk::kUnanswered));
  lead("l3", "bob", 8);
  EXPECT_FALSE(Runs(Risk::kUnanswered)) << "it is the lead of somebody else";
  lead("l3", "ada", 8);
  EXPECT_TRUE(Runs(Risk::kUnanswered));
  Take(LeadClosed{"l3", LeadStatus::kWon, std::nullopt, "price"});
  EXPECT_FALSE(Runs(Risk::kUnanswered));
}

TEST_F(BookPhases, RisksAreASetInExpressionsAndLists) {
  Take(LatePayment{"ada", Ago(3)});
  Take(Complaint{"ada", "k1", Ago(8), std::nullopt});
  Take(Complaint{"bob", "k1", Ago(8), std::nullopt});
  Take(Visit{"cid", Ago(1)});
  EXPECT_EQ(Count("risk = 'complaint'"), 2u);
  EXPECT_EQ(Count("risk = 'late_payment'"), 1u);
  EXPECT_EQ(Count("risk != 'late_payment'"), 2u) << "it is never absent";
  EXPECT_EQ(Count("risk in ('late_payment', 'service')"), 1u);
  EXPECT_EQ(Count("risk = 'complaint' and risk = 'late_payment'"), 1u);
  EXPECT_EQ(Count("risk = null"), 1u);
  EXPECT_EQ(Count("risk != null"), 2u);
  EXPECT_EQ(Count("phase = 'prospect'"), 3u);
  ListQuery query;
  query.order_by = "customer";
  query.descending = false;
  query.fields = {"phase", "risk"};
  const Result<ListAnswer> list = book_->List(query);
  ASSERT_TRUE(list.has_value());
  const ListColumn& risks = list->columns[1];
  EXPECT_EQ(risks.texts[0], "complaint,late_payment");
  EXPECT_EQ(risks.texts[1], "complaint");
  EXPECT_EQ(risks.absent[2], 1);
}

TEST_F(BookPhases, ASummaryCountsPhasesAndRisks) {
  Order("1", 10, 100);
  Take(LatePayment{"ada", Ago(3)});
  Take(Complaint{"ada", "k1", Ago(8), std::nullopt});
  Take(Complaint{"bob", "k1", Ago(8), std::nullopt});
  Take(Visit{"cid", Ago(1)});
  const PhasesAnswer all = book_->Phases("").value();
  EXPECT_EQ(all.phases[static_cast<size_t>(Phase::kProspect)].customers, 2u);
  const PhasesAnswer::Group& fresh = all.phases[static_cast<size_t>(Phase::kSocialization)];
  EXPECT_EQ(fresh.customers, 1u);
  EXPECT_EQ(fresh.revenue, Minor{100});
  EXPECT_EQ(all.risks[static_cast<size_t>(Risk::kComplaint)].customers, 2u);
  EXPECT_EQ(all.risks[static_cast<size_t>(Risk::kLatePayment)].customers, 1u);
  EXPECT_EQ(all.at_risk.customers, 2u);
  EXPECT_EQ(all.at_risk.revenue_total, Minor{100});
  EXPECT_EQ(book_->Phases("orders = 0").value().at_risk.customers, 1u);
  EXPECT_EQ(book_->Phases("phase = 3").error().field, "where");
}

}  // namespace
}  // namespace kundig::engine
