// At which journal_sequences something was erased, so that a receipt speaks of nothing else. It is
// a fold over the journal: a book that was restored, or lost its tail, gives the same numbers
// again, and what had one of them before is not what has it now.
//
// Thread safety: a plain value.

#ifndef KUNDIG_ENGINE_ERASED_SEQUENCES_H_
#define KUNDIG_ENGINE_ERASED_SEQUENCES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "engine/result.h"

namespace kundig::engine {

class ErasedSequences {
 public:
  // Above it the oldest are forgotten: nothing is said about them any more.
  static constexpr size_t kMaxKept = size_t{1} << 18;

  // The one in the answer of a batch that erased something; later than those before.
  void Add(uint64_t sequence);
  bool Has(uint64_t sequence) const;

  // For a snapshot.
  std::string Save() const;
  // Takes the place of what is there; none from bytes of before they were kept, which are empty.
  // kDamaged for bytes that Save never wrote.
  std::optional<Error> Load(std::string_view bytes);

 private:
  std::deque<uint64_t> kept_;  // ascending
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_ERASED_SEQUENCES_H_
