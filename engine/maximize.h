// The one door to the optimizer: finds the parameters at which a likelihood is largest.
//
// The optimizer is NLopt's SLSQP (a quasi-Newton method for few variables with limits and a given
// gradient). It works on the logarithms of the parameters, in which likelihoods of positive
// parameters are nearly quadratic and the size of the units does not matter.
//
// Thread safety: a free function without state; the same arguments give the same bits.

#ifndef KUNDIG_ENGINE_MAXIMIZE_H_
#define KUNDIG_ENGINE_MAXIMIZE_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace kundig::engine {

// Evaluations of one attempt, and attempts of one fit. Fits take 20 to 60 evaluations, those of a
// hundred customers up to 100; what is not flat after these limits did not converge.
inline constexpr uint32_t kMaxFitEvaluations = 200;
inline constexpr int kMaxFitAttempts = 3;

// The value at `at`, with its derivatives into `slopes`; both have one entry for each parameter.
using SmoothFunction = std::function<double(std::span<const double> at, std::span<double> slopes)>;

struct ParameterRange {
  double start = 1;   // within the limits
  double lowest = 0;  // > 0
  double highest = 0;
};

struct Maximum {
  std::vector<double> at;
  double value = 0;
  uint32_t evaluations = 0;
  bool converged = false;  // it is flat there, but for a parameter at a limit that rises beyond it
  bool at_limit = false;   // such a parameter there is
};

// `scale` > 0 says what a difference of 1 in the value is worth, say the number of customers of a
// log-likelihood: flat means that the value rises by less than 1e-6 * scale where a parameter grows
// by its own size.
Maximum Maximize(const SmoothFunction& function, std::span<const ParameterRange> ranges,
                 double scale);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_MAXIMIZE_H_
