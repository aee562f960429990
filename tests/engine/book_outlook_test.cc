// What a book says of its customers' future: when, by which models, and of whom. Random histories
// compare the figures with those of the model book.

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "engine/book.h"
#include "engine/churn_fit.h"
#include "tests/engine/sample_days.h"

namespace kundig::engine {
namespace {

constexpr ChurnParameters kParameters{.r = 0.525, .alpha = 6.183, .a = 0.891, .b = 1.614};

AdoptedFit SomeFit() {
  AdoptedFit fit;
  fit.parameters = kParameters;
  fit.fitted_through = kToday;
  fit.spend = AdoptedSpend{.parameters = {.p = 6.25, .q = 3.74, .gamma = 1545}};
  return fit;
}

std::shared_ptr<const Rules> RulesOf(ChurnSettings churn = {}) {
  RuleSettings settings;
  settings.churn = churn;
  return CompileRules(std::move(settings), Calendar()).value();
}

// A book with customers who bought on given days before today.
class Shop {
 public:
  explicit Shop(std::shared_ptr<const Rules> rules = RulesOf()) {
    BookOptions options;
    options.today = kToday;
    options.shards = 4;
    options.threads = 2;
    book_ = std::make_unique<Book>(std::move(rules), options);
  }

  Book* operator->() { return book_.get(); }
  void Buy(const std::string& customer, const std::vector<int>& days_ago,
           std::optional<Minor> margin = std::nullopt) {
    for (const int ago : days_ago) {
      const std::string order = std::to_string(ago);
      Take(OrderPlaced{customer, order, Ago(ago), Minor{1000}, margin, 1, {}});
    }
  }
  void BuyMany(int customers, const std::vector<int>& days_ago,
               std::optional<Minor> margin = std::nullopt) {
    for (; customers > 0; --customers) Buy("n" + std::to_string(++many_), days_ago, margin);
  }
  void Take(const Event& event) { ASSERT_TRUE(book_->Apply({&event, 1}).refused.empty()); }
  Profile Of(std::string_view customer) {
    ProfilesAnswer answer;
    book_->Profiles({&customer, 1}, &answer);
    return answer.profiles[0];
  }
  uint64_t Count(const std::string& where) { return book_->Count(where).value().customers; }

