#include "engine/number_literal.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace kundig::engine {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr Relation kRelations[] = {Relation::kEqual,   Relation::kNotEqual,
                                   Relation::kLess,    Relation::kLessOrEqual,
                                   Relation::kGreater, Relation::kGreaterOrEqual};

bool Compare(int64_t a, Relation relation, int64_t b) {
  switch (relation) {
    case Relation::kEqual:
      return a == b;
    case Relation::kNotEqual:
      return a != b;
    case Relation::kLess:
      return a < b;
    case Relation::kLessOrEqual:
      return a <= b;
    case Relation::kGreater:
      return a > b;
    case Relation::kGreaterOrEqual:
      return a >= b;
  }
  return false;
}

bool LiesIn(int64_t value, const IntegerRange& range) {
  return (range.low <= value && value <= range.high) != range.inverted;
}

TEST(NumberLiteralTest, SeparatesTheSameIntegersAsTheDecimalItself) {
  // All decimals of two places around zero, against integers in units of a hundredth.
  for (int64_t hundredths = -120; hundredths <= 120; ++hundredths) {
    const int64_t size = hundredths < 0 ? -hundredths : hundredths;
    const std::string text = std::string(hundredths < 0 ? "-" : "") + std::to_string(size / 100) +
                             "." + std::to_string(size / 10 % 10) + std::to_string(size % 10);
    for (int decimals = 0; decimals <= 3; ++decimals) {
      const int64_t units[] = {1, 10, 100, 1000};
      const NumberLiteral literal = ReadNumberLiteral(text, decimals);
      for (int64_t value = -2 * units[decimals]; value <= 2 * units[decimals]; ++value) {
        for (Relation relation : kRelations) {
          ASSERT_EQ(LiesIn(value, RangeOf(relation, literal)),
                    Compare(value * 100, relation, hundredths * units[decimals]))
              << value << " " << static_cast<int>(relation) << " " << text << " with " << decimals;
        }
      }
    }
  }
}

TEST(NumberLiteralTest, ReadsSignsZerosAndLongFractions) {
  EXPECT_EQ(ReadNumberLiteral("007", 0).Exact(), 7);
  EXPECT_EQ(ReadNumberLiteral("+12", 0).Exact(), 12);
  EXPECT_EQ(ReadNumberLiteral("-12", 0).Exact(), -12);
  EXPECT_EQ(ReadNumberLiteral("-0", 0).Exact(), 0);
  EXPECT_EQ(ReadNumberLiteral("1.000000000000000000000000000", 0).Exact(), 1);
  EXPECT_EQ(ReadNumberLiteral("62.5", 3).Exact(), 62500);
  EXPECT_EQ(ReadNumberLiteral("35.5", 2).Exact(), 3550);
  EXPECT_EQ(ReadNumberLiteral(std::string(5000, '0') + "8", 0).Exact(), 8);

  const NumberLiteral small = ReadNumberLiteral("-0.0000000000000000000000000001", 3);
  EXPECT_EQ(small.at_most, -1);
  EXPECT_EQ(small.at_least, 0);
  EXPECT_EQ(small.Exact(), std::nullopt);
}

TEST(NumberLiteralTest, KeepsTheEndsOf64Bits) {
  EXPECT_EQ(ReadNumberLiteral("9223372036854775807", 0).Exact(), kMax);
  EXPECT_EQ(ReadNumberLiteral("-9223372036854775808", 0).Exact(), kMin);
  EXPECT_EQ(ReadNumberLiteral("9223372036854775.807", 3).Exact(), kMax);

  const NumberLiteral above = ReadNumberLiteral("9223372036854775807.5", 0);
  EXPECT_EQ(above.at_most, kMax);
  EXPECT_EQ(above.at_least, std::nullopt);
  const NumberLiteral below = ReadNumberLiteral("-9223372036854775808.5", 0);
  EXPECT_EQ(below.at_most, std::nullopt);
  EXPECT_EQ(below.at_least, kMin);
}

TEST(NumberLiteralTest, ComparesWithNumbersBeyond64Bits) {
  for (const std::string& text :
       {std::string("9223372036854775808"), std::string("18446744073709551616"),
        std::string("99999999999999999999"), std::string(10'000, '9'),
        std::string("9223372036854775807.0000001")}) {
    const NumberLiteral above = ReadNumberLiteral(text, 0),
                        below = ReadNumberLiteral("-" + text + "9", 0);
    for (int64_t value : {kMin, kMin + 1, int64_t{-1}, int64_t{0}, int64_t{1}, kMax - 1, kMax}) {
      EXPECT_TRUE(LiesIn(value, RangeOf(Relation::kLess, above))) << text;
      EXPECT_TRUE(LiesIn(value, RangeOf(Relation::kLessOrEqual, above))) << text;
      EXPECT_TRUE(LiesIn(value, RangeOf(Relation::kNotEqual, above))) << text;
      EXPECT_FALSE(LiesIn(value, RangeOf(Relation::kEqual, above))) << text;
      EXPECT_FALSE(LiesIn(value, RangeOf(Relation::kGreater, above))) << text;
      EXPECT_FALSE(LiesIn(value, RangeOf(Relation::kGreaterOrEqual, above))) << text;
      if (text.find('.') != std::string::npos) continue;  // one more digit would be a decimal
      EXPECT_TRUE(LiesIn(value, RangeOf(Relation::kGreater, below))) << text;
      EXPECT_TRUE(LiesIn(value, RangeOf(Relation::kGreaterOrEqual, below))) << text;
      EXPECT_TRUE(LiesIn(value, RangeOf(Relation::kNotEqual, below))) << text;
      EXPECT_FALSE(LiesIn(value, RangeOf(Relation::kEqual, below))) << text;
      EXPECT_FALSE(LiesIn(value, RangeOf(Relation::kLess, below))) << text;
      EXPECT_FALSE(LiesIn(value, RangeOf(Relation::kLessOrEqual, below))) << text;
    }
  }
}

TEST(NumberLiteralTest, ComparesTheVeryEnds) {
  const NumberLiteral highest = ReadNumberLiteral("9223372036854775807", 0);
  EXPECT_FALSE(LiesIn(kMax, RangeOf(Relation::kGreater, highest)));
  EXPECT_TRUE(LiesIn(kMax, RangeOf(Relation::kGreaterOrEqual, highest)));
  EXPECT_FALSE(LiesIn(kMax, RangeOf(Relation::kLess, highest)));
  const NumberLiteral lowest = ReadNumberLiteral("-9223372036854775808", 0);
  EXPECT_FALSE(LiesIn(kMin, RangeOf(Relation::kLess, lowest)));
  EXPECT_TRUE(LiesIn(kMin, RangeOf(Relation::kLessOrEqual, lowest)));
  EXPECT_FALSE(LiesIn(kMin, RangeOf(Relation::kGreater, lowest)));
  // The scale alone may lead out of 64 bits.
  EXPECT_TRUE(LiesIn(kMax, RangeOf(Relation::kLess, ReadNumberLiteral("9223372036854775807", 3))));
}

}  // namespace
}  // namespace kundig::engine
