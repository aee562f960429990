#include "tools/csv_text.h"

#include <boost/locale/utf.hpp>

#include <cstdint>
#include <cstring>

namespace kundig::tools {

namespace {

using Utf8 = boost::locale::utf::utf_traits<char>;

// The White_Space property of Unicode, and the four separators U+001C..U+001F.
bool IsSpace(boost::locale::utf::code_point c) {
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
         c == 0x205f || c == 0x3000;
}

bool IsAscii(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  size_t at = 0;
  for (; at + sizeof(uint64_t) <= text.size(); at += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof(word));
    if ((word & kHighBits) != 0) return false;
  }
  for (; at < text.size(); ++at) {
    if ((static_cast<uint8_t>(text[at]) & 0x80) != 0) return false;
  }
  return true;
}

}  // namespace

std::string_view Strip(std::string_view text) {
  const auto is_end = [](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return byte <= 0x20 || byte >= 0x80;
  };
  while (!text.empty() && is_end(text.front())) {
    const char* at = text.data();
    const auto c = Utf8::decode(at, text.data() + text.size());
    if (!boost::locale::utf::is_valid_codepoint(c) || !IsSpace(c)) break;
    text.remove_prefix(static_cast<size_t>(at - text.data()));
  }
  while (!text.empty() && is_end(text.back())) {
    // Back to the first byte of the last character.
    size_t first = text.size() - 1;
    while (first > 0 && text.size() - first < 4 && Utf8::is_trail(text[first])) --first;
    const char* at = text.data() + first;
    const auto c = Utf8::decode(at, text.data() + text.size());
    if (!boost::locale::utf::is_valid_codepoint(c) || !IsSpace(c)) break;
    text.remove_suffix(text.size() - first);
  }
  return text;
}

bool IsUtf8(std::string_view text) {
  if (IsAscii(text)) return true;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  while (at != end) {
    if (!boost::locale::utf::is_valid_codepoint(Utf8::decode(at, end))) return false;
  }
  return true;
}

void AppendCsvField(std::string_view text, std::string* line) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    line->append(text);
    return;
  }
  line->push_back('"');
  for (const char c : text) {
    if (c == '"') line->push_back('"');
    line->push_back(c);
  }
  line->push_back('"');
}

}  // namespace kundig::tools
