#include "engine/calendar.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "tests/engine/sample_days.h"

namespace kundig::engine {
namespace {

constexpr int32_t kMinDay = std::numeric_limits<int32_t>::min();
constexpr int32_t kMaxDay = std::numeric_limits<int32_t>::max();

int32_t DaysOfMonth(int32_t year, int32_t month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

TEST(CivilDateTest, CountsEveryDayOfNineCenturies) {
  int32_t since_epoch = -134774;  // 1601-01-01, known as the start of Windows file times
  for (int32_t year = 1601; year < 2500; ++year) {
    for (int32_t month = 1; month <= 12; ++month) {
      for (int32_t day = 1; day <= DaysOfMonth(year, month); ++day, ++since_epoch) {
        const CivilDate date = ToCivil(Day{since_epoch});
        ASSERT_TRUE(date.year == year && date.month == month && date.day == day)
            << year << "-" << month << "-" << day;
        ASSERT_EQ(FromCivil(date), Day{since_epoch});
      }
      ASSERT_EQ(FromCivil({year, month, DaysOfMonth(year, month) + 1}), std::nullopt);
    }
  }
}

TEST(CivilDateTest, KnowsTheEndsOfItsRange) {
  for (int32_t days : {kMinDay, kMinDay + 1, kMaxDay - 1, kMaxDay, -146097, -146098, 146097}) {
    EXPECT_EQ(FromCivil(ToCivil(Day{days})), Day{days}) << days;
  }
  const CivilDate last = ToCivil(Day{kMaxDay});
  EXPECT_EQ(last.year, 5881580);
  EXPECT_EQ(FromCivil({last.year, last.month, last.day + 1}), std::nullopt);
  EXPECT_EQ(FromCivil({std::numeric_limits<int32_t>::max(), 1, 1}), std::nullopt);
  EXPECT_EQ(FromCivil({std::numeric_limits<int32_t>::min(), 1, 1}), std::nullopt);
}

TEST(CivilDateTest, RefusesDatesThatDoNotExist) {
  for (CivilDate date : {CivilDate{2010, 2, 29}, CivilDate{1900, 2, 29}, CivilDate{2010, 0, 1},
                         CivilDate{2010, 13, 1}, CivilDate{2010, 4, 31}, CivilDate{2010, 1, 0},
                         CivilDate{2010, -1, 1}, CivilDate{2010, 257, 1}}) {
    EXPECT_EQ(FromCivil(date), std::nullopt) << date.year << "-" << date.month << "-" << date.day;
  }
  EXPECT_TRUE(FromCivil({2000, 2, 29}).has_value());
}

TEST(DayTextTest, ReadsWhatItWrites) {
  EXPECT_EQ(FormatDay(Day{0}), "1970-01-01");
  EXPECT_EQ(FormatDay(Day{-1}), "1969-12-31");
  EXPECT_EQ(FormatDay(Day{14952}), "2010-12-09");
  EXPECT_EQ(FormatDay(kFirstDay), "1900-01-02");
  EXPECT_EQ(FormatDay(kLastDay), "2079-06-06");
  for (int32_t days : {-719162, -25567, 0, 14952, 39968, 2932896}) {
    EXPECT_EQ(ParseDay(FormatDay(Day{days})), Day{days}) << days;
  }
}

TEST(DayTextTest, ReadsOnlyItsOwnForm) {
  for (const char* text : {"", "2010-12-9", "2010-1-09", "10-12-09", "2010-12-091", " 2010-12-09",
                           "2010/12/09", "2010-12-0x", "2010-02-30", "-010-12-09", "2010-+1-09",
                           "20101209", "2010-12-09T00:00:00", "2010-12_09"}) {
    EXPECT_EQ(ParseDay(text), std::nullopt) << text;
  }
}

TEST(CalendarTest, TakesUtcWithoutOffsets) {
  const Calendar utc;
  EXPECT_EQ(utc.DayOf(TimeMs{0}), Day{0});
  EXPECT_EQ(utc.DayOf(TimeMs{-1}), Day{-1});
  EXPECT_EQ(utc.DayOf(TimeMs{kDayMs - 1}), Day{0});
  EXPECT_EQ(utc.DayOf(TimeMs{kDayMs}), Day{1});
  EXPECT_EQ(utc.DayOf(TimeMs{-kDayMs}), Day{-1});
  EXPECT_EQ(utc.DayOf(TimeMs{-kDayMs - 1}), Day{-2});
}

TEST(CalendarTest, ChangesItsOffsetAtTheVeryMillisecond) {
  // London in 2010: summer time from 28 March 01:00 UTC to 31 October 01:00 UTC.
  const TimeMs spring{1269738000000}, autumn{1288486800000};
  const Calendar london({{TimeMs{0}, 0}, {spring, 3600}, {autumn, 0}});
  const Day march_28 = *ParseDay("2010-03-28"), june_30 = *ParseDay("2010-06-30");
  const Day october_31 = *ParseDay("2010-10-31");
  EXPECT_EQ(london.DayOf(spring), march_28);
  // Half past eleven in the evening by UTC is the next day in summer only.
  const int64_t half_past_eleven = 23 * 3'600'000 + 1'800'000;
  EXPECT_EQ(london.DayOf(TimeMs{june_30.since_epoch * kDayMs + half_past_eleven}), june_30 + 1);
  EXPECT_EQ(london.DayOf(TimeMs{(march_28.since_epoch - 1) * kDayMs + half_past_eleven}),
            march_28 - 1);
  EXPECT_EQ(london.DayOf(TimeMs{october_31.since_epoch * kDayMs + half_past_eleven}), october_31);

  const Calendar jump({{TimeMs{0}, 0}, {TimeMs{kDayMs - 1000}, 1}, {TimeMs{kDayMs}, -1}});
  EXPECT_EQ(jump.DayOf(TimeMs{kDayMs - 1001}), Day{0});
  EXPECT_EQ(jump.DayOf(TimeMs{kDayMs - 1000}), Day{1});
  EXPECT_EQ(jump.DayOf(TimeMs{kDayMs}), Day{0});
  EXPECT_EQ(jump.DayOf(TimeMs{kDayMs + 1000}), Day{1});
}

TEST(CalendarTest, UsesItsFirstOffsetBeforeItToo) {
  const Calendar east({{TimeMs{5 * kDayMs}, 3600}});
  EXPECT_EQ(east.DayOf(TimeMs{-3'600'000}), Day{0});
  EXPECT_EQ(east.DayOf(TimeMs{-3'600'001}), Day{-1});
}

TEST(CalendarTest, SaturatesFarTimes) {
  for (int32_t offset_s : {-86399, 0, 86399}) {
    const Calendar calendar({{TimeMs{0}, offset_s}});
    EXPECT_EQ(calendar.DayOf(TimeMs{std::numeric_limits<int64_t>::max()}), Day{kMaxDay});
    EXPECT_EQ(calendar.DayOf(TimeMs{std::numeric_limits<int64_t>::min()}), Day{kMinDay});
  }
  EXPECT_EQ(Calendar().DayOf(TimeMs{kMaxDay * kDayMs}), Day{kMaxDay});
  EXPECT_EQ(Calendar().DayOf(TimeMs{kMinDay * kDayMs - 1}), Day{kMinDay});
}

TEST(CalendarDeathTest, TakesNoOffsetsOutOfOrder) {
  EXPECT_DEATH(Calendar({{TimeMs{2}, 0}, {TimeMs{1}, 0}}), "CHECK failed");
}

}  // namespace
}  // namespace kundig::engine
