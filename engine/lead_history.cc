#include "engine/lead_history.h"

#include <algorithm>

namespace kundig::engine {

uint32_t LeadHistory::CountThrough(LeadDay day) const {
  if (last_.day <= day) return size();
  const auto behind =
      std::upper_bound(before_.begin(), before_.end(), day,
                       [](LeadDay asked, const LeadChange& change) { return asked < change.day; });
  return static_cast<uint32_t>(behind - before_.begin());
}

LeadDay LeadHistory::StatusSince(uint32_t changes) const {
  const LeadStatus status = (*this)[changes - 1].status();
  while (changes > 1 && (*this)[changes - 2].status() == status) --changes;
  return (*this)[changes - 1].day;
}

void LeadHistory::Begin(const LeadChange& first) {
  before_.clear();
  last_ = first;
}

void LeadHistory::Append(LeadChange change) {
  change.day = std::max(change.day, last_.day);
  before_.push_back(last_);
  last_ = change;
}

void LeadHistory::OpenedOn(LeadDay day) {
  LeadChange& first = Mutable(0);
  if (first.open()) {
    first.day = size() > 1 ? std::min(day, (*this)[1].day) : day;
  } else if (day < first.day) {
    const LeadChange open{.revenue = first.revenue, .day = day};
    before_.insert(before_.begin(), open);
  }
}

void LeadHistory::ClosedOn(LeadDay day) {
  uint32_t at = size() - 1;
  while (at > 0 && (*this)[at - 1].status() == last_.status()) --at;
  if (at + 1 < size()) day = std::min(day, (*this)[at + 1].day);
  if (at > 0) day = std::max(day, (*this)[at - 1].day);
  Mutable(at).day = day;
}

std::optional<LeadPlace> LeadStages::Add(const StageSetting& stage) {
  const auto [found, added] =
      places_.try_emplace({stage.name, stage.chance_hundredths}, static_cast<LeadPlace>(size()));
  if (!added) return found->second;
  if (size() == kMaxLeadStages) {
    places_.erase(found);
    return std::nullopt;
  }
  stages_.push_back(stage);
  return found->second;
}

}  // namespace kundig::engine
