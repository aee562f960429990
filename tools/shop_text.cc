#include "tools/shop_text.h"

#include <date/date.h>
#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace kundig::tools {

namespace {

constexpr int32_t kOpenFromSecond = 7 * 3600;
constexpr int32_t kOpenUntilSecond = 22 * 3600 - 1;

constexpr std::array<std::string_view, 24> kOwners = {
    "anna", "ben",   "chris", "dora", "emil",  "frida", "georg", "hanna",
    "ida",  "jonas", "karla", "leo",  "maria", "nils",  "olga",  "paul",
    "rosa", "simon", "tilda", "uwe",  "vera",  "willi", "yara",  "zoe"};
constexpr std::array<std::string_view, 5> kRegions = {"North", "South", "East", "West", "Centre"};

}  // namespace

void AppendCustomerId(uint64_t number, std::string* line) {
  fmt::format_to(std::back_inserter(*line), FMT_COMPILE("C{:08}"), number + 1);
}

void AppendDay(int32_t day, std::string* line) {
  const date::year_month_day date{date::sys_days{date::days{day}}};
  fmt::format_to(std::back_inserter(*line), FMT_COMPILE("{:04}-{:02}-{:02}"),
                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()));
}

void AppendTime(int32_t day, RandomStream* random, std::string* line) {
  AppendDay(day, line);
  const auto second = random->Between(kOpenFromSecond, kOpenUntilSecond);
  fmt::format_to(std::back_inserter(*line), FMT_COMPILE(" {:02}:{:02}:{:02}"), second / 3600,
                 second / 60 % 60, second % 60);
}

void AppendMoney(int64_t minor, std::string* line) {
  const auto magnitude = static_cast<uint64_t>(minor < 0 ? -minor : minor);
  fmt::format_to(std::back_inserter(*line), FMT_COMPILE("{}{}.{:02}"), minor < 0 ? "-" : "",
                 magnitude / 100, magnitude % 100);
}

int64_t ToMinor(double major) {
  return std::llround(std::clamp(major, 0.01, kLargestAmount) * 100);
}

std::string_view OwnerName(RandomStream* random) {
  return kOwners[static_cast<size_t>(random->Between(0, kOwners.size() - 1))];
}

std::string_view RegionName(RandomStream* random) {
  return kRegions[static_cast<size_t>(random->Between(0, kRegions.size() - 1))];
}

}  // namespace kundig::tools
