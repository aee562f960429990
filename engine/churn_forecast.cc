#include "engine/churn_forecast.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/check.h"

namespace kundig::engine {
namespace {

constexpr size_t kWholeRows = 32;        // x = 0 .. 31
constexpr size_t kRowsEachDoubling = 8;  // from there on
constexpr size_t kDoublings = 11;
constexpr size_t kRows = kWholeRows + kRowsEachDoubling * kDoublings + 1;
constexpr size_t kPoints = 6;  // rows that a value between rows is taken from

// Rows of parameters that fits give need 10 to 30 terms; those of customers who are all alike, to
// whom much happens within the horizon, need more.
constexpr size_t kFewestTerms = 16;
constexpr size_t kMostTerms = 512;
constexpr double kTermsEndBelow = 1e-12;

double RepeatsOf(size_t row) {
  if (row < kWholeRows) return static_cast<double>(row);
  return static_cast<double>(kWholeRows) *
         std::exp2(static_cast<double>(row - kWholeRows) / double{kRowsEachDoubling});
}

}  // namespace

ChurnForecast::ChurnForecast(const ChurnModel& model, double horizon_weeks)
    : model_(model),
      horizon_weeks_(horizon_weeks),
      w_max_(std::log1p(horizon_weeks / model.parameters().alpha)) {
  KUNDIG_CHECK(horizon_weeks > 0 && std::isfinite(horizon_weeks));
  for (size_t row = 0; row < kRows; ++row) {
    row_begins_.push_back(terms_.size());
    const std::vector<double> terms = Row(RepeatsOf(row));
    terms_.insert(terms_.end(), terms.begin(), terms.end());
  }
  row_begins_.push_back(terms_.size());
}

std::vector<double> ChurnForecast::Row(double repeats) const {
  const double alpha = model_.parameters().alpha;
  const double s = model_.parameters().r + repeats;
  std::vector<double> terms;
  for (size_t count = kFewestTerms; count <= kMostTerms; count *= 2) {
    const double angle = std::numbers::pi / static_cast<double>(count);
    std::vector<double> values;
    for (size_t node = 0; node < count; ++node) {
      const double place = std::cos(angle * (static_cast<double>(node) + 0.5));
      const double tau = std::expm1(w_max_ * (place + 1) / 2);
      const double age_weeks = horizon_weeks_ / tau - alpha;
      values.push_back(model_.ExpectedPurchasesAlive(repeats, age_weeks, horizon_weeks_) /
                       (s * tau));
    }
    terms.assign(count, 0);
    for (size_t term = 0; term < count; ++term) {
      for (size_t node = 0; node < count; ++node) {
        terms[term] += values[node] * std::cos(angle * static_cast<double>(term) *
                                               (static_cast<double>(node) + 0.5));
      }
      terms[term] *= 2 / static_cast<double>(count);
    }
    const auto is_small = [](double term) { return std::abs(term) < kTermsEndBelow; };
    if (!std::all_of(terms.end() - kFewestTerms / 8, terms.end(), is_small)) continue;
    while (terms.size() > 1 && is_small(terms.back())) terms.pop_back();
    break;
  }
  terms[0] /= 2;
  return terms;
}

// By Clenshaw's recurrence.
double ChurnForecast::At(size_t row, double place) const {
  const std::span terms =
      std::span(terms_).subspan(row_begins_[row], row_begins_[row + 1] - row_begins_[row]);
  double next = 0, after_next = 0;
  for (size_t term = terms.size() - 1; term > 0; --term) {
    const double here = 2 * place * next - after_next + terms[term];
    after_next = next;
    next = here;
  }
  return place * next - after_next + terms[0];
}

// Lagrange's polynomial over the nearest rows, which are equally far apart in ln x.
double ChurnForecast::BetweenRows(double repeats, double place) const {
  const double row = std::log2(repeats / double{kWholeRows}) * double{kRowsEachDoubling};
  const size_t first = std::min(static_cast<size_t>(std::max(row - (kPoints / 2 - 1), 0.0)),
                                kRows - kWholeRows - kPoints);
  const double within = row - static_cast<double>(first);
  double value = 0;
  for (size_t point = 0; point < kPoints; ++point) {
    double weight = At(kWholeRows + first + point, place);
    for (size_t other = 0; other < kPoints; ++other) {
      if (other == point) continue;
      weight *= (within - static_cast<double>(other)) /
                (static_cast<double>(point) - static_cast<double>(other));
    }
    value += weight;
  }
  return value;
}

double ChurnForecast::ExpectedPurchases(const PurchaseHistory& history, double p_alive) const {
  const double tau = horizon_weeks_ / (model_.parameters().alpha + history.age_weeks);
  const double place = 2 * std::log1p(tau) / w_max_ - 1;
  if (history.repeats > RepeatsOf(kRows - 1)) {
    return p_alive *
           model_.ExpectedPurchasesAlive(history.repeats, history.age_weeks, horizon_weeks_);
  }
  const double share = history.repeats < double{kWholeRows}
                           ? At(static_cast<size_t>(history.repeats), place)
                           : BetweenRows(history.repeats, place);
  return p_alive * std::max(share, 0.0) * (model_.parameters().r + history.repeats) * tau;
}

}  // namespace kundig::engine
