// The questions of `kundig bench scan`, as messages.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TOOLS_BENCH_QUESTIONS_H_
#define KUNDIG_TOOLS_BENCH_QUESTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tools/bench_requests.h"

namespace kundig::tools {

struct QuestionWords {
  std::string where, order_by;      // of count, list and inactive; of list and inactive
  bool ascending = false;           // with order_by
  std::vector<std::string> fields;  // of list and inactive
  uint32_t limit = 1000;
  std::vector<std::string> by{"stage"};  // of pipeline
};

// Names of all questions, and of the keys that a pipeline may be grouped by.
std::vector<std::string> QuestionNames();
std::vector<std::string> GroupNames();

// `name` is one of QuestionNames(), `words.by` of GroupNames().
LoadQuestion QuestionOf(const std::string& name, const QuestionWords& words);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_BENCH_QUESTIONS_H_
