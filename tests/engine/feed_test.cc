// Change feeds: what is told, by which cause and at which sequence; how far back a feed is kept.
// That members are right whatever happens, random_history_test.cc says.

#include "engine/feed.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "engine/book.h"
#include "tests/engine/sample_orders.h"

namespace kundig::engine {
namespace {

CustomerSet Country(std::string_view customer, std::string_view country) {
  CustomerSet set;
  set.customer = customer;
  set.country = Patch<std::string_view>::Set(country);
  return set;
}

class FeedTest : public testing::Test {
 protected:
  explicit FeedTest(RuleSettings settings = {}) : settings_(std::move(settings)) {
    BookOptions options;
    options.today = kToday;
    options.shards = 4;
    options.now = [this] { return now_; };
    book_ = std::make_unique<Book>(CompileRules(settings_, Calendar()).value(), options);
  }

  std::shared_ptr<Feed> Watch(const std::string& where, std::vector<std::string> fields = {}) {
    std::shared_ptr<Feed> feed = book_->OpenFeed({where, std::move(fields)}).value();
    at_ = feed->Read(std::nullopt, 1, Sequence())->position;
    return feed;
  }
  uint64_t Sequence() const { return book_->Status().state.journal_sequence; }
  FeedAnswer Read(const Feed& feed, size_t limit = 1000) {
    FeedAnswer answer = feed.Read(at_, limit, Sequence()).value();
    at_ = answer.position;
    return answer;
  }
  // "17.1 ada entered event", ...
  std::vector<std::string> Lines(const Feed& feed) {
    constexpr const char* kCauses[] = {"event", "day", "ranking", "rules"};
    std::vector<std::string> lines;
    for (const FeedAnswer::Change& change : Read(feed).changes) {
      lines.push_back(std::to_string(change.sequence) + "." + std::to_string(change.place) + " " +
                      change.customer + (change.entered ? " entered " : " left ") +
                      kCauses[static_cast<int>(change.cause)]);
    }
    return lines;
  }
  void Take(const std::vector<Event>& events) { book_->Apply(events); }

  using Strings = std::vector<std::string>;

