// What a lead was, day by day: every change of its state, stage, chance and revenue.
//
// A change counts from the day on which the book was told it, with two exceptions: a lead is there
// from the day on which it was opened, and is closed on the day that its closing names. Of these, a
// day still to come when it is told counts as the day of telling; and no change counts before the
// one before it. So the days of a history never fall, and what a lead was on a day depends on its
// own events alone.
//
// The newest change lies in place and those before it in a block of their own, since most leads
// have few: 32 bytes for a lead that never changed, 16 and the allocator's own for each change
// before.
//
// Thread safety: as the lead table that holds it.
// Invariants: there is a first change once the lead is in the table; days ascend, several changes
// of one day in the order in which they came.

#ifndef KUNDIG_ENGINE_LEAD_HISTORY_H_
#define KUNDIG_ENGINE_LEAD_HISTORY_H_

#include <boost/container/options.hpp>
#include <boost/container/vector.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "engine/event.h"
#include "engine/rules.h"
#include "engine/units.h"

namespace kundig::engine {

inline constexpr uint16_t kNoChance = UINT16_MAX;

// Days since 1970-01-01. Leads are few beside customers, and their days may be any.
using LeadDay = int32_t;
inline constexpr LeadDay kNoLeadDay = INT32_MIN;

// A day that is still to come counts as today.
constexpr LeadDay NotAfter(LeadDay day, Day today) {
  return day < today.since_epoch ? day : today.since_epoch;
}

// Where a lead stands: a remembered stage (LeadStages), or one of the three behind them.
using LeadPlace = uint16_t;
inline constexpr LeadPlace kMaxLeadStages = 60'000;
inline constexpr LeadPlace kPlaceUnknown = kMaxLeadStages;  // open; nobody said at which stage
inline constexpr LeadPlace kPlaceWon = kMaxLeadStages + 1;
inline constexpr LeadPlace kPlaceLost = kMaxLeadStages + 2;
constexpr LeadPlace PlaceOfClosed(LeadStatus closed) {
  return closed == LeadStatus::kWon ? kPlaceWon : kPlaceLost;
}

inline constexpr uint32_t kMaxLeadChanges = 10'000;  // of one lead

struct LeadChange {
  int64_t revenue = 0;
  LeadDay day = kNoLeadDay;
  LeadPlace place = kPlaceUnknown;
  uint16_t chance = kNoChance;  // the override, hundredths of a percent

  LeadStatus status() const {
    if (place == kPlaceWon) return LeadStatus::kWon;
    return place == kPlaceLost ? LeadStatus::kLost : LeadStatus::kOpen;
  }
  bool open() const { return place <= kPlaceUnknown; }
  bool SameState(const LeadChange& other) const {
    return revenue == other.revenue && place == other.place && chance == other.chance;
  }
};
static_assert(sizeof(LeadChange) == 16);

class LeadHistory {
 public:
  uint32_t size() const { return static_cast<uint32_t>(before_.size()) + 1; }
  const LeadChange& operator[](size_t at) const {
    return at < before_.size() ? before_[at] : last_;
  }
  const LeadChange& last() const { return last_; }
  // How many changes count through the end of a day.
  uint32_t CountThrough(LeadDay day) const;
  // Since when the lead has the status that it has with the first `changes` changes.
  LeadDay StatusSince(uint32_t changes) const;

  void Begin(const LeadChange& first);
  void Append(LeadChange change);
  // The lead was opened then: its first change moves there, or where that is a closing, the lead
  // was open before it, nobody knows at which stage.
  void OpenedOn(LeadDay day);
  // The lead, which is closed, was closed then.
  void ClosedOn(LeadDay day);

 private:
  using Changes = boost::container::vector<
      LeadChange, void,
      boost::container::vector_options_t<
          boost::container::stored_size<uint32_t>,
          boost::container::growth_factor<boost::container::growth_factor_50>>>;

  LeadChange& Mutable(size_t at) { return at < before_.size() ? before_[at] : last_; }

  LeadChange last_;
  Changes before_;
};
static_assert(sizeof(LeadHistory) == 32);

// Every stage that a lead ever stood at, with the chance that it had when leads were moved there:
// stage tables change, histories do not.
class LeadStages {
 public:
  // nullopt where kMaxLeadStages are remembered already.
  std::optional<LeadPlace> Add(const StageSetting& stage);
  const StageSetting& operator[](LeadPlace place) const { return stages_[place]; }
  LeadPlace size() const { return static_cast<LeadPlace>(stages_.size()); }

 private:
  std::deque<StageSetting> stages_;  // names never move
  std::map<std::pair<std::string, int32_t>, LeadPlace> places_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_LEAD_HISTORY_H_
