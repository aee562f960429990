// One value of a column of rows, in each rendering.
//
// Thread safety: pure functions. A column must be one that IsWhole().

#ifndef KUNDIG_TOOLS_COLUMN_VALUE_H_
#define KUNDIG_TOOLS_COLUMN_VALUE_H_

#include <cstddef>
#include <string>

#include "schemas/lists_generated.h"

namespace kundig::tools {

// Whether the column has a value, or its absence, for each of so many rows.
bool IsWhole(const wire::ColumnT& column, size_t rows);
bool IsAbsent(const wire::ColumnT& column, size_t row);
// A value that is there and no text, as CSV has it.
void AppendFigure(const wire::ColumnT& column, size_t row, std::string* out);
void AppendJson(const wire::ColumnT& column, size_t row, std::string* out);
// For people: money in major units, "–" where there is no value.
std::string CellOf(const wire::ColumnT& column, size_t row);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_COLUMN_VALUE_H_
