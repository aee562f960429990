// Why a customer is judged as it is, and when that will change by itself.
//
// What is foreseen holds "unless anything new comes": no event, no other rules, no other fit of the
// churn model, and others who keep today's rankings. A cut of recency is taken as the number of
// days that it lies back today, so that a score falls as its customer waits. Each class, score and
// risk is named once, on the first day on which it is another than today.
//
// Thread safety: plain values.

#ifndef KUNDIG_ENGINE_EXPLAIN_ANSWER_H_
#define KUNDIG_ENGINE_EXPLAIN_ANSWER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/query.h"
#include "engine/rules.h"
#include "engine/units.h"

namespace kundig::engine {

// How far an explanation looks ahead.
inline constexpr int32_t kForesightDays = 1826;

struct ExplainedCriterion {
  std::string_view field;
  std::optional<int64_t> value;   // absent where missing
  std::optional<int32_t> points;  // absent where the criterion was skipped
  int32_t weight = 0;
  std::optional<int32_t> share_thousandths;  // w*p/sum(w), floored; absent where skipped
};

struct ExplainedActivity {
  Activity activity = Activity::kNever;
  std::optional<Day> last_activity, last_order;
  std::optional<int32_t> inactive_days, recency_days;
  uint32_t purchase_days = 0;
  // From the third purchase day on: the own mean gap, floored, and the most days since the last
  // order that are not overdue yet.
  std::optional<int64_t> mean_gap_thousandths, overdue_after_days;
};

struct ExplainedPhase {
  Phase phase = Phase::kProspect;
  PhaseReason reason = PhaseReason::kNoOrder;
  std::optional<Day> first_order;
  std::optional<Day> notice;  // the effective day of the notice in force
  std::optional<Day> came_back;
  Minor recent, before;
};

struct ExplainedScore {
  // The score that begins at a value. Recency counts in days: there better is less.
  struct Neighbour {
    uint8_t score = 0;
    int64_t from = 0;
  };
  int64_t value = 0;
  uint8_t score = 0;
  std::optional<Neighbour> better, worse;  // the next ones, by the cuts around the value
};

struct ExplainedRfm {
  ExplainedScore recency, frequency, monetary;
  std::string_view segment;
};

struct ExplainedAbc {
  AbcClass abc = AbcClass::kNone;
  Minor value;  // the measure
  // The next better class, and the measure that it begins at; absent where there is none.
  std::optional<AbcClass> better;
  Minor better_from;
};

// What a risk was found by, in the order of Risk.
enum class RiskReason : uint8_t {
  kContacts,         // in the last 30 days
  kEarlyContacts,    // in the 30 days after the first order
  kOwnerChanged,     // days from the first order to the change
  kUnseen,           // days without order, visit and contact
  kOpenComplaint,    // days that the oldest one is open
  kLatePayment,      // days since the last one
  kServiceRequests,  // in the last 30 days
  kOverdue,          // days since the last order
  kSatisfaction,
  kReferral,
  kCustomerValue,  // minor units
  kChurnScore,     // millionths
  kOpenLead        // days since it was opened, without a contact
};

struct ExplainedRisk {
  Risk risk = Risk::kOverloaded;
  RiskReason reason = RiskReason::kContacts;
  std::optional<int64_t> value;  // absent where the history would be needed and is not there
  int64_t limit = 0;             // that the rules set
  std::optional<Day> since;      // absent where nothing tells
};

// What begins to be otherwise on one day; the rest is absent.
struct ForeseenDay {
  Day on;
  std::optional<Activity> activity;
  std::optional<Phase> phase;
  std::optional<uint8_t> r, f, m;  // 0 = no longer scored
  std::optional<std::string_view> rfm_segment;
  std::optional<AbcClass> abc;
  std::optional<ValueClass> value_class;
  RiskSet risks_begun = 0, risks_ended = 0;
};

struct Foresight {
  Day through;                    // nothing is said about later days
  std::vector<ForeseenDay> days;  // with a change, ascending
};

struct ExplainAnswer {
  StateName state;
  std::shared_ptr<const Rules> rules;
  bool found = false;
  ValueClass value_class = ValueClass::kReview;
  std::optional<int32_t> value_score_thousandths;
  DecidedBy decided_by = DecidedBy::kNoCriterion;
  std::optional<uint32_t> rule_index;  // with kAlwaysRule: place in Rules::always()
  std::vector<ExplainedCriterion> criteria;
  std::optional<ValueClass> next_class;         // the next better class by score
  std::optional<int32_t> distance_thousandths;  // score missing to it, rounded up
  bool hidden_potential = false;
  std::optional<uint32_t> potential_index;  // the first rule of Rules::potential() that holds
  ExplainedActivity activity;
  ExplainedPhase phase;
  std::optional<ExplainedRfm> rfm;  // absent for who is not scored
  ExplainedAbc abc;
  std::vector<ExplainedRisk> risks;    // those that hold, ascending
  std::optional<Foresight> foresight;  // absent of a recount, which has no histories
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_EXPLAIN_ANSWER_H_
