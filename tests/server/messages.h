// Requests as bytes and replies as native types, for the tests of decode, encode and dispatch.

#ifndef KUNDIG_TESTS_SERVER_MESSAGES_H_
#define KUNDIG_TESTS_SERVER_MESSAGES_H_

#include <flatbuffers/flatbuffers.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "schemas/absent.h"
#include "schemas/events_generated.h"
#include "schemas/verified.h"

namespace kundig::server {

// A message of the native type `Native` (wire::EventBatchT) as a payload. Memory from operator new
// is aligned as a frame's payload is.
template <typename Native>
std::vector<uint8_t> Packed(const Native& message) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Native::TableType::Pack(builder, &message));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

// A payload as the native type; fails the process where it is unsound.
template <typename Native>
Native Unpacked(std::span<const uint8_t> payload) {
  const std::vector<uint8_t> aligned(payload.begin(), payload.end());
  Native message;
  wire::VerifiedRoot<typename Native::TableType>(aligned)->UnPackTo(&message);
  return message;
}

// One event around a body: EventOf(wire::VisitT).
template <typename Body>
wire::EventT EventOf(Body body) {
  wire::EventT event;
  event.body.Set(std::move(body));
  return event;
}

inline wire::OrderT OrderOf(std::string customer, std::string order, int64_t revenue = 100) {
  wire::OrderT message;
  message.customer = std::move(customer);
  message.order = std::move(order);
  message.at = 1'000'000'000'000;
  message.revenue = revenue;
  return message;
}

// The orders column by column. Their currency is that of the first.
inline wire::OrderBatchT ColumnsOf(const std::vector<wire::OrderT>& orders) {
  wire::OrderBatchT columns;
  for (const wire::OrderT& order : orders) {
    columns.at.push_back(order.at);
    columns.revenue.push_back(order.revenue);
    columns.margin.push_back(order.margin.has_value() ? *order.margin : wire::kNoMargin);
    columns.items.push_back(order.items);
    columns.customer_bytes.push_back(static_cast<uint8_t>(order.customer.size()));
    columns.order_bytes.push_back(static_cast<uint8_t>(order.order.size()));
    columns.ids.insert(columns.ids.end(), order.customer.begin(), order.customer.end());
    columns.ids.insert(columns.ids.end(), order.order.begin(), order.order.end());
  }
  if (!orders.empty()) columns.currency = orders.front().currency;
  return columns;
}

// Adds an event to a batch.
template <typename Body>
void AddTo(wire::EventBatchT* batch, Body body) {
  batch->events.push_back(std::make_unique<wire::EventT>(EventOf(std::move(body))));
}

}  // namespace kundig::server

#endif  // KUNDIG_TESTS_SERVER_MESSAGES_H_
