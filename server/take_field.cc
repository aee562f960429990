#include "server/take_field.h"

#include <utility>

#include "engine/limits.h"
#include "server/text_rules.h"

namespace kundig::server {
namespace {

constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;
// One day inside the first and last one, so that the day is in range in every time zone.
constexpr int64_t kFirstTimeMs = (engine::kFirstDay.since_epoch + 1) * kDayMs;
constexpr int64_t kLastTimeMs = engine::kLastDay.since_epoch * kDayMs - 1;

bool DayInRange(int32_t day, const char* field, Refusal* refusal) {
  return (day >= engine::kFirstCivilDay.since_epoch && day <= engine::kLastCivilDay.since_epoch) ||
         RefuseValue(field, "a day between 0001-01-01 and 9999-12-31", refusal);
}

}  // namespace

bool Refuse(wire::ErrorCode code, const char* field, std::string message, Refusal* refusal) {
  *refusal = Refusal{
      .code = code, .message = std::move(message), .field = field, .position = std::nullopt};
  return false;
}

bool RefuseValue(const char* field, const std::string& expected, Refusal* refusal) {
  *refusal = InvalidValue(field, expected);
  return false;
}

bool TakeId(const flatbuffers::String* text, const char* field, std::string_view* value,
            Refusal* refusal) {
  return TakeId(text->string_view(), field, value, refusal);
}

bool TakeId(std::string_view text, const char* field, std::string_view* value, Refusal* refusal) {
  *value = text;
  return IsId(text) || RefuseValue(field, kIdForm, refusal);
}

bool TakeName(const flatbuffers::String* text, const char* field, std::string_view* value,
              Refusal* refusal) {
  *value = text->string_view();
  return IsName(*value) || RefuseValue(field, kNameForm, refusal);
}

bool TakeOptionalName(const flatbuffers::String* text, const char* field, std::string_view* value,
                      Refusal* refusal) {
  return text == nullptr || text->size() == 0 || TakeName(text, field, value, refusal);
}

bool TakeBatchName(const flatbuffers::String* producer, uint64_t batch, engine::BatchName* name,
                   Refusal* refusal) {
  if (producer == nullptr) return true;
  name->batch = batch;
  return TakeId(producer, "producer", &name->producer, refusal);
}

bool TakeCurrency(const flatbuffers::String* text, std::string_view* value, Refusal* refusal) {
  if (text == nullptr || text->size() == 0) return true;
  *value = text->string_view();
  bool capitals = value->size() == 3;
  for (const char c : *value) capitals = capitals && c >= 'A' && c <= 'Z';
  return capitals || RefuseValue("currency", "three capital letters as in EUR", refusal);
}

bool InRange(int64_t value, int64_t low, int64_t high, const char* field, Refusal* refusal) {
  return (value >= low && value <= high) ||
         RefuseValue(field, "from " + std::to_string(low) + " to " + std::to_string(high), refusal);
}

bool TakeTime(int64_t at, engine::TimeMs* value, Refusal* refusal) {
  *value = engine::TimeMs{at};
  return (at >= kFirstTimeMs && at <= kLastTimeMs) ||
         RefuseValue("at", "a time in Unix milliseconds between 1900-01-03 and 2079-06-05",
                     refusal);
}

bool TakeDay(flatbuffers::Optional<int32_t> day, const char* field,
             std::optional<engine::Day>* value, Refusal* refusal) {
  if (!day.has_value()) return true;
  *value = engine::Day{*day};
  return DayInRange(*day, field, refusal);
}

bool TakeBookDay(flatbuffers::Optional<int32_t> day, const char* field,
                 std::optional<engine::Day>* value, Refusal* refusal) {
  if (!day.has_value()) return true;
  *value = engine::Day{*day};
  return (**value >= engine::kFirstDay && **value <= engine::kLastDay) ||
         RefuseValue(field, "a day between 1900-01-02 and 2079-06-06", refusal);
}

bool TakeAmount(int64_t amount, int64_t low, const char* field, engine::Minor* value,
                Refusal* refusal) {
  *value = engine::Minor{amount};
  return InRange(amount, low, engine::kMaxAmountMinor, field, refusal);
}

bool TakeMargin(flatbuffers::Optional<int64_t> margin, std::optional<engine::Minor>* value,
                Refusal* refusal) {
  if (!margin.has_value()) return true;
  *value = engine::Minor{*margin};
  return InRange(*margin, -engine::kMaxAmountMinor, engine::kMaxAmountMinor, "margin", refusal);
}

bool PatchId(const flatbuffers::String* text, const char* field,
             engine::Patch<std::string_view>* patch, Refusal* refusal) {
  if (text == nullptr) return true;
  patch->verb = engine::Patch<std::string_view>::Verb::kSet;
  return TakeId(text, field, &patch->value, refusal);
}

bool PatchName(const flatbuffers::String* text, const char* field,
               engine::Patch<std::string_view>* patch, Refusal* refusal) {
  if (text == nullptr) return true;
  patch->verb = engine::Patch<std::string_view>::Verb::kSet;
  return TakeName(text, field, &patch->value, refusal);
}

bool PatchDay(flatbuffers::Optional<int32_t> day, const char* field,
              engine::Patch<engine::Day>* patch, Refusal* refusal) {
  if (!day.has_value()) return true;
  *patch = engine::Patch<engine::Day>::Set(engine::Day{*day});
  return DayInRange(*day, field, refusal);
}

}  // namespace kundig::server
