#include "tools/bench_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace kundig::tools {

namespace {

// The exact values, and as many places for each further power of two.
constexpr size_t kBuckets =
    LatencyHistogram::kPlaces + (64 - LatencyHistogram::kPlaceBits) * LatencyHistogram::kPlaces;

}  // namespace

LatencyHistogram::LatencyHistogram() : buckets_(kBuckets) {}

// A value of b significant bits, b > kPlaceBits, keeps its highest kPlaceBits + 1 bits.
size_t LatencyHistogram::BucketOf(uint64_t value) {
  if (value < kPlaces) return static_cast<size_t>(value);
  const unsigned dropped = static_cast<unsigned>(std::bit_width(value)) - (kPlaceBits + 1);
  return static_cast<size_t>(kPlaces * dropped + (value >> dropped));
}

uint64_t LatencyHistogram::LargestOf(size_t bucket) {
  if (bucket < kPlaces) return bucket;
  const uint64_t dropped = bucket / kPlaces - 1;
  const uint64_t kept = kPlaces + bucket % kPlaces;
  // In this order, because the largest of the last bucket is the largest number there is.
  return (kept << dropped) + ((uint64_t{1} << dropped) - 1);
}

void LatencyHistogram::Record(uint64_t nanoseconds) {
  ++buckets_[BucketOf(nanoseconds)];
  ++count_;
  sum_ += static_cast<double>(nanoseconds);
  min_ = std::min(min_, nanoseconds);
  max_ = std::max(max_, nanoseconds);
}

void LatencyHistogram::Add(const LatencyHistogram& other) {
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) buckets_[bucket] += other.buckets_[bucket];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

double LatencyHistogram::mean_ns() const {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

uint64_t LatencyHistogram::AtShare(double share) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
  const uint64_t place = std::clamp<uint64_t>(static_cast<uint64_t>(wanted), 1, count_);
  uint64_t passed = 0;
  for (size_t bucket = 0;; ++bucket) {
    passed += buckets_[bucket];
    if (passed >= place) return std::min(LargestOf(bucket), max_);
  }
}

}  // namespace kundig::tools
