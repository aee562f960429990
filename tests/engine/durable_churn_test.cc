// The fit that a durable book has adopted is part of it: a start reads it and never makes one.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/engine/reopened_book.h"

namespace kundig::engine {
namespace {

void Buy(Reopened* book, int first, int customers, const std::vector<int>& days_ago) {
  for (int customer = first; customer < first + customers; ++customer) {
    const std::string id = "c" + std::to_string(customer);
    for (const int ago : days_ago) {
      const std::string order = std::to_string(ago);
      OrderPlaced placed = OrderOf(id, order, 1000 + 10 * customer);
      placed.at = Ago(ago + customer % 7);
      ASSERT_TRUE(book->Write({OneOrder(placed)})[0].has_value());
    }
  }
}

std::vector<Profile> ProfilesOf(Reopened* book) {
  const std::vector<std::string_view> ids = {"c0", "c1", "c57", "c119"};
  ProfilesAnswer answer;
  (*book)->book().Profiles(ids, &answer);
  return answer.profiles;
}

StateName BookStateOf(Reopened* book) {
  return (*book)->book().Status().state;
}

void ExpectSameOutlook(const std::vector<Profile>& a, const std::vector<Profile>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(a[i].p_alive_millionths.has_value());
    EXPECT_EQ(a[i].p_alive_millionths, b[i].p_alive_millionths);
    EXPECT_EQ(a[i].churn_band, b[i].churn_band);
    EXPECT_EQ(a[i].expected_orders_thousandths, b[i].expected_orders_thousandths);
    EXPECT_EQ(a[i].clv, b[i].clv);
  }
}

TEST(DurableChurnTest, TheFitInForceOutlivesEveryStart) {
  Reopened book;
  Buy(&book, 0, 60, {200, 150, 100, 10});
  EXPECT_EQ(book->FitChurn().error().code, ErrorCode::kTooLittleData);
  EXPECT_FALSE(ProfilesOf(&book)[0].p_alive_millionths.has_value());
  Buy(&book, 60, 60, {250, 20});
  const uint64_t sequence = book->book().Status().state.journal_sequence;
  const Result<ChurnAnswer> fit = book->FitChurn();
  ASSERT_TRUE(fit.has_value()) << fit.error().message;
  EXPECT_TRUE(fit->in_force);
  EXPECT_EQ(fit->customers, 120u);
  EXPECT_EQ(fit->fitted_through, kToday);
  ASSERT_TRUE(fit->spend.has_value());
  EXPECT_EQ(book->book().Status().state.journal_sequence, sequence)
      << "no entry, as rules are none";
  const std::vector<Profile> fitted = ProfilesOf(&book);
  EXPECT_TRUE(fitted[0].clv.has_value());

  // By its journal alone, though more was bought since; then by a snapshot; then by both.
  Buy(&book, 200, 30, {30});
  book.Open();
  ExpectSameOutlook(fitted, ProfilesOf(&book));
  ASSERT_TRUE(book->SaveSnapshot(TimeMs{1}, Generations::kKeepNewest).has_value());
  book.Open();
  ASSERT_TRUE(book.recovery().snapshot.has_value());
  ASSERT_TRUE(book.recovery().snapshot->fit.has_value());
  EXPECT_EQ(book.recovery().snapshot->fit->customers, 120u);
  EXPECT_EQ(book.recovery().snapshot->fit->purchases, fit->purchases);
  ExpectSameOutlook(fitted, ProfilesOf(&book));
  ASSERT_TRUE(book->FitChurn().has_value());
  const std::vector<Profile> again = ProfilesOf(&book);
  EXPECT_NE(again[0].p_alive_millionths, fitted[0].p_alive_millionths);
  book.Open();
  ExpectSameOutlook(again, ProfilesOf(&book));
}

// Answers are told apart by it where a fit came between them.
TEST(DurableChurnTest, AFitIsNamedByTheStateAndSoIsTheSameAfterEveryStart) {
  Reopened book;
  Buy(&book, 0, 120, {200, 150, 10});
  const StateName before = BookStateOf(&book);
  EXPECT_EQ(before.fit_version, 0u);
  Result<ChurnAnswer> fit = book->FitChurn();
  ASSERT_TRUE(fit.has_value()) << fit.error().message;
  EXPECT_EQ(fit->state.fit_version, 1u) << "its own";
  const StateName after = BookStateOf(&book);
  EXPECT_EQ(after.fit_version, 1u);
  EXPECT_EQ(after.journal_sequence, before.journal_sequence);
  EXPECT_EQ(after.rules_version, before.rules_version);
  EXPECT_EQ(after.as_of, before.as_of);
  ASSERT_TRUE(book->FitChurn().has_value());
  const Result<ChurnAnswer> asked = book->book().Churn({});
  ASSERT_TRUE(asked.has_value()) << asked.error().message;
  EXPECT_EQ(asked->state.fit_version, 2u) << "asking adopts nothing";

  // By the journal, by a snapshot, and by a snapshot and the journal behind it.
  book.Open();
  EXPECT_EQ(BookStateOf(&book).fit_version, 2u);
  ASSERT_TRUE(book->SaveSnapshot(TimeMs{1}, Generations::kKeepNewest).has_value());
  book.Open();
  ASSERT_TRUE(book.recovery().snapshot.has_value());
  EXPECT_EQ(book.recovery().snapshot->fit_version, 2u);
  EXPECT_EQ(BookStateOf(&book).fit_version, 2u);
  ASSERT_TRUE(book->FitChurn().has_value());
  book.Open();
  EXPECT_EQ(BookStateOf(&book).fit_version, 3u);
}

TEST(DurableChurnTest, ACursorOfALookAheadEndsWithTheFit) {
  Reopened book;
  Buy(&book, 0, 120, {200, 150, 10});
  ASSERT_TRUE(book->FitChurn().has_value());
  ListQuery ahead, plain;
  ahead.limit = plain.limit = 10;
  ahead.fields = {"customer", "p_alive"};
  plain.fields = {"customer"};
  Result<ListAnswer> of_ahead = book->book().List(ahead), of_plain = book->book().List(plain);
  ASSERT_TRUE(of_ahead.has_value() && of_ahead->next && of_plain.has_value() && of_plain->next);
  EXPECT_EQ(of_ahead->state.fit_version, 1u);
  ahead.cursor = *of_ahead->next;
  plain.cursor = *of_plain->next;
  EXPECT_TRUE(book->book().List(ahead).has_value());
  ASSERT_TRUE(book->FitChurn().has_value());
  EXPECT_EQ(book->book().List(ahead).error().code, ErrorCode::kBadCursor);
  of_plain = book->book().List(plain);
  ASSERT_TRUE(of_plain.has_value()) << of_plain.error().message;
  EXPECT_EQ(of_plain->state.fit_version, 2u);
}

TEST(DurableChurnTest, ABackupHasTheFit) {
  Reopened book;
  Buy(&book, 0, 120, {200, 150, 10});
  ASSERT_TRUE(book->FitChurn().has_value());
  const std::vector<Profile> fitted = ProfilesOf(&book);
  const std::string backup = book.FileBelow("backup");
  ASSERT_TRUE(book->Backup(TimeMs{1}, backup).has_value());
  DurabilityOptions durability = book.durability();
  durability.folder = backup;
  Recovery recovery;
  auto copy = DurableBook::Open(DefaultRules(), Options(kToday), durability, &recovery);
  ASSERT_TRUE(copy.has_value()) << copy.error().message;
  ProfilesAnswer answer;
  const std::vector<std::string_view> ids = {"c0", "c1", "c57", "c119"};
  (*copy)->book().Profiles(ids, &answer);
  ExpectSameOutlook(fitted, answer.profiles);
}

TEST(DurableChurnTest, ABookInMemoryAdoptsItsFitToo) {
  const auto book = DurableBook::InMemory(DefaultRules(), Options(kToday));
  EXPECT_EQ(book->FitChurn().error().field, "customers");
}

}  // namespace
}  // namespace kundig::engine
