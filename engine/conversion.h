// How many leads went from each stage to each later one, and in how many days.
//
// Thread safety: needs the book's scan lock.

#ifndef KUNDIG_ENGINE_CONVERSION_H_
#define KUNDIG_ENGINE_CONVERSION_H_

#include "engine/expression.h"
#include "engine/lead_table.h"
#include "engine/query.h"
#include "engine/rules.h"
#include "engine/shard_runner.h"

namespace kundig::engine {

// `where` is asked about the leads as they are now. The state of the answer is left to the caller.
ConversionAnswer ComputeConversion(const LeadTable& leads, const Rules& rules,
                                   const ConversionQuery& query, const Expression& where,
                                   ShardRunner* runner);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CONVERSION_H_
