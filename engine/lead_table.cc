#include "engine/lead_table.h"

#include <algorithm>
#include <utility>

#include "engine/calendar.h"
#include "engine/check.h"
#include "engine/hash.h"
#include "engine/limits.h"
#include "engine/refusal.h"

namespace kundig::engine {
namespace {

// Puts a patch's name into the field. An error where there are too many names.
std::optional<Error> PatchName(const Patch<std::string_view>& patch, Dictionary* names,
                               const char* field, NameCode* code) {
  using Verb = Patch<std::string_view>::Verb;
  if (patch.verb == Verb::kRemove) *code = kNoName;
  if (patch.verb == Verb::kSet) {
    const std::optional<NameCode> added = names->Add(patch.value);
    if (!added) {
      return Refusal(ErrorCode::kLimitExceeded,
                     "the book holds " + std::to_string(kMaxNames) + " different names already",
                     field);
    }
    *code = *added;
  }
  return std::nullopt;
}

void PatchDay(const Patch<Day>& patch, LeadDay* day) {
  if (patch.verb == Patch<Day>::Verb::kRemove) *day = kNoLeadDay;
  if (patch.verb == Patch<Day>::Verb::kSet) *day = patch.value.since_epoch;
}

Error TooManyChanges() {
  return Refusal(ErrorCode::kLimitExceeded,
                 "the lead has changed " + std::to_string(kMaxLeadChanges) + " times already",
                 "lead_changes");
}

}  // namespace

NameCode LeadCustomers::Take(std::string_view customer) {
  if (auto found = codes_.find(std::string(customer)); found != codes_.end()) {
    ++entries_[found->second - 1].uses;
    return found->second;
  }
  if (free_.empty()) {
    entries_.emplace_back();
    free_.push_back(static_cast<NameCode>(entries_.size()));
  }
  const NameCode code = free_.back();
  free_.pop_back();
  entries_[code - 1] = Entry{std::string(customer), 1, {}};
  codes_.emplace(std::string(customer), code);
  return code;
}

void LeadCustomers::Release(NameCode code) {
  if (code == kNoName) return;
  Entry& entry = entries_[code - 1];
  if (--entry.uses > 0) return;
  codes_.erase(entry.text);
  entry.text.clear();
  free_.push_back(code);
}

NameCode LeadCustomers::Find(std::string_view customer) const {
  auto found = codes_.find(std::string(customer));
  return found == codes_.end() ? kNoName : found->second;
}

size_t LeadTable::KeyHash::operator()(RowIndex row) const {
  return HashBytes(table->columns_.id[Raw(row)]);
}
size_t LeadTable::KeyHash::operator()(std::string_view id) const {
  return HashBytes(id);
}

Result<Effect> LeadTable::Apply(const LeadSet& event, const Rules& rules, Day today,
                                Growth growth) {
  if (!event.currency.empty() && event.currency != rules.settings().currency) {
    return Refusal(ErrorCode::kCurrencyMismatch,
                   "the book is kept in " + rules.settings().currency + ", the lead is in " +
                       std::string(event.currency),
                   "currency");
  }
  if (event.revenue && (event.revenue->units < 0 || event.revenue->units > kMaxAmountMinor)) {
    return Refusal(ErrorCode::kInvalidValue,
                   "the revenue must be 0 to " + std::to_string(kMaxAmountMinor) + " minor units",
                   "revenue");
  }
  const auto found = index_.find(event.lead);
  const bool known = found != index_.end();
  if (!known && growth == Growth::kRefused) {
    return Refusal(ErrorCode::kMemoryFull,
                   "the memory set aside for the book is used up, and the lead is new; erase "
                   "customers, or raise book.memory_limit",
                   "memory_limit");
  }
  const Fields before = known ? Read(Raw(*found)) : Fields{};
  Fields fields = before;
  if (event.status) fields.status = *event.status;

  if (fields.status == LeadStatus::kOpen) {
    if (event.stage) {
      const std::optional<uint8_t> stage = rules.FindStage(*event.stage);
      if (!stage) {
        std::string names;
        for (const StageSetting& setting : rules.stages()) {
          names += (names.empty() ? "" : ", ") + setting.name;
        }
        return Refusal(
            ErrorCode::kUnknownStage,
            "there is no stage '" + std::string(*event.stage) + "'; the stages are " + names,
            "stage");
      }
      fields.stage = *stage;
    }
    if (fields.stage == kNoStage) {
      return Refusal(ErrorCode::kMissingField, "an open lead needs a stage", "stage");
    }
    fields.closed = kNoLeadDay;
    fields.reason = kNoName;
  } else {
    if (event.stage && !event.status) {
      return Refusal(ErrorCode::kLeadClosed,
                     "the lead is closed; name status open with the stage to reopen it", "stage");
    }
    const bool newly = !known || before.status != fields.status;
    if (newly && (!event.reason || event.reason->empty())) {
      return Refusal(ErrorCode::kMissingReason, "closing a lead needs a reason", "reason");
    }
    if (event.reason && !event.reason->empty()) {
      if (auto refusal = PatchName(Patch<std::string_view>::Set(*event.reason), &reasons_, "reason",
                                   &fields.reason)) {
        return *refusal;
      }
    }
    if (event.closed) {
      fields.closed = event.closed->since_epoch;
    } else if (newly) {
      fields.closed = today.since_epoch;
    }
    fields.stage = kNoStage;
  }

  if (event.revenue) fields.revenue = event.revenue->units;
  if (event.chance.verb == Patch<uint16_t>::Verb::kSet) fields.chance = event.chance.value;
  if (event.chance.verb == Patch<uint16_t>::Verb::kRemove) fields.chance = kNoChance;
  const std::optional<LeadPlace> place =
      known && before.status == fields.status && before.stage == fields.stage
          ? columns_.history[Raw(*found)].last().place
          : PlaceOf(fields, rules);
  if (!place) {
    return Refusal(
        ErrorCode::kLimitExceeded,
        "the leads have stood at " + std::to_string(kMaxLeadStages) + " different stages already",
        "lead_stages");
  }
  if (known && IsFull(Raw(*found), fields, *place)) return TooManyChanges();
  PatchDay(event.opened, &fields.opened);
  PatchDay(event.expected_close, &fields.expected_close);
  if (auto refusal = PatchName(event.owner, &owners_, "owner", &fields.owner)) return *refusal;
  if (auto refusal = PatchName(event.region, &regions_, "region", &fields.region)) return *refusal;
  if (auto refusal = PatchName(event.product, &products_, "product", &fields.product))
    return *refusal;
  if (auto refusal = PatchName(event.source, &sources_, "source", &fields.source)) return *refusal;
  // Last, because from here on nothing is refused and the use is counted.
  using Verb = Patch<std::string_view>::Verb;
  if (event.customer.verb != Verb::kKeep) {
    const NameCode old = fields.customer;
    fields.customer =
        event.customer.verb == Verb::kSet ? customers_.Take(event.customer.value) : kNoName;
    customers_.Release(old);
  }
  return Change(event.lead, known ? std::optional(Raw(*found)) : std::nullopt, before, fields,
                *place, today);
}

Result<Effect> LeadTable::Apply(const LeadClosed& event, Day today) {
  const auto found = index_.find(event.lead);
  if (found == index_.end()) {
    return Refusal(ErrorCode::kUnknownLead, "there is no lead '" + std::string(event.lead) + "'",
                   "lead");
  }
  if (event.status == LeadStatus::kOpen) {
    return Refusal(ErrorCode::kInvalidValue, "a lead is closed as won or lost", "status");
  }
  if (event.reason.empty()) {
    return Refusal(ErrorCode::kMissingReason, "closing a lead needs a reason", "reason");
  }
  const Fields before = Read(Raw(*found));
  Fields fields = before;
  if (auto refusal = PatchName(Patch<std::string_view>::Set(event.reason), &reasons_, "reason",
                               &fields.reason)) {
    return *refusal;
  }
  if (event.closed) {
    fields.closed = event.closed->since_epoch;
  } else if (before.status != event.status) {
    fields.closed = today.since_epoch;
  }
  fields.status = event.status;
  fields.stage = kNoStage;
  const LeadPlace place = PlaceOfClosed(event.status);
  if (IsFull(Raw(*found), fields, place)) return TooManyChanges();
  return Change(event.lead, Raw(*found), before, fields, place, today);
}

bool LeadTable::EraseOf(std::string_view customer,
                        const std::function<bool(std::string_view)>& keep) {
  const NameCode code = customers_.Find(customer);
  if (code == kNoName) return false;
  // Downwards, because what takes the place of a removed lead comes from further up.
  for (uint32_t row = rows(); row-- > 0;) {
    if (columns_.customer[row] == code && !keep(columns_.id[row])) Remove(row);
  }
  return true;
}

std::string_view LeadTable::CustomerOf(std::string_view lead) const {
  const auto found = index_.find(lead);
  if (found == index_.end()) return {};
  const NameCode code = columns_.customer[Raw(*found)];
  return code == kNoName ? std::string_view() : customers_.Text(code);
}

ColumnDay LeadTable::FirstOpenedAfter(std::string_view customer, ColumnDay day) const {
  const NameCode code = customers_.Find(customer);
  if (code == kNoName) return kNoDay;
  // Before the columns' range every day is its first one.
  const LeadCustomers::Opened& opened = customers_.opened(code);
  const auto first =
      day == kNoDay ? opened.begin() : opened.upper_bound(FromColumn(day).since_epoch);
  if (first == opened.end()) return kNoDay;
  return ToColumn(std::clamp(Day{first->first}, kFirstDay, kLastDay));
}

std::vector<uint32_t> LeadTable::RowsOf(std::string_view customer) const {
  std::vector<uint32_t> found;
  const NameCode code = customers_.Find(customer);
  if (code == kNoName) return found;
  for (uint32_t row = 0; row < rows(); ++row) {
    if (columns_.customer[row] == code) found.push_back(row);
  }
  return found;
}

LeadSet LeadTable::LeadAt(uint32_t row, const Rules& rules) const {
  const auto name = [](const auto& names, NameCode code) {
    return code == kNoName ? Patch<std::string_view>()
                           : Patch<std::string_view>::Set(names.Text(code));
  };
  const auto day = [](LeadDay known) {
    return known == kNoLeadDay ? Patch<Day>() : Patch<Day>::Set(Day{known});
  };
  const Fields fields = Read(row);
  LeadSet lead;
  lead.lead = columns_.id[row];
  lead.status = fields.status;
  if (fields.stage != kNoStage) lead.stage = rules.stages()[fields.stage].name;
  lead.revenue = Minor{fields.revenue};
  if (fields.chance != kNoChance) lead.chance = Patch<uint16_t>::Set(fields.chance);
  lead.customer = name(customers_, fields.customer);
  lead.owner = name(owners_, fields.owner);
  lead.region = name(regions_, fields.region);
  lead.product = name(products_, fields.product);
  lead.source = name(sources_, fields.source);
  lead.opened = day(fields.opened);
  lead.expected_close = day(fields.expected_close);
  if (fields.closed != kNoLeadDay) lead.closed = Day{fields.closed};
  if (fields.reason != kNoName) lead.reason = reasons_.Text(fields.reason);
  return lead;
}

std::vector<LeadMoment> LeadTable::MomentsOf(uint32_t row) const {
  const LeadHistory& history = columns_.history[row];
  std::vector<LeadMoment> moments;
  for (size_t at = 0; at < history.size(); ++at) {
    const LeadChange& change = history[at];
    LeadMoment& moment = moments.emplace_back();
    moment.lead = columns_.id[row];
    moment.day = Day{change.day};
    moment.status = change.status();
    if (change.place < kPlaceUnknown) moment.stage = stages_[change.place].name;
    if (change.chance != kNoChance) moment.chance = change.chance;
    moment.revenue = Minor{change.revenue};
  }
  return moments;
}

std::optional<Error> LeadTable::CheckStages(const Rules& before, const Rules& after) const {
  for (uint32_t row = 0; row < open_; ++row) {
    const std::string& name = before.stages()[columns_.stage[row]].name;
    if (!after.FindStage(name)) {
      return Refusal(
          ErrorCode::kUnknownStage,
          "an open lead stands at the stage '" + name + "', which the new rules do not name",
          "pipeline.stage");
    }
  }
  return std::nullopt;
}

void LeadTable::MoveStages(const Rules& before, const Rules& after) {
  for (uint32_t row = 0; row < open_; ++row) {
    columns_.stage[row] = *after.FindStage(before.stages()[columns_.stage[row]].name);
  }
  place_of_stage_.clear();
}

std::optional<std::string_view> LeadTable::NameOf(LeadField field, NameCode code) const {
  std::optional<std::string_view> name;
  WithNames(columns_, field, [&](const auto&, const auto& names) {
    if (code != kNoName) name = names.Text(code);
  });
  return name;
}

size_t LeadTable::CodesOf(LeadField field) const {
  size_t codes = 1;
  WithNames(columns_, field, [&](const auto&, const auto& names) { codes = names.size() + 1; });
  return codes;
}

LeadTable::Fields LeadTable::Read(uint32_t row) const {
  const LeadColumns& c = columns_;
  Fields fields;
  fields.customer = c.customer[row];
  fields.owner = c.owner[row];
  fields.region = c.region[row];
  fields.product = c.product[row];
  fields.source = c.source[row];
  fields.reason = c.reason[row];
  fields.status = c.status[row];
  fields.stage = c.stage[row];
  fields.revenue = c.revenue[row];
  fields.chance = c.chance[row];
  fields.opened = c.opened[row];
  fields.expected_close = c.expected_close[row];
  fields.closed = c.closed[row];
  return fields;
}

}  // namespace kundig::engine
