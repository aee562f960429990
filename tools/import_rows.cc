#include "tools/import_rows.h"

#include <algorithm>

namespace kundig::tools {

std::string_view NameOf(ImportKind kind) {
  switch (kind) {
    case ImportKind::kOrders:
      return "orders";
    case ImportKind::kCustomers:
      return "customers";
    case ImportKind::kVisits:
      return "visits";
    case ImportKind::kContacts:
      return "contacts";
    case ImportKind::kConsents:
      return "consents";
    case ImportKind::kLeads:
      return "leads";
    case ImportKind::kTerminations:
      return "terminations";
    case ImportKind::kComplaints:
      return "complaints";
    case ImportKind::kService:
      return "service";
    case ImportKind::kPayments:
      return "payments";
    case ImportKind::kCosts:
      return "costs";
  }
  return {};
}

std::span<const Role> RolesOf(ImportKind kind) {
  switch (kind) {
    case ImportKind::kOrders:
      return OrderRoles();
    case ImportKind::kCustomers:
      return CustomerRoles();
    case ImportKind::kVisits:
    case ImportKind::kService:
    case ImportKind::kPayments:
      return MomentRoles();
    case ImportKind::kContacts:
      return ContactRoles();
    case ImportKind::kConsents:
      return ConsentRoles();
    case ImportKind::kLeads:
      return LeadRoles();
    case ImportKind::kTerminations:
      return TerminationRoles();
    case ImportKind::kComplaints:
      return ComplaintRoles();
    case ImportKind::kCosts:
      return CostRoles();
  }
  return {};
}

bool HasMoney(ImportKind kind) {
  return kind == ImportKind::kOrders || kind == ImportKind::kCustomers ||
         kind == ImportKind::kLeads || kind == ImportKind::kCosts;
}

Outcome<std::unique_ptr<RowImporter>> MakeImporter(ImportKind kind, const ImportDesk& desk) {
  switch (kind) {
    case ImportKind::kOrders:
      return MakeOrderImporter(desk);
    case ImportKind::kCustomers:
      return MakeCustomerImporter(desk);
    case ImportKind::kVisits:
      return MakeVisitImporter(desk);
    case ImportKind::kContacts:
      return MakeContactImporter(desk);
    case ImportKind::kConsents:
      return MakeConsentImporter(desk);
    case ImportKind::kLeads:
      return MakeLeadImporter(desk);
    case ImportKind::kTerminations:
      return MakeTerminationImporter(desk);
    case ImportKind::kComplaints:
      return MakeComplaintImporter(desk);
    case ImportKind::kService:
      return MakeServiceImporter(desk);
    case ImportKind::kPayments:
      return MakePaymentImporter(desk);
    case ImportKind::kCosts:
      return MakeCostImporter(desk);
  }
  return Failure{"no such kind of file"};
}

void StartRow(const CsvRow& row, Tally* tally, RowText* text) {
  tally->CountRow();
  text->Start(row);
}

bool KeepRow(const CsvRow& row, std::string_view customer, Tally* tally, const RowText& text) {
  if (text.bad()) {
    tally->BadRow(row.line, text.reason());
    return false;
  }
  if (customer.empty()) {
    tally->Skip(kNoCustomer);
    return false;
  }
  return true;
}

int64_t RowMoney(const ImportOptions& options, size_t role, RowText* text) {
  const auto minor = text->Number(role).Rounded(options.minor_units ? 0 : 2);
  if (!minor) text->MarkBad(role, "an amount that fits 64 bits");
  return minor.value_or(0);
}

wire::CustomerKind RowCustomerKind(size_t role, RowText* text) {
  const std::string kind = Lowered(text->Raw(role));
  if (kind == "business") return wire::CustomerKind::business;
  if (kind != "consumer") text->MarkBad(role, "consumer or business");
  return wire::CustomerKind::consumer;
}

std::string Lowered(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lowered;
}

}  // namespace kundig::tools
