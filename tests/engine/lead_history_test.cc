// From which day each change of a lead counts, and how histories come through snapshots.

#include "engine/lead_history.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/lead_part.h"
#include "engine/lead_table.h"
#include "tests/engine/sample_days.h"
#include "tests/engine/sample_stages.h"

namespace kundig::engine {
namespace {

// "open Offer 500 50.00 @-3": what a lead has been, days as distances from kToday.
std::string Told(const LeadMoment& moment) {
  static constexpr const char* kStatus[] = {"open", "won", "lost"};
  std::string text = kStatus[static_cast<size_t>(moment.status)];
  text +=
      " " + std::string(moment.stage.value_or("-")) + " " + std::to_string(moment.revenue.units);
  if (moment.chance) text += " " + std::to_string(*moment.chance);
  return text + " @" + std::to_string(moment.day - kToday);
}

using Story = std::vector<std::string>;

Story StoryOf(const LeadTable& leads, uint32_t row) {
  Story story;
  for (const LeadMoment& moment : leads.MomentsOf(row)) story.push_back(Told(moment));
  return story;
}

LeadSet InStage(std::string_view stage, int64_t revenue) {
  LeadSet set;
  set.lead = "roof";
  set.stage = stage;
  set.revenue = Minor{revenue};
  return set;
}

LeadSet Closed(LeadStatus status, std::optional<int32_t> days_from_today = std::nullopt) {
  LeadSet set;
  set.lead = "roof";
  set.status = status;
  set.reason = "price";
  if (days_from_today) set.closed = kToday + *days_from_today;
  return set;
}

LeadSet Opened(LeadSet set, int32_t days_from_today) {
  set.opened = Patch<Day>::Set(kToday + days_from_today);
  return set;
}

class LeadHistoryTest : public testing::Test {
 protected:
  Effect Tell(const LeadSet& event, int32_t days_from_today = 0) {
    const Result<Effect> effect = leads_.Apply(event, *rules_, kToday + days_from_today);
    EXPECT_TRUE(effect.has_value());
    return effect ? *effect : Effect::kUnchanged;
  }
  Story Roof() const { return StoryOf(leads_, 0); }

