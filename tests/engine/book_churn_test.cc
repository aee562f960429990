// The churn model over the book: what it is fitted to, what it foretells, and what is refused. The
// models themselves are tested in churn_model_test.cc and churn_fit_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "engine/book.h"
#include "engine/churn_fit.h"
#include "tests/engine/cdnow_sample.h"
#include "tests/engine/model_book.h"
#include "tests/engine/random_history_churn.h"
#include "tests/engine/sample_days.h"

namespace kundig::engine {
namespace {

using testing::HasSubstr;

std::shared_ptr<const Rules> RulesWithModel(ChurnModelKind model,
                                            std::optional<ChurnParameters> pinned = std::nullopt) {
  RuleSettings settings;
  settings.churn.model = model;
  settings.churn.pinned = pinned;
  return CompileRules(std::move(settings), Calendar()).value();
}

std::unique_ptr<Book> BookWith(std::shared_ptr<const Rules> rules, Day today = kToday,
                               uint32_t shards = 4, int threads = 2) {
  BookOptions options;
  options.today = today;
  options.shards = shards;
  options.threads = threads;
  return std::make_unique<Book>(std::move(rules), options);
}

ChurnQuery Through(Day until, std::optional<Day> check_until = std::nullopt) {
  ChurnQuery query;
  query.until = until;
  query.check_until = check_until;
  return query;
}

// Orders with the storage behind their ids.
class Orders {
 public:
  void Add(std::string customer, std::string order, Day day) {
    const std::string_view customer_text = texts_.emplace_back(std::move(customer));
    const std::string_view order_text = texts_.emplace_back(std::move(order));
    events_.emplace_back(
        OrderPlaced{customer_text, order_text, On(day), Minor{100}, std::nullopt, 1, ""});
  }
  // Customers with a purchase on each of the days.
  void AddCustomers(int count, const std::vector<Day>& days) {
    for (; count > 0; --count) {
      const std::string customer = "c" + std::to_string(++customers_);
      for (const Day day : days) Add(customer, std::to_string(day.since_epoch), day);
    }
  }
  const std::vector<Event>& events() const { return events_; }

