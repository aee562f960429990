// What two books hold of customers, event by event: it shows also those events from which no figure
// follows.
//
// Thread safety: one thread at a time.

#ifndef KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_EXPORT_H_
#define KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_EXPORT_H_

#include <string_view>

#include "engine/book.h"
#include "tests/engine/model_book.h"
#include "tests/engine/random_history_compare.h"

namespace kundig::engine {

// Attributes and leads are left to profiles and pipelines.
void CompareHistory(std::string_view id, const ModelBook& model, Book* engine,
                    Differences* differences);

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_EXPORT_H_
