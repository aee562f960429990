#include "tools/held_event.h"

#include "tools/names.h"

namespace kundig::tools {

namespace {

template <typename T>
HeldFigure Figure(const char* name, wire::FieldType type, const flatbuffers::Optional<T>& number) {
  HeldFigure figure{.name = name, .type = type};
  if (number) figure.number = static_cast<int64_t>(*number);
  return figure;
}

template <typename T>
HeldFigure Number(const char* name, const flatbuffers::Optional<T>& number) {
  return Figure(name, wire::FieldType::integer, number);
}
HeldFigure Money(const char* name, const flatbuffers::Optional<int64_t>& minor) {
  return Figure(name, wire::FieldType::money, minor);
}
HeldFigure Day(const char* name, const flatbuffers::Optional<int32_t>& day) {
  return Figure(name, wire::FieldType::day, day);
}
HeldFigure Word(const char* name, std::string_view text) {
  return {.name = name, .type = wire::FieldType::text, .text = std::string(text)};
}
template <typename Enum>
HeldFigure Word(const char* name, const flatbuffers::Optional<Enum>& code) {
  return Word(name, code ? Name(*code) : std::string_view());
}

HeldEvent Read(const wire::CustomerSetT& set) {
  return {
      .section = HeldEvent::Section::kAttributes,
      .type = "attributes",
      .figures = {Word("kind", set.kind), Word("country", set.country), Word("region", set.region),
                  Word("owner", set.owner), Number("company_size", set.company_size),
                  Number("products", set.products), Money("potential", set.potential),
                  Figure("key_account", wire::FieldType::boolean, set.key_account),
                  Number("satisfaction", set.satisfaction), Number("referral", set.referral),
                  Number("bonding", set.bonding), Word("pinned_class", set.pinned_class)}};
}
HeldEvent Read(const wire::OrderT& order) {
  return {.type = "order",
          .at_unix_ms = order.at,
          .figures = {Word("order", order.order), Money("revenue", order.revenue),
                      Money("margin", order.margin),
                      Number("items", flatbuffers::Optional<uint32_t>(order.items))}};
}
HeldEvent Read(const wire::ReturnT& returned) {
  return {.type = "return",
          .at_unix_ms = returned.at,
          .figures = {Word("return_id", returned.return_id), Money("amount", returned.amount),
                      Money("margin", returned.margin)}};
}
HeldEvent Read(const wire::VisitT& visit) {
  return {.type = "visit", .at_unix_ms = visit.at};
}
HeldEvent Read(const wire::ContactT& contact) {
  return {.type = "contact",
          .at_unix_ms = contact.at,
          .figures = {Word("channel", contact.channel), Word("campaign", contact.campaign)}};
}
HeldEvent Read(const wire::ConsentT& consent) {
  return {.type = "consent",
          .at_unix_ms = consent.at,
          .figures = {Word("state", Name(consent.state)), Day("until", consent.until)}};
}
HeldEvent Read(const wire::TerminationT& notice) {
  return {.type = "termination",
          .at_unix_ms = notice.at,
          .figures = {Word("state", Name(notice.state)), Day("effective", notice.effective),
                      Word("reason", notice.reason)}};
}
HeldEvent Read(const wire::ComplaintT& complaint) {
  return {.type = "complaint",
          .at_unix_ms = complaint.at,
          .figures = {Word("complaint", complaint.complaint), Day("closed", complaint.closed)}};
}
HeldEvent Read(const wire::ServiceRequestT& request) {
  return {.type = "service_request", .at_unix_ms = request.at};
}
HeldEvent Read(const wire::LatePaymentT& payment) {
  return {.type = "late_payment", .at_unix_ms = payment.at};
}
HeldEvent Read(const wire::CostT& cost) {
  return {.type = "cost",
          .at_unix_ms = cost.at,
          .figures = {Word("cost", cost.cost), Money("amount", cost.amount)}};
}

HeldFigure Chance(const flatbuffers::Optional<uint16_t>& hundredths_of_a_percent) {
  HeldFigure chance = Figure("chance", wire::FieldType::thousandths, hundredths_of_a_percent);
  if (chance.number) chance.number = *chance.number * 10;
  return chance;
}
HeldEvent Read(const wire::LeadSetT& lead) {
  return {.section = HeldEvent::Section::kLeads,
          .type = "lead",
          .figures = {Word("lead", lead.lead), Word("status", lead.status),
                      Word("stage", lead.stage), Money("revenue", lead.revenue),
                      Chance(lead.chance), Word("owner", lead.owner), Word("region", lead.region),
                      Word("product", lead.product), Word("source", lead.source),
                      Day("opened", lead.opened), Day("expected_close", lead.expected_close),
                      Day("closed", lead.closed), Word("reason", lead.reason)}};
}

}  // namespace

std::optional<HeldEvent> ReadHeldEvent(const wire::EventT& event) {
  switch (event.body.type) {
    case wire::EventBody::CustomerSet:
      return Read(*event.body.AsCustomerSet());
    case wire::EventBody::Order:
      return Read(*event.body.AsOrder());
    case wire::EventBody::Return:
      return Read(*event.body.AsReturn());
    case wire::EventBody::Visit:
      return Read(*event.body.AsVisit());
    case wire::EventBody::Contact:
      return Read(*event.body.AsContact());
    case wire::EventBody::Consent:
      return Read(*event.body.AsConsent());
    case wire::EventBody::LeadSet:
      return Read(*event.body.AsLeadSet());
    case wire::EventBody::Termination:
      return Read(*event.body.AsTermination());
    case wire::EventBody::Complaint:
      return Read(*event.body.AsComplaint());
    case wire::EventBody::ServiceRequest:
      return Read(*event.body.AsServiceRequest());
    case wire::EventBody::LatePayment:
      return Read(*event.body.AsLatePayment());
    case wire::EventBody::Cost:
      return Read(*event.body.AsCost());
    case wire::EventBody::OrderCancelled:
    case wire::EventBody::LeadClosed:
    case wire::EventBody::Erase:
    case wire::EventBody::NONE:
      return std::nullopt;
  }
  return std::nullopt;  // of a newer server
}

HeldEvent ReadLeadChange(const wire::LeadChangeT& change) {
  return {
      .section = HeldEvent::Section::kLeadHistory,
      .type = "lead history",
      .figures = {Word("lead", change.lead), Day("day", flatbuffers::Optional<int32_t>(change.day)),
                  Word("status", Name(change.status)), Word("stage", change.stage),
                  Money("revenue", flatbuffers::Optional<int64_t>(change.revenue)),
                  Chance(change.chance)}};
}

}  // namespace kundig::tools
