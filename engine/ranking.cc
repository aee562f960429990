#include "engine/ranking.h"

#include <algorithm>
#include <utility>

#include "engine/check.h"
#include "engine/value_buckets.h"
#include "engine/wide.h"

namespace kundig::engine {
namespace {

enum Column : size_t { kRecency, kFrequency, kMonetary };

struct Counts {
  std::array<std::vector<uint32_t>, 3> scored = {std::vector<uint32_t>(kBuckets),
                                                 std::vector<uint32_t>(kBuckets),
                                                 std::vector<uint32_t>(kBuckets)};
  uint64_t population = 0;
  std::vector<uint32_t> abc_customers = std::vector<uint32_t>(kBuckets);
  std::vector<Wide> abc_sum = std::vector<Wide>(kBuckets);

  void Add(const Counts& other);
};

void Counts::Add(const Counts& other) {
  population += other.population;
  for (uint32_t bucket = 0; bucket < kBuckets; ++bucket) {
    for (size_t column = 0; column < 3; ++column) {
      scored[column][bucket] += other.scored[column][bucket];
    }
    abc_customers[bucket] += other.abc_customers[bucket];
    abc_sum[bucket] += other.abc_sum[bucket];
  }
}

// Calls use(column, value) for the three RFM values of every row of the population, and
// use_abc(value) for every ABC measure above 0. Recency is counted in days before today, so that
// recent days, where the cuts usually lie, have narrow buckets; it descends where last_order
// ascends.
template <typename UseScored, typename UseAbc>
void ForEachValue(const Shard& shard, const RfmSettings& rfm, Day today, UseScored&& use,
                  UseAbc&& use_abc) {
  const CustomerColumns& c = shard.columns();
  for (uint32_t row = 0; row < c.size(); ++row) {
    if (c.live[row] == 0) continue;
    if (c.orders[row] > 0) {
      use(kRecency, -int64_t{today - FromColumn(c.last_order[row])});
      use(kFrequency, FrequencyOf(c, row, rfm));
      use(kMonetary, MonetaryOf(c, row, rfm));
    }
    if (c.abc_value[row] > 0) use_abc(c.abc_value[row]);
  }
}

// Where the value at `place` (from 1, ascending) lies: its bucket, and its place within the bucket
// (from 0).
std::pair<uint32_t, uint64_t> Locate(const std::vector<uint32_t>& counts, uint64_t place) {
  uint64_t below = 0;
  for (uint32_t bucket = 0; bucket < kBuckets; ++bucket) {
    if (below + counts[bucket] >= place) return {bucket, place - below - 1};
    below += counts[bucket];
  }
  KUNDIG_CHECK(false);
}

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

AbcEdge FindEdge(const Counts& counts, Wide total, int32_t hundredths, AbcBoundary boundary) {
  AbcEdge edge;
  Wide above = 0;
  for (uint32_t bucket = kBuckets; bucket-- > 0;) {
    if (counts.abc_customers[bucket] == 0) continue;
    // All of the bucket belongs to the class where even its last value would.
    const Wide through = above + counts.abc_sum[bucket];
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

// The smallest measure that belongs to the class. `values`: those in the edge's bucket.
int64_t EdgeValue(const AbcEdge& edge, std::vector<int64_t> values, Wide total, int32_t hundredths,
                  AbcBoundary boundary) {
  if (!edge.bucket) return 1;
  std::sort(values.begin(), values.end(), std::greater<>());
  int64_t from = values.front() + 1;  // nobody of this bucket
  Wide above = edge.above;
  for (size_t at = 0; at < values.size();) {
    const int64_t value = values[at];
    Wide own = 0;
    for (; at < values.size() && values[at] == value; ++at) own += value;
    if (!Belongs(above, own, total, hundredths, boundary)) break;
    from = value;
    above += own;
  }
  return from;
}

}  // namespace

int64_t FrequencyOf(const CustomerColumns& columns, uint32_t row, const RfmSettings& rfm) {
  return rfm.frequency == RfmFrequency::kOrders ? int64_t{columns.orders[row]}
                                                : int64_t{columns.purchase_days_window[row]};
}

int64_t MonetaryOf(const CustomerColumns& columns, uint32_t row, const RfmSettings& rfm) {
  return rfm.monetary == RfmMonetary::kTotal
             ? columns.revenue[row]
             : Narrow(DivideHalfAway(columns.revenue[row], columns.orders[row])).units;
}

std::optional<RfmAnswer::Cuts> ReportedCuts(const Ranking& ranking, Day today) {
  if (!ranking.scored) return std::nullopt;
  RfmAnswer::Cuts cuts;
  for (size_t k = 0; k < 4; ++k) cuts.recency_days[k] = today.since_epoch - ranking.recency_cuts[k];
  cuts.frequency = ranking.frequency_cuts;
  cuts.monetary = ranking.monetary_cuts;
  return cuts;
}

Ranking ComputeRanking(std::span<const std::unique_ptr<Shard>> shards, const Rules& rules,
                       Day today, uint64_t sequence, ShardRunner* runner) {
  const RfmSettings& rfm = rules.settings().rfm;
  const AbcSettings& abc = rules.settings().abc;
  Ranking ranking;
  ranking.version = sequence;

  // First pass. A few groups of shards share one set of counts: merging costs less than a set for
  // each.
  const size_t groups = std::min<size_t>(shards.size(), 8);
  std::vector<Counts> of_group(groups);
  runner->ForEach(groups, [&](size_t group) {
    Counts& counts = of_group[group];
    for (size_t shard = group; shard < shards.size(); shard += groups) {
      ForEachValue(
          *shards[shard], rfm, today,
          [&](size_t column, int64_t value) {
            ++counts.scored[column][BucketOf(value)];
            counts.population += column == kRecency;
          },
          [&](int64_t value) {
            const uint32_t bucket = BucketOf(value);
            ++counts.abc_customers[bucket];
            counts.abc_sum[bucket] += value;
          });
    }
  });
  Counts counts = std::move(of_group[0]);
  for (size_t group = 1; group < groups; ++group) counts.Add(of_group[group]);

  const bool quantiles = rfm.scoring == RfmScoring::kQuantile && counts.population > 0;
  std::array<std::array<std::pair<uint32_t, uint64_t>, 4>, 3> places;
  std::array<std::vector<uint8_t>, 3> wanted;  // whether a bucket holds a cut
  for (size_t column = 0; column < 3; ++column) {
    wanted[column].assign(kBuckets, 0);
    for (uint64_t k = 1; quantiles && k <= 4; ++k) {
      places[column][k - 1] = Locate(counts.scored[column], (k * counts.population + 4) / 5);
      wanted[column][places[column][k - 1].first] = 1;
    }
  }
  Wide total = 0;
  for (const Wide sum : counts.abc_sum) total += sum;
  const std::array<int32_t, 2> hundredths = {abc.a_hundredths, abc.b_hundredths};
  std::array<AbcEdge, 2> edges;
  for (size_t edge = 0; edge < 2; ++edge)
    edges[edge] = FindEdge(counts, total, hundredths[edge], abc.boundary);

  // Second pass: the values in the buckets that hold a cut.
  struct Values {
    std::array<boost::unordered_flat_map<uint32_t, std::vector<int64_t>>, 3> scored;
    std::array<std::vector<int64_t>, 2> abc;
  };
  std::vector<Values> values_of(groups);
  runner->ForEach(groups, [&](size_t group) {
    Values& values = values_of[group];
    for (size_t shard = group; shard < shards.size(); shard += groups) {
      ForEachValue(
          *shards[shard], rfm, today,
          [&](size_t column, int64_t value) {
            const uint32_t bucket = BucketOf(value);
            if (wanted[column][bucket] != 0) values.scored[column][bucket].push_back(value);
          },
          [&](int64_t value) {
            const uint32_t bucket = BucketOf(value);
            for (size_t edge = 0; edge < 2; ++edge) {
              if (edges[edge].bucket == bucket) values.abc[edge].push_back(value);
            }
          });
    }
  });
  Values& values = values_of[0];
  for (size_t group = 1; group < groups; ++group) {
    for (size_t column = 0; column < 3; ++column) {
      for (auto& [bucket, more] : values_of[group].scored[column]) {
        std::vector<int64_t>& all = values.scored[column][bucket];
        all.insert(all.end(), more.begin(), more.end());
      }
    }
    for (size_t edge = 0; edge < 2; ++edge) {
      values.abc[edge].insert(values.abc[edge].end(), values_of[group].abc[edge].begin(),
                              values_of[group].abc[edge].end());
    }
  }

  if (quantiles) {
    ranking.scored = true;
    std::array<std::array<int64_t, 4>*, 3> cuts = {&ranking.recency_cuts, &ranking.frequency_cuts,
                                                   &ranking.monetary_cuts};
    for (size_t column = 0; column < 3; ++column) {
      for (size_t k = 0; k < 4; ++k) {
        const auto [bucket, place] = places[column][k];
        std::vector<int64_t>& in_bucket = values.scored[column][bucket];
        const auto at = in_bucket.begin() + static_cast<ptrdiff_t>(place);
        std::nth_element(in_bucket.begin(), at, in_bucket.end());
        (*cuts[column])[k] = *at;
      }
    }
    for (int64_t& cut : ranking.recency_cuts) cut += today.since_epoch;
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
    ranking.a_from =
        EdgeValue(edges[0], std::move(values.abc[0]), total, hundredths[0], abc.boundary);
    ranking.b_from =
        EdgeValue(edges[1], std::move(values.abc[1]), total, hundredths[1], abc.boundary);
  }
  return ranking;
}

}  // namespace kundig::engine
