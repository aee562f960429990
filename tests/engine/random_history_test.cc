// Random histories: the same events, day changes and rule changes go into the slow simple model and
// into engines with 1, 2 and 16 shards, and every few batches every figure of every question must
// be the same.
//
//   KUNDIG_HISTORY_SEEDS=5000   runs that many histories instead of kHistorySeeds
//   KUNDIG_HISTORY_FIRST=1234   starts at that seed; with KUNDIG_HISTORY_SEEDS=1 it runs only that
//   one
//
// A long run: KUNDIG_HISTORY_SEEDS=20000 engine_test --gtest_filter='*RandomHistory*'
//
// On a difference the test prints seed, batch, shards and the figures, and then makes the history
// smaller as long as the engine still differs at its end: what is printed is nearly a unit test.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "engine/book.h"
#include "tests/engine/model_book.h"
#include "tests/engine/random_history_actions.h"
#include "tests/engine/random_history_compare.h"
#include "tests/engine/random_history_feeds.h"
#include "tests/engine/random_history_seeds.h"

namespace kundig::engine {
namespace {

constexpr uint64_t kHistorySeeds = kUnderSanitizer ? 24 : 100;
constexpr std::chrono::seconds kShrinkTime{20};

struct Shape {
  uint32_t shards;
  int threads;
};
constexpr Shape kShapes[] = {{1, 1}, {2, 3}, {16, 4}};

std::unique_ptr<Book> BookOfShape(const RandomHistory& history, Shape shape) {
  BookOptions options;
  options.today = history.first_day;
  options.shards = shape.shards;
  options.threads = shape.threads;
  return std::make_unique<Book>(history.rules, options);
}

// What goes into the books at once: a run of events, a day change or a rule change.
struct Batch {
  std::vector<Event> events;  // empty: `change`
  Action change;
};

std::vector<Batch> Batches(const std::vector<Action>& actions, uint64_t seed) {
  Random random(seed ^ 0x5eed);
  std::vector<Batch> batches;
  size_t room = 0;
  for (const Action& action : actions) {
    const Event* event = std::get_if<Event>(&action);
    if (event == nullptr) {
      batches.push_back({{}, action});
      room = 0;
      continue;
    }
    if (room == 0) {
      batches.emplace_back();
      room = random.Pick({1u, 2u, 10u, 63u, 64u, 65u, 300u});
    }
    batches.back().events.push_back(*event);
    --room;
  }
  return batches;
}

void CompareChange(const Result<StateName>& model, const Result<StateName>& engine,
                   Differences* differences) {
  differences->Same("change", "taken", model.has_value(), engine.has_value());
  if (model.has_error() && engine.has_error()) {
    differences->Same("change", "error", model.error().code, engine.error().code);
  }
  if (model.has_value() && engine.has_value()) {
    differences->Same("change", "journal_sequence", model->journal_sequence,
                      engine->journal_sequence);
  }
}

// Puts the batch into the model and the engines, and compares what they say to it.
void TakeBatch(const Batch& batch, ModelBook* model,
               const std::vector<std::unique_ptr<Book>>& engines,
               std::vector<Differences>* differences) {
  const auto change = [&batch](auto* book) -> Result<StateName> {
    if (const DayChange* day = std::get_if<DayChange>(&batch.change)) {
      return book->AdvanceDay(day->day);
    }
    if (const FitChange* fit = std::get_if<FitChange>(&batch.change)) {
      return book->AdoptFit(fit->fit);
    }
    return book->ReplaceRules(std::get<RuleChange>(batch.change).rules);
  };
  if (batch.events.empty()) {
    const Result<StateName> expected = change(model);
    for (size_t i = 0; i < engines.size(); ++i) {
      CompareChange(expected, change(engines[i].get()), &(*differences)[i]);
    }
    return;
  }
  const ApplyAnswer expected = model->Apply(batch.events);
  // What is orders alone goes the way of orders to every second engine.
  std::vector<OrderPlaced> orders;
  for (const Event& event : batch.events) {
    if (const OrderPlaced* order = std::get_if<OrderPlaced>(&event)) orders.push_back(*order);
  }
  const bool only_orders = orders.size() == batch.events.size();
  for (size_t i = 0; i < engines.size(); ++i) {
    CompareApply(
        expected,
        only_orders && i % 2 == 0 ? engines[i]->Apply(orders) : engines[i]->Apply(batch.events),
        &(*differences)[i]);
  }
}

struct Fault {
  std::string text;
  size_t actions = 0;  // taken when it showed
  uint64_t question_seed = 0;
  Shape shape{};
};

// Plays the actions and returns the first difference. With `seed_at_the_end` no question is asked
// before the last batch, and those of that seed then.
std::optional<Fault> Play(const RandomHistory& history, const std::vector<Action>& actions,
                          uint64_t seed, const std::vector<Shape>& shapes,
                          std::optional<uint64_t> seed_at_the_end) {
  ModelBook model(history.rules, history.first_day);
  std::vector<std::unique_ptr<Book>> engines;
  std::vector<FeedFollower> followers;
  for (const Shape& shape : shapes) {
    engines.push_back(BookOfShape(history, shape));
    followers.emplace_back(engines.back().get(), seed ^ 0xfeed);
  }
  const std::vector<Batch> batches = Batches(actions, seed);
  Random random(seed ^ 0xa5c);
  size_t taken = 0;
  for (size_t i = 0; i < batches.size(); ++i) {
    std::vector<Differences> differences(shapes.size());
    TakeBatch(batches[i], &model, engines, &differences);
    taken += std::max<size_t>(batches[i].events.size(), 1);
    const bool last = i + 1 == batches.size();
    const bool ask = random.Chance(25) && !seed_at_the_end;
    const uint64_t question_seed = seed_at_the_end.value_or(seed * 1000 + i);
    for (size_t engine = 0; engine < engines.size(); ++engine) {
      if (last || ask) {
        CompareBooks(model, engines[engine].get(), question_seed, last, &differences[engine]);
        followers[engine].Check(model, &differences[engine]);
      } else if (i == 0) {
        followers[engine].Open(model);
      }
      if (differences[engine].empty()) continue;
      return Fault{"batch " + std::to_string(i) + ", shards " +
                       std::to_string(shapes[engine].shards) + ", threads " +
                       std::to_string(shapes[engine].threads) + ", day " +
                       FormatDay(model.today()) + "\n" + differences[engine].text(),
                   taken, question_seed, shapes[engine]};
    }
  }
  return std::nullopt;
}

// The first word of the first differing figure, so that shrinking does not wander to another fault.
std::string QuestionOf(const Fault& fault) {
  const size_t line = fault.text.find('\n') + 1;
  return fault.text.substr(line, fault.text.find(' ', line) - line);
}

// Leaves out what the difference does not need, in ever smaller pieces.
std::string Shrunk(const RandomHistory& history, uint64_t seed, const Fault& fault) {
  const auto deadline = std::chrono::steady_clock::now() + kShrinkTime;
  std::vector<Action> actions = history.actions;
  actions.resize(fault.actions);
  const auto play = [&](const std::vector<Action>& some) {
    return Play(history, some, seed, {fault.shape}, fault.question_seed);
  };
  const auto differs = [&](const std::vector<Action>& some) {
    const std::optional<Fault> other = play(some);
    return other && QuestionOf(*other) == QuestionOf(fault);
  };
  if (!differs(actions)) return "(does not show without the questions asked on the way)\n";
  for (size_t piece = actions.size() / 2; piece > 0; piece /= 2) {
    for (size_t from = 0; from < actions.size() && std::chrono::steady_clock::now() < deadline;) {
      std::vector<Action> fewer(actions.begin(), actions.begin() + static_cast<ptrdiff_t>(from));
      const size_t behind = std::min(from + piece, actions.size());
      fewer.insert(fewer.end(), actions.begin() + static_cast<ptrdiff_t>(behind), actions.end());
      if (!fewer.empty() && differs(fewer)) {
        actions = std::move(fewer);
      } else {
        from += piece;
      }
    }
  }
  std::string text = "smaller history, from " + FormatDay(history.first_day) + " with " +
                     Describe(RuleChange{history.rules}) + "\n";
  for (size_t i = 0; i < std::min<size_t>(actions.size(), 60); ++i) {
    text += "  " + Describe(actions[i]) + "\n";
  }
  return text + play(actions)->text;
}

class RandomHistoryTest : public testing::TestWithParam<uint64_t> {};

TEST_P(RandomHistoryTest, EngineAnswersLikeTheModel) {
  const uint64_t first = FromEnvironment("KUNDIG_HISTORY_FIRST", 1);
  const uint64_t seeds = FromEnvironment("KUNDIG_HISTORY_SEEDS", kHistorySeeds);
  const std::vector<Shape> shapes(std::begin(kShapes), std::end(kShapes));
  for (uint64_t seed = first + GetParam(); seed < first + seeds; seed += kSlices) {
    const std::unique_ptr<RandomHistory> history = MakeHistory(seed);
    const std::optional<Fault> fault = Play(*history, history->actions, seed, shapes, std::nullopt);
    ASSERT_FALSE(fault.has_value())
        << "seed " << seed << ", " << fault->text << Shrunk(*history, seed, *fault);
  }
}

INSTANTIATE_TEST_SUITE_P(Slices, RandomHistoryTest, testing::Range(uint64_t{0}, kSlices));

}  // namespace
}  // namespace kundig::engine
