// The trust boundary for orders that come column by column: bytes -> verified, judged engine
// orders.
//
// Each order is judged as decode_events.h judges an Order event, with the same refusals in the same
// words. What makes the columns more than one table would be refuses the whole batch: lengths that
// do not agree, and ids that do not fill their bytes.
//
// Thread safety: pure functions; a DecodedOrders belongs to one thread.

#ifndef KUNDIG_SERVER_DECODE_ORDERS_H_
#define KUNDIG_SERVER_DECODE_ORDERS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/event.h"
#include "server/decode_events.h"
#include "server/refusal.h"

namespace kundig::server {

// Texts point into the payload.
struct DecodedOrders {
  std::vector<engine::OrderPlaced> orders;  // those that passed, in the order sent
  std::vector<uint32_t> places;             // of each of `orders` in the batch as sent
  std::vector<RefusedEntry> refused;        // the others, ascending

  // Of memory, but for the words of the refusals.
  size_t size_bytes() const {
    return orders.capacity() * sizeof(engine::OrderPlaced) + places.capacity() * sizeof(uint32_t) +
           refused.capacity() * sizeof(RefusedEntry);
  }
};

// Overwrites `batch`, whose memory is used again. A refusal is one of the whole batch: bad_message
// where the payload or its columns are unsound, limit_exceeded above `max_orders`.
std::optional<Refusal> DecodeOrders(std::span<const uint8_t> payload, uint32_t max_orders,
                                    DecodedOrders* batch);

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_DECODE_ORDERS_H_
