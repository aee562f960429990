// A profile record against the profile of the same customer: the same figures in two forms.

#ifndef KUNDIG_TESTS_ENGINE_RECORD_TWIN_H_
#define KUNDIG_TESTS_ENGINE_RECORD_TWIN_H_

#include <span>
#include <string_view>

#include "engine/book.h"
#include "tests/engine/random_history_compare.h"

namespace kundig::engine {

// Asks for both, and for the names behind the codes. Nobody else may write meanwhile.
void CompareRecords(const Book& book, std::span<const std::string_view> ids,
                    Differences* differences);

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_RECORD_TWIN_H_
