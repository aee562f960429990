// Which customers a load asks for: all alike, or few of them often (Zipf).
//
// Zipf draws are by rejection-inversion (Hoermann, Derflinger: Rejection-inversion to generate
// variates from monotone discrete distributions, 1996): exact, without a table, in constant time
// whatever the number of customers. Ranks are spread over the customers by a fixed permutation, so
// that the frequent ones do not lie side by side in the server's memory.
//
// Thread safety: a KeyDraw is immutable; the stream that it draws from belongs to one thread.

#ifndef KUNDIG_TOOLS_BENCH_KEYS_H_
#define KUNDIG_TOOLS_BENCH_KEYS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/generate_random.h"

namespace kundig::tools {

class KeyDraw {
 public:
  // `skew` 0: uniform. Otherwise rank k of 1..`keys` comes with a probability proportional to
  // k^-skew. `keys` at least 1, `skew` at most kLargestSkew.
  static constexpr double kLargestSkew = 10;
  KeyDraw(uint64_t keys, double skew);

  // The number of a customer, from 0 to below `keys`.
  uint64_t Draw(RandomStream* random) const;
  // A rank, from 1 to `keys`; of uniform draws all are alike.
  uint64_t DrawRank(RandomStream* random) const;
  // The customer of a rank; different ones for different ranks.
  uint64_t CustomerOfRank(uint64_t rank) const;

 private:
  double Integral(double rank) const;         // of x^-skew
  double InverseIntegral(double area) const;  // of the above
  double Height(double rank) const;           // rank^-skew

  uint64_t keys_;
  double skew_;
  uint64_t stride_ = 1;  // has no factor in common with keys_
  double area_of_first_ = 0, area_of_all_ = 0, surely_taken_ = 0;
};

// The skew of "uniform" or "zipf:0.99"; nullopt for anything else.
std::optional<double> ParseKeys(std::string_view text);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_BENCH_KEYS_H_
