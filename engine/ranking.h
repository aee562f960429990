// Rankings: the cuts that say where a customer stands among the others. RFM scores are quantiles
// over the population, ABC classes are shares of a total; both come down to a handful of cuts,
// found exactly.
//
// A Ranking is a value of some hundred bytes: the cuts for one state of the book, named by the
// journal_sequence of that state. With it, scores and classes of a customer are functions of its
// own row.
//
// How the cuts are found: the book keeps count of its customers by value (rank_counts.h), which
// says in which bucket each cut lies; the customers are looked at once, in parallel, for the values
// in these few buckets alone, and of those the cut is selected. So a new ranking reads two or three
// columns once, whatever has changed.
//
// Thread safety: Ranking is a plain value. ComputeRanking needs the book's scan lock, or the
// writer's turn.

#ifndef KUNDIG_ENGINE_RANKING_H_
#define KUNDIG_ENGINE_RANKING_H_

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/query.h"
#include "engine/rules.h"
#include "engine/units.h"

namespace kundig::engine {

class RankCounts;
class Shard;
class ShardRunner;

struct Ranking {
  uint64_t version = 0;                   // journal_sequence of the state that it was computed on
  bool scored = false;                    // whether there are RFM cuts
  std::array<int64_t, 4> recency_cuts{};  // k = 1..4; as days since 1970-01-01
  std::array<int64_t, 4> frequency_cuts{};
  std::array<int64_t, 4> monetary_cuts{};
  // Class A holds the measures from a_from on, B those from b_from on, C the rest above 0.
  int64_t a_from = std::numeric_limits<int64_t>::max();
  int64_t b_from = std::numeric_limits<int64_t>::max();

  // The classes themselves, by AbcClass: what the counters and the values at the cuts say anyway.
  struct AbcTotals {
    uint64_t customers = 0;
    Minor sum;
    int64_t smallest = std::numeric_limits<int64_t>::max();
    friend bool operator==(const AbcTotals&, const AbcTotals&) = default;
  };
  std::array<AbcTotals, 4> abc{};
  Minor abc_total;  // of A, B and C

  friend bool operator==(const Ranking&, const Ranking&) = default;

  // r = 1 + #{k : last_order > cut_k}, and the same for f and m.
  static uint8_t Score(const std::array<int64_t, 4>& cuts, int64_t value) {
    return static_cast<uint8_t>(1 + (value > cuts[0]) + (value > cuts[1]) + (value > cuts[2]) +
                                (value > cuts[3]));
  }
  AbcClass AbcOf(int64_t measure) const {
    if (measure <= 0) return AbcClass::kNone;
    return measure >= a_from ? AbcClass::kA : measure >= b_from ? AbcClass::kB : AbcClass::kC;
  }
};

// `recency_days` = today - cut for each k.
std::optional<RfmAnswer::Cuts> ReportedCuts(const Ranking& ranking, Day today);

// `counts` are those of the customers in `shards`.
Ranking ComputeRanking(const RankCounts& counts, std::span<const std::unique_ptr<Shard>> shards,
                       const Rules& rules, Day today, uint64_t sequence, ShardRunner* runner);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_RANKING_H_
