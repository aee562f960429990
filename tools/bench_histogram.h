// Latencies in fixed memory: a log-linear histogram after the idea of HdrHistogram.
//
// Each power of two is cut into kPlaces equal places, so a value is known to within one part in
// kPlaces (0.8 percent), from one nanosecond to as many as 64 bits hold; values below kPlaces are
// exact, and so are the least, the largest and the sum. 58 KB, however many values are recorded.
//
// Thread safety: one thread at a time.

#ifndef KUNDIG_TOOLS_BENCH_HISTOGRAM_H_
#define KUNDIG_TOOLS_BENCH_HISTOGRAM_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace kundig::tools {

class LatencyHistogram {
 public:
  static constexpr unsigned kPlaceBits = 7;
  static constexpr uint64_t kPlaces = uint64_t{1} << kPlaceBits;
  // A reported value is at most this share above the recorded one, and never below it.
  static constexpr double kRelativeError = 1.0 / static_cast<double>(kPlaces);

  LatencyHistogram();

  void Record(uint64_t nanoseconds);
  void Add(const LatencyHistogram& other);

  uint64_t count() const { return count_; }
  uint64_t min_ns() const { return count_ == 0 ? 0 : min_; }
  uint64_t max_ns() const { return max_; }
  double mean_ns() const;
  // The smallest value that at least `share` (0 to 1) of all values do not exceed: that at place
  // ceil(share * count), counted from 1. 0 where nothing was recorded.
  uint64_t AtShare(double share) const;

 private:
  static size_t BucketOf(uint64_t value);
  static uint64_t LargestOf(size_t bucket);

  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  double sum_ = 0;
  uint64_t min_ = std::numeric_limits<uint64_t>::max(), max_ = 0;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_BENCH_HISTOGRAM_H_
