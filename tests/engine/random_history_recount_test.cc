// Random histories again: beside them recounts as of days gone by and by other rules, each held
// against the model of a book that stopped on that day. One recount is kept and caught up.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/book.h"
#include "tests/engine/model_book.h"
#include "tests/engine/random_history_actions.h"
#include "tests/engine/random_history_compare.h"
#include "tests/engine/random_history_seeds.h"

namespace kundig::engine {
namespace {

constexpr uint64_t kRecountSeeds = kUnderSanitizer ? 4 : 8;

std::string ClassOf(const Profile& profile, const Rules& rules, Judgement judgement) {
  constexpr const char* kAbc[] = {"A", "B", "C", "none"};
  constexpr const char* kValue[] = {"individual", "standard", "review"};
  constexpr const char* kActivity[] = {"never",    "lost",    "inactive",
                                       "prospect", "overdue", "active"};
  switch (judgement) {
    case Judgement::kRfmSegment:
      return profile.rfm ? rules.segment_names()[profile.rfm->segment] : MovesAnswer::kNoSegment;
    case Judgement::kAbc:
      return kAbc[static_cast<size_t>(profile.abc)];
    case Judgement::kValueClass:
      return kValue[static_cast<size_t>(profile.value_class)];
    case Judgement::kActivity:
      return kActivity[static_cast<size_t>(profile.activity)];
  }
  return {};
}

// The moves from one model to another, and who makes one of them.
void CompareMoves(const ModelBook& from, const ModelBook& to, Book* engine, Book* other,
                  uint64_t pick, Differences* differences) {
  using Sums = std::pair<uint64_t, int64_t>;  // customers, revenue
  const auto& before = from.Rows();
  const auto& after = to.Rows();
  MovesQuery query;
  query.limit = static_cast<uint32_t>(pick % 4);
  for (size_t at = 0; at < kJudgements; ++at) {
    const auto judgement = static_cast<Judgement>(at);
    std::map<std::pair<std::string, std::string>, Sums> expected;
    uint64_t moved = 0;
    const auto move_of = [&](size_t row) {
      return std::pair(ClassOf(before[row].profile, from.rules(), judgement),
                       ClassOf(after[row].profile, to.rules(), judgement));
    };
    for (size_t row = 0; row < before.size(); ++row) {
      const auto move = move_of(row);
      Sums& sums = expected[move];
      ++sums.first;
      sums.second += before[row].profile.revenue.units;
      moved += move.first != move.second;
    }
    query.list.reset();
    std::vector<std::pair<int64_t, std::string>> movers;
    if (!expected.empty()) {
      auto wanted = expected.begin();
      std::advance(wanted, static_cast<ptrdiff_t>(pick % expected.size()));
      query.list = MovesQuery::List{judgement, wanted->first.first, wanted->first.second};
      for (size_t row = 0; row < before.size(); ++row) {
        if (move_of(row) != wanted->first) continue;
        movers.emplace_back(-before[row].profile.revenue_total.units,
                            std::string(before[row].profile.customer));
      }
    }
    std::sort(movers.begin(), movers.end());
    const Result<MovesAnswer> answer = engine->Moves(other, query);
    differences->Same("moves", "answered", true, answer.has_value());
    if (!answer) return;
    differences->Same("moves", "as_of", from.today(), answer->state.as_of);
    const MovesAnswer::Matrix& matrix = answer->matrices[at];
    const std::string where = "moves of judgement " + std::to_string(at);
    differences->Same(where, "moved", moved, matrix.moved);
    differences->Same(where, "cells", expected.size(), matrix.moves.size());
    for (const MovesAnswer::Move& move : matrix.moves) {
      const Sums& sums = expected[{move.from, move.to}];
      differences->Same(where, move.from + " to " + move.to, sums.first, move.customers);
      differences->Same(where, "revenue", sums.second, move.revenue.units);
    }
    differences->Same(where, "listed", uint64_t{movers.size()}, answer->listed);
    if (query.limit > 0) movers.resize(std::min<size_t>(movers.size(), query.limit));
    differences->Same(where, "rows", movers.size(), answer->rows.size());
    for (size_t row = 0; row < std::min(movers.size(), answer->rows.size()); ++row) {
      differences->Same(where, "customer", movers[row].second, answer->rows[row].customer);
      differences->Same(where, "revenue_total", -movers[row].first,
                        answer->rows[row].revenue_total.units);
    }
  }
}

class Player {
 public:
  Player(const RandomHistory& history, uint64_t seed)
      : history_(history), random_(seed ^ 0xa50f), rules_(history.rules) {
    BookOptions options;
    options.today = history.first_day;
    options.shards = random_.Pick({1u, 2u, 16u});
    options.threads = random_.Pick({1, 3, 4});
    model_.emplace(history.rules, history.first_day);
    engine_ = std::make_unique<Book>(history.rules, options);
  }

