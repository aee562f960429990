#include "server/encode_records.h"

#include <cstddef>
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

static_assert(sizeof(wire::State) == 4 * sizeof(uint64_t));
static_assert(sizeof(RecordsHead) % alignof(wire::ProfileRecord) == 0);

}  // namespace

RecordsHead::RecordsHead(const engine::StateName& state) {
  static_assert(std::is_trivially_copyable_v<RecordsHead> && sizeof(RecordsHead) == 56);
  static_assert(std::has_unique_object_representations_v<RecordsHead>);
  static_assert(offsetof(RecordsHead, state_) % alignof(wire::State) == 0);
  constexpr size_t kTable = offsetof(RecordsHead, vtable_distance_);
  root_offset_ = kTable;
  vtable_bytes_ = 8;
  table_bytes_ = offsetof(RecordsHead, records_) - kTable;
  state_at_ = offsetof(RecordsHead, state_) - kTable;
  records_at_ = offsetof(RecordsHead, records_offset_) - kTable;
  vtable_distance_ = kTable - offsetof(RecordsHead, vtable_bytes_);
  const wire::State wire_state = WireState(state);
  std::memcpy(state_, &wire_state, sizeof(wire_state));
  records_offset_ = offsetof(RecordsHead, records_) - offsetof(RecordsHead, records_offset_);
}

}  // namespace kundig::server
