#include "tools/moment.h"

#include <gtest/gtest.h>

#include <string>

namespace kundig::tools {
namespace {

constexpr int64_t kHourMs = 3600 * 1000;

MomentReader Reader(const std::string& zone, const std::string& format = "") {
  auto reader = MomentReader::Create(zone, format);
  EXPECT_TRUE(reader.has_value());
  return std::move(*reader);
}

TEST(Moment, ReadsTheFormsOfTimes) {
  MomentReader utc = Reader("UTC");
  constexpr int64_t kDay = 1259625600000;  // 2009-12-01
  EXPECT_EQ(utc.ReadMs("2009-12-01"), kDay);
  EXPECT_EQ(utc.ReadMs("20091201"), kDay);
  EXPECT_EQ(utc.ReadMs("2009-12-01 07:45:00"), kDay + 7 * kHourMs + 45 * 60 * 1000);
  EXPECT_EQ(utc.ReadMs("2009-12-01T07:45:00"), kDay + 7 * kHourMs + 45 * 60 * 1000);
  EXPECT_EQ(utc.ReadMs("2009-12-01 07:45"), kDay + 7 * kHourMs + 45 * 60 * 1000);
  EXPECT_EQ(utc.ReadMs("2009-12-01 07:45:01.5"), kDay + 7 * kHourMs + (45 * 60 + 1) * 1000 + 500);
  EXPECT_EQ(utc.ReadMs("2009-12-01T00:00:00.123999Z"), kDay + 123);
  EXPECT_EQ(utc.ReadMs("2009-12-01T00:00:00Z"), kDay);
  EXPECT_EQ(utc.ReadMs("2009-12-01T00:00:00+02:00"), kDay - 2 * kHourMs);
  EXPECT_EQ(utc.ReadMs("2009-12-01T00:00:00-0130"), kDay + 90 * 60 * 1000);
  EXPECT_EQ(utc.ReadMs("1969-12-31 23:59:59.999"), -1);
}

TEST(Moment, RefusesWhatIsNoTime) {
  MomentReader utc = Reader("UTC");
  for (const char* text :
       {"", "yesterday", "2009-02-29", "2009-13-01", "2009-00-01", "0000-01-01", "2009-1-1",
        "2009-12-01 24:00:00", "2009-12-01 07:60:00", "2009-12-01 07:45:60", "2009-12-01 07:45:00.",
        "2009-12-01 07:45:00 GMT", "2009-12-01 07:45:00+", "2009-12-01 07:45:00+25:00",
        "2009-12-01x07:45", "2009-12-01 7:45", "01.12.2009", "2009-12-01 07:45:00Zx"}) {
    EXPECT_FALSE(utc.ReadMs(text)) << text;
  }
}

TEST(Moment, TakesTimesWithoutAZoneAsLocal) {
  MomentReader london = Reader("Europe/London");
  MomentReader utc = Reader("UTC");
  EXPECT_EQ(london.ReadMs("2010-01-15 12:00"), utc.ReadMs("2010-01-15 12:00"));
  EXPECT_EQ(london.ReadMs("2010-07-15 12:00"), utc.ReadMs("2010-07-15 11:00"));
  EXPECT_EQ(london.ReadMs("2010-07-15T12:00:00Z"), utc.ReadMs("2010-07-15 12:00"));
  // Back and forth over a change of the clocks, so that a remembered offset would show.
  EXPECT_EQ(london.ReadMs("2010-01-15 12:00"), utc.ReadMs("2010-01-15 12:00"));
}

TEST(Moment, TakesTheEarlierOfTwoAndTheOffsetBeforeAGap) {
  MomentReader berlin = Reader("Europe/Berlin");
  MomentReader utc = Reader("UTC");
  // 02:30 occurs twice, first in summer time (+2).
  EXPECT_EQ(berlin.ReadMs("2010-10-31 02:30"), utc.ReadMs("2010-10-31 00:30"));
  EXPECT_EQ(berlin.ReadMs("2010-10-31 03:30"), utc.ReadMs("2010-10-31 02:30"));
  // 02:30 does not occur; before the gap the offset is +1.
  EXPECT_EQ(berlin.ReadMs("2010-03-28 02:30"), utc.ReadMs("2010-03-28 01:30"));
  EXPECT_EQ(berlin.ReadMs("2010-03-28 01:30"), utc.ReadMs("2010-03-28 00:30"));
}

TEST(Moment, ReadsAFormOfTheUser) {
  MomentReader utc = Reader("UTC");
  MomentReader german = Reader("Europe/Berlin", "%d.%m.%Y %H:%M");
  EXPECT_EQ(german.ReadMs("1.12.2009 07:45"), utc.ReadMs("2009-12-01 06:45"));
  EXPECT_FALSE(german.ReadMs("2009-12-01"));
  EXPECT_FALSE(german.ReadMs("30.02.2009 07:45"));
  EXPECT_FALSE(german.ReadMs("1.12.2009 07:45 Uhr"));
  MomentReader offset = Reader("Europe/Berlin", "%Y-%m-%dT%H:%M:%S.%f%z");
  EXPECT_EQ(offset.ReadMs("2009-12-01T07:45:00.250+0100"), *utc.ReadMs("2009-12-01 06:45") + 250);
  EXPECT_FALSE(offset.ReadMs("2009-12-01T07:45:00.+0100"));
  EXPECT_FALSE(offset.ReadMs(std::string(1000, '1')));
  MomentReader compact = Reader("UTC", "%Y%m%d");
  EXPECT_EQ(compact.ReadMs("19970101"), utc.ReadMs("1997-01-01"));
}

TEST(Moment, ReadsDays) {
  MomentReader berlin = Reader("Europe/Berlin", "%d.%m.%Y");
  EXPECT_EQ(berlin.ReadDay("1970-01-02"), 1);
  EXPECT_EQ(berlin.ReadDay("02.01.1970"), 1);
  EXPECT_EQ(berlin.ReadDay("1969-12-31"), -1);
  EXPECT_EQ(berlin.ReadDay("31.12.1969"), -1);
  EXPECT_FALSE(berlin.ReadDay("1970-01-02 00:00"));
  EXPECT_FALSE(Reader("UTC").ReadDay("02.01.1970"));
}

TEST(Moment, NamesAZoneThatIsNotKnown) {
  const auto reader = MomentReader::Create("Mars/Olympus", "");
  ASSERT_TRUE(reader.has_error());
  EXPECT_NE(reader.error().sentence.find("Mars/Olympus"), std::string::npos);
}

}  // namespace
}  // namespace kundig::tools
