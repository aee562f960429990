// One customer explained: for each class, score and risk the rule that decided, with its numbers.
//
// Thread safety: needs the book's scan lock: counting in a long history takes longer than a lookup
// may.

#ifndef KUNDIG_ENGINE_EXPLANATION_H_
#define KUNDIG_ENGINE_EXPLANATION_H_

#include "engine/customer_view.h"
#include "engine/explain_answer.h"
#include "engine/history.h"

namespace kundig::engine {

// All but the state. `history` is null where the book has none: then nothing is foreseen.
void FillExplanation(const CustomerView& customer, const History* history, ExplainAnswer* answer);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_EXPLANATION_H_
