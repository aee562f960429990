// The rules of a book as plain data, and their compiled, checked form.
//
// RuleSettings is what a configuration says; CompileRules checks all of it at once and gives Rules,
// which the engine works with. Nothing half-checked gets further than CompileRules.
//
// Thread safety: Rules are immutable.

#ifndef KUNDIG_ENGINE_RULES_H_
#define KUNDIG_ENGINE_RULES_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/calendar.h"
#include "engine/churn_model.h"
#include "engine/customer_field.h"
#include "engine/event.h"
#include "engine/expression.h"
#include "engine/field.h"
#include "engine/result.h"
#include "engine/units.h"

namespace kundig::engine {

// Limits of a rule set; CompileRules answers kLimitExceeded, or kInvalidValue for a single value.
inline constexpr int32_t kMaxSettingDays = 65535;  // as many as the book's days can be apart
inline constexpr int32_t kMaxOverduePercent = 1'000'000;
inline constexpr int32_t kMaxPhasePercent = 1'000'000;
inline constexpr int32_t kMaxRiskCount = 1000;  // contacts, service requests
inline constexpr size_t kMaxSegments = 254;
inline constexpr size_t kMaxStages = 255;
inline constexpr size_t kMaxCriteria = 64;
inline constexpr size_t kMaxCriterionPoints = 256;
inline constexpr int32_t kMaxCriterionWeight = 1000;
inline constexpr size_t kMaxValueRules = 64;  // of [[value.always]], and of [[value.potential]]

enum class RfmScoring : uint8_t { kQuantile, kFixed };
enum class RfmFrequency : uint8_t { kOrders, kPurchaseDays };
enum class RfmMonetary : uint8_t { kTotal, kAverage };
enum class AbcMeasure : uint8_t { kRevenue, kMargin };
enum class AbcBoundary : uint8_t { kStay, kDrop };
// What customers are whose score lies between the two classes: in review, or what they were.
enum class Between : uint8_t { kReview, kLastClose };
enum class Missing : uint8_t { kSkip, kZero };

// [[rfm.segment]]: either cells, or ranges.
struct SegmentSetting {
  std::string name;
  std::vector<std::string> cells;  // "555"; empty: the ranges count
  std::array<int, 2> recency{1, 5}, frequency{1, 5}, monetary{1, 5};
};

struct RfmSettings {
  int32_t window_days = 365;  // 0 = all history
  RfmScoring scoring = RfmScoring::kQuantile;
  RfmFrequency frequency = RfmFrequency::kOrders;
  RfmMonetary monetary = RfmMonetary::kTotal;
  std::array<int64_t, 4> recency_cuts{}, frequency_cuts{}, monetary_cuts{};  // kFixed: ascending
  bool first_match = false;                                                  // rfm.match = "first"
  std::optional<std::string> otherwise;  // name for holes, only with first_match
  std::vector<SegmentSetting> segments;  // empty: the default table
};

struct AbcSettings {
  AbcMeasure measure = AbcMeasure::kRevenue;
  int32_t window_days = 365;
  int32_t a_hundredths = 8000, b_hundredths = 9500;  // percent; 0 < a <= b <= 100
  AbcBoundary boundary = AbcBoundary::kStay;
};

struct ActivitySettings {
  int32_t inactive_after = 365;
  int32_t lost_after = 1095;  // >= inactive_after
  int32_t overdue_percent = 200;
};

struct CriterionSetting {
  std::string field;
  int32_t weight = 1;  // 1..1000
  Missing missing = Missing::kSkip;
  std::vector<std::pair<int64_t, int32_t>> points;  // {from, p}, no from twice, p 0..100
};

struct AlwaysSetting {
  ValueClass value_class = ValueClass::kIndividual;
  std::string where;
};

struct ValueSettings {
  int32_t individual_at_hundredths = 6000;   // of score
  int32_t standard_below_hundredths = 5000;  // <= individual_at
  Between between = Between::kReview;
  std::vector<CriterionSetting> criteria;
  std::vector<AlwaysSetting> always;
  std::vector<std::string> potential;  // `where` of [[value.potential]]
};

struct StageSetting {
  std::string name;
  int32_t chance_hundredths = 0;  // percent, 0..10000
};

struct ChurnSettings {
  ChurnModelKind model = ChurnModelKind::kMbgNbd;
  int32_t horizon_days = 365;             // 1..kMaxSettingDays
  std::optional<ChurnParameters> pinned;  // instead of those of a fit
};

// [phase]: see Life-cycle phase.
struct PhaseSettings {
  int32_t new_days = 90, revival_days = 90;
  int32_t span_days = 180;  // of `recent`, and of `before`
  int32_t decline_percent = 50, growth_percent = 120;
};

// [risk]: see Risks.
struct RiskSettings {
  int32_t contacts_per_30_days = 8, contacts_after_first_order = 3;
  int32_t handover_days = 90, neglected_days = 180, complaint_days = 7, late_payment_days = 180;
  int32_t service_requests = 3;
  int32_t dissatisfied_satisfaction = 4, dissatisfied_referral = 6;
  int32_t unanswered_days = 7;
};

struct RuleSettings {
  std::string currency = "EUR";
  RfmSettings rfm;
  AbcSettings abc;
  ActivitySettings activity;
  int32_t waiting_days = 30;
  ValueSettings value;
  ChurnSettings churn;
  PhaseSettings phase;
  RiskSettings risk;
  std::vector<StageSetting>
      stages;  // empty: Address 0, Interest 25, Concrete 50, Offer 75, Negotiation 85
};

struct CompiledCriterion {
  FieldIndex field{};
  int32_t weight = 1;
  Missing missing = Missing::kSkip;
  std::vector<std::pair<int64_t, int32_t>> points;
};

struct CompiledAlways {
  ValueClass value_class = ValueClass::kIndividual;
  Expression where;
};

class Rules {
 public:
  const RuleSettings& settings() const { return settings_; }
  const FieldCatalog& customer_fields() const { return customer_fields_; }
  const FieldCatalog& lead_fields() const { return lead_fields_; }

