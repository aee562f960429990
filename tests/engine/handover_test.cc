// The risk `handover`: a change of owner soon after the first order, whatever changes after it.

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string_view>

#include "tests/engine/reopened_book.h"

namespace kundig::engine {
namespace {

std::shared_ptr<const Rules> Handover(int32_t days) {
  RuleSettings settings;
  settings.risk.handover_days = days;
  return CompileRules(std::move(settings), Calendar()).value();
}

// Days count from the one on which the book begins.
class HandoverTest : public testing::Test {
 protected:
  void Take(const Event& event) {
    const auto answers = book_.Write({{.name = {}, .what = std::span<const Event>(&event, 1)}});
    ASSERT_TRUE(answers.at(0).has_value() && answers[0]->refused.empty());
  }
  void Order(std::string_view order, int day) {
    OrderPlaced placed = OrderOf("ada", order, 100);
    placed.at = On(kToday + day);
    Take(placed);
  }
  void Own(std::string_view owner) {
    CustomerSet set;
    set.customer = "ada";
    set.owner = Patch<std::string_view>::Set(owner);
    Take(set);
  }
  void GoTo(int day) { ASSERT_TRUE(book_->AdvanceDay(kToday + day).has_value()); }
  static bool Runs(Book* book) {
    const std::string_view id = "ada";
    ProfilesAnswer answer;
    book->Profiles(std::span(&id, 1), &answer);
    return (answer.profiles[0].risks & BitOf(Risk::kHandover)) != 0;
  }
  bool Runs() { return Runs(&book_->book()); }
  // By the journal, by a snapshot, and recounted.
  void ExpectSameElsewhere(bool runs) {
    book_.Open();
    EXPECT_EQ(Runs(), runs);
    ASSERT_TRUE(book_->SaveSnapshot(TimeMs{1}, Generations::kKeepNewest).has_value());
    book_.Open();
    ASSERT_TRUE(book_.recovery().snapshot.has_value());
    EXPECT_EQ(Runs(), runs);
    EXPECT_EQ(RunsAsOf(book_->book().Status().state.as_of), runs);
  }
  bool RunsAsOf(Day day) {
    RecountOrder order;
    order.as_of = day;
    order.rules = {nullptr};
    const auto books = book_->book().Recount(order);
    EXPECT_TRUE(books.has_value());
    return books && Runs((*books)[0].get());
  }

  Reopened book_{Handover(90)};
};

TEST_F(HandoverTest, ALaterChangeDoesNotEndIt) {
  Order("1", 0);
  Own("ann");
  GoTo(10);
  Own("bob");
  GoTo(90);
  Own("cid");
  EXPECT_TRUE(Runs());
  ExpectSameElsewhere(true);
  GoTo(99);
  EXPECT_TRUE(Runs()) << "89 days after the first change";
  GoTo(100);
  EXPECT_FALSE(Runs());
  ExpectSameElsewhere(false);
  EXPECT_TRUE(RunsAsOf(kToday + 99));
  EXPECT_TRUE(RunsAsOf(kToday + 10));
  EXPECT_FALSE(RunsAsOf(kToday + 9));
}

TEST_F(HandoverTest, NeitherDoManyChanges) {
  Order("1", 0);
  Own("ann");
  for (int day = 85; day <= 100; ++day) {
    GoTo(day);
    Own(day % 2 == 0 ? "ann" : "bob");
  }
  EXPECT_TRUE(Runs());
  ExpectSameElsewhere(true);
  GoTo(178);
  EXPECT_TRUE(Runs()) << "the last early change is that of day 89";
  GoTo(179);
  EXPECT_FALSE(Runs());
}

TEST_F(HandoverTest, FollowsTheFirstOrder) {
  Own("ann");
  GoTo(50);
  Own("bob");
  EXPECT_FALSE(Runs()) << "there is no order";
  Order("first", 0);
  EXPECT_TRUE(Runs());
  GoTo(95);
  Own("cid");
  Order("second", 60);
  GoTo(140);
  EXPECT_FALSE(Runs()) << "the change of day 95 was not early";
  Take(OrderCancelled{"ada", "first"});
  EXPECT_TRUE(Runs());
  Order("late", 5);
  EXPECT_FALSE(Runs());
  Order("late", 6);
  EXPECT_TRUE(Runs()) << "89 days before the change";
  ExpectSameElsewhere(true);
}

TEST_F(HandoverTest, FollowsTheRules) {
  Order("1", 0);
  Own("ann");
  GoTo(29);
  Own("bob");
  GoTo(60);
  Own("cid");
  EXPECT_TRUE(Runs());
  ASSERT_TRUE(book_.ReplaceRules(Handover(30)).has_value());
  EXPECT_FALSE(Runs()) << "31 days after the change of day 29";
  ASSERT_TRUE(book_.ReplaceRules(Handover(32)).has_value());
  EXPECT_TRUE(Runs());
  ASSERT_TRUE(book_.ReplaceRules(Handover(29)).has_value());
  EXPECT_FALSE(Runs());
  ExpectSameElsewhere(false);
}

}  // namespace
}  // namespace kundig::engine
