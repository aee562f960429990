// The figures of customers: measures, scores, classes.

#include <algorithm>

#include "engine/check.h"
#include "tests/engine/model_book.h"

namespace kundig::engine {

namespace {

Profile AttributesOf(const std::string& id, const ModelAttributes& attributes) {
  Profile profile;
  profile.customer = id;
  profile.found = true;
  profile.kind = attributes.kind;
  profile.country = attributes.country;
  profile.region = attributes.region;
  profile.owner = attributes.owner;
  profile.company_size = attributes.company_size;
  profile.products = attributes.products;
  profile.potential = attributes.potential;
  profile.key_account = attributes.key_account.value_or(false);
  profile.satisfaction = attributes.satisfaction;
  profile.referral = attributes.referral;
  profile.bonding = attributes.bonding;
  return profile;
}

// The value at place ceil(k*n/5), counted from 1, for k = 1..4.
std::array<int64_t, 4> CutsOf(std::vector<int64_t> values) {
  std::sort(values.begin(), values.end());
  std::array<int64_t, 4> cuts{};
  for (size_t k = 1; k <= 4; ++k) cuts[k - 1] = values[(k * values.size() + 4) / 5 - 1];
  return cuts;
}

int CutsBelow(const std::array<int64_t, 4>& cuts, int64_t value) {
  return static_cast<int>(
      std::count_if(cuts.begin(), cuts.end(), [value](int64_t cut) { return value > cut; }));
}

int CutsReached(const std::array<int64_t, 4>& cuts, int64_t value) {
  return static_cast<int>(
      std::count_if(cuts.begin(), cuts.end(), [value](int64_t cut) { return value >= cut; }));
}

// Steps: the points of the highest `from` that is not above the value; none below the first.
int32_t ModelPoints(const CompiledCriterion& criterion, int64_t value) {
  int32_t points = 0;
  for (const auto& [from, p] : criterion.points) {
    if (from <= value) points = p;
  }
  return points;
}

}  // namespace

bool ModelBook::InWindow(Day day, int32_t window_days) const {
  return day <= today_ && (window_days == 0 || today_ - day < window_days);
}

Activity ModelBook::ActivityOf(const Profile& profile) const {
  const ActivitySettings& settings = rules_->settings().activity;
  if (!profile.last_activity) return Activity::kNever;
  if (*profile.inactive_days >= settings.lost_after) return Activity::kLost;
  if (*profile.inactive_days >= settings.inactive_after) return Activity::kInactive;
  if (profile.orders_total == 0) return Activity::kProspect;
  const Wide gaps = static_cast<Wide>(*profile.recency_days) *
                    (static_cast<Wide>(profile.purchase_days) - 1) * 100;
  const Wide span = static_cast<Wide>(*profile.last_order - *profile.first_order);
  if (profile.purchase_days >= 3 && gaps > settings.overdue_percent * span) {
    return Activity::kOverdue;
  }
  return Activity::kActive;
}

std::optional<ConsentStatus> ModelBook::ConsentOf(const ModelCustomer& customer) const {
  if (customer.consents.empty()) return std::nullopt;
  const ModelConsent& consent = customer.consents.rbegin()->second;
  if (consent.state == ConsentState::kWithdrawn) return ConsentStatus::kWithdrawn;
  const bool expired = consent.until && *consent.until < today_;
  return expired ? ConsentStatus::kExpired : ConsentStatus::kGranted;
}

// Orders of tomorrow are known at once (first and last order, purchase days, activity) but enter
// sums and windows on their day.
ModelRow ModelBook::Measure(const std::string& id, const ModelCustomer& customer) const {
  const RuleSettings& settings = rules_->settings();
  const int32_t rfm_window = settings.rfm.window_days;
  const int32_t abc_window = settings.abc.window_days;
  const bool abc_margin = settings.abc.measure == AbcMeasure::kMargin;
  ModelRow row;
  Profile& profile = row.profile;
  profile = AttributesOf(id, customer.attributes);
  row.pinned_class = customer.attributes.pinned_class;
  row.closed_class = customer.closed_class;

  std::set<Day> days, window_days;
  for (const auto& [order_id, order] : customer.orders) {
    const Minor margin = order.margin.value_or(Minor{0});
    days.insert(order.day);
    if (InWindow(order.day, 0)) {
      ++profile.orders_total;
      profile.revenue_total += order.revenue;
      profile.margin_total += margin;
    }
    if (InWindow(order.day, rfm_window)) {
      ++profile.orders;
      profile.revenue += order.revenue;
      profile.margin += margin;
      profile.items += order.items;
      window_days.insert(order.day);
    }
    if (InWindow(order.day, abc_window)) {
      row.abc_measure += abc_margin ? margin.units : order.revenue.units;
    }
  }
  for (const auto& [return_id, back] : customer.returns) {
    const Minor margin = back.margin.value_or(Minor{0});
    if (InWindow(back.day, 0)) {
      profile.revenue_total -= back.amount;
      profile.margin_total -= margin;
    }
    if (InWindow(back.day, rfm_window)) {
      profile.revenue -= back.amount;
      profile.margin -= margin;
    }
    if (InWindow(back.day, abc_window)) {
      row.abc_measure -= abc_margin ? margin.units : back.amount.units;
    }
  }

  profile.purchase_days = static_cast<uint32_t>(days.size());
  if (!days.empty()) {
    profile.first_order = *days.begin();
    profile.last_order = profile.last_activity = *days.rbegin();
    profile.recency_days = today_ - *profile.last_order;
  }
  for (const auto& [at, day] : customer.visits) {
    profile.last_activity = std::max(profile.last_activity.value_or(day), day);
  }
  if (profile.last_activity) profile.inactive_days = today_ - *profile.last_activity;
  for (const auto& [at, contact] : customer.contacts) {
    profile.last_contact = std::max(profile.last_contact.value_or(contact.day), contact.day);
  }
  profile.activity = ActivityOf(profile);
  profile.customer_value = profile.margin_total;
  for (const auto& [cost_id, cost] : customer.costs) {
    if (rules_->calendar().DayOf(cost.at) <= today_) profile.customer_value -= cost.amount;
  }
  profile.phase = PhaseOf(customer, profile);
  profile.consent = ConsentOf(customer);
  Foretell(customer, &profile);

  row.rfm_frequency = settings.rfm.frequency == RfmFrequency::kOrders
                          ? profile.orders
                          : static_cast<int64_t>(window_days.size());
  row.rfm_monetary = profile.revenue.units;
  if (settings.rfm.monetary == RfmMonetary::kAverage && profile.orders > 0) {
    row.rfm_monetary = RoundHalfAway(profile.revenue.units, profile.orders);
  }
  return row;
}

std::optional<RfmAnswer::Cuts> ModelBook::Cuts(const std::vector<ModelRow>& rows) const {
  const RfmSettings& settings = rules_->settings().rfm;
  if (settings.scoring == RfmScoring::kFixed) {
    return RfmAnswer::Cuts{settings.recency_cuts, settings.frequency_cuts, settings.monetary_cuts};
  }
  std::vector<int64_t> last_orders, frequencies, monetaries;
  for (const ModelRow& row : rows) {
    if (row.profile.orders == 0) continue;
    last_orders.push_back(row.profile.last_order->since_epoch);
    frequencies.push_back(row.rfm_frequency);
    monetaries.push_back(row.rfm_monetary);
  }
  if (last_orders.empty()) return std::nullopt;
  RfmAnswer::Cuts cuts{CutsOf(last_orders), CutsOf(frequencies), CutsOf(monetaries)};
  for (int64_t& cut : cuts.recency_days) cut = today_.since_epoch - cut;
  return cuts;
}

void ModelBook::Score(std::vector<ModelRow>* rows) const {
  const std::optional<RfmAnswer::Cuts> cuts = Cuts(*rows);
  for (ModelRow& row : *rows) {
    if (row.profile.orders == 0) continue;
    const int r = 5 - CutsReached(cuts->recency_days, *row.profile.recency_days);
    const int f = 1 + CutsBelow(cuts->frequency, row.rfm_frequency);
    const int m = 1 + CutsBelow(cuts->monetary, row.rfm_monetary);
    row.profile.rfm = RfmScores{static_cast<uint8_t>(r), static_cast<uint8_t>(f),
                                static_cast<uint8_t>(m), rules_->SegmentOf(r, f, m)};
  }
}

void ModelBook::Classify(std::vector<ModelRow>* rows) const {
  const AbcSettings& settings = rules_->settings().abc;
  Wide total = 0;
  for (const ModelRow& row : *rows) total += std::max<int64_t>(row.abc_measure, 0);
  for (ModelRow& row : *rows) {
    const int64_t measure = row.abc_measure;
    if (measure <= 0) continue;
    Wide above = 0, own = 0;
    for (const ModelRow& other : *rows) {
      if (other.abc_measure > measure) above += other.abc_measure;
      if (other.abc_measure == measure) own += other.abc_measure;
    }
    const auto within = [&](int32_t cut_hundredths) {
      return settings.boundary == AbcBoundary::kStay
                 ? above * 10000 < cut_hundredths * total
                 : (above + own) * 10000 <= cut_hundredths * total;
    };
    row.profile.abc = within(settings.a_hundredths)   ? AbcClass::kA
                      : within(settings.b_hundredths) ? AbcClass::kB
                                                      : AbcClass::kC;
  }
}

ModelJudgement ModelBook::Judge(const ModelRow& row) const {
  const ModelProfileReader reader(*rules_, row.profile);
  ModelJudgement judgement;
  for (const CompiledCriterion& criterion : rules_->criteria()) {
    int64_t value = 0;
    const bool present = reader.Number(criterion.field, &value);
    if (!present && criterion.missing == Missing::kSkip) continue;
    judgement.weights += criterion.weight;
    if (present) judgement.points += criterion.weight * ModelPoints(criterion, value);
  }
  if (row.pinned_class) {
    judgement.value_class = *row.pinned_class;
    judgement.decided_by = DecidedBy::kPinned;
    return judgement;
  }
  for (size_t i = 0; i < rules_->always().size(); ++i) {
    if (!rules_->always()[i].where.Holds(reader)) continue;
    judgement.value_class = rules_->always()[i].value_class;
    judgement.decided_by = DecidedBy::kAlwaysRule;
    judgement.rule_index = static_cast<uint32_t>(i);
    return judgement;
  }
  if (judgement.weights == 0) return judgement;
  const ValueSettings& settings = rules_->settings().value;
  judgement.decided_by = DecidedBy::kScore;
  if (judgement.points * 100 >= settings.individual_at_hundredths * judgement.weights) {
    judgement.value_class = ValueClass::kIndividual;
  } else if (judgement.points * 100 < settings.standard_below_hundredths * judgement.weights) {
    judgement.value_class = ValueClass::kStandard;
  } else if (settings.between == Between::kLastClose && row.closed_class &&
             *row.closed_class != ValueClass::kReview) {
    judgement.value_class = *row.closed_class;
    judgement.decided_by = DecidedBy::kLastClose;
  }
  return judgement;
}

std::optional<uint32_t> ModelBook::PotentialRule(const Profile& profile) const {
  const ModelProfileReader reader(*rules_, profile);
  for (size_t i = 0; i < rules_->potential().size(); ++i) {
    if (rules_->potential()[i].Holds(reader)) return static_cast<uint32_t>(i);
  }
  return std::nullopt;
}

const std::vector<ModelRow>& ModelBook::Rows() const {
  if (rows_) return *rows_;
  std::vector<ModelRow> rows;
  for (const auto& [id, customer] : customers_) rows.push_back(Measure(id, customer));
  Score(&rows);
  Classify(&rows);
  for (ModelRow& row : rows) {
    const ModelJudgement judgement = Judge(row);
    row.profile.value_class = judgement.value_class;
    row.profile.value_pinned = judgement.decided_by == DecidedBy::kPinned;
    if (judgement.weights > 0) {
      row.profile.value_score_thousandths =
          static_cast<int32_t>(judgement.points * 1000 / judgement.weights);
    }
    row.profile.hidden_potential =
        judgement.value_class == ValueClass::kStandard && PotentialRule(row.profile).has_value();
    row.profile.risks =
        RisksOf(customers_.find(std::string(row.profile.customer))->second, row.profile);
  }
  rows_ = std::move(rows);
  return *rows_;
}

ExplainAnswer ModelBook::Explain(std::string_view id) const {
  ExplainAnswer answer;
  answer.state = State();
  answer.rules = rules_;
  const auto row = std::find_if(Rows().begin(), Rows().end(), [id](const ModelRow& candidate) {
    return candidate.profile.customer == id;
  });
  if (row == Rows().end()) return answer;
  const Profile& profile = row->profile;
  const ModelJudgement judgement = Judge(*row);
  answer.found = true;
  answer.value_class = profile.value_class;
  answer.value_score_thousandths = profile.value_score_thousandths;
  answer.decided_by = judgement.decided_by;
  answer.rule_index = judgement.rule_index;

  const ModelProfileReader reader(*rules_, profile);
  for (const CompiledCriterion& criterion : rules_->criteria()) {
    ExplainedCriterion explained;
    explained.field = rules_->customer_fields().At(criterion.field).name;
    explained.weight = criterion.weight;
    int64_t value = 0;
    const bool present = reader.Number(criterion.field, &value);
    if (present) explained.value = value;
    if (present || criterion.missing == Missing::kZero) {
      explained.points = present ? ModelPoints(criterion, value) : 0;
      explained.share_thousandths = static_cast<int32_t>(
          int64_t{criterion.weight} * *explained.points * 1000 / judgement.weights);
    }
    answer.criteria.push_back(explained);
  }

  // There is a next class only where the score decided: no score changes what a rule says.
  const ValueSettings& settings = rules_->settings().value;
  const auto next = [&](ValueClass value_class, int32_t at_hundredths) {
    const Wide short_of = static_cast<Wide>(at_hundredths) * 10 * judgement.weights -
                          static_cast<Wide>(judgement.points) * 1000;
    answer.next_class = value_class;
    answer.distance_thousandths =
        static_cast<int32_t>((short_of + judgement.weights - 1) / judgement.weights);
  };
  const bool between_exists =
      settings.standard_below_hundredths < settings.individual_at_hundredths;
  const bool remembers = settings.between == Between::kLastClose && row->closed_class.has_value();
  if (judgement.decided_by == DecidedBy::kLastClose) {
    if (judgement.value_class == ValueClass::kStandard) {
      next(ValueClass::kIndividual, settings.individual_at_hundredths);
    }
  } else if (judgement.decided_by == DecidedBy::kScore) {
    const bool stays_standard = remembers && row->closed_class == ValueClass::kStandard;
    if (judgement.value_class == ValueClass::kStandard && between_exists && !stays_standard) {
      const bool was_individual = remembers && row->closed_class == ValueClass::kIndividual;
      next(was_individual ? ValueClass::kIndividual : ValueClass::kReview,
           settings.standard_below_hundredths);
    } else if (judgement.value_class != ValueClass::kIndividual) {
      next(ValueClass::kIndividual, settings.individual_at_hundredths);
    }
  }
  answer.hidden_potential = profile.hidden_potential;
  if (profile.hidden_potential) answer.potential_index = PotentialRule(profile);
  return answer;
}

}  // namespace kundig::engine
