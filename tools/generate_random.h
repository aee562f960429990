// Random numbers that are the same on every machine and any number of threads: each customer and
// each lead has a stream of its own, made from the seed and its number.
//
// A stream is SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
// 2014): a counter that is hashed. The distributions are Boost's, whose algorithms are fixed by a
// version of Boost, where those of the standard library differ from one to the next.
//
// Thread safety: a RandomStream belongs to one thread.

#ifndef KUNDIG_TOOLS_GENERATE_RANDOM_H_
#define KUNDIG_TOOLS_GENERATE_RANDOM_H_

#include <cstdint>
#include <limits>
#include <span>

namespace kundig::tools {

class RandomStream {
 public:
  // What a stream is for, so that customer 7 and lead 7 have nothing to do with each other.
  enum class Purpose : uint64_t { kCustomer = 1, kLead = 2, kLoad = 3 };

  RandomStream(uint64_t seed, Purpose purpose, uint64_t number);

  // As the distributions ask for it.
  using result_type = uint64_t;
  static constexpr uint64_t min() { return 0; }
  static constexpr uint64_t max() { return std::numeric_limits<uint64_t>::max(); }
  uint64_t operator()();

  double Uniform();                              // 0 <= x < 1
  bool Chance(double probability);               // true so often
  int64_t Between(int64_t least, int64_t most);  // both included, all alike
  double Normal(double mean, double deviation);
  // exp(Normal(ln(median), deviation)).
  double LogNormal(double median, double deviation);
  double Exponential(double rate);            // mean 1 / rate
  double Gamma(double shape, double rate);    // mean shape / rate
  size_t Pick(std::span<const int> weights);  // place, as often as its weight says

 private:
  uint64_t counter_;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_GENERATE_RANDOM_H_
