#include "tools/decimal.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace kundig::tools {
namespace {

Decimal D(std::string_view text) {
  const auto number = Decimal::Parse(text);
  EXPECT_TRUE(number) << text;
  return number.value_or(Decimal());
}

TEST(Decimal, ReadsTheFormsOfNumbers) {
  EXPECT_EQ(D("12.5").Rounded(2), 1250);
  EXPECT_EQ(D("-12.5").Rounded(2), -1250);
  EXPECT_EQ(D("+.5").Rounded(2), 50);
  EXPECT_EQ(D("5.").Rounded(2), 500);
  EXPECT_EQ(D("1e3").Rounded(2), 100000);
  EXPECT_EQ(D("1.25E-1").Rounded(3), 125);
  EXPECT_EQ(D("0e9999999").Rounded(2), 0);
  EXPECT_EQ(D("000000000000000000000000000000000000000000001").Rounded(0), 1);
  EXPECT_EQ(D("1.0000000000000000000000000000000000000000000").Rounded(2), 100);
}

TEST(Decimal, RefusesWhatIsNoNumber) {
  for (const char* text : {"", " ", ".", "-", "+-1", "1,5", "1.2.3", "e5", "1e", "1e+", "1e5x",
                           "0x1", "nan", "inf", "1 ", " 1", "twelve", "1_000"}) {
    EXPECT_FALSE(Decimal::Parse(text)) << text;
  }
}

TEST(Decimal, RefusesWhatIsOutOfRange) {
  EXPECT_TRUE(Decimal::Parse("99999999999999999999999999999999999999"));
  EXPECT_FALSE(Decimal::Parse("999999999999999999999999999999999999990"));
  EXPECT_FALSE(Decimal::Parse("1e39"));
  EXPECT_FALSE(Decimal::Parse("1e-39"));
  EXPECT_TRUE(Decimal::Parse("1e-38"));
  EXPECT_EQ(D("92233720368547758.07").Rounded(2), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(D("-92233720368547758.07").Rounded(2), -std::numeric_limits<int64_t>::max());
  EXPECT_FALSE(D("92233720368547758.08").Rounded(2));
  EXPECT_FALSE(D("99999999999999999999999999999999999999").Rounded(2));
}

TEST(Decimal, RoundsHalfAwayFromZeroOnce) {
  EXPECT_EQ(D("0.005").Rounded(2), 1);
  EXPECT_EQ(D("-0.005").Rounded(2), -1);
  EXPECT_EQ(D("0.00499999999999999999999999").Rounded(2), 0);
  EXPECT_EQ(D("1.115").Rounded(2), 112);
  EXPECT_EQ(D("2.5").Rounded(0), 3);
  EXPECT_EQ(D("-2.5").Rounded(0), -3);
  EXPECT_EQ(D("-2.5").Truncated(0), -2);
  EXPECT_EQ(D("1.119").Truncated(2), 111);
  EXPECT_EQ(D("0.00000000000000000000000000000000000001").Rounded(2), 0);
}

TEST(Decimal, AddsAndMultipliesExactly) {
  Decimal sum;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(sum.Add(D("0.1")));
  EXPECT_EQ(sum.Rounded(0), 1);
  ASSERT_TRUE(sum.Add(D("-1")));
  EXPECT_TRUE(sum.zero());
  EXPECT_FALSE(sum.negative());
  ASSERT_TRUE(sum.Add(D("-0.001")));
  EXPECT_TRUE(sum.negative());
  EXPECT_EQ(Decimal::Multiply(D("-3"), D("6.95"))->Rounded(2), -2085);
  EXPECT_EQ(Decimal::Multiply(D("0"), D("-6.95"))->negative(), false);
  EXPECT_EQ(Decimal::Multiply(D("1e19"), D("1e-19"))->Rounded(2), 100);
  EXPECT_EQ(Decimal::Multiply(D("12345678901234567.89"), D("0.01"))->Rounded(2), 12345678901234568);
}

TEST(Decimal, LeavesTheSumAloneWhereItWouldOverflow) {
  Decimal sum = D("99999999999999999999999999999999999999");
  EXPECT_FALSE(sum.Add(D("1")));
  EXPECT_FALSE(sum.Add(D("0.1")));
  ASSERT_TRUE(sum.Add(D("-99999999999999999999999999999999999998")));
  EXPECT_EQ(sum.Rounded(0), 1);
  EXPECT_FALSE(Decimal::Multiply(D("1e20"), D("1e20")));
  EXPECT_FALSE(Decimal::Multiply(D("1e-20"), D("1e-20")));
}

TEST(Decimal, ComesBackFromItsBinaryForm) {
  for (const char* text : {"0", "1", "-1", "0.01", "-123456789012345678901234567890.12345678",
                           "99999999999999999999999999999999999999", "1e-38"}) {
    std::string bytes;
    D(text).AppendTo(&bytes);
    const char* at = bytes.data();
    const auto back = Decimal::ReadFrom(&at, bytes.data() + bytes.size());
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(at, bytes.data() + bytes.size());
    Decimal difference = *back;
    Decimal minus = *Decimal::Multiply(D("-1"), D(text));
    ASSERT_TRUE(difference.Add(minus)) << text;
    EXPECT_TRUE(difference.zero()) << text;
    const char* cut = bytes.data();
    EXPECT_FALSE(Decimal::ReadFrom(&cut, bytes.data() + bytes.size() - 1)) << text;
  }
}

}  // namespace
}  // namespace kundig::tools
