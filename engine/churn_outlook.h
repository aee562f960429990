// What the models in force say of one customer: made of the rules and of the fit that the book has
// adopted, whenever one of them changes, and read by lookups and scans from then on.
//
// Parameters that the rules pin come before those of a fit. A fit of another model than the rules
// name, or one that was made under pinned parameters, lends its spend model and nothing else.
//
// Figures of answers are whole numbers, so that comparisons with them are exact: probabilities are
// rounded to the nearest millionth, expected orders to the nearest thousandth, the value to the
// nearest minor unit. The churn score is one less the rounded P(alive), the band is that of the
// score before rounding, and the value is that of the expected orders before rounding.
//
// Thread safety: immutable. Making one takes some ten milliseconds.

#ifndef KUNDIG_ENGINE_CHURN_OUTLOOK_H_
#define KUNDIG_ENGINE_CHURN_OUTLOOK_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/adopted_fit.h"
#include "engine/churn_forecast.h"
#include "engine/churn_model.h"
#include "engine/rules.h"
#include "engine/spend_model.h"
#include "engine/units.h"

namespace kundig::engine {

inline constexpr int32_t kOneInMillionths = 1'000'000;

class ChurnOutlook {
 public:
  // Null where neither the rules nor the fit give a churn model.
  static std::unique_ptr<const ChurnOutlook> Make(const ChurnSettings& settings,
                                                  const std::optional<AdoptedFit>& fit);

  double PAlive(const PurchaseHistory& history) const { return forecast_.model().PAlive(history); }
  // Within the horizon of the rules, of a customer whose P(alive) is known already.
  double ExpectedOrders(const PurchaseHistory& history, double p_alive) const {
    return forecast_.ExpectedPurchases(history, p_alive);
  }

  bool has_spend() const { return spend_.has_value(); }
  SpendMeasure measure() const { return measure_; }
  // The expected orders at the value that an order of the customer has; only with has_spend(). Of a
  // customer of `orders` orders that came to `total` by the measure.
  Minor Clv(double expected_orders, uint32_t orders, Minor total) const;

  static int32_t Millionths(double p_alive);
  static int64_t Thousandths(double expected_orders);

 private:
  ChurnOutlook(const ChurnModel& model, double horizon_weeks) : forecast_(model, horizon_weeks) {}

  ChurnForecast forecast_;
  std::optional<SpendModel> spend_;
  SpendMeasure measure_ = SpendMeasure::kRevenue;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CHURN_OUTLOOK_H_
