// The leads that a question is about: those of a table, as they are now or as they were.
//
// Thread safety: needs the book's scan lock; a view is valid while what it points to is.

#ifndef KUNDIG_ENGINE_LEAD_VIEW_H_
#define KUNDIG_ENGINE_LEAD_VIEW_H_

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/field.h"
#include "engine/lead_table.h"
#include "engine/rules.h"

namespace kundig::engine {

struct LeadView {
  // As they are now.
  LeadView(const LeadTable& table, const Rules& rules);
  LeadView() = default;

  const LeadTable* leads = nullptr;  // names and ids
  const LeadColumns* columns = nullptr;
  std::span<const uint32_t> table_rows;  // of each row; empty where they are the same
  // What the columns mean by a stage. The first `named_stages` are those of the rules; behind them
  // come stages that the rules do not name any more and, last, that of leads of which nobody said
  // where they stood.
  std::span<const StageSetting> stages;
  size_t named_stages = 0;
  // What an expression means by each of the stages, the last one left out; empty where it means
  // their places.
  std::span<const StageIndex> stage_codes;
  uint32_t rows = 0, open_leads = 0;  // the open ones first
  std::array<ClosedSums, 2> closed;   // won, lost

  uint32_t TableRow(uint32_t row) const { return table_rows.empty() ? row : table_rows[row]; }
  // The chance in force of an open lead: the override, or the stage's chance now.
  int64_t ChanceOf(uint32_t row) const {
    const uint16_t chance = columns->chance[row];
    return chance != kNoChance ? int64_t{chance}
                               : int64_t{stages[columns->stage[row]].chance_hundredths};
  }
  std::optional<std::string_view> NameAt(LeadField field, uint32_t row) const;
};

// Reads a lead for an expression.
class LeadReader {
 public:
  LeadReader(const LeadView& view, uint32_t row) : view_(view), row_(row) {}

  bool Number(FieldIndex index, int64_t* value) const;
  bool Text(FieldIndex index, std::string_view* text) const {
    const std::optional<std::string_view> name = view_.NameAt(static_cast<LeadField>(index), row_);
    if (name) *text = *name;
    return name.has_value();
  }

 private:
  const LeadView& view_;
  uint32_t row_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_LEAD_VIEW_H_
