// The models by which a book looks ahead: fitted once, written to the journal, and in force from
// then on. Nothing fits them anew where a book is read again, so that its answers follow from the
// journal alone and stay the same whatever a later release does in a fit.
//
// Thread safety: plain values; pure functions.

#ifndef KUNDIG_ENGINE_ADOPTED_FIT_H_
#define KUNDIG_ENGINE_ADOPTED_FIT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/churn_model.h"
#include "engine/spend_model.h"
#include "engine/units.h"

namespace kundig::engine {

// What of an order the spend model speaks of.
enum class SpendMeasure : uint8_t { kRevenue, kMargin };

struct AdoptedSpend {
  SpendMeasure measure = SpendMeasure::kRevenue;
  SpendParameters parameters;
  double log_likelihood = 0;
  uint64_t customers = 0;  // that took part
  bool converged = true, at_limit = false;
};

struct AdoptedFit {
  ChurnModelKind model = ChurnModelKind::kMbgNbd;
  ChurnParameters parameters;
  // The parameters were those of the rules, so that only the spend model was fitted.
  bool pinned = false;
  bool converged = true, at_limit = false;
  Day fitted_through;
  uint64_t customers = 0;  // with an order
  uint64_t purchases = 0;  // their purchase days
  double log_likelihood = 0;
  std::optional<AdoptedSpend> spend;  // absent: too few customers with a positive sum
};

// As snapshots and the journal keep it.
std::string EncodeFit(const AdoptedFit& fit);
// Nothing where the bytes are no fit, or one that no model can be made of.
std::optional<AdoptedFit> DecodeFit(std::string_view bytes);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_ADOPTED_FIT_H_
