// Visits, contacts, consents, service requests and late payments: one row is one event of a
// customer at a time.

#include "tools/import_rows.h"

namespace kundig::tools {

namespace {

// The roles that all begin with.
enum : size_t { kMomentCustomer, kMomentAt };

constexpr std::array<Role, 2> kMomentRoles = {{{"customer", true}, {"at", true}}};

enum : size_t { kContactChannel = 2, kContactCampaign };
constexpr std::array<Role, 4> kContactRoles = {
    {{"customer", true}, {"at", true}, {"channel"}, {"campaign"}}};

enum : size_t { kConsentState = 2, kConsentUntil };
constexpr std::array<Role, 4> kConsentRoles = {
    {{"customer", true}, {"at", true}, {"state", true}, {"until"}}};

// Rows that say of a customer no more than when.
template <typename Table>
class MomentImporter : public RowImporter {
 public:
  explicit MomentImporter(const ImportDesk& desk)
      : desk_(desk), text_(*desk.columns, desk.moments) {}

  Outcome<void> Take(const CsvRow& row) override {
    StartRow(row, desk_.tally, &text_);
    const int64_t at = text_.Time(kMomentAt);
    const std::string_view customer = text_.Text(kMomentCustomer);
    if (!KeepRow(row, customer, desk_.tally, text_)) return {};
    desk_.events->Add(row.line, wire::EventBodyTraits<Table>::enum_value,
                      [&](flatbuffers::FlatBufferBuilder* to) {
                        const auto id = EventSender::Text(to, customer);
                        typename Table::Builder event(*to);
                        event.add_customer(id);
                        event.add_at(at);
                        return event.Finish().Union();
                      });
    return {};
  }

 private:
  const ImportDesk desk_;
  RowText text_;
};

class ContactImporter : public RowImporter {
 public:
  explicit ContactImporter(const ImportDesk& desk)
      : desk_(desk), text_(*desk.columns, desk.moments) {}

  Outcome<void> Take(const CsvRow& row) override {
    StartRow(row, desk_.tally, &text_);
    const int64_t at = text_.Time(kMomentAt);
    const std::string_view channel = text_.Text(kContactChannel);
    const std::string_view campaign = text_.Text(kContactCampaign);
    const std::string_view customer = text_.Text(kMomentCustomer);
    if (!KeepRow(row, customer, desk_.tally, text_)) return {};
    desk_.events->Add(row.line, wire::EventBody::Contact, [&](flatbuffers::FlatBufferBuilder* to) {
      const auto id = EventSender::Text(to, customer);
      const auto channel_text = EventSender::TextOrNone(to, channel);
      const auto campaign_text = EventSender::TextOrNone(to, campaign);
      return wire::CreateContact(*to, id, at, channel_text, campaign_text).Union();
    });
    return {};
  }

 private:
  const ImportDesk desk_;
  RowText text_;
};

class ConsentImporter : public RowImporter {
 public:
  explicit ConsentImporter(const ImportDesk& desk)
      : desk_(desk), text_(*desk.columns, desk.moments) {}

  Outcome<void> Take(const CsvRow& row) override {
    StartRow(row, desk_.tally, &text_);
    const int64_t at = text_.Time(kMomentAt);
    const std::string_view word = text_.Raw(kConsentState);
    const auto state =
        word == "withdrawn" ? wire::ConsentState::withdrawn : wire::ConsentState::granted;
    if (word != "granted" && word != "withdrawn")
      text_.MarkBad(kConsentState, "granted or withdrawn");
    flatbuffers::Optional<int32_t> until = flatbuffers::nullopt;
    if (!text_.Raw(kConsentUntil).empty()) {
      const int32_t day = text_.Day(kConsentUntil);
      // A withdrawal has no last day; one that a file gives all the same means nothing.
      if (state == wire::ConsentState::granted) until = day;
    }
    const std::string_view customer = text_.Text(kMomentCustomer);
    if (!KeepRow(row, customer, desk_.tally, text_)) return {};
    desk_.events->Add(row.line, wire::EventBody::Consent, [&](flatbuffers::FlatBufferBuilder* to) {
      return wire::CreateConsent(*to, EventSender::Text(to, customer), at, state, until).Union();
    });
    return {};
  }

 private:
  const ImportDesk desk_;
  RowText text_;
};

}  // namespace

std::span<const Role> MomentRoles() {
  return kMomentRoles;
}

std::unique_ptr<RowImporter> MakeVisitImporter(const ImportDesk& desk) {
  return std::make_unique<MomentImporter<wire::Visit>>(desk);
}

std::unique_ptr<RowImporter> MakeServiceImporter(const ImportDesk& desk) {
  return std::make_unique<MomentImporter<wire::ServiceRequest>>(desk);
}

std::unique_ptr<RowImporter> MakePaymentImporter(const ImportDesk& desk) {
  return std::make_unique<MomentImporter<wire::LatePayment>>(desk);
}

std::span<const Role> ContactRoles() {
  return kContactRoles;
}

std::unique_ptr<RowImporter> MakeContactImporter(const ImportDesk& desk) {
  return std::make_unique<ContactImporter>(desk);
}

std::span<const Role> ConsentRoles() {
  return kConsentRoles;
}

std::unique_ptr<RowImporter> MakeConsentImporter(const ImportDesk& desk) {
  return std::make_unique<ConsentImporter>(desk);
}

}  // namespace kundig::tools