 private:
  std::deque<std::string> texts_;
  std::vector<Event> events_;
  int customers_ = 0;
};

// Customers enough for a fit, several orders a day, corrections to other days, cancellations and
// erasures.
Orders SomeHistory(uint64_t seed) {
  Random random(seed);
  Orders orders;
  for (int customer = 0; customer < 400; ++customer) {
    const Day first = kToday - static_cast<int32_t>(random.Below(700));
    const uint64_t gap = random.Pick({1u, 5u, 20u, 90u});
    Day day = first;
    for (int order = 0; order < 60 && day <= kToday + 1; ++order) {
      orders.Add("c" + std::to_string(customer), "o" + std::to_string(order), day);
      if (random.Chance(15)) break;
      day = day + static_cast<int32_t>(random.Below(2 * gap));
    }
  }
  for (int correction = 0; correction < 300; ++correction) {
    orders.Add("c" + std::to_string(random.Below(400)), "o" + std::to_string(random.Below(4)),
               kToday - static_cast<int32_t>(random.Below(800)));
  }
  return orders;
}

TEST(BookChurnTest, AgreesWithTheModelBook) {
  const Orders orders = SomeHistory(1);
  std::vector<Event> events = orders.events();
  for (const char* customer : {"c1", "c77"}) events.emplace_back(Erase{customer});
  for (const char* customer : {"c2", "c3", "c4", "c5", "c6"}) {
    events.emplace_back(OrderCancelled{customer, "o0"});
  }
  Random random(2);
  for (const ChurnModelKind kind : {ChurnModelKind::kMbgNbd, ChurnModelKind::kBgNbd}) {
    ModelBook model(RulesWithModel(kind), kToday);
    model.Apply(events);
    const std::pair<uint32_t, int> shapes[] = {{1, 1}, {16, 3}};
    for (const auto& shape : shapes) {
      const auto book = BookWith(RulesWithModel(kind), kToday, shape.first, shape.second);
      ASSERT_TRUE(book->Apply(events).refused.empty());
      Differences differences;
      AskChurn(model, book.get(), {}, &differences);
      AskChurn(model, book.get(), Through(kToday), &differences);
      AskChurn(model, book.get(), Through(kToday - 200, kToday), &differences);
      for (int n = 0; n < 4; ++n) {
        AskChurn(model, book.get(), RandomChurnQuery(&random, kToday), &differences);
      }
      EXPECT_TRUE(differences.empty()) << differences.text();
      const auto answer = book->Churn(Through(kToday - 200, kToday));
      ASSERT_TRUE(answer.has_value()) << answer.error().message;
      EXPECT_FALSE(answer->pinned);
      EXPECT_GT(answer->hold_out[0].purchases, 0u);
      EXPECT_GT(answer->hold_out[7].purchases, 0u);
    }
  }
}

TEST(BookChurnTest, KnowsPurchaseDaysThroughTheDayOnly) {
  const ChurnParameters pinned{.r = 0.5, .alpha = 6, .a = 0.9, .b = 1.6};
  const auto book = BookWith(RulesWithModel(ChurnModelKind::kMbgNbd, pinned));
  Orders orders;
  orders.Add("a", "1", kToday - 30);
  orders.Add("a", "2", kToday - 30);  // the same day
  orders.Add("a", "3", kToday - 20);
  orders.Add("a", "4", kToday - 10);
  orders.Add("a", "5", kToday - 10);
  orders.Add("a", "6", kToday + 1);
  orders.Add("b", "1", kToday - 19);
  ASSERT_TRUE(book->Apply(orders.events()).refused.empty());
  const ChurnModel model = ChurnModel::Make(ChurnModelKind::kMbgNbd, pinned).value();

  auto answer = book->Churn(Through(kToday - 20, kToday - 10)).value();
  EXPECT_EQ(answer.customers, 1u);
  EXPECT_EQ(answer.fitted_through, kToday - 20);
  EXPECT_EQ(answer.hold_out[1].customers, 1u);
  EXPECT_EQ(answer.hold_out[1].purchases, 1u);
  const PurchaseHistory a{.repeats = 1, .last_weeks = 10 / 7.0, .age_weeks = 10 / 7.0};
  EXPECT_NEAR(answer.hold_out[1].expected, model.ExpectedPurchases(a, 10 / 7.0), 1e-6);
  EXPECT_NEAR(answer.alive, model.PAlive(a), 1e-12);
  EXPECT_NEAR(answer.log_likelihood, model.LogLikelihood(a), 1e-9);
  EXPECT_EQ(answer.horizon_days, 365);
  EXPECT_NEAR(answer.expected_purchases, model.ExpectedPurchases(a, 365 / 7.0), 1e-6);

  // The day before the last one to be checked.
  answer = book->Churn(Through(kToday - 20, kToday - 11)).value();
  EXPECT_EQ(answer.hold_out[1].purchases, 0u);
  // Nothing is left out without a day, also what is dated tomorrow.
  answer = book->Churn({}).value();
  EXPECT_EQ(answer.customers, 2u);
  EXPECT_EQ(answer.fitted_through, kToday);
  EXPECT_EQ(answer.checked_through, std::nullopt);
  const PurchaseHistory with_tomorrow{.repeats = 3, .last_weeks = 31 / 7.0, .age_weeks = 31 / 7.0};
  const PurchaseHistory b{.repeats = 0, .last_weeks = 0, .age_weeks = 19 / 7.0};
  EXPECT_NEAR(answer.alive, model.PAlive(with_tomorrow) + model.PAlive(b), 1e-12);
}

TEST(BookChurnTest, PinnedParametersAreHeldAgainstTheBook) {
  const auto book = BookWith(RulesWithModel(ChurnModelKind::kBgNbd));
  ASSERT_TRUE(book->Apply(SomeHistory(3).events()).refused.empty());
  const ChurnAnswer fitted = book->Churn({}).value();
  EXPECT_TRUE(fitted.converged);
  ChurnParameters other = fitted.parameters;
  other.r *= 1.1;
  ASSERT_TRUE(book->ReplaceRules(RulesWithModel(ChurnModelKind::kBgNbd, other)));
  const ChurnAnswer pinned = book->Churn({}).value();
  EXPECT_TRUE(pinned.pinned);
  EXPECT_EQ(pinned.parameters.r, other.r);
  EXPECT_EQ(pinned.customers, fitted.customers);
  EXPECT_LT(pinned.log_likelihood, fitted.log_likelihood);
  EXPECT_GT(pinned.log_likelihood, 1.01 * fitted.log_likelihood);
}

TEST(BookChurnTest, SaysWhatToDoWithTooLittle) {
  const auto book = BookWith(RulesWithModel(ChurnModelKind::kMbgNbd));
  Orders orders;
  const auto few = book->Churn({});
  ASSERT_TRUE(few.has_error());
  EXPECT_EQ(few.error().code, ErrorCode::kTooLittleData);
  EXPECT_EQ(few.error().field, "customers");
  EXPECT_THAT(few.error().message, HasSubstr("Ask again when 100 customers"));
  orders.AddCustomers(kMinFitCustomers, {kToday - 50});
  book->Apply(orders.events());
  const auto alike = book->Churn({});
  ASSERT_TRUE(alike.has_error());
  EXPECT_EQ(alike.error().field, "repeats");
  EXPECT_THAT(alike.error().message, HasSubstr("pin the parameters"));
  orders.AddCustomers(1, {kToday - 50, kToday - 20});
  book->Apply(orders.events());
  EXPECT_TRUE(book->Churn({}).has_value());
  // On an earlier day nobody had come back.
  EXPECT_EQ(book->Churn(Through(kToday - 21)).error().field, "repeats");
  EXPECT_EQ(book->Churn(Through(kToday - 51)).error().field, "customers");
  // Pinned parameters need nobody.
  const auto empty = BookWith(RulesWithModel(ChurnModelKind::kMbgNbd, ChurnParameters()));
  EXPECT_EQ(empty->Churn(Through(kToday - 1, kToday)).value().customers, 0u);
}

TEST(BookChurnTest, RefusesDaysThatNothingIsKnownOf) {
  const auto book = BookWith(RulesWithModel(ChurnModelKind::kMbgNbd, ChurnParameters()));
  const auto refusal = [&](const ChurnQuery& query) {
    const auto answer = book->Churn(query);
    if (answer) return std::string("answered");
    EXPECT_EQ(answer.error().code,
              query.until ? ErrorCode::kInvalidValue : ErrorCode::kMissingField);
    return answer.error().field;
  };
  EXPECT_EQ(refusal(Through(kToday)), "answered");
  EXPECT_EQ(refusal(Through(kToday + 1)), "until");
  EXPECT_EQ(refusal(Through(kToday - 1, kToday)), "answered");
  EXPECT_EQ(refusal(Through(kToday - 1, kToday + 1)), "check_until");
  EXPECT_EQ(refusal(Through(kToday - 1, kToday - 1)), "check_until");
  ChurnQuery without;
  without.check_until = kToday;
  EXPECT_EQ(refusal(without), "until");
}

// Table 2 of Fader, Hardie and Lee (2005), and the customers and purchases of its figures: counted
// from the file with a few lines of Python.
TEST(BookChurnTest, GivesThePublishedFiguresOfCdnow) {
  const auto sample = ReadCdnowSample();
  if (!sample) GTEST_SKIP() << "shared/data is not beside this checkout";
  Orders orders;
  Day last{0};
  for (size_t customer = 0; customer < sample->size(); ++customer) {
    for (const auto& [day, cents] : (*sample)[customer]) {
      orders.Add(std::to_string(customer), std::to_string(day.since_epoch), day);
      last = std::max(last, day);
    }
  }
  const auto book = BookWith(RulesWithModel(ChurnModelKind::kBgNbd), last);
  ASSERT_TRUE(book->Apply(orders.events()).refused.empty());
  const ChurnAnswer answer = book->Churn(Through(kCdnowCalibrationEnd, last)).value();
  EXPECT_EQ(answer.customers, 2357u);
  EXPECT_NEAR(answer.parameters.r, 0.243, 0.0005);
  EXPECT_NEAR(answer.parameters.alpha, 4.414, 0.0005);
  EXPECT_NEAR(answer.parameters.a, 0.793, 0.0005);
  EXPECT_NEAR(answer.parameters.b, 2.426, 0.0005);
  EXPECT_NEAR(answer.log_likelihood, -9582.43, 0.005);
  const uint64_t customers[] = {1411, 439, 214, 100, 62, 38, 29, 64};
  const uint64_t purchases[] = {334, 306, 298, 156, 157, 112, 112, 407};
  for (size_t repeats = 0; repeats < answer.hold_out.size(); ++repeats) {
    EXPECT_EQ(answer.hold_out[repeats].customers, customers[repeats]) << repeats;
    EXPECT_EQ(answer.hold_out[repeats].purchases, purchases[repeats]) << repeats;
    // As well as the paper's figure 3 shows it.
    EXPECT_NEAR(answer.hold_out[repeats].expected / static_cast<double>(purchases[repeats]), 1,
                0.3);
  }
}

}  // namespace
}  // namespace kundig::engine
