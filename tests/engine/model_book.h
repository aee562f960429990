// The slow, simple book that the engine is compared with: maps of customers, orders and leads, and
// every figure worked out from them by itself after each write, in the words of the definitions.
// There is no column, no shard, no running sum and no incremental ranking here: what is wrong with
// those must not be wrong here too. It shares with the engine only plain headers: events, answers,
// rules, calendar and the row-wise meaning of expressions.
//
// Ranges of single values (marks, percentages, lengths of names, days of leads) are judged where
// requests are decoded; the model, like the engine, takes them as given.
//
// Where the definitions are silent, the choices are written at the place where they are made.
//
// Thread safety: one thread at a time.
// Invariants: a refused event has changed nothing.

#ifndef KUNDIG_TESTS_ENGINE_MODEL_BOOK_H_
#define KUNDIG_TESTS_ENGINE_MODEL_BOOK_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/book.h"
#include "engine/churn_forecast.h"
#include "engine/event.h"
#include "engine/explain_answer.h"
#include "engine/query.h"
#include "engine/result.h"
#include "engine/rules.h"
#include "engine/spend_model.h"
#include "engine/units.h"

namespace kundig::engine {

// For sums of products of money: they do not fit into 64 bits.
__extension__ typedef __int128 Wide;

// numerator / denominator, rounded half away from zero. `denominator` > 0.
int64_t RoundHalfAway(Wide numerator, Wide denominator);

struct ModelOrder {
  TimeMs at;
  Day day;
  Minor revenue;
  std::optional<Minor> margin;
  uint32_t items = 0;
  friend bool operator==(const ModelOrder&, const ModelOrder&) = default;
};

struct ModelReturn {
  TimeMs at;
  Day day;
  Minor amount;
  std::optional<Minor> margin;
  friend bool operator==(const ModelReturn&, const ModelReturn&) = default;
};

struct ModelConsent {
  ConsentState state = ConsentState::kGranted;
  std::optional<Day> until;
  friend bool operator==(const ModelConsent&, const ModelConsent&) = default;
};

struct ModelContact {
  Day day;
  std::string channel, campaign;
  friend bool operator==(const ModelContact&, const ModelContact&) = default;
};

struct ModelTermination {
  TerminationState state = TerminationState::kGiven;
  std::optional<Day> effective;
  std::string reason;
  friend bool operator==(const ModelTermination&, const ModelTermination&) = default;
};

struct ModelComplaint {
  TimeMs at;
  std::optional<Day> closed;
  friend bool operator==(const ModelComplaint&, const ModelComplaint&) = default;
};

struct ModelCost {
  TimeMs at;
  Minor amount;
  friend bool operator==(const ModelCost&, const ModelCost&) = default;
};

struct ModelAttributes {
  std::optional<CustomerKind> kind;
  std::optional<std::string> country, region, owner;
  std::optional<uint32_t> company_size, products;
  std::optional<Minor> potential;
  std::optional<bool> key_account;
  std::optional<uint8_t> satisfaction, referral, bonding;
  std::optional<ValueClass> pinned_class;
  friend bool operator==(const ModelAttributes&, const ModelAttributes&) = default;
};

struct ModelCustomer {
  ModelAttributes attributes;
  std::vector<Day> owner_changes;  // an owner was followed by another or by none
  std::map<std::string, ModelOrder> orders;
  std::map<std::string, ModelReturn> returns;
  std::map<TimeMs, Day> visits;
  std::map<TimeMs, ModelContact> contacts;
  std::map<TimeMs, ModelConsent> consents;
  std::optional<ValueClass> closed_class;  // at the last day close, where the rules remember it
  std::map<TimeMs, ModelTermination> terminations;
  std::map<std::string, ModelComplaint> complaints;
  std::map<TimeMs, Day> service_requests, late_payments;
  std::map<std::string, ModelCost> costs;
};

struct ModelLead {
  LeadStatus status = LeadStatus::kOpen;
  std::optional<std::string> stage;  // open leads only
  Minor revenue;
  std::optional<uint16_t> chance;  // override
  std::optional<std::string> customer, owner, region, product, source;
  std::optional<Day> opened, expected_close;
  std::optional<Day> closed;          // closed leads only
  std::optional<std::string> reason;  // closed leads only
  friend bool operator==(const ModelLead&, const ModelLead&) = default;
};

// What a lead has been since a day, with the chance that its stage had when it came there.
struct ModelMoment {
  Day day;
  LeadStatus status = LeadStatus::kOpen;
  std::optional<std::string> stage;
  int64_t stage_chance = 0;
  std::optional<uint16_t> chance;
  Minor revenue;
};

// One customer with every figure.
struct ModelRow {
  Profile profile;
  int64_t rfm_frequency = 0, rfm_monetary = 0;  // where profile.orders >= 1
  int64_t abc_measure = 0;
  std::optional<ValueClass> pinned_class, closed_class;
};

// What the models in force are. The expectation is the engine's own, which has tests
// (churn_model_test.cc), so that roundings agree.
struct ModelOutlook {
  ChurnForecast forecast;
  std::optional<SpendModel> spend;
  bool on_margin = false;
};

// How a value class came about.
struct ModelJudgement {
  int64_t points = 0, weights = 0;  // sum(w*p) and sum(w) over the criteria present
  ValueClass value_class = ValueClass::kReview;
  DecidedBy decided_by = DecidedBy::kNoCriterion;
  std::optional<uint32_t> rule_index;
};

class ModelBook {
 public:
  ModelBook(std::shared_ptr<const Rules> rules, Day today);

