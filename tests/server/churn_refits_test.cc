#include "server/churn_refits.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/eventually.h"

namespace kundig::server {
namespace {

// A book in memory that is looked at whenever a test says so.
class ChurnRefitsTest : public testing::Test {
 protected:
  static constexpr engine::Day kToday{15'000};

  void Buy(int customer, int days_ago) {
    const std::string id = "c" + std::to_string(customer), order = std::to_string(days_ago);
    engine::OrderPlaced placed;
    placed.customer = id;
    placed.order = order;
    placed.at = engine::TimeMs{int64_t{(kToday - days_ago).since_epoch} * 86'400'000};
    placed.revenue = engine::Minor{1000 + customer};
    const engine::WriteRequest write{.name = {},
                                     .what = std::span<const engine::OrderPlaced>(&placed, 1)};
    book_->Write({&write, 1}, [](size_t, const engine::Result<engine::ApplyAnswer>& answer) {
      ASSERT_TRUE(answer.has_value() && answer->refused.empty());
    });
  }
  void BuyMany(int customers) {
    for (int customer = 0; customer < customers; ++customer) {
      Buy(customer, 200 + customer % 90);
      if (customer % 3 != 0) Buy(customer, 10 + customer % 60);
    }
  }
  void NextDay() { ASSERT_TRUE(book_->AdvanceDay(day_ = day_ + 1).has_value()); }
  engine::StateName State() { return book_->book().Status().state; }
  void Reload(const engine::RuleSettings& settings) {
    const auto rules = engine::CompileRules(settings, engine::Calendar()).value();
    ASSERT_TRUE(book_->ReplaceRules({rules, "others"}).has_value());
  }
  // It moves with the day, so that it is compared on one.
  std::optional<int64_t> ExpectedOrders() {
    const std::string_view id = "c1";
    engine::ProfilesAnswer answer;
    book_->book().Profiles({&id, 1}, &answer);
    return answer.profiles[0].expected_orders_thousandths;
  }

  engine::Day day_ = kToday;
  const std::unique_ptr<engine::DurableBook> book_ = engine::DurableBook::InMemory(
      engine::CompileRules({}, engine::Calendar()).value(),
      engine::BookOptions{.today = kToday, .shards = 2, .threads = 1});
  ChurnRefitter refitter_{book_.get(), State(),
                          [](const engine::Error& error) { ADD_FAILURE() << error.message; }};
};

TEST_F(ChurnRefitsTest, FitsWhenTheDayChangesAndTheBookWithIt) {
  BuyMany(300);
  refitter_.Look();
  EXPECT_FALSE(ExpectedOrders().has_value()) << "the day is the same";
  NextDay();
  refitter_.Look();
  ASSERT_TRUE(ExpectedOrders().has_value());

  Buy(1000, 1);
  Buy(1001, 1);
  NextDay();
  const auto before_small_change = ExpectedOrders();
  refitter_.Look();
  EXPECT_EQ(ExpectedOrders(), before_small_change) << "less than a percent";
  Buy(1002, 1);
  const auto before_change = ExpectedOrders();
  refitter_.Look();
  EXPECT_EQ(ExpectedOrders(), before_change) << "the day was looked at already";
  ASSERT_TRUE(book_->book().FitIsDue());
  NextDay();
  refitter_.Look();
  EXPECT_FALSE(book_->book().FitIsDue());
}

TEST_F(ChurnRefitsTest, FitsAtOnceWhatOtherRulesLookAheadBy) {
  BuyMany(300);
  NextDay();
  refitter_.Look();
  ASSERT_EQ(State().fit_version, 1u);
  engine::RuleSettings settings;
  settings.churn.model = engine::ChurnModelKind::kBgNbd;
  Reload(settings);
  EXPECT_FALSE(ExpectedOrders().has_value());
  refitter_.Look();
  EXPECT_TRUE(ExpectedOrders().has_value());
  EXPECT_EQ(State().fit_version, 2u);
  refitter_.Look();
  EXPECT_EQ(State().fit_version, 2u) << "once";

  // Rules that can use the fit wait for the day, however much was bought.
  BuyMany(400);
  settings.waiting_days = 3;
  Reload(settings);
  ASSERT_TRUE(book_->book().FitIsDue());
  refitter_.Look();
  EXPECT_EQ(State().fit_version, 2u);
  // And so do those that need none.
  settings.churn.pinned = engine::ChurnParameters{.r = 0.5, .alpha = 6, .a = 0.9, .b = 1.6};
  Reload(settings);
  refitter_.Look();
  EXPECT_EQ(State().fit_version, 2u);
  NextDay();
  refitter_.Look();
  EXPECT_EQ(State().fit_version, 3u);
  // A fit under pinned parameters is none of the model's.
  settings.churn.pinned.reset();
  Reload(settings);
  EXPECT_FALSE(ExpectedOrders().has_value());
  refitter_.Look();
  EXPECT_TRUE(ExpectedOrders().has_value());
}

TEST_F(ChurnRefitsTest, OtherRulesOfABookThatTellsTooLittleAreNoFault) {
  BuyMany(20);
  engine::RuleSettings settings;
  settings.churn.model = engine::ChurnModelKind::kBgNbd;
  Reload(settings);
  refitter_.Look();
  EXPECT_EQ(State().fit_version, 0u);
}

TEST_F(ChurnRefitsTest, ABookThatTellsTooLittleIsNoFault) {
  BuyMany(20);
  NextDay();
  refitter_.Look();
  for (int customer = 100; customer < 220; ++customer) Buy(customer, 10);
  for (int customer = 0; customer < 20; ++customer) {
    const std::string id = "c" + std::to_string(customer);
    const engine::Event erase = engine::Erase{id};
    const engine::WriteRequest write{.name = {}, .what = std::span<const engine::Event>(&erase, 1)};
    book_->Write({&write, 1}, [](size_t, const auto&) {});
  }
  // A hundred customers, but nobody came back.
  NextDay();
  ASSERT_TRUE(book_->book().FitIsDue());
  refitter_.Look();
  EXPECT_TRUE(book_->book().FitIsDue());
}

TEST_F(ChurnRefitsTest, TheThreadNoticesTheDay) {
  BuyMany(300);
  const ChurnRefits refits(book_.get(), State(),
                           [](const engine::Error& error) { ADD_FAILURE() << error.message; });
  NextDay();
  EXPECT_TRUE(Eventually([&] { return ExpectedOrders().has_value(); }));
}

}  // namespace
}  // namespace kundig::server
