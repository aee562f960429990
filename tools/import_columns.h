// Which column of a file plays which role, and the texts of one row by role.
//
// Thread safety: plain values; a RowText belongs to one thread.

#ifndef KUNDIG_TOOLS_IMPORT_COLUMNS_H_
#define KUNDIG_TOOLS_IMPORT_COLUMNS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/csv_reader.h"
#include "tools/decimal.h"
#include "tools/import_failure.h"
#include "tools/moment.h"

namespace kundig::tools {

struct Role {
  std::string_view name;
  bool required = false;
};

// Role to the name of a column, as `role=Header,...` gives it.
using ColumnNames = std::map<std::string, std::string, std::less<>>;

// Failure (wrong usage): a part without '=', a role named twice or not among `roles`.
Outcome<ColumnNames> ParseColumnNames(std::string_view text, std::span<const Role> roles);

class Columns {
 public:
  // Places of `roles` in the header. Without names the header itself has the names of the roles;
  // with names only the roles named are looked at.
  // Failure: a required role has no column, a named column does not exist, a column occurs twice.
  static Outcome<Columns> Find(std::span<const Role> roles, const ColumnNames& names,
                               std::span<const std::string> header, std::string_view file);

  bool Has(size_t role) const { return places_[role].has_value(); }
  size_t Place(size_t role) const { return *places_[role]; }
  size_t width() const { return width_; }
  std::string_view name(size_t role) const { return roles_[role].name; }
  // Columns that play no role.
  const std::vector<std::string>& unused() const { return unused_; }

 private:
  std::span<const Role> roles_;
  std::vector<std::optional<size_t>> places_;  // by role
  size_t width_ = 0;
  std::vector<std::string> unused_;
};

// The texts of one row read as what their roles ask for. The first that cannot be read makes the
// row bad and is remembered with its reason; what is read afterwards does not count.
class RowText {
 public:
  RowText(const Columns& columns, MomentReader* moments) : columns_(columns), moments_(moments) {}

  // Starts on another row. A wrong number of fields makes it bad at once; its texts are empty then.
  void Start(const CsvRow& row);

  bool bad() const { return !reason_.empty(); }
  const std::string& reason() const { return reason_; }
  void MarkBad(size_t role, std::string_view expected);

  bool Has(size_t role) const { return columns_.Has(role); }
  // Without white space around it; empty where the file has no such column.
  std::string_view Raw(size_t role) const;

  // Bad where the text is not UTF-8.
  std::string_view Text(size_t role);
  // Bad where it is empty or not UTF-8.
  std::string_view Id(size_t role);
  // Bad where it is no number (an empty text is none).
  Decimal Number(size_t role);
  // Bad where it is no whole number between the two, both included.
  uint32_t Whole(size_t role, uint32_t least, uint32_t most);
  int64_t Time(size_t role);  // Unix milliseconds
  int32_t Day(size_t role);

 private:
  const Columns& columns_;
  MomentReader* moments_;
  std::span<const std::string_view> fields_;
  std::string reason_;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_IMPORT_COLUMNS_H_
