// Pieces of replies that more than one encoder writes.
//
// Thread safety: pure functions; a builder belongs to one thread.

#ifndef KUNDIG_SERVER_ENCODE_PARTS_H_
#define KUNDIG_SERVER_ENCODE_PARTS_H_

#include <flatbuffers/flatbuffers.h>

#include <cstddef>
#include <optional>
#include <string_view>

#include "engine/query.h"
#include "schemas/lists_generated.h"
#include "schemas/profile_generated.h"

namespace kundig::server {

// The enumerations of the engine that go out as they are: same codes on both sides.
template <typename WireEnum, typename EngineEnum>
constexpr WireEnum SameCode(EngineEnum value) {
  return static_cast<WireEnum>(value);
}

template <typename Target, typename T>
flatbuffers::Optional<Target> Nullable(const std::optional<T>& value) {
  if (!value.has_value()) return flatbuffers::nullopt;
  return static_cast<Target>(*value);
}

// Of money that may be absent.
inline flatbuffers::Optional<int64_t> Units(const std::optional<engine::Minor>& money) {
  if (!money) return flatbuffers::nullopt;
  return money->units;
}

inline flatbuffers::Optional<int32_t> DayNumber(const std::optional<engine::Day>& day) {
  if (!day) return flatbuffers::nullopt;
  return day->since_epoch;
}

inline flatbuffers::Offset<flatbuffers::String> Text(flatbuffers::FlatBufferBuilder* builder,
                                                     std::string_view text) {
  return builder->CreateString(text.data(), text.size());
}

inline flatbuffers::Offset<flatbuffers::String> OptionalText(
    flatbuffers::FlatBufferBuilder* builder, const std::optional<std::string_view>& text) {
  return text.has_value() ? Text(builder, *text) : 0;
}

// Ascending; 0 for none.
flatbuffers::Offset<flatbuffers::Vector<wire::Risk>> AddRisks(
    engine::RiskSet risks, flatbuffers::FlatBufferBuilder* builder);

flatbuffers::Offset<wire::Profile> AddProfile(const engine::Profile& profile,
                                              const engine::Rules& rules,
                                              flatbuffers::FlatBufferBuilder* builder);

// The rows `begin` to `end` of a column.
flatbuffers::Offset<wire::Column> AddColumn(const engine::ListColumn& column, size_t begin,
                                            size_t end, flatbuffers::FlatBufferBuilder* builder);

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_ENCODE_PARTS_H_
