// Which journal records the parts of a snapshot hold already.
//
// A snapshot is saved part after part while events go on, so each part shows its customers or leads
// as they were after some record of their own. The records from the first of these on are replayed
// behind loading; what an event did to a customer is left out where the part that the customer was
// loaded from is the state after that record or a later one.
//
// Customers are marked by their row, leads by id. A row that is given up during the replay may be
// taken by somebody else; its mark then says nothing any more, because it was given up by a record
// behind that of its part, and so are all that follow. Rows that were empty have no mark.
//
// Thread safety: filled by the loading of the book, one shard by one thread; then of the thread
// that replays.

#ifndef KUNDIG_ENGINE_REPLAY_MARKS_H_
#define KUNDIG_ENGINE_REPLAY_MARKS_H_

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/units.h"

namespace kundig::engine {

class ShardMarks {
 public:
  // A part with the rows from `first` on, which lie behind all rows before.
  void AddPart(uint32_t first, uint64_t record) { parts_.push_back({first, record}); }
  // Which rows hold a customer when all parts are loaded.
  void SetLoaded(std::vector<bool> loaded) { loaded_ = std::move(loaded); }
  // Whether the row was loaded as it was after this record or a later one.
  bool Has(RowIndex row, uint64_t record) const {
    if (Raw(row) >= loaded_.size() || !loaded_[Raw(row)]) return false;
    size_t low = 0, high = parts_.size();  // the part lies in low ... high - 1
    while (high - low > 1) {
      const size_t middle = low + (high - low) / 2;
      (parts_[middle].first <= Raw(row) ? low : high) = middle;
    }
    return parts_[low].record >= record;
  }

 private:
  struct Part {
    uint32_t first = 0;
    uint64_t record = 0;
  };
  std::vector<Part> parts_;
  std::vector<bool> loaded_;
};

struct ReplayMarks {
  uint64_t next_record = 0, end_record = 0;
  uint64_t end_sequence = 0;
  std::vector<ShardMarks> shards;
  boost::unordered_flat_map<std::string, uint64_t> leads;  // by id; also those that were gone

  bool HasLead(std::string_view lead, uint64_t record) const {
    const auto found = leads.find(std::string(lead));
    return found != leads.end() && found->second >= record;
  }
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_REPLAY_MARKS_H_
