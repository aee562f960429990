#include "engine/purchase_groups.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "engine/check.h"

namespace kundig::engine {
namespace {

using Groups = std::vector<PurchaseGroup>;

// In the order of <=>, but compared at once instead of by members.
uint64_t SortKey(PurchaseDays days) {
  return uint64_t{days.repeats} << 32 | uint64_t{days.last_days} << 16 | days.age_days;
}

void Append(const PurchaseGroup& group, Groups* groups) {
  if (!groups->empty() && groups->back().days == group.days) {
    groups->back().customers += group.customers;
  } else {
    groups->push_back(group);
  }
}

Groups Sorted(std::vector<PurchaseDays>* customers) {
  std::sort(customers->begin(), customers->end(),
            [](PurchaseDays a, PurchaseDays b) { return SortKey(a) < SortKey(b); });
  Groups groups;
  for (const PurchaseDays days : *customers) Append({.days = days, .customers = 1}, &groups);
  return groups;
}

Groups Merged(const Groups& left, const Groups& right) {
  Groups merged;
  merged.reserve(std::max(left.size(), right.size()));
  auto a = left.begin(), b = right.begin();
  while (a != left.end() || b != right.end()) {
    const bool take_left =
        b == right.end() || (a != left.end() && SortKey(a->days) < SortKey(b->days));
    Append(take_left ? *a++ : *b++, &merged);
  }
  return merged;
}

}  // namespace

PurchaseDays PurchaseDaysOf(uint32_t purchase_days, Day first_order, Day last_order, Day today) {
  KUNDIG_CHECK(purchase_days >= 1 && last_order >= first_order);
  return {.repeats = static_cast<uint16_t>(purchase_days - 1),
          .last_days = static_cast<uint16_t>(last_order - first_order),
          .age_days = static_cast<uint16_t>(std::max(today, last_order) - first_order)};
}

std::vector<PurchaseGroup> GroupCustomers(std::vector<std::vector<PurchaseDays>>* parts,
                                          ShardRunner* runner) {
  std::vector<Groups> groups(parts->size());
  runner->ForEach(parts->size(), [&](size_t part) { groups[part] = Sorted(&(*parts)[part]); });
  while (groups.size() > 1) {
    std::vector<Groups> merged((groups.size() + 1) / 2);
    runner->ForEach(merged.size(), [&](size_t pair) {
      const size_t left = 2 * pair;
      merged[pair] = left + 1 < groups.size() ? Merged(groups[left], groups[left + 1])
                                              : std::move(groups[left]);
    });
    groups = std::move(merged);
  }
  return groups.empty() ? Groups() : std::move(groups.front());
}

}  // namespace kundig::engine
