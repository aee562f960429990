// One message of every type, with every field set, for the golden files: what old clients and
// servers send, byte for byte.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TESTS_SCHEMAS_GOLDEN_MESSAGES_H_
#define KUNDIG_TESTS_SCHEMAS_GOLDEN_MESSAGES_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "schemas/admin_generated.h"
#include "schemas/churn_generated.h"
#include "schemas/events_generated.h"
#include "schemas/export_generated.h"
#include "schemas/lists_generated.h"
#include "schemas/pipeline_generated.h"
#include "schemas/profile_generated.h"
#include "schemas/summaries_generated.h"
#include "schemas/verified.h"
#include "schemas/watch_generated.h"
#include "schemas/what_if_generated.h"

namespace kundig::wire {

struct GoldenMessage {
  std::string name;
  MessageType type = MessageType::none;
  uint32_t request_id = 0;
  std::vector<uint8_t> payload;
  // Reads a payload of this type and writes it again; empty where it is unsound.
  std::function<std::vector<uint8_t>(std::span<const uint8_t>)> rewrite;
};

template <typename T>
std::vector<uint8_t> Packed(const T& native) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(T::TableType::Pack(builder, &native));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

template <typename T>
GoldenMessage Golden(std::string name, MessageType type, uint32_t request_id, const T& native) {
  return {std::move(name), type, request_id, Packed(native), [](std::span<const uint8_t> payload) {
            const auto* root = VerifiedRoot<typename T::TableType>(payload);
            if (root == nullptr) return std::vector<uint8_t>();
            T again;
            root->UnPackTo(&again);
            return Packed(again);
          }};
}

std::vector<GoldenMessage> GoldenRequests();
std::vector<GoldenMessage> GoldenReplies();

}  // namespace kundig::wire

#endif  // KUNDIG_TESTS_SCHEMAS_GOLDEN_MESSAGES_H_
