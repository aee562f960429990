// The parameters of a churn model that make a book's purchases most likely.
//
// The log-likelihood of ten million customers is a sum over their groups
// (engine/purchase_groups.h), and most of each term depends on x alone or on T alone: it is taken
// from sums by x and by T, the logarithms from tables. What remains for each group is ln(1 + odds),
// an exponential and a logarithm; its derivatives come with it.
//
// The same groups give the same bits on any number of threads: groups are summed in chunks of a
// fixed size, and the chunks are added in their order. A fit always starts from the groups, never
// from an earlier fit, so it does not depend on when others were made.
//
// Thread safety: free functions; a ChurnLikelihood is used by one thread at a time, and gives its
// work to the runner.

#ifndef KUNDIG_ENGINE_CHURN_FIT_H_
#define KUNDIG_ENGINE_CHURN_FIT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/churn_model.h"
#include "engine/purchase_groups.h"
#include "engine/result.h"
#include "engine/shard_runner.h"

namespace kundig::engine {

// With fewer customers than this the parameters mean little: of random hundreds of the customers of
// CDNOW one in six has its maximum at a limit, of three hundreds one in sixty.
inline constexpr uint64_t kMinFitCustomers = 100;

// Log-likelihood of a set of groups and its derivatives.
class ChurnLikelihood {
 public:
  // Keeps the span: the groups must stay.
  ChurnLikelihood(ChurnModelKind kind, std::span<const PurchaseGroup> groups, ShardRunner* runner);

  uint64_t customers() const { return customers_; }
  uint64_t repeats() const { return repeats_; }  // purchases after the first, of all customers
  double mean_age_weeks() const { return mean_age_weeks_; }

  // The sum of ln L over all customers, and in *slopes its derivatives by r, alpha, a and b.
  double At(const ChurnParameters& parameters, ChurnParameters* slopes);

 private:
  struct Sums {
    double value = 0;
    ChurnParameters slopes{0, 0, 0, 0};
  };
  Sums OverRepeats(const ChurnParameters& parameters) const;
  Sums OverAges(const ChurnParameters& parameters) const;
  Sums OverGroups(size_t chunk, const ChurnParameters& parameters) const;

  // How often a customer with x repeats has stayed.
  double Stayed(size_t repeats) const;

  const ChurnModelKind kind_;
  const std::span<const PurchaseGroup> groups_;
  ShardRunner* const runner_;
  uint64_t customers_ = 0;
  uint64_t repeats_ = 0;
  double mean_age_weeks_ = 0;
  std::vector<uint64_t> customers_by_repeats_;
  std::vector<uint64_t> customers_by_age_, repeats_by_age_;  // by age in days
  // For the parameters in hand: of alpha + days / 7, by days; of a / (b + k - 1), by repeats.
  std::vector<double> log_weeks_, one_by_weeks_, log_leaving_, one_by_staying_;
};

struct ChurnFit {
  ChurnParameters parameters;
  double log_likelihood = 0;
  uint64_t customers = 0;
  uint32_t evaluations = 0;
  // False where the limits of engine/maximize.h were not enough: the best parameters found.
  bool converged = false;
  // A parameter stands at its limit because the likelihood rises beyond it: customers are more
  // alike than the model can say (r and alpha, or a and b, grow together), or nobody leaves.
  bool at_limit = false;
};

// Errors: kTooLittleData, field "customers" below kMinFitCustomers, field "repeats" where nobody
// ever came back, as then no purchase rate is more likely than none.
Result<ChurnFit> FitChurnModel(ChurnModelKind kind, std::span<const PurchaseGroup> groups,
                               ShardRunner* runner);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CHURN_FIT_H_