  // The questions of engine::Book, with the same answers, except that List takes no cursor and only
  // says by `next` whether rows are left. Texts in answers live until the next write.
  ApplyAnswer Apply(std::span<const Event> events, Growth growth = Growth::kAllowed);
  Result<StateName> AdvanceDay(Day day);
  Result<StateName> ReplaceRules(std::shared_ptr<const Rules> rules);
  StateName AdoptFit(const AdoptedFit& fit);
  StateName State() const;
  StatusAnswer Status() const;
  void Profiles(std::span<const std::string_view> ids, ProfilesAnswer* answer) const;
  ExplainAnswer Explain(std::string_view id) const;
  RfmAnswer Rfm() const;
  AbcAnswer Abc() const;
  ValueAnswer Value() const;
  Result<PhasesAnswer> Phases(std::string_view where) const;
  Result<CountAnswer> Count(std::string_view where) const;
  Result<ListAnswer> List(const ListQuery& query) const;
  Result<PipelineAnswer> Pipeline(const PipelineQuery& query) const;
  Result<WaterfallAnswer> Waterfall(const WaterfallQuery& query) const;
  Result<ConversionAnswer> Conversion(const ConversionQuery& query) const;
  // The parameters of a fit come from the engine's, which has tests of its own
  // (churn_fit_test.cc): what it is given, and all that is made of them, is worked out here.
  Result<ChurnAnswer> Churn(const ChurnQuery& query) const;

  // The book that stopped on `day`, by these rules: without the entries of later days, and without
  // the customers that have no other. Attributes, which have no day, are as they are now. As of
  // today, everything. Without leads.
  ModelBook AsOf(Day day, std::shared_ptr<const Rules> rules) const;

  const Rules& rules() const { return *rules_; }
  // What may be asked of leads as of a day: also of stages that the rules have forgotten.
  FieldCatalog LeadFieldsThen() const;
  Day today() const { return today_; }
  const std::map<std::string, ModelCustomer>& customers() const { return customers_; }
  const std::map<std::string, ModelLead>& leads() const { return leads_; }
  // Every customer, ascending by id.
  const std::vector<ModelRow>& Rows() const;

 private:
  enum class Outcome : uint8_t { kApplied, kReplaced, kUnchanged };

  void NoteOwnerChange(ModelCustomer* customer) const;
  Result<Outcome> Take(const CustomerSet& event);
  Result<Outcome> Take(const OrderPlaced& event);
  Result<Outcome> Take(const ReturnReceived& event);
  Result<Outcome> Take(const OrderCancelled& event);
  Result<Outcome> Take(const Visit& event);
  Result<Outcome> Take(const Contact& event);
  Result<Outcome> Take(const Consent& event);
  Result<Outcome> Take(const LeadSet& event);
  Result<Outcome> Take(const LeadClosed& event);
  Result<Outcome> Take(const Erase& event);
  Result<Outcome> Take(const Termination& event);
  Result<Outcome> Take(const Complaint& event);
  Result<Outcome> Take(const ServiceRequest& event);
  Result<Outcome> Take(const LatePayment& event);
  Result<Outcome> Take(const Cost& event);
  // Whether the event would bring something that the book does not have.
  bool Grows(const Event& event) const;
  Result<Day> EventDay(TimeMs at) const;
  std::optional<Error> JudgeCurrency(std::string_view currency) const;
  // Puts `content` at `key`, and says what that was.
  template <typename Map>
  static Outcome Put(Map* map, typename Map::key_type key, typename Map::mapped_type content);

