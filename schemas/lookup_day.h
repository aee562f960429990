// Whether a ProfilesRequest names a day: then it is no lookup and takes the way of lists. Asked
// before the message is verified, of each one, so it reads a few numbers and trusts none.
//
// Thread safety: a pure function.

#ifndef KUNDIG_SCHEMAS_LOOKUP_DAY_H_
#define KUNDIG_SCHEMAS_LOOKUP_DAY_H_

#include <cstdint>
#include <span>

#include "schemas/profile_generated.h"

namespace kundig::wire {

// Of an unsound message either answer.
inline bool NamesADay(std::span<const uint8_t> payload) {
  using flatbuffers::ReadScalar;
  const auto fits = [&](int64_t at, size_t bytes) {
    return at >= 0 && static_cast<uint64_t>(at) + bytes <= payload.size();
  };
  if (!fits(0, sizeof(flatbuffers::uoffset_t))) return false;
  const int64_t table = ReadScalar<flatbuffers::uoffset_t>(payload.data());
  if (!fits(table, sizeof(flatbuffers::soffset_t))) return false;
  const int64_t vtable = table - ReadScalar<flatbuffers::soffset_t>(payload.data() + table);
  constexpr size_t kField = ProfilesRequest::VT_AS_OF;
  if (!fits(vtable, kField + sizeof(flatbuffers::voffset_t))) return false;
  const uint8_t* fields = payload.data() + vtable;
  return ReadScalar<flatbuffers::voffset_t>(fields) > kField &&
         ReadScalar<flatbuffers::voffset_t>(fields + kField) != 0;
}

}  // namespace kundig::wire

#endif  // KUNDIG_SCHEMAS_LOOKUP_DAY_H_
