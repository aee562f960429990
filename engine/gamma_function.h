// The logarithm of the gamma function and its derivative, by Boost.Math. Not std::lgamma: that one
// writes a global variable, and its digits are the C library's.
//
// Thread safety: free functions.

#ifndef KUNDIG_ENGINE_GAMMA_FUNCTION_H_
#define KUNDIG_ENGINE_GAMMA_FUNCTION_H_

namespace kundig::engine {

// x > 0 and finite.
double LogGamma(double x);
double Digamma(double x);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_GAMMA_FUNCTION_H_
