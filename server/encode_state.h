// The state of the book that an answer comes from, as the wire names it.
//
// Thread safety: pure functions.

#ifndef KUNDIG_SERVER_ENCODE_STATE_H_
#define KUNDIG_SERVER_ENCODE_STATE_H_

#include "engine/query.h"
#include "schemas/admin_generated.h"

namespace kundig::server {

inline wire::State WireState(const engine::StateName& state) {
  return {state.journal_sequence, state.ranking_version, state.as_of.since_epoch,
          state.rules_version, state.fit_version};
}

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_ENCODE_STATE_H_
