#include "engine/churn_outlook.h"

#include <algorithm>
#include <cmath>

namespace kundig::engine {
namespace {

// To the nearest whole number that 64 bits have.
int64_t Rounded(double value) {
  constexpr double kMost = 9.2e18;
  return std::llround(std::clamp(value, -kMost, kMost));
}

}  // namespace

std::unique_ptr<const ChurnOutlook> ChurnOutlook::Make(const ChurnSettings& settings,
                                                       const std::optional<AdoptedFit>& fit) {
  std::optional<ChurnParameters> parameters = settings.pinned;
  if (!parameters && fit && !fit->pinned && fit->model == settings.model) {
    parameters = fit->parameters;
  }
  if (!parameters) return nullptr;
  // Both were judged where they came in: by CompileRules, and by the fit or DecodeFit.
  const ChurnModel model = ChurnModel::Make(settings.model, *parameters).value();
  std::unique_ptr<ChurnOutlook> outlook(new ChurnOutlook(model, settings.horizon_days / 7.0));
  if (fit && fit->spend) {
    outlook->spend_ = SpendModel::Make(fit->spend->parameters).value();
    outlook->measure_ = fit->spend->measure;
  }
  return outlook;
}

Minor ChurnOutlook::Clv(double expected_orders, uint32_t orders, Minor total) const {
  return Minor{Rounded(expected_orders * spend_->ExpectedValueMinor(orders, total))};
}

int32_t ChurnOutlook::Millionths(double p_alive) {
  return static_cast<int32_t>(std::lround(p_alive * kOneInMillionths));
}

int64_t ChurnOutlook::Thousandths(double expected_orders) {
  return Rounded(expected_orders * 1000);
}

}  // namespace kundig::engine
