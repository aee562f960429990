// One field of an event from its message to the engine's type, judged on the way.
//
// Each function gives true, or says in `refusal` what is wrong with the field and gives false.
//
// Thread safety: pure functions.

#ifndef KUNDIG_SERVER_TAKE_FIELD_H_
#define KUNDIG_SERVER_TAKE_FIELD_H_

#include <flatbuffers/flatbuffers.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "engine/event.h"
#include "engine/event_codec.h"
#include "engine/units.h"
#include "server/refusal.h"

namespace kundig::server {

bool Refuse(wire::ErrorCode code, const char* field, std::string message, Refusal* refusal);
// As InvalidValue.
bool RefuseValue(const char* field, const std::string& expected, Refusal* refusal);

// Texts. Optional names: an empty one says the same as an absent one and leaves `value` as it is.
bool TakeId(const flatbuffers::String* text, const char* field, std::string_view* value,
            Refusal* refusal);
bool TakeId(std::string_view text, const char* field, std::string_view* value, Refusal* refusal);
bool TakeName(const flatbuffers::String* text, const char* field, std::string_view* value,
              Refusal* refusal);
bool TakeOptionalName(const flatbuffers::String* text, const char* field, std::string_view* value,
                      Refusal* refusal);
bool TakeCurrency(const flatbuffers::String* text, std::string_view* value, Refusal* refusal);

// A batch without a producer has no name.
bool TakeBatchName(const flatbuffers::String* producer, uint64_t batch, engine::BatchName* name,
                   Refusal* refusal);

// Numbers.
bool InRange(int64_t value, int64_t low, int64_t high, const char* field, Refusal* refusal);
bool TakeTime(int64_t at, engine::TimeMs* value, Refusal* refusal);
bool TakeDay(flatbuffers::Optional<int32_t> day, const char* field,
             std::optional<engine::Day>* value, Refusal* refusal);
// A day that events may lie on; TakeDay takes any that people write.
bool TakeBookDay(flatbuffers::Optional<int32_t> day, const char* field,
                 std::optional<engine::Day>* value, Refusal* refusal);
// From `low` to the engine's largest amount.
bool TakeAmount(int64_t amount, int64_t low, const char* field, engine::Minor* value,
                Refusal* refusal);
bool TakeMargin(flatbuffers::Optional<int64_t> margin, std::optional<engine::Minor>* value,
                Refusal* refusal);

// What an upsert sets; an absent field keeps.
bool PatchId(const flatbuffers::String* text, const char* field,
             engine::Patch<std::string_view>* patch, Refusal* refusal);
bool PatchName(const flatbuffers::String* text, const char* field,
               engine::Patch<std::string_view>* patch, Refusal* refusal);
bool PatchDay(flatbuffers::Optional<int32_t> day, const char* field,
              engine::Patch<engine::Day>* patch, Refusal* refusal);

// From 0 to `high`.
template <typename Wire, typename T>
bool PatchNumber(flatbuffers::Optional<Wire> number, int64_t high, const char* field,
                 engine::Patch<T>* patch, Refusal* refusal) {
  if (!number.has_value()) return true;
  if constexpr (std::is_same_v<T, engine::Minor>) {
    *patch = engine::Patch<T>::Set(T{*number});
  } else {
    *patch = engine::Patch<T>::Set(static_cast<T>(*number));
  }
  return InRange(static_cast<int64_t>(*number), 0, high, field, refusal);
}

// What its `remove` names.
template <typename T>
bool Remove(engine::Patch<T>* patch, Refusal* refusal) {
  if (patch->verb == engine::Patch<T>::Verb::kSet) {
    return Refuse(wire::ErrorCode::invalid_value, "remove",
                  "Name an attribute in remove or give it a value, not both.", refusal);
  }
  *patch = engine::Patch<T>::Remove();
  return true;
}

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_TAKE_FIELD_H_
