// Random questions to a book: expressions, lists, pipelines.
//
// Thread safety: plain functions; one thread at a time for each Random.

#ifndef KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_QUESTIONS_H_
#define KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_QUESTIONS_H_

#include <functional>
#include <optional>
#include <string>

#include "engine/field.h"
#include "engine/query.h"
#include "tests/engine/model_book.h"
#include "tests/engine/random_history_random.h"

namespace kundig::engine {

// Which fields an expression may name.
using FieldFilter = std::function<bool(FieldIndex)>;

// An expression that parses. `book`, where given, lends values that customers really have, so that
// comparisons hit their edges.
std::string RandomExpression(Random* random, const FieldCatalog& catalog,
                             const FieldFilter& may_name, const ModelBook* book);

// Over all customers or a reactivation list; no cursor and no limit.
ListQuery RandomListQuery(Random* random, const ModelBook& book);
PipelineQuery RandomPipelineQuery(Random* random, const ModelBook& book);
WaterfallQuery RandomWaterfallQuery(Random* random, const ModelBook& book);
ConversionQuery RandomConversionQuery(Random* random, const ModelBook& book);

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_QUESTIONS_H_
