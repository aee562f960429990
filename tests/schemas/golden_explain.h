// What an explanation says beside the value class, with every field set, for the golden files.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TESTS_SCHEMAS_GOLDEN_EXPLAIN_H_
#define KUNDIG_TESTS_SCHEMAS_GOLDEN_EXPLAIN_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "schemas/profile_generated.h"

namespace kundig::wire {

inline std::unique_ptr<ExplainedScoreT> FullScore(int64_t value) {
  auto score = std::make_unique<ExplainedScoreT>();
  score->value = value;
  score->score = 3;
  score->better_score = 5;
  score->better_from = value + 10;
  score->worse_score = 2;
  score->worse_from = value - 1;
  return score;
}

inline void ExplainParts(ExplainReplyT* reply) {
  reply->activity = std::make_unique<ExplainedActivityT>();
  ExplainedActivityT& activity = *reply->activity;
  activity.activity = Activity::overdue;
  activity.last_activity = 14'943;
  activity.last_order = 14'940;
  activity.inactive_days = 9;
  activity.recency_days = 12;
  activity.purchase_days = 34;
  activity.mean_gap = 5'200;
  activity.overdue_after = 10;
  activity.inactive_after = 365;
  activity.lost_after = 1095;
  activity.overdue_percent = 200;
  reply->phase = std::make_unique<ExplainedPhaseT>();
  ExplainedPhaseT& phase = *reply->phase;
  phase.phase = Phase::degeneration;
  phase.reason = PhaseReason::decline;
  phase.first_order = 14'000;
  phase.notice = 14'500;
  phase.came_back = 14'600;
  phase.recent = 49;
  phase.before = 100;
  phase.span_days = 180;
  phase.new_days = 90;
  phase.revival_days = 91;
  phase.decline_percent = 50;
  phase.growth_percent = 120;
  reply->rfm = std::make_unique<ExplainedRfmT>();
  reply->rfm->recency = FullScore(12);
  reply->rfm->frequency = FullScore(34);
  reply->rfm->monetary = FullScore(5'391'212);
  reply->rfm->segment = "Champions";
  reply->rfm->window_days = 365;
  reply->rfm->by_purchase_days = true;
  reply->rfm->by_average = true;
  reply->abc = std::make_unique<ExplainedAbcT>();
  reply->abc->abc = AbcClass::c;
  reply->abc->measure = "revenue";
  reply->abc->value = 300;
  reply->abc->window_days = 364;
  reply->abc->better = AbcClass::b;
  reply->abc->better_from = 700;
  auto risk = std::make_unique<ExplainedRiskT>();
  risk->risk = Risk::churn;
  risk->reason = RiskReason::churn_score;
  risk->value = 700'000;
  risk->limit = 660'000;
  risk->since = 14'900;
  reply->risks.push_back(std::move(risk));
  reply->foreseen_through = 16'778;
  auto day = std::make_unique<ForeseenDayT>();
  day->on = 15'308;
  day->activity = Activity::inactive;
  day->phase = Phase::abstinence;
  day->r = 2;
  day->f = 1;
  day->m = 0;
  day->rfm_segment = "Lost";
  day->abc = AbcClass::none;
  day->value_class = ValueClass::review;
  day->risks_begun = {Risk::neglected};
  day->risks_ended = {Risk::slowing, Risk::churn};
  reply->changes.push_back(std::move(day));
}

}  // namespace kundig::wire

#endif  // KUNDIG_TESTS_SCHEMAS_GOLDEN_EXPLAIN_H_
