// The customers of a book as the churn models see them: how many share the same repeat purchases,
// last purchase and age. These groups are all that a fit needs, and there are far fewer of them
// than customers.
//
// Thread safety: free functions on plain values.

#ifndef KUNDIG_ENGINE_PURCHASE_GROUPS_H_
#define KUNDIG_ENGINE_PURCHASE_GROUPS_H_

#include <compare>
#include <cstdint>
#include <vector>

#include "engine/churn_model.h"
#include "engine/shard_runner.h"
#include "engine/units.h"

namespace kundig::engine {

// In days, each of which fits 16 bits because the days of a book do (engine/units.h).
struct PurchaseDays {
  uint16_t repeats = 0;    // x: purchase days after the first
  uint16_t last_days = 0;  // from the first purchase day to the last
  uint16_t age_days = 0;   // from the first purchase day to today

  friend auto operator<=>(const PurchaseDays&, const PurchaseDays&) = default;
};

// Of a customer with an order: purchase_days >= 1. A last order that is dated tomorrow makes today
// tomorrow for this customer, as he is seen to be alive until then.
PurchaseDays PurchaseDaysOf(uint32_t purchase_days, Day first_order, Day last_order, Day today);

// The same in the weeks of the models.
inline PurchaseHistory InWeeks(PurchaseDays days) {
  return {.repeats = static_cast<double>(days.repeats),
          .last_weeks = days.last_days / 7.0,
          .age_weeks = days.age_days / 7.0};
}

struct PurchaseGroup {
  PurchaseDays days;
  uint32_t customers = 0;

  friend bool operator==(const PurchaseGroup&, const PurchaseGroup&) = default;
};

// One group for each distinct value, ascending: the same ones however the customers are spread over
// the parts. `parts` hold a value for each customer, usually those of a shard; they are sorted in
// place.
std::vector<PurchaseGroup> GroupCustomers(std::vector<std::vector<PurchaseDays>>* parts,
                                          ShardRunner* runner);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_PURCHASE_GROUPS_H_