  // The differences, in words.
  std::string Play() {
    for (const Action& action : history_.actions) {
      Take(action);
      if (!random_.Chance(6)) continue;
      Ask();
      if (!differences_.empty()) return differences_.text();
    }
    Ask();
    return differences_.text();
  }

 private:
  void Take(const Action& action) {
    if (const Event* event = std::get_if<Event>(&action)) {
      model_->Apply(std::span(event, 1));
      engine_->Apply(std::span(event, 1));
    } else if (const DayChange* day = std::get_if<DayChange>(&action)) {
      const bool taken = model_->AdvanceDay(day->day).has_value();
      ASSERT_EQ(taken, engine_->AdvanceDay(day->day).has_value());
    } else if (const FitChange* fit = std::get_if<FitChange>(&action)) {
      model_->AdoptFit(fit->fit);
      engine_->AdoptFit(fit->fit);
    } else {
      const std::shared_ptr<const Rules>& rules = std::get<RuleChange>(action).rules;
      const bool taken = model_->ReplaceRules(rules).has_value();
      ASSERT_EQ(taken, engine_->ReplaceRules(rules).has_value());
      if (taken) rules_ = rules;
    }
  }

  RecountOrder Order(Day as_of) {
    RecountOrder order;
    order.as_of = as_of;
    order.limits.customers = random_.Pick({1u, 3u, 2048u});
    order.limits.names = random_.Pick({size_t{1}, size_t{4096}});
    return order;
  }

  void Ask() {
    AskKept();
    const Day day = model_->today() - random_.Pick({0, 1, 1, 2, 5, 20, 60, 200, 400});
    RecountOrder order = Order(day);
    const std::shared_ptr<const Rules> others =
        RandomRules(&random_, rules_->settings().stages, rules_->calendar());
    order.rules = {nullptr, others};
    const auto recounts = engine_->Recount(order);
    ASSERT_TRUE(recounts.has_value()) << recounts.error().message;
    const ModelBook now = model_->AsOf(day, rules_), otherwise = model_->AsOf(day, others);
    CompareCustomers(now, (*recounts)[0].get(), random_.Below(1'000'000), false, &differences_);
    CompareCustomers(otherwise, (*recounts)[1].get(), random_.Below(1'000'000), false,
                     &differences_);
    CompareMoves(now, otherwise, (*recounts)[0].get(), (*recounts)[1].get(), random_.Below(100),
                 &differences_);
  }

  void AskKept() {
    if (kept_ != nullptr && !engine_->CatchUp(kept_.get())) kept_.reset();
    if (kept_ == nullptr) {
      kept_day_ = model_->today() - random_.Pick({1, 3, 30});
      auto recounts = engine_->Recount(Order(kept_day_));
      ASSERT_TRUE(recounts.has_value());
      kept_ = std::move(recounts->front());
    }
    CompareCustomers(model_->AsOf(kept_day_, rules_), kept_.get(), random_.Below(1'000'000), false,
                     &differences_);
  }

  const RandomHistory& history_;
  Random random_;
  std::shared_ptr<const Rules> rules_;  // in force
  std::optional<ModelBook> model_;
  std::unique_ptr<Book> engine_, kept_;
  Day kept_day_;
  Differences differences_;
};

class RandomHistoryRecountTest : public testing::TestWithParam<uint64_t> {};

TEST_P(RandomHistoryRecountTest, RecountsAnswerLikeABookThatStopped) {
  for (uint64_t seed = 1 + GetParam(); seed <= kRecountSeeds; seed += kSlices) {
    const std::unique_ptr<RandomHistory> history = MakeHistory(seed);
    ASSERT_EQ(Player(*history, seed).Play(), "") << "seed " << seed;
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Slices, RandomHistoryRecountTest, testing::Range(uint64_t{0}, kSlices));

}  // namespace
}  // namespace kundig::engine
