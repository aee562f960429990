#include "tools/column_value.h"

#include <fmt/format.h>

#include <iterator>

#include "tools/answer_json.h"
#include "tools/figures.h"

namespace kundig::tools {

bool IsWhole(const wire::ColumnT& column, size_t rows) {
  const size_t values =
      column.type == wire::FieldType::text ? column.texts.size() : column.numbers.size();
  return values == rows && (column.absent.empty() || column.absent.size() == rows);
}

bool IsAbsent(const wire::ColumnT& column, size_t row) {
  if (!column.absent.empty()) return column.absent[row] != 0;
  return column.type == wire::FieldType::text && column.texts[row].empty();
}

void AppendFigure(const wire::ColumnT& column, size_t row, std::string* out) {
  const int64_t number = column.numbers[row];
  switch (column.type) {
    case wire::FieldType::day:
      *out += FormatDay(static_cast<int32_t>(number));
      break;
    case wire::FieldType::boolean:
      *out += number != 0 ? "true" : "false";
      break;
    case wire::FieldType::thousandths:
      *out += FormatThousandths(number);
      break;
    case wire::FieldType::millionths:
      *out += FormatMillionths(number);
      break;
    default:
      fmt::format_to(std::back_inserter(*out), "{}", number);
  }
}

void AppendJson(const wire::ColumnT& column, size_t row, std::string* out) {
  if (IsAbsent(column, row)) {
    *out += "null";
  } else if (column.type == wire::FieldType::text) {
    AppendText(column.texts[row], out);
  } else if (column.type == wire::FieldType::day) {
    *out += '"';
    AppendFigure(column, row, out);
    *out += '"';
  } else {
    AppendFigure(column, row, out);
  }
}

std::string CellOf(const wire::ColumnT& column, size_t row) {
  if (IsAbsent(column, row)) return kAbsent;
  if (column.type == wire::FieldType::text) return column.texts[row];
  if (column.type == wire::FieldType::money) return FormatMoney(column.numbers[row]);
  std::string figure;
  AppendFigure(column, row, &figure);
  return figure;
}

}  // namespace kundig::tools
