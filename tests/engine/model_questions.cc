// The questions over all customers.

#include <algorithm>

#include "engine/check.h"
#include "tests/engine/model_book.h"

namespace kundig::engine {

namespace {

constexpr std::string_view kKindNames[] = {"consumer", "business"};
constexpr std::string_view kAbcNames[] = {"A", "B", "C", "none"};
constexpr std::string_view kValueClassNames[] = {"individual", "standard", "review"};
constexpr std::string_view kActivityNames[] = {"never",    "lost",    "inactive",
                                               "prospect", "overdue", "active"};
constexpr std::string_view kBandNames[] = {"low", "medium", "high"};
constexpr std::string_view kPhaseNames[] = {"prospect",       "termination",   "abstinence",
                                            "revitalization", "socialization", "degeneration",
                                            "growth",         "maturity"};
constexpr std::string_view kConsentNames[] = {"granted", "withdrawn", "expired"};

template <typename Enum>
std::string_view NameOf(Enum value, std::span<const std::string_view> names) {
  return names[static_cast<size_t>(value)];
}

Result<Expression> ParseWhere(std::string_view where, const FieldCatalog& catalog) {
  if (where.empty()) return Expression::Everything();
  return ParseExpression(where, catalog);
}

// The names of a set, joined by commas.
std::string Joined(const FieldInfo& info, int64_t set) {
  std::string names;
  for (const std::string& name : info.values) {
    if ((set & 1) != 0) names += (names.empty() ? "" : ",") + name;
    set /= 2;
  }
  return names;
}

Error UnknownField(std::string field) {
  return Error{ErrorCode::kUnknownField, "no such field", std::move(field), std::nullopt};
}

}  // namespace

int64_t PlaceOf(const FieldCatalog& catalog, FieldIndex field, std::string_view name) {
  const std::vector<std::string>& values = catalog.At(field).values;
  const auto found = std::find(values.begin(), values.end(), name);
  KUNDIG_CHECK(found != values.end());
  return found - values.begin();
}

bool ModelProfileReader::Number(FieldIndex field, int64_t* value) const {
  const auto give = [value](const auto& number) {
    if (number) *value = static_cast<int64_t>(*number);
    return number.has_value();
  };
  const auto money = [value](const std::optional<Minor>& amount) {
    if (amount) *value = amount->units;
    return amount.has_value();
  };
  const auto day = [value](const std::optional<Day>& date) {
    if (date) *value = date->since_epoch;
    return date.has_value();
  };
  const auto always = [value](int64_t number) {
    *value = number;
    return true;
  };
  const auto name = [&](std::string_view text) {
    return always(PlaceOf(rules_.customer_fields(), field, text));
  };
  const Profile& p = profile_;
  switch (static_cast<CustomerField>(field)) {
    case CustomerField::kCustomer:
    case CustomerField::kCountry:
    case CustomerField::kRegion:
    case CustomerField::kOwner:
      return false;
    case CustomerField::kKind:
      return p.kind && name(NameOf(*p.kind, kKindNames));
    case CustomerField::kCompanySize:
      return give(p.company_size);
    case CustomerField::kProducts:
      return give(p.products);
    case CustomerField::kPotential:
      return money(p.potential);
    case CustomerField::kKeyAccount:
      return always(p.key_account ? 1 : 0);
    case CustomerField::kSatisfaction:
      return give(p.satisfaction);
    case CustomerField::kReferral:
      return give(p.referral);
    case CustomerField::kBonding:
      return give(p.bonding);
    case CustomerField::kFirstOrder:
      return day(p.first_order);
    case CustomerField::kLastOrder:
      return day(p.last_order);
    case CustomerField::kLastActivity:
      return day(p.last_activity);
    case CustomerField::kRecencyDays:
      return give(p.recency_days);
    case CustomerField::kInactiveDays:
      return give(p.inactive_days);
    case CustomerField::kPurchaseDays:
      return always(p.purchase_days);
    case CustomerField::kOrders:
      return always(p.orders);
    case CustomerField::kRevenue:
      return always(p.revenue.units);
    case CustomerField::kMargin:
      return always(p.margin.units);
    case CustomerField::kItems:
      return always(static_cast<int64_t>(p.items));
    case CustomerField::kOrdersTotal:
      return always(p.orders_total);
    case CustomerField::kRevenueTotal:
      return always(p.revenue_total.units);
    case CustomerField::kMarginTotal:
      return always(p.margin_total.units);
    case CustomerField::kR:
      return p.rfm && always(p.rfm->r);
    case CustomerField::kF:
      return p.rfm && always(p.rfm->f);
    case CustomerField::kM:
      return p.rfm && always(p.rfm->m);
    case CustomerField::kRfmSegment:
      return p.rfm && name(rules_.segment_names()[p.rfm->segment]);
    case CustomerField::kAbc:
      return name(NameOf(p.abc, kAbcNames));
    case CustomerField::kValueScore:
      return give(p.value_score_thousandths);
    case CustomerField::kValueClass:
      return name(NameOf(p.value_class, kValueClassNames));
    case CustomerField::kHiddenPotential:
      return always(p.hidden_potential ? 1 : 0);
    case CustomerField::kActivity:
      return name(NameOf(p.activity, kActivityNames));
    case CustomerField::kConsent:
      return p.consent && name(NameOf(*p.consent, kConsentNames));
    case CustomerField::kLastContact:
      return day(p.last_contact);
    case CustomerField::kPAlive:
      return give(p.p_alive_millionths);
    case CustomerField::kChurnScore:
      return give(p.churn_score_millionths);
    case CustomerField::kChurnBand:
      return p.churn_band && name(NameOf(*p.churn_band, kBandNames));
    case CustomerField::kExpectedOrders:
      return give(p.expected_orders_thousandths);
    case CustomerField::kClv:
      return money(p.clv);
    case CustomerField::kCustomerValue:
      return always(p.customer_value.units);
    case CustomerField::kPhase:
      return name(NameOf(p.phase, kPhaseNames));
    case CustomerField::kRisk:
      return always(p.risks);
  }
  return false;
}

bool ModelProfileReader::Text(FieldIndex field, std::string_view* value) const {
  const auto give = [value](std::optional<std::string_view> text) {
    if (text) *value = *text;
    return text.has_value();
  };
  switch (static_cast<CustomerField>(field)) {
    case CustomerField::kCustomer:
      return give(profile_.customer);
    case CustomerField::kCountry:
      return give(profile_.country);
    case CustomerField::kRegion:
      return give(profile_.region);
    case CustomerField::kOwner:
      return give(profile_.owner);
    default:
      return false;
  }
}

StatusAnswer ModelBook::Status() const {
  StatusAnswer answer;
  answer.state = State();
  answer.customers = customers_.size();
  for (const auto& [id, customer] : customers_) {
    answer.orders += customer.orders.size();
    answer.returns += customer.returns.size();
  }
  answer.leads = leads_.size();
  for (const auto& [id, lead] : leads_) {
    if (lead.status == LeadStatus::kOpen) ++answer.open_leads;
  }
  return answer;
}

void ModelBook::Profiles(std::span<const std::string_view> ids, ProfilesAnswer* answer) const {
  answer->state = State();
  answer->rules = rules_;
  answer->profiles.clear();
  for (const std::string_view id : ids) {
    Profile profile;
    profile.customer = id;
    for (const ModelRow& row : Rows()) {
      if (row.profile.customer == id) profile = row.profile;
    }
    answer->profiles.push_back(profile);
  }
}

RfmAnswer ModelBook::Rfm() const {
  RfmAnswer answer;
  answer.state = State();
  answer.rules = rules_;
  answer.cuts = Cuts(Rows());
  std::map<std::array<uint8_t, 3>, RfmAnswer::Cell> cells;
  std::map<uint8_t, RfmAnswer::Segment> segments;
  for (const ModelRow& row : Rows()) {
    if (!row.profile.rfm) continue;
    ++answer.population;
    const RfmScores& scores = *row.profile.rfm;
    RfmAnswer::Cell& cell = cells[{scores.r, scores.f, scores.m}];
    cell.r = scores.r;
    cell.f = scores.f;
    cell.m = scores.m;
    ++cell.customers;
    cell.orders += row.profile.orders;
    cell.revenue += row.profile.revenue;
    RfmAnswer::Segment& segment = segments[scores.segment];
    segment.name = rules_->segment_names()[scores.segment];
    ++segment.customers;
    segment.orders += row.profile.orders;
    segment.revenue += row.profile.revenue;
  }
  for (const auto& [scores, cell] : cells) answer.cells.push_back(cell);
  for (const auto& [place, segment] : segments) answer.segments.push_back(segment);
  return answer;
}

AbcAnswer ModelBook::Abc() const {
  AbcAnswer answer;
  answer.state = State();
  answer.measure = rules_->settings().abc.measure;
  for (const ModelRow& row : Rows()) {
    const Minor measure{row.abc_measure};
    AbcAnswer::Group& group = answer.classes[static_cast<size_t>(row.profile.abc)];
    ++group.customers;
    group.sum += measure;
    group.from = std::min(group.from.value_or(measure), measure);
    if (measure > Minor{0}) answer.total += measure;
  }
  return answer;
}

ValueAnswer ModelBook::Value() const {
  ValueAnswer answer;
  answer.state = State();
  for (const ModelRow& row : Rows()) {
    ValueAnswer::Group& group = answer.classes[static_cast<size_t>(row.profile.value_class)];
    ++group.customers;
    group.revenue += row.profile.revenue;
    if (!row.profile.hidden_potential) continue;
    ++answer.hidden_potential.customers;
    answer.hidden_potential.revenue += row.profile.revenue;
  }
  return answer;
}

Result<CountAnswer> ModelBook::Count(std::string_view where) const {
  const Result<Expression> expression = ParseWhere(where, rules_->customer_fields());
  if (expression.has_error()) return expression.error();
  CountAnswer answer;
  answer.state = State();
  for (const ModelRow& row : Rows()) {
    if (!expression->Holds(ModelProfileReader(*rules_, row.profile))) continue;
    ++answer.customers;
    answer.orders += row.profile.orders;
    answer.revenue += row.profile.revenue;
    answer.revenue_total += row.profile.revenue_total;
  }
  return answer;
}

// Counts who may not be approached under the first reason that holds.
bool ModelBook::MayApproach(const ListQuery& query, const Profile& profile,
                            ListAnswer* answer) const {
  std::vector<Activity> activities = query.activities;
  if (activities.empty() && query.early_warning) {
    activities = {Activity::kActive, Activity::kOverdue};
  } else if (activities.empty()) {
    activities = {Activity::kInactive, Activity::kLost};
  }
  if (std::find(activities.begin(), activities.end(), profile.activity) == activities.end()) {
    return false;
  }
  if (query.early_warning && profile.churn_band != ChurnBand::kHigh) return false;
  if (query.need_consent && profile.consent != ConsentStatus::kGranted) {
    ++answer->excluded_no_consent;
    return false;
  }
  if (profile.last_contact && today_ - *profile.last_contact < rules_->settings().waiting_days) {
    ++answer->excluded_contacted;
    return false;
  }
  return true;
}

ListColumn ModelBook::Column(FieldIndex field, std::span<const ModelRow* const> rows,
                             std::deque<std::string>* texts) const {
  const FieldInfo& info = rules_->customer_fields().At(field);
  ListColumn column;
  column.name = info.name;
  column.type = info.type;
  column.names = info.values;
  if (info.type == FieldType::kSet) {
    column.type = FieldType::kText;
    column.names.clear();
  }
  for (const ModelRow* row : rows) {
    const ModelProfileReader reader(*rules_, row->profile);
    int64_t number = 0;
    std::string_view text;
    if (info.type == FieldType::kSet) {
      reader.Number(field, &number);
      column.absent.push_back(number == 0 ? 1 : 0);
      column.texts.push_back(texts->emplace_back(Joined(info, number)));
      continue;
    }
    const bool is_text = info.type == FieldType::kText;
    const bool present = is_text ? reader.Text(field, &text) : reader.Number(field, &number);
    column.absent.push_back(present ? 0 : 1);
    if (is_text) {
      column.texts.push_back(text);
    } else {
      column.numbers.push_back(number);
    }
  }
  return column;
}

Result<ListAnswer> ModelBook::List(const ListQuery& query) const {
  KUNDIG_CHECK(query.cursor.empty());
  const Result<Expression> where = ParseWhere(query.where, rules_->customer_fields());
  if (where.has_error()) return where.error();
  const std::optional<FieldIndex> order_by = rules_->customer_fields().Find(query.order_by);
  if (!order_by) return UnknownField("order_by");
  for (const std::string& name : query.fields) {
    if (!rules_->customer_fields().Find(name)) return UnknownField("fields");
    if (std::count(query.fields.begin(), query.fields.end(), name) > 1) {
      return Error{ErrorCode::kInvalidValue, "named twice", "fields", std::nullopt};
    }
  }
  if (query.early_warning && !Outlook()) {
    return Error{ErrorCode::kTooLittleData, "no churn model", "churn", std::nullopt};
  }

  ListAnswer answer;
  answer.state = State();
  std::vector<const ModelRow*> rows;
  for (const ModelRow& row : Rows()) {
    if (!where->Holds(ModelProfileReader(*rules_, row.profile))) continue;
    if (query.reactivation && !MayApproach(query, row.profile, &answer)) continue;
    rows.push_back(&row);
    answer.total_revenue += row.profile.revenue_total;
  }
  answer.total_customers = rows.size();

  // Rows() is ascending by id, so a stable sort leaves ties as they must be.
  std::stable_sort(rows.begin(), rows.end(), [&](const ModelRow* a, const ModelRow* b) {
    const ModelProfileReader left(*rules_, a->profile), right(*rules_, b->profile);
    int64_t left_number = 0, right_number = 0;
    std::string_view left_text, right_text;
    const bool has_left = left.Number(*order_by, &left_number) || left.Text(*order_by, &left_text);
    const bool has_right =
        right.Number(*order_by, &right_number) || right.Text(*order_by, &right_text);
    if (has_left != has_right) return has_left;
    if (left_number != right_number) return (left_number < right_number) != query.descending;
    if (left_text != right_text) return (left_text < right_text) != query.descending;
    return false;
  });
  if (query.limit > 0 && rows.size() > query.limit) {
    rows.resize(query.limit);
    answer.next = "there are more";
  }
  answer.rows = rows.size();
  for (const std::string& name : query.fields) {
    answer.columns.push_back(Column(*rules_->customer_fields().Find(name), rows, &answer.sets));
  }
  return answer;
}

}  // namespace kundig::engine
