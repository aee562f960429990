#include "tools/watch_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "tools/answer_json.h"
#include "tools/column_value.h"
#include "tools/figures.h"
#include "tools/names.h"

namespace kundig::tools {

namespace {

using ValueColumns = std::vector<std::unique_ptr<wire::ColumnT>>;

bool AreWhole(const ValueColumns& columns, size_t rows) {
  return std::all_of(columns.begin(), columns.end(),
                     [&](const auto& column) { return IsWhole(*column, rows); });
}

void AppendValues(const ValueColumns& columns, size_t row, std::string* out) {
  if (std::all_of(columns.begin(), columns.end(),
                  [&](const auto& column) { return IsAbsent(*column, row); })) {
    *out += "null";
    return;
  }
  char before = '{';
  for (const auto& column : columns) {
    *out += before;
    AppendText(column->name, out);
    *out += ':';
    AppendJson(*column, row, out);
    before = ',';
  }
  *out += '}';
}

std::string_view Direction(const wire::ChangeT& change) {
  return change.entered ? "entered" : "left";
}

}  // namespace

bool IsWhole(const wire::WatchReplyT& answer) {
  return answer.before.size() == answer.after.size() &&
         AreWhole(answer.before, answer.changes.size()) &&
         AreWhole(answer.after, answer.changes.size());
}

std::string ChangeJson(const wire::WatchReplyT& answer, size_t row) {
  const wire::ChangeT& change = *answer.changes[row];
  std::string out =
      fmt::format(R"({{"sequence":{},"position":"{}","time":"{}","customer":)", change.sequence,
                  FormatPosition(PositionOf(answer, row)), FormatTime(change.at));
  AppendText(change.customer, &out);
  out += fmt::format(R"(,"change":"{}","cause":"{}","before":)", Direction(change),
                     Name(change.cause));
  AppendValues(answer.before, row, &out);
  out += R"(,"after":)";
  AppendValues(answer.after, row, &out);
  out += "}\n";
  return out;
}

std::string ChangeText(const wire::WatchReplyT& answer, size_t row) {
  const wire::ChangeT& change = *answer.changes[row];
  std::string out = fmt::format("{}  {}  {}  {:7}  {}", change.sequence, FormatTime(change.at),
                                Printable(change.customer), Direction(change), Name(change.cause));
  for (size_t at = 0; at < answer.before.size(); ++at) {
    out += fmt::format("  {}: {} -> {}", Printable(answer.after[at]->name),
                       Printable(CellOf(*answer.before[at], row)),
                       Printable(CellOf(*answer.after[at], row)));
  }
  out += '\n';
  return out;
}

wire::FeedPosition PositionOf(const wire::WatchReplyT& answer, size_t row) {
  const wire::ChangeT& change = *answer.changes[row];
  return {answer.position->feed(), change.sequence, change.place};
}

std::string FormatPosition(const wire::FeedPosition& position) {
  return fmt::format("{}.{}.{}", position.sequence(), position.place(), position.feed());
}

std::optional<wire::FeedPosition> ParsePosition(std::string_view text) {
  // Behind all of the sequence, of whichever feed.
  std::array<uint64_t, 3> numbers{0, std::numeric_limits<uint64_t>::max(), 0};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (uint64_t& number : numbers) {
    const auto [rest, error] = std::from_chars(at, end, number);
    if (error != std::errc()) return std::nullopt;
    if (rest == end) return wire::FeedPosition(numbers[2], numbers[0], numbers[1]);
    if (*rest != '.') return std::nullopt;
    at = rest + 1;
  }
  return std::nullopt;
}

std::string PositionMistake(const std::string& text) {
  return ParsePosition(text) ? ""
                             : "name a place as SEQUENCE, SEQUENCE.PLACE or SEQUENCE.PLACE.FEED, "
                               "not " +
                                   text;
}

}  // namespace kundig::tools
