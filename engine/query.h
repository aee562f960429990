// What can be asked of a book, and the answers. Figures are those of "definitions" in
// engine/README.md.
//
// Every answer names the state of the book that it comes from, and all of one answer comes from
// that state. Text in answers points into the book's dictionaries or into `rules`, which the answer
// keeps alive; it stays valid while the book lives.
//
// Thread safety: plain values.

#ifndef KUNDIG_ENGINE_QUERY_H_
#define KUNDIG_ENGINE_QUERY_H_

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/adopted_fit.h"
#include "engine/churn_model.h"
#include "engine/customer_field.h"
#include "engine/event.h"
#include "engine/profile_record.h"
#include "engine/result.h"
#include "engine/rules.h"
#include "engine/units.h"

namespace kundig::engine {

enum class Activity : uint8_t { kNever, kLost, kInactive, kProspect, kOverdue, kActive };
enum class AbcClass : uint8_t { kA, kB, kC, kNone };
enum class ConsentStatus : uint8_t { kGranted, kWithdrawn, kExpired };
// In the order in which their rules are asked.
enum class Phase : uint8_t {
  kProspect,
  kTermination,
  kAbstinence,
  kRevitalization,
  kSocialization,
  kDegeneration,
  kGrowth,
  kMaturity
};
inline constexpr size_t kPhases = 8;
// The same rules by their alternatives, in the same order.
enum class PhaseReason : uint8_t {
  kNoOrder,
  kNotice,            // runs until its effective day
  kNoticeTookEffect,  // and no order since
  kInactive,          // or lost
  kCameBack,
  kNewCustomer,
  kOverdue,
  kDecline,
  kYoungCustomer,
  kGrowth,
  kSteady
};
enum class Risk : uint8_t {
  kOverloaded,
  kHandover,
  kNeglected,
  kComplaint,
  kLatePayment,
  kService,
  kSlowing,
  kDissatisfied,
  kUnprofitable,
  kChurn,
  kUnanswered
};
inline constexpr size_t kRisks = 11;
// A bit for each Risk.
using RiskSet = uint32_t;
constexpr RiskSet BitOf(Risk risk) {
  return RiskSet{1} << static_cast<int>(risk);
}

struct StateName {
  uint64_t journal_sequence = 0;  // entries (events and day changes) applied so far
  uint64_t ranking_version =
      0;  // journal_sequence of the state the rankings in force were computed on
  Day as_of;
  // How many rule sets the book has had, this one included: rules change answers and no entry.
  uint32_t rules_version = 1;
  // How many fits of the churn model it has had, that in force included: they are no entries
  // either.
  uint32_t fit_version = 0;
};

struct RfmScores {
  uint8_t r = 0, f = 0, m = 0;  // 1..5
  uint8_t segment = 0;          // place in Rules::segment_names()
};

struct Profile {
  std::string_view customer;
  bool found = false;
  std::optional<CustomerKind> kind;
  std::optional<std::string_view> country, region, owner;
  std::optional<uint32_t> company_size, products;
  std::optional<Minor> potential;
  bool key_account = false;
  std::optional<uint8_t> satisfaction, referral, bonding;
  std::optional<Day> first_order, last_order, last_activity;
  std::optional<int32_t> recency_days, inactive_days;
  uint32_t purchase_days = 0;
  uint32_t orders = 0;
  Minor revenue, margin;
  uint64_t items = 0;
  uint32_t orders_total = 0;
  Minor revenue_total, margin_total;
  std::optional<RfmScores> rfm;
  AbcClass abc = AbcClass::kNone;
  std::optional<int32_t> value_score_thousandths;
  ValueClass value_class = ValueClass::kReview;
  bool value_pinned = false;  // value_class was set by a person
  bool hidden_potential = false;
  Activity activity = Activity::kNever;
  std::optional<ConsentStatus> consent;
  std::optional<Day> last_contact;
  // Absent without an order, and where no churn model is in force (engine/churn_outlook.h).
  std::optional<int32_t> p_alive_millionths, churn_score_millionths;
  std::optional<ChurnBand> churn_band;
  std::optional<int64_t> expected_orders_thousandths;
  std::optional<Minor> clv;  // absent, too, where no spend model is
  Minor customer_value;
  Phase phase = Phase::kProspect;
  RiskSet risks = 0;
};

struct ProfilesAnswer {
  StateName state;
  std::shared_ptr<const Rules> rules;
  std::vector<Profile> profiles;  // in the order asked; `customer` points into the caller's ids
};

struct RecordsAnswer {
  StateName state;
  std::vector<ProfileRecord> records;  // in the order asked
};

// Kinds of names that a ProfileRecord has as codes.
enum class NameKind : uint8_t { kCountry, kRegion, kOwner, kRfmSegment };

struct NamesAnswer {
  std::shared_ptr<const Rules> rules;
  std::vector<std::string_view> names;  // of the codes asked for, ascending
  uint32_t codes = 0;                   // codes are 1..codes
};

// What a value class follows from.
enum class DecidedBy : uint8_t { kScore, kAlwaysRule, kNoCriterion, kPinned, kLastClose };

// What a book may hold of one customer, as the event that would make it hold that again.
using HeldEvent = std::variant<CustomerSet, OrderPlaced, ReturnReceived, Visit, Contact, Consent,
                               LeadSet, Termination, Complaint, ServiceRequest, LatePayment, Cost>;

// What a lead has been since a day.
struct LeadMoment {
  std::string_view lead;
  Day day;
  LeadStatus status = LeadStatus::kOpen;
  std::optional<std::string_view> stage;  // absent for a closed lead, or where nobody said
  std::optional<uint16_t> chance;         // the override, hundredths of a percent
  Minor revenue;
};

struct ExportAnswer {
  StateName state;
  std::shared_ptr<const Rules> rules;
  // What follows from it. Not found where there are only leads that name somebody who is no
  // customer.
  Profile profile;
  // The attributes, then the history by time, then the leads by id; empty where nothing is held.
  std::vector<HeldEvent> events;
  std::vector<LeadMoment> lead_history;  // of these leads, by id and day
  std::deque<std::string> texts;         // storage behind the ids
};

struct RfmAnswer {
  struct Cell {
    uint8_t r = 0, f = 0, m = 0;
    uint64_t customers = 0, orders = 0;
    Minor revenue;
  };
  struct Segment {
    std::string_view name;
    uint64_t customers = 0, orders = 0;
    Minor revenue;
  };
  struct Cuts {
    std::array<int64_t, 4> recency_days{}, frequency{},
        monetary{};  // k = 1..4; money in minor units
  };

