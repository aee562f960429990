#include "engine/gamma_function.h"

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>

namespace kundig::engine {
namespace {

// In double throughout: long double costs five times as much for digits that nobody reads.
using InDouble = boost::math::policies::policy<
    boost::math::policies::promote_double<false>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>>;

}  // namespace

double LogGamma(double x) {
  return boost::math::lgamma(x, InDouble());
}

double Digamma(double x) {
  return boost::math::digamma(x, InDouble());
}

}  // namespace kundig::engine