  std::shared_ptr<const Rules> rules_ = RulesWithStages();
  LeadTable leads_;
};

TEST_F(LeadHistoryTest, KeepsEveryChangeOfStateStageChanceAndRevenue) {
  Tell(InStage("Interest", 500), -9);
  LeadSet chance;
  chance.lead = "roof";
  chance.chance = Patch<uint16_t>::Set(3000);
  Tell(chance, -7);
  Tell(InStage("Offer", 500), -7);
  Tell(InStage("Offer", 900), -2);
  Tell(Closed(LeadStatus::kWon), 0);
  EXPECT_EQ(Roof(),
            (Story{"open Interest 500 @-9", "open Interest 500 3000 @-7", "open Offer 500 3000 @-7",
                   "open Offer 900 3000 @-2", "won - 900 3000 @0"}));
}

TEST_F(LeadHistoryTest, KeepsNoChangeOfAnythingElse) {
  Tell(InStage("Offer", 500), -9);
  LeadSet set;
  set.lead = "roof";
  set.owner = Patch<std::string_view>::Set("olga");
  set.expected_close = Patch<Day>::Set(kToday);
  EXPECT_EQ(Tell(set, -3), Effect::kReplaced);
  EXPECT_EQ(Tell(InStage("Offer", 500), -2), Effect::kUnchanged);
  EXPECT_EQ(Roof(), Story{"open Offer 500 @-9"});
}

TEST_F(LeadHistoryTest, BeginsOnTheDayOnWhichTheLeadWasOpened) {
  Tell(Opened(InStage("Offer", 500), -30));
  EXPECT_EQ(Roof(), Story{"open Offer 500 @-30"});
  Tell(InStage("Negotiation", 500));
  LeadSet opened;
  opened.lead = "roof";
  Tell(Opened(opened, -40));
  EXPECT_EQ(Roof(), (Story{"open Offer 500 @-40", "open Negotiation 500 @0"}));
  // Not behind the change that follows, and not in the future.
  Tell(Opened(opened, 8), 5);
  EXPECT_EQ(Roof(), (Story{"open Offer 500 @0", "open Negotiation 500 @0"}));
}

TEST_F(LeadHistoryTest, BeginsTodayWhereTheLeadIsOpenedLater) {
  Tell(Opened(InStage("Offer", 500), 1));
  EXPECT_EQ(Roof(), Story{"open Offer 500 @0"});
}

TEST_F(LeadHistoryTest, ClosesOnTheDayThatTheClosingNames) {
  Tell(InStage("Offer", 500), -20);
  Tell(Closed(LeadStatus::kLost, -3));
  EXPECT_EQ(Roof(), (Story{"open Offer 500 @-20", "lost - 500 @-3"}));
}

TEST_F(LeadHistoryTest, ClosesTodayWhereTheDayIsStillToCome) {
  Tell(InStage("Offer", 500), -20);
  Tell(Closed(LeadStatus::kLost, 1));
  EXPECT_EQ(Roof(), (Story{"open Offer 500 @-20", "lost - 500 @0"}));
}

TEST_F(LeadHistoryTest, ClosesNotBeforeTheChangeBefore) {
  Tell(InStage("Offer", 500), -20);
  Tell(InStage("Negotiation", 500), -10);
  Tell(Closed(LeadStatus::kWon, -15));
  EXPECT_EQ(Roof(), (Story{"open Offer 500 @-20", "open Negotiation 500 @-10", "won - 500 @-10"}));
}

TEST_F(LeadHistoryTest, MovesTheClosingWhereItsDayIsCorrected) {
  Tell(InStage("Offer", 500), -20);
  Tell(Closed(LeadStatus::kWon, -5));
  LeadSet revenue;
  revenue.lead = "roof";
  revenue.revenue = Minor{600};
  Tell(revenue, -2);
  Tell(Closed(LeadStatus::kWon, -8));
  EXPECT_EQ(Roof(), (Story{"open Offer 500 @-20", "won - 500 @-8", "won - 600 @-2"}));
  Tell(Closed(LeadStatus::kWon, -1));
  EXPECT_EQ(Roof(), (Story{"open Offer 500 @-20", "won - 500 @-2", "won - 600 @-2"}));
  Tell(Closed(LeadStatus::kWon, -25));
  EXPECT_EQ(Roof(), (Story{"open Offer 500 @-20", "won - 500 @-20", "won - 600 @-2"}));
}

TEST_F(LeadHistoryTest, WasOpenBeforeALeadThatComesClosed) {
  LeadSet set = Opened(Closed(LeadStatus::kWon, -10), -40);
  set.revenue = Minor{500};
  set.chance = Patch<uint16_t>::Set(9000);
  Tell(set);
  EXPECT_EQ(Roof(), (Story{"open - 500 @-40", "won - 500 9000 @-10"}));
  // Told again with another day: what is in front of the closing moves, not the closing.
  LeadSet opened;
  opened.lead = "roof";
  Tell(Opened(opened, -5));
  EXPECT_EQ(Roof(), (Story{"open - 500 @-10", "won - 500 9000 @-10"}));
}

TEST_F(LeadHistoryTest, WasNothingBeforeALeadThatComesClosedAndWasNeverOpened) {
  Tell(Opened(Closed(LeadStatus::kLost, -10), -10));
  EXPECT_EQ(Roof(), Story{"lost - 0 @-10"});
}

TEST_F(LeadHistoryTest, IsReopenedOnTheDayOnWhichThatIsTold) {
  Tell(InStage("Offer", 500), -20);
  Tell(Closed(LeadStatus::kLost), -10);
  LeadSet open = InStage("Concrete", 500);
  open.status = LeadStatus::kOpen;
  Tell(open, -4);
  EXPECT_EQ(Roof(), (Story{"open Offer 500 @-20", "lost - 500 @-10", "open Concrete 500 @-4"}));
}

TEST_F(LeadHistoryTest, HasALimit) {
  Tell(InStage("Offer", 0));
  for (uint32_t at = 1; at < kMaxLeadChanges; ++at) Tell(InStage("Offer", at));
  const Result<Effect> refused = leads_.Apply(InStage("Offer", 0), *rules_, kToday);
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(refused.error().field, "lead_changes");
  const Result<Effect> closing =
      leads_.Apply(LeadClosed{"roof", LeadStatus::kWon, std::nullopt, "price"}, kToday);
  EXPECT_EQ(closing.error().field, "lead_changes");
  LeadSet owner;
  owner.lead = "roof";
  owner.owner = Patch<std::string_view>::Set("olga");
  EXPECT_EQ(Tell(owner), Effect::kReplaced);
  EXPECT_EQ(Roof().size(), kMaxLeadChanges);
}

TEST(LeadStagesTest, HaveALimit) {
  LeadStages stages;
  for (int32_t at = 0; at < kMaxLeadStages; ++at) {
    ASSERT_EQ(stages.Add({std::to_string(at / 100), at % 100}), static_cast<LeadPlace>(at));
  }
  EXPECT_EQ(stages.Add({"one more", 0}), std::nullopt);
  EXPECT_EQ(stages.Add({"7", 3}), LeadPlace{703});
  EXPECT_EQ(stages.size(), kMaxLeadStages);
}

// Saves all of `from` in parts and loads these; returns how many there were.
size_t CopyAll(LeadTable* from, LeadTable* to, const Rules& rules) {
  size_t parts = 0;
  from->BeginCopying();
  for (bool more = true; more; ++parts) {
    LeadPart part, read;
    more = from->CopyPart(rules, PartLimits(), &part);
    std::string bytes;
    part.Encode(&bytes);
    EXPECT_TRUE(read.Decode(bytes, LeadPart::kFirstFormatWithPast));
    EXPECT_FALSE(to->LoadPart(read, rules, kToday).has_value());
  }
  from->EndCopying();
  return parts;
}

TEST_F(LeadHistoryTest, ComesThroughASnapshotUnchanged) {
  Tell(Opened(InStage("Interest", 500), -30), -20);
  const std::shared_ptr<const Rules> later = RulesWithStages({{"Interest", 40}, {"Offer", 80}});
  leads_.MoveStages(*rules_, *later);
  rules_ = later;
  Tell(InStage("Offer", 500), -9);
  Tell(Closed(LeadStatus::kWon, -4), -3);
  LeadTable loaded;
  EXPECT_EQ(CopyAll(&leads_, &loaded, *rules_), 1u);
  EXPECT_EQ(StoryOf(loaded, 0), Roof());
  // With the chances that the stages had.
  const LeadHistory& history = loaded.columns().history[0];
  EXPECT_EQ(loaded.stages()[history[0].place].chance_hundredths, 2500);
  EXPECT_EQ(loaded.stages()[history[1].place].chance_hundredths, 80);
}

TEST_F(LeadHistoryTest, EndsAPartOfASnapshotWhereItIsLong) {
  std::vector<Story> stories;
  for (const std::string_view lead : {"a", "b", "c"}) {
    for (size_t at = 0; at < LeadPart::kFullChanges; ++at) {
      LeadSet set = InStage(at % 2 == 0 ? "Offer" : "Interest", static_cast<int64_t>(at));
      set.lead = lead;
      Tell(set);
    }
  }
  LeadTable loaded;
  EXPECT_EQ(CopyAll(&leads_, &loaded, *rules_), 3u);
  for (uint32_t row = 0; row < 3; ++row) {
    EXPECT_EQ(loaded.columns().id[row], leads_.columns().id[row]);
    EXPECT_EQ(StoryOf(loaded, row), StoryOf(leads_, row));
  }
}

TEST_F(LeadHistoryTest, IsNotTakenFromAPartWhereItIsNotThatOfTheLead) {
  Tell(InStage("Offer", 500), -20);
  Tell(InStage("Offer", 600), -10);
  LeadPart sound;
  leads_.BeginCopying();
  EXPECT_FALSE(leads_.CopyPart(*rules_, PartLimits(), &sound));
  const auto damaged = [&](const auto& damage) {
    LeadPart part = sound;
    damage(&part);
    LeadTable loaded;
    const std::optional<Error> error = loaded.LoadPart(part, *rules_, kToday);
    return error && error->code == ErrorCode::kDamaged;
  };
  EXPECT_FALSE(damaged([](LeadPart*) {}));
  EXPECT_TRUE(damaged([](LeadPart* part) { part->past[3][1] = 700; }));  // another revenue
  EXPECT_TRUE(damaged([](LeadPart* part) { std::swap(part->past[0][0], part->past[0][1]); }));
  EXPECT_TRUE(damaged([](LeadPart* part) { part->past[1][0] = 7; }));  // no such stage
  EXPECT_TRUE(damaged([](LeadPart* part) { part->past[1][1] = kPlaceWon; }));
  EXPECT_TRUE(damaged([](LeadPart* part) { part->past[1][0] = kPlaceLost + 1; }));
  std::string bytes;
  LeadPart short_of_one = sound, read;
  short_of_one.changes[0] = 1;
  short_of_one.Encode(&bytes);
  EXPECT_FALSE(read.Decode(bytes, LeadPart::kFirstFormatWithPast));
}

// A part as releases wrote it whose snapshots had no histories.
TEST_F(LeadHistoryTest, IsMadeUpForLeadsOfOlderSnapshots) {
  struct Old {
    const char* id;
    LeadStatus status;
    uint8_t stage;  // 255: none
    uint64_t revenue;
    std::optional<int32_t> opened, closed;
  };
  const std::vector<Old> leads = {
      {"told", LeadStatus::kOpen, 3, 10, {}, {}},    {"opened", LeadStatus::kOpen, 4, 20, -50, {}},
      {"tomorrow", LeadStatus::kOpen, 4, 20, 1, {}}, {"won", LeadStatus::kWon, 255, 30, {}, -5},
      {"lost", LeadStatus::kLost, 255, 40, -50, -5}, {"closes", LeadStatus::kLost, 255, 40, {}, 3}};
  TextColumn stages, ids, customers, gone;
  std::array<std::vector<uint64_t>, LeadPart::kNumbers> numbers;
  for (const StageSetting& stage : rules_->stages()) stages.Add(stage.name);
  for (const Old& lead : leads) {
    const auto day = [](std::optional<int32_t> from) {
      return from ? static_cast<uint64_t>(int64_t{(kToday + *from).since_epoch} - INT32_MIN) : 0;
    };
    ids.Add(lead.id);
    customers.Add("");
    size_t column = 0;
    for (const uint64_t number :
         {uint64_t{0}, uint64_t{0}, uint64_t{0}, uint64_t{0}, uint64_t{0},
          static_cast<uint64_t>(lead.status), uint64_t{lead.stage}, lead.revenue,
          uint64_t{kNoChance}, day(lead.opened), uint64_t{0}, day(lead.closed)}) {
      numbers[column++].push_back(number);
    }
  }
  std::string bytes;
  for (const TextColumn* texts : {&stages, &ids, &customers, &gone}) PutTexts(*texts, &bytes);
  for (const std::vector<uint64_t>& column : numbers) PutNumbers(column, &bytes);

  for (const uint32_t format : {1u, 2u, 3u}) {
    LeadPart part;
    ASSERT_TRUE(part.Decode(bytes, format));
    EXPECT_FALSE(LeadPart().Decode(bytes, LeadPart::kFirstFormatWithPast));
    LeadTable loaded;
    ASSERT_FALSE(loaded.LoadPart(part, *rules_, kToday).has_value());
    std::map<std::string, Story> stories;
    for (uint32_t row = 0; row < loaded.rows(); ++row) {
      stories[loaded.columns().id[row]] = StoryOf(loaded, row);
    }
    EXPECT_EQ(stories["told"], Story{"open Offer 10 @0"});
    EXPECT_EQ(stories["opened"], Story{"open Negotiation 20 @-50"});
    EXPECT_EQ(stories["tomorrow"], Story{"open Negotiation 20 @0"});
    EXPECT_EQ(stories["won"], Story{"won - 30 @-5"});
    EXPECT_EQ(stories["lost"], (Story{"open - 40 @-50", "lost - 40 @-5"}));
    EXPECT_EQ(stories["closes"], Story{"lost - 40 @0"});
  }
}

}  // namespace
}  // namespace kundig::engine