  StateName state;
  std::shared_ptr<const Rules> rules;
  uint64_t population = 0;
  std::optional<Cuts> cuts;       // absent where nobody is scored by quantiles
  std::vector<Cell> cells;        // with customers only, by r, f, m ascending
  std::vector<Segment> segments;  // with customers only, in the order of the table
};

struct AbcAnswer {
  struct Group {
    uint64_t customers = 0;
    Minor sum;
    std::optional<Minor> from;  // smallest measure in the class
  };

  StateName state;
  AbcMeasure measure = AbcMeasure::kRevenue;
  Minor total;
  std::array<Group, 4> classes;  // by AbcClass
};

struct ValueAnswer {
  struct Group {
    uint64_t customers = 0;
    Minor revenue;
  };

  StateName state;
  std::array<Group, 3> classes;  // by ValueClass
  Group hidden_potential;
};

// Of the customers that a condition selects.
struct PhasesAnswer {
  struct Group {
    uint64_t customers = 0;
    Minor revenue, revenue_total;
    std::optional<Minor> clv;  // absent where no spend model is in force
  };

  StateName state;
  std::array<Group, kPhases> phases;  // by Phase
  std::array<Group, kRisks> risks;    // by Risk; a customer counts under each of his
  Group at_risk;                      // with any
};

struct CountAnswer {
  StateName state;
  uint64_t customers = 0, orders = 0;
  Minor revenue, revenue_total;
};

struct StatusAnswer {
  StateName state;
  uint64_t customers = 0, orders = 0, returns = 0, leads = 0, open_leads = 0;
};

// A list of customers. With `reactivation` only customers of the activities asked for that may be
// approached; with `early_warning` of these only those whose churn band is high.
struct ListQuery {
  std::string where;  // empty = all
  bool reactivation = false;
  bool early_warning = false;  // only with reactivation
  // reactivation; empty = inactive and lost, for an early warning overdue and active
  std::vector<Activity> activities;
  bool need_consent = false;               // reactivation
  std::string order_by = "revenue_total";  // ties by customer id, ascending bytes
  bool descending = true;                  // absent values come last either way
  uint32_t limit = 100;                    // rows; 0 = all
  std::string cursor;                      // `next` of the page before; empty = first page
  std::vector<std::string> fields;         // the columns of the answer
  // Of a recount: pages of one list have one day. A book does not look for it.
  std::optional<Day> as_of;
};

// The rows of a list, column by column.
struct ListColumn {
  std::string name;
  FieldType type = FieldType::kInteger;
  std::vector<int64_t> numbers;         // integers; enumerations: place in `names`
  std::vector<std::string_view> texts;  // kText
  std::vector<uint8_t> absent;          // 1 = no value
  std::vector<std::string> names;       // kEnumeration: the names of the codes
};

struct ListAnswer {
  StateName state;
  uint64_t total_customers = 0;  // over the whole list, not the page
  Minor total_revenue;           // sum of revenue_total
  uint64_t excluded_no_consent = 0, excluded_contacted = 0;
  size_t rows = 0;
  std::vector<ListColumn> columns;
  std::optional<std::string> next;  // cursor of the next page
  std::vector<std::string> ids;     // storage behind the texts of customer ids ...
  std::deque<std::string> sets;     // ... and of sets
};

enum class PipelineKey : uint8_t {
  kStage,
  kOwner,
  kRegion,
  kProduct,
  kSource,
  kCustomer,
  kMonth,
  kQuarter,
  kReason
};

struct PipelineQuery {
  std::vector<PipelineKey> by{PipelineKey::kStage};  // no kReason: open leads have none
  std::string where;
  std::vector<PipelineKey> closed_by;  // empty: no groups of closed leads
  std::optional<Day> as_of;            // at the end of this day, not after today; absent: today
};

struct PipelineAnswer {
  struct Group {
    std::vector<std::string> keys;  // one for each of `by`; "none" where absent
    uint64_t leads = 0;
    Minor revenue, weighted;
    uint64_t overridden = 0;
  };
  struct Closed {
    LeadStatus status = LeadStatus::kWon;
    std::vector<std::string> keys;
    uint64_t leads = 0;
    Minor revenue;
  };

