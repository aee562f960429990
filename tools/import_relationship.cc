// Terminations, complaints and costs: one row is one event of a customer.

#include "tools/import_rows.h"

namespace kundig::tools {

namespace {

enum TerminationRole : size_t {
  kNoticeCustomer,
  kNoticeAt,
  kNoticeEffective,
  kNoticeReason,
  kNoticeState
};
constexpr std::array<Role, 5> kTerminationRoles = {
    {{"customer", true}, {"at", true}, {"effective", true}, {"reason"}, {"state"}}};

enum ComplaintRole : size_t { kComplaintCustomer, kComplaintId, kComplaintAt, kComplaintClosed };
constexpr std::array<Role, 4> kComplaintRoles = {
    {{"customer", true}, {"complaint", true}, {"at", true}, {"closed"}}};

enum CostRole : size_t { kCostCustomer, kCostId, kCostAt, kCostAmount };
constexpr std::array<Role, 4> kCostRoles = {
    {{"customer", true}, {"cost", true}, {"at", true}, {"amount", true}}};

class TerminationImporter : public RowImporter {
 public:
  explicit TerminationImporter(const ImportDesk& desk)
      : desk_(desk), text_(*desk.columns, desk.moments) {}

  Outcome<void> Take(const CsvRow& row) override {
    StartRow(row, desk_.tally, &text_);
    const int64_t at = text_.Time(kNoticeAt);
    const std::string_view word = text_.Raw(kNoticeState);
    const bool given = word.empty() || word == "given";
    if (!given && word != "withdrawn") text_.MarkBad(kNoticeState, "given or withdrawn");
    flatbuffers::Optional<int32_t> effective = flatbuffers::nullopt;
    // What takes a notice back has no such day; one that a file gives all the same is only read.
    if (given || !text_.Raw(kNoticeEffective).empty()) {
      const int32_t day = text_.Day(kNoticeEffective);
      if (given) effective = day;
    }
    const std::string_view reason = text_.Text(kNoticeReason);
    const std::string_view customer = text_.Text(kNoticeCustomer);
    if (!KeepRow(row, customer, desk_.tally, text_)) return {};
    const auto state = given ? wire::TerminationState::given : wire::TerminationState::withdrawn;
    desk_.events->Add(
        row.line, wire::EventBody::Termination, [&](flatbuffers::FlatBufferBuilder* to) {
          const auto id = EventSender::Text(to, customer);
          const auto reason_text = EventSender::TextOrNone(to, reason);
          return wire::CreateTermination(*to, id, at, state, effective, reason_text).Union();
        });
    return {};
  }

 private:
  const ImportDesk desk_;
  RowText text_;
};

class ComplaintImporter : public RowImporter {
 public:
  explicit ComplaintImporter(const ImportDesk& desk)
      : desk_(desk), text_(*desk.columns, desk.moments) {}

  Outcome<void> Take(const CsvRow& row) override {
    StartRow(row, desk_.tally, &text_);
    const std::string_view complaint = text_.Id(kComplaintId);
    const int64_t at = text_.Time(kComplaintAt);
    flatbuffers::Optional<int32_t> closed = flatbuffers::nullopt;
    if (!text_.Raw(kComplaintClosed).empty()) closed = text_.Day(kComplaintClosed);
    const std::string_view customer = text_.Text(kComplaintCustomer);
    if (!KeepRow(row, customer, desk_.tally, text_)) return {};
    desk_.events->Add(row.line, wire::EventBody::Complaint,
                      [&](flatbuffers::FlatBufferBuilder* to) {
                        const auto id = EventSender::Text(to, customer);
                        const auto complaint_id = EventSender::Text(to, complaint);
                        return wire::CreateComplaint(*to, id, complaint_id, at, closed).Union();
                      });
    return {};
  }

 private:
  const ImportDesk desk_;
  RowText text_;
};

class CostImporter : public RowImporter {
 public:
  explicit CostImporter(const ImportDesk& desk) : desk_(desk), text_(*desk.columns, desk.moments) {}

  Outcome<void> Take(const CsvRow& row) override {
    StartRow(row, desk_.tally, &text_);
    const std::string_view cost = text_.Id(kCostId);
    const int64_t at = text_.Time(kCostAt);
    const int64_t amount = RowMoney(*desk_.options, kCostAmount, &text_);
    const std::string_view customer = text_.Text(kCostCustomer);
    if (!KeepRow(row, customer, desk_.tally, text_)) return {};
    desk_.events->Add(row.line, wire::EventBody::Cost, [&](flatbuffers::FlatBufferBuilder* to) {
      const auto id = EventSender::Text(to, customer);
      const auto cost_id = EventSender::Text(to, cost);
      return wire::CreateCost(*to, id, cost_id, at, amount).Union();
    });
    return {};
  }

 private:
  const ImportDesk desk_;
  RowText text_;
};

}  // namespace

std::span<const Role> TerminationRoles() {
  return kTerminationRoles;
}

std::unique_ptr<RowImporter> MakeTerminationImporter(const ImportDesk& desk) {
  return std::make_unique<TerminationImporter>(desk);
}

std::span<const Role> ComplaintRoles() {
  return kComplaintRoles;
}

std::unique_ptr<RowImporter> MakeComplaintImporter(const ImportDesk& desk) {
  return std::make_unique<ComplaintImporter>(desk);
}

std::span<const Role> CostRoles() {
  return kCostRoles;
}

std::unique_ptr<RowImporter> MakeCostImporter(const ImportDesk& desk) {
  return std::make_unique<CostImporter>(desk);
}

}  // namespace kundig::tools
