// The table of RFM segments: which named segment each of the 125 codes belongs to.
//
// Thread safety: plain values and functions.

#ifndef KUNDIG_ENGINE_SEGMENT_TABLE_H_
#define KUNDIG_ENGINE_SEGMENT_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/result.h"
#include "engine/rules.h"

namespace kundig::engine {

inline constexpr size_t kRfmCodes = 125;

struct SegmentTable {
  // By code, at 25 * (r - 1) + 5 * (f - 1) + (m - 1): place in `names`.
  std::array<uint8_t, kRfmCodes> segment_of{};
  std::vector<std::string> names;
};

// The table in force where the settings name none: an exact partition of all codes.
std::vector<SegmentSetting> DefaultSegments();

// Checks and builds the table of `settings`. Entries of the same name are one segment.
//
// Exact matching (the default): each code in exactly one entry. First match: the first entry that
// has the code wins, `otherwise` takes the codes that no entry has, and every entry must win at
// least one code, because an entry that never wins is a mistake in the order of the table.
//
// Errors, with `field` as the configuration writes it: kInvalidValue, kMissingField (a name),
// kLimitExceeded (more than kMaxSegments entries).
Result<SegmentTable> BuildSegmentTable(const RfmSettings& settings);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_SEGMENT_TABLE_H_
