// Batches of events as the decoder leaves them, for its tests.
//
// Thread safety: plain values.

#ifndef KUNDIG_TESTS_SERVER_DECODED_EVENTS_H_
#define KUNDIG_TESTS_SERVER_DECODED_EVENTS_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "server/decode_events.h"
#include "tests/server/messages.h"

namespace kundig::server {

inline constexpr uint32_t kManyEvents = 100;

struct DecodedMessage {
  std::vector<uint8_t> payload;  // the texts point into it
  std::optional<Refusal> refusal;
  DecodedBatch batch;
};

inline std::unique_ptr<DecodedMessage> Decode(std::vector<uint8_t> payload,
                                              uint32_t max_events = kManyEvents) {
  auto decoded = std::make_unique<DecodedMessage>();
  decoded->payload = std::move(payload);
  decoded->refusal = DecodeEvents(decoded->payload, max_events, &decoded->batch);
  return decoded;
}

template <typename Body>
std::unique_ptr<DecodedMessage> DecodeOne(Body body) {
  wire::EventBatchT batch;
  AddTo(&batch, std::move(body));
  return Decode(Packed(batch));
}

// The event is refused with this code and field, and nothing is decoded.
template <typename Body>
void ExpectRefused(Body body, wire::ErrorCode code, const std::string& field) {
  const auto decoded = DecodeOne(std::move(body));
  ASSERT_FALSE(decoded->refusal.has_value()) << decoded->refusal->message;
  ASSERT_EQ(decoded->batch.refused.size(), 1u) << field;
  EXPECT_EQ(decoded->batch.refused[0].refusal.code, code) << field;
  EXPECT_EQ(decoded->batch.refused[0].refusal.field, field);
  EXPECT_FALSE(decoded->batch.refused[0].refusal.message.empty());
  EXPECT_TRUE(decoded->batch.events.empty());
  EXPECT_TRUE(decoded->batch.places.empty());
}

template <typename Body>
void ExpectInvalid(Body body, const std::string& field) {
  ExpectRefused(std::move(body), wire::ErrorCode::invalid_value, field);
}

// The one event, which is taken.
template <typename Event, typename Body>
Event Taken(Body body, std::unique_ptr<DecodedMessage>* keep) {
  *keep = DecodeOne(std::move(body));
  if ((*keep)->batch.events.size() != 1) {
    ADD_FAILURE() << ((*keep)->batch.refused.empty() ? "bad frame"
                                                     : (*keep)->batch.refused[0].refusal.message);
    return {};
  }
  return std::get<Event>((*keep)->batch.events[0]);
}

}  // namespace kundig::server

#endif  // KUNDIG_TESTS_SERVER_DECODED_EVENTS_H_
