#include "server/time_zone.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace kundig::server {
namespace {

constexpr int64_t kHourMs = 60 * 60 * 1000;

// The business day of a time that is given as a day and hours, both in UTC.
std::string DayAt(const engine::Calendar& calendar, const char* day, double hours) {
  const int64_t start_ms = engine::ParseDay(day)->since_epoch * 24 * kHourMs;
  const auto in_day_ms = static_cast<int64_t>(hours * kHourMs);
  return engine::FormatDay(calendar.DayOf(engine::TimeMs{start_ms + in_day_ms}));
}

TEST(TimeZone, LondonFollowsItsSummers) {
  const auto london = LoadTimeZone("Europe/London");
  ASSERT_TRUE(london.has_value());
  EXPECT_EQ(DayAt(*london, "2010-01-15", 23.5), "2010-01-15");
  EXPECT_EQ(DayAt(*london, "2010-07-15", 23.5), "2010-07-16");
  // Summer time began on 2010-03-28 at 01:00 UTC and ended on 2010-10-31 at 01:00 UTC.
  EXPECT_EQ(DayAt(*london, "2010-03-27", 23.5), "2010-03-27");
  EXPECT_EQ(DayAt(*london, "2010-03-28", 23.5), "2010-03-29");
  EXPECT_EQ(DayAt(*london, "2010-10-30", 23.5), "2010-10-31");
  EXPECT_EQ(DayAt(*london, "2010-10-31", 23.5), "2010-10-31");
  // Also in years to come, and in the summer that lasted from 1968 to 1971.
  EXPECT_EQ(DayAt(*london, "2036-07-15", 23.5), "2036-07-16");
  EXPECT_EQ(DayAt(*london, "1970-01-15", 23.5), "1970-01-16");
}

TEST(TimeZone, KnowsOffsetsWithMinutesAndBothSigns) {
  const auto kathmandu = LoadTimeZone("Asia/Kathmandu");  // +05:45
  ASSERT_TRUE(kathmandu.has_value());
  EXPECT_EQ(DayAt(*kathmandu, "2020-05-01", 18.2), "2020-05-01");
  EXPECT_EQ(DayAt(*kathmandu, "2020-05-01", 18.3), "2020-05-02");
  const auto honolulu = LoadTimeZone("Pacific/Honolulu");  // -10:00
  ASSERT_TRUE(honolulu.has_value());
  EXPECT_EQ(DayAt(*honolulu, "2020-05-01", 9.9), "2020-04-30");
  EXPECT_EQ(DayAt(*honolulu, "2020-05-01", 10), "2020-05-01");
}

TEST(TimeZone, UtcHasNoOffset) {
  for (const char* name : {"UTC", "Etc/UTC"}) {
    const auto utc = LoadTimeZone(name);
    ASSERT_TRUE(utc.has_value());
    EXPECT_EQ(DayAt(*utc, "2010-07-15", 23.99), "2010-07-15");
    EXPECT_EQ(DayAt(*utc, "2010-07-16", 0), "2010-07-16");
  }
}

TEST(TimeZone, RefusesNamesThatThereAreNot) {
  for (const char* name :
       {"", "Europe/Londno", "europe/london", "../zoneinfo/UTC", "/etc/passwd"}) {
    const auto zone = LoadTimeZone(name);
    ASSERT_TRUE(zone.has_error()) << name;
    EXPECT_NE(zone.error().message.find("\"" + std::string(name) + "\""), std::string::npos);
  }
}

}  // namespace
}  // namespace kundig::server
