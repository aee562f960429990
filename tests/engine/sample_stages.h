// Rules of which nothing but the stages of the pipeline matters.
//
// Thread safety: a free function.

#ifndef KUNDIG_TESTS_ENGINE_SAMPLE_STAGES_H_
#define KUNDIG_TESTS_ENGINE_SAMPLE_STAGES_H_

#include <memory>
#include <utility>
#include <vector>

#include "engine/rules.h"

namespace kundig::engine {

// Without stages: those of the default rules.
inline std::shared_ptr<const Rules> RulesWithStages(std::vector<StageSetting> stages = {}) {
  RuleSettings settings;
  settings.stages = std::move(stages);
  return CompileRules(std::move(settings), Calendar()).value();
}

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_SAMPLE_STAGES_H_
