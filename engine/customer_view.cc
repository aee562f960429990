#include "engine/customer_view.h"

#include <algorithm>

namespace kundig::engine {
namespace {

// The points of the highest step at or below the value, 0 below the first.
int32_t PointsOf(const CompiledCriterion& criterion, int64_t value) {
  int32_t points = 0;
  for (const auto& [from, step_points] : criterion.points) {
    if (value < from) break;
    points = step_points;
  }
  return points;
}

std::optional<int32_t> Thousandths(int64_t points, int64_t weights) {
  if (weights == 0) return std::nullopt;
  return static_cast<int32_t>(points * 1000 / weights);
}

template <typename T>
std::optional<T> Unless(T value, T absent) {
  return value == absent ? std::nullopt : std::optional<T>(value);
}

std::optional<std::string_view> NameOf(const Dictionary& names, NameCode code) {
  return code == kNoName ? std::nullopt : std::optional<std::string_view>(names.Text(code));
}

}  // namespace

ValueVerdict JudgeValue(const CustomerView& view, uint32_t row) {
  const Rules& rules = *view.rules;
  const ValueSettings& settings = rules.settings().value;
  const RowReader reader(view, row);
  ValueVerdict verdict;
  for (const CompiledCriterion& criterion : rules.criteria()) {
    int64_t value = 0;
    const bool present = reader.Number(criterion.field, &value);
    if (!present && criterion.missing == Missing::kSkip) continue;
    if (present) verdict.points += int64_t{criterion.weight} * PointsOf(criterion, value);
    verdict.weights += criterion.weight;
  }
  verdict.score_thousandths = Thousandths(verdict.points, verdict.weights);
  for (uint32_t index = 0; index < rules.always().size(); ++index) {
    if (rules.always()[index].where.Holds(reader)) {
      verdict.decided_by = DecidedBy::kAlwaysRule;
      verdict.rule_index = index;
      verdict.value_class = rules.always()[index].value_class;
      return verdict;
    }
  }
  if (verdict.weights == 0) return verdict;
  verdict.decided_by = DecidedBy::kScore;
  const int64_t points = verdict.points * 100;
  if (points >= settings.individual_at_hundredths * verdict.weights) {
    verdict.value_class = ValueClass::kIndividual;
  } else if (points < settings.standard_below_hundredths * verdict.weights) {
    verdict.value_class = ValueClass::kStandard;
  }
  return verdict;
}

std::optional<uint32_t> HiddenPotential(const CustomerView& view, uint32_t row,
                                        ValueClass value_class) {
  if (value_class != ValueClass::kStandard) return std::nullopt;
  const std::vector<Expression>& rules = view.rules->potential();
  const RowReader reader(view, row);
  for (uint32_t index = 0; index < rules.size(); ++index) {
    if (rules[index].Holds(reader)) return index;
  }
  return std::nullopt;
}

bool IsNameField(CustomerField field) {
  return field == CustomerField::kCountry || field == CustomerField::kRegion ||
         field == CustomerField::kOwner;
}

const Dictionary& NamesOf(const CustomerNames& names, CustomerField field) {
  if (field == CustomerField::kCountry) return names.countries;
  if (field == CustomerField::kRegion) return names.regions;
  KUNDIG_CHECK(field == CustomerField::kOwner);
  return names.owners;
}

bool RowReader::Number(FieldIndex index, int64_t* value) const {
  const auto field = static_cast<CustomerField>(index);
  if (field == CustomerField::kCustomer || IsNameField(field)) return false;
  return WithField(view_, field, [&](auto value_of) { return value_of(row_, value); });
}

bool RowReader::Text(FieldIndex index, std::string_view* text) const {
  const auto field = static_cast<CustomerField>(index);
  if (field == CustomerField::kCustomer) {
    *text = view_.shard->CustomerAt(row_);
    return true;
  }
  if (!IsNameField(field)) return false;
  int64_t code = 0;
  if (!WithField(view_, field, [&](auto value_of) { return value_of(row_, &code); })) return false;
  *text = NamesOf(*view_.names, field).Text(static_cast<NameCode>(code));
  return true;
}

void FillProfile(const CustomerView& view, uint32_t row, Profile* profile) {
  const CustomerColumns& c = view.columns();
  Profile& p = *profile;
  p.found = true;
  if (c.kind[row] != ColumnKind::kAbsent) {
    p.kind =
        c.kind[row] == ColumnKind::kConsumer ? CustomerKind::kConsumer : CustomerKind::kBusiness;
  }
  p.country = NameOf(view.names->countries, c.country[row]);
  p.region = NameOf(view.names->regions, c.region[row]);
  p.owner = NameOf(view.names->owners, c.owner[row]);
  p.company_size = Unless(c.company_size[row], kNoCount);
  p.products = Unless(c.products[row], kNoCount);
  if (c.potential[row] != kNoPotential) p.potential = Minor{c.potential[row]};
  p.key_account = c.key_account[row] == ColumnFlag::kTrue;
  p.satisfaction = Unless(c.satisfaction[row], kNoRating);
  p.referral = Unless(c.referral[row], kNoRating);
  p.bonding = Unless(c.bonding[row], kNoRating);
  p.first_order = OptionalDay(c.first_order[row]);
  p.last_order = OptionalDay(c.last_order[row]);
  p.last_activity = OptionalDay(LastActivity(c, row));
  if (p.last_order) p.recency_days = view.today - *p.last_order;
  if (p.last_activity) p.inactive_days = view.today - *p.last_activity;
  p.purchase_days = c.purchase_days[row];
  p.orders = c.orders[row];
  p.revenue = Minor{c.revenue[row]};
  p.margin = Minor{c.margin[row]};
  p.items = c.items[row];
  p.orders_total = c.orders_total[row];
  p.revenue_total = Minor{c.revenue_total[row]};
  p.margin_total = Minor{c.margin_total[row]};
  p.rfm = ScoresOf(view, row);
  p.abc = view.ranking->AbcOf(c.abc_value[row]);
  const ValueVerdict verdict = JudgeValue(view, row);
  p.value_score_thousandths = verdict.score_thousandths;
  p.value_class = verdict.value_class;
  p.hidden_potential = HiddenPotential(view, row, verdict.value_class).has_value();
  p.activity = ActivityOf(view, row);
  p.consent = ConsentOf(view, row);
  p.last_contact = OptionalDay(c.last_contact[row]);
}

void FillRecord(const CustomerView& view, uint32_t row, ProfileRecord* record) {
  const CustomerColumns& c = view.columns();
  ProfileRecord& out = *record;
  const auto day_of = [](ColumnDay day) {
    return day == kNoDay ? kRecordNoDay : FromColumn(day).since_epoch;
  };
  out.found = true;
  if (c.kind[row] != ColumnKind::kAbsent) {
    out.kind = static_cast<uint8_t>(static_cast<uint8_t>(c.kind[row]) - 1);
  }
  out.country = c.country[row];
  out.region = c.region[row];
  out.owner = c.owner[row];
  static_assert(kNoCount == kRecordNoCount && kNoPotential == kRecordNoPotential &&
                kNoRating == kRecordNoByte);
  out.company_size = c.company_size[row];
  out.products = c.products[row];
  out.potential = c.potential[row];
  out.key_account = c.key_account[row] == ColumnFlag::kTrue;
  out.satisfaction = c.satisfaction[row];
  out.referral = c.referral[row];
  out.bonding = c.bonding[row];
  out.first_order = day_of(c.first_order[row]);
  out.last_order = day_of(c.last_order[row]);
  out.last_activity = day_of(LastActivity(c, row));
  out.last_contact = day_of(c.last_contact[row]);
  const int32_t today = view.today.since_epoch;
  if (out.last_order != kRecordNoDay) out.recency_days = today - out.last_order;
  if (out.last_activity != kRecordNoDay) out.inactive_days = today - out.last_activity;
  out.purchase_days = c.purchase_days[row];
  out.orders = c.orders[row];
  out.revenue = c.revenue[row];
  out.margin = c.margin[row];
  out.items = c.items[row];
  out.orders_total = c.orders_total[row];
  out.revenue_total = c.revenue_total[row];
  out.margin_total = c.margin_total[row];
  if (const std::optional<RfmScores> scores = ScoresOf(view, row)) {
    out.r = scores->r;
    out.f = scores->f;
    out.m = scores->m;
    out.rfm_segment = static_cast<uint8_t>(scores->segment + 1);
  }
  out.abc = static_cast<uint8_t>(view.ranking->AbcOf(c.abc_value[row]));
  const ValueVerdict verdict = JudgeValue(view, row);
  out.value_score_thousandths = verdict.score_thousandths.value_or(kRecordNoScore);
  out.value_class = static_cast<uint8_t>(verdict.value_class);
  out.hidden_potential = HiddenPotential(view, row, verdict.value_class).has_value();
  out.activity = static_cast<uint8_t>(ActivityOf(view, row));
  if (const std::optional<ConsentStatus> consent = ConsentOf(view, row)) {
    out.consent = static_cast<uint8_t>(*consent);
  }
}

void FillExplanation(const CustomerView& view, uint32_t row, ExplainAnswer* answer) {
  const Rules& rules = *view.rules;
  const ValueSettings& settings = rules.settings().value;
  const RowReader reader(view, row);
  const ValueVerdict verdict = JudgeValue(view, row);
  answer->found = true;
  answer->value_class = verdict.value_class;
  answer->value_score_thousandths = verdict.score_thousandths;
  answer->decided_by = verdict.decided_by;
  if (verdict.decided_by == DecidedBy::kAlwaysRule) answer->rule_index = verdict.rule_index;
  for (const CompiledCriterion& criterion : rules.criteria()) {
    ExplainedCriterion explained;
    explained.field = rules.customer_fields().At(criterion.field).name;
    explained.weight = criterion.weight;
    int64_t value = 0;
    const bool present = reader.Number(criterion.field, &value);
    if (present) explained.value = value;
    if (present || criterion.missing == Missing::kZero) {
      explained.points = present ? PointsOf(criterion, value) : 0;
      explained.share_thousandths =
          Thousandths(int64_t{criterion.weight} * *explained.points, verdict.weights);
    }
    answer->criteria.push_back(explained);
  }
  if (verdict.decided_by == DecidedBy::kScore && verdict.value_class != ValueClass::kIndividual) {
    // From standard the next better class is what stands at standard_below: review, or individual
    // at once where the two thresholds are one.
    const bool to_review = verdict.value_class == ValueClass::kStandard &&
                           settings.standard_below_hundredths < settings.individual_at_hundredths;
    answer->next_class = to_review ? ValueClass::kReview : ValueClass::kIndividual;
    const int64_t at =
        to_review ? settings.standard_below_hundredths : settings.individual_at_hundredths;
    // (at / 100 - points / weights) in thousandths, rounded up.
    const int64_t missing = at * verdict.weights - verdict.points * 100;
    const int64_t scale = verdict.weights * 100;
    answer->distance_thousandths = static_cast<int32_t>((missing * 1000 + scale - 1) / scale);
  }
  answer->potential_index = HiddenPotential(view, row, verdict.value_class);
  answer->hidden_potential = answer->potential_index.has_value();
}

}  // namespace kundig::engine
