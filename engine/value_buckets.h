// Order-preserving buckets over 64-bit integers: exact near zero, and within 1/256 of the value
// beyond.
//
// Thread safety: pure functions.

#ifndef KUNDIG_ENGINE_VALUE_BUCKETS_H_
#define KUNDIG_ENGINE_VALUE_BUCKETS_H_

#include <bit>
#include <cstdint>

namespace kundig::engine {

inline constexpr int kBucketBits = 8;  // steps for each doubling, as a power of two
inline constexpr uint32_t kBucketsOfOneSign = (64 - kBucketBits) << kBucketBits;
inline constexpr uint32_t kBuckets = 2 * kBucketsOfOneSign;

// Bucket of a value: a < b implies BucketOf(a) <= BucketOf(b).
constexpr uint32_t BucketOf(int64_t value) {
  const bool negative = value < 0;
  const uint64_t size = negative ? ~static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  uint32_t bucket = static_cast<uint32_t>(size);
  if (size >= (uint64_t{1} << (kBucketBits + 1))) {
    const int shift = static_cast<int>(std::bit_width(size)) - 1 - kBucketBits;
    bucket = (static_cast<uint32_t>(shift) << kBucketBits) + static_cast<uint32_t>(size >> shift);
  }
  return negative ? kBucketsOfOneSign - 1 - bucket : kBucketsOfOneSign + bucket;
}

// The values of a bucket: first and last.
struct BucketRange {
  int64_t first = 0, last = 0;
};
constexpr BucketRange RangeOf(uint32_t bucket) {
  const bool negative = bucket < kBucketsOfOneSign;
  const uint64_t place =
      negative ? kBucketsOfOneSign - 1 - bucket : uint64_t{bucket} - kBucketsOfOneSign;
  uint64_t first = place, last = place;
  if (place >= (uint64_t{1} << (kBucketBits + 1))) {
    const uint64_t shift = (place >> kBucketBits) - 1;
    const uint64_t step = place - (shift << kBucketBits);
    first = step << shift;
    last = ((step + 1) << shift) - 1;
  }
  if (negative) return {static_cast<int64_t>(~last), static_cast<int64_t>(~first)};
  return {static_cast<int64_t>(first), static_cast<int64_t>(last)};
}

static_assert(BucketOf(INT64_MAX) == kBuckets - 1 && BucketOf(INT64_MIN) == 0);
static_assert(RangeOf(kBuckets - 1).last == INT64_MAX && RangeOf(0).first == INT64_MIN);
static_assert(BucketOf(511) + 1 == BucketOf(512) && BucketOf(-1) + 1 == BucketOf(0));

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_VALUE_BUCKETS_H_
