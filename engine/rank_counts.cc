#include "engine/rank_counts.h"

namespace kundig::engine {

RankedValues RankedOf(const CustomerFigures& figures, const RfmSettings& rfm) {
  RankedValues values;
  const RowFields fields(figures);
  if (figures.orders > 0) {
    values.scored = true;
    values.last_order = figures.last_order;
    values.frequency = FrequencyOf(fields, rfm);
    values.monetary = MonetaryOf(fields, rfm);
  }
  values.abc_value = figures.abc_value;
  return values;
}

void RankCounts::Count(const RankedValues& values, int sign) {
  const auto one = static_cast<uint32_t>(sign);  // wraps around to take away
  if (values.scored) {
    population_ += static_cast<uint64_t>(int64_t{sign});
    by_last_order_[values.last_order] += one;
    by_frequency_[BucketOf(values.frequency)] += one;
    by_monetary_[BucketOf(values.monetary)] += one;
  }
  const uint32_t bucket = BucketOf(values.abc_value);
  by_abc_value_[bucket] += one;
  abc_sums_[bucket] += sign * Wide{values.abc_value};
}

void RankCounts::Merge(const RankCounts& other) {
  const auto add = [](auto* into, const auto& from) {
    for (size_t at = 0; at < into->size(); ++at) (*into)[at] += from[at];
  };
  population_ += other.population_;
  add(&by_last_order_, other.by_last_order_);
  add(&by_frequency_, other.by_frequency_);
  add(&by_monetary_, other.by_monetary_);
  add(&by_abc_value_, other.by_abc_value_);
  add(&abc_sums_, other.abc_sums_);
}

}  // namespace kundig::engine
