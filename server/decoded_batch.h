// A batch of events behind the trust boundary: those that passed, and why the others did not.
//
// Thread safety: belongs to one thread.

#ifndef KUNDIG_SERVER_DECODED_BATCH_H_
#define KUNDIG_SERVER_DECODED_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/event.h"
#include "engine/event_codec.h"
#include "server/refusal.h"

namespace kundig::server {

struct RefusedEntry {
  uint32_t index = 0;  // place in the batch as sent
  Refusal refusal;
};

// Texts of events point into the payload.
template <typename AnyEvent>
struct Decoded {
  std::vector<AnyEvent> events;       // those that passed, in the order sent
  std::vector<uint32_t> places;       // of each of `events` in the batch as sent
  std::vector<RefusedEntry> refused;  // the others, ascending
  engine::BatchName name;             // where the producer gave it one

  // Keeps the memory.
  void Clear() {
    name = {};
    events.clear();
    places.clear();
    refused.clear();
  }

  // Of memory: a few bytes on the wire may stand for many events, and each refused one for a
  // sentence.
  size_t size_bytes() const {
    size_t bytes = events.capacity() * sizeof(AnyEvent) + places.capacity() * sizeof(uint32_t) +
                   refused.capacity() * sizeof(RefusedEntry);
    for (const RefusedEntry& entry : refused) {
      bytes += entry.refusal.message.capacity() + entry.refusal.field.capacity();
    }
    return bytes;
  }
};

using DecodedBatch = Decoded<engine::Event>;
using DecodedOrders = Decoded<engine::OrderPlaced>;

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_DECODED_BATCH_H_
