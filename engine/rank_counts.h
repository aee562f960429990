// How many customers have which value: the counters that rankings are found from.
//
// They are kept up with every event (four counters go down, four go up), so that new cuts cost work
// by the number of buckets and not of customers. Days are counted exactly; other values by
// order-preserving buckets (value_buckets.h), and only those in the bucket of a cut are looked at
// one by one.
//
// Thread safety: belongs to one writer at a time; scans may read it under the scan lock.

#ifndef KUNDIG_ENGINE_RANK_COUNTS_H_
#define KUNDIG_ENGINE_RANK_COUNTS_H_

#include <cstdint>
#include <vector>

#include "engine/customer_block.h"
#include "engine/rules.h"
#include "engine/value_buckets.h"
#include "engine/wide.h"

namespace kundig::engine {

// What RFM calls frequency and monetary of a customer with orders >= 1.
template <typename Fields>
int64_t FrequencyOf(const Fields& c, const RfmSettings& rfm) {
  return rfm.frequency == RfmFrequency::kOrders ? int64_t{c.orders()}
                                                : int64_t{c.purchase_days_window()};
}
template <typename Fields>
int64_t MonetaryOf(const Fields& c, const RfmSettings& rfm) {
  return rfm.monetary == RfmMonetary::kTotal
             ? c.revenue()
             : Narrow(DivideHalfAway(c.revenue(), c.orders())).units;
}

// The values of one customer that rankings are made of.
struct RankedValues {
  bool scored = false;  // whether it is in the population of RFM; else the next three are 0
  ColumnDay last_order = kNoDay;
  int64_t frequency = 0, monetary = 0;
  int64_t abc_value = 0;

  friend bool operator==(const RankedValues&, const RankedValues&) = default;
};
RankedValues RankedOf(const CustomerFigures& figures, const RfmSettings& rfm);

class RankCounts {
 public:
  void Add(const RankedValues& values) { Count(values, 1); }
  // The values must have been added.
  void Remove(const RankedValues& values) { Count(values, -1); }
  void Merge(const RankCounts& other);

  uint64_t population() const { return population_; }
  // Customers of the population by day of their last order, frequency and monetary; and all
  // customers by their measure of ABC, with its sums.
  const std::vector<uint32_t>& by_last_order() const { return by_last_order_; }
  const std::vector<uint32_t>& by_frequency() const { return by_frequency_; }
  const std::vector<uint32_t>& by_monetary() const { return by_monetary_; }
  const std::vector<uint32_t>& by_abc_value() const { return by_abc_value_; }
  const std::vector<Wide>& abc_sums() const { return abc_sums_; }

 private:
  void Count(const RankedValues& values, int sign);

  uint64_t population_ = 0;
  std::vector<uint32_t> by_last_order_ = std::vector<uint32_t>(UINT16_MAX + 1);
  std::vector<uint32_t> by_frequency_ = std::vector<uint32_t>(kBuckets);
  std::vector<uint32_t> by_monetary_ = std::vector<uint32_t>(kBuckets);
  std::vector<uint32_t> by_abc_value_ = std::vector<uint32_t>(kBuckets);
  std::vector<Wide> abc_sums_ = std::vector<Wide>(kBuckets);
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_RANK_COUNTS_H_
