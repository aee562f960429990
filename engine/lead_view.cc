#include "engine/lead_view.h"

namespace kundig::engine {

LeadView::LeadView(const LeadTable& table, const Rules& rules)
    : leads(&table),
      columns(&table.columns()),
      stages(rules.stages()),
      named_stages(rules.stages().size()),
      rows(table.rows()),
      open_leads(table.open_leads()),
      closed{table.closed(LeadStatus::kWon), table.closed(LeadStatus::kLost)} {}

std::optional<std::string_view> LeadView::NameAt(LeadField field, uint32_t row) const {
  if (field == LeadField::kLead) return leads->columns().id[TableRow(row)];
  NameCode code = kNoName;
  leads->WithNames(*columns, field,
                   [&](const std::vector<NameCode>& column, const auto&) { code = column[row]; });
  return leads->NameOf(field, code);
}

bool LeadReader::Number(FieldIndex index, int64_t* value) const {
  const LeadColumns& c = *view_.columns;
  const auto day = [value](LeadDay column) {
    *value = column;
    return column != kNoLeadDay;
  };
  switch (static_cast<LeadField>(index)) {
    case LeadField::kStatus:
      *value = static_cast<int64_t>(c.status[row_]);
      return true;
    case LeadField::kStage: {
      const StageIndex stage = c.stage[row_];
      if (view_.stage_codes.empty()) {
        *value = stage;
        return stage < view_.named_stages;
      }
      if (stage >= view_.stage_codes.size()) return false;
      *value = view_.stage_codes[stage];
      return true;
    }
    case LeadField::kRevenue:
      *value = c.revenue[row_];
      return true;
    case LeadField::kChance:
      if (c.status[row_] != LeadStatus::kOpen) return false;
      *value = view_.ChanceOf(row_);
      return true;
    case LeadField::kOverridden:
      *value = c.chance[row_] != kNoChance;
      return true;
    case LeadField::kOpened:
      return day(c.opened[row_]);
    case LeadField::kExpectedClose:
      return day(c.expected_close[row_]);
    case LeadField::kClosed:
      return day(c.closed[row_]);
    default:
      return false;
  }
}

}  // namespace kundig::engine
