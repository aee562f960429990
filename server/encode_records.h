// Records of the engine -> the payload of a RecordsReply, without a FlatBufferBuilder: a head that
// differs in the state and the number of records only, and behind it the records as they lie in
// memory. A builder would copy them through its own buffer and cost more than the lookup of one.
//
// Thread safety: pure functions.

#ifndef KUNDIG_SERVER_ENCODE_RECORDS_H_
#define KUNDIG_SERVER_ENCODE_RECORDS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/query.h"

namespace kundig::server {

inline constexpr size_t kRecordsHeadBytes = 48;

// The payload of a reply is this, followed by RecordBytes of `records` records.
std::array<uint8_t, kRecordsHeadBytes> EncodeRecordsHead(const engine::StateName& state,
                                                         size_t records);
inline std::span<const uint8_t> RecordBytes(std::span<const engine::ProfileRecord> records) {
  return {reinterpret_cast<const uint8_t*>(records.data()), records.size_bytes()};
}

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_ENCODE_RECORDS_H_
