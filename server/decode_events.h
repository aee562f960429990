// The trust boundary for events: bytes -> verified, judged engine events.
//
// What needs no book is judged here (form, range, what goes with what); what needs one is left to
// Book::Apply (future events, currency, stages, the status of a lead).
//
// Thread safety: pure functions; a DecodedBatch belongs to one thread.

#ifndef KUNDIG_SERVER_DECODE_EVENTS_H_
#define KUNDIG_SERVER_DECODE_EVENTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/event.h"
#include "server/refusal.h"

namespace kundig::server {

struct RefusedEntry {
  uint32_t index = 0;  // place in the batch as sent
  Refusal refusal;
};

// Texts point into the payload.
struct DecodedBatch {
  std::vector<engine::Event> events;  // those that passed, in the order sent
  std::vector<uint32_t> places;       // of each of `events` in the batch as sent
  std::vector<RefusedEntry> refused;  // the others, ascending

  // Of memory, but for the words of the refusals.
  size_t size_bytes() const {
    return events.capacity() * sizeof(engine::Event) + places.capacity() * sizeof(uint32_t) +
           refused.capacity() * sizeof(RefusedEntry);
  }

  void Clear();
};

// Overwrites `batch`, whose memory is used again. A refusal is one of the whole batch: bad_message
// where the payload is unsound or a body's tag is unknown, limit_exceeded above `max_events`.
std::optional<Refusal> DecodeEvents(std::span<const uint8_t> payload, uint32_t max_events,
                                    DecodedBatch* batch);

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_DECODE_EVENTS_H_
