// Summaries over all customers: RFM cells and segments, value classes, phases and risks, and
// counts.
//
// Thread safety: needs the book's scan lock. States of the answers are left to the caller.

#ifndef KUNDIG_ENGINE_SUMMARY_H_
#define KUNDIG_ENGINE_SUMMARY_H_

#include <memory>
#include <span>

#include "engine/customer_view.h"
#include "engine/expression.h"
#include "engine/query.h"
#include "engine/shard.h"
#include "engine/shard_runner.h"

namespace kundig::engine {

struct SummarySource {
  std::span<const std::unique_ptr<Shard>> shards;
  BookView view;
};

void ComputeRfm(const SummarySource& source, ShardRunner* runner, RfmAnswer* answer);
void ComputeValue(const SummarySource& source, ShardRunner* runner, ValueAnswer* answer);
void ComputeCount(const SummarySource& source, const Expression& where, ShardRunner* runner,
                  CountAnswer* answer);
void ComputePhases(const SummarySource& source, const Expression& where, ShardRunner* runner,
                   PhasesAnswer* answer);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_SUMMARY_H_
