// The names that the enumerations of the wire have in every rendering, and what kind of figure a
// field is.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TOOLS_NAMES_H_
#define KUNDIG_TOOLS_NAMES_H_

#include <string_view>

#include "schemas/churn_generated.h"
#include "schemas/lists_generated.h"
#include "schemas/pipeline_generated.h"
#include "schemas/profile_generated.h"
#include "schemas/watch_generated.h"
#include "schemas/what_if_generated.h"

namespace kundig::tools {

inline std::string_view Name(wire::CustomerKind kind) {
  return wire::EnumNameCustomerKind(kind);
}
inline std::string_view Name(wire::Activity activity) {
  return wire::EnumNameActivity(activity);
}
inline std::string_view Name(wire::ValueClass value) {
  return wire::EnumNameValueClass(value);
}
inline std::string_view Name(wire::LeadStatus status) {
  return wire::EnumNameLeadStatus(status);
}
inline std::string_view Name(wire::WaterfallPart part) {
  return part == wire::WaterfallPart::appeared ? "new" : wire::EnumNameWaterfallPart(part);
}
inline std::string_view Name(wire::PipelineKey key) {
  return wire::EnumNamePipelineKey(key);
}
inline std::string_view Name(wire::DecidedBy decided) {
  return wire::EnumNameDecidedBy(decided);
}
inline std::string_view Name(wire::ConsentState state) {
  return wire::EnumNameConsentState(state);
}
inline std::string_view Name(wire::ConsentStatus status) {
  return wire::EnumNameConsentStatus(status);
}
inline std::string_view Name(wire::TerminationState state) {
  return wire::EnumNameTerminationState(state);
}
inline std::string_view Name(wire::Phase phase) {
  return wire::EnumNamePhase(phase);
}
inline std::string_view Name(wire::Risk risk) {
  return wire::EnumNameRisk(risk);
}
inline std::string_view Name(wire::PhaseReason reason) {
  return wire::EnumNamePhaseReason(reason);
}
inline std::string_view Name(wire::RiskReason reason) {
  return wire::EnumNameRiskReason(reason);
}
inline std::string_view Name(wire::ChurnModel model) {
  constexpr std::string_view kNames[] = {"mbg-nbd", "bg-nbd"};
  const auto place = static_cast<size_t>(model);
  return place < std::size(kNames) ? kNames[place] : "";
}
inline std::string_view Name(wire::ChurnBand band) {
  return wire::EnumNameChurnBand(band);
}
inline std::string_view Name(wire::SpendMeasure measure) {
  return wire::EnumNameSpendMeasure(measure);
}
inline std::string_view Name(wire::ChangeCause cause) {
  return wire::EnumNameChangeCause(cause);
}
inline std::string_view Name(wire::Judgement judgement) {
  return wire::EnumNameJudgement(judgement);
}
// A, B, C, none.
inline std::string_view Name(wire::AbcClass abc) {
  constexpr std::string_view kNames[] = {"A", "B", "C", "none"};
  const auto place = static_cast<size_t>(abc);
  return place < std::size(kNames) ? kNames[place] : "";
}

// Of a conversion: the stage that step `place` from stage `at` leads to, and the share of leads
// that reached it.
inline std::string_view StageReached(const wire::ConversionReplyT& reply, size_t at, size_t place) {
  const size_t stage = at + 1 + place;
  return stage < reply.stages.size() ? std::string_view(reply.stages[stage]->stage) : "won";
}
inline double ShareReached(const wire::ConversionStageT& stage, const wire::ConversionStepT& step) {
  return stage.leads > 0 ? static_cast<double>(step.leads) / static_cast<double>(stage.leads) : 0;
}

// How the number of a criterion is to be read: the wire carries it without its type.
inline wire::FieldType TypeOfCriterion(std::string_view field) {
  if (field == "potential" || field == "revenue" || field == "margin" || field == "revenue_total" ||
      field == "margin_total" || field == "clv" || field == "customer_value") {
    return wire::FieldType::money;
  }
  if (field == "p_alive" || field == "churn_score") return wire::FieldType::millionths;
  if (field == "expected_orders") return wire::FieldType::thousandths;
  if (field == "first_order" || field == "last_order" || field == "last_activity" ||
      field == "last_contact") {
    return wire::FieldType::day;
  }
  if (field == "key_account") return wire::FieldType::boolean;
  return wire::FieldType::integer;
}

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_NAMES_H_
