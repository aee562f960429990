// Moves: which customers are judged otherwise by one recount of a book than by another of the same
// state. Both have the same customers in the same rows, so a block of one is compared with the
// block of the other, and what is judged of each row is two codes.
//
// Thread safety: needs the scan lock of both books.

#ifndef KUNDIG_ENGINE_MOVES_H_
#define KUNDIG_ENGINE_MOVES_H_

#include "engine/query.h"
#include "engine/result.h"
#include "engine/shard_runner.h"
#include "engine/summary.h"

namespace kundig::engine {

// The state of the answer is left to the caller. Errors: kInvalidValue where the list names no
// class (field "list"), kResultTooLarge where its rows need more than `memory_bytes`.
Result<MovesAnswer> ComputeMoves(const SummarySource& from, const SummarySource& to,
                                 const MovesQuery& query, uint64_t memory_bytes,
                                 ShardRunner* runner);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_MOVES_H_
