// Value classes that persons pin, and those that a day close remembers (hysteresis), at the
// boundaries of the thresholds and across restarts.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/customer_part.h"
#include "engine/snapshot_columns.h"
#include "tests/engine/reopened_book.h"

namespace kundig::engine {
namespace {

// The score is the customer's bonding.
std::shared_ptr<const Rules> ByBonding(Between between) {
  RuleSettings settings;
  settings.value.between = between;
  CriterionSetting criterion{
      .field = "bonding", .weight = 1, .missing = Missing::kSkip, .points = {}};
  for (const int32_t points : {0, 49, 50, 59, 60}) criterion.points.push_back({points, points});
  settings.value.criteria = {criterion};
  settings.value.always = {{ValueClass::kIndividual, "key_account = true"}};
  return CompileRules(settings, Calendar()).value();
}

void Change(Reopened* book, const CustomerSet& set) {
  const Event event = set;
  const auto answers = book->Write({{.name = {}, .what = std::span<const Event>(&event, 1)}});
  ASSERT_TRUE(answers.at(0).has_value() && answers[0]->refused.empty());
}

void Score(Reopened* book, uint8_t bonding) {
  CustomerSet set;
  set.customer = "ada";
  set.bonding = Patch<uint8_t>::Set(bonding);
  Change(book, set);
}

void Pin(Reopened* book, Patch<ValueClass> value_class) {
  CustomerSet set;
  set.customer = "ada";
  set.pinned_class = value_class;
  Change(book, set);
}

ExplainAnswer Ada(Reopened* book) {
  return (*book)->book().Explain("ada");
}

void NextDay(Reopened* book) {
  const Day today = (*book)->book().Status().state.as_of;
  ASSERT_TRUE((*book)->AdvanceDay(today + 1).has_value());
}

struct Step {
  uint8_t bonding;
  bool day_close;  // before the look
  ValueClass value_class;
  DecidedBy decided_by;
};

void Walk(Reopened* book, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    SCOPED_TRACE("bonding " + std::to_string(step.bonding));
    Score(book, step.bonding);
    if (step.day_close) NextDay(book);
    const ExplainAnswer ada = Ada(book);
    EXPECT_EQ(ada.value_class, step.value_class);
    EXPECT_EQ(ada.decided_by, step.decided_by);
    // Rows and columns say the same.
    const ValueAnswer all = (*book)->book().Value();
    EXPECT_EQ(all.classes[static_cast<size_t>(step.value_class)].customers, 1u);
  }
}

TEST(ValueMemory, BetweenTheThresholdsTheClassOfTheLastCloseStays) {
  using enum ValueClass;
  using enum DecidedBy;
  Reopened book(ByBonding(Between::kLastClose));
  Walk(&book, {{55, false, kReview, kScore},      // no day was closed yet
               {60, false, kIndividual, kScore},  // at the threshold
               {59, false, kReview, kScore},      // what it was within the day does not count
               {60, true, kIndividual, kScore},   // closed as individual
               {59, false, kIndividual, kLastClose},
               {50, true, kIndividual, kLastClose},  // and closed as that again
               {49, false, kStandard, kScore},
               {50, false, kIndividual, kLastClose},  // 49 was never at a close
               {49, true, kStandard, kScore},
               {59, true, kStandard, kLastClose},
               {60, false, kIndividual, kScore}});
}

TEST(ValueMemory, ReviewIsNotKept) {
  using enum ValueClass;
  using enum DecidedBy;
  Reopened book(ByBonding(Between::kLastClose));
  Walk(&book, {{55, true, kReview, kScore}, {56, true, kReview, kScore}});
}

TEST(ValueMemory, WithoutItWhoLiesBetweenIsInReview) {
  using enum ValueClass;
  using enum DecidedBy;
  Reopened book(ByBonding(Between::kReview));
  Walk(&book, {{60, true, kIndividual, kScore}, {59, false, kReview, kScore}});
}

// A close under rules without memory would leave a class of the day before standing.
TEST(ValueMemory, RulesWithoutMemoryForget) {
  using enum ValueClass;
  Reopened book(ByBonding(Between::kLastClose));
  Score(&book, 60);
  NextDay(&book);
  Score(&book, 55);
  EXPECT_EQ(Ada(&book).value_class, kIndividual);
  ASSERT_TRUE(book.ReplaceRules(ByBonding(Between::kReview)).has_value());
  EXPECT_EQ(Ada(&book).value_class, kReview);
  ASSERT_TRUE(book.ReplaceRules(ByBonding(Between::kLastClose)).has_value());
  EXPECT_EQ(Ada(&book).value_class, kReview);
  EXPECT_EQ(Ada(&book).state.rules_version, 3u);
}

TEST(ValueMemory, ExplainTellsTheDistanceToTheClassThatIsNext) {
  using enum ValueClass;
  Reopened book(ByBonding(Between::kLastClose));
  Score(&book, 49);
  EXPECT_EQ(Ada(&book).next_class, kReview);
  EXPECT_EQ(Ada(&book).distance_thousandths, 1000);
  NextDay(&book);  // as standard: between the thresholds it would stay that
  EXPECT_EQ(Ada(&book).next_class, kIndividual);
  EXPECT_EQ(Ada(&book).distance_thousandths, 11'000);
  Score(&book, 60);
  NextDay(&book);  // as individual: it would be that again from 50 on
  Score(&book, 49);
  EXPECT_EQ(Ada(&book).next_class, kIndividual);
  EXPECT_EQ(Ada(&book).distance_thousandths, 1000);
}

TEST(ValueMemory, WhatAPersonPinnedComesBeforeEveryRule) {
  using enum ValueClass;
  Reopened book(ByBonding(Between::kLastClose));
  CustomerSet key;
  key.customer = "ada";
  key.key_account = Patch<bool>::Set(true);
  Change(&book, key);
  EXPECT_EQ(Ada(&book).decided_by, DecidedBy::kAlwaysRule);
  for (const ValueClass pinned : {kStandard, kReview, kIndividual}) {
    Pin(&book, Patch<ValueClass>::Set(pinned));
    EXPECT_EQ(Ada(&book).value_class, pinned);
    EXPECT_EQ(Ada(&book).decided_by, DecidedBy::kPinned);
    EXPECT_EQ(Ada(&book).next_class, std::nullopt);
    EXPECT_EQ(book->book().Value().classes[static_cast<size_t>(pinned)].customers, 1u);
    ProfilesAnswer profiles;
    const std::string_view ids[] = {"ada"};
    book->book().Profiles(ids, &profiles);
    EXPECT_TRUE(profiles.profiles[0].value_pinned);
  }
  Pin(&book, Patch<ValueClass>::Remove());
  EXPECT_EQ(Ada(&book).decided_by, DecidedBy::kAlwaysRule);
}

TEST(ValueMemory, SurvivesRestartsFromJournalAndSnapshot) {
  using enum ValueClass;
  for (const bool saved : {false, true}) {
    SCOPED_TRACE(saved);
    Reopened book(ByBonding(Between::kLastClose));
    Score(&book, 60);
    NextDay(&book);
    Score(&book, 55);
    CustomerSet bert;
    bert.customer = "bert";
    bert.pinned_class = Patch<ValueClass>::Set(kStandard);
    Change(&book, bert);
    ASSERT_TRUE(book.ReplaceRules(ByBonding(Between::kLastClose)).has_value());
    if (saved) {
      ASSERT_TRUE(book->SaveSnapshot(TimeMs{0}, Generations::kKeepNewest).has_value());
    }
    book.Open();
    EXPECT_EQ(Ada(&book).decided_by, DecidedBy::kLastClose);
    EXPECT_EQ(Ada(&book).value_class, kIndividual);
    EXPECT_EQ(book->book().Explain("bert").decided_by, DecidedBy::kPinned);
    EXPECT_EQ(Ada(&book).state.rules_version, 2u);
  }
}

// A row that is given to somebody else remembers nothing of who had it.
TEST(ValueMemory, IsGoneWithTheCustomer) {
  Reopened book(ByBonding(Between::kLastClose));
  Score(&book, 60);
  NextDay(&book);
  const Event erase = Erase{"ada"};
  book.Write({{.name = {}, .what = std::span<const Event>(&erase, 1)}});
  Score(&book, 55);
  EXPECT_EQ(Ada(&book).value_class, ValueClass::kReview);
}

TEST(ValueMemory, PartsOfSnapshotsThatDidNotKnowItAreRead) {
  CustomerPart part;
  part.live = {1};
  part.ids.Add("ada");
  part.histories.Add("");
  for (std::vector<uint64_t>& column : part.attributes) column = {2};
  for (size_t at = 0; at < kKeptOwnerChanges; ++at) part.owner_changes[at] = {at + 4};
  std::string now, before;
  part.Encode(&now);
  PutNumbers(part.live, &before);
  PutTexts(part.ids, &before);
  for (size_t at = 0; at < CustomerPart::kFirstAttributes; ++at) {
    PutNumbers(part.attributes[at], &before);
  }
  PutTexts(part.histories, &before);

  CustomerFigures figures;
  CustomerPart read;
  ASSERT_TRUE(read.Decode(before));
  read.ReadAttributes(0, &figures);
  EXPECT_EQ(figures.kind, ColumnKind::kConsumer);
  EXPECT_EQ(figures.pinned_class, kNoClass);
  EXPECT_EQ(figures.closed_class, kNoClass);
  EXPECT_EQ(figures.owner_changes, decltype(figures.owner_changes){});
  ASSERT_TRUE(read.Decode(now));
  read.ReadAttributes(0, &figures);
  EXPECT_EQ(OptionalClass(figures.pinned_class), ValueClass::kIndividual);
  EXPECT_EQ(OptionalClass(figures.closed_class), ValueClass::kIndividual);
  EXPECT_EQ(figures.owner_changes.front(), 4);
  EXPECT_EQ(figures.owner_changes.back(), 7);
}

}  // namespace
}  // namespace kundig::engine
