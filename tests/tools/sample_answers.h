// What sample answers of a server have in common, for tests of how answers are shown.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TESTS_TOOLS_SAMPLE_ANSWERS_H_
#define KUNDIG_TESTS_TOOLS_SAMPLE_ANSWERS_H_

#include <cstdint>
#include <memory>

#include "schemas/admin_generated.h"
#include "tools/table.h"

namespace kundig::tools {

inline constexpr int32_t kToday = 14953;  // 2010-12-10

inline std::unique_ptr<wire::State> SomeState() {
  return std::make_unique<wire::State>(42, 40, kToday, 3, 2);
}

// As on a terminal without colours.
inline const Look kPlain{"GBP", false};

}  // namespace kundig::tools

#endif  // KUNDIG_TESTS_TOOLS_SAMPLE_ANSWERS_H_
