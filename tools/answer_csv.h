// Rows as CSV (RFC 4180, lines end in \n): the figures are those of the JSON, so money is in minor
// units and dates are YYYY-MM-DD; absent values are empty.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TOOLS_ANSWER_CSV_H_
#define KUNDIG_TOOLS_ANSWER_CSV_H_

#include <boost/json/array.hpp>

#include <string>
#include <string_view>

namespace kundig::tools {

// Appends one cell, quoted where it must be.
void AppendCsvCell(std::string_view text, std::string* out);

// `rows` are objects. The header is that of the fullest row; members that are objects themselves
// stand as columns of their own. Empty for no rows.
std::string CsvTable(const boost::json::array& rows);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_ANSWER_CSV_H_
