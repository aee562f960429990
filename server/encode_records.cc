#include "server/encode_records.h"

#include <bit>
#include <cstring>
#include <type_traits>

#include "schemas/absent.h"
#include "schemas/profile_generated.h"
#include "server/encode_state.h"

namespace kundig::server {
namespace {

using engine::ProfileRecord;

// The two records are one and the same bytes. Their fields lie in the same order without gaps,
// which a test compares one by one: the wire's are private and cannot be asked here.
static_assert(sizeof(ProfileRecord) == sizeof(wire::ProfileRecord));
static_assert(alignof(ProfileRecord) == alignof(wire::ProfileRecord));
static_assert(std::is_trivially_copyable_v<ProfileRecord>);
static_assert(std::has_unique_object_representations_v<ProfileRecord>, "no gap carries old bytes");

static_assert(engine::kRecordNoDay == wire::kNoDay);
static_assert(engine::kRecordNoCount == wire::kNoCount);
static_assert(engine::kRecordNoPotential == wire::kNoPotential);
static_assert(engine::kRecordNoScore == wire::kNoScore);
static_assert(engine::kRecordNoByte == wire::kNoByte);

template <typename WireEnum, typename EngineEnum>
constexpr bool Same(WireEnum wire_value, EngineEnum engine_value) {
  return static_cast<int>(wire_value) == static_cast<int>(engine_value);
}
static_assert(Same(wire::CustomerKind::consumer, engine::CustomerKind::kConsumer));
static_assert(Same(wire::CustomerKind::business, engine::CustomerKind::kBusiness));
static_assert(Same(wire::AbcClass::a, engine::AbcClass::kA));
static_assert(Same(wire::AbcClass::b, engine::AbcClass::kB));
static_assert(Same(wire::AbcClass::c, engine::AbcClass::kC));
static_assert(Same(wire::AbcClass::none, engine::AbcClass::kNone));
static_assert(Same(wire::ValueClass::individual, engine::ValueClass::kIndividual));
static_assert(Same(wire::ValueClass::standard, engine::ValueClass::kStandard));
static_assert(Same(wire::ValueClass::review, engine::ValueClass::kReview));
static_assert(Same(wire::Activity::never, engine::Activity::kNever));
static_assert(Same(wire::Activity::lost, engine::Activity::kLost));
static_assert(Same(wire::Activity::inactive, engine::Activity::kInactive));
static_assert(Same(wire::Activity::prospect, engine::Activity::kProspect));
static_assert(Same(wire::Activity::overdue, engine::Activity::kOverdue));
static_assert(Same(wire::Activity::active, engine::Activity::kActive));
static_assert(Same(wire::ConsentStatus::granted, engine::ConsentStatus::kGranted));
static_assert(Same(wire::ConsentStatus::withdrawn, engine::ConsentStatus::kWithdrawn));
static_assert(Same(wire::ConsentStatus::expired, engine::ConsentStatus::kExpired));

// A RecordsReply up to the first record. The table lies so that `state` and the records are at
// multiples of 8 without a gap.
struct Head {
  uint32_t root_offset = offsetof(Head, vtable_distance);
  uint16_t vtable_bytes = 8;
  uint16_t table_bytes = offsetof(Head, records) - offsetof(Head, vtable_distance);
  uint16_t state_at = offsetof(Head, state) - offsetof(Head, vtable_distance);
  uint16_t records_at = offsetof(Head, records_offset) - offsetof(Head, vtable_distance);
  int32_t vtable_distance = offsetof(Head, vtable_distance) - offsetof(Head, vtable_bytes);
  uint64_t state[3] = {};
  uint32_t records_offset = offsetof(Head, records) - offsetof(Head, records_offset);
  uint32_t records = 0;
};
static_assert(sizeof(Head) == kRecordsHeadBytes);
static_assert(sizeof(wire::State) == sizeof(Head::state));
static_assert(offsetof(Head, state) % alignof(wire::State) == 0);
static_assert(kRecordsHeadBytes % alignof(wire::ProfileRecord) == 0);

}  // namespace

std::array<uint8_t, kRecordsHeadBytes> EncodeRecordsHead(const engine::StateName& state,
                                                         size_t records) {
  Head head;
  const wire::State wire_state = WireState(state);
  std::memcpy(head.state, &wire_state, sizeof(wire_state));
  head.records = static_cast<uint32_t>(records);
  return std::bit_cast<std::array<uint8_t, kRecordsHeadBytes>>(head);
}

}  // namespace kundig::server
