#include "engine/value_judge.h"

#include <memory>

namespace kundig::engine {

namespace {

// Pinning is rare, so one look at the whole column spares most blocks a look at each row.
bool AnyPinned(const CustomerBlock& block) {
  ClassCode any = kNoClass;
  for (const ClassCode code : block.columns.pinned_class) any |= code;
  return any != kNoClass;
}

}  // namespace

static_assert(int64_t{kMaxCriteria} * kMaxCriterionWeight * 100 <= INT32_MAX);

ValueJudge::ValueJudge(const Rules& rules, const CustomerNames& names) : rules_(rules) {
  // Rules never name a judged field, so that their filters need no judge themselves.
  for (const CompiledAlways& always : rules.always()) {
    always_.emplace_back(always.where, rules, names);
  }
  for (const Expression& potential : rules.potential()) {
    potential_.emplace_back(potential, rules, names);
  }
}

void ValueJudge::Score(const BookView& view, const CustomerBlock& block, const Selection& among,
                       Scores* scores) const {
  scores->points.fill(0);
  scores->weights.fill(0);
  for (const CompiledCriterion& criterion : rules_.criteria()) {
    WithField(view, static_cast<CustomerField>(criterion.field), [&](auto value_of) {
      among.ForEach([&](uint32_t row) {
        int64_t value = 0;
        const bool present = value_of(ColumnFields(block, row), &value);
        if (!present && criterion.missing == Missing::kSkip) return;
        scores->weights[row] += criterion.weight;
        if (present) scores->points[row] += criterion.weight * PointsOf(criterion, value);
      });
    });
  }
}

ValueJudge::Classes ValueJudge::Judge(const BookView& view, const CustomerBlock& block,
                                      const Selection& among) const {
  Classes classes;
  const auto rows_of = [&classes](ValueClass value_class) -> Selection& {
    return classes.rows[static_cast<size_t>(value_class)];
  };
  Selection open = among;
  if (AnyPinned(block)) {
    const Column<ClassCode>& pinned = block.columns.pinned_class;
    open.ForEach([&](uint32_t row) {
      if (const auto value_class = OptionalClass(pinned[row])) rows_of(*value_class).Add(row);
    });
    open = open.Where([&](uint32_t row) { return pinned[row] == kNoClass; });
  }
  for (size_t rule = 0; rule < always_.size(); ++rule) {
    const Selection decided = always_[rule].Narrow(view, block, open);
    Selection& rows = rows_of(rules_.always()[rule].value_class);
    rows = rows | decided;
    open = Without(open, decided);
  }
  if (!open.Empty()) {
    const auto scores = std::make_unique<Scores>();
    Score(view, block, open, scores.get());
    const ValueSettings& settings = rules_.settings().value;
    open.ForEach([&](uint32_t row) {
      const int64_t points = int64_t{scores->points[row]} * 100, weights = scores->weights[row];
      const ClassCode closed = block.columns.closed_class[row];
      rows_of(ClassByScore(settings, points, weights, closed)).Add(row);
    });
  }
  Selection standard = rows_of(ValueClass::kStandard);
  for (const BlockFilter& potential : potential_) {
    const Selection hidden = potential.Narrow(view, block, standard);
    classes.hidden_potential = classes.hidden_potential | hidden;
    standard = Without(standard, hidden);
  }
  return classes;
}

Selection ValueJudge::WithRisks(const BookView& view, const CustomerBlock& block, RiskSet risks,
                                const Selection& among) const {
  Selection individual;
  if ((risks & BitOf(Risk::kNeglected)) != 0) {
    individual = Judge(view, block, among).rows[static_cast<size_t>(ValueClass::kIndividual)];
  }
  return among.Where([&](uint32_t row) {
    return (RisksOf(view, ColumnFields(block, row), individual.Has(row)) & risks) != 0;
  });
}

Selection ValueJudge::InRange(const BookView& view, const CustomerBlock& block, CustomerField field,
                              int64_t low, int64_t high, const Selection& among) const {
  Selection selected;
  if (field == CustomerField::kValueScore) {
    const auto scores = std::make_unique<Scores>();
    Score(view, block, among, scores.get());
    among.ForEach([&](uint32_t row) {
      if (scores->weights[row] == 0) return;
      const int64_t score = int64_t{scores->points[row]} * 1000 / scores->weights[row];
      if (low <= score && score <= high) selected.Add(row);
    });
    return selected;
  }
  const Classes classes = Judge(view, block, among);
  if (field == CustomerField::kHiddenPotential) {
    if (low <= 1 && 1 <= high) selected = classes.hidden_potential;
    if (low <= 0 && 0 <= high) selected = selected | Without(among, classes.hidden_potential);
    return selected;
  }
  for (int64_t code = 0; code < 3; ++code) {
    if (low <= code && code <= high) selected = selected | classes.rows[static_cast<size_t>(code)];
  }
  return selected;
}

}  // namespace kundig::engine
