// The state that the tests of encoders put into answers, and find again in replies.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TESTS_SERVER_ENCODED_STATE_H_
#define KUNDIG_TESTS_SERVER_ENCODED_STATE_H_

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "engine/calendar.h"
#include "engine/rules.h"
#include "schemas/lists_generated.h"

namespace kundig::server {

inline constexpr engine::StateName kState{.journal_sequence = 7,
                                          .ranking_version = 5,
                                          .as_of = engine::Day{14'953},
                                          .rules_version = 3,
                                          .fit_version = 2};

inline void ExpectState(const std::unique_ptr<wire::State>& state) {
  ASSERT_NE(state, nullptr);
  EXPECT_EQ(state->journal_sequence(), 7u);
  EXPECT_EQ(state->ranking_version(), 5u);
  EXPECT_EQ(state->as_of(), 14'953);
  EXPECT_EQ(state->rules_version(), 3u);
  EXPECT_EQ(state->fit_version(), 2u);
}

inline std::shared_ptr<const engine::Rules> RulesOf(engine::RuleSettings settings = {}) {
  return engine::CompileRules(std::move(settings), engine::Calendar()).value();
}

}  // namespace kundig::server

#endif  // KUNDIG_TESTS_SERVER_ENCODED_STATE_H_
