// Records of the engine -> the payload of a RecordsReply, without a FlatBufferBuilder: a head that
// differs in the state and the number of records only, and behind it the records as they lie in
// memory. A builder would copy them through its own buffer and cost more than the lookup of one.
//
// Thread safety: pure functions and a plain value.

#ifndef KUNDIG_SERVER_ENCODE_RECORDS_H_
#define KUNDIG_SERVER_ENCODE_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/query.h"

namespace kundig::server {

// The head of all replies that come from one state of the book.
//
// Thread safety: one thread at a time.
class RecordsHead {
 public:
  explicit RecordsHead(const engine::StateName& state);
  // The payload of a reply of so many records is this, followed by their RecordBytes. Valid until
  // the next call.
  std::span<const uint8_t> For(uint32_t records) {
    records_ = records;
    return {reinterpret_cast<const uint8_t*>(this), sizeof(*this)};
  }

 private:
  // As on the wire. The table lies so that `state` and the records are at multiples of 8 without a
  // gap.
  uint32_t root_offset_;
  uint16_t vtable_bytes_, table_bytes_, state_at_, records_at_;
  int32_t vtable_distance_;  // the table begins here
  uint64_t state_[4];
  uint32_t records_offset_;
  uint32_t records_ = 0;
};

inline std::span<const uint8_t> RecordBytes(std::span<const engine::ProfileRecord> records) {
  return {reinterpret_cast<const uint8_t*>(records.data()), records.size_bytes()};
}

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_ENCODE_RECORDS_H_
