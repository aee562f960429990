// The trust boundary for events: bytes -> verified, judged engine events.
//
// What needs no book is judged here (form, range, what goes with what); what needs one is left to
// Book::Apply (future events, currency, stages, the status of a lead).
//
// Thread safety: pure functions.

#ifndef KUNDIG_SERVER_DECODE_EVENTS_H_
#define KUNDIG_SERVER_DECODE_EVENTS_H_

#include <cstdint>
#include <optional>
#include <span>

#include "server/decoded_batch.h"
#include "server/refusal.h"

namespace kundig::server {

// Overwrites `batch`, whose memory is used again. A refusal is one of the whole batch: bad_message
// where the payload is unsound or a body's tag is unknown, limit_exceeded above `max_events`.
std::optional<Refusal> DecodeEvents(std::span<const uint8_t> payload, uint32_t max_events,
                                    DecodedBatch* batch);

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_DECODE_EVENTS_H_
