#include "engine/lead_table.h"

#include <algorithm>
#include <utility>

#include "engine/calendar.h"
#include "engine/check.h"
#include "engine/hash.h"
#include "engine/limits.h"

namespace kundig::engine {
namespace {

Error Refusal(ErrorCode code, std::string message, std::string field) {
  return Error{code, std::move(message), std::move(field), std::nullopt};
}

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

uint32_t MonthOf(LeadDay day) {
  if (day == kNoLeadDay) return kNoMonth;
  const CivilDate date = ToCivil(Day{day});
  return static_cast<uint32_t>(date.year * 12 + date.month - 1);
}

void PatchDay(const Patch<Day>& patch, LeadDay* day) {
  if (patch.verb == Patch<Day>::Verb::kRemove) *day = kNoLeadDay;
  if (patch.verb == Patch<Day>::Verb::kSet) *day = patch.value.since_epoch;
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
  entries_[code - 1] = Entry{std::string(customer), 1};
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
  return Put(event.lead, known ? std::optional(Raw(*found)) : std::nullopt, before, fields);
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
  return Put(event.lead, Raw(*found), before, fields);
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
}

std::optional<std::string_view> LeadTable::NameOf(LeadField field, NameCode code) const {
  std::optional<std::string_view> name;
  WithNames(field, [&](const auto&, const auto& names) {
    if (code != kNoName) name = names.Text(code);
  });
  return name;
}

size_t LeadTable::CodesOf(LeadField field) const {
  size_t codes = 1;
  WithNames(field, [&](const auto&, const auto& names) { codes = names.size() + 1; });
  return codes;
}

std::optional<std::string_view> LeadTable::NameAt(LeadField field, uint32_t row) const {
  if (field == LeadField::kLead) return columns_.id[row];
  NameCode code = kNoName;
  WithNames(field, [&](const std::vector<NameCode>& column, const auto&) { code = column[row]; });
  return NameOf(field, code);
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

void LeadTable::Write(uint32_t row, const Fields& fields) {
  LeadColumns& c = columns_;
  c.customer[row] = fields.customer;
  c.owner[row] = fields.owner;
  c.region[row] = fields.region;
  c.product[row] = fields.product;
  c.source[row] = fields.source;
  c.reason[row] = fields.reason;
  c.status[row] = fields.status;
  c.stage[row] = fields.stage;
  c.revenue[row] = fields.revenue;
  c.chance[row] = fields.chance;
  c.opened[row] = fields.opened;
  c.expected_close[row] = fields.expected_close;
  c.closed[row] = fields.closed;
  largest_revenue_ = std::max(largest_revenue_, fields.revenue);
  const uint32_t month = MonthOf(fields.expected_close);
  c.close_month[row] = month;
  if (month == kNoMonth) return;
  first_close_month_ = std::min(first_close_month_, month);
  last_close_month_ = std::max(last_close_month_, month);
}

template <typename Use>
void LeadTable::ForEachColumn(Use&& use) {
  LeadColumns& c = columns_;
  use(c.id);
  for (auto* names : {&c.customer, &c.owner, &c.region, &c.product, &c.source, &c.reason}) {
    use(*names);
  }
  use(c.status);
  use(c.stage);
  use(c.revenue);
  use(c.chance);
  for (auto* days : {&c.opened, &c.expected_close, &c.closed}) use(*days);
  use(c.close_month);
}

uint32_t LeadTable::Create(std::string_view lead) {
  const uint32_t row = rows();
  ForEachColumn([](auto& column) { column.emplace_back(); });
  columns_.id[row] = std::string(lead);
  index_.insert(RowIndex{row});
  return row;
}

void LeadTable::Remove(uint32_t row) {
  if (copying_ && row >= copying_->next_row) copying_->missed.push_back(columns_.id[row]);
  const Fields fields = Read(row);
  customers_.Release(fields.customer);
  if (ClosedSums* closed = ClosedOf(fields)) {
    --closed->leads;
    closed->revenue -= fields.revenue;
  } else {
    Swap(row, --open_);
    row = open_;
  }
  Swap(row, rows() - 1);
  index_.erase(RowIndex{rows() - 1});
  ForEachColumn([](auto& column) { column.pop_back(); });
}

void LeadTable::Swap(uint32_t a, uint32_t b) {
  if (a == b) return;
  if (copying_ && std::min(a, b) < copying_->next_row && std::max(a, b) >= copying_->next_row) {
    copying_->missed.push_back(columns_.id[std::max(a, b)]);
  }
  // The index finds a row by the id that lies in it.
  index_.erase(RowIndex{a});
  index_.erase(RowIndex{b});
  ForEachColumn([a, b](auto& column) { std::swap(column[a], column[b]); });
  index_.insert(RowIndex{a});
  index_.insert(RowIndex{b});
}

ClosedSums* LeadTable::ClosedOf(const Fields& fields) {
  if (fields.status == LeadStatus::kOpen) return nullptr;
  return &closed_[fields.status == LeadStatus::kWon ? 0 : 1];
}

Effect LeadTable::Put(std::string_view lead, std::optional<uint32_t> known, const Fields& before,
                      const Fields& fields) {
  if (known && fields == before) return Effect::kUnchanged;
  const uint32_t row = known ? *known : Create(lead);
  Write(row, fields);
  if (ClosedSums* closed = known ? ClosedOf(before) : nullptr) {
    --closed->leads;
    closed->revenue -= before.revenue;
  }
  if (ClosedSums* closed = ClosedOf(fields)) {
    ++closed->leads;
    closed->revenue += fields.revenue;
    if (row < open_) Swap(row, --open_);
  } else if (row >= open_) {
    Swap(row, open_++);
  }
  return known ? Effect::kReplaced : Effect::kApplied;
}

}  // namespace kundig::engine
