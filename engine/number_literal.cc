#include "engine/number_literal.h"

#include <limits>

namespace kundig::engine {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr IntegerRange kNoInteger{1, 0, false};
constexpr IntegerRange kEveryInteger{kMin, kMax, false};

// The size of a number without its sign.
struct Magnitude {
  uint64_t whole = 0;
  bool has_fraction = false;
  bool overflow = false;
};

Magnitude ReadMagnitude(std::string_view text, int decimals) {
  Magnitude magnitude;
  auto append = [&magnitude](unsigned digit) {
    magnitude.overflow = magnitude.overflow ||
                         __builtin_mul_overflow(magnitude.whole, 10u, &magnitude.whole) ||
                         __builtin_add_overflow(magnitude.whole, digit, &magnitude.whole);
  };
  bool after_point = false;
  int missing_decimals = decimals;
  for (char c : text) {
    if (c == '.') {
      after_point = true;
    } else if (!after_point) {
      append(static_cast<unsigned>(c - '0'));
    } else if (missing_decimals > 0) {
      append(static_cast<unsigned>(c - '0'));
      --missing_decimals;
    } else {
      magnitude.has_fraction = magnitude.has_fraction || c != '0';
    }
  }
  for (; missing_decimals > 0; --missing_decimals) append(0);
  return magnitude;
}

// The integer nearest below and the integer nearest above a magnitude, the sign taken away.
NumberLiteral Positive(const Magnitude& magnitude) {
  constexpr auto kLimit = static_cast<uint64_t>(kMax);
  if (magnitude.overflow || magnitude.whole > kLimit) return {kMax, std::nullopt};
  const auto whole = static_cast<int64_t>(magnitude.whole);
  if (!magnitude.has_fraction) return {whole, whole};
  return {whole, whole == kMax ? std::nullopt : std::optional(whole + 1)};
}

NumberLiteral Negative(const Magnitude& magnitude) {
  constexpr uint64_t kLimit = uint64_t{1} << 63;
  if (magnitude.overflow || magnitude.whole > kLimit) return {std::nullopt, kMin};
  const int64_t whole = magnitude.whole == kLimit ? kMin : -static_cast<int64_t>(magnitude.whole);
  if (!magnitude.has_fraction) return {whole, whole};
  return {whole == kMin ? std::nullopt : std::optional(whole - 1), whole};
}

}  // namespace

std::optional<int64_t> NumberLiteral::Exact() const {
  return at_most == at_least ? at_most : std::nullopt;
}

NumberLiteral ReadNumberLiteral(std::string_view text, int decimals) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const Magnitude magnitude = ReadMagnitude(text, decimals);
  return negative ? Negative(magnitude) : Positive(magnitude);
}

IntegerRange RangeOf(Relation relation, const NumberLiteral& literal) {
  switch (relation) {
    case Relation::kEqual:
    case Relation::kNotEqual: {
      IntegerRange range = kNoInteger;
      if (auto exact = literal.Exact()) range = {*exact, *exact, false};
      range.inverted = relation == Relation::kNotEqual;
      return range;
    }
    case Relation::kLess:
      if (!literal.at_least) return kEveryInteger;
      return *literal.at_least == kMin ? kNoInteger
                                       : IntegerRange{kMin, *literal.at_least - 1, false};
    case Relation::kLessOrEqual:
      return literal.at_most ? IntegerRange{kMin, *literal.at_most, false} : kNoInteger;
    case Relation::kGreater:
      if (!literal.at_most) return kEveryInteger;
      return *literal.at_most == kMax ? kNoInteger
                                      : IntegerRange{*literal.at_most + 1, kMax, false};
    case Relation::kGreaterOrEqual:
      return literal.at_least ? IntegerRange{*literal.at_least, kMax, false} : kNoInteger;
  }
  return kNoInteger;
}

}  // namespace kundig::engine
