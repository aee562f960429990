#include "engine/rules_check.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/limits.h"

namespace kundig::engine {
namespace {

constexpr int32_t kAllHundredths = 100 * 100;  // 100 percent, or a score of 100
constexpr int32_t kMaxPoints = 100;
constexpr int32_t kMaxRating = 10;

std::optional<Error> Refuse(std::string field, std::string expected) {
  return Error{ErrorCode::kInvalidValue, "expected " + std::move(expected), std::move(field),
               std::nullopt};
}

std::optional<Error> CheckInteger(std::string field, int64_t value, int64_t low, int64_t high) {
  if (low <= value && value <= high) return std::nullopt;
  return Refuse(std::move(field),
                "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
}

std::optional<Error> CheckCount(std::string field, size_t count, size_t limit) {
  if (count <= limit) return std::nullopt;
  return Error{ErrorCode::kLimitExceeded, "expected at most " + std::to_string(limit) + " entries",
               std::move(field), std::nullopt};
}

// Two equal cuts are well: they leave the score between them empty, as ties do with quantiles.
std::optional<Error> CheckCuts(std::string field, const std::array<int64_t, 4>& cuts,
                               bool may_be_negative) {
  if (std::is_sorted(cuts.begin(), cuts.end()) && (may_be_negative || cuts[0] >= 0)) {
    return std::nullopt;
  }
  return Refuse(std::move(field), may_be_negative ? "four numbers, none below the one before it"
                                                  : "four numbers from 0 on, none below the one "
                                                    "before it");
}

std::optional<Error> CheckCurrency(const std::string& currency) {
  auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (currency.size() == 3 && std::all_of(currency.begin(), currency.end(), is_capital)) {
    return std::nullopt;
  }
  return Refuse("book.currency", "three capital letters such as \"EUR\"");
}

std::optional<Error> CheckRfm(const RfmSettings& rfm) {
  if (auto error = CheckInteger("rfm.window_days", rfm.window_days, 0, kMaxSettingDays)) {
    return error;
  }
  if (rfm.scoring != RfmScoring::kFixed) return std::nullopt;
  if (auto error = CheckCuts("rfm.recency_cuts", rfm.recency_cuts, false)) return error;
  if (auto error = CheckCuts("rfm.frequency_cuts", rfm.frequency_cuts, false)) return error;
  return CheckCuts("rfm.monetary_cuts", rfm.monetary_cuts, true);
}

std::optional<Error> CheckAbc(const AbcSettings& abc) {
  if (auto error = CheckInteger("abc.window_days", abc.window_days, 0, kMaxSettingDays)) {
    return error;
  }
  if (abc.a_hundredths <= 0 || abc.a_hundredths > kAllHundredths) {
    return Refuse("abc.a", "a percentage above 0 and at most 100");
  }
  if (abc.b_hundredths < abc.a_hundredths || abc.b_hundredths > kAllHundredths) {
    return Refuse("abc.b", "a percentage from abc.a to 100");
  }
  return std::nullopt;
}

std::optional<Error> CheckActivity(const ActivitySettings& activity) {
  if (auto error =
          CheckInteger("activity.inactive_after", activity.inactive_after, 1, kMaxSettingDays)) {
    return error;
  }
  if (activity.lost_after < activity.inactive_after || activity.lost_after > kMaxSettingDays) {
    return Refuse("activity.lost_after", "a number of days from activity.inactive_after to " +
                                             std::to_string(kMaxSettingDays));
  }
  return CheckInteger("activity.overdue_percent", activity.overdue_percent, 1, kMaxOverduePercent);
}

std::optional<Error> CheckCriterion(const std::string& name, const CriterionSetting& criterion) {
  if (auto error = CheckInteger(name + ".weight", criterion.weight, 1, kMaxCriterionWeight)) {
    return error;
  }
  const auto& points = criterion.points;
  if (points.empty()) return Refuse(name + ".points", "at least one [from, points]");
  if (auto error = CheckCount(name + ".points", points.size(), kMaxCriterionPoints)) return error;
  for (size_t i = 0; i < points.size(); ++i) {
    const std::string place = name + ".points[" + std::to_string(i) + "]";
    for (size_t before = 0; before < i; ++before) {
      if (points[before].first != points[i].first) continue;
      return Refuse(place, "[from, points] with a from that no step before it has");
    }
    if (points[i].second < 0 || points[i].second > kMaxPoints) {
      return Refuse(place, "[from, points] with points from 0 to 100");
    }
  }
  return std::nullopt;
}

std::optional<Error> CheckValue(const ValueSettings& value) {
  if (value.individual_at_hundredths < 0 || value.individual_at_hundredths > kAllHundredths) {
    return Refuse("value.individual_at", "a score from 0 to 100");
  }
  if (value.standard_below_hundredths < 0 ||
      value.standard_below_hundredths > value.individual_at_hundredths) {
    return Refuse("value.standard_below", "a score from 0 to value.individual_at");
  }
  if (auto error = CheckCount("value.criterion", value.criteria.size(), kMaxCriteria)) return error;
  for (size_t i = 0; i < value.criteria.size(); ++i) {
    const std::string name = "value.criterion[" + std::to_string(i) + "]";
    if (auto error = CheckCriterion(name, value.criteria[i])) return error;
  }
  if (auto error = CheckCount("value.always", value.always.size(), kMaxValueRules)) return error;
  return CheckCount("value.potential", value.potential.size(), kMaxValueRules);
}

std::optional<Error> CheckChurn(const ChurnSettings& churn) {
  if (auto error = CheckInteger("churn.horizon_days", churn.horizon_days, 1, kMaxSettingDays)) {
    return error;
  }
  if (!churn.pinned) return std::nullopt;
  const Result<ChurnModel> model = ChurnModel::Make(churn.model, *churn.pinned);
  if (model) return std::nullopt;
  return Refuse("churn.parameters." + model.error().field, "a number from 0.001 to 10000");
}

std::optional<Error> CheckPhase(const PhaseSettings& phase) {
  const auto days = [](const char* name, int32_t value) {
    return CheckInteger(std::string("phase.") + name, value, 1, kMaxSettingDays);
  };
  const auto percent = [](const char* name, int32_t value) {
    return CheckInteger(std::string("phase.") + name, value, 0, kMaxPhasePercent);
  };
  if (auto error = days("new_days", phase.new_days)) return error;
  if (auto error = days("revival_days", phase.revival_days)) return error;
  if (auto error = days("span_days", phase.span_days)) return error;
  if (auto error = percent("decline_percent", phase.decline_percent)) return error;
  return percent("growth_percent", phase.growth_percent);
}

std::optional<Error> CheckRisk(const RiskSettings& risk) {
  struct Range {
    const char* name;
    int32_t value, low, high;
  };
  // A rating of -1 is below all: nobody is dissatisfied.
  for (const Range& range : {
           Range{"contacts_per_30_days", risk.contacts_per_30_days, 0, kMaxRiskCount},
           Range{"contacts_after_first_order", risk.contacts_after_first_order, 0, kMaxRiskCount},
           Range{"handover_days", risk.handover_days, 0, kMaxSettingDays},
           Range{"neglected_days", risk.neglected_days, 1, kMaxSettingDays},
           Range{"complaint_days", risk.complaint_days, 0, kMaxSettingDays},
           Range{"late_payment_days", risk.late_payment_days, 0, kMaxSettingDays},
           Range{"service_requests", risk.service_requests, 1, kMaxRiskCount},
           Range{"dissatisfied_satisfaction", risk.dissatisfied_satisfaction, -1, kMaxRating},
           Range{"dissatisfied_referral", risk.dissatisfied_referral, -1, kMaxRating},
           Range{"unanswered_days", risk.unanswered_days, 0, kMaxSettingDays},
       }) {
    if (auto error =
            CheckInteger(std::string("risk.") + range.name, range.value, range.low, range.high)) {
      return error;
    }
  }
  return std::nullopt;
}

std::optional<Error> CheckStages(const std::vector<StageSetting>& stages) {
  if (auto error = CheckCount("pipeline.stage", stages.size(), kMaxStages)) return error;
  for (size_t i = 0; i < stages.size(); ++i) {
    const std::string place = "pipeline.stage[" + std::to_string(i) + "]";
    const std::string& name = stages[i].name;
    if (name.empty() || name.size() > kMaxNameBytes) {
      return Error{name.empty() ? ErrorCode::kMissingField : ErrorCode::kInvalidValue,
                   "expected a name of 1 to " + std::to_string(kMaxNameBytes) + " bytes",
                   place + ".name", std::nullopt};
    }
    for (size_t j = 0; j < i; ++j) {
      if (stages[j].name == name) {
        return Refuse(place + ".name", "a name that no other stage has, '" + name +
                                           "' is that of pipeline.stage[" + std::to_string(j) +
                                           "]");
      }
    }
    if (stages[i].chance_hundredths < 0 || stages[i].chance_hundredths > kAllHundredths) {
      return Refuse(place + ".chance", "a percentage from 0 to 100");
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> FindBadSetting(const RuleSettings& settings) {
  if (auto error = CheckCurrency(settings.currency)) return error;
  if (auto error = CheckRfm(settings.rfm)) return error;
  if (auto error = CheckAbc(settings.abc)) return error;
  if (auto error = CheckActivity(settings.activity)) return error;
  if (auto error =
          CheckInteger("reactivation.waiting_days", settings.waiting_days, 0, kMaxSettingDays)) {
    return error;
  }
  if (auto error = CheckValue(settings.value)) return error;
  if (auto error = CheckChurn(settings.churn)) return error;
  if (auto error = CheckPhase(settings.phase)) return error;
  if (auto error = CheckRisk(settings.risk)) return error;
  return CheckStages(settings.stages);
}

}  // namespace kundig::engine
