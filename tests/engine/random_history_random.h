// The dice of random histories: the same seed gives the same throws in every build.
//
// Thread safety: one thread at a time.

#ifndef KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_RANDOM_H_
#define KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_RANDOM_H_

#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <random>

namespace kundig::engine {

class Random {
 public:
  explicit Random(uint64_t seed) : generator_(seed) {}

  // 0..n-1. The standard's own distributions differ between libraries, a remainder does not.
  uint64_t Below(uint64_t n) { return generator_() % n; }
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Below(static_cast<uint64_t>(high - low) + 1));
  }
  bool Chance(uint64_t percent) { return Below(100) < percent; }

  template <typename Container>
  const auto& Pick(const Container& from) {
    return from[static_cast<size_t>(Below(std::size(from)))];
  }
  template <typename T>
  T Pick(std::initializer_list<T> from) {
    return from.begin()[Below(from.size())];
  }

 private:
  std::mt19937_64 generator_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_RANDOM_H_
