// The sections of the configuration that make up a book.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "engine/calendar.h"
#include "server/configuration.h"
#include "server/configuration_toml.h"
#include "server/toml_section.h"
#include "tests/server/configuration_files.h"

namespace kundig::server {
namespace {

const engine::RuleSettings& SettingsOf(const engine::Result<Configuration>& loaded) {
  return loaded.value().rules->settings();
}

// What the documentation of the configuration shows as an example.
constexpr char kExample[] = R"(
[book]
currency = "GBP"
time_zone = "Europe/London"
today = 2010-12-10            # optional: pins the clock

[rfm]
window_days = 365
scoring = "quantile"
frequency = "orders"
monetary = "total"
match = "exact"

[abc]
measure = "revenue"
window_days = 365
a = 80
b = 95
boundary = "stay"

[activity]
inactive_after = 365
lost_after = 1095
overdue_percent = 200

[reactivation]
waiting_days = 30

[value]
individual_at = 60
standard_below = 50
[[value.criterion]]
field = "revenue"
weight = 40
missing = "zero"
points = [[0, 0], [50000, 25], [200000, 50], [1000000, 75], [5000000, 100]]
[[value.always]]
class = "individual"
where = "key_account = true"
[[value.potential]]
where = "potential >= 5000000"

[[pipeline.stage]]
name = "Offer"
chance = 75

[churn]
model = "mbg-nbd"
parameters = { r = 0.525, alpha = 6.183, a = 0.891, b = 1.614 }
horizon_days = 365

[phase]
new_days = 90
revival_days = 90
span_days = 180
decline_percent = 50
growth_percent = 120
[risk]
contacts_per_30_days = 8
)";

TEST(ConfigurationRules, TakeTheExampleAsAWhole) {
  const auto loaded = LoadText(kExample);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->time_zone, "Europe/London");
  EXPECT_EQ(loaded->today, engine::ParseDay("2010-12-10"));
  const engine::RuleSettings& settings = SettingsOf(loaded);
  EXPECT_EQ(settings.currency, "GBP");
  ASSERT_EQ(settings.value.criteria.size(), 1u);
  EXPECT_EQ(settings.value.criteria[0].missing, engine::Missing::kZero);
  EXPECT_EQ(settings.value.criteria[0].points.size(), 5u);
  EXPECT_EQ(settings.value.criteria[0].points[4], (std::pair<int64_t, int32_t>(5'000'000, 100)));
  EXPECT_EQ(settings.value.always[0].where, "key_account = true");
  ASSERT_EQ(settings.stages.size(), 1u);
  EXPECT_EQ(settings.stages[0].chance_hundredths, 7'500);
  EXPECT_EQ(settings.churn.model, engine::ChurnModelKind::kMbgNbd);
  EXPECT_EQ(settings.churn.horizon_days, 365);
  ASSERT_TRUE(settings.churn.pinned.has_value());
  EXPECT_EQ(settings.churn.pinned->r, 0.525);
  EXPECT_EQ(settings.churn.pinned->alpha, 6.183);
  EXPECT_EQ(settings.churn.pinned->a, 0.891);
  EXPECT_EQ(settings.churn.pinned->b, 1.614);
  // Midnight in London's summer is an hour before that of UTC.
  EXPECT_EQ(loaded->rules->calendar().DayOf(engine::TimeMs{1'279'237'000'000}),
            engine::ParseDay("2010-07-16"));
  EXPECT_EQ(settings.phase.growth_percent, 120);
  EXPECT_EQ(settings.risk.contacts_per_30_days, 8);
}

TEST(ConfigurationRules, TakeOddSettings) {
  const auto loaded = LoadText(R"(
[book]
today = "1998-07-01"
[rfm]
window_days = 0
scoring = "fixed"
recency_cuts = [10, 20, 30, 40]
frequency_cuts = [1, 2, 3, 4]
monetary_cuts = [-100, 0, 5000, 20000]
frequency = "purchase_days"
monetary = "average"
match = "first"
otherwise = "Rest"
segment = [{ name = "Best", cells = ["555", "554"] }, { name = "Good", recency = [4, 5], monetary = [3, 5] }]
[abc]
measure = "margin"
a = 70
b = 92.51
boundary = "drop"
[value]
individual_at = 60.55
standard_below = 35.57
[pipeline]
stage = [{ name = "Prospecting", chance = 10 }, { name = "Engaging", chance = 35.5 }]
)");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  const engine::RuleSettings& settings = SettingsOf(loaded);
  EXPECT_EQ(loaded->today, engine::ParseDay("1998-07-01"));
  EXPECT_EQ(settings.rfm.scoring, engine::RfmScoring::kFixed);
  EXPECT_EQ(settings.rfm.monetary_cuts, (std::array<int64_t, 4>{-100, 0, 5'000, 20'000}));
  EXPECT_EQ(settings.rfm.frequency, engine::RfmFrequency::kPurchaseDays);
  EXPECT_EQ(settings.rfm.monetary, engine::RfmMonetary::kAverage);
  EXPECT_TRUE(settings.rfm.first_match);
  EXPECT_EQ(settings.rfm.otherwise, "Rest");
  ASSERT_EQ(settings.rfm.segments.size(), 2u);
  EXPECT_EQ(settings.rfm.segments[0].cells, (std::vector<std::string>{"555", "554"}));
  EXPECT_EQ(settings.rfm.segments[1].recency, (std::array<int, 2>{4, 5}));
  EXPECT_EQ(settings.rfm.segments[1].frequency, (std::array<int, 2>{1, 5}));
  EXPECT_EQ(settings.abc.measure, engine::AbcMeasure::kMargin);
  EXPECT_EQ(settings.abc.a_hundredths, 7'000);
  EXPECT_EQ(settings.abc.b_hundredths, 9'251);
  EXPECT_EQ(settings.abc.boundary, engine::AbcBoundary::kDrop);
  EXPECT_EQ(settings.value.individual_at_hundredths, 6'055);
  EXPECT_EQ(settings.value.standard_below_hundredths, 3'557);
  EXPECT_EQ(settings.stages[1].chance_hundredths, 3'550);
}

TEST(ConfigurationRules, WhatIsPrintedReadsBackTheSame) {
  const auto first = LoadText(kExample);
  ASSERT_TRUE(first.has_value());
  const std::string printed = PrintConfiguration(*first);
  const auto second = LoadText(printed);
  ASSERT_TRUE(second.has_value()) << second.error().message << "\n" << printed;
  EXPECT_EQ(PrintConfiguration(*second), printed);

  engine::RuleSettings odd;
  odd.currency = "USD";
  odd.rfm.scoring = engine::RfmScoring::kFixed;
  odd.rfm.first_match = true;
  odd.rfm.otherwise = "the \"rest\" \\ \n";
  odd.rfm.segments = {{.name = "K\xc3\xb6nige", .cells = {"555"}},
                      {.name = "Good", .cells = {}, .recency = {2, 5}}};
  odd.abc.b_hundredths = 9'205;
  odd.value.always = {{engine::ValueClass::kReview, "owner = 'x'"}};
  // Whole, with an exponent, and with more digits than one would type.
  odd.churn = {.model = engine::ChurnModelKind::kBgNbd,
               .horizon_days = 7,
               .pinned = engine::ChurnParameters{.r = 1, .alpha = 10'000, .a = 1e-3, .b = 2.0 / 3}};
  odd.phase = {1, 2, 3, 4, 5};
  odd.risk = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  const std::string text =
      PrintBookSettings(odd, "UTC", engine::ParseDay("2020-02-29"), 12'345'678);
  auto file = TomlFile::Parse(text, "printed");
  ASSERT_TRUE(file.has_value());
  TomlSection root(&file->root(), "", &*file);
  const BookSettings read = ReadBookSettings(&root);
  ASSERT_FALSE(file->error().has_value()) << file->error()->message;
  EXPECT_EQ(read.rules.rfm.otherwise, odd.rfm.otherwise);
  EXPECT_EQ(read.rules.phase.growth_percent, 5);
  EXPECT_EQ(read.rules.risk.unanswered_days, 10);
  EXPECT_EQ(read.rules.churn.pinned->r, 1);
  EXPECT_EQ(read.rules.churn.pinned->alpha, 10'000);
  EXPECT_EQ(read.rules.churn.pinned->a, 1e-3);
  EXPECT_EQ(read.rules.churn.pinned->b, 2.0 / 3);
  EXPECT_EQ(PrintBookSettings(read.rules, read.time_zone, read.today, read.memory_limit_bytes),
            text);
}

TEST(ConfigurationRules, NameFileLineAndKey) {
  ExpectMistake("[rfm]\nwindow = 3\n",
                "2: rfm.window: unknown key; expected frequency, frequency_cuts, ");
  ExpectMistake("\n[frm]\n", "2: frm: unknown key; expected abc, activity, book, ");
  ExpectMistake("[abc]\n\na = \"80\"\n", "3: abc.a: expected a number with at most two decimals");
  ExpectMistake("[abc]\na = 80.123\n", "2: abc.a: expected a number with at most two decimals");
  ExpectMistake("[abc]\na = nan\n", "2: abc.a: expected a number with at most two decimals");
  ExpectMistake("[abc]\na = 1e300\n", "2: abc.a: expected a number with at most two decimals");
  ExpectMistake("[abc]\nmeasure = \"profit\"\n",
                "2: abc.measure: expected \"revenue\" or \"margin\"");
  ExpectMistake("abc = 3\n", "1: abc: expected a table [abc]");
  ExpectMistake("[rfm]\nwindow_days = 99999999999\n",
                "2: rfm.window_days: expected a whole number");
  ExpectMistake("[rfm]\nwindow_days = 3.0\n", "2: rfm.window_days: expected a whole number");
  ExpectMistake("[book]\ntoday = 2010-13-10\n", "2: expected TOML: ");
  ExpectMistake("[book]\ntoday = \"2010-02-30\"\n", "2: book.today: expected a date");
  ExpectMistake("[book]\ntoday = 2010-12-10T00:00:00\n", "2: book.today: expected a date");
  ExpectMistake("[book]\ntoday = 2200-01-01\n", "2: book.today: expected a date");
  ExpectMistake("[book]\n\n\ntime_zone = \"Mars/Base\"\n",
                "4: book.time_zone: expected an IANA time zone");
  ExpectMistake("[rfm]\nscoring = \"fixed\"\n", "1: rfm.recency_cuts: expected 4 whole numbers");
  ExpectMistake("[rfm]\nmonetary_cuts = [1, 2, 3]\n",
                "2: rfm.monetary_cuts: expected 4 whole numbers");
  ExpectMistake(
      "[rfm]\nscoring = \"fixed\"\nrecency_cuts = [1, 2, 3]\nfrequency_cuts = [1, 2, 3, 4]\n"
      "monetary_cuts = [1, 2, 3, 4]\n",
      "3: rfm.recency_cuts: expected 4 whole numbers");
  ExpectMistake("[[rfm.segment]]\nname = \"A\"\n", "1: rfm.segment[0]: expected either cells or");
  ExpectMistake("[[value.criterion]]\nfield = \"revenue\"\nweight = 1\npoints = [[0, 0], [1]]\n",
                "4: value.criterion[0].points: expected pairs");
  ExpectMistake("[[value.criterion]]\nfield = \"revenue\"\npoints = [[0, 0]]\n",
                "1: value.criterion[0].weight: expected a whole number");
  ExpectMistake("[[value.always]]\nclass = \"best\"\nwhere = \"r = 5\"\n",
                "2: value.always[0].class: expected \"individual\"");
  ExpectMistake("[value]\npotential = [1]\n", "2: value.potential: expected tables");
}

TEST(ConfigurationRules, NameTheLineOfWhatTheEngineRefuses) {
  ExpectMistake("[book]\ncurrency = \"Euro\"\n",
                "2: book.currency: expected three capital letters");
  ExpectMistake("[activity]\nlost_after = 10\n", "2: activity.lost_after: expected");
  ExpectMistake(
      "[[value.criterion]]\nfield = \"revenue\"\nweight = 1\npoints = [[0, 0]]\n\n"
      "[[value.criterion]]\nfield = \"revenu\"\nweight = 1\npoints = [[0, 0]]\n",
      "7: value.criterion[1].field: ");
  ExpectMistake("[[value.always]]\nclass = \"individual\"\nwhere = \"revenue >\"\n",
                "3: value.always[0].where: ");
  ExpectMistake("[[pipeline.stage]]\nname = \"Offer\"\nchance = 100.5\n",
                "3: pipeline.stage[0].chance: ");
  // A mistake in what the file leaves out is one of the nearest table that it has.
  ExpectMistake("[abc]\na = 96\n", "1: abc.b: ");
}

TEST(ConfigurationRules, CheckTheChurnModel) {
  const auto plain = LoadText("[churn]\nmodel = \"bg-nbd\"\nhorizon_days = 30\n");
  ASSERT_TRUE(plain.has_value()) << plain.error().message;
  EXPECT_EQ(SettingsOf(plain).churn.model, engine::ChurnModelKind::kBgNbd);
  EXPECT_EQ(SettingsOf(plain).churn.horizon_days, 30);
  EXPECT_FALSE(SettingsOf(plain).churn.pinned.has_value());
  ExpectMistake("[churn]\nmodel = \"pareto\"\n", "2: churn.model: expected \"mbg-nbd\" or");
  ExpectMistake("[churn]\nhorizon_days = 0\n", "2: churn.horizon_days: expected a whole number");
  ExpectMistake("[churn]\nparameters = { r = 1 }\n",
                "2: churn.parameters.alpha: expected a number");
  ExpectMistake("[churn]\nparameters = { r = 1, alpha = nan, a = 1, b = 1 }\n",
                "2: churn.parameters.alpha: expected a number");
  ExpectMistake("[churn]\nparameters = { r = 1, alpha = 1, a = 0, b = 1 }\n",
                "2: churn.parameters.a: expected a number from 0.001 to 10000");
  ExpectMistake("[churn]\nparameters = { r = 1, alpha = 1, a = 1, b = 1, c = 1 }\n",
                "2: churn.parameters.c: unknown key");
}

TEST(ConfigurationRules, CheckPhasesAndRisks) {
  const auto some = LoadText("[phase]\nspan_days = 30\n[risk]\nservice_requests = 5\n");
  ASSERT_TRUE(some.has_value()) << some.error().message;
  EXPECT_EQ(SettingsOf(some).phase.span_days, 30);
  EXPECT_EQ(SettingsOf(some).phase.new_days, 90);
  EXPECT_EQ(SettingsOf(some).risk.service_requests, 5);
  EXPECT_EQ(SettingsOf(some).risk.contacts_per_30_days, 8);
  ExpectMistake("[phase]\nold_days = 3\n", "2: phase.old_days: unknown key");
  ExpectMistake("[phase]\nnew_days = 0\n", "2: phase.new_days: expected a whole number from 1");
  ExpectMistake("[phase]\nspan_days = 65536\n", "2: phase.span_days: expected a whole number");
  ExpectMistake("[phase]\ngrowth_percent = -1\n",
                "2: phase.growth_percent: expected a whole number from 0");
  ExpectMistake("[risk]\ncontacts_per_30_days = -1\n",
                "2: risk.contacts_per_30_days: expected a whole number from 0");
  ExpectMistake("[risk]\nservice_requests = 0\n",
                "2: risk.service_requests: expected a whole number from 1");
  ExpectMistake("[risk]\ndissatisfied_referral = 11\n",
                "2: risk.dissatisfied_referral: expected a whole number from -1 to 10");
  ExpectMistake("[value]\n[[value.always]]\nclass = \"individual\"\nwhere = \"risk = 'slowing'\"\n",
                "4: value.always[0].where: expected a condition without risk");
}

// The configurations that the acceptance check runs with, where this checkout has them.
TEST(ConfigurationRules, TakeTheScenariosOfTheAcceptanceCheck) {
  const std::filesystem::path folder = KUNDIG_SOURCE_DIR "/../shared/check/scenarios";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  int read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const toml::table scenario = toml::parse_file(entry.path().string());
    std::ostringstream text;
    text << *scenario["config"].as_table();
    const auto loaded = LoadText(text.str());
    EXPECT_TRUE(loaded.has_value()) << entry.path() << ": " << loaded.error().message;
    ++read;
  }
  EXPECT_GE(read, 3);
}

}  // namespace
}  // namespace kundig::server
