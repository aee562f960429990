// How the weighted pipeline came from what it was at the end of one day to what it was at the end
// of a later one: every change of a lead in between, by what kind of change it was.
//
// A lead that comes or is reopened is new. Where one change moves the chance and the revenue, the
// chance moves at the revenue before and the revenue at the chance after. A lead that is closed
// takes away what it weighed. All is summed exactly; reported is what each part adds to the running
// total, which is rounded half away from zero after each part, so that the parts add up to the
// minor unit.
//
// Thread safety: needs the book's scan lock.

#ifndef KUNDIG_ENGINE_WATERFALL_H_
#define KUNDIG_ENGINE_WATERFALL_H_

#include "engine/expression.h"
#include "engine/lead_table.h"
#include "engine/query.h"
#include "engine/rules.h"
#include "engine/shard_runner.h"

namespace kundig::engine {

// `where` is asked about the leads as of the later day. The state of the answer is left to the
// caller.
WaterfallAnswer ComputeWaterfall(const LeadTable& leads, const Rules& rules,
                                 const WaterfallQuery& query, const Expression& where,
                                 ShardRunner* runner);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_WATERFALL_H_
