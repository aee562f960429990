// What a request is refused for by the client itself, before it is sent: the limits of the server,
// known once hands are shaken, and events that say nothing.
//
// Thread safety: pure functions; the functions that they give may be called from any thread.

#ifndef KUNDIG_CLIENT_REQUEST_CHECKS_H_
#define KUNDIG_CLIENT_REQUEST_CHECKS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "client/client.h"

namespace kundig::client {

using RequestCheck = std::function<std::optional<Error>(const ServerInfo&)>;

RequestCheck AtMostProfileIds(size_t ids);
RequestCheck AtMostBatchOrders(size_t orders);
// Also that every event has a body.
RequestCheck AtMostBatchEvents(const wire::EventBatchT& batch);
// The same for a batch that its caller has named: that it has a producer, too.
RequestCheck AtMostNamedOrders(size_t orders, const BatchName& name);
RequestCheck AtMostNamedEvents(const wire::EventBatchT& batch, const BatchName& name);
// The payload of `batch`; empty where an event has no body, which AtMostBatchEvents() refuses and
// FlatBuffers would end the program for.
std::vector<uint8_t> PackedEvents(const wire::EventBatchT& batch, const BatchName& name);

}  // namespace kundig::client

#endif  // KUNDIG_CLIENT_REQUEST_CHECKS_H_
