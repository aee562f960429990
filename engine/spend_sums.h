// What the spend model needs to know of all customers, in bounded memory, added up customer by
// customer.
//
// A customer with n orders of S minor units in all enters the model's log-likelihood by functions
// of n alone, which take a count for each n, and by ln(gamma + S) with weights 1 and n. For the
// latter customers are put into buckets by S, 256 for each doubling (one for each value below 512),
// and stand at the mean of their bucket, weighted as the term is: so what is wrong is of second
// order, 5e-7 of an order's log-likelihood at most. All sums are whole numbers: the same customers
// give the same sums in any order and any division among threads. At most some 14,000 buckets of 64
// bytes and a counter for each n that occurs: usually some 300 KB, at most 8 MB.
//
// Thread safety: Add and Merge by one thread at a time; one for each worker, merged at the end.

#ifndef KUNDIG_ENGINE_SPEND_SUMS_H_
#define KUNDIG_ENGINE_SPEND_SUMS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "engine/units.h"
#include "engine/wide.h"

namespace kundig::engine {

class SpendSums {
 public:
  struct Bucket {
    uint64_t customers = 0;
    uint64_t orders = 0;
    Wide total = 0;            // minor units
    Wide total_by_orders = 0;  // each customer's total as often as he has orders
  };

  // A customer of `orders` <= kMaxHistoryEntries orders that came to `total`. Only those with an
  // order and a positive total take part (the convention of Fader and Hardie, 2013): the gamma
  // distributions know no other values. The others are left out.
  void Add(uint32_t orders, Minor total);
  void Merge(const SpendSums& other);

  uint64_t customers() const { return customers_; }
  std::span<const Bucket> buckets() const { return buckets_; }
  std::span<const uint64_t> customers_by_orders() const { return customers_by_orders_; }

 private:
  uint64_t customers_ = 0;
  std::vector<Bucket> buckets_;
  std::vector<uint64_t> customers_by_orders_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_SPEND_SUMS_H_
