// Figures and dates as people read them, and back.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TOOLS_FIGURES_H_
#define KUNDIG_TOOLS_FIGURES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kundig::tools {

// Stands where there is no figure.
inline constexpr const char* kAbsent = "–";

// Columns on a terminal: one for each code point (East Asian width is not looked at).
size_t TextWidth(std::string_view utf8);

// `text` with control characters as '?', so that a name from the book cannot steer the terminal.
std::string Printable(std::string_view text);

std::string FormatCount(uint64_t count);  // 1,234,567
// With what is counted: 1 lead, 2 leads.
std::string FormatCount(uint64_t count, std::string_view thing);
std::string FormatDayCount(int64_t days);        // 1 day, 1234 days
std::string FormatMoney(int64_t minor);          // -1,234.50
std::string FormatPercent(double fraction);      // 12.3 %; kAbsent where it is no number
std::string FormatThousandths(int64_t value);    // 62.345, 60, 0.5
std::string FormatMillionths(int64_t value);     // 0.968912, 1, 0.5
std::string FormatDay(int32_t days_since_1970);  // 2010-12-09
std::string FormatTime(int64_t unix_ms);         // 2010-12-09T13:05:59Z
std::string FormatTimeMs(int64_t unix_ms);       // 2010-12-09T13:05:59.007Z

// "2010-12-09" as days since 1970-01-01; nullopt for anything else.
std::optional<int32_t> ParseDay(std::string_view text);
// What is wrong with a day that somebody typed; empty where nothing is.
std::string DayMistake(const std::string& text);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_FIGURES_H_
