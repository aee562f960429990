#include "engine/lead_part.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "engine/check.h"
#include "engine/lead_table.h"

namespace kundig::engine {
namespace {

// Calls use(place, number) for each field that is kept as a number. The order is part of the stored
// format.
template <typename Fields, typename Use>
void ForEachNumber(Fields& fields, Use&& use) {
  use(0, fields.owner);
  use(1, fields.region);
  use(2, fields.product);
  use(3, fields.source);
  use(4, fields.reason);
  use(5, fields.status);
  use(6, fields.stage);
  use(7, fields.revenue);
  use(8, fields.chance);
  use(9, fields.opened);
  use(10, fields.expected_close);
  use(11, fields.closed);
}

template <typename Change, typename Use>
void ForEachChangeNumber(Change& change, Use&& use) {
  use(0, change.day);
  use(1, change.place);
  use(2, change.chance);
  use(3, change.revenue);
}

// Days are shifted so that "no day", the smallest number, becomes 0.
template <typename T>
uint64_t LeadWord(T number) {
  if constexpr (std::is_same_v<T, LeadDay>) {
    return static_cast<uint64_t>(int64_t{number} - int64_t{kNoLeadDay});
  } else {
    return static_cast<uint64_t>(number);
  }
}
template <typename T>
void FromLeadWord(uint64_t word, T* number) {
  if constexpr (std::is_same_v<T, LeadDay>) {
    *number = static_cast<LeadDay>(static_cast<int64_t>(word) + int64_t{kNoLeadDay});
  } else {
    *number = static_cast<T>(word);
  }
}

constexpr const char* kTooManyStages = "leads have stood at too many stages";

}  // namespace

void LeadPart::Clear() {
  for (TextColumn* texts : {&stages, &ids, &customers, &gone, &past_stages}) texts->Clear();
  for (std::vector<uint64_t>& column : numbers) column.clear();
  for (std::vector<uint64_t>& column : past) column.clear();
  changes.clear();
  past_chances.clear();
  places.clear();
}

LeadPlace LeadPart::PlaceOf(LeadPlace place, const StageSetting& stage) {
  const auto [found, added] = places.try_emplace(place, static_cast<LeadPlace>(places.size()));
  if (added) {
    past_stages.Add(stage.name);
    past_chances.push_back(static_cast<uint64_t>(stage.chance_hundredths));
  }
  return found->second;
}

void LeadPart::Encode(std::string* bytes) const {
  bytes->clear();
  for (const TextColumn* texts : {&stages, &ids, &customers, &gone}) PutTexts(*texts, bytes);
  for (const std::vector<uint64_t>& column : numbers) PutNumbers(column, bytes);
  PutNumbers(changes, bytes);
  for (const std::vector<uint64_t>& column : past) PutNumbers(column, bytes);
  PutTexts(past_stages, bytes);
  PutNumbers(past_chances, bytes);
}

bool LeadPart::Decode(std::string_view bytes, uint32_t format) {
  Clear();
  ColumnReader columns(bytes);
  columns.Texts(kMaxStages, &stages);
  for (TextColumn* texts : {&ids, &customers, &gone}) columns.Texts(PartLimits::kMost, texts);
  for (std::vector<uint64_t>& column : numbers) columns.Numbers(PartLimits::kMost, &column);
  const bool has_past = format >= kFirstFormatWithPast;
  if (has_past) {
    columns.Numbers(PartLimits::kMost, &changes);
    for (std::vector<uint64_t>& column : past) columns.Numbers(kMostChanges, &column);
    columns.Texts(kMostChanges, &past_stages);
    columns.Numbers(kMostChanges, &past_chances);
  }
  bool fits = columns.ok() && columns.at_end() && customers.sizes.size() == ids.sizes.size();
  for (const std::vector<uint64_t>& column : numbers) {
    fits = fits && column.size() == ids.sizes.size();
  }
  if (!fits || !has_past) return fits;
  uint64_t all = 0;
  for (const uint64_t count : changes) {
    fits = fits && count >= 1 && count <= kMostChanges;
    all += count;
  }
  for (const std::vector<uint64_t>& column : past) fits = fits && column.size() == all;
  return fits && changes.size() == ids.sizes.size() &&
         past_chances.size() == past_stages.sizes.size();
}

void LeadTable::CopyRow(uint32_t row, LeadPart* part) const {
  const Fields fields = Read(row);
  part->ids.Add(columns_.id[row]);
  part->customers.Add(fields.customer == kNoName ? std::string_view()
                                                 : customers_.Text(fields.customer));
  ForEachNumber(fields, [&](size_t column, auto number) {
    part->numbers[column].push_back(LeadWord(number));
  });
  const LeadHistory& history = columns_.history[row];
  part->changes.push_back(history.size());
  for (size_t at = 0; at < history.size(); ++at) {
    LeadChange change = history[at];
    if (change.place < kPlaceUnknown) {
      change.place = part->PlaceOf(change.place, stages_[change.place]);
    }
    ForEachChangeNumber(change, [&](size_t column, auto number) {
      part->past[column].push_back(LeadWord(number));
    });
  }
}

void LeadTable::BeginCopying() {
  KUNDIG_CHECK(!copying_);  // one snapshot at a time
  copying_ = Copying{};
}

bool LeadTable::CopyPart(const Rules& rules, const PartLimits& limits, LeadPart* part) {
  constexpr uint32_t kAllRows = std::numeric_limits<uint32_t>::max();
  part->Clear();
  for (const StageSetting& stage : rules.stages()) part->stages.Add(stage.name);
  Copying& copying = *copying_;
  if (copying.next_row != kAllRows) {
    const uint32_t end = std::min(copying.next_row + limits.leads, rows());
    uint32_t row = copying.next_row;
    while (row < end && !part->full()) CopyRow(row++, part);
    // Leads that come from now on are none of those that were there at Begin.
    copying.next_row = row == rows() ? kAllRows : row;
  } else {
    for (uint32_t left = limits.leads; left > 0 && !copying.missed.empty() && !part->full();
         --left) {
      const std::string lead = std::move(copying.missed.back());
      copying.missed.pop_back();
      if (const auto found = index_.find(lead); found != index_.end()) {
        CopyRow(Raw(*found), part);
      } else {
        part->gone.Add(lead);
      }
    }
  }
  return copying.next_row != kAllRows || !copying.missed.empty();
}

std::optional<LeadHistory> LeadTable::LoadHistory(const LeadPart& part, size_t lead, size_t first,
                                                  const std::vector<LeadPlace>& places,
                                                  const Fields& fields) {
  LeadHistory history;
  for (size_t at = first; at < first + part.changes[lead]; ++at) {
    LeadChange change;
    ForEachChangeNumber(
        change, [&](size_t column, auto& number) { FromLeadWord(part.past[column][at], &number); });
    if (change.place < kPlaceUnknown) {
      if (change.place >= places.size()) return std::nullopt;
      change.place = places[change.place];
    }
    if (change.place > kPlaceLost) return std::nullopt;
    if (at > first && change.day < history.last().day) return std::nullopt;
    if (at == first) {
      history.Begin(change);
    } else {
      history.Append(change);
    }
  }
  const LeadChange& last = history.last();
  const bool fits = last.status() == fields.status && last.revenue == fields.revenue &&
                    last.chance == fields.chance && last.place != kPlaceUnknown;
  return fits ? std::optional(std::move(history)) : std::nullopt;
}

// What a snapshot of an older release says about the past of a lead: its days, as if what it is had
// been told by `today`.
LeadHistory LeadTable::HistoryOf(const Fields& fields, LeadPlace place, Day today) {
  LeadHistory history;
  const bool open = fields.status == LeadStatus::kOpen;
  history.Begin({fields.revenue, open ? today.since_epoch : NotAfter(fields.closed, today), place,
                 fields.chance});
  if (fields.opened != kNoLeadDay) history.OpenedOn(NotAfter(fields.opened, today));
  return history;
}

std::optional<Error> LeadTable::LoadPart(const LeadPart& part, const Rules& rules, Day today) {
  const auto damaged = [](const char* what) {
    return Error{ErrorCode::kDamaged, what, {}, std::nullopt};
  };
  std::vector<std::string> stages;
  TextCursor next_stage(part.stages), next_id(part.ids), next_customer(part.customers),
      next_gone(part.gone);
  for (size_t i = 0; i < part.stages.sizes.size(); ++i) stages.emplace_back(next_stage.Next());
  std::vector<LeadPlace> places;  // of the stages of the part, in this table
  TextCursor next_past(part.past_stages);
  for (const uint64_t chance : part.past_chances) {
    const StageSetting stage{std::string(next_past.Next()), static_cast<int32_t>(chance)};
    const std::optional<LeadPlace> place = stages_.Add(stage);
    if (!place) return damaged(kTooManyStages);
    places.push_back(*place);
  }
  size_t change = 0;  // of the lead, among those of the part

  for (size_t place = 0; place < part.ids.sizes.size(); ++place) {
    const std::string_view lead = next_id.Next(), customer = next_customer.Next();
    Fields fields;
    ForEachNumber(fields, [&](size_t column, auto& number) {
      FromLeadWord(part.numbers[column][place], &number);
    });
    if (fields.status == LeadStatus::kOpen) {
      if (fields.stage >= stages.size()) {
        return damaged("an open lead stands at no stage");
      }
      const std::optional<uint8_t> stage = rules.FindStage(stages[fields.stage]);
      if (!stage) {
        return Error{ErrorCode::kUnknownStage,
                     "an open lead stands at the stage '" + stages[fields.stage] +
                         "', which the rules do not name",
                     "pipeline.stage", std::nullopt};
      }
      fields.stage = *stage;
    } else {
      fields.stage = kNoStage;
    }
    LeadHistory history;
    if (part.changes.empty()) {
      const std::optional<LeadPlace> at = PlaceOf(fields, rules);
      if (!at) return damaged(kTooManyStages);
      history = HistoryOf(fields, *at, today);
    } else {
      std::optional<LeadHistory> loaded = LoadHistory(part, place, change, places, fields);
      if (!loaded) return damaged("the history of a lead cannot be read");
      history = std::move(*loaded);
      for (size_t at = 0; at < history.size(); ++at) {
        largest_revenue_ = std::max(largest_revenue_, history[at].revenue);
      }
      change += part.changes[place];
    }
    const auto found = index_.find(lead);
    const bool known = found != index_.end();
    const Fields before = known ? Read(Raw(*found)) : Fields{};
    if (!customer.empty()) fields.customer = customers_.Take(customer);
    customers_.Release(before.customer);
    const uint32_t row =
        Put(lead, known ? std::optional(Raw(*found)) : std::nullopt, before, fields);
    columns_.history[row] = std::move(history);
  }
  for (size_t place = 0; place < part.gone.sizes.size(); ++place) {
    const auto found = index_.find(next_gone.Next());
    if (found != index_.end()) Remove(Raw(*found));
  }
  return std::nullopt;
}

}  // namespace kundig::engine
