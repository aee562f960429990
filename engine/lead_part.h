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

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/lead_history.h"
#include "engine/snapshot_columns.h"

namespace kundig::engine {

struct LeadPart {
  static constexpr size_t kNumbers = 12;
  static constexpr size_t kChangeNumbers = 4;  // day, place, chance, revenue
  static constexpr uint32_t kFirstFormatWithPast = 4;
  // Of all its leads: a part ends with the lead that reaches this, and none has more than a history
  // has room for (the one more is what it was before anybody told).
  static constexpr size_t kFullChanges = 4096;
  static constexpr size_t kMostChanges = kFullChanges + kMaxLeadChanges + 1;

  TextColumn stages;  // names of the stages that the numbers mean
  TextColumn ids, customers;
  std::array<std::vector<uint64_t>, kNumbers> numbers;
  TextColumn gone;
  // The histories of the leads one behind the other: how many changes each has, then by change.
  // Places are those of `past_stages`, or one of the three behind all stages.
  std::vector<uint64_t> changes;
  std::array<std::vector<uint64_t>, kChangeNumbers> past;
  TextColumn past_stages;
  std::vector<uint64_t> past_chances;  // of each of `past_stages`
  // While it is being filled: of places in the table, those in `past_stages`.
  boost::unordered_flat_map<LeadPlace, LeadPlace> places;

  bool full() const { return past[0].size() >= kFullChanges; }
  LeadPlace PlaceOf(LeadPlace place, const StageSetting& stage);

  void Clear();
  void Encode(std::string* bytes) const;
  // False where the bytes are no part. Snapshots before kFirstFormatWithPast have no histories:
  // `changes` is empty.
  bool Decode(std::string_view bytes, uint32_t format);
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_LEAD_PART_H_
