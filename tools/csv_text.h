// Text of a field: white space around it, and whether it is UTF-8.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TOOLS_CSV_TEXT_H_
#define KUNDIG_TOOLS_CSV_TEXT_H_

#include <string>
#include <string_view>

namespace kundig::tools {

// Without the white space (of Unicode) at both ends.
std::string_view Strip(std::string_view text);

bool IsUtf8(std::string_view text);

// Appends `text` to a line of CSV, quoted where RFC 4180 asks for it.
void AppendCsvField(std::string_view text, std::string* line);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_CSV_TEXT_H_
