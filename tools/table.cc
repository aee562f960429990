#include "tools/table.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "tools/figures.h"

namespace kundig::tools {

namespace {

constexpr std::string_view kGap = "  ";
constexpr std::string_view kRuleMark = "─";

void AppendRule(const std::vector<size_t>& widths, const Look& look, std::string* out) {
  std::string line;
  for (size_t i = 0; i < widths.size(); ++i) {
    if (i != 0) line += kGap;
    for (size_t n = 0; n < widths[i]; ++n) line += kRuleMark;
  }
  *out += Styled(line, kFaint, look) + '\n';
}

}  // namespace

bool StandardOutputWantsColour() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0') &&
         terminal != nullptr && std::string_view(terminal) != "dumb";
}

std::string Styled(std::string_view text, std::string_view style, const Look& look) {
  std::string out;
  if (!look.colour || style.empty() || text.empty()) return out += text;
  return ((((out += "\x1b[") += style) += 'm') += text) += "\x1b[0m";
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (const Column& column : columns_) widths_.push_back(TextWidth(column.header));
}

void Table::AddRow(std::vector<Cell> cells) {
  cells.resize(columns_.size(), Cell(""));
  for (size_t i = 0; i < cells.size(); ++i) {
    cells[i].text = Printable(cells[i].text);
    widths_[i] = std::max(widths_[i], TextWidth(cells[i].text));
  }
  rows_.push_back(std::move(cells));
}

void Table::AddRule() {
  rows_.emplace_back();
}

void Table::Clear() {
  rows_.clear();
}

std::string Table::Render(const Look& look, bool with_header) const {
  std::string out;
  auto append_line = [&](auto text_of, auto style_of) {
    std::string line;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const std::string& text = text_of(i);
      const std::string space(widths_[i] - TextWidth(text), ' ');
      if (i != 0) line += kGap;
      if (columns_[i].align == Align::kRight) line += Styled(space, style_of(i), look);
      line += Styled(text, style_of(i), look);
      if (columns_[i].align == Align::kLeft) line += space;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  const bool headed = std::any_of(columns_.begin(), columns_.end(),
                                  [](const Column& column) { return !column.header.empty(); });
  if (headed && with_header) {
    append_line([&](size_t i) -> const std::string& { return columns_[i].header; },
                [](size_t) { return kBold; });
    AppendRule(widths_, look, &out);
  }
  for (const std::vector<Cell>& row : rows_) {
    if (row.empty()) {
      AppendRule(widths_, look, &out);
    } else {
      append_line([&](size_t i) -> const std::string& { return row[i].text; },
                  [&](size_t i) -> std::string_view { return row[i].style; });
    }
  }
  return out;
}

}  // namespace kundig::tools
