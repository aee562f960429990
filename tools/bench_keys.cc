#include "tools/bench_keys.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace kundig::tools {

namespace {

// log(1 + x) / x and (exp(x) - 1) / x, whole at 0: so that a skew of 1 needs no case of its own.
double LogRatio(double x) {
  return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x * (0.5 - x / 3);
}
double ExpRatio(double x) {
  return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x * 0.5 * (1 + x / 3);
}

}  // namespace

KeyDraw::KeyDraw(uint64_t keys, double skew) : keys_(keys), skew_(skew) {
  if (skew_ == 0) return;
  // Near the golden section, neighbouring ranks fall far apart.
  stride_ = std::max<uint64_t>(1, static_cast<uint64_t>(static_cast<double>(keys_) * 0.6180339887));
  while (std::gcd(stride_, keys_) != 1) ++stride_;
  area_of_first_ = Integral(1.5) - 1;
  area_of_all_ = Integral(static_cast<double>(keys_) + 0.5);
  surely_taken_ = 2 - InverseIntegral(Integral(2.5) - Height(2));
}

double KeyDraw::Integral(double rank) const {
  const double log_rank = std::log(rank);
  return ExpRatio((1 - skew_) * log_rank) * log_rank;
}

double KeyDraw::InverseIntegral(double area) const {
  // Rounding may lead below the smallest value that there is.
  const double x = std::max(area * (1 - skew_), -1.0);
  return std::exp(LogRatio(x) * area);
}

double KeyDraw::Height(double rank) const {
  return std::exp(-skew_ * std::log(rank));
}

uint64_t KeyDraw::DrawRank(RandomStream* random) const {
  if (skew_ == 0) {
    // 53 random bits over at most 2^27 keys; an exact draw would cost a division.
    return 1 + static_cast<uint64_t>(random->Uniform() * static_cast<double>(keys_));
  }
  while (true) {
    const double area = area_of_all_ + random->Uniform() * (area_of_first_ - area_of_all_);
    const double x = InverseIntegral(area);
    const double rank = std::clamp(std::floor(x + 0.5), 1.0, static_cast<double>(keys_));
    if (rank - x <= surely_taken_ || area >= Integral(rank + 0.5) - Height(rank)) {
      return static_cast<uint64_t>(rank);
    }
  }
}

uint64_t KeyDraw::CustomerOfRank(uint64_t rank) const {
  // Both factors are below 2^32 for any shop that can be generated (99,999,999 customers).
  return (rank - 1) * stride_ % keys_;
}

uint64_t KeyDraw::Draw(RandomStream* random) const {
  return CustomerOfRank(DrawRank(random));
}

std::optional<double> ParseKeys(std::string_view text) {
  if (text == "uniform") return 0;
  constexpr std::string_view kZipf = "zipf:";
  if (text.substr(0, kZipf.size()) != kZipf) return std::nullopt;
  const std::string number(text.substr(kZipf.size()));
  size_t read = 0;
  double skew = 0;
  try {
    skew = std::stod(number, &read);
  } catch (const std::exception&) {
    return std::nullopt;
  }
  if (read != number.size() || !(skew > 0 && skew <= KeyDraw::kLargestSkew)) return std::nullopt;
  return skew;
}

}  // namespace kundig::tools
