// Random histories once more: at the end of each everybody is explained, and then the days pass in
// a book to which nothing else happens. What was foreseen must come on its day, and nothing else.
//
// Others must not move today's rankings: scores are by fixed cuts, and ABC classes are judged here
// by the cuts of the first day.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/book.h"
#include "tests/engine/model_book.h"
#include "tests/engine/random_history_actions.h"
#include "tests/engine/random_history_seeds.h"

namespace kundig::engine {
namespace {

constexpr uint64_t kForesightSeeds = 24;

// Subject -> class, as text.
using Judged = std::map<std::string, std::string>;
// Subject -> "day class": its first change.
using Changes = std::map<std::string, std::string>;

template <typename T>
std::string Code(T value) {
  return std::to_string(static_cast<int>(value));
}

std::shared_ptr<const Rules> RulesOfOneCustomer(const Rules& from, Random* random) {
  RuleSettings settings = from.settings();
  settings.rfm.scoring = RfmScoring::kFixed;
  settings.rfm.recency_cuts = random->Chance(50) ? std::array<int64_t, 4>{1, 7, 30, 90}
                                                 : std::array<int64_t, 4>{0, 30, 180, 365};
  settings.rfm.frequency_cuts = {0, 1, 3, 10};
  settings.rfm.monetary_cuts = {0, 100, 1000, 5000};
  settings.abc.window_days = settings.rfm.window_days;
  settings.abc.measure = AbcMeasure::kRevenue;
  std::erase_if(settings.value.always, [](const AlwaysSetting& rule) {
    return rule.where.find("abc") != std::string::npos;
  });
  return CompileRules(settings, from.calendar()).value();
}

class Twin {
 public:
  explicit Twin(uint64_t seed) : random_(seed ^ 0xf0e), history_(MakeHistory(seed)) {
    BookOptions options;
    options.today = history_->first_day;
    options.shards = 2;
    options.threads = 1;
    book_ = std::make_unique<Book>(history_->rules, options);
    for (const Action& action : history_->actions) {
      if (const Event* event = std::get_if<Event>(&action)) {
        book_->Apply(std::span(event, 1));
      } else if (const DayChange* day = std::get_if<DayChange>(&action)) {
        (void)book_->AdvanceDay(day->day);
      } else if (const FitChange* fit = std::get_if<FitChange>(&action)) {
        book_->AdoptFit(fit->fit);
      } else {
        (void)book_->ReplaceRules(std::get<RuleChange>(action).rules);
      }
    }
  }

  void Compare() {
    rules_ = RulesOfOneCustomer(*book_->rules(), &random_);
    ASSERT_TRUE(book_->ReplaceRules(rules_).has_value());
    const AbcAnswer abc = book_->Abc();
    const auto from = [&abc](AbcClass abc_class) {
      const auto& smallest = abc.classes[static_cast<size_t>(abc_class)].from;
      return smallest ? smallest->units : std::numeric_limits<int64_t>::max();
    };
    a_from_ = from(AbcClass::kA);
    b_from_ = std::min(from(AbcClass::kB), a_from_);
    const Day today = book_->Status().state.as_of;
    const Day through = std::min(today + random_.Pick({40, 200, 400}), kLastDay);
    std::map<std::string_view, Changes> foreseen, came;
    std::map<std::string_view, Judged> begin;
    for (const std::string_view id : history_->customers) {
      const ExplainAnswer explained = book_->Explain(id);
      if (!explained.found) continue;
      begin[id] = Judge(id);
      EXPECT_EQ(JudgedOf(explained), begin[id]) << id;
      foreseen[id] = ForeseenOf(explained, through);
      came[id];
    }
    for (Day day = today + 1; day <= through; day = day + 1) {
      ASSERT_TRUE(book_->AdvanceDay(day).has_value());
      for (const auto& [id, classes] : begin) {
        for (const auto& [subject, judged] : Judge(id)) {
          if (judged != classes.at(subject)) {
            came[id].try_emplace(subject, FormatDay(day) + " " + judged);
          }
        }
      }
    }
    EXPECT_EQ(foreseen, came);
    for (const auto& [id, changes] : came) moved_ += changes.size();
  }

  size_t moved() const { return moved_; }

 private:
  static std::string RiskName(size_t risk) { return "risk " + std::to_string(risk); }

