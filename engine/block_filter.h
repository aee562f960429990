// An expression evaluated on columns: which rows of a block does it select?
//
// Rows are looked at in blocks of kBlockRows. A selection is a bit for each row of a block; it is
// narrowed step by step, and no data moves. Each comparison reads its field for the selected rows
// through the same functions as a single row does (customer_view.h), so lists and rules have one
// meaning.
//
// Names are compared once for each distinct name, not for each row: a comparison of a country
// becomes a table over the codes of countries.
//
// Thread safety: a filter is immutable; it needs the book's scan lock from its making to its last
// use, because its tables cover the names of one state.

#ifndef KUNDIG_ENGINE_BLOCK_FILTER_H_
#define KUNDIG_ENGINE_BLOCK_FILTER_H_

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "engine/customer_view.h"
#include "engine/expression.h"

namespace kundig::engine {

inline constexpr uint32_t kBlockRows = 1024;

// One bit for each row of a block.
class Selection {
 public:
  static Selection None() { return Selection(); }

  void Add(uint32_t row) { words_[row / 64] |= uint64_t{1} << row % 64; }
  bool Has(uint32_t row) const { return (words_[row / 64] >> row % 64 & 1) != 0; }
  bool Empty() const;

  friend Selection operator&(Selection a, const Selection& b);
  friend Selection operator|(Selection a, const Selection& b);
  // The rows of a that are not in b.
  friend Selection Without(Selection a, const Selection& b);

  template <typename Visitor>
  void ForEach(Visitor&& visit) const {
    for (uint32_t word = 0; word < words_.size(); ++word) {
      for (uint64_t left = words_[word]; left != 0; left &= left - 1) {
        visit(word * 64 + static_cast<uint32_t>(std::countr_zero(left)));
      }
    }
  }

 private:
  std::array<uint64_t, kBlockRows / 64> words_{};
};

class BlockFilter {
 public:
  // Both must outlive the filter.
  BlockFilter(const Expression& expression, const CustomerNames& names);

  // The rows of the block that begins at `first_row`, counted from there, that live and satisfy the
  // expression.
  Selection Select(const CustomerView& view, uint32_t first_row) const;

 private:
  Selection Evaluate(const Expression::Node& node, const CustomerView& view, uint32_t first_row,
                     const Selection& among) const;

  const Expression& expression_;
  // For each node that compares a name: 1 for the codes that satisfy it.
  std::vector<std::vector<uint8_t>> code_tables_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_BLOCK_FILTER_H_
