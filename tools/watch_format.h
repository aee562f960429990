// The changes of a feed, line by line, and places in it as people type them.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TOOLS_WATCH_FORMAT_H_
#define KUNDIG_TOOLS_WATCH_FORMAT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "schemas/watch_generated.h"

namespace kundig::tools {

// Whether there is a value, or its absence, of every field for every change.
bool IsWhole(const wire::WatchReplyT& answer);

// {"sequence","position","time","customer","change","cause","before":{...},"after":{...}}; before
// and after are null where none of the fields has a value, as of somebody who was no customer.
std::string ChangeJson(const wire::WatchReplyT& answer, size_t row);
// SEQUENCE  TIME  CUSTOMER  entered|left  CAUSE  FIELD: BEFORE -> AFTER ...
std::string ChangeText(const wire::WatchReplyT& answer, size_t row);

// Behind this change.
wire::FeedPosition PositionOf(const wire::WatchReplyT& answer, size_t row);

// SEQUENCE.PLACE.FEED
std::string FormatPosition(const wire::FeedPosition& position);
// The same, or SEQUENCE.PLACE of whichever feed, or SEQUENCE: behind all of it.
std::optional<wire::FeedPosition> ParsePosition(std::string_view text);
// What is wrong with one that somebody typed; empty where nothing is.
std::string PositionMistake(const std::string& text);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_WATCH_FORMAT_H_
