#include "engine/spend_sums.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "engine/check.h"
#include "engine/limits.h"

namespace kundig::engine {
namespace {

constexpr int kDigits = 9;  // leading binary digits of a total that say its bucket

size_t TotalBucket(uint64_t total) {
  const int shift = std::max(static_cast<int>(std::bit_width(total)) - kDigits, 0);
  return (static_cast<size_t>(shift) << (kDigits - 1)) + static_cast<size_t>(total >> shift);
}

}  // namespace

void SpendSums::Add(uint32_t orders, Minor total) {
  KUNDIG_CHECK(orders <= kMaxHistoryEntries);
  if (orders == 0 || total.units <= 0) return;
  const size_t place = TotalBucket(static_cast<uint64_t>(total.units));
  if (place >= buckets_.size()) buckets_.resize(place + 1);
  if (orders >= customers_by_orders_.size()) customers_by_orders_.resize(size_t{orders} + 1);
  Bucket& bucket = buckets_[place];
  ++bucket.customers;
  bucket.orders += orders;
  bucket.total += total.units;
  bucket.total_by_orders += Wide{total.units} * orders;
  ++customers_by_orders_[orders];
  ++customers_;
}

void SpendSums::Merge(const SpendSums& other) {
  customers_ += other.customers_;
  if (other.buckets_.size() > buckets_.size()) buckets_.resize(other.buckets_.size());
  for (size_t place = 0; place < other.buckets_.size(); ++place) {
    const Bucket& from = other.buckets_[place];
    Bucket& to = buckets_[place];
    to.customers += from.customers;
    to.orders += from.orders;
    to.total += from.total;
    to.total_by_orders += from.total_by_orders;
  }
  if (other.customers_by_orders_.size() > customers_by_orders_.size()) {
    customers_by_orders_.resize(other.customers_by_orders_.size());
  }
  for (size_t orders = 0; orders < other.customers_by_orders_.size(); ++orders) {
    customers_by_orders_[orders] += other.customers_by_orders_[orders];
  }
}

}  // namespace kundig::engine
