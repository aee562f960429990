// Leads. A column that the file lacks leaves the lead's attribute as it is; one that is there but
// empty removes it.

#include "tools/import_rows.h"

namespace kundig::tools {

namespace {

enum : size_t {
  kLeadId,
  kLeadStage,
  kLeadRevenue,
  kLeadCustomer,
  kLeadOwner,
  kLeadRegion,
  kLeadProduct,
  kLeadSource,
  kLeadChance,
  kLeadOpened,
  kLeadExpectedClose,
  kLeadClosed,
  kLeadReason
};
constexpr std::array<Role, 13> kLeadRoles = {{{"lead", true},
                                              {"stage", true},
                                              {"revenue", true},
                                              {"customer"},
                                              {"owner"},
                                              {"region"},
                                              {"product"},
                                              {"source"},
                                              {"chance"},
                                              {"opened"},
                                              {"expected_close"},
                                              {"closed"},
                                              {"reason"}}};

constexpr std::string_view kUnstated = "unstated";
constexpr int64_t kFullChance = 10000;  // hundredths of a percent

// The roles that an empty text removes.
struct Removable {
  size_t role;
  wire::LeadAttribute attribute;
};
constexpr std::array<Removable, 8> kRemovable = {
    {{kLeadCustomer, wire::LeadAttribute::customer},
     {kLeadOwner, wire::LeadAttribute::owner},
     {kLeadRegion, wire::LeadAttribute::region},
     {kLeadProduct, wire::LeadAttribute::product},
     {kLeadSource, wire::LeadAttribute::source},
     {kLeadChance, wire::LeadAttribute::chance},
     {kLeadOpened, wire::LeadAttribute::opened},
     {kLeadExpectedClose, wire::LeadAttribute::expected_close}}};

class LeadImporter : public RowImporter {
 public:
  explicit LeadImporter(const ImportDesk& desk) : desk_(desk), text_(*desk.columns, desk.moments) {}

  Outcome<void> Take(const CsvRow& row) override {
    StartRow(row, desk_.tally, &text_);
    const std::string_view lead = text_.Id(kLeadId);
    const std::string_view stage = text_.Text(kLeadStage);
    if (stage.empty()) text_.MarkBad(kLeadStage, "the name of a stage");
    const auto status = stage == desk_.options->won    ? wire::LeadStatus::won
                        : stage == desk_.options->lost ? wire::LeadStatus::lost
                                                       : wire::LeadStatus::open;
    const int64_t revenue =
        Given(kLeadRevenue) ? RowMoney(*desk_.options, kLeadRevenue, &text_) : 0;
    const int64_t chance = Given(kLeadChance) ? Chance() : 0;
    const int32_t opened = Day(kLeadOpened);
    const int32_t expected_close = Day(kLeadExpectedClose);
    const int32_t closed = Day(kLeadClosed);
    const std::string_view customer = text_.Text(kLeadCustomer);
    const std::string_view owner = text_.Text(kLeadOwner);
    const std::string_view region = text_.Text(kLeadRegion);
    const std::string_view product = text_.Text(kLeadProduct);
    const std::string_view source = text_.Text(kLeadSource);
    std::string_view reason = text_.Text(kLeadReason);
    if (reason.empty()) reason = kUnstated;
    if (text_.bad()) {
      desk_.tally->BadRow(row.line, text_.reason());
      return {};
    }

    desk_.events->Add(row.line, wire::EventBody::LeadSet, [&](flatbuffers::FlatBufferBuilder* to) {
      const bool open = status == wire::LeadStatus::open;
      const auto lead_text = EventSender::Text(to, lead);
      const auto stage_text = EventSender::TextOrNone(to, open ? stage : std::string_view());
      const auto reason_text = EventSender::TextOrNone(to, open ? std::string_view() : reason);
      const auto customer_text = EventSender::TextOrNone(to, customer);
      const auto owner_text = EventSender::TextOrNone(to, owner);
      const auto region_text = EventSender::TextOrNone(to, region);
      const auto product_text = EventSender::TextOrNone(to, product);
      const auto source_text = EventSender::TextOrNone(to, source);
      const auto removed = Removed(to);
      wire::LeadSetBuilder set(*to);
      set.add_lead(lead_text);
      set.add_status(status);
      set.add_stage(stage_text);
      set.add_reason(reason_text);
      set.add_revenue(revenue);
      set.add_customer(customer_text);
      set.add_owner(owner_text);
      set.add_region(region_text);
      set.add_product(product_text);
      set.add_source(source_text);
      if (Given(kLeadChance)) set.add_chance(static_cast<uint16_t>(chance));
      if (Given(kLeadOpened)) set.add_opened(opened);
      if (Given(kLeadExpectedClose)) set.add_expected_close(expected_close);
      if (!open && Given(kLeadClosed)) set.add_closed(closed);
      set.add_remove(removed);
      return set.Finish().Union();
    });
    return {};
  }

 private:
  bool Given(size_t role) const { return !text_.Raw(role).empty(); }

  int32_t Day(size_t role) { return Given(role) ? text_.Day(role) : 0; }

  // Percent with two decimals; finer ones are cut off.
  int64_t Chance() {
    const Decimal percent = text_.Number(kLeadChance);
    const auto hundredths = percent.Truncated(2);
    if (!hundredths || percent.negative() || *hundredths > kFullChance) {
      text_.MarkBad(kLeadChance, "a percentage from 0 to 100");
    }
    return hundredths.value_or(0);
  }

  flatbuffers::Offset<flatbuffers::Vector<wire::LeadAttribute>> Removed(
      flatbuffers::FlatBufferBuilder* to) const {
    std::array<wire::LeadAttribute, kRemovable.size()> removed;
    size_t count = 0;
    for (const auto& [role, attribute] : kRemovable) {
      if (text_.Has(role) && !Given(role)) removed[count++] = attribute;
    }
    if (count == 0) return 0;
    return to->CreateVector(removed.data(), count);
  }

  const ImportDesk desk_;
  RowText text_;
};

}  // namespace

std::span<const Role> LeadRoles() {
  return kLeadRoles;
}

std::unique_ptr<RowImporter> MakeLeadImporter(const ImportDesk& desk) {
  return std::make_unique<LeadImporter>(desk);
}

}  // namespace kundig::tools