  StateName state;
  std::vector<Group> groups;  // ascending by keys; stages in the order of the stage table
  Group total;
  uint64_t won_leads = 0, lost_leads = 0;
  Minor won_revenue, lost_revenue;
  std::vector<Closed> closed;
};

// The weighted pipeline from the end of one day to the end of a later one.
struct WaterfallQuery {
  Day from, to;       // from < to <= today
  std::string where;  // of the leads as of `to`
};

// What a change of a lead is to the weighted pipeline, in the order in which a waterfall tells it.
enum class WaterfallPart : uint8_t { kNew, kMovedUp, kMovedDown, kRevalued, kWon, kLost };
inline constexpr size_t kWaterfallParts = 6;

struct WaterfallAnswer {
  struct Total {
    uint64_t leads = 0;
    Minor revenue, weighted;
  };
  struct Part {
    uint64_t leads = 0;  // each once, however often it changed that way
    Minor revenue;       // of what was won or lost; else 0
    Minor weighted;
  };

  StateName state;
  Total opening, closing;
  std::array<Part, kWaterfallParts> parts;  // opening + parts = closing, in weighted
};

// Of each stage: the leads that were ever there, and of these the ones that reached a later stage
// afterwards.
struct ConversionQuery {
  std::string where;
  std::optional<Day> from, to;  // leads that entered the stage for the first time in these days
};

struct ConversionAnswer {
  struct Step {
    uint64_t leads = 0;
    // From the first day at the one stage to the first day afterwards at the other; the lower of
    // the two in the middle of an even count. Absent for no leads.
    std::optional<uint32_t> median_days;
  };
  struct Stage {
    uint64_t leads = 0;
    std::vector<Step> to;  // the stages behind it in the stage table, and last: won
  };

