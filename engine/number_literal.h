// A decimal number of an expression, seen from the integers around it. Fields are integers in
// hundredths, thousandths or whole units, and a literal may have more decimals or more digits than
// they do, so a comparison needs only the nearest integers on either side.
//
// Thread safety: plain values and functions.

#ifndef KUNDIG_ENGINE_NUMBER_LITERAL_H_
#define KUNDIG_ENGINE_NUMBER_LITERAL_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/expression.h"

namespace kundig::engine {

struct NumberLiteral {
  std::optional<int64_t> at_most;   // the greatest integer <= the literal; none below 64 bits
  std::optional<int64_t> at_least;  // the smallest integer >= the literal; none above 64 bits

  // The integer that the literal is, where it is one.
  std::optional<int64_t> Exact() const;
};

// `text`: an optional sign, digits, and optionally a point and more digits; any number of them.
// `decimals`: how many decimals the field keeps; "62.5" with 3 is 62500.
NumberLiteral ReadNumberLiteral(std::string_view text, int decimals);

// Integers low..high, or all others where inverted; low > high holds none.
struct IntegerRange {
  int64_t low = 0, high = 0;
  bool inverted = false;
};

// The integers x with `x relation literal`.
IntegerRange RangeOf(Relation relation, const NumberLiteral& literal);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_NUMBER_LITERAL_H_
