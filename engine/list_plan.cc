// A list's question, with its names looked up and its cursor read.

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

#include "engine/customer_view.h"
#include "engine/field_name.h"
#include "engine/hash.h"
#include "engine/list.h"

namespace kundig::engine {
namespace {

uint64_t QuestionHash(const ListPlan& plan, std::optional<Day> as_of) {
  std::string question = plan.where.text();
  question.push_back('\0');
  for (const uint64_t part : {uint64_t{plan.reactivation}, uint64_t{plan.activities},
                              uint64_t{plan.need_consent}, static_cast<uint64_t>(plan.order_by),
                              uint64_t{plan.descending}, uint64_t{plan.early_warning}}) {
    question += std::to_string(part) + ' ';
  }
  if (as_of) question += FormatDay(*as_of);
  return HashBytes(question);
}

// Whether some of the fields are among those given, or are judged by some of them.
bool DependOn(FieldSet fields, std::initializer_list<CustomerField> given, const Rules& rules) {
  FieldSet wanted;
  for (const CustomerField field : given) wanted.Add(Index(field));
  return fields.Intersects(wanted) ||
         (fields.Intersects(JudgedFields()) && rules.value_fields().Intersects(wanted));
}

}  // namespace

bool NeedsRanking(FieldSet fields, const Rules& rules) {
  return DependOn(fields,
                  {CustomerField::kR, CustomerField::kF, CustomerField::kM,
                   CustomerField::kRfmSegment, CustomerField::kAbc, CustomerField::kRisk},
                  rules);
}

bool NeedsOutlook(FieldSet fields, const Rules& rules) {
  return DependOn(fields,
                  {CustomerField::kPAlive, CustomerField::kChurnScore, CustomerField::kChurnBand,
                   CustomerField::kExpectedOrders, CustomerField::kClv, CustomerField::kRisk},
                  rules);
}

Result<ListPlan> PlanList(const ListQuery& query, const Rules& rules, uint64_t rules_version,
                          uint64_t fit_version) {
  const FieldCatalog& catalog = rules.customer_fields();
  ListPlan plan;
  if (!query.where.empty()) {
    Result<Expression> where = ParseExpression(query.where, catalog);
    if (!where) {
      Error error = where.error();
      error.field = "where";
      return error;
    }
    plan.where = std::move(*where);
  }
  plan.reactivation = query.reactivation;
  plan.need_consent = query.need_consent;
  for (const Activity activity : query.activities)
    plan.activities |= 1u << static_cast<uint32_t>(activity);
  plan.early_warning = query.early_warning;
  if (query.activities.empty()) {
    const auto of = [](Activity activity) { return 1u << static_cast<uint32_t>(activity); };
    plan.activities = query.early_warning ? of(Activity::kOverdue) | of(Activity::kActive)
                                          : of(Activity::kInactive) | of(Activity::kLost);
  }
  const auto find = [&](const std::string& name, const char* setting) -> Result<CustomerField> {
    const std::optional<FieldIndex> field = catalog.Find(name);
    if (!field) {
      return Error{ErrorCode::kUnknownField, UnknownFieldSentence(name, catalog), setting,
                   std::nullopt};
    }
    return static_cast<CustomerField>(*field);
  };
  const Result<CustomerField> order_by = find(query.order_by, "order_by");
  if (!order_by) return order_by.error();
  plan.order_by = *order_by;
  plan.descending = query.descending;
  plan.limit = query.limit;
  FieldSet used = plan.where.fields();
  used.Add(Index(plan.order_by));
  for (const std::string& name : query.fields) {
    const Result<CustomerField> field = find(name, "fields");
    if (!field) return field.error();
    if (std::find(plan.fields.begin(), plan.fields.end(), *field) != plan.fields.end()) {
      return Error{ErrorCode::kInvalidValue, "the field '" + name + "' is named twice", "fields",
                   std::nullopt};
    }
    plan.fields.push_back(*field);
    used.Add(Index(*field));
  }
  plan.needs_ranking = NeedsRanking(used, rules);
  // Both only grow, so that their sum stays the same only where both did.
  plan.rules_version =
      rules_version + (plan.early_warning || NeedsOutlook(used, rules) ? fit_version : 0);
  plan.question = QuestionHash(plan, query.as_of);
  if (!query.cursor.empty()) {
    Result<Cursor> cursor = DecodeCursor(query.cursor);
    if (!cursor) return cursor.error();
    if (cursor->question != plan.question || cursor->rules_version != plan.rules_version) {
      return Error{
          ErrorCode::kBadCursor,
          cursor->question != plan.question
              ? "the cursor belongs to another list; ask with the same filter and order as before"
              : "the rules or the churn model have changed since the cursor was given; begin "
                "without a cursor",
          "cursor", std::nullopt};
    }
    plan.cursor = std::move(*cursor);
  }
  return plan;
}

}  // namespace kundig::engine