  RuleSettings settings_;
  TimeMs now_{1'000};
  std::unique_ptr<Book> book_;
  FeedPosition at_;
};

TEST_F(FeedTest, TellsEachEventAtItsOwnSequence) {
  Take({OrderOf("ada", "1", 100)});
  const auto feed = Watch("revenue_total >= 500", {"customer", "revenue_total", "country"});
  OrderPlaced wrong = OrderOf("bob", "9", 100);
  wrong.currency = "CHF";
  now_ = TimeMs{2'000};
  // The second is refused and has no sequence.
  Take({OrderOf("bob", "2", 499), wrong, OrderOf("ada", "3", 400), Country("bob", "DE"),
        OrderOf("bob", "4", 1), OrderOf("ada", "3", 399)});
  const FeedAnswer answer = Read(*feed);
  ASSERT_EQ(answer.changes.size(), 3u);
  EXPECT_EQ(answer.changes[0].customer, "ada");
  EXPECT_EQ(answer.changes[0].sequence, 3u);
  EXPECT_EQ(answer.changes[0].at.since_epoch, 2'000);
  EXPECT_TRUE(answer.changes[0].entered);
  EXPECT_EQ(answer.changes[1].customer, "bob");
  EXPECT_EQ(answer.changes[1].sequence, 5u);
  EXPECT_FALSE(answer.changes[2].entered);
  EXPECT_EQ(answer.changes[2].sequence, 6u);
  EXPECT_EQ(answer.before[1].numbers, (std::vector<int64_t>{100, 499, 500}));
  EXPECT_EQ(answer.after[1].numbers, (std::vector<int64_t>{500, 500, 499}));
  EXPECT_EQ(answer.before[0].texts[1], "bob");
  EXPECT_EQ(answer.after[2].absent, (std::vector<uint8_t>{1, 0, 1}));
  EXPECT_EQ(answer.after[2].texts[1], "DE");
}

TEST_F(FeedTest, OrdersInLanesAreToldInTheirOrder) {
  const auto feed = Watch("orders_total >= 1");
  std::vector<std::string> ids;
  std::vector<OrderPlaced> orders;
  for (int at = 0; at < 200; ++at) ids.push_back("c" + std::to_string(at));
  for (const std::string& id : ids) orders.push_back(OrderOf(id, id, 100));
  book_->Apply(orders);
  const FeedAnswer answer = Read(*feed);
  ASSERT_EQ(answer.changes.size(), ids.size());
  for (size_t at = 0; at < ids.size(); ++at) {
    EXPECT_EQ(answer.changes[at].customer, ids[at]);
    EXPECT_EQ(answer.changes[at].sequence, at + 1);
  }
}

TEST_F(FeedTest, TellsWhoComesAndGoes) {
  const auto feed = Watch("not revenue_total > 1000", {"orders_total"});
  Take({Country("ada", "DE")});
  FeedAnswer answer = Read(*feed);
  ASSERT_EQ(answer.changes.size(), 1u);
  EXPECT_TRUE(answer.changes[0].entered);
  EXPECT_EQ(answer.before[0].absent[0], 1);
  EXPECT_EQ(answer.after[0].numbers[0], 0);
  Take({Erase{"ada"}});
  answer = Read(*feed);
  ASSERT_EQ(answer.changes.size(), 1u);
  EXPECT_FALSE(answer.changes[0].entered);
  EXPECT_EQ(answer.changes[0].customer, "ada");
  EXPECT_EQ(answer.after[0].absent[0], 1);
}

TEST_F(FeedTest, ForgetsWhatItToldOfWhoIsErased) {
  const auto feed = Watch("orders_total >= 1", {"country", "orders_total"});
  const FeedPosition begin = at_;
  Take(
      {Country("ada", "DE"), Country("bob", "FR"), OrderOf("ada", "1", 1), OrderOf("bob", "2", 1)});
  EXPECT_EQ(Read(*feed).after[0].texts[0], "DE");
  Take({OrderOf("bob", "3", 1), Erase{"ada"}});
  at_ = begin;
  const FeedAnswer answer = Read(*feed);
  ASSERT_EQ(answer.changes.size(), 3u);
  EXPECT_EQ(answer.changes[2].customer, "ada");
  for (const auto* side : {&answer.before, &answer.after}) {
    for (const ListColumn& column : *side) {
      EXPECT_EQ(column.absent[0] + column.absent[2], 2) << column.name;
    }
  }
  EXPECT_EQ(answer.after[0].texts[1], "FR");
}

TEST_F(FeedTest, WatchesOneCustomerByHisId) {
  const auto feed = Watch("customer = 'ada' and country = 'DE'");
  Take({Country("ada", "DE"), Country("bob", "DE"), Country("ada", "FR"), Erase{"ada"},
        Country("ada", "DE")});
  EXPECT_EQ(Lines(*feed),
            (Strings{"1.1 ada entered event", "3.1 ada left event", "5.1 ada entered event"}));
}

TEST_F(FeedTest, TellsWhatADayBrings) {
  settings_.activity.inactive_after = 30;
  Take({OrderOf("ada", "1", 100, kToday - 29), OrderOf("bob", "2", 100, kToday - 28)});
  const auto feed = Watch("inactive_days >= 30", {"inactive_days"});
  ASSERT_TRUE(book_->AdvanceDay(kToday + 1).has_value());
  const FeedAnswer answer = Read(*feed);
  ASSERT_EQ(answer.changes.size(), 1u);
  EXPECT_EQ(answer.changes[0].customer, "ada");
  EXPECT_EQ(answer.changes[0].cause, ChangeCause::kDay);
  EXPECT_EQ(answer.before[0].numbers[0], 29);
  EXPECT_EQ(answer.after[0].numbers[0], 30);
}

TEST_F(FeedTest, TellsWhatLeavesAWindowWithTheDay) {
  Take({OrderOf("ada", "1", 100, kToday - 364)});
  const auto feed = Watch("revenue >= 100", {"revenue"});
  ASSERT_TRUE(book_->AdvanceDay(kToday + 1).has_value());
  const FeedAnswer answer = Read(*feed);
  ASSERT_EQ(answer.changes.size(), 1u);
  EXPECT_FALSE(answer.changes[0].entered);
  EXPECT_EQ(answer.before[0].numbers[0], 100);
  EXPECT_EQ(answer.after[0].numbers[0], 0);
}

TEST_F(FeedTest, TellsWhomARankingMoves) {
  Take({OrderOf("ada", "1", 1000), OrderOf("bob", "2", 10)});
  book_->RefreshRankings();
  const auto feed = Watch("abc = 'A'");
  // Bob's order makes him the greater one, but classes move with the ranking.
  Take({OrderOf("bob", "3", 100'000)});
  Lines(*feed);
  book_->RefreshRankings();
  EXPECT_EQ(Lines(*feed), (Strings{"3.2 ada left ranking"}));
}

TEST_F(FeedTest, ABareSequencePassesOverNothingThatComesLater) {
  Take({OrderOf("ada", "1", 1000), OrderOf("bob", "2", 10)});
  book_->RefreshRankings();
  Take({OrderOf("bob", "3", 100'000)});
  const auto feed = Watch("abc = 'A'");
  at_ = {0, Sequence(), FeedPosition::kBehindAll};
  EXPECT_EQ(Lines(*feed), Strings{});
  book_->RefreshRankings();
  EXPECT_EQ(Lines(*feed), (Strings{"3.1 ada left ranking"}));
  at_ = {0, Sequence(), FeedPosition::kBehindAll};
  EXPECT_EQ(Lines(*feed), Strings{});
}

TEST_F(FeedTest, TellsWhatOtherRulesChange) {
  Take({OrderOf("ada", "1", 100, kToday - 50), OrderOf("bob", "2", 100)});
  const auto feed = Watch("activity = 'inactive'", {"activity"});
  settings_.activity.inactive_after = 50;
  ASSERT_TRUE(book_->ReplaceRules(CompileRules(settings_, Calendar()).value()).has_value());
  const FeedAnswer answer = Read(*feed);
  ASSERT_EQ(answer.changes.size(), 1u);
  EXPECT_EQ(answer.changes[0].customer, "ada");
  EXPECT_EQ(answer.changes[0].cause, ChangeCause::kRules);
  EXPECT_EQ(answer.before[0].texts[0], "active");
  EXPECT_EQ(answer.after[0].texts[0], "inactive");
}

TEST_F(FeedTest, JudgesWhoWasByRulesThatNameHim) {
  settings_.value.always = {{ValueClass::kIndividual, "customer = 'ada'"}};
  ASSERT_TRUE(book_->ReplaceRules(CompileRules(settings_, Calendar()).value()).has_value());
  Take({Country("ada", "DE")});
  const auto feed = Watch("value_class = 'individual'", {"value_class"});
  Take({Country("ada", "FR"), OrderOf("ada", "1", 100)});
  EXPECT_EQ(Lines(*feed), Strings{});
  Take({Erase{"ada"}});
  EXPECT_EQ(Lines(*feed), (Strings{"4.1 ada left event"}));
}

TEST_F(FeedTest, IsFoundWhileRulesChange) {
  constexpr int kOpen = 32, kChanges = 100;
  const auto query = [](int number) {
    return WatchQuery{"orders_total >= " + std::to_string(number), {}};
  };
  std::vector<std::shared_ptr<Feed>> feeds;
  for (int number = 0; number < kOpen; ++number) {
    feeds.push_back(book_->OpenFeed(query(number)).value());
  }
  std::atomic<bool> changing{true};
  std::vector<std::thread> askers;
  for (int asker = 0; asker < 2; ++asker) {
    askers.emplace_back([&] {
      for (int at = 0; changing; at = (at + 1) % kOpen) {
        EXPECT_EQ(book_->OpenFeed(query(at)).value(), feeds[static_cast<size_t>(at)]);
      }
    });
  }
  for (int change = 0; change < kChanges; ++change) {
    settings_.activity.inactive_after = 50 + change % 2;
    EXPECT_TRUE(book_->ReplaceRules(CompileRules(settings_, Calendar()).value()).has_value());
  }
  changing = false;
  for (std::thread& asker : askers) asker.join();
}

TEST_F(FeedTest, EndsWhereRulesDoNotKnowTheConditionAnyMore) {
  const auto feed = Watch("rfm_segment = 'Champions'");
  const auto stays = Watch("orders >= 1");
  SegmentSetting all;
  all.name = "everybody";
  settings_.rfm.segments = {all};
  ASSERT_TRUE(book_->ReplaceRules(CompileRules(settings_, Calendar()).value()).has_value());
  EXPECT_TRUE(feed->ended());
  EXPECT_FALSE(stays->ended());
  EXPECT_EQ(feed->Read(at_, 1, Sequence()).error().code, ErrorCode::kHistoryGone);
  const auto again = book_->OpenFeed({"rfm_segment = 'Champions'", {}});
  ASSERT_TRUE(again.has_error());
  EXPECT_EQ(again.error().field, "where");
  EXPECT_TRUE(Watch("rfm_segment = 'everybody'"));
}

TEST_F(FeedTest, PagesAndGoesOnFromAnyPlace) {
  const auto feed = Watch("orders_total >= 1");
  Take({OrderOf("a", "1", 1), OrderOf("b", "2", 1), OrderOf("c", "3", 1)});
  const FeedPosition begin = at_;
  EXPECT_EQ(Read(*feed, 2).changes.size(), 2u);
  EXPECT_EQ(Lines(*feed), (Strings{"3.1 c entered event"}));
  EXPECT_EQ(Lines(*feed), Strings{});
  // Of any feed, behind all of a sequence.
  at_ = {0, 2, FeedPosition::kBehindAll};
  EXPECT_EQ(Lines(*feed), (Strings{"3.1 c entered event"}));
  at_ = begin;
  EXPECT_EQ(Lines(*feed).size(), 3u);
}

TEST_F(FeedTest, SaysWhereItsHistoryIsGone) {
  Take({OrderOf("a", "1", 1)});
  const auto feed = Watch("orders_total >= 1");
  const auto gone = [&](FeedPosition from) {
    const auto answer = feed->Read(from, 10, Sequence());
    return answer.has_error() && answer.error().code == ErrorCode::kHistoryGone;
  };
  EXPECT_TRUE(gone({0, 0, FeedPosition::kBehindAll}));
  EXPECT_FALSE(gone({0, 1, 0}));
  EXPECT_TRUE(gone({0, 2, 0})) << "of a sequence to come";
  EXPECT_TRUE(gone({feed->number() + 1, 1, 0})) << "of another feed";
  Take({OrderOf("b", "2", 1), OrderOf("c", "3", 1), OrderOf("d", "4", 1), OrderOf("e", "5", 1)});
  feed->DropHalf();
  EXPECT_TRUE(gone({0, 2, 1}));
  EXPECT_FALSE(gone({0, 3, 1}));
  at_ = {0, 3, 1};
  EXPECT_EQ(Lines(*feed), (Strings{"4.1 d entered event", "5.1 e entered event"}));
  const FeedPosition newest = at_;
  feed->Lose(5);
  EXPECT_TRUE(gone(newest)) << "what was lost came behind it";
  const std::string message = feed->Read(newest, 1, Sequence()).error().message;
  const FeedPosition now = feed->Read(std::nullopt, 1, Sequence())->position;
  EXPECT_NE(message.find(FormatPosition(now)), std::string::npos) << message;
  EXPECT_FALSE(gone(now));
}

TEST_F(FeedTest, IsOneForTheSameQuestionUntilItIsClosed) {
  const auto feed = Watch("orders >= 1", {"orders"});
  EXPECT_EQ(Watch("orders >= 1", {"orders"}), feed);
  EXPECT_NE(book_->OpenFeed({"orders >= 1", {}}).value(), feed);
  book_->CloseFeed(*feed);
  Take({OrderOf("a", "1", 1)});
  EXPECT_EQ(Lines(*feed), Strings{});
  EXPECT_NE(Watch("orders >= 1", {"orders"}), feed);
}

TEST_F(FeedTest, CallsWhoWaits) {
  const auto feed = Watch("orders >= 1");
  int calls = 0;
  feed->OnChange([&] { ++calls; });
  Take({Country("a", "DE")});
  EXPECT_EQ(calls, 0);
  Take({OrderOf("a", "1", 1)});
  EXPECT_EQ(calls, 1);
  feed->OnChange(nullptr);
  Take({Erase{"a"}});
  EXPECT_EQ(calls, 1);
}

TEST_F(FeedTest, RefusesWhatCannotBeWatched) {
  const auto refusal = [&](const std::string& where, std::vector<std::string> fields) {
    return book_->OpenFeed({where, std::move(fields)}).error();
  };
  EXPECT_EQ(refusal("orders >=", {}).code, ErrorCode::kSyntax);
  EXPECT_EQ(refusal("orders >=", {}).field, "where");
  EXPECT_EQ(refusal("ordres >= 1", {}).code, ErrorCode::kUnknownField);
  EXPECT_EQ(refusal("orders >= 1", {"revenu"}).code, ErrorCode::kUnknownField);
  EXPECT_EQ(refusal("orders >= 1", {"revenu"}).field, "fields");
  EXPECT_EQ(refusal("orders >= 1", {"orders", "orders"}).code, ErrorCode::kInvalidValue);
}

TEST_F(FeedTest, HasALimitedNumberOfThem) {
  for (size_t at = 0; at < kMaxFeeds; ++at) {
    ASSERT_TRUE(book_->OpenFeed({"orders >= " + std::to_string(at), {}}).has_value());
  }
  const auto more = book_->OpenFeed({"orders < 0", {}});
  ASSERT_TRUE(more.has_error());
  EXPECT_EQ(more.error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(more.error().field, "max_feeds");
  EXPECT_TRUE(book_->OpenFeed({"orders >= 5", {}}).has_value()) << "one that is there";
}

}  // namespace
}  // namespace kundig::engine
