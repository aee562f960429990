// What applying an event needs to know besides the shard.
//
// Thread safety: a plain value for one thread at a time.

#ifndef KUNDIG_ENGINE_APPLY_CONTEXT_H_
#define KUNDIG_ENGINE_APPLY_CONTEXT_H_

#include <cstdint>

#include "engine/dictionary.h"
#include "engine/event.h"
#include "engine/rank_counts.h"
#include "engine/rules.h"
#include "engine/units.h"

namespace kundig::engine {

class LeadTable;

struct ApplyContext {
  const Rules* rules = nullptr;
  CustomerNames* names = nullptr;
  RankCounts* counts = nullptr;
  const LeadTable* leads = nullptr;  // null: there are none
  Day today;
  uint64_t sequence = 0;  // journal_sequence of the event
  uint64_t hash = 0;      // HashBytes of the customer's id
  Growth growth = Growth::kAllowed;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_APPLY_CONTEXT_H_