  // What the book says of a customer today, rankings held as they were.
  Judged Judge(std::string_view id) const {
    ProfilesAnswer answer;
    book_->Profiles(std::span(&id, 1), &answer);
    const Profile& p = answer.profiles[0];
    Judged judged{{"activity", Code(p.activity)},
                  {"phase", Code(p.phase)},
                  {"value", Code(p.value_class)},
                  {"r", p.rfm ? Code(p.rfm->r) : "0"},
                  {"f", p.rfm ? Code(p.rfm->f) : "0"},
                  {"m", p.rfm ? Code(p.rfm->m) : "0"},
                  {"segment", p.rfm ? rules_->segment_names()[p.rfm->segment] : "none"}};
    const int64_t revenue = p.revenue.units;
    const AbcClass abc = revenue <= 0         ? AbcClass::kNone
                         : revenue >= a_from_ ? AbcClass::kA
                         : revenue >= b_from_ ? AbcClass::kB
                                              : AbcClass::kC;
    judged["abc"] = Code(abc);
    RiskSet risks = p.risks & ~BitOf(Risk::kNeglected);
    if (p.value_class == ValueClass::kIndividual || abc == AbcClass::kA) {
      const std::optional<Day> seen = std::max(p.last_activity, p.last_contact);
      const int32_t limit = rules_->settings().risk.neglected_days;
      if (seen && answer.state.as_of - *seen >= limit) risks |= BitOf(Risk::kNeglected);
    }
    for (size_t risk = 0; risk < kRisks; ++risk) judged[RiskName(risk)] = Code(risks >> risk & 1);
    return judged;
  }

  static Judged JudgedOf(const ExplainAnswer& answer) {
    Judged judged{{"activity", Code(answer.activity.activity)},
                  {"phase", Code(answer.phase.phase)},
                  {"value", Code(answer.value_class)},
                  {"abc", Code(answer.abc.abc)},
                  {"r", answer.rfm ? Code(answer.rfm->recency.score) : "0"},
                  {"f", answer.rfm ? Code(answer.rfm->frequency.score) : "0"},
                  {"m", answer.rfm ? Code(answer.rfm->monetary.score) : "0"},
                  {"segment", answer.rfm ? std::string(answer.rfm->segment) : "none"}};
    for (size_t risk = 0; risk < kRisks; ++risk) judged[RiskName(risk)] = "0";
    for (const ExplainedRisk& risk : answer.risks) {
      judged[RiskName(static_cast<size_t>(risk.risk))] = "1";
    }
    return judged;
  }

  static Changes ForeseenOf(const ExplainAnswer& answer, Day through) {
    Changes changes;
    for (const ForeseenDay& day : answer.foresight->days) {
      if (day.on > through) break;
      const auto add = [&](const std::string& subject, const std::string& to) {
        const bool first = changes.try_emplace(subject, FormatDay(day.on) + " " + to).second;
        EXPECT_TRUE(first) << subject << " is told twice";
      };
      if (day.activity) add("activity", Code(*day.activity));
      if (day.phase) add("phase", Code(*day.phase));
      if (day.value_class) add("value", Code(*day.value_class));
      if (day.abc) add("abc", Code(*day.abc));
      if (day.r) add("r", Code(*day.r));
      if (day.f) add("f", Code(*day.f));
      if (day.m) add("m", Code(*day.m));
      if (day.rfm_segment) add("segment", std::string(*day.rfm_segment));
      for (size_t risk = 0; risk < kRisks; ++risk) {
        if ((day.risks_begun >> risk & 1) != 0) add(RiskName(risk), "1");
        if ((day.risks_ended >> risk & 1) != 0) add(RiskName(risk), "0");
      }
    }
    return changes;
  }

  Random random_;
  const std::unique_ptr<RandomHistory> history_;
  std::unique_ptr<Book> book_;
  std::shared_ptr<const Rules> rules_;
  int64_t a_from_ = 0, b_from_ = 0;
  size_t moved_ = 0;
};

class RandomHistoryForesightTest : public testing::TestWithParam<uint64_t> {};

TEST_P(RandomHistoryForesightTest, WhatIsForeseenComes) {
  size_t moved = 0;
  for (uint64_t seed = 1 + GetParam(); seed <= kForesightSeeds; seed += kSlices) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Twin twin(seed);
    twin.Compare();
    moved += twin.moved();
    if (HasFailure()) return;
  }
  RecordProperty("changes", static_cast<int>(moved));
  EXPECT_GT(moved, 20u) << "hardly anything came";
}

INSTANTIATE_TEST_SUITE_P(Slices, RandomHistoryForesightTest, testing::Range(uint64_t{0}, kSlices));

}  // namespace
}  // namespace kundig::engine
