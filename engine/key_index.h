// Where a customer lies: from the hash of its id to its row.
//
// Open addressing with linear probing over slots of eight bytes: 32 bits of the hash and the row.
// A slot tells by itself that nearly every other id is not the one looked for, growing needs no id,
// and a slot's address follows from the hash alone, so that it can be fetched before it is needed.
// That is why it is no set of the standard kind: with one, growing reads every id (a pause of
// milliseconds), and a lookup cannot be begun before the one before it has ended.
//
// Thread safety: const methods from any thread that holds the book's lookup, scan or write lock;
// others need the write lock. Invariant: at most kMaxLoad of the slots are taken.

#ifndef KUNDIG_ENGINE_KEY_INDEX_H_
#define KUNDIG_ENGINE_KEY_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/huge_pages.h"
#include "engine/units.h"

namespace kundig::engine {

class KeyIndex {
 public:
  // Asks the processor for the slot where the search for this hash begins.
  void Prefetch(uint64_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[PlaceOf(hash)]);
  }

  // The row for which is_it(row), among those that were inserted with this hash.
  template <typename IsIt>
  std::optional<RowIndex> Find(uint64_t hash, IsIt&& is_it) const {
    if (slots_.empty()) return std::nullopt;
    const auto tag = static_cast<uint32_t>(hash);
    for (size_t place = PlaceOf(hash);; place = Next(place)) {
      const Slot& slot = slots_[place];
      if (slot.row_plus_one == 0) return std::nullopt;
      if (slot.tag == tag && is_it(RowIndex{slot.row_plus_one - 1})) {
        return RowIndex{slot.row_plus_one - 1};
      }
    }
  }
  // A row that is probably the one, without looking at any id.
  std::optional<RowIndex> Guess(uint64_t hash) const {
    return Find(hash, [](RowIndex) { return true; });
  }

  // The row must not be there.
  void Insert(uint64_t hash, RowIndex row);
  // The row must be there, with this hash.
  void Erase(uint64_t hash, RowIndex row);

  size_t size() const { return size_; }

 private:
  struct Slot {
    uint32_t tag = 0;
    uint32_t row_plus_one = 0;  // 0 = free
  };

  size_t PlaceOf(uint64_t hash) const { return static_cast<uint32_t>(hash) & (slots_.size() - 1); }
  size_t Next(size_t place) const { return (place + 1) & (slots_.size() - 1); }
  void Put(Slot slot);

  std::vector<Slot, HugePageAllocator<Slot>> slots_;  // a power of two, or none
  size_t size_ = 0;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_KEY_INDEX_H_
