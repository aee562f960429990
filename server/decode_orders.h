// The trust boundary for orders that come column by column: bytes -> verified, judged engine
// orders.
//
// Each order is judged as decode_events.h judges an Order event, with the same refusals in the same
// words. What makes the columns more than one table would be refuses the whole batch: lengths that
// do not agree, and ids that do not fill their bytes.
//
// Thread safety: pure functions.

#ifndef KUNDIG_SERVER_DECODE_ORDERS_H_
#define KUNDIG_SERVER_DECODE_ORDERS_H_

#include <cstdint>
#include <optional>
#include <span>

#include "server/decoded_batch.h"
#include "server/refusal.h"

namespace kundig::server {

// Overwrites `batch`, whose memory is used again. A refusal is one of the whole batch: bad_message
// where the payload or its columns are unsound, limit_exceeded above `max_orders`.
std::optional<Refusal> DecodeOrders(std::span<const uint8_t> payload, uint32_t max_orders,
                                    DecodedOrders* batch);

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_DECODE_ORDERS_H_
