// What an order of a customer is worth: the Gamma-Gamma model of Fader and Hardie (2013), "The
// Gamma-Gamma Model of Monetary Value" (note 025 at brucehardie.com).
//
// The values of a customer's orders are Gamma(p, rate nu) with a rate nu of his own, which over the
// customers is Gamma(q, rate gamma). So a customer with n orders that came to S in all has
//   ln f = ln Gamma(pn + q) - ln Gamma(pn) - ln Gamma(q) + q ln gamma + (pn - 1) ln m + pn ln n
//          - (pn + q) ln(gamma + S),  m = S / n  (equation 1a), and
//   E(value of an order | n, m) = p (gamma + S) / (pn + q - 1)  (equation 5),
// a mean of his own m and of the population's p gamma / (q - 1), weighted by how much is known.
//
// How many orders a customer makes must not depend on what they are worth; that is the model's
// assumption, not a result.
//
// Thread safety: immutable; free functions.

#ifndef KUNDIG_ENGINE_SPEND_MODEL_H_
#define KUNDIG_ENGINE_SPEND_MODEL_H_

#include <cstdint>

#include "engine/result.h"
#include "engine/spend_sums.h"
#include "engine/units.h"

namespace kundig::engine {

// Limits of the parameters, and of the fit. q stays above 1 because the mean of the population is
// infinite below; where a book asks for less, the fit says at_limit.
inline constexpr double kMinSpendShape = 1e-3;  // p
inline constexpr double kMaxSpendShape = 1e3;   // p and q
inline constexpr double kMinSpendQ = 1.01;
inline constexpr double kMinSpendGamma = 1e-6;
inline constexpr double kMaxSpendGamma = 1e18;

struct SpendParameters {
  double p = 1;
  double q = 2;
  double gamma = 1;  // minor units
};

class SpendModel {
 public:
  // kInvalidValue, with the parameter's name as the field, where one is outside of its limits.
  static Result<SpendModel> Make(const SpendParameters& parameters);

  const SpendParameters& parameters() const { return parameters_; }

  // ln f of a customer with `orders` >= 1 orders of `total_minor` > 0 in all: the density of the
  // mean in minor units.
  double LogLikelihood(uint32_t orders, double total_minor) const;

  // The expected value of an order in minor units; a division. With no orders it is the
  // population's mean. A total of nothing or less, which the model cannot explain, counts as 0: so
  // the value falls with every such order, is never negative, and does not jump where a total
  // becomes positive.
  double ExpectedValueMinor(uint32_t orders, Minor total) const;

 private:
  explicit SpendModel(const SpendParameters& parameters) : parameters_(parameters) {}

  SpendParameters parameters_;
};

// The log-likelihood of all customers of the sums, and in *slopes its derivatives. Milliseconds,
// whatever the number of customers.
double SpendLogLikelihood(const SpendSums& sums, const SpendParameters& parameters,
                          SpendParameters* slopes);

// With fewer customers than this that have positive values the parameters mean little: of random
// hundreds of the customers of CDNOW one in eight has its maximum at a limit, of three hundreds
// none.
inline constexpr uint64_t kMinSpendCustomers = 100;

struct SpendFit {
  SpendParameters parameters;
  double log_likelihood = 0;
  uint64_t customers = 0;  // that took part
  uint32_t evaluations = 0;
  bool converged = false;  // false: the limits of engine/maximize.h were not enough
  // The likelihood rises beyond a limit: values are more alike than the model can say, or so unlike
  // that their mean is infinite (q).
  bool at_limit = false;
};

// Maximum likelihood. kTooLittleData, field "customers", below kMinSpendCustomers.
Result<SpendFit> FitSpendModel(const SpendSums& sums);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_SPEND_MODEL_H_
