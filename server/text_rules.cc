#include "server/text_rules.h"

#include <boost/locale/utf.hpp>

namespace kundig::server {
namespace {

template <typename Accept>
bool EveryCodePoint(std::string_view text, Accept accept) {
  using Traits = boost::locale::utf::utf_traits<char>;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const boost::locale::utf::code_point point = Traits::decode(at, end);
    if (point == boost::locale::utf::illegal || point == boost::locale::utf::incomplete) {
      return false;
    }
    if (!accept(point)) return false;
  }
  return true;
}

}  // namespace

bool IsPlain(std::string_view text) {
  // No way out of the loop, so that the compiler vectorizes it.
  bool plain = true;
  for (const char c : text) plain = plain & (c >= 0x20) & (c < 0x7f);
  return plain;
}

bool IsUtf8(std::string_view text) {
  return IsPlain(text) || EveryCodePoint(text, [](boost::locale::utf::code_point) { return true; });
}

bool IsId(std::string_view text) {
  if (text.empty() || text.size() > engine::kMaxIdBytes) return false;
  return IsPlain(text) || EveryCodePoint(text, [](boost::locale::utf::code_point point) {
           return point >= 0x20 && (point < 0x7f || point > 0x9f);
         });
}

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= engine::kMaxNameBytes && IsUtf8(text);
}

}  // namespace kundig::server
