#include "tools/decimal.h"

#include <array>
#include <limits>

namespace kundig::tools {

namespace {

__extension__ typedef unsigned __int128 Unsigned128;

constexpr int kMaxScale = 38;
constexpr int kMaxExponent = 9999;

constexpr std::array<Unsigned128, kMaxScale + 1> PowersOfTen() {
  std::array<Unsigned128, kMaxScale + 1> powers{};
  Unsigned128 power = 1;
  for (size_t i = 0; i < powers.size(); ++i) {
    powers[i] = power;
    if (i + 1 < powers.size()) power *= 10;
  }
  return powers;
}
constexpr std::array<Unsigned128, kMaxScale + 1> kPowersOfTen = PowersOfTen();

constexpr Unsigned128 kMaxCoefficient = kPowersOfTen[kMaxScale] - 1;

// a * b, or nullopt above kMaxCoefficient.
std::optional<Unsigned128> Times(Unsigned128 a, Unsigned128 b) {
  const bool narrow = (a >> 63) == 0 && (b >> 63) == 0;
  if (!narrow && a != 0 && b > kMaxCoefficient / a) return std::nullopt;
  const Unsigned128 product = a * b;
  if (product > kMaxCoefficient) return std::nullopt;
  return product;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

struct Decimal::Arithmetic {
  static Unsigned128 Coefficient(const Decimal& number) {
    return (static_cast<Unsigned128>(number.high_) << 64) | number.low_;
  }

  static Decimal Make(Unsigned128 coefficient, int scale, bool negative) {
    // Zeros at the end would only push sums out of range.
    while (scale > 0 && coefficient % 10 == 0) {
      coefficient /= 10;
      --scale;
    }
    Decimal number;
    number.high_ = static_cast<uint64_t>(coefficient >> 64);
    number.low_ = static_cast<uint64_t>(coefficient);
    number.scale_ = static_cast<int16_t>(scale);
    number.negative_ = negative && coefficient != 0;
    return number;
  }

  static std::optional<int64_t> Scaled(const Decimal& number, int decimals, bool round) {
    Unsigned128 magnitude = Coefficient(number);
    if (number.scale_ <= decimals) {
      const auto scaled =
          Times(magnitude, kPowersOfTen[static_cast<size_t>(decimals - number.scale_)]);
      if (!scaled) return std::nullopt;
      magnitude = *scaled;
    } else {
      const Unsigned128 divisor = kPowersOfTen[static_cast<size_t>(number.scale_ - decimals)];
      const Unsigned128 rest = magnitude % divisor;
      magnitude /= divisor;
      // Not 2 * rest >= divisor: the left side could leave 128 bits.
      if (round && rest >= divisor - rest) ++magnitude;
    }
    if (magnitude > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
    const auto value = static_cast<int64_t>(magnitude);
    return number.negative_ ? -value : value;
  }
};

std::optional<Decimal> Decimal::Parse(std::string_view text) {
  size_t at = 0;
  const size_t size = text.size();
  bool negative = false;
  if (at < size && (text[at] == '+' || text[at] == '-')) negative = text[at++] == '-';

  Unsigned128 coefficient = 0;
  int scale = 0;
  bool any_digit = false;
  bool after_point = false;
  // Zeros behind the point count only once another digit follows, so that 1.50000... is 1.5.
  int held_zeros = 0;
  for (; at < size; ++at) {
    const char c = text[at];
    if (c == '.' && !after_point) {
      after_point = true;
      continue;
    }
    if (!IsDigit(c)) break;
    any_digit = true;
    if (after_point && c == '0') {
      ++held_zeros;
      continue;
    }
    const int shift = after_point ? held_zeros + 1 : 1;
    if (shift > kMaxScale || (after_point && scale + shift > kMaxScale)) return std::nullopt;
    const auto shifted = Times(coefficient, kPowersOfTen[static_cast<size_t>(shift)]);
    if (!shifted || *shifted > kMaxCoefficient - 9) return std::nullopt;
    coefficient = *shifted + static_cast<unsigned>(c - '0');
    if (after_point) {
      scale += shift;
      held_zeros = 0;
    }
  }
  if (!any_digit) return std::nullopt;

  int exponent = 0;
  if (at < size && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    bool down = false;
    if (at < size && (text[at] == '+' || text[at] == '-')) down = text[at++] == '-';
    if (at == size) return std::nullopt;
    for (; at < size && IsDigit(text[at]); ++at) {
      exponent = exponent * 10 + (text[at] - '0');
      if (exponent > kMaxExponent) exponent = kMaxExponent;
    }
    if (down) exponent = -exponent;
  }
  if (at != size) return std::nullopt;
  if (coefficient == 0) return Decimal();

  scale -= exponent;
  if (scale < 0) {
    if (-scale > kMaxScale) return std::nullopt;
    const auto scaled = Times(coefficient, kPowersOfTen[static_cast<size_t>(-scale)]);
    if (!scaled) return std::nullopt;
    coefficient = *scaled;
    scale = 0;
  }
  if (scale > kMaxScale) return std::nullopt;
  return Arithmetic::Make(coefficient, scale, negative);
}

bool Decimal::Add(const Decimal& other) {
  const int scale = std::max(scale_, other.scale_);
  const auto mine =
      Times(Arithmetic::Coefficient(*this), kPowersOfTen[static_cast<size_t>(scale - scale_)]);
  const auto others = Times(Arithmetic::Coefficient(other),
                            kPowersOfTen[static_cast<size_t>(scale - other.scale_)]);
  if (!mine || !others) return false;
  if (negative_ == other.negative_) {
    // Two coefficients below 10^38 stay below 2^128.
    const Unsigned128 sum = *mine + *others;
    if (sum > kMaxCoefficient) return false;
    *this = Arithmetic::Make(sum, scale, negative_);
  } else if (*mine >= *others) {
    *this = Arithmetic::Make(*mine - *others, scale, negative_);
  } else {
    *this = Arithmetic::Make(*others - *mine, scale, other.negative_);
  }
  return true;
}

std::optional<Decimal> Decimal::Multiply(const Decimal& a, const Decimal& b) {
  const auto product = Times(Arithmetic::Coefficient(a), Arithmetic::Coefficient(b));
  if (!product) return std::nullopt;
  const int scale = a.scale_ + b.scale_;
  const Decimal answer = Arithmetic::Make(*product, scale, a.negative_ != b.negative_);
  if (answer.scale_ > kMaxScale) return std::nullopt;
  return answer;
}

std::optional<int64_t> Decimal::Rounded(int decimals) const {
  return Arithmetic::Scaled(*this, decimals, true);
}

std::optional<int64_t> Decimal::Truncated(int decimals) const {
  return Arithmetic::Scaled(*this, decimals, false);
}

// One byte of scale, sign and number of bytes would not hold all three: two bytes, then the
// coefficient without its leading zero bytes.
void Decimal::AppendTo(std::string* out) const {
  Unsigned128 coefficient = Arithmetic::Coefficient(*this);
  char bytes[16];
  size_t count = 0;
  for (; coefficient != 0; coefficient >>= 8) {
    bytes[count++] = static_cast<char>(static_cast<uint8_t>(coefficient));
  }
  out->push_back(static_cast<char>(scale_ * 2 + (negative_ ? 1 : 0)));
  out->push_back(static_cast<char>(count));
  out->append(bytes, count);
}

std::optional<Decimal> Decimal::ReadFrom(const char** at, const char* end) {
  if (end - *at < 2) return std::nullopt;
  const int head = static_cast<uint8_t>((*at)[0]);
  const int count = static_cast<uint8_t>((*at)[1]);
  if (count > 16 || end - *at < 2 + count) return std::nullopt;
  Unsigned128 coefficient = 0;
  for (int i = count; i > 0; --i) {
    coefficient = (coefficient << 8) | static_cast<uint8_t>((*at)[1 + i]);
  }
  *at += 2 + count;
  return Arithmetic::Make(coefficient, head / 2, head % 2 == 1);
}

}  // namespace kundig::tools
