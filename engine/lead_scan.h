// Adds up something over leads, by all workers.
//
// Thread safety: needs the book's scan lock.

#ifndef KUNDIG_ENGINE_LEAD_SCAN_H_
#define KUNDIG_ENGINE_LEAD_SCAN_H_

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/expression.h"
#include "engine/lead_view.h"
#include "engine/shard_runner.h"

namespace kundig::engine {

// Calls add(row in the table, sums) for each lead that meets `where` (null: for each), with some
// copy of `none`; returns these merged by Sums::Merge.
template <typename Sums, typename Add>
Sums SumLeads(const LeadView& leads, const Expression* where, const Sums& none, ShardRunner* runner,
              const Add& add) {
  constexpr uint32_t kMaxParts = 8;
  constexpr uint32_t kMinPartLeads = 16'384;  // so that waking a worker pays
  std::vector<Sums> parts(std::clamp<uint32_t>(leads.rows / kMinPartLeads, 1, kMaxParts), none);
  const uint64_t count = parts.size();
  runner->ForEach(count, [&](size_t part) {
    const auto end = static_cast<uint32_t>(leads.rows * (part + 1) / count);
    for (auto row = static_cast<uint32_t>(leads.rows * part / count); row < end; ++row) {
      if (where != nullptr && !where->Holds(LeadReader(leads, row))) continue;
      add(leads.TableRow(row), &parts[part]);
    }
  });
  for (size_t part = 1; part < count; ++part) parts[0].Merge(parts[part]);
  return std::move(parts[0]);
}

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_LEAD_SCAN_H_
