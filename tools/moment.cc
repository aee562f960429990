#include "tools/moment.h"

#include <date/date.h>
#include <date/tz.h>
#include <fmt/format.h>

#include <chrono>
#include <climits>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <utility>
#include <vector>

namespace kundig::tools {

namespace {

constexpr int64_t kDaySeconds = 86400;
constexpr size_t kMaxTimeTextBytes = 127;
constexpr int kEarliestYear = 1000;  // of a --time-format

// A clock reading: local where `offset_s` is absent.
struct Reading {
  int64_t seconds = 0;  // since 1970-01-01, as if the reading were UTC
  int32_t milliseconds = 0;
  std::optional<int32_t> offset_s;
};

// Reads fixed digits from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool done() const { return at_ == text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  bool Skip(char c) {
    if (peek() != c || done()) return false;
    ++at_;
    return true;
  }
  void Advance() { ++at_; }

  // Exactly `digits` digits, or -1.
  int Number(size_t digits) {
    if (text_.size() - at_ < digits) return -1;
    int value = 0;
    for (size_t i = 0; i < digits; ++i) {
      const char c = text_[at_ + i];
      if (c < '0' || c > '9') return -1;
      value = value * 10 + (c - '0');
    }
    at_ += digits;
    return value;
  }

  // One or more digits as a fraction of a second, in milliseconds, or -1.
  int Fraction() {
    int value = 0;
    int digits = 0;
    for (; !done() && peek() >= '0' && peek() <= '9'; ++at_, ++digits) {
      if (digits < 3) value = value * 10 + (peek() - '0');
    }
    if (digits == 0) return -1;
    for (; digits < 3; ++digits) value *= 10;
    return value;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

std::optional<int32_t> DayOf(int year, int month, int day) {
  if (year < 1) return std::nullopt;
  const date::year_month_day date{date::year{year}, date::month{static_cast<unsigned>(month)},
                                  date::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return static_cast<int32_t>(date::sys_days{date}.time_since_epoch().count());
}

std::optional<int32_t> ScanDay(Scanner* scan) {
  const int year = scan->Number(4);
  const bool dashes = scan->Skip('-');
  const int month = scan->Number(2);
  if (dashes && !scan->Skip('-')) return std::nullopt;
  const int day = scan->Number(2);
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  return DayOf(year, month, day);
}

// HH[:MM[:SS]] into seconds, for a time of day and for an offset. -1 where it is none.
int ScanClock(Scanner* scan) {
  const int hour = scan->Number(2);
  int minute = 0;
  int second = 0;
  if (scan->Skip(':')) {
    minute = scan->Number(2);
    if (scan->Skip(':')) second = scan->Number(2);
  }
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return -1;
  return (hour * 60 + minute) * 60 + second;
}

std::optional<Reading> ReadIso(std::string_view text) {
  Scanner scan(text);
  const auto day = ScanDay(&scan);
  if (!day) return std::nullopt;
  Reading reading;
  reading.seconds = int64_t{*day} * kDaySeconds;
  if (scan.done()) return reading;
  if (scan.peek() != ' ' && scan.peek() != 'T' && scan.peek() != 't') return std::nullopt;
  scan.Advance();
  const int clock = ScanClock(&scan);
  if (clock < 0) return std::nullopt;
  reading.seconds += clock;
  if (scan.peek() == '.' || scan.peek() == ',') {
    scan.Advance();
    reading.milliseconds = scan.Fraction();
    if (reading.milliseconds < 0) return std::nullopt;
  }
  if (scan.done()) return reading;
  if (scan.Skip('Z') || scan.Skip('z')) {
    reading.offset_s = 0;
  } else if (scan.peek() == '+' || scan.peek() == '-') {
    const bool west = scan.peek() == '-';
    scan.Advance();
    // +HHMM has no colon to go by.
    Scanner rest = scan;
    int offset = ScanClock(&scan);
    if (offset >= 0 && !scan.done()) {
      const int hour = rest.Number(2);
      const int minute = rest.Number(2);
      if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return std::nullopt;
      offset = (hour * 60 + minute) * 60;
      scan = rest;
    }
    if (offset < 0) return std::nullopt;
    reading.offset_s = west ? -offset : offset;
  }
  if (!scan.done()) return std::nullopt;
  return reading;
}

}  // namespace

int32_t TodayUtc() {
  const auto now = std::chrono::system_clock::now();
  return static_cast<int32_t>(date::floor<date::days>(now).time_since_epoch().count());
}

class MomentReader::Impl {
 public:
  Impl(const date::time_zone* zone, const std::string& format) : zone_(zone) {
    // strptime knows no %f: the format is read in pieces, with a fraction between two pieces.
    size_t from = 0;
    if (format.empty()) return;
    for (size_t at = 0; at + 1 < format.size(); ++at) {
      if (format[at] != '%') continue;
      if (format[at + 1] == 'f') {
        pieces_.push_back(format.substr(from, at - from));
        from = at + 2;
      }
      ++at;
    }
    pieces_.push_back(format.substr(from));
  }

  bool has_format() const { return !pieces_.empty(); }

  std::optional<Reading> ReadFormat(std::string_view text) const {
    if (text.size() > kMaxTimeTextBytes) return std::nullopt;
    char copy[kMaxTimeTextBytes + 1];
    std::memcpy(copy, text.data(), text.size());
    copy[text.size()] = '\0';
    // strptime leaves alone what the format does not name.
    constexpr long kNoOffset = LONG_MIN;
    std::tm fields{};
    fields.tm_mday = 1;
    fields.tm_gmtoff = kNoOffset;
    Reading reading;
    const char* at = copy;
    for (size_t i = 0; i < pieces_.size(); ++i) {
      at = strptime(at, pieces_[i].c_str(), &fields);
      if (at == nullptr) return std::nullopt;
      if (i + 1 < pieces_.size()) {
        const char* digits = at;
        while (*at >= '0' && *at <= '9') ++at;
        reading.milliseconds =
            Scanner(std::string_view(digits, static_cast<size_t>(at - digits))).Fraction();
        if (reading.milliseconds < 0) return std::nullopt;
      }
    }
    if (at != copy + text.size()) return std::nullopt;
    // strptime takes a year of fewer than four digits for %Y, so "12/01/10" would be a day of
    // the year 10.
    if (fields.tm_year + 1900 < kEarliestYear) return std::nullopt;
    const auto day = DayOf(fields.tm_year + 1900, fields.tm_mon + 1, fields.tm_mday);
    if (!day || fields.tm_sec > 59) return std::nullopt;
    reading.seconds = int64_t{*day} * kDaySeconds +
                      (int64_t{fields.tm_hour} * 60 + fields.tm_min) * 60 + fields.tm_sec;
    if (fields.tm_gmtoff != kNoOffset) reading.offset_s = static_cast<int32_t>(fields.tm_gmtoff);
    return reading;
  }

  int64_t LocalOffset(int64_t local_seconds) {
    if (local_seconds >= calm_from_ && local_seconds < calm_until_) return calm_offset_;
    const date::local_seconds local{std::chrono::seconds{local_seconds}};
    const date::local_info info = zone_->get_info(local);
    const int64_t offset = info.first.offset.count();
    if (info.result == date::local_info::unique) {
      // Two days away from both ends no local time can be ambiguous or missing, whatever the
      // offset.
      calm_from_ = Shifted(info.first.begin.time_since_epoch().count(), 2 * kDaySeconds);
      calm_until_ = Shifted(info.first.end.time_since_epoch().count(), -2 * kDaySeconds);
      calm_offset_ = offset;
    }
    return offset;
  }

 private:
  // The ends of a zone's first and last stretch are near the limits of the type.
  static int64_t Shifted(int64_t seconds, int64_t by) {
    constexpr int64_t kFar = INT64_MAX / 4;
    if (seconds > kFar) return kFar;
    if (seconds < -kFar) return -kFar;
    return seconds + by;
  }

  const date::time_zone* zone_;
  std::vector<std::string> pieces_;
  int64_t calm_from_ = 0;
  int64_t calm_until_ = 0;
  int64_t calm_offset_ = 0;
};

MomentReader::MomentReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MomentReader::MomentReader(MomentReader&&) noexcept = default;
MomentReader& MomentReader::operator=(MomentReader&&) noexcept = default;
MomentReader::~MomentReader() = default;

Outcome<MomentReader> MomentReader::Create(const std::string& zone, const std::string& format) {
  try {
    return MomentReader(std::make_unique<Impl>(date::locate_zone(zone), format));
  } catch (const std::runtime_error& error) {
    return Failure{
        fmt::format("the book's time zone {} is not known on this machine; install "
                    "tzdata ({})",
                    zone, error.what())};
  }
}

std::optional<int64_t> MomentReader::ReadMs(std::string_view text) {
  const auto reading = impl_->has_format() ? impl_->ReadFormat(text) : ReadIso(text);
  if (!reading) return std::nullopt;
  const int64_t offset =
      reading->offset_s ? int64_t{*reading->offset_s} : impl_->LocalOffset(reading->seconds);
  return (reading->seconds - offset) * 1000 + reading->milliseconds;
}

std::optional<int32_t> MomentReader::ReadDay(std::string_view text) {
  Scanner scan(text);
  const auto plain = ScanDay(&scan);
  if (plain && scan.done()) return plain;
  if (!impl_->has_format()) return std::nullopt;
  const auto reading = impl_->ReadFormat(text);
  if (!reading) return std::nullopt;
  const int64_t seconds = reading->seconds;
  const int64_t day = seconds / kDaySeconds - (seconds % kDaySeconds < 0 ? 1 : 0);
  return static_cast<int32_t>(day);
}

}  // namespace kundig::tools
