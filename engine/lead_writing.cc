// How rows of the lead table change: all columns of a row at once, trading of places, and what
// histories make of a change.

#include <algorithm>
#include <utility>

#include "engine/calendar.h"
#include "engine/lead_table.h"

namespace kundig::engine {
namespace {

uint32_t MonthOf(LeadDay day) {
  if (day == kNoLeadDay) return kNoMonth;
  const CivilDate date = ToCivil(Day{day});
  return static_cast<uint32_t>(date.year * 12 + date.month - 1);
}

}  // namespace

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
  use(c.history);
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
  RemoveOpened(fields);
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

bool LeadTable::HasOpened(const Fields& fields) {
  return fields.status == LeadStatus::kOpen && fields.opened != kNoLeadDay &&
         fields.customer != kNoName;
}

void LeadTable::AddOpened(const Fields& fields) {
  if (HasOpened(fields)) ++customers_.opened(fields.customer)[fields.opened];
}

void LeadTable::RemoveOpened(const Fields& fields) {
  if (!HasOpened(fields)) return;
  LeadCustomers::Opened& opened = customers_.opened(fields.customer);
  const auto day = opened.find(fields.opened);
  if (--day->second == 0) opened.erase(day);
}

std::optional<LeadPlace> LeadTable::PlaceOf(const Fields& fields, const Rules& rules) {
  if (fields.status != LeadStatus::kOpen) return PlaceOfClosed(fields.status);
  place_of_stage_.resize(rules.stages().size());
  std::optional<LeadPlace>& place = place_of_stage_[fields.stage];
  if (!place) place = stages_.Add(rules.stages()[fields.stage]);
  return place;
}

bool LeadTable::IsFull(uint32_t row, const Fields& fields, LeadPlace place) const {
  const LeadHistory& history = columns_.history[row];
  return history.size() >= kMaxLeadChanges &&
         !history.last().SameState({fields.revenue, kNoLeadDay, place, fields.chance});
}

uint32_t LeadTable::Put(std::string_view lead, std::optional<uint32_t> known, const Fields& before,
                        const Fields& fields) {
  const uint32_t row = known ? *known : Create(lead);
  if (known) RemoveOpened(before);
  AddOpened(fields);
  Write(row, fields);
  if (ClosedSums* closed = known ? ClosedOf(before) : nullptr) {
    --closed->leads;
    closed->revenue -= before.revenue;
  }
  uint32_t lies = row;
  if (ClosedSums* closed = ClosedOf(fields)) {
    ++closed->leads;
    closed->revenue += fields.revenue;
    if (row < open_) Swap(row, lies = --open_);
  } else if (row >= open_) {
    Swap(row, lies = open_++);
  }
  return lies;
}

Effect LeadTable::Change(std::string_view lead, std::optional<uint32_t> known, const Fields& before,
                         const Fields& fields, LeadPlace place, Day today) {
  if (known && fields == before) return Effect::kUnchanged;
  const bool open = fields.status == LeadStatus::kOpen;
  LeadHistory& history = columns_.history[Put(lead, known, before, fields)];
  LeadChange change{fields.revenue, today.since_epoch, place, fields.chance};
  const bool closes = !open && (!known || before.status != fields.status);
  if (closes) change.day = NotAfter(fields.closed, today);
  if (!known) history.Begin(change);
  if (fields.opened != kNoLeadDay && fields.opened != before.opened) {
    history.OpenedOn(NotAfter(fields.opened, today));
  }
  if (!known) return Effect::kApplied;
  if (!open && !closes && fields.closed != before.closed) {
    history.ClosedOn(NotAfter(fields.closed, today));
  }
  if (!history.last().SameState(change)) history.Append(change);
  return Effect::kReplaced;
}

}  // namespace kundig::engine
