#include "tools/import_columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "tools/csv_text.h"

namespace kundig::tools {

namespace {

// A text in a reason is cut here.
constexpr size_t kShownTextWidth = 40;

std::string RoleNames(std::span<const Role> roles) {
  std::vector<std::string_view> names;
  for (const Role& role : roles) names.push_back(role.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

Outcome<ColumnNames> ParseColumnNames(std::string_view text, std::span<const Role> roles) {
  ColumnNames names;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      return Failure{fmt::format("--columns: '{}' is not of the form role=Header", part),
                     kExitUsage};
    }
    const std::string role(Strip(part.substr(0, equals)));
    const bool known =
        std::any_of(roles.begin(), roles.end(), [&](const Role& one) { return one.name == role; });
    if (!known) {
      return Failure{
          fmt::format("--columns: there is no role '{}'; the roles are {}", role, RoleNames(roles)),
          kExitUsage};
    }
    if (!names.emplace(role, Strip(part.substr(equals + 1))).second) {
      return Failure{fmt::format("--columns: role '{}' is named twice", role), kExitUsage};
    }
  }
  return names;
}

Outcome<Columns> Columns::Find(std::span<const Role> roles, const ColumnNames& names,
                               std::span<const std::string> header, std::string_view file) {
  Columns columns;
  columns.roles_ = roles;
  columns.width_ = header.size();
  std::vector<bool> used(header.size(), false);
  for (const Role& role : roles) {
    const auto named = names.find(role.name);
    std::optional<size_t> place;
    if (names.empty() || named != names.end()) {
      const std::string_view wanted = names.empty() ? role.name : std::string_view(named->second);
      const auto found = std::find(header.begin(), header.end(), wanted);
      if (found != header.end()) {
        if (std::find(found + 1, header.end(), wanted) != header.end()) {
          return Failure{fmt::format("{}: the header names column '{}' twice", file, wanted)};
        }
        place = static_cast<size_t>(found - header.begin());
        used[*place] = true;
      } else if (!names.empty() || role.required) {
        return Failure{fmt::format(
            "{}: the header has no column '{}' for the role {}; name it with --columns {}=HEADER "
            "(the header has: {})",
            file, wanted, role.name, role.name, fmt::join(header, ", "))};
      }
    } else if (role.required) {
      return Failure{fmt::format("{}: --columns names no column for the role {}", file, role.name),
                     kExitUsage};
    }
    columns.places_.push_back(place);
  }
  for (size_t i = 0; i < header.size(); ++i) {
    if (!used[i]) columns.unused_.push_back(header[i]);
  }
  return columns;
}

void RowText::Start(const CsvRow& row) {
  reason_.clear();
  fields_ = row.fields;
  if (fields_.size() == columns_.width()) return;
  reason_ = fmt::format("{} fields where the header has {}", fields_.size(), columns_.width());
  fields_ = {};
}

void RowText::MarkBad(size_t role, std::string_view expected) {
  if (bad()) return;
  std::string_view text = Raw(role);
  if (!IsUtf8(text)) {
    reason_ = fmt::format("{} is not UTF-8", columns_.name(role));
  } else if (text.empty()) {
    reason_ = fmt::format("{} is empty, expected {}", columns_.name(role), expected);
  } else {
    reason_ = fmt::format("{} is '{:.{}}', expected {}", columns_.name(role), text, kShownTextWidth,
                          expected);
  }
}

std::string_view RowText::Raw(size_t role) const {
  if (!columns_.Has(role) || fields_.empty()) return {};
  return Strip(fields_[columns_.Place(role)]);
}

std::string_view RowText::Text(size_t role) {
  const std::string_view text = Raw(role);
  if (!IsUtf8(text)) MarkBad(role, "UTF-8");
  return text;
}

std::string_view RowText::Id(size_t role) {
  const std::string_view text = Text(role);
  if (text.empty()) MarkBad(role, "an id");
  return text;
}

Decimal RowText::Number(size_t role) {
  if (bad()) return {};
  const auto number = Decimal::Parse(Raw(role));
  if (!number) MarkBad(role, "a number of at most 38 digits");
  return number.value_or(Decimal());
}

uint32_t RowText::Whole(size_t role, uint32_t least, uint32_t most) {
  if (bad()) return 0;
  const std::string_view text = Raw(role);
  uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || value < least || value > most) {
    MarkBad(role, fmt::format("a whole number from {} to {}", least, most));
  }
  return value;
}

int64_t RowText::Time(size_t role) {
  if (bad()) return 0;
  const auto time = moments_->ReadMs(Raw(role));
  if (!time) MarkBad(role, "a time");
  return time.value_or(0);
}

int32_t RowText::Day(size_t role) {
  if (bad()) return 0;
  const auto day = moments_->ReadDay(Raw(role));
  if (!day) MarkBad(role, "a day");
  return day.value_or(0);
}

}  // namespace kundig::tools