  StateName state;
  std::shared_ptr<const Rules> rules;
  std::vector<Stage> stages;  // as in the stage table
};

// What customers are judged by.
enum class Judgement : uint8_t { kRfmSegment, kAbc, kValueClass, kActivity };
inline constexpr size_t kJudgements = 4;

struct MovesQuery {
  // Who moves from one class to another: names as in the answer.
  struct List {
    Judgement judgement = Judgement::kAbc;
    std::string from, to;
  };
  std::optional<List> list;
  uint32_t limit = 100;  // rows; 0 = all
};

struct MovesAnswer {
  struct Move {
    std::string from, to;  // kNoSegment for who has no segment
    uint64_t customers = 0;
    Minor revenue;  // by the rules moved from
  };
  struct Matrix {
    std::vector<Move> moves;  // with customers only, also from a class to itself; in class order
    uint64_t moved = 0;       // customers that do not stay
  };
  struct Row {
    std::string customer;
    Minor revenue, revenue_total;
  };
  static constexpr char kNoSegment[] = "none";

  StateName state;
  std::array<Matrix, kJudgements> matrices;  // by Judgement
  std::optional<MovesQuery::List> list;      // that was asked for
  std::vector<Row> rows;  // by revenue_total, falling, then by id; at most `limit`
  uint64_t listed = 0;    // without the limit
  // Sentences: where a side leaves customers unjudged that it should judge by churn.
  std::vector<std::string> notes;
};

// Through `until` purchases are known to the churn model, between that day and `check_until` it has
// to foretell them.
struct ChurnQuery {
  std::optional<Day> until;        // absent: all that the book has
  std::optional<Day> check_until;  // only with `until`, and behind it
};

struct ChurnAnswer {
  // Customers with as many purchases after their first, and what they bought in the days to be
  // foretold.
  struct HoldOut {
    uint64_t customers = 0;
    uint64_t purchases = 0;
    double expected = 0;  // purchases, by the model
  };
  static constexpr size_t kHoldOutRows = 8;  // 0, 1, ... purchases; the last: that many or more

  StateName state;
  ChurnModelKind model = ChurnModelKind::kMbgNbd;
  ChurnParameters parameters;
  bool pinned = false;    // by the rules, not fitted
  bool converged = true;  // false: the best parameters that the limits of a fit let it find
  bool at_limit = false;  // fitted, but customers are more alike than the model can say
  double log_likelihood = 0;
  uint64_t customers = 0;  // with a purchase through `fitted_through`
  Day fitted_through;
  // Of these customers, as of that day: how many are expected to be customers still, and to buy how
  // often within the horizon of the rules.
  double alive = 0;
  int32_t horizon_days = 0;
  double expected_purchases = 0;
  std::optional<Day> checked_through;  // absent: nothing was checked
  std::array<HoldOut, kHoldOutRows> hold_out;
  uint64_t purchases = 0;             // purchase days of these customers through `fitted_through`
  std::optional<AdoptedSpend> spend;  // absent with `until`, and where there is too little data
  bool in_force = false;              // the book looks ahead by this fit from now on
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_QUERY_H_