 private:
  std::unique_ptr<Book> book_;
  int many_ = 0;
};

TEST(BookOutlookTest, NothingIsForetoldWithoutAModelOrAnOrder) {
  Shop shop;
  shop.Buy("buyer", {40, 3});
  shop.Take(Visit{"visitor", Ago(1)});
  EXPECT_FALSE(shop.Of("buyer").p_alive_millionths.has_value());
  EXPECT_EQ(shop.Count("churn_band = null and clv = null and expected_orders = null"), 2u);
  shop->AdoptFit(SomeFit());
  EXPECT_TRUE(shop.Of("buyer").p_alive_millionths.has_value());
  EXPECT_TRUE(shop.Of("buyer").clv.has_value());
  const Profile visitor = shop.Of("visitor");
  EXPECT_FALSE(visitor.p_alive_millionths || visitor.churn_score_millionths || visitor.churn_band ||
               visitor.expected_orders_thousandths || visitor.clv);
  EXPECT_EQ(shop.Count("p_alive != null and churn_score != null"), 1u);

  AdoptedFit without_spend = SomeFit();
  without_spend.spend.reset();
  shop->AdoptFit(without_spend);
  EXPECT_TRUE(shop.Of("buyer").expected_orders_thousandths.has_value());
  EXPECT_FALSE(shop.Of("buyer").clv.has_value());
}

TEST(BookOutlookTest, FiguresAreTheModelsRounded) {
  Shop shop;
  // Three orders, of which two on one day: x = 1.
  shop.Buy("buyer", {70, 35});
  shop.Take(OrderPlaced{"buyer", "again", Ago(35), Minor{500}, std::nullopt, 1, {}});
  shop->AdoptFit(SomeFit());
  const ChurnModel model = ChurnModel::Make(ChurnModelKind::kMbgNbd, kParameters).value();
  const PurchaseHistory history{.repeats = 1, .last_weeks = 5, .age_weeks = 10};
  const double p_alive = model.PAlive(history);
  const double expected = model.ExpectedPurchases(history, 365 / 7.0);
  const Profile profile = shop.Of("buyer");
  EXPECT_NEAR(*profile.p_alive_millionths, p_alive * 1e6, 0.5);
  EXPECT_EQ(*profile.p_alive_millionths + *profile.churn_score_millionths, 1'000'000);
  EXPECT_EQ(profile.churn_band, BandOf(1 - p_alive));
  EXPECT_NEAR(static_cast<double>(*profile.expected_orders_thousandths), expected * 1e3, 0.5001);
  const double value = 6.25 * (1545 + 2500) / (6.25 * 3 + 3.74 - 1);
  EXPECT_NEAR(static_cast<double>(profile.clv->units), expected * value, 0.5001);
}

TEST(BookOutlookTest, BandsBeginBeyondTheirBoundaries) {
  EXPECT_EQ(BandOf(0), ChurnBand::kLow);
  EXPECT_EQ(BandOf(std::nextafter(0.33, 0)), ChurnBand::kLow);
  EXPECT_EQ(BandOf(0.33), ChurnBand::kMedium);
  EXPECT_EQ(BandOf(0.66), ChurnBand::kMedium);
  EXPECT_EQ(BandOf(std::nextafter(0.66, 1)), ChurnBand::kHigh);
  EXPECT_EQ(BandOf(1), ChurnBand::kHigh);
}

TEST(BookOutlookTest, AnOrderOfTomorrowMakesTodayTomorrow) {
  Shop shop;
  shop.Buy("buyer", {34, -1});
  shop->AdoptFit(SomeFit());
  const ChurnModel model = ChurnModel::Make(ChurnModelKind::kMbgNbd, kParameters).value();
  const PurchaseHistory history{.repeats = 1, .last_weeks = 5, .age_weeks = 5};
  EXPECT_NEAR(*shop.Of("buyer").p_alive_millionths, model.PAlive(history) * 1e6, 0.5);
}

TEST(BookOutlookTest, PinnedParametersComeBeforeAFit) {
  ChurnSettings pinned;
  pinned.pinned = ChurnParameters{.r = 3, .alpha = 80, .a = 4, .b = 0.2};
  Shop shop(RulesOf(pinned)), other(RulesOf(pinned));
  for (Shop* one : {&shop, &other}) one->Buy("buyer", {70, 35});
  const Profile before = shop.Of("buyer");
  ASSERT_TRUE(before.p_alive_millionths.has_value());
  EXPECT_FALSE(before.clv.has_value());
  shop->AdoptFit(SomeFit());
  EXPECT_EQ(shop.Of("buyer").p_alive_millionths, before.p_alive_millionths);
  EXPECT_TRUE(shop.Of("buyer").clv.has_value()) << "by the spend model of the fit";

  // Without them the fit counts, unless it was made under pinned parameters or of another model.
  ASSERT_TRUE(shop->ReplaceRules(RulesOf()).has_value());
  EXPECT_NE(shop.Of("buyer").p_alive_millionths, before.p_alive_millionths);
  AdoptedFit under_pinned = SomeFit();
  under_pinned.pinned = true;
  other->AdoptFit(under_pinned);
  ASSERT_TRUE(other->ReplaceRules(RulesOf()).has_value());
  EXPECT_FALSE(other.Of("buyer").p_alive_millionths.has_value());
  ChurnSettings bg;
  bg.model = ChurnModelKind::kBgNbd;
  ASSERT_TRUE(shop->ReplaceRules(RulesOf(bg)).has_value());
  EXPECT_FALSE(shop.Of("buyer").p_alive_millionths.has_value());
}

TEST(BookOutlookTest, AFitIsDueAtAPercentOfChange) {
  Shop shop;
  shop.BuyMany(kMinFitCustomers - 1, {90, 60, 30, 10});
  EXPECT_FALSE(shop->FitIsDue()) << "too few customers";
  shop.BuyMany(1, {90, 60, 30, 10});
  EXPECT_TRUE(shop->FitIsDue());
  AdoptedFit fit = SomeFit();
  fit.customers = 100;
  fit.purchases = 400;
  shop->AdoptFit(fit);
  EXPECT_FALSE(shop->FitIsDue());
  shop.Buy("n1", {80, 70, 50});
  EXPECT_FALSE(shop->FitIsDue()) << "403 purchase days";
  shop.Buy("n1", {40});
  EXPECT_TRUE(shop->FitIsDue()) << "404 purchase days";
  fit.purchases = 404;
  shop->AdoptFit(fit);
  EXPECT_FALSE(shop->FitIsDue());
  shop.Buy("one more", {1});
  EXPECT_TRUE(shop->FitIsDue()) << "101 customers";
  fit.customers = 101;
  fit.purchases = 405;
  shop->AdoptFit(fit);
  EXPECT_FALSE(shop->FitIsDue());
  shop.Take(Erase{"n1"});
  EXPECT_TRUE(shop->FitIsDue()) << "fewer";
  fit.customers = 100;
  fit.purchases = 397;
  shop->AdoptFit(fit);
  EXPECT_FALSE(shop->FitIsDue());
  ChurnSettings bg;
  bg.model = ChurnModelKind::kBgNbd;
  ASSERT_TRUE(shop->ReplaceRules(RulesOf(bg)).has_value());
  EXPECT_TRUE(shop->FitIsDue()) << "another model";
  bg.pinned = kParameters;
  ASSERT_TRUE(shop->ReplaceRules(RulesOf(bg)).has_value());
  EXPECT_FALSE(shop->FitIsDue()) << "for the spend model the fit will do";
}

// Orders are worth what they earn where that is known of half of the customers or more.
TEST(BookOutlookTest, SpendIsMarginWhereTheBookHasMargins) {
  Shop shop;
  shop.BuyMany(100, {90, 60}, Minor{150});
  shop.BuyMany(99, {80, 10});
  const ChurnAnswer by_margin = shop->Churn({}).value();
  ASSERT_TRUE(by_margin.spend.has_value());
  EXPECT_EQ(by_margin.spend->measure, SpendMeasure::kMargin);
  EXPECT_EQ(by_margin.spend->customers, 100u);
  EXPECT_EQ(by_margin.purchases, 398u);
  EXPECT_FALSE(by_margin.in_force);
  shop.BuyMany(2, {80, 10});
  const ChurnAnswer by_revenue = shop->Churn({}).value();
  EXPECT_EQ(by_revenue.spend->measure, SpendMeasure::kRevenue);
  EXPECT_EQ(by_revenue.spend->customers, 201u);
  ChurnQuery until;
  until.until = kToday;
  EXPECT_FALSE(shop->Churn(until).value().spend.has_value());
}

TEST(BookOutlookTest, EarlyWarningNamesWhoIsReachableAndLikelyGone) {
  Shop shop;
  shop.Buy("gone", {300, 299, 298, 297, 296});       // overdue
  shop.Buy("rich", {300, 299, 298, 297, 296, 295});  // overdue, buys more often
  shop.Buy("there", {40, 30, 20, 10, 0});            // active
  shop.Buy("passive", {800, 799, 798});              // inactive
  shop.Take(Contact{"gone", Ago(3), "mail", "spring"});
  ListQuery query;
  query.reactivation = query.early_warning = true;
  query.order_by = "clv";
  query.fields = {"customer", "activity"};
  const auto refused = shop->List(query);
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLittleData);
  EXPECT_NE(refused.error().message.find("`kundig churn`"), std::string::npos);
  shop->AdoptFit(SomeFit());
  ASSERT_EQ(shop.Of("gone").churn_band, ChurnBand::kHigh);
  ASSERT_EQ(shop.Of("passive").churn_band, ChurnBand::kHigh);
  ASSERT_EQ(shop.Of("there").churn_band, ChurnBand::kLow);
  ListAnswer answer = shop->List(query).value();
  EXPECT_EQ(answer.total_customers, 1u);
  EXPECT_EQ(answer.excluded_contacted, 1u);
  EXPECT_EQ(answer.columns[0].texts[0], "rich");
  query.activities = {Activity::kInactive};
  answer = shop->List(query).value();
  EXPECT_EQ(answer.columns[0].texts[0], "passive");
}

TEST(BookOutlookTest, ACursorEndsWithTheFitThatItsListDependsOn) {
  Shop shop;
  for (const char* customer : {"a", "b", "c"}) shop.Buy(customer, {40, 10});
  shop->AdoptFit(SomeFit());
  ListQuery query;
  query.limit = 1;
  query.fields = {"customer"};
  const auto next_after_fit = [&] {
    query.cursor = shop->List(query).value().next.value();
    shop->AdoptFit(SomeFit());
    const auto page = shop->List(query);
    query.cursor.clear();
    return page ? std::nullopt : std::optional(page.error().code);
  };
  EXPECT_EQ(next_after_fit(), std::nullopt);
  query.order_by = "p_alive";
  EXPECT_EQ(next_after_fit(), ErrorCode::kBadCursor);
  query.order_by = "customer";
  query.where = "churn_band != 'high'";
  EXPECT_EQ(next_after_fit(), ErrorCode::kBadCursor);
}

}  // namespace
}  // namespace kundig::engine
