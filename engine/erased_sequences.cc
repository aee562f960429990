#include "engine/erased_sequences.h"

#include <algorithm>
#include <vector>

#include "engine/snapshot_columns.h"

namespace kundig::engine {

void ErasedSequences::Add(uint64_t sequence) {
  kept_.push_back(sequence);
  if (kept_.size() > kMaxKept) kept_.pop_front();
}

bool ErasedSequences::Has(uint64_t sequence) const {
  return std::binary_search(kept_.begin(), kept_.end(), sequence);
}

std::string ErasedSequences::Save() const {
  std::string bytes;
  PutNumbers(std::vector<uint64_t>(kept_.begin(), kept_.end()), &bytes);
  return bytes;
}

std::optional<Error> ErasedSequences::Load(std::string_view bytes) {
  kept_.clear();
  if (bytes.empty()) return std::nullopt;
  std::vector<uint64_t> numbers;
  ColumnReader columns(bytes);
  columns.Numbers(kMaxKept, &numbers);
  if (columns.ok() && columns.at_end() && std::is_sorted(numbers.begin(), numbers.end())) {
    kept_.assign(numbers.begin(), numbers.end());
    return std::nullopt;
  }
  return Error{.code = ErrorCode::kDamaged,
               .message = "the table of erasures is damaged; restore a backup",
               .field = "erasures",
               .position = {}};
}

}  // namespace kundig::engine
