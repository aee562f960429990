// Every churn model there is, for what must hold of each.
//
// Thread safety: a constant.

#ifndef KUNDIG_TESTS_ENGINE_CHURN_KINDS_H_
#define KUNDIG_TESTS_ENGINE_CHURN_KINDS_H_

#include "engine/churn_model.h"

namespace kundig::engine {

inline constexpr ChurnModelKind kChurnModelKinds[] = {ChurnModelKind::kMbgNbd,
                                                      ChurnModelKind::kBgNbd};

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_CHURN_KINDS_H_
