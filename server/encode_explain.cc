#include <vector>

#include "schemas/profile_generated.h"
#include "server/encode.h"
#include "server/encode_parts.h"
#include "server/encode_state.h"

namespace kundig::server {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::Vector;

static_assert(SameCode<wire::DecidedBy>(engine::DecidedBy::kScore) == wire::DecidedBy::score);
static_assert(SameCode<wire::DecidedBy>(engine::DecidedBy::kNoCriterion) ==
              wire::DecidedBy::no_criterion);
static_assert(SameCode<wire::DecidedBy>(engine::DecidedBy::kLastClose) ==
              wire::DecidedBy::last_close);
static_assert(SameCode<wire::PhaseReason>(engine::PhaseReason::kNoOrder) ==
              wire::PhaseReason::no_order);
static_assert(SameCode<wire::PhaseReason>(engine::PhaseReason::kSteady) ==
              wire::PhaseReason::steady);
static_assert(SameCode<wire::RiskReason>(engine::RiskReason::kContacts) ==
              wire::RiskReason::contacts);
static_assert(SameCode<wire::RiskReason>(engine::RiskReason::kOpenLead) ==
              wire::RiskReason::open_lead);

Offset<wire::ExplainedActivity> AddActivity(const engine::ExplainedActivity& activity,
                                            const engine::ActivitySettings& rules,
                                            FlatBufferBuilder* builder) {
  return wire::CreateExplainedActivity(
      *builder, SameCode<wire::Activity>(activity.activity), DayNumber(activity.last_activity),
      DayNumber(activity.last_order), Nullable<int32_t>(activity.inactive_days),
      Nullable<int32_t>(activity.recency_days), activity.purchase_days,
      Nullable<int64_t>(activity.mean_gap_thousandths),
      Nullable<int64_t>(activity.overdue_after_days), static_cast<uint32_t>(rules.inactive_after),
      static_cast<uint32_t>(rules.lost_after), static_cast<uint32_t>(rules.overdue_percent));
}

Offset<wire::ExplainedPhase> AddPhase(const engine::ExplainedPhase& phase,
                                      const engine::PhaseSettings& rules,
                                      FlatBufferBuilder* builder) {
  return wire::CreateExplainedPhase(
      *builder, SameCode<wire::Phase>(phase.phase), SameCode<wire::PhaseReason>(phase.reason),
      DayNumber(phase.first_order), DayNumber(phase.notice), DayNumber(phase.came_back),
      phase.recent.units, phase.before.units, static_cast<uint32_t>(rules.span_days),
      static_cast<uint32_t>(rules.new_days), static_cast<uint32_t>(rules.revival_days),
      static_cast<uint32_t>(rules.decline_percent), static_cast<uint32_t>(rules.growth_percent));
}

Offset<wire::ExplainedScore> AddScore(const engine::ExplainedScore& score,
                                      FlatBufferBuilder* builder) {
  wire::ExplainedScoreBuilder out(*builder);
  out.add_value(score.value);
  out.add_score(score.score);
  if (score.better) {
    out.add_better_score(score.better->score);
    out.add_better_from(score.better->from);
  }
  if (score.worse) {
    out.add_worse_score(score.worse->score);
    out.add_worse_from(score.worse->from);
  }
  return out.Finish();
}

Offset<wire::ExplainedRfm> AddRfm(const engine::ExplainedRfm& rfm, const engine::RfmSettings& rules,
                                  FlatBufferBuilder* builder) {
  const auto recency = AddScore(rfm.recency, builder);
  const auto frequency = AddScore(rfm.frequency, builder);
  const auto monetary = AddScore(rfm.monetary, builder);
  const auto segment = Text(builder, rfm.segment);
  return wire::CreateExplainedRfm(*builder, recency, frequency, monetary, segment,
                                  static_cast<uint32_t>(rules.window_days),
                                  rules.frequency == engine::RfmFrequency::kPurchaseDays,
                                  rules.monetary == engine::RfmMonetary::kAverage);
}

Offset<wire::ExplainedAbc> AddAbc(const engine::ExplainedAbc& abc, const engine::AbcSettings& rules,
                                  FlatBufferBuilder* builder) {
  const auto measure =
      Text(builder, rules.measure == engine::AbcMeasure::kRevenue ? "revenue" : "margin");
  wire::ExplainedAbcBuilder out(*builder);
  out.add_abc(SameCode<wire::AbcClass>(abc.abc));
  out.add_measure(measure);
  out.add_value(abc.value.units);
  out.add_window_days(static_cast<uint32_t>(rules.window_days));
  if (abc.better) {
    out.add_better(SameCode<wire::AbcClass>(*abc.better));
    out.add_better_from(abc.better_from.units);
  }
  return out.Finish();
}

Offset<wire::ForeseenDay> AddForeseen(const engine::ForeseenDay& day, FlatBufferBuilder* builder) {
  const auto begun = AddRisks(day.risks_begun, builder);
  const auto ended = AddRisks(day.risks_ended, builder);
  const auto segment = OptionalText(builder, day.rfm_segment);
  wire::ForeseenDayBuilder out(*builder);
  out.add_on(day.on.since_epoch);
  if (day.activity) out.add_activity(SameCode<wire::Activity>(*day.activity));
  if (day.phase) out.add_phase(SameCode<wire::Phase>(*day.phase));
  if (day.r) out.add_r(*day.r);
  if (day.f) out.add_f(*day.f);
  if (day.m) out.add_m(*day.m);
  out.add_rfm_segment(segment);
  if (day.abc) out.add_abc(SameCode<wire::AbcClass>(*day.abc));
  if (day.value_class) out.add_value_class(SameCode<wire::ValueClass>(*day.value_class));
  out.add_risks_begun(begun);
  out.add_risks_ended(ended);
  return out.Finish();
}

// All but the value class.
struct Parts {
  Offset<wire::ExplainedActivity> activity;
  Offset<wire::ExplainedPhase> phase;
  Offset<wire::ExplainedRfm> rfm;
  Offset<wire::ExplainedAbc> abc;
  Offset<Vector<Offset<wire::ExplainedRisk>>> risks;
  Offset<Vector<Offset<wire::ForeseenDay>>> changes;
};

Parts AddParts(const engine::ExplainAnswer& answer, FlatBufferBuilder* builder) {
  const engine::RuleSettings& rules = answer.rules->settings();
  Parts parts;
  parts.activity = AddActivity(answer.activity, rules.activity, builder);
  parts.phase = AddPhase(answer.phase, rules.phase, builder);
  if (answer.rfm) parts.rfm = AddRfm(*answer.rfm, rules.rfm, builder);
  parts.abc = AddAbc(answer.abc, rules.abc, builder);
  std::vector<Offset<wire::ExplainedRisk>> risks;
  for (const engine::ExplainedRisk& risk : answer.risks) {
    risks.push_back(wire::CreateExplainedRisk(
        *builder, SameCode<wire::Risk>(risk.risk), SameCode<wire::RiskReason>(risk.reason),
        Nullable<int64_t>(risk.value), risk.limit, DayNumber(risk.since)));
  }
  if (!risks.empty()) parts.risks = builder->CreateVector(risks);
  if (!answer.foresight) return parts;
  std::vector<Offset<wire::ForeseenDay>> days;
  for (const engine::ForeseenDay& day : answer.foresight->days) {
    days.push_back(AddForeseen(day, builder));
  }
  if (!days.empty()) parts.changes = builder->CreateVector(days);
  return parts;
}

}  // namespace

