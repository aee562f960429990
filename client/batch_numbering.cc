#include "client/batch_numbering.h"

#include <flatbuffers/flatbuffers.h>

#include <limits>
#include <random>

#include "schemas/verified.h"

namespace kundig::client {

using wire::MessageType;

namespace {

// Not 0, which FlatBuffers leaves out: there would be no place for the number.
constexpr uint64_t kNumberToCome = std::numeric_limits<uint64_t>::max();

template <typename Batch>
bool IsNamed(std::span<const uint8_t> payload) {
  const auto* batch = wire::VerifiedRoot<Batch>(payload);
  return batch != nullptr && batch->producer() != nullptr && batch->producer()->size() > 0;
}

}  // namespace

std::string NewProducerName() {
  constexpr char kDigits[] = "0123456789abcdef";
  constexpr int kDraws = 4, kDigitsOfDraw = 8;
  std::random_device random;
  std::string name;
  for (int draw = 0; draw < kDraws; ++draw) {
    uint32_t bits = random();
    for (int digit = 0; digit < kDigitsOfDraw; ++digit, bits >>= 4) name += kDigits[bits & 15];
  }
  return name;
}

BatchName ToBeNumbered(const std::string& producer) {
  return {producer, kNumberToCome};
}

void SetBatchNumber(MessageType type, uint64_t number, std::vector<uint8_t>* payload) {
  const auto field = type == MessageType::events
                         ? static_cast<flatbuffers::voffset_t>(wire::EventBatch::VT_BATCH)
                         : static_cast<flatbuffers::voffset_t>(wire::OrderBatch::VT_BATCH);
  flatbuffers::GetMutableRoot<flatbuffers::Table>(payload->data())
      ->SetField<uint64_t>(field, number, 0);
}

bool MaySendAgain(MessageType type, std::span<const uint8_t> payload) {
  switch (type) {
    case MessageType::events:
      return IsNamed<wire::EventBatch>(payload);
    case MessageType::orders:
      return IsNamed<wire::OrderBatch>(payload);
    case MessageType::advance_day:  // the second time these would be refused
    case MessageType::backup:
    case MessageType::snapshot:  // has no deadline and would wait for a server that stays away
      return false;
    default:
      return true;
  }
}

}  // namespace kundig::client
