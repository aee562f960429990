// The leads of a book as they were at the end of an earlier day, in the form in which pipelines
// look at leads.
//
// State, stage, chance and revenue are those of that day. Everything else about a lead (its names,
// days and, where it was closed then and still is, its reason) is as it is now, and so is the
// chance of every stage that the rules name; a stage that they do not name has the chance that it
// had when the lead was moved there.
//
// Thread safety: needs the book's scan lock while it is made and used.

#ifndef KUNDIG_ENGINE_LEADS_AS_OF_H_
#define KUNDIG_ENGINE_LEADS_AS_OF_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/customer_field.h"
#include "engine/field.h"
#include "engine/lead_table.h"
#include "engine/lead_view.h"
#include "engine/rules.h"
#include "engine/shard_runner.h"
#include "engine/units.h"

namespace kundig::engine {

// The places of histories as stages: first those of the rules, then those that they do not name,
// last that of a lead of which nobody said where it stood.
class StagesThen {
 public:
  StagesThen(const LeadStages& remembered, const Rules& rules);

  // Of an open lead.
  StageIndex Of(LeadPlace place) const { return stage_of_[place]; }
  const std::vector<StageSetting>& all() const { return all_; }
  // What may be asked of leads then: as of those now, and of the stages every name among `all`.
  FieldCatalog LeadFields() const { return LeadCatalog(names_); }
  // The place of a stage among these names, which come once whatever chances a stage has had.
  const std::vector<StageIndex>& codes() const { return codes_; }
  // In hundredths of a percent; 0 for a lead that is closed.
  int64_t ChanceOf(const LeadChange& change) const {
    if (!change.open()) return 0;
    return change.chance != kNoChance ? int64_t{change.chance}
                                      : int64_t{all_[Of(change.place)].chance_hundredths};
  }

 private:
  std::vector<StageSetting> all_;
  std::vector<StageIndex> stage_of_;  // by place
  std::vector<std::string> names_;
  std::vector<StageIndex> codes_;  // of all but the last
};

class LeadsAsOf {
 public:
  LeadsAsOf(const LeadTable& leads, const Rules& rules, Day day, ShardRunner* runner);

  LeadView view() const;

 private:
  // A lead that was there, with as many of its changes.
  struct Lead {
    uint32_t table_row, changes;
  };

  void Fill(const std::vector<Lead>& from, uint32_t first, uint32_t end);

  const LeadTable& leads_;
  const size_t named_stages_;
  StagesThen stages_;
  LeadColumns columns_;  // without ids and histories
  std::vector<uint32_t> table_rows_;
  uint32_t open_ = 0;
  std::array<ClosedSums, 2> closed_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_LEADS_AS_OF_H_
