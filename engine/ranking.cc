#include "engine/ranking.h"

#include <algorithm>
#include <utility>

#include "engine/block_scan.h"
#include "engine/check.h"
#include "engine/rank_counts.h"
#include "engine/shard.h"
#include "engine/shard_runner.h"
#include "engine/wide.h"

namespace kundig::engine {
namespace {

// Where the value at `place` (from 1, ascending) lies: its bucket, and its place within the bucket
// (from 0).
struct Place {
  uint32_t bucket = 0;
  uint64_t within = 0;
};

Place Locate(const std::vector<uint32_t>& counts, uint64_t place) {
  uint64_t below = 0;
  for (uint32_t bucket = 0; bucket < counts.size(); ++bucket) {
    if (below + counts[bucket] >= place) return {bucket, place - below - 1};
    below += counts[bucket];
  }
  KUNDIG_CHECK(false);
}

using Places = std::array<Place, 4>;

Places LocateCuts(const std::vector<uint32_t>& counts, uint64_t population) {
  Places places;
  for (uint64_t k = 1; k <= 4; ++k) places[k - 1] = Locate(counts, (k * population + 4) / 5);
  return places;
}

// Measures above 0, which alone have a class, lie behind this bucket.
constexpr uint32_t kZeroBucket = BucketOf(0);

// The bucket in which the ABC class that ends at `hundredths` percent of `total` ends: every
// measure in the buckets above belongs to the class, none in the buckets below.
struct AbcEdge {
  std::optional<uint32_t> bucket;  // absent: every measure belongs to the class
  Wide above = 0;                  // sum of the measures in the buckets above
};

bool Belongs(Wide above, Wide own, Wide total, int32_t hundredths, AbcBoundary boundary) {
  return boundary == AbcBoundary::kStay ? above * 10000 < total * hundredths
                                        : (above + own) * 10000 <= total * hundredths;
}

AbcEdge FindEdge(const RankCounts& counts, Wide total, int32_t hundredths, AbcBoundary boundary) {
  AbcEdge edge;
  Wide above = 0;
  for (uint32_t bucket = kBuckets - 1; bucket > kZeroBucket; --bucket) {
    if (counts.by_abc_value()[bucket] == 0) continue;
    // All of the bucket belongs to the class where even its last value would.
    const Wide through = above + counts.abc_sums()[bucket];
    const bool whole = boundary == AbcBoundary::kStay ? through * 10000 < total * hundredths
                                                      : through * 10000 <= total * hundredths;
    if (!whole) {
      edge.bucket = bucket;
      edge.above = above;
      return edge;
    }
    above = through;
  }
  return edge;
}

// A bucket whose values have to be looked at, and what was found.
struct WantedBucket {
  enum class Measure : uint8_t { kFrequency, kMonetary, kAbc };
  Measure measure;
  uint32_t bucket;
  std::vector<int64_t> values;
};

void CollectValues(const BookView& view, const CustomerBlock& block, WantedBucket* wanted) {
  const RfmSettings& rfm = view.rules->settings().rfm;
  const BucketRange range = RangeOf(wanted->bucket);
  const auto add = [&](int64_t value) {
    if (range.first <= value && value <= range.last) wanted->values.push_back(value);
  };
  // A row of nobody has no orders, and 0 for the measure of ABC, which has no class.
  const auto add_scored = [&](const Selection& among, auto value_of) {
    among.ForEach([&](uint32_t row) {
      const ColumnFields c(block, row);
      if (c.orders() > 0) add(value_of(c));
    });
  };
  const auto scored = [&] {
    return FieldInRange(view, block, CustomerField::kOrders, 1, UINT32_MAX, LiveRows(block));
  };
  switch (wanted->measure) {
    case WantedBucket::Measure::kAbc:
      MoneyInRange(block, kAbcColumn, range.first, range.last).ForEach([&](uint32_t row) {
        add(ColumnFields(block, row).abc_value());
      });
      return;
    case WantedBucket::Measure::kFrequency:
      add_scored(scored(), [&](const ColumnFields& c) { return FrequencyOf(c, rfm); });
      return;
    case WantedBucket::Measure::kMonetary:
      if (rfm.monetary == RfmMonetary::kTotal) {
        add_scored(MoneyInRange(block, kRevenueColumn, range.first, range.last),
                   [](const ColumnFields& c) { return c.revenue(); });
      } else {
        add_scored(scored(), [&](const ColumnFields& c) { return MonetaryOf(c, rfm); });
      }
      return;
  }
}

// Looks at the customers once for all that is wanted.
void CollectAll(std::span<const std::unique_ptr<Shard>> shards, const BookView& view,
                ShardRunner* runner, std::vector<WantedBucket>* all) {
  if (all->empty()) return;
  std::vector<std::vector<WantedBucket>> of_shard(shards.size(), *all);
  runner->ForEach(shards.size(), [&](size_t shard) {
    for (uint32_t block = 0; block < shards[shard]->blocks(); ++block) {
      for (WantedBucket& wanted : of_shard[shard])
        CollectValues(view, shards[shard]->block(block), &wanted);
    }
  });
  for (size_t at = 0; at < all->size(); ++at) {
    std::vector<int64_t>& values = (*all)[at].values;
    for (const std::vector<WantedBucket>& part : of_shard) {
      values.insert(values.end(), part[at].values.begin(), part[at].values.end());
    }
  }
}

std::vector<int64_t>* Find(std::vector<WantedBucket>* all, WantedBucket::Measure measure,
                           uint32_t bucket) {
  for (WantedBucket& wanted : *all) {
    if (wanted.measure == measure && wanted.bucket == bucket) return &wanted.values;
  }
  return nullptr;
}

void Want(WantedBucket::Measure measure, uint32_t bucket, std::vector<WantedBucket>* all) {
  const BucketRange range = RangeOf(bucket);
  // A bucket of one value says all by itself.
  if (range.first == range.last || Find(all, measure, bucket) != nullptr) return;
  all->push_back({measure, bucket, {}});
}

int64_t CutAt(const Place& place, WantedBucket::Measure measure, std::vector<WantedBucket>* all) {
  std::vector<int64_t>* values = Find(all, measure, place.bucket);
  if (values == nullptr) return RangeOf(place.bucket).first;
  const auto at = values->begin() + static_cast<ptrdiff_t>(place.within);
  std::nth_element(values->begin(), at, values->end());
  return *at;
}

// The lowest bucket with a customer among first ... last - 1.
void WantLowest(const std::vector<uint32_t>& counts, uint32_t first, uint32_t last,
                std::vector<WantedBucket>* all) {
  for (uint32_t bucket = first; bucket < last; ++bucket) {
    if (counts[bucket] > 0) return Want(WantedBucket::Measure::kAbc, bucket, all);
  }
}

// Customers, sum and smallest measure of each class: buckets within one class as a whole, those
// that a cut parts value by value. False where the smallest measure of a class lies in a bucket
// whose values are not known; these are named in `more`.
bool AddUpClasses(const RankCounts& counts, std::vector<WantedBucket>* wanted,
                  std::vector<WantedBucket>* more, Ranking* ranking) {
  struct Totals {
    uint64_t customers = 0;
    Wide sum = 0;
    // Of the lowest bucket so far: the bucket where it is in the class as a whole, else its
    // smallest.
    std::optional<uint32_t> lowest;
    int64_t smallest = std::numeric_limits<int64_t>::max();
  };
  std::array<Totals, 4> classes;
  const auto class_of = [&](int64_t value) -> Totals& {
    return classes[static_cast<size_t>(ranking->AbcOf(value))];
  };
  for (uint32_t bucket = kBuckets; bucket-- > 0;) {
    if (counts.by_abc_value()[bucket] == 0) continue;
    const BucketRange range = RangeOf(bucket);
    Totals& whole = class_of(range.first);
    if (&whole == &class_of(range.last)) {
      whole.customers += counts.by_abc_value()[bucket];
      whole.sum += counts.abc_sums()[bucket];
      whole.lowest = bucket;
      whole.smallest = std::numeric_limits<int64_t>::max();
      continue;
    }
    for (const int64_t value : *Find(wanted, WantedBucket::Measure::kAbc, bucket)) {
      Totals& own = class_of(value);
      ++own.customers;
      own.sum += value;
      own.lowest.reset();
      own.smallest = std::min(own.smallest, value);
    }
  }
  more->clear();
  for (size_t at = 0; at < classes.size(); ++at) {
    Totals& totals = classes[at];
    if (totals.lowest) {
      const std::vector<int64_t>* values =
          Find(wanted, WantedBucket::Measure::kAbc, *totals.lowest);
      const BucketRange range = RangeOf(*totals.lowest);
      if (range.first == range.last) {
        totals.smallest = range.first;
      } else if (values != nullptr) {
        totals.smallest = *std::min_element(values->begin(), values->end());
      } else {
        more->push_back({WantedBucket::Measure::kAbc, *totals.lowest, {}});
      }
    }
    ranking->abc[at] = {totals.customers, Narrow(totals.sum), totals.smallest};
  }
  return more->empty();
}

// The smallest measure that belongs to the class. `values`: those in the edge's bucket. Like a
// selection of the n-th value, but by sums: each step halves what is looked at.
int64_t EdgeValue(const AbcEdge& edge, std::span<int64_t> values, Wide total, int32_t hundredths,
                  AbcBoundary boundary) {
  int64_t from = *std::max_element(values.begin(), values.end()) + 1;  // nobody of this bucket
  Wide above = edge.above;
  while (!values.empty()) {
    const int64_t pivot = values[values.size() / 2];
    const auto equal = std::partition(values.begin(), values.end(),
                                      [pivot](int64_t value) { return value > pivot; });
    const auto less =
        std::partition(equal, values.end(), [pivot](int64_t value) { return value == pivot; });
    Wide greater_sum = 0;
    for (auto at = values.begin(); at != equal; ++at) greater_sum += *at;
    const Wide own = Wide{pivot} * (less - equal);
    if (Belongs(above + greater_sum, own, total, hundredths, boundary)) {
      from = pivot;
      above += greater_sum + own;
      values = std::span<int64_t>(less, values.end());
    } else {
      values = std::span<int64_t>(values.begin(), equal);
    }
  }
  return from;
}

}  // namespace

std::optional<RfmAnswer::Cuts> ReportedCuts(const Ranking& ranking, Day today) {
  if (!ranking.scored) return std::nullopt;
  RfmAnswer::Cuts cuts;
  for (size_t k = 0; k < 4; ++k) cuts.recency_days[k] = today.since_epoch - ranking.recency_cuts[k];
  cuts.frequency = ranking.frequency_cuts;
  cuts.monetary = ranking.monetary_cuts;
  return cuts;
}

Ranking ComputeRanking(const RankCounts& counts, std::span<const std::unique_ptr<Shard>> shards,
                       const Rules& rules, Day today, uint64_t sequence, ShardRunner* runner) {
  using Measure = WantedBucket::Measure;
  const RfmSettings& rfm = rules.settings().rfm;
  const AbcSettings& abc = rules.settings().abc;
  Ranking ranking;
  ranking.version = sequence;

  const bool quantiles = rfm.scoring == RfmScoring::kQuantile && counts.population() > 0;
  std::vector<WantedBucket> wanted;
  Places recency, frequency, monetary;
  if (quantiles) {
    recency = LocateCuts(counts.by_last_order(), counts.population());
    frequency = LocateCuts(counts.by_frequency(), counts.population());
    monetary = LocateCuts(counts.by_monetary(), counts.population());
    for (const Place& place : frequency) Want(Measure::kFrequency, place.bucket, &wanted);
    for (const Place& place : monetary) Want(Measure::kMonetary, place.bucket, &wanted);
  }
  Wide total = 0;
  for (uint32_t bucket = kZeroBucket + 1; bucket < kBuckets; ++bucket) {
    total += counts.abc_sums()[bucket];
  }
  const std::array<int32_t, 2> hundredths = {abc.a_hundredths, abc.b_hundredths};
  std::array<AbcEdge, 2> edges;
  for (size_t edge = 0; total > 0 && edge < 2; ++edge) {
    edges[edge] = FindEdge(counts, total, hundredths[edge], abc.boundary);
    if (edges[edge].bucket) Want(Measure::kAbc, *edges[edge].bucket, &wanted);
  }

  // The smallest measures of class C and of those without a class.
  WantLowest(counts.by_abc_value(), kZeroBucket + 1, kBuckets, &wanted);
  WantLowest(counts.by_abc_value(), 0, kZeroBucket, &wanted);

  const BookView view{&rules, &ranking, nullptr, today};
  CollectAll(shards, view, runner, &wanted);

  if (quantiles) {
    ranking.scored = true;
    for (size_t k = 0; k < 4; ++k) {
      ranking.recency_cuts[k] = FromColumn(static_cast<ColumnDay>(recency[k].bucket)).since_epoch;
      ranking.frequency_cuts[k] = CutAt(frequency[k], Measure::kFrequency, &wanted);
      ranking.monetary_cuts[k] = CutAt(monetary[k], Measure::kMonetary, &wanted);
    }
  } else if (rfm.scoring == RfmScoring::kFixed) {
    // r = 5 - #{k : recency_days >= cut_k}: a day that is later than today - cut_k escapes cut k.
    ranking.scored = true;
    for (size_t k = 0; k < 4; ++k) {
      ranking.recency_cuts[k] = today.since_epoch - rfm.recency_cuts[k];
    }
    ranking.frequency_cuts = rfm.frequency_cuts;
    ranking.monetary_cuts = rfm.monetary_cuts;
  }
  if (total > 0) {
    std::array<int64_t*, 2> from = {&ranking.a_from, &ranking.b_from};
    for (size_t edge = 0; edge < 2; ++edge) {
      *from[edge] = 1;  // every measure belongs to the class
      if (!edges[edge].bucket) continue;
      const uint32_t bucket = *edges[edge].bucket;
      std::vector<int64_t>* values = Find(&wanted, Measure::kAbc, bucket);
      if (values != nullptr) {
        *from[edge] = EdgeValue(edges[edge], *values, total, hundredths[edge], abc.boundary);
        continue;
      }
      const int64_t only = RangeOf(bucket).first;
      const bool belongs = Belongs(edges[edge].above, counts.abc_sums()[bucket], total,
                                   hundredths[edge], abc.boundary);
      *from[edge] = belongs ? only : only + 1;
    }
  }
  ranking.abc_total = Narrow(total);
  // A class whose lowest bucket is none of these begins where nobody looked: rare, and looked at
  // now.
  std::vector<WantedBucket> more;
  if (!AddUpClasses(counts, &wanted, &more, &ranking)) {
    CollectAll(shards, view, runner, &more);
    for (WantedBucket& found : more) wanted.push_back(std::move(found));
    KUNDIG_CHECK(AddUpClasses(counts, &wanted, &more, &ranking));
  }
  return ranking;
}

}  // namespace kundig::engine
