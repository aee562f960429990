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

// Days are shifted so that "no day", the smallest number, becomes 0.
template <typename T>
uint64_t Word(T number) {
  if constexpr (std::is_same_v<T, LeadDay>) {
    return static_cast<uint64_t>(int64_t{number} - int64_t{kNoLeadDay});
  } else {
    return static_cast<uint64_t>(number);
  }
}
template <typename T>
void FromWord(uint64_t word, T* number) {
  if constexpr (std::is_same_v<T, LeadDay>) {
    *number = static_cast<LeadDay>(static_cast<int64_t>(word) + int64_t{kNoLeadDay});
  } else {
    *number = static_cast<T>(word);
  }
}

}  // namespace

void LeadPart::Clear() {
  for (TextColumn* texts : {&stages, &ids, &customers, &gone}) texts->Clear();
  for (std::vector<uint64_t>& column : numbers) column.clear();
}

void LeadPart::Encode(std::string* bytes) const {
  bytes->clear();
  for (const TextColumn* texts : {&stages, &ids, &customers, &gone}) PutTexts(*texts, bytes);
  for (const std::vector<uint64_t>& column : numbers) PutNumbers(column, bytes);
}

bool LeadPart::Decode(std::string_view bytes) {
  ColumnReader columns(bytes);
  columns.Texts(kMaxStages, &stages);
  for (TextColumn* texts : {&ids, &customers, &gone}) columns.Texts(PartLimits::kMost, texts);
  for (std::vector<uint64_t>& column : numbers) columns.Numbers(PartLimits::kMost, &column);
  bool fits = columns.ok() && columns.at_end() && customers.sizes.size() == ids.sizes.size();
  for (const std::vector<uint64_t>& column : numbers) {
    fits = fits && column.size() == ids.sizes.size();
  }
  return fits;
}

void LeadTable::CopyRow(uint32_t row, LeadPart* part) const {
  const Fields fields = Read(row);
  part->ids.Add(columns_.id[row]);
  part->customers.Add(fields.customer == kNoName ? std::string_view()
                                                 : customers_.Text(fields.customer));
  ForEachNumber(fields,
                [&](size_t column, auto number) { part->numbers[column].push_back(Word(number)); });
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
    for (uint32_t row = copying.next_row; row < end; ++row) CopyRow(row, part);
    // Leads that come from now on are none of those that were there at Begin.
    copying.next_row = end == rows() ? kAllRows : end;
  } else {
    for (uint32_t left = limits.leads; left > 0 && !copying.missed.empty(); --left) {
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

std::optional<Error> LeadTable::LoadPart(const LeadPart& part, const Rules& rules) {
  std::vector<std::string> stages;
  TextCursor next_stage(part.stages), next_id(part.ids), next_customer(part.customers),
      next_gone(part.gone);
  for (size_t i = 0; i < part.stages.sizes.size(); ++i) stages.emplace_back(next_stage.Next());

  for (size_t place = 0; place < part.ids.sizes.size(); ++place) {
    const std::string_view lead = next_id.Next(), customer = next_customer.Next();
    Fields fields;
    ForEachNumber(fields, [&](size_t column, auto& number) {
      FromWord(part.numbers[column][place], &number);
    });
    if (fields.status == LeadStatus::kOpen) {
      if (fields.stage >= stages.size()) {
        return Error{ErrorCode::kDamaged, "an open lead stands at no stage", {}, std::nullopt};
      }
      const std::optional<uint8_t> stage = rules.FindStage(stages[fields.stage]);
      if (!stage) {
        return Error{ErrorCode::kUnknownStage,
                     "an open lead stands at the stage '" + stages[fields.stage] +
                         "', which the rules do not name",
                     "pipeline.stage", std::nullopt};
      }
      fields.stage = *stage;
    }
    const auto found = index_.find(lead);
    const bool known = found != index_.end();
    const Fields before = known ? Read(Raw(*found)) : Fields{};
    if (!customer.empty()) fields.customer = customers_.Take(customer);
    customers_.Release(before.customer);
    Put(lead, known ? std::optional(Raw(*found)) : std::nullopt, before, fields);
  }
  for (size_t place = 0; place < part.gone.sizes.size(); ++place) {
    const auto found = index_.find(next_gone.Next());
    if (found != index_.end()) Remove(Raw(*found));
  }
  return std::nullopt;
}

}  // namespace kundig::engine
