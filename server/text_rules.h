// What a text from outside must be before the engine sees it: UTF-8, within its length, and an id
// without control characters.
//
// Thread safety: pure functions.

#ifndef KUNDIG_SERVER_TEXT_RULES_H_
#define KUNDIG_SERVER_TEXT_RULES_H_

#include <string_view>

#include "engine/limits.h"

namespace kundig::server {

// The forms in words, for refusals.
inline constexpr char kIdForm[] = "1 to 64 bytes of UTF-8 without control characters";
inline constexpr char kNameForm[] = "1 to 128 bytes of UTF-8";
static_assert(engine::kMaxIdBytes == 64 && engine::kMaxNameBytes == 128);

// Printable ASCII only, which nearly every id and name is; quick, also over many of them at once.
bool IsPlain(std::string_view text);
// Shortest forms only, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);
// 1 to engine::kMaxIdBytes bytes of UTF-8 without U+0000..U+001F and U+007F..U+009F.
bool IsId(std::string_view text);
// 1 to engine::kMaxNameBytes bytes of UTF-8.
bool IsName(std::string_view text);

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_TEXT_RULES_H_
