// The weighted pipeline: totals of the open leads by any of their names and of the expected close,
// and what was won and lost.
//
// Products of revenue and chance are summed exactly, in 128 bits, and rounded once, for each figure
// reported.
//
// Thread safety: needs the book's scan lock.

#ifndef KUNDIG_ENGINE_PIPELINE_H_
#define KUNDIG_ENGINE_PIPELINE_H_

#include <optional>

#include "engine/expression.h"
#include "engine/lead_view.h"
#include "engine/query.h"
#include "engine/result.h"
#include "engine/shard_runner.h"

namespace kundig::engine {

// kInvalidValue or kLimitExceeded where the grouping cannot be asked for.
std::optional<Error> CheckGrouping(const PipelineQuery& query);

// `where` over Rules::lead_fields(). The state of the answer is left to the caller.
PipelineAnswer ComputePipeline(const LeadView& leads, const PipelineQuery& query,
                               const Expression& where, ShardRunner* runner);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_PIPELINE_H_
