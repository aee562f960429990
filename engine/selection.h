// A set of rows of one block: a bit for each.
//
// Thread safety: a plain value.

#ifndef KUNDIG_ENGINE_SELECTION_H_
#define KUNDIG_ENGINE_SELECTION_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "engine/customer_block.h"

namespace kundig::engine {

inline constexpr uint32_t kSelectionWords = kBlockRows / 64;
static_assert(kBlockRows % 64 == 0);

class Selection {
 public:
  static Selection None() { return Selection(); }

  void Add(uint32_t row) { words_[row / 64] |= uint64_t{1} << row % 64; }
  bool Has(uint32_t row) const { return (words_[row / 64] >> row % 64 & 1) != 0; }
  bool Empty() const {
    uint64_t any = 0;
    for (const uint64_t word : words_) any |= word;
    return any == 0;
  }

  // Bit i % 64 of word i / 64 is row i.
  uint64_t* words() { return words_.data(); }
  const uint64_t* words() const { return words_.data(); }

  friend Selection operator&(Selection a, const Selection& b) {
    for (size_t word = 0; word < kSelectionWords; ++word) a.words_[word] &= b.words_[word];
    return a;
  }
  friend Selection operator|(Selection a, const Selection& b) {
    for (size_t word = 0; word < kSelectionWords; ++word) a.words_[word] |= b.words_[word];
    return a;
  }
  // The rows of a that are not in b.
  friend Selection Without(Selection a, const Selection& b) {
    for (size_t word = 0; word < kSelectionWords; ++word) a.words_[word] &= ~b.words_[word];
    return a;
  }

  template <typename Visitor>
  void ForEach(Visitor&& visit) const {
    for (uint32_t word = 0; word < kSelectionWords; ++word) {
      for (uint64_t left = words_[word]; left != 0; left &= left - 1) {
        visit(word * 64 + static_cast<uint32_t>(std::countr_zero(left)));
      }
    }
  }

  // Those of these rows for which holds(row) is true.
  template <typename Holds>
  Selection Where(Holds&& holds) const {
    Selection selected;
    ForEach([&](uint32_t row) {
      if (holds(row)) selected.Add(row);
    });
    return selected;
  }

 private:
  std::array<uint64_t, kSelectionWords> words_{};
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_SELECTION_H_
