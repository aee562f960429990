#include "engine/key_index.h"

#include <algorithm>

#include "engine/check.h"

namespace kundig::engine {
namespace {

constexpr size_t kFirstSlots = 8;
// At most 4/5 of the slots are taken: a search then looks at three neighbours on average, within
// one cache line.
constexpr bool Full(size_t taken, size_t slots) {
  return taken * 5 > slots * 4;
}

}  // namespace

void KeyIndex::Insert(uint64_t hash, RowIndex row) {
  if (Full(size_ + 1, slots_.size())) {
    std::vector<Slot, HugePageAllocator<Slot>> before(std::max(kFirstSlots, slots_.size() * 2));
    before.swap(slots_);
    for (const Slot& slot : before) {
      if (slot.row_plus_one != 0) Put(slot);
    }
  }
  Put(Slot{static_cast<uint32_t>(hash), Raw(row) + 1});
  ++size_;
}

void KeyIndex::Put(Slot slot) {
  size_t place = PlaceOf(slot.tag);
  while (slots_[place].row_plus_one != 0) place = Next(place);
  slots_[place] = slot;
}

void KeyIndex::Erase(uint64_t hash, RowIndex row) {
  KUNDIG_CHECK(!slots_.empty());
  size_t hole = PlaceOf(hash);
  while (slots_[hole].row_plus_one != Raw(row) + 1) {
    KUNDIG_CHECK(slots_[hole].row_plus_one != 0);
    hole = Next(hole);
  }
  // What was pushed beyond the hole moves back into it, so that no search ends early.
  for (size_t place = Next(hole); slots_[place].row_plus_one != 0; place = Next(place)) {
    const size_t mask = slots_.size() - 1;
    const size_t wanted = PlaceOf(slots_[place].tag);
    if (((place - wanted) & mask) < ((place - hole) & mask)) continue;
    slots_[hole] = slots_[place];
    hole = place;
  }
  slots_[hole] = Slot{};
  --size_;
}

}  // namespace kundig::engine
