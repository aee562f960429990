// A decimal number as a file gives it, kept exactly: sums and products of quantities and prices are
// rounded once, at the end, and never by a binary fraction.
//
// Range: 38 significant digits and up to 38 digits after the point. Whatever would leave it is
// reported and leaves the number unchanged; nothing is rounded silently.
//
// Thread safety: plain values.

#ifndef KUNDIG_TOOLS_DECIMAL_H_
#define KUNDIG_TOOLS_DECIMAL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kundig::tools {

class Decimal {
 public:
  Decimal() = default;  // 0

  // An optional sign, digits with at most one point (".5" and "5." are numbers), an optional
  // exponent. nullopt where the text is no number or is out of range.
  static std::optional<Decimal> Parse(std::string_view text);

  bool negative() const { return negative_; }  // false for 0
  bool zero() const { return low_ == 0 && high_ == 0; }

  // Adds `other`; false, and unchanged, where the sum is out of range.
  [[nodiscard]] bool Add(const Decimal& other);
  // nullopt where the product is out of range.
  static std::optional<Decimal> Multiply(const Decimal& a, const Decimal& b);

  // The number times 10^decimals as an integer, rounded half away from zero.
  // nullopt where it does not fit.
  std::optional<int64_t> Rounded(int decimals) const;
  // The same, with the rest cut off.
  std::optional<int64_t> Truncated(int decimals) const;

  // A compact binary form, for temporary files of this process.
  void AppendTo(std::string* out) const;
  // Reads what AppendTo wrote and moves `*at` behind it. nullopt where the bytes end too early.
  static std::optional<Decimal> ReadFrom(const char** at, const char* end);

 private:
  // -1^negative * (high * 2^64 + low) / 10^scale. Two halves instead of one 128-bit integer,
  // because its 16-byte alignment would cost a quarter of the memory of an aggregated order.
  // Invariant: the coefficient is at most kMaxCoefficient (decimal.cc), 0 <= scale <= kMaxScale,
  // and 0 is not negative.
  uint64_t high_ = 0;
  uint64_t low_ = 0;
  int16_t scale_ = 0;
  bool negative_ = false;

  struct Arithmetic;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_DECIMAL_H_
