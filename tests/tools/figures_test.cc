#include "tools/figures.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace kundig::tools {
namespace {

TEST(Figures, MoneyHasMajorUnitsAndThousands) {
  EXPECT_EQ(FormatMoney(0), "0.00");
  EXPECT_EQ(FormatMoney(5), "0.05");
  EXPECT_EQ(FormatMoney(-5), "-0.05");
  EXPECT_EQ(FormatMoney(123456789), "1,234,567.89");
  EXPECT_EQ(FormatMoney(-100000), "-1,000.00");
  EXPECT_EQ(FormatMoney(std::numeric_limits<int64_t>::min()), "-92,233,720,368,547,758.08");
}

TEST(Figures, CountsHaveThousands) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(0, "customer"), "0 customers");
  EXPECT_EQ(FormatCount(1, "customer"), "1 customer");
  EXPECT_EQ(FormatCount(1001, "customer"), "1,001 customers");
  EXPECT_EQ(FormatCount(std::numeric_limits<uint64_t>::max()), "18,446,744,073,709,551,615");
}

TEST(Figures, MillionthsAreExact) {
  EXPECT_EQ(FormatMillionths(968912), "0.968912");
  EXPECT_EQ(FormatMillionths(1), "0.000001");
  EXPECT_EQ(FormatMillionths(500000), "0.5");
  EXPECT_EQ(FormatMillionths(1000000), "1");
}

TEST(Figures, ThousandthsAreExact) {
  EXPECT_EQ(FormatThousandths(62345), "62.345");
  EXPECT_EQ(FormatThousandths(60000), "60");
  EXPECT_EQ(FormatThousandths(500), "0.5");
  EXPECT_EQ(FormatThousandths(0), "0");
  EXPECT_EQ(FormatThousandths(-1010), "-1.01");
  EXPECT_EQ(FormatThousandths(100000), "100");
}

TEST(Figures, PercentagesOfNothingAreNoNumber) {
  EXPECT_EQ(FormatPercent(0.1234), "12.3 %");
  EXPECT_EQ(FormatPercent(0), "0.0 %");
  EXPECT_EQ(FormatPercent(std::numeric_limits<double>::quiet_NaN()), "–");
}

TEST(Figures, DaysGoBothWays) {
  EXPECT_EQ(FormatTimeMs(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatTimeMs(1'291'986'359'007), "2010-12-10T13:05:59.007Z");
  EXPECT_EQ(FormatTimeMs(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatDay(0), "1970-01-01");
  EXPECT_EQ(FormatDay(-1), "1969-12-31");
  for (int32_t day = -25567; day < 40000; day += 11) EXPECT_EQ(ParseDay(FormatDay(day)), day);
}

TEST(Figures, WhatIsNoDateIsRefused) {
  for (const char* text : {"", "2010-12", "2010-13-01", "2010-02-29", "2010-00-10", "2010-12-9 ",
                           "10-12-2010", "2010/12/09", "2010-12-0x", "+010-12-09", "2010-12-091"}) {
    EXPECT_EQ(ParseDay(text), std::nullopt) << text;
  }
  EXPECT_TRUE(ParseDay("2012-02-29"));
}

TEST(Figures, WidthIsThatOfCodePoints) {
  EXPECT_EQ(TextWidth("Müller"), 6u);
  EXPECT_EQ(TextWidth("–"), 1u);
  EXPECT_EQ(TextWidth(""), 0u);
}

TEST(Figures, ControlCharactersAreNotPrinted) {
  EXPECT_EQ(Printable("a\x1b[31mb\nc\x7f"), "a?[31mb?c?");
  EXPECT_EQ(Printable("Zoë"), "Zoë");
}

}  // namespace
}  // namespace kundig::tools
