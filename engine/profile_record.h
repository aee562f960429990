// A profile as a fixed-size record: what a lookup of very many customers answers.
//
// The layout is that of wire::ProfileRecord, so that the server copies bytes. Names are codes
// (Book::Names); absent values have the marks below.
//
// Thread safety: a plain value.

#ifndef KUNDIG_ENGINE_PROFILE_RECORD_H_
#define KUNDIG_ENGINE_PROFILE_RECORD_H_

#include <cstdint>
#include <limits>

namespace kundig::engine {

inline constexpr int32_t kRecordNoDay = std::numeric_limits<int32_t>::min();
inline constexpr uint32_t kRecordNoCount = std::numeric_limits<uint32_t>::max();
inline constexpr int64_t kRecordNoPotential = -1;
inline constexpr int32_t kRecordNoScore = -1;
inline constexpr uint8_t kRecordNoByte = std::numeric_limits<uint8_t>::max();

// Days since 1970-01-01, money in minor units, enumerations as the codes of query.h.
struct ProfileRecord {
  int64_t potential = kRecordNoPotential;
  int64_t revenue = 0, margin = 0, revenue_total = 0, margin_total = 0;
  uint64_t items = 0;
  uint32_t orders = 0, orders_total = 0, purchase_days = 0;
  uint32_t company_size = kRecordNoCount, products = kRecordNoCount;
  uint32_t country = 0, region = 0, owner = 0;  // NameCode, 0 = none
  int32_t first_order = kRecordNoDay, last_order = kRecordNoDay, last_activity = kRecordNoDay;
  int32_t last_contact = kRecordNoDay;
  int32_t recency_days = kRecordNoDay, inactive_days = kRecordNoDay;
  int32_t value_score_thousandths = kRecordNoScore;
  uint32_t reserved_word = 0;
  bool found = false, key_account = false, hidden_potential = false;
  uint8_t kind = kRecordNoByte;
  uint8_t satisfaction = kRecordNoByte, referral = kRecordNoByte, bonding = kRecordNoByte;
  uint8_t r = kRecordNoByte, f = kRecordNoByte, m = kRecordNoByte;
  uint8_t rfm_segment = 0;  // 1 + place in Rules::segment_names(); 0 = unscored
  uint8_t abc = 3;          // AbcClass
  uint8_t value_class = 2;  // ValueClass
  uint8_t activity = 0;     // Activity
  uint8_t consent = kRecordNoByte;
  bool value_pinned = false;
};
static_assert(sizeof(ProfileRecord) == 128);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_PROFILE_RECORD_H_
