// Paging by cursor while events and days go on, and questions while the rules change.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/book.h"
#include "tests/engine/random_history_random.h"
#include "tests/engine/sample_days.h"

namespace kundig::engine {
namespace {

constexpr int kStill = 150;  // customers that never change
constexpr int kMoving = 60;
constexpr int kQuestions = 200;  // while the rules change as fast as they can

std::unique_ptr<Book> MakeBook(RuleSettings settings) {
  BookOptions options;
  options.today = kToday;
  options.shards = 8;
  options.threads = 2;
  return std::make_unique<Book>(CompileRules(std::move(settings), Calendar()).value(), options);
}

void PlaceOrder(Book* book, const std::string& customer, Day day, int64_t revenue) {
  const Event event = OrderPlaced{customer, "1", On(day), Minor{revenue}, std::nullopt, 1, ""};
  const ApplyAnswer answer = book->Apply(std::span(&event, 1));
  ASSERT_TRUE(answer.refused.empty()) << answer.refused[0].error.message;
}

std::string StillName(int i) {
  return "still-" + std::to_string(i);
}

// Pages through the whole book and says how often each customer was shown.
void PageThrough(Book* book, const std::string& order_by, bool descending) {
  ListQuery query;
  query.order_by = order_by;
  query.descending = descending;
  query.limit = 7;
  query.fields = {"customer"};
  std::multiset<std::string> shown;
  do {
    const Result<ListAnswer> page = book->List(query);
    ASSERT_TRUE(page.has_value()) << order_by << ": " << page.error().message;
    for (const std::string_view id : page->columns[0].texts) shown.emplace(id);
    query.cursor = page->next.value_or("");
    std::this_thread::yield();  // so that something changes between two pages
  } while (!query.cursor.empty());
  for (const std::string& id : shown) {
    ASSERT_EQ(shown.count(id), 1u) << id << " twice by " << order_by;
  }
  for (int i = 0; i < kStill; ++i) {
    ASSERT_EQ(shown.count(StillName(i)), 1u) << StillName(i) << " skipped by " << order_by;
  }
}

TEST(PagingConcurrencyTest, ShowsNobodyTwiceAndSkipsNobodyWhoDidNotChange) {
  // All history counts, so that a day change alone changes no customer.
  RuleSettings settings;
  settings.rfm.window_days = settings.abc.window_days = 0;
  settings.phase.span_days = kMaxSettingDays;
  const std::unique_ptr<Book> book = MakeBook(settings);
  for (int i = 0; i < kStill; ++i)
    PlaceOrder(book.get(), StillName(i), kToday - i % 40, 100 * (i % 20));

  constexpr const char* kOrders[] = {"revenue_total", "recency_days", "r",           "customer",
                                     "orders",        "last_order",   "rfm_segment", "country"};
  constexpr size_t kPagers = 3;
  std::atomic<size_t> reading{kPagers};
  std::vector<std::thread> threads;
  for (size_t pager = 0; pager < kPagers; ++pager) {
    threads.emplace_back([&, pager] {
      for (size_t at = pager; at < 4 * std::size(kOrders); ++at) {
        PageThrough(book.get(), kOrders[at % std::size(kOrders)], at % 3 != 0);
      }
      --reading;
    });
  }
  Random random(7);
  Day today = kToday;
  for (int round = 1; reading > 0; ++round) {
    const std::string id = "moving-" + std::to_string(random.Below(kMoving));
    if (random.Chance(10)) {
      const Event erase = Erase{id};
      book->Apply(std::span(&erase, 1));
    } else {
      PlaceOrder(book.get(), id, today - static_cast<int32_t>(random.Below(40)),
                 random.Between(0, 3000));
    }
    if (round % 500 == 0 && today < kToday + 1000) {
      today = today + 1;
      EXPECT_TRUE(book->AdvanceDay(today).has_value());
    }
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(PagingConcurrencyTest, CustomerThatWasShownStaysOutWhenItFallsBehindTheCursor) {
  const std::unique_ptr<Book> book = MakeBook({});
  for (int i = 0; i < 4; ++i) PlaceOrder(book.get(), StillName(i), kToday, 400 - 100 * i);
  ListQuery query;
  query.limit = 2;
  query.fields = {"customer"};
  Result<ListAnswer> page = book->List(query);
  EXPECT_EQ(page->columns[0].texts[0], StillName(0));
  PlaceOrder(book.get(), StillName(0), kToday, 50);   // from the first place to the last
  PlaceOrder(book.get(), StillName(3), kToday, 900);  // from the last to the first
  query.cursor = *page->next;
  page = book->List(query);
  ASSERT_EQ(page->rows, 1u);
  EXPECT_EQ(page->columns[0].texts[0], StillName(2));
  EXPECT_EQ(page->next, std::nullopt);
  EXPECT_EQ(page->total_customers, 4u);
}

TEST(PagingConcurrencyTest, CursorBelongsToItsQuestion) {
  const std::unique_ptr<Book> book = MakeBook({});
  for (int i = 0; i < kStill; ++i) PlaceOrder(book.get(), StillName(i), kToday - i % 40, 100);
  ListQuery query;
  query.limit = 3;
  const Result<ListAnswer> page = book->List(query);
  ASSERT_TRUE(page->next.has_value());
  const auto refusal = [&](ListQuery other) {
    const Result<ListAnswer> answer = book->List(other);
    return answer.has_error() ? std::optional(answer.error().code) : std::nullopt;
  };
  query.cursor = *page->next;
  EXPECT_EQ(refusal(query), std::nullopt);
  ListQuery other = query;
  other.descending = false;
  EXPECT_EQ(refusal(other), ErrorCode::kBadCursor);
  other = query;
  other.where = "orders = 1";
  EXPECT_EQ(refusal(other), ErrorCode::kBadCursor);
  other = query;
  other.reactivation = true;
  EXPECT_EQ(refusal(other), ErrorCode::kBadCursor);
  for (const char* damaged : {"x", "00", "there is no such cursor"}) {
    other = query;
    other.cursor = damaged;
    EXPECT_EQ(refusal(other), ErrorCode::kBadCursor) << damaged;
  }
  other = query;
  other.cursor[other.cursor.size() / 2] ^= 1;
  EXPECT_EQ(refusal(other), ErrorCode::kBadCursor);
}

// Two rule sets under which the same names mean the same customers and leads, at different places
// of their tables: a question that mixes the two counts the wrong ones.
RuleSettings NamesInOrder(bool turned) {
  RuleSettings settings;
  settings.rfm.scoring = RfmScoring::kFixed;
  settings.rfm.recency_cuts = {10, 20, 30, 40};
  settings.rfm.frequency_cuts = settings.rfm.monetary_cuts = {1, 2, 3, 4};
  settings.rfm.segments = {{"recent", {}, {4, 5}, {1, 5}, {1, 5}},
                           {"rest", {}, {1, 3}, {1, 5}, {1, 5}}};
  settings.stages = {{"Offer", 7500}, {"Interest", 2500}};
  if (turned) {
    std::swap(settings.rfm.segments[0], settings.rfm.segments[1]);
    std::swap(settings.stages[0], settings.stages[1]);
  }
  return settings;
}

TEST(PagingConcurrencyTest, QuestionNeverMixesTwoRuleSets) {
  const std::unique_ptr<Book> book = MakeBook(NamesInOrder(false));
  for (int i = 0; i < 30; ++i)
    PlaceOrder(book.get(), StillName(i), kToday - (i < 10 ? 5 : 50), 100);
  for (int i = 0; i < 5; ++i) {
    const std::string id = "lead-" + std::to_string(i);
    LeadSet lead;
    lead.lead = id;
    lead.stage = i < 2 ? "Offer" : "Interest";
    lead.revenue = Minor{100};
    const Event event = lead;
    ASSERT_EQ(book->Apply(std::span(&event, 1)).applied, 1u);
  }
  const std::shared_ptr<const Rules> tables[] = {
      CompileRules(NamesInOrder(false), Calendar()).value(),
      CompileRules(NamesInOrder(true), Calendar()).value()};
  std::atomic<int> asking{2};
  std::thread writer([&] {
    for (size_t turn = 1; asking > 0; ++turn) {
      ASSERT_TRUE(book->ReplaceRules(tables[turn % 2]).has_value());
    }
  });
  std::thread customers([&] {
    ListQuery query;
    query.where = "rfm_segment = 'recent'";
    query.fields = {"rfm_segment"};
    for (int n = 0; n < kQuestions && !testing::Test::HasFailure(); ++n) {
      EXPECT_EQ(book->Count(query.where)->customers, 10u);
      const Result<ListAnswer> list = book->List(query);
      EXPECT_EQ(list->total_customers, 10u);
      const ListColumn& column = list->columns[0];
      for (const int64_t code : column.numbers) {
        EXPECT_EQ(column.names[static_cast<size_t>(code)], "recent");
      }
    }
    --asking;
  });
  std::thread leads([&] {
    PipelineQuery query;
    query.where = "stage = 'Offer'";
    for (int n = 0; n < kQuestions && !testing::Test::HasFailure(); ++n) {
      const Result<PipelineAnswer> answer = book->Pipeline(query);
      EXPECT_EQ(answer->total.leads, 2u);
      EXPECT_EQ(answer->total.weighted, Minor{150});
    }
    --asking;
  });
  writer.join();
  customers.join();
  leads.join();
}

}  // namespace
}  // namespace kundig::engine
