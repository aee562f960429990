// What stands for an absent value where a message has no place for null: the columns of an
// OrderBatch and the fields of a ProfileRecord.
//
// Thread safety: constants.

#ifndef KUNDIG_SCHEMAS_ABSENT_H_
#define KUNDIG_SCHEMAS_ABSENT_H_

#include <cstdint>
#include <limits>

namespace kundig::wire {

// OrderBatch.margin
inline constexpr int64_t kNoMargin = std::numeric_limits<int64_t>::min();

// ProfileRecord: days and counts of days, counts, sums, one-byte values; names are codes.
inline constexpr int32_t kNoDay = std::numeric_limits<int32_t>::min();
inline constexpr uint32_t kNoCount = std::numeric_limits<uint32_t>::max();
inline constexpr int64_t kNoPotential = -1;
inline constexpr int32_t kNoScore = -1;
inline constexpr uint8_t kNoByte = std::numeric_limits<uint8_t>::max();
inline constexpr uint32_t kNoNameCode = 0;

}  // namespace kundig::wire

#endif  // KUNDIG_SCHEMAS_ABSENT_H_
