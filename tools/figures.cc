#include "tools/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

namespace kundig::tools {

namespace {

uint64_t Magnitude(int64_t value) {
  return value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
}

bool ParseNumber(std::string_view text, int* value) {
  for (char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return std::from_chars(text.data(), text.data() + text.size(), *value).ec == std::errc();
}

// So many parts of one, which has `digits` zeros, without zeros at the end.
std::string FormatParts(int64_t value, uint64_t one, int digits) {
  const uint64_t magnitude = Magnitude(value);
  std::string text =
      fmt::format("{}{}.{:0{}}", value < 0 ? "-" : "", magnitude / one, magnitude % one, digits);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

size_t TextWidth(std::string_view utf8) {
  size_t width = 0;
  for (char c : utf8) width += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return width;
}

std::string Printable(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return out;
}

std::string FormatCount(uint64_t count) {
  std::string text = std::to_string(count);
  for (size_t place = text.size(); place > 3; place -= 3) text.insert(place - 3, 1, ',');
  return text;
}

std::string FormatCount(uint64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", FormatCount(count), thing, count == 1 ? "" : "s");
}

std::string FormatDayCount(int64_t days) {
  return fmt::format("{} {}", days, days == 1 ? "day" : "days");
}

std::string FormatMoney(int64_t minor) {
  const uint64_t magnitude = Magnitude(minor);
  return fmt::format("{}{}.{:02}", minor < 0 ? "-" : "", FormatCount(magnitude / 100),
                     magnitude % 100);
}

std::string FormatPercent(double fraction) {
  return std::isfinite(fraction) ? fmt::format("{:.1f} %", 100 * fraction) : kAbsent;
}

std::string FormatThousandths(int64_t value) {
  return FormatParts(value, 1000, 3);
}

std::string FormatMillionths(int64_t value) {
  return FormatParts(value, 1'000'000, 6);
}

std::string FormatDay(int32_t days_since_1970) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days_since_1970}}};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::optional<int32_t> ParseDay(std::string_view text) {
  int year = 0, month = 0, day = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' ||
      !ParseNumber(text.substr(0, 4), &year) || !ParseNumber(text.substr(5, 2), &month) ||
      !ParseNumber(text.substr(8, 2), &day)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return static_cast<int32_t>(std::chrono::sys_days{date}.time_since_epoch().count());
}

std::string DayMistake(const std::string& text) {
  return ParseDay(text) ? "" : text + " is no date; write it as YYYY-MM-DD";
}

std::string FormatTime(int64_t unix_ms) {
  constexpr int64_t kDayS = 86'400;
  const int64_t seconds = unix_ms >= 0 ? unix_ms / 1000 : (unix_ms - 999) / 1000;
  const int64_t day = seconds >= 0 ? seconds / kDayS : (seconds - kDayS + 1) / kDayS;
  const int64_t rest = seconds - day * kDayS;
  return fmt::format("{}T{:02}:{:02}:{:02}Z", FormatDay(static_cast<int32_t>(day)), rest / 3600,
                     rest / 60 % 60, rest % 60);
}

std::string FormatTimeMs(int64_t unix_ms) {
  std::string text = FormatTime(unix_ms);
  text.back() = '.';
  return text + fmt::format("{:03}Z", (unix_ms % 1000 + 1000) % 1000);
}

}  // namespace kundig::tools
