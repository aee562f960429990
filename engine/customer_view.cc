#include "engine/customer_view.h"

#include <algorithm>

namespace kundig::engine {
namespace {

std::optional<int32_t> Thousandths(int64_t points, int64_t weights) {
  if (weights == 0) return std::nullopt;
  return static_cast<int32_t>(points * 1000 / weights);
}

template <typename T>
std::optional<T> Unless(T value, T absent) {
  return value == absent ? std::nullopt : std::optional<T>(value);
}

void FillOutlook(const BookView& view, const RowFields& fields, Profile* profile) {
  const ChurnOutlook& churn = *view.churn;
  const PurchaseHistory purchases = PurchasesOf(view, fields);
  const double p_alive = churn.PAlive(purchases);
  const double expected_orders = churn.ExpectedOrders(purchases, p_alive);
  profile->p_alive_millionths = ChurnOutlook::Millionths(p_alive);
  profile->churn_score_millionths = kOneInMillionths - *profile->p_alive_millionths;
  profile->churn_band = BandOf(1 - p_alive);
  profile->expected_orders_thousandths = ChurnOutlook::Thousandths(expected_orders);
  if (churn.has_spend()) profile->clv = ClvOf(churn, fields, expected_orders);
}

std::optional<std::string_view> OptionalName(const Dictionary& names, NameCode code) {
  return code == kNoName ? std::nullopt : std::optional<std::string_view>(names.Text(code));
}

}  // namespace

int32_t PointsOf(const CompiledCriterion& criterion, int64_t value) {
  int32_t points = 0;
  for (const auto& [from, step_points] : criterion.points) {
    if (value < from) break;
    points = step_points;
  }
  return points;
}

ValueClass ClassBetween(const ValueSettings& settings, ClassCode closed) {
  if (settings.between == Between::kReview) return ValueClass::kReview;
  return OptionalClass(closed).value_or(ValueClass::kReview);
}

ValueClass ClassByScore(const ValueSettings& settings, int64_t hundredths, int64_t weights,
                        ClassCode closed) {
  if (weights == 0) return ValueClass::kReview;
  if (hundredths >= settings.individual_at_hundredths * weights) return ValueClass::kIndividual;
  if (hundredths < settings.standard_below_hundredths * weights) return ValueClass::kStandard;
  return ClassBetween(settings, closed);
}

ValueVerdict JudgeValue(const CustomerView& customer) {
  const Rules& rules = *customer.book->rules;
  const ValueSettings& settings = rules.settings().value;
  const RowReader reader(customer);
  ValueVerdict verdict;
  for (const CompiledCriterion& criterion : rules.criteria()) {
    int64_t value = 0;
    const bool present = reader.Number(criterion.field, &value);
    if (!present && criterion.missing == Missing::kSkip) continue;
    if (present) verdict.points += int64_t{criterion.weight} * PointsOf(criterion, value);
    verdict.weights += criterion.weight;
  }
  verdict.score_thousandths = Thousandths(verdict.points, verdict.weights);
  if (const auto pinned = OptionalClass(customer.figures->pinned_class)) {
    verdict.decided_by = DecidedBy::kPinned;
    verdict.value_class = *pinned;
    return verdict;
  }
  for (uint32_t index = 0; index < rules.always().size(); ++index) {
    if (rules.always()[index].where.Holds(reader)) {
      verdict.decided_by = DecidedBy::kAlwaysRule;
      verdict.rule_index = index;
      verdict.value_class = rules.always()[index].value_class;
      return verdict;
    }
  }
  if (verdict.weights == 0) return verdict;
  const ClassCode closed = customer.figures->closed_class;
  const int64_t hundredths = verdict.points * 100;
  verdict.value_class = ClassByScore(settings, hundredths, verdict.weights, closed);
  // Without memory it would be another one.
  const bool remembered =
      verdict.value_class != ClassByScore(settings, hundredths, verdict.weights, kNoClass);
  verdict.decided_by = remembered ? DecidedBy::kLastClose : DecidedBy::kScore;
  return verdict;
}

std::optional<uint32_t> HiddenPotential(const CustomerView& customer, ValueClass value_class) {
  if (value_class != ValueClass::kStandard) return std::nullopt;
  const std::vector<Expression>& rules = customer.book->rules->potential();
  const RowReader reader(customer);
  for (uint32_t index = 0; index < rules.size(); ++index) {
    if (rules[index].Holds(reader)) return index;
  }
  return std::nullopt;
}

RiskSet RisksOf(const CustomerView& customer, const ValueVerdict& verdict) {
  return RisksOf(*customer.book, RowFields(*customer.figures),
                 verdict.value_class == ValueClass::kIndividual);
}

FieldSet JudgedFields() {
  FieldSet judged;
  for (size_t field = 0; field < kCustomerFieldCount; ++field) {
    if (IsJudgedField(static_cast<CustomerField>(field)))
      judged.Add(static_cast<FieldIndex>(field));
  }
  return judged;
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

bool JudgedNumber(const CustomerView& customer, const ValueVerdict& verdict, CustomerField field,
                  int64_t* value) {
  switch (field) {
    case CustomerField::kValueScore:
      *value = verdict.score_thousandths.value_or(0);
      return verdict.score_thousandths.has_value();
    case CustomerField::kValueClass:
      *value = static_cast<int64_t>(verdict.value_class);
      return true;
    case CustomerField::kRisk:
      *value = RisksOf(customer, verdict);
      return true;
    default:
      *value = HiddenPotential(customer, verdict.value_class).has_value();
      return true;
  }
}

bool RowReader::Number(FieldIndex index, int64_t* value) const {
  const auto field = static_cast<CustomerField>(index);
  if (field == CustomerField::kCustomer || IsNameField(field)) return false;
  if (IsJudgedField(field)) {
    return JudgedNumber(customer_, JudgeValue(customer_), field, value);
  }
  return WithField(*customer_.book, field,
                   [&](auto value_of) { return value_of(RowFields(*customer_.figures), value); });
}

bool RowReader::Text(FieldIndex index, std::string_view* text) const {
  const auto field = static_cast<CustomerField>(index);
  if (field == CustomerField::kCustomer) {
    *text = customer_.row->customer();
    return true;
  }
  if (!IsNameField(field)) return false;
  int64_t code = 0;
  const bool present = WithField(*customer_.book, field, [&](auto value_of) {
    return value_of(RowFields(*customer_.figures), &code);
  });
  if (present) *text = NamesOf(*customer_.book->names, field).Text(static_cast<NameCode>(code));
  return present;
}

void FillProfile(const CustomerView& customer, Profile* profile) {
  const BookView& view = *customer.book;
  const CustomerFigures& c = *customer.figures;
  const RowFields fields(c);
  Profile& p = *profile;
  p.found = true;
  if (c.kind != ColumnKind::kAbsent) {
    p.kind = c.kind == ColumnKind::kConsumer ? CustomerKind::kConsumer : CustomerKind::kBusiness;
  }
  p.country = OptionalName(view.names->countries, c.country);
  p.region = OptionalName(view.names->regions, c.region);
  p.owner = OptionalName(view.names->owners, c.owner);
  p.company_size = Unless(c.company_size, kNoCount);
  p.products = Unless(c.products, kNoCount);
  if (c.potential != kNoPotential) p.potential = Minor{c.potential};
  p.key_account = c.key_account == ColumnFlag::kTrue;
  p.satisfaction = Unless(c.satisfaction, kNoRating);
  p.referral = Unless(c.referral, kNoRating);
  p.bonding = Unless(c.bonding, kNoRating);
  p.first_order = OptionalDay(c.first_order);
  p.last_order = OptionalDay(c.last_order);
  p.last_activity = OptionalDay(LastActivity(fields));
  if (p.last_order) p.recency_days = view.today - *p.last_order;
  if (p.last_activity) p.inactive_days = view.today - *p.last_activity;
  p.purchase_days = c.purchase_days;
  p.orders = c.orders;
  p.revenue = Minor{c.revenue};
  p.margin = Minor{c.margin};
  p.items = c.items;
  p.orders_total = c.orders_total;
  p.revenue_total = Minor{c.revenue_total};
  p.margin_total = Minor{c.margin_total};
  p.rfm = ScoresOf(view, fields);
  p.abc = view.ranking->AbcOf(c.abc_value);
  const ValueVerdict verdict = JudgeValue(customer);
  p.value_score_thousandths = verdict.score_thousandths;
  p.value_class = verdict.value_class;
  p.value_pinned = verdict.decided_by == DecidedBy::kPinned;
  p.hidden_potential = HiddenPotential(customer, verdict.value_class).has_value();
  p.activity = ActivityOf(view, fields);
  p.consent = ConsentOf(view, fields);
  p.last_contact = OptionalDay(c.last_contact);
  if (view.churn != nullptr && c.purchase_days > 0) FillOutlook(view, fields, &p);
  p.customer_value = Minor{CustomerValueOf(fields)};
  p.phase = PhaseOf(view, fields);
  p.risks = RisksOf(customer, verdict);
}

void FillRecord(const CustomerView& customer, ProfileRecord* record) {
  const BookView& view = *customer.book;
  const CustomerFigures& c = *customer.figures;
  const RowFields fields(c);
  ProfileRecord& out = *record;
  const auto day_of = [](ColumnDay day) {
    return day == kNoDay ? kRecordNoDay : FromColumn(day).since_epoch;
  };
  out.found = true;
  if (c.kind != ColumnKind::kAbsent) {
    out.kind = static_cast<uint8_t>(static_cast<uint8_t>(c.kind) - 1);
  }
  out.country = c.country;
  out.region = c.region;
  out.owner = c.owner;
  static_assert(kNoCount == kRecordNoCount && kNoPotential == kRecordNoPotential &&
                kNoRating == kRecordNoByte);
  out.company_size = c.company_size;
  out.products = c.products;
  out.potential = c.potential;
  out.key_account = c.key_account == ColumnFlag::kTrue;
  out.satisfaction = c.satisfaction;
  out.referral = c.referral;
  out.bonding = c.bonding;
  out.first_order = day_of(c.first_order);
  out.last_order = day_of(c.last_order);
  out.last_activity = day_of(LastActivity(fields));
  out.last_contact = day_of(c.last_contact);
  const int32_t today = view.today.since_epoch;
  if (out.last_order != kRecordNoDay) out.recency_days = today - out.last_order;
  if (out.last_activity != kRecordNoDay) out.inactive_days = today - out.last_activity;
  out.purchase_days = c.purchase_days;
  out.orders = c.orders;
  out.revenue = c.revenue;
  out.margin = c.margin;
  out.items = c.items;
  out.orders_total = c.orders_total;
  out.revenue_total = c.revenue_total;
  out.margin_total = c.margin_total;
  if (const std::optional<RfmScores> scores = ScoresOf(view, fields)) {
    out.r = scores->r;
    out.f = scores->f;
    out.m = scores->m;
    out.rfm_segment = static_cast<uint8_t>(scores->segment + 1);
  }
  out.abc = static_cast<uint8_t>(view.ranking->AbcOf(c.abc_value));
  const ValueVerdict verdict = JudgeValue(customer);
  out.value_score_thousandths = verdict.score_thousandths.value_or(kRecordNoScore);
  out.value_class = static_cast<uint8_t>(verdict.value_class);
  out.value_pinned = verdict.decided_by == DecidedBy::kPinned;
  out.hidden_potential = HiddenPotential(customer, verdict.value_class).has_value();
  out.activity = static_cast<uint8_t>(ActivityOf(view, fields));
  if (const std::optional<ConsentStatus> consent = ConsentOf(view, fields)) {
    out.consent = static_cast<uint8_t>(*consent);
  }
}

}  // namespace kundig::engine
