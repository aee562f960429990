#include "engine/rules.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "engine/field_name.h"
#include "engine/rules_check.h"
#include "engine/segment_table.h"

namespace kundig::engine {
namespace {

std::vector<StageSetting> DefaultStages() {
  return {{"Address", 0},
          {"Interest", 2500},
          {"Concrete", 5000},
          {"Offer", 7500},
          {"Negotiation", 8500}};
}

FieldSet SetOf(std::initializer_list<CustomerField> fields) {
  FieldSet set;
  for (CustomerField field : fields) set.Add(Index(field));
  return set;
}

// What the value class gives, risks (neglected) among it, cannot be what it is made of.
FieldSet FieldsOfValue() {
  return SetOf({CustomerField::kValueScore, CustomerField::kValueClass,
                CustomerField::kHiddenPotential, CustomerField::kRisk});
}

bool IsNumeric(FieldType type) {
  return type == FieldType::kInteger || type == FieldType::kMoney ||
         type == FieldType::kThousandths || type == FieldType::kBoolean;
}

Result<CompiledCriterion> CompileCriterion(const CriterionSetting& setting,
                                           const FieldCatalog& catalog, std::string name) {
  const std::optional<FieldIndex> field = catalog.Find(setting.field);
  if (!field) {
    return Error{ErrorCode::kUnknownField, UnknownFieldSentence(setting.field, catalog),
                 std::move(name), std::nullopt};
  }
  if (FieldsOfValue().Has(*field)) {
    return Error{
        ErrorCode::kInvalidValue,
        "expected a field that does not itself depend on the value class, found " + setting.field,
        std::move(name), std::nullopt};
  }
  if (!IsNumeric(catalog.At(*field).type)) {
    return Error{ErrorCode::kTypeMismatch,
                 "expected a field that is a number or true or false, found " + setting.field,
                 std::move(name), std::nullopt};
  }
  CompiledCriterion criterion{*field, setting.weight, setting.missing, setting.points};
  std::sort(criterion.points.begin(), criterion.points.end());
  return criterion;
}

// `forbidden`: fields that have no value yet when the rule is looked at, or always the same one.
Result<Expression> CompileWhere(std::string_view text, const FieldCatalog& catalog,
                                FieldSet forbidden, std::string name) {
  Result<Expression> where = ParseExpression(text, catalog);
  if (!where) {
    Error error = std::move(where).error();
    error.field = std::move(name);
    return error;
  }
  for (size_t i = 0; i < catalog.size(); ++i) {
    const auto field = static_cast<FieldIndex>(i);
    if (where->fields().Has(field) && forbidden.Has(field)) {
      return Error{ErrorCode::kInvalidValue,
                   "expected a condition without " + catalog.At(field).name +
                       ", which depends on this rule or is settled before it",
                   std::move(name), std::nullopt};
    }
  }
  return where;
}

// Adds the fields of `where` that are inputs; value_score stands for the criteria's own fields.
void AddInputs(const Expression& where, FieldSet* inputs) {
  for (size_t i = 0; i < kCustomerFieldCount; ++i) {
    const auto field = static_cast<FieldIndex>(i);
    if (where.fields().Has(field) && !FieldsOfValue().Has(field)) inputs->Add(field);
  }
}

}  // namespace

std::optional<uint8_t> Rules::FindStage(std::string_view name) const {
  const std::vector<StageSetting>& all = stages();
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].name == name) return static_cast<uint8_t>(i);
  }
  return std::nullopt;
}

Result<std::shared_ptr<const Rules>> CompileRules(RuleSettings settings, Calendar calendar) {
  if (settings.stages.empty()) settings.stages = DefaultStages();
  if (auto error = FindBadSetting(settings)) return *std::move(error);
  Result<SegmentTable> table = BuildSegmentTable(settings.rfm);
  if (!table) return std::move(table).error();
  std::vector<std::string> stages;
  for (const StageSetting& stage : settings.stages) stages.push_back(stage.name);

  // Not make_shared, which cannot call a private constructor.
  std::shared_ptr<Rules> rules(new Rules(std::move(settings), std::move(calendar),
                                         CustomerCatalog(table->names), LeadCatalog(stages)));
  rules->segment_of_ = table->segment_of;
  rules->segment_names_ = std::move(table->names);

  const FieldCatalog& catalog = rules->customer_fields_;
  const ValueSettings& value = rules->settings_.value;
  auto name = [](const char* rule, size_t i, const char* setting) {
    return std::string(rule) + "[" + std::to_string(i) + "]." + setting;
  };
  for (size_t i = 0; i < value.criteria.size(); ++i) {
    Result<CompiledCriterion> criterion =
        CompileCriterion(value.criteria[i], catalog, name("value.criterion", i, "field"));
    if (!criterion) return std::move(criterion).error();
    rules->value_fields_.Add(criterion->field);
    rules->criteria_.push_back(*std::move(criterion));
  }
  for (size_t i = 0; i < value.always.size(); ++i) {
    Result<Expression> where = CompileWhere(value.always[i].where, catalog, FieldsOfValue(),
                                            name("value.always", i, "where"));
    if (!where) return std::move(where).error();
    AddInputs(*where, &rules->value_fields_);
    rules->always_.push_back({value.always[i].value_class, *std::move(where)});
  }
  for (size_t i = 0; i < value.potential.size(); ++i) {
    // The class of a customer that is looked at here is always standard.
    Result<Expression> where = CompileWhere(
        value.potential[i], catalog,
        SetOf({CustomerField::kValueClass, CustomerField::kHiddenPotential, CustomerField::kRisk}),
        name("value.potential", i, "where"));
    if (!where) return std::move(where).error();
    AddInputs(*where, &rules->value_fields_);
    rules->potential_.push_back(*std::move(where));
  }
  return std::shared_ptr<const Rules>(std::move(rules));
}

}  // namespace kundig::engine
