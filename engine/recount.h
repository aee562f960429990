// What to make a recount of: the customers of a book with their figures computed anew from their
// histories, as of another day or by other rules, as a Book of its own that every question can be
// asked of.
//
// A recount has rows and columns, and no histories: it is there to be asked about customers, and
// nothing can be told to it. It has no leads.
//
// Thread safety: plain values.

#ifndef KUNDIG_ENGINE_RECOUNT_H_
#define KUNDIG_ENGINE_RECOUNT_H_

#include <memory>
#include <optional>
#include <vector>

#include "engine/part_limits.h"
#include "engine/rules.h"
#include "engine/units.h"

namespace kundig::engine {

struct RecountOrder {
  // Before today: only entries up to this day count, and only customers with one are there;
  // attributes, rules and the churn fit, which have no day, are as they are now, and no class of a
  // day close is remembered. Absent: today, with all that is there.
  std::optional<Day> as_of;
  // One recount for each, all of one state of the book; null for those in force.
  std::vector<std::shared_ptr<const Rules>> rules{nullptr};
  PartLimits limits;  // copied at a time, while writers wait
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_RECOUNT_H_
