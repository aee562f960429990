// The checks of a rule set that need nothing but its own numbers and names: what is left for
// CompileRules are segments, fields and expressions.
//
// Thread safety: plain functions.

#ifndef KUNDIG_ENGINE_RULES_CHECK_H_
#define KUNDIG_ENGINE_RULES_CHECK_H_

#include <optional>

#include "engine/result.h"
#include "engine/rules.h"

namespace kundig::engine {

// The first setting that is out of its range, in the order of the configuration; nullopt where all
// are well. kInvalidValue, kMissingField or kLimitExceeded, with `field` named.
std::optional<Error> FindBadSetting(const RuleSettings& settings);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_RULES_CHECK_H_
