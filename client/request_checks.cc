#include "client/request_checks.h"

#include <algorithm>
#include <span>
#include <string>

#include "client/message.h"
#include "schemas/limits.h"

namespace kundig::client {

namespace {

// The place of the first event without a body.
std::optional<size_t> FirstEmpty(const wire::EventBatchT& batch) {
  const auto found = std::find_if(batch.events.begin(), batch.events.end(), [](const auto& event) {
    return event == nullptr || event->body.type == wire::EventBody::NONE ||
           event->body.value == nullptr;
  });
  if (found == batch.events.end()) return std::nullopt;
  return static_cast<size_t>(found - batch.events.begin());
}

Error AboveLimit(size_t count, const char* what, uint32_t limit, const char* name) {
  return InvalidCall("The request has " + std::to_string(count) + " " + what +
                         ", and the server takes " + std::to_string(limit) + "; split it.",
                     name);
}

RequestCheck WithProducer(const BatchName& name, RequestCheck others) {
  if (!name.producer.empty() && name.producer.size() <= wire::kMaxIdBytes) return others;
  return [](const ServerInfo&) -> std::optional<Error> {
    return InvalidCall(
        "The name of a producer has 1 to " + std::to_string(wire::kMaxIdBytes) + " bytes.",
        "producer");
  };
}

}  // namespace

RequestCheck AtMostProfileIds(size_t ids) {
  return [ids](const ServerInfo& server) -> std::optional<Error> {
    if (ids <= server.max_profile_ids) return std::nullopt;
    return AboveLimit(ids, "customers", server.max_profile_ids, "max_profile_ids");
  };
}

RequestCheck AtMostBatchOrders(size_t orders) {
  return [orders](const ServerInfo& server) -> std::optional<Error> {
    if (orders <= server.max_batch_events) return std::nullopt;
    return AboveLimit(orders, "orders", server.max_batch_events, "max_batch_events");
  };
}

RequestCheck AtMostBatchEvents(const wire::EventBatchT& batch) {
  if (const std::optional<size_t> empty = FirstEmpty(batch)) {
    return [at = *empty](const ServerInfo&) -> std::optional<Error> {
      return InvalidCall("Event " + std::to_string(at) + " of the batch has no body.", "events");
    };
  }
  return [events = batch.events.size()](const ServerInfo& server) -> std::optional<Error> {
    if (events <= server.max_batch_events) return std::nullopt;
    return AboveLimit(events, "events", server.max_batch_events, "max_batch_events");
  };
}

RequestCheck AtMostNamedOrders(size_t orders, const BatchName& name) {
  return WithProducer(name, AtMostBatchOrders(orders));
}

RequestCheck AtMostNamedEvents(const wire::EventBatchT& batch, const BatchName& name) {
  return WithProducer(name, AtMostBatchEvents(batch));
}

std::vector<uint8_t> PackedEvents(const wire::EventBatchT& batch, const BatchName& name) {
  if (FirstEmpty(batch)) return {};
  return PackedEvents(std::span(batch.events), name);
}

}  // namespace kundig::client
