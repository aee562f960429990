// Tables for people: aligned columns, measured in code points, with colour only where it is wanted.
//
// Thread safety: a Table belongs to one thread.

#ifndef KUNDIG_TOOLS_TABLE_H_
#define KUNDIG_TOOLS_TABLE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kundig::tools {

// How answers are shown to a person.
struct Look {
  std::string currency;  // ISO code
  bool colour = false;   // the output understands ANSI colours
};

// Whether standard output is a terminal that wants colours (NO_COLOR and TERM=dumb say no).
bool StandardOutputWantsColour();

// ANSI styles.
inline constexpr std::string_view kBold = "1";
inline constexpr std::string_view kFaint = "2";

// `text` in `style` where the look has colour.
std::string Styled(std::string_view text, std::string_view style, const Look& look);

enum class Align { kLeft, kRight };  // of a column

class Table {
 public:
  struct Column {
    std::string header;
    Align align = Align::kLeft;
  };

  struct Cell {
    // Not explicit: a cell without a style is just its text.
    Cell(std::string shown, std::string sgr = {}) : text(std::move(shown)), style(std::move(sgr)) {}
    Cell(const char* shown) : text(shown) {}

    std::string text;
    std::string style;  // ANSI parameters, as "1" or "48;5;22"
  };

  // Where no column has a header, no header line is printed.
  explicit Table(std::vector<Column> columns);

  // One cell for each column (missing ones are empty), made Printable().
  void AddRow(std::vector<Cell> cells);
  // A line before the rows that follow: totals.
  void AddRule();

  bool empty() const { return rows_.empty(); }
  // Forgets the rows but not how wide they were, so that a long table comes in parts that align.
  void Clear();
  // Every line ends with a newline.
  std::string Render(const Look& look, bool with_header = true) const;

 private:
  std::vector<Column> columns_;
  std::vector<size_t> widths_;
  std::vector<std::vector<Cell>> rows_;  // an empty row is a rule
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_TABLE_H_
