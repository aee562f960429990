// Random questions about churn to the model and the engine.
//
// Thread safety: one thread at a time for each Random.

#ifndef KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_CHURN_H_
#define KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_CHURN_H_

#include <string>

#include "engine/book.h"
#include "tests/engine/model_book.h"
#include "tests/engine/random_history_compare.h"
#include "tests/engine/random_history_random.h"

namespace kundig::engine {

// Now and then one that cannot be answered.
ChurnQuery RandomChurnQuery(Random* random, Day today);

// Counts and parameters must be the same, sums of expectations as near as the engine promises.
void CompareChurn(const std::string& where, const ChurnAnswer& model, const ChurnAnswer& engine,
                  Differences* differences);
void AskChurn(const ModelBook& model, Book* engine, const ChurnQuery& query,
              Differences* differences);

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_CHURN_H_