  // The segment of a code: place in segment_names().
  uint8_t SegmentOf(int r, int f, int m) const {
    return segment_of_[static_cast<size_t>(25 * (r - 1) + 5 * (f - 1) + (m - 1))];
  }
  // In the order of the table, without repetitions; `otherwise` last where the table lacks it.
  const std::vector<std::string>& segment_names() const { return segment_names_; }

  const std::vector<CompiledCriterion>& criteria() const { return criteria_; }
  const std::vector<CompiledAlways>& always() const { return always_; }
  const std::vector<Expression>& potential() const { return potential_; }
  // Every field that the value class or the hidden potential of a customer is computed from;
  // value_score, value_class, hidden_potential and risk themselves are never among them.
  FieldSet value_fields() const { return value_fields_; }

  const std::vector<StageSetting>& stages() const { return settings_.stages; }
  std::optional<uint8_t> FindStage(std::string_view name) const;

  const Calendar& calendar() const { return calendar_; }

 private:
  friend Result<std::shared_ptr<const Rules>> CompileRules(RuleSettings settings,
                                                           Calendar calendar);

  Rules(RuleSettings settings, Calendar calendar, FieldCatalog customer_fields,
        FieldCatalog lead_fields)
      : settings_(std::move(settings)),
        calendar_(std::move(calendar)),
        customer_fields_(std::move(customer_fields)),
        lead_fields_(std::move(lead_fields)) {}

  RuleSettings settings_;
  Calendar calendar_;
  FieldCatalog customer_fields_;
  FieldCatalog lead_fields_;
  std::array<uint8_t, 125> segment_of_{};
  std::vector<std::string> segment_names_;
  std::vector<CompiledCriterion> criteria_;
  std::vector<CompiledAlways> always_;
  std::vector<Expression> potential_;
  FieldSet value_fields_;
};

// Errors: kInvalidValue and the errors of ParseExpression, with `field` naming the setting as the
// configuration writes it ("rfm.segment[2].cells", "value.criterion[0].field") and a sentence that
// says what was expected.
Result<std::shared_ptr<const Rules>> CompileRules(RuleSettings settings, Calendar calendar);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_RULES_H_
