// Random histories of a book: everything that can happen to it, over few customers, ids, days and
// amounts, so that collisions, ties and corrections are frequent.
//
// Thread safety: one thread at a time.

#ifndef KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_ACTIONS_H_
#define KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_ACTIONS_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/adopted_fit.h"
#include "engine/event.h"
#include "engine/rules.h"
#include "tests/engine/random_history_random.h"

namespace kundig::engine {

struct DayChange {
  Day day;
};

struct RuleChange {
  std::shared_ptr<const Rules> rules;
};

struct FitChange {
  AdoptedFit fit;
};

using Action = std::variant<Event, DayChange, RuleChange, FitChange>;

struct RandomHistory {
  std::shared_ptr<const Rules> rules;  // in force at first
  Day first_day;
  std::vector<Action> actions;
  std::vector<std::string_view> customers;  // ids that the history may name
  std::deque<std::string> texts;            // storage behind ids and names
};

// Same seed, same history: `rounds` to four times as many, of some 15 actions each.
std::unique_ptr<RandomHistory> MakeHistory(uint64_t seed, int64_t rounds = 10);

// Rules that change every setting on which a figure depends, now and then; `stages` as given.
std::shared_ptr<const Rules> RandomRules(Random* random, std::vector<StageSetting> stages,
                                         Calendar calendar);

// Parameters of all sizes, with a spend model or without.
AdoptedFit RandomFit(Random* random, Day today);

// One line for a person who looks for the fault.
std::string Describe(const Action& action);

// Names that histories use and questions ask for.
inline constexpr std::string_view kStageNames[] = {"Address", "Interest", "Concrete",
                                                   "Offer",   "Closing",  "z"};
inline constexpr std::string_view kHistoryNames[] = {
    "none", "DE", "AT", "de", "Z\xc3\xbcrich", "O'Neill", "\"quoted\"", "a b", "zz"};

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_ACTIONS_H_
