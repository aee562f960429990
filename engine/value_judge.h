// The value class of the customers of a block, and what needs it: JudgeValue, HiddenPotential and
// RisksOf (customer_view.h), with the rules over columns instead of customer by customer.
//
// Thread safety: a judge is immutable; it needs the book's scan lock from its making to its last
// use, because its filters cover the names of one state.

#ifndef KUNDIG_ENGINE_VALUE_JUDGE_H_
#define KUNDIG_ENGINE_VALUE_JUDGE_H_

#include <array>
#include <cstdint>
#include <vector>

#include "engine/block_filter.h"
#include "engine/customer_block.h"
#include "engine/customer_view.h"
#include "engine/selection.h"

namespace kundig::engine {

class ValueJudge {
 public:
  ValueJudge(const Rules& rules, const CustomerNames& names);

  struct Classes {
    std::array<Selection, 3> rows;  // by ValueClass
    Selection hidden_potential;
  };
  // Of the rows of `among`.
  Classes Judge(const BookView& view, const CustomerBlock& block, const Selection& among) const;

  // The rows of `among` that run one of the risks.
  Selection WithRisks(const BookView& view, const CustomerBlock& block, RiskSet risks,
                      const Selection& among) const;

  // The rows of `among` whose judged field (IsJudgedField, without the risks) lies in the range.
  Selection InRange(const BookView& view, const CustomerBlock& block, CustomerField field,
                    int64_t low, int64_t high, const Selection& among) const;

 private:
  // Sums over the criteria of each row; weight 0 where none is there. 64 criteria of weight 1000
  // with at most 100 points each fit easily.
  struct Scores {
    Column<int32_t> points, weights;
  };
  void Score(const BookView& view, const CustomerBlock& block, const Selection& among,
             Scores* scores) const;

  const Rules& rules_;
  std::vector<BlockFilter> always_;
  std::vector<BlockFilter> potential_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_VALUE_JUDGE_H_
