// The churn model, customer by customer.

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "engine/churn_fit.h"
#include "engine/churn_model.h"
#include "tests/engine/model_book.h"

namespace kundig::engine {

namespace {

struct Buyer {
  PurchaseDays days;
  uint64_t later = 0;  // purchase days to be foretold
};

std::optional<Error> JudgeDays(const ChurnQuery& query, Day today) {
  const auto refuse = [](ErrorCode code, const char* field) {
    return Error{code, "the model refuses this", field, std::nullopt};
  };
  if (query.until && *query.until > today) return refuse(ErrorCode::kInvalidValue, "until");
  if (!query.check_until) return std::nullopt;
  if (!query.until) return refuse(ErrorCode::kMissingField, "until");
  if (*query.check_until > today || *query.check_until <= *query.until) {
    return refuse(ErrorCode::kInvalidValue, "check_until");
  }
  return std::nullopt;
}

// Nothing where no purchase is known through `until`.
std::optional<Buyer> BuyerOf(const ModelCustomer& customer, const ChurnQuery& query, Day through) {
  std::set<Day> known, later;
  for (const auto& [id, order] : customer.orders) {
    if (!query.until || order.day <= *query.until) {
      known.insert(order.day);
    } else if (query.check_until && order.day <= *query.check_until) {
      later.insert(order.day);
    }
  }
  if (known.empty()) return std::nullopt;
  const Day first = *known.begin(), last = *known.rbegin();
  // Without `until` an order may be dated tomorrow.
  return Buyer{.days = {.repeats = static_cast<uint16_t>(known.size() - 1),
                        .last_days = static_cast<uint16_t>(last - first),
                        .age_days = static_cast<uint16_t>(std::max(through, last) - first)},
               .later = later.size()};
}

}  // namespace

const std::optional<ModelOutlook>& ModelBook::Outlook() const {
  if (looked_ahead_) return outlook_;
  looked_ahead_ = true;
  outlook_.reset();
  const ChurnSettings& settings = rules_->settings().churn;
  std::optional<ChurnParameters> parameters;
  // A fit under pinned parameters found none, one of another model others.
  if (fit_ && !fit_->pinned && fit_->model == settings.model) parameters = fit_->parameters;
  if (settings.pinned) parameters = settings.pinned;
  if (!parameters) return outlook_;
  const ChurnModel model = ChurnModel::Make(settings.model, *parameters).value();
  outlook_.emplace(ModelOutlook{ChurnForecast(model, settings.horizon_days / 7.0), {}, false});
  if (fit_ && fit_->spend) {
    outlook_->spend = SpendModel::Make(fit_->spend->parameters).value();
    outlook_->on_margin = fit_->spend->measure == SpendMeasure::kMargin;
  }
  return outlook_;
}

void ModelBook::Foretell(const ModelCustomer& customer, Profile* profile) const {
  const std::optional<Buyer> buyer = BuyerOf(customer, {}, today_);
  if (!buyer || !Outlook()) return;
  const PurchaseHistory history = InWeeks(buyer->days);
  const double p_alive = Outlook()->forecast.model().PAlive(history);
  const double expected = Outlook()->forecast.ExpectedPurchases(history);
  profile->p_alive_millionths = static_cast<int32_t>(std::lround(p_alive * 1e6));
  profile->churn_score_millionths = 1'000'000 - *profile->p_alive_millionths;
  profile->churn_band = 1 - p_alive < 0.33   ? ChurnBand::kLow
                        : 1 - p_alive > 0.66 ? ChurnBand::kHigh
                                             : ChurnBand::kMedium;
  profile->expected_orders_thousandths = std::llround(expected * 1000);
  if (!Outlook()->spend) return;
  const Minor total = Outlook()->on_margin ? profile->margin_total : profile->revenue_total;
  profile->clv = Minor{
      std::llround(expected * Outlook()->spend->ExpectedValueMinor(profile->orders_total, total))};
}

Result<ChurnAnswer> ModelBook::Churn(const ChurnQuery& query) const {
  if (const std::optional<Error> error = JudgeDays(query, today_)) return *error;
  const ChurnSettings& settings = rules_->settings().churn;
  ChurnAnswer answer;
  answer.state = State();
  answer.model = settings.model;
  answer.fitted_through = query.until.value_or(today_);
  answer.checked_through = query.check_until;
  answer.horizon_days = settings.horizon_days;
  std::vector<Buyer> buyers;
  std::map<PurchaseDays, uint32_t> counted;
  for (const auto& [id, customer] : customers_) {
    const std::optional<Buyer> buyer = BuyerOf(customer, query, answer.fitted_through);
    if (!buyer) continue;
    buyers.push_back(*buyer);
    ++counted[buyer->days];
  }
  answer.customers = buyers.size();
  answer.pinned = settings.pinned.has_value();
  if (settings.pinned) {
    answer.parameters = *settings.pinned;
  } else {
    std::vector<PurchaseGroup> groups;
    for (const auto& [days, customers] : counted) {
      groups.push_back({.days = days, .customers = customers});
    }
    ShardRunner runner(1);
    const Result<ChurnFit> fit = FitChurnModel(settings.model, groups, &runner);
    if (!fit) return fit.error();
    answer.parameters = fit->parameters;
    answer.converged = fit->converged;
    answer.at_limit = fit->at_limit;
  }
  const ChurnModel model = ChurnModel::Make(answer.model, answer.parameters).value();
  for (const Buyer& buyer : buyers) {
    const PurchaseHistory history = InWeeks(buyer.days);
    answer.log_likelihood += model.LogLikelihood(history);
    answer.alive += model.PAlive(history);
    answer.expected_purchases += model.ExpectedPurchases(history, settings.horizon_days / 7.0);
    if (!query.check_until) continue;
    ChurnAnswer::HoldOut& row =
        answer.hold_out[std::min<size_t>(buyer.days.repeats, answer.hold_out.size() - 1)];
    ++row.customers;
    row.purchases += buyer.later;
    row.expected += model.ExpectedPurchases(history, (*query.check_until - *query.until) / 7.0);
  }
  return answer;
}

}  // namespace kundig::engine
