// A piece of the lead table as a snapshot keeps it: some leads, by columns, and some ids of leads
// that are gone.
//
// Leads trade places, so the rows alone would not tell which leads have been copied: one that moves
// from a row that is still to come to one that was passed would be in no part. The table therefore
// notes such leads, and those that are removed before their turn; they are copied last, or named as
// gone. The later part counts where a lead is in two.
//
// Thread safety: a part belongs to one thread at a time.

#ifndef KUNDIG_ENGINE_LEAD_PART_H_
#define KUNDIG_ENGINE_LEAD_PART_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/snapshot_columns.h"

namespace kundig::engine {

struct LeadPart {
  static constexpr size_t kNumbers = 12;

  TextColumn stages;  // names of the stages that the numbers mean
  TextColumn ids, customers;
  std::array<std::vector<uint64_t>, kNumbers> numbers;
  TextColumn gone;

  void Clear();
  void Encode(std::string* bytes) const;
  // False where the bytes are no part.
  bool Decode(std::string_view bytes);
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_LEAD_PART_H_