  bool InWindow(Day day, int32_t window_days) const;
  ModelRow Measure(const std::string& id, const ModelCustomer& customer) const;
  Activity ActivityOf(const Profile& profile) const;
  int64_t NetRevenue(const ModelCustomer& customer, int32_t from_days, int32_t to_days) const;
  Phase PhaseOf(const ModelCustomer& customer, const Profile& profile) const;
  RiskSet RisksOf(const ModelCustomer& customer, const Profile& profile) const;
  std::optional<ConsentStatus> ConsentOf(const ModelCustomer& customer) const;
  const std::optional<ModelOutlook>& Outlook() const;
  // Whether he is a customer still, and what he is worth.
  void Foretell(const ModelCustomer& customer, Profile* profile) const;
  std::optional<RfmAnswer::Cuts> Cuts(const std::vector<ModelRow>& rows) const;
  void Score(std::vector<ModelRow>* rows) const;
  void Classify(std::vector<ModelRow>* rows) const;
  ModelJudgement Judge(const ModelRow& row) const;
  std::optional<uint32_t> PotentialRule(const Profile& profile) const;
  bool MayApproach(const ListQuery& query, const Profile& profile, ListAnswer* answer) const;
  ListColumn Column(FieldIndex field, std::span<const ModelRow* const> rows,
                    std::deque<std::string>* texts) const;
  // The chance in force of an open lead.
  std::optional<int64_t> ChanceOf(const ModelMoment& moment) const;
  // Writes the history of a lead that has become what it is.
  void Remember(const std::string& id, const std::optional<ModelLead>& before);
  // What the lead was at the end of a day: of the moments through it the last; null before it came.
  const ModelMoment* MomentOn(const std::string& id, Day day) const;
  // A lead as it was at the end of a day, and the leads of that day that meet a condition.
  struct LeadThen {
    ModelLead lead;
    std::optional<int64_t> chance;
  };
  std::optional<LeadThen> Then(const std::string& id, Day day) const;
  Result<std::map<std::string, LeadThen>> LeadsThen(const std::string& where, Day day,
                                                    const FieldCatalog& fields) const;

  std::shared_ptr<const Rules> rules_;
  Day today_;
  uint64_t journal_sequence_ = 0;
  uint32_t rules_version_ = 1;
  uint32_t fit_version_ = 0;
  std::map<std::string, ModelCustomer> customers_;
  std::map<std::string, ModelLead> leads_;
  std::map<std::string, std::vector<ModelMoment>> lead_pasts_;  // by day, then as told
  std::optional<AdoptedFit> fit_;
  mutable std::optional<std::vector<ModelRow>> rows_;  // empty after a write
  mutable bool looked_ahead_ = false;                  // whether outlook_ is of rules_ and fit_
  mutable std::optional<ModelOutlook> outlook_;
};

template <typename Map>
ModelBook::Outcome ModelBook::Put(Map* map, typename Map::key_type key,
                                  typename Map::mapped_type content) {
  const auto found = map->find(key);
  if (found == map->end()) {
    map->emplace(std::move(key), std::move(content));
    return Outcome::kApplied;
  }
  if (found->second == content) return Outcome::kUnchanged;
  found->second = std::move(content);
  return Outcome::kReplaced;
}

// Reads one customer's figures for an expression.
class ModelProfileReader {
 public:
  ModelProfileReader(const Rules& rules, const Profile& profile)
      : rules_(rules), profile_(profile) {}
  bool Number(FieldIndex field, int64_t* value) const;
  bool Text(FieldIndex field, std::string_view* value) const;

 private:
  const Rules& rules_;
  const Profile& profile_;
};

// The place of `name` among the values of an enumeration; a failed CHECK where it is not there.
int64_t PlaceOf(const FieldCatalog& catalog, FieldIndex field, std::string_view name);

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_MODEL_BOOK_H_
