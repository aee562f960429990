#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/book.h"
#include "engine/calendar.h"
#include "tests/engine/sample_orders.h"

namespace kundig::engine {
namespace {

constexpr Day kThen = kToday - 10;

std::unique_ptr<Book> NewBook(RuleSettings settings = {}, Day today = kToday) {
  BookOptions options;
  options.today = today;
  options.shards = 4;
  options.threads = 2;
  return std::make_unique<Book>(CompileRules(std::move(settings), Calendar()).value(), options);
}

void Take(Book* book, const std::vector<Event>& events) {
  const ApplyAnswer answer = book->Apply(events);
  ASSERT_TRUE(answer.refused.empty()) << answer.refused[0].error.message;
}

std::unique_ptr<Book> AsOf(Book* book, Day day) {
  RecountOrder order;
  order.as_of = day;
  auto recounts = book->Recount(order);
  EXPECT_TRUE(recounts.has_value()) << recounts.error().message;
  return std::move(recounts->front());
}

Profile ProfileOf(const Book& book, std::string_view customer) {
  ProfilesAnswer answer;
  book.Profiles(std::span(&customer, 1), &answer);
  return answer.profiles[0];
}

uint64_t Customers(Book* book, std::string_view where = "") {
  return book->Count(where)->customers;
}

TEST(BookRecount, AnEntryCountsFromItsDayOn) {
  const auto book = NewBook();
  Take(book.get(), {OrderOf(kAda, "1", 100, kThen - 1), OrderOf(kAda, "2", 20, kThen),
                    OrderOf(kAda, "3", 3, kThen + 1), Contact{kAda, On(kThen), "", ""},
                    Contact{kAda, On(kThen + 1), "", ""}, Visit{kAda, On(kThen + 2)},
                    Consent{kAda, On(kThen), ConsentState::kGranted, kThen + 5},
                    Consent{kAda, On(kThen + 1), ConsentState::kWithdrawn, std::nullopt},
                    ReturnReceived{kAda, "r", On(kThen + 1), Minor{1}, std::nullopt, {}}});
  const auto then = AsOf(book.get(), kThen);
  const Profile profile = ProfileOf(*then, kAda);
  EXPECT_TRUE(profile.found);
  EXPECT_EQ(profile.orders_total, 2u);
  EXPECT_EQ(profile.revenue_total, Minor{120});
  EXPECT_EQ(profile.last_order, kThen);
  EXPECT_EQ(profile.recency_days, 0);
  EXPECT_EQ(profile.last_activity, kThen);
  EXPECT_EQ(profile.last_contact, kThen);
  EXPECT_EQ(profile.consent, ConsentStatus::kGranted);
  const StateName state = then->Rfm().state;
  EXPECT_EQ(state.as_of, kThen);
  EXPECT_EQ(state.journal_sequence, book->Status().state.journal_sequence);
  EXPECT_EQ(then->Rfm().population, 1u);
  // The book itself is untouched.
  EXPECT_EQ(ProfileOf(*book, kAda).revenue_total, Minor{122});
}

TEST(BookRecount, ACustomerIsThereFromTheDayOfItsFirstEntry) {
  const auto book = NewBook();
  CustomerSet only_attributes;
  only_attributes.customer = "attributes";
  only_attributes.country = Patch<std::string_view>::Set("DE");
  Take(book.get(), {OrderOf("before", "1", 1, kThen - 1), OrderOf("that-day", "1", 1, kThen),
                    OrderOf("later", "1", 1, kThen + 1), only_attributes});
  const auto then = AsOf(book.get(), kThen);
  EXPECT_EQ(Customers(then.get()), 2u);
  EXPECT_TRUE(ProfileOf(*then, "that-day").found);
  EXPECT_FALSE(ProfileOf(*then, "later").found);
  EXPECT_FALSE(ProfileOf(*then, "attributes").found);
  EXPECT_EQ(Customers(AsOf(book.get(), kToday).get()), 4u);
  EXPECT_EQ(Customers(AsOf(book.get(), kThen - 2).get()), 0u);
}

TEST(BookRecount, AttributesAreAsTheyAreNow) {
  const auto book = NewBook();
  CustomerSet set;
  set.customer = kAda;
  set.country = Patch<std::string_view>::Set("Iceland");
  set.owner = Patch<std::string_view>::Set("olga");
  Take(book.get(), {OrderOf(kAda, "1", 1, kThen), set});
  const auto then = AsOf(book.get(), kThen);
  EXPECT_EQ(ProfileOf(*then, kAda).country, "Iceland");
  EXPECT_EQ(Customers(then.get(), "owner = 'olga'"), 1u);
}

TEST(BookRecount, OfTodayIsTheBookWithTheOrdersOfTomorrow) {
  const auto book = NewBook();
  Take(book.get(), {OrderOf(kAda, "1", 1, kToday + 1)});
  EXPECT_EQ(ProfileOf(*AsOf(book.get(), kToday), kAda).last_order, kToday + 1);
}

TEST(BookRecount, RefusesADayAfterToday) {
  RecountOrder order;
  order.as_of = kToday + 1;
  const auto recounts = NewBook()->Recount(order);
  ASSERT_TRUE(recounts.has_error());
  EXPECT_EQ(recounts.error().code, ErrorCode::kInvalidValue);
  EXPECT_EQ(recounts.error().field, "as_of");
}

TEST(BookRecount, CatchingUpFollowsChangesErasuresAndRowsTakenByOthers) {
  const auto book = NewBook();
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back("customer-with-a-long-name-" + std::to_string(i));
  std::vector<Event> events;
  for (const std::string& name : names) events.emplace_back(OrderOf(name, "1", 10, kThen));
  Take(book.get(), events);
  const auto then = AsOf(book.get(), kThen);
  events.clear();
  for (size_t i = 0; i < names.size(); i += 2) events.emplace_back(Erase{names[i]});
  // They take the rows of the erased, and every second of these comes again elsewhere.
  std::vector<std::string> others;
  for (int i = 0; i < 50; ++i) others.push_back("new" + std::to_string(i));
  for (const std::string& name : others) events.emplace_back(OrderOf(name, "1", 1, kThen));
  for (size_t i = 0; i < names.size(); i += 4)
    events.emplace_back(OrderOf(names[i], "2", 7, kThen));
  events.emplace_back(OrderOf(names[1], "2", 5, kThen + 1));
  events.emplace_back(OrderOf(names[3], "2", 5, kThen - 1));
  Take(book.get(), events);
  ASSERT_TRUE(book->CatchUp(then.get()));
  EXPECT_EQ(then->Abc().state.journal_sequence, book->Status().state.journal_sequence);
  const auto fresh = AsOf(book.get(), kThen);
  for (const std::string& name : names) {
    EXPECT_EQ(ProfileOf(*then, name).found, ProfileOf(*fresh, name).found) << name;
    EXPECT_EQ(ProfileOf(*then, name).revenue_total, ProfileOf(*fresh, name).revenue_total) << name;
  }
  EXPECT_EQ(Customers(then.get()), 200u);
  EXPECT_EQ(then->Count("")->revenue_total, Minor{100 * 10 + 5 + 50 * 7 + 50});
  EXPECT_EQ(then->Abc().total, fresh->Abc().total);
}

TEST(BookRecount, IsOfNoUseOnceTheRulesHaveChanged) {
  const auto book = NewBook();
  const auto then = AsOf(book.get(), kThen), today = AsOf(book.get(), kToday);
  ASSERT_TRUE(book->AdvanceDay(kToday + 1).has_value());
  EXPECT_TRUE(book->CatchUp(then.get()));
  EXPECT_FALSE(book->CatchUp(today.get()));
  ASSERT_TRUE(book->ReplaceRules(CompileRules({}, Calendar()).value()).has_value());
  EXPECT_FALSE(book->CatchUp(then.get()));
}

TEST(BookRecount, ACursorOfAnotherDayIsRefused) {
  const auto book = NewBook();
  Take(book.get(), {OrderOf("a", "1", 1, kThen), OrderOf("b", "1", 2, kThen)});
  ListQuery query;
  query.limit = 1;
  query.fields = {"customer"};
  query.as_of = kThen;
  const auto page = AsOf(book.get(), kThen)->List(query);
  query.cursor = page->next.value();
  EXPECT_TRUE(AsOf(book.get(), kThen)->List(query).has_value());
  query.as_of = kThen + 1;
  const auto other = AsOf(book.get(), kThen + 1)->List(query);
  ASSERT_TRUE(other.has_error());
  EXPECT_EQ(other.error().code, ErrorCode::kBadCursor);
}

TEST(BookRecount, MovesSayWhoIsJudgedOtherwise) {
  const auto book = NewBook();
  Take(book.get(), {OrderOf("a", "1", 90), OrderOf("b", "1", 6), OrderOf("c", "1", 4),
                    OrderOf("d", "1", 0, kToday - 300)});
  RuleSettings settings;
  settings.abc.a_hundredths = 9500;
  settings.activity.inactive_after = 300;
  RecountOrder order;
  order.rules = {nullptr, CompileRules(settings, Calendar()).value()};
  const auto recounts = book->Recount(order);
  ASSERT_TRUE(recounts.has_value());
  Book* const now = (*recounts)[0].get();
  Book* const then = (*recounts)[1].get();
  MovesQuery query;
  query.list = MovesQuery::List{Judgement::kAbc, "B", "A"};
  const auto answer = now->Moves(then, query);
  ASSERT_TRUE(answer.has_value());
  const auto& abc = answer->matrices[static_cast<size_t>(Judgement::kAbc)];
  ASSERT_EQ(abc.moves.size(), 4u);
  EXPECT_EQ(abc.moved, 1u);
  EXPECT_EQ(abc.moves[1].from, "B");
  EXPECT_EQ(abc.moves[1].to, "A");
  EXPECT_EQ(abc.moves[1].customers, 1u);
  EXPECT_EQ(abc.moves[1].revenue, Minor{6});
  ASSERT_EQ(answer->rows.size(), 1u);
  EXPECT_EQ(answer->rows[0].customer, "b");
  const auto& activity = answer->matrices[static_cast<size_t>(Judgement::kActivity)];
  EXPECT_EQ(activity.moved, 1u);
  EXPECT_EQ(activity.moves[0].from, "active");
  EXPECT_EQ(activity.moves[0].to, "inactive");
  query.list->to = "D";
  const auto refused = now->Moves(then, query);
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().field, "list");
}

TEST(BookRecount, MovesSayWhereNobodyIsJudgedByChurn) {
  RuleSettings settings;
  const auto rules = [&settings] { return CompileRules(settings, Calendar()).value(); };
  // One letter for each note: of the rules in force, and of the other configuration.
  const auto notes = [](Book* book, std::shared_ptr<const Rules> other) {
    RecountOrder order;
    order.rules = {nullptr, std::move(other)};
    const auto recounts = book->Recount(order);
    const auto answer = (*recounts)[0]->Moves((*recounts)[1].get(), {});
    std::string letters;
    for (const std::string& note : answer->notes) {
      letters += note.find("the rules in force") != std::string::npos ? 'f' : 'o';
    }
    return letters;
  };
  const auto plain = NewBook();
  EXPECT_EQ(notes(plain.get(), rules()), "");
  settings.value.always = {{ValueClass::kReview, "churn_band = 'high'"}};
  const auto judged = NewBook(settings);
  EXPECT_EQ(notes(plain.get(), rules()), "o");
  EXPECT_EQ(notes(judged.get(), rules()), "fo");
  settings.churn.pinned = ChurnParameters{.r = 0.5, .alpha = 6, .a = 0.9, .b = 1.6};
  EXPECT_EQ(notes(plain.get(), rules()), "f");

  AdoptedFit fit;
  fit.model = ChurnModelKind::kMbgNbd;
  fit.parameters = *settings.churn.pinned;
  plain->AdoptFit(fit);
  settings = RuleSettings();
  EXPECT_EQ(notes(plain.get(), rules()), "");
  settings.churn.model = ChurnModelKind::kBgNbd;
  EXPECT_EQ(notes(plain.get(), rules()), "o");
}

TEST(BookRecount, AMoveListAboveItsMemoryIsRefused) {
  BookOptions options;
  options.today = kToday;
  options.shards = 1;
  options.list_memory_bytes = 1;
  Book book(CompileRules({}, Calendar()).value(), options);
  Take(&book, {OrderOf("a", "1", 1)});
  RecountOrder order;
  order.rules = {nullptr, nullptr};
  const auto recounts = book.Recount(order);
  MovesQuery query;
  query.list = MovesQuery::List{Judgement::kAbc, "A", "A"};
  const auto answer = (*recounts)[0]->Moves((*recounts)[1].get(), query);
  ASSERT_TRUE(answer.has_error());
  EXPECT_EQ(answer.error().code, ErrorCode::kResultTooLarge);
}

// Writers, a day and other rules beside recounts. A batch, which is visible as a whole, has an
// order of one unit for each of 64 customers; so a recount that mixed two states would show. Others
// come, go and change rows.
TEST(BookRecount, IsOfOneStateBesideWriters) {
  const auto book = NewBook();
  std::vector<std::string> names;
  std::vector<std::string> guests;
  for (int i = 0; i < 64; ++i) names.push_back("c" + std::to_string(i));
  for (int i = 0; i < 9; ++i) guests.push_back("a-guest-with-a-long-name" + std::to_string(i));
  constexpr size_t kRounds = 200;
  constexpr size_t kRoundsAhead = 8;  // so that there is something to write all the time
  std::atomic<size_t> made{0};        // recounts
  std::atomic<bool> writing{true};
  std::thread writer([&] {
    for (size_t round = 0; round < kRounds; ++round) {
      while (round > (made + 1) * kRoundsAhead) std::this_thread::yield();
      const std::string id = std::to_string(round);
      std::vector<Event> events;
      for (const std::string& name : names) events.emplace_back(OrderOf(name, id, 1, kThen));
      events.emplace_back(Erase{guests[round * 5 % 9]});
      events.emplace_back(OrderOf(guests[round * 7 % 9], id, 0, kThen));
      EXPECT_TRUE(book->Apply(events).refused.empty());
      if (round == 40) {
        EXPECT_TRUE(book->AdvanceDay(kToday + 1).has_value());
      }
      if (round == 60) {
        EXPECT_TRUE(book->ReplaceRules(CompileRules({}, Calendar()).value()).has_value());
      }
    }
    writing = false;
  });
  std::unique_ptr<Book> kept;
  uint64_t last = 0;
  for (; writing; ++made) {
    if (kept == nullptr || !book->CatchUp(kept.get())) kept = AsOf(book.get(), kThen);
    const auto fresh = AsOf(book.get(), kThen);
    for (Book* recount : {kept.get(), fresh.get()}) {
      const CountAnswer count = *recount->Count("");
      EXPECT_EQ(count.revenue_total.units % 64, 0);
      EXPECT_EQ(recount->Rfm().population, count.customers);
      EXPECT_EQ(recount->Abc().total, count.revenue);
      EXPECT_GE(count.state.journal_sequence, last);
      last = count.state.journal_sequence;
    }
  }
  writer.join();
  ASSERT_TRUE(kept != nullptr);
  if (!book->CatchUp(kept.get())) kept = AsOf(book.get(), kThen);
  for (const std::string& name : names) {
    EXPECT_EQ(ProfileOf(*kept, name).revenue_total, ProfileOf(*book, name).revenue_total) << name;
  }
}

}  // namespace
}  // namespace kundig::engine
