// One importer for each kind of file: rows in, events out.
//
// Thread safety: belongs to one thread.

#ifndef KUNDIG_TOOLS_IMPORT_ROWS_H_
#define KUNDIG_TOOLS_IMPORT_ROWS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "tools/csv_reader.h"
#include "tools/import_columns.h"
#include "tools/import_sender.h"
#include "tools/import_tally.h"
#include "tools/moment.h"

namespace kundig::tools {

enum class ImportKind : uint8_t {
  kOrders,
  kCustomers,
  kVisits,
  kContacts,
  kConsents,
  kLeads,
  kTerminations,
  kComplaints,
  kService,
  kPayments,
  kCosts
};
inline constexpr std::array<ImportKind, 11> kImportKinds = {
    ImportKind::kOrders,       ImportKind::kCustomers,  ImportKind::kVisits,
    ImportKind::kContacts,     ImportKind::kConsents,   ImportKind::kLeads,
    ImportKind::kTerminations, ImportKind::kComplaints, ImportKind::kService,
    ImportKind::kPayments,     ImportKind::kCosts};

// "orders", ...
std::string_view NameOf(ImportKind kind);
std::span<const Role> RolesOf(ImportKind kind);

struct ImportOptions {
  std::string columns;  // role=Header,...
  char delimiter = ',';
  std::string time_format;  // strptime form; empty = the usual ones
  std::string won = "Won", lost = "Lost";
  bool minor_units = false;
  // For summing orders; beyond it temporary files are used.
  size_t memory_bytes = size_t{512} << 20;
};

// What an importer works with; all of it must outlive the importer.
struct ImportDesk {
  const ImportOptions* options = nullptr;
  const Columns* columns = nullptr;
  MomentReader* moments = nullptr;
  Tally* tally = nullptr;
  EventSender* events = nullptr;      // the kind's own events
  EventSender* attributes = nullptr;  // customer sets that rows of orders bring along
};

class RowImporter {
 public:
  virtual ~RowImporter() = default;

  // Takes a row or skips it. Failure: the import cannot go on.
  virtual Outcome<void> Take(const CsvRow& row) = 0;
  // After the last row of the file.
  virtual Outcome<void> Finish() { return {}; }
  // Returns that came to nothing: counted, not sent.
  virtual uint64_t empty_returns() const { return 0; }
};

// Failure: the columns found do not make rows of this kind.
Outcome<std::unique_ptr<RowImporter>> MakeImporter(ImportKind kind, const ImportDesk& desk);

// Of those that give money, which may be in minor units.
bool HasMoney(ImportKind kind);

// One for each kind; kinds of like rows share a file.
std::span<const Role> OrderRoles();
Outcome<std::unique_ptr<RowImporter>> MakeOrderImporter(const ImportDesk& desk);
std::span<const Role> CustomerRoles();
std::unique_ptr<RowImporter> MakeCustomerImporter(const ImportDesk& desk);
std::span<const Role> MomentRoles();  // of visits, service requests and late payments
std::unique_ptr<RowImporter> MakeVisitImporter(const ImportDesk& desk);
std::unique_ptr<RowImporter> MakeServiceImporter(const ImportDesk& desk);
std::unique_ptr<RowImporter> MakePaymentImporter(const ImportDesk& desk);
std::span<const Role> ContactRoles();
std::unique_ptr<RowImporter> MakeContactImporter(const ImportDesk& desk);
std::span<const Role> ConsentRoles();
std::unique_ptr<RowImporter> MakeConsentImporter(const ImportDesk& desk);
std::span<const Role> LeadRoles();
std::unique_ptr<RowImporter> MakeLeadImporter(const ImportDesk& desk);
std::span<const Role> TerminationRoles();
std::unique_ptr<RowImporter> MakeTerminationImporter(const ImportDesk& desk);
std::span<const Role> ComplaintRoles();
std::unique_ptr<RowImporter> MakeComplaintImporter(const ImportDesk& desk);
std::span<const Role> CostRoles();
std::unique_ptr<RowImporter> MakeCostImporter(const ImportDesk& desk);

// Starts on a row: counts it, and leaves its texts in `text`. The customer is checked last of all,
// as KeepRow.
void StartRow(const CsvRow& row, Tally* tally, RowText* text);
// False where the row was bad or names no customer, which is counted here.
bool KeepRow(const CsvRow& row, std::string_view customer, Tally* tally, const RowText& text);

// Money of one row in minor units; a bad row where it does not fit.
int64_t RowMoney(const ImportOptions& options, size_t role, RowText* text);
// "consumer" or "business", in any case of letters; a bad row otherwise.
wire::CustomerKind RowCustomerKind(size_t role, RowText* text);
std::string Lowered(std::string_view text);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_IMPORT_ROWS_H_