void EncodeExplain(const engine::ExplainAnswer& answer, std::string_view customer,
                   FlatBufferBuilder* builder) {
  builder->Clear();
  const engine::Rules& rules = *answer.rules;
  std::vector<Offset<wire::ExplainedCriterion>> criteria;
  for (const engine::ExplainedCriterion& criterion : answer.criteria) {
    const auto field = Text(builder, criterion.field);
    criteria.push_back(wire::CreateExplainedCriterion(
        *builder, field, Nullable<int64_t>(criterion.value), Nullable<int32_t>(criterion.points),
        static_cast<uint32_t>(criterion.weight), Nullable<int32_t>(criterion.share_thousandths)));
  }
  const auto criteria_list = criteria.empty() ? 0 : builder->CreateVector(criteria);
  const auto id = Text(builder, customer);
  const auto rule =
      answer.rule_index ? Text(builder, rules.always()[*answer.rule_index].where.text()) : 0;
  const auto potential_rule =
      answer.potential_index ? Text(builder, rules.potential()[*answer.potential_index].text()) : 0;
  const Parts parts = answer.found ? AddParts(answer, builder) : Parts();

  const wire::State state = WireState(answer.state);
  wire::ExplainReplyBuilder out(*builder);
  out.add_state(&state);
  out.add_customer(id);
  out.add_found(answer.found);
  out.add_value_class(SameCode<wire::ValueClass>(answer.value_class));
  if (answer.value_score_thousandths) out.add_value_score(*answer.value_score_thousandths);
  out.add_decided_by(SameCode<wire::DecidedBy>(answer.decided_by));
  out.add_rule(rule);
  if (answer.rule_index) out.add_rule_index(static_cast<int32_t>(*answer.rule_index));
  out.add_criteria(criteria_list);
  out.add_individual_at(rules.settings().value.individual_at_hundredths);
  out.add_standard_below(rules.settings().value.standard_below_hundredths);
  if (answer.next_class) out.add_next_class(SameCode<wire::ValueClass>(*answer.next_class));
  if (answer.distance_thousandths) out.add_distance(*answer.distance_thousandths);
  out.add_hidden_potential(answer.hidden_potential);
  out.add_potential_rule(potential_rule);
  out.add_activity(parts.activity);
  out.add_phase(parts.phase);
  out.add_rfm(parts.rfm);
  out.add_abc(parts.abc);
  out.add_risks(parts.risks);
  if (answer.foresight) out.add_foreseen_through(answer.foresight->through.since_epoch);
  out.add_changes(parts.changes);
  builder->Finish(out.Finish());
}

}  // namespace kundig::server
