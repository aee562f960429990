// An expression evaluated on columns: which rows of a block does it select?
//
// A selection is a bit for each row of a block; it is narrowed step by step, and no data moves.
// Comparisons are those of block_scan.h, which follow the same definitions as a single row does
// (customer_view.h), so lists and rules have one meaning.
//
// Names are compared once for each distinct name, not for each row: a comparison of a country
// becomes a set of codes.
//
// Thread safety: a filter is immutable; it needs the book's scan lock from its making to its last
// use, because its codes cover the names of one state.

#ifndef KUNDIG_ENGINE_BLOCK_FILTER_H_
#define KUNDIG_ENGINE_BLOCK_FILTER_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/customer_block.h"
#include "engine/customer_view.h"
#include "engine/expression.h"
#include "engine/selection.h"

namespace kundig::engine {

class ValueJudge;

class BlockFilter {
 public:
  BlockFilter(const Expression& expression, const Rules& rules, const CustomerNames& names);
  ~BlockFilter();
  BlockFilter(BlockFilter&& other) noexcept;

  // The rows of the block that belong to a customer and satisfy the expression.
  Selection Select(const BookView& view, const CustomerBlock& block) const;
  // The rows of `among` that satisfy it.
  Selection Narrow(const BookView& view, const CustomerBlock& block, const Selection& among) const {
    return Evaluate(expression_.root(), view, block, among);
  }

 private:
  // Runs of consecutive codes that satisfy a node: first and last.
  using CodeRuns = std::vector<std::pair<int64_t, int64_t>>;

  Selection InRange(const BookView& view, const CustomerBlock& block, CustomerField field,
                    int64_t low, int64_t high, const Selection& among) const;
  Selection Evaluate(const Expression::Node& node, const BookView& view, const CustomerBlock& block,
                     const Selection& among) const;

  const Expression& expression_;
  std::unique_ptr<const ValueJudge> judge_;        // where a judged field is compared
  std::vector<CodeRuns> runs_;                     // for each node that compares codes
  std::vector<std::vector<uint8_t>> code_tables_;  // 1 for the codes that satisfy, for many runs
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_BLOCK_FILTER_H_
