#include "engine/block_filter.h"

#include <cstdint>

#include "engine/block_scan.h"
#include "engine/value_judge.h"

namespace kundig::engine {
namespace {

// Above as many runs, a table of the codes is quicker than a comparison for each run.
constexpr size_t kMaxCodeRuns = 4;

bool IsTextNode(const Expression::Node& node) {
  return node.op == Expression::Op::kText || node.op == Expression::Op::kTextIn;
}

bool TextHolds(const Expression::Node& node, std::string_view text) {
  return node.op == Expression::Op::kText ? CompareText(text, node.relation, node.texts[0])
                                          : IsIn(node.texts, text);
}

}  // namespace

BlockFilter::~BlockFilter() = default;
BlockFilter::BlockFilter(BlockFilter&& other) noexcept = default;

BlockFilter::BlockFilter(const Expression& expression, const Rules& rules,
                         const CustomerNames& names)
    : expression_(expression),
      runs_(expression.nodes().size()),
      code_tables_(expression.nodes().size()) {
  if (expression.fields().Intersects(JudgedFields())) {
    judge_ = std::make_unique<ValueJudge>(rules, names);
  }
  for (size_t at = 0; at < expression.nodes().size(); ++at) {
    const Expression::Node& node = expression.nodes()[at];
    const auto field = static_cast<CustomerField>(node.field);
    const auto add = [&](int64_t code) {
      CodeRuns& runs = runs_[at];
      if (!runs.empty() && runs.back().second == code - 1) {
        runs.back().second = code;
      } else {
        runs.emplace_back(code, code);
      }
    };
    if (node.op == Expression::Op::kNumberIn) {
      for (const int64_t number : node.numbers) add(number);
    } else if (IsTextNode(node) && IsNameField(field)) {
      const Dictionary& dictionary = NamesOf(names, field);
      code_tables_[at].resize(dictionary.size() + 1, 0);
      for (NameCode code = 1; code <= dictionary.size(); ++code) {
        if (!TextHolds(node, dictionary.Text(code))) continue;
        code_tables_[at][code] = 1;
        add(code);
      }
    }
  }
}

Selection BlockFilter::Select(const BookView& view, const CustomerBlock& block) const {
  return Evaluate(expression_.root(), view, block, LiveRows(block));
}

Selection BlockFilter::InRange(const BookView& view, const CustomerBlock& block,
                               CustomerField field, int64_t low, int64_t high,
                               const Selection& among) const {
  return IsJudgedField(field) ? judge_->InRange(view, block, field, low, high, among)
                              : FieldInRange(view, block, field, low, high, among);
}

Selection BlockFilter::Evaluate(const Expression::Node& node, const BookView& view,
                                const CustomerBlock& block, const Selection& among) const {
  if (among.Empty()) return among;
  const std::vector<Expression::Node>& nodes = expression_.nodes();
  const auto field = static_cast<CustomerField>(node.field);
  const auto place = static_cast<size_t>(&node - nodes.data());
  const auto in_runs = [&] {
    Selection selected;
    for (const auto& [first, last] : runs_[place]) {
      selected = selected | InRange(view, block, field, first, last, among);
    }
    return selected;
  };
  switch (node.op) {
    case Expression::Op::kAnd: {
      Selection selected = among;
      for (const uint32_t child : node.children) {
        selected = Evaluate(nodes[child], view, block, selected);
      }
      return selected;
    }
    case Expression::Op::kOr: {
      Selection selected;
      for (const uint32_t child : node.children) {
        selected = selected | Evaluate(nodes[child], view, block, Without(among, selected));
      }
      return selected;
    }
    case Expression::Op::kNot:
      return Without(among, Evaluate(nodes[node.children[0]], view, block, among));
    case Expression::Op::kRange: {
      const Selection inside = InRange(view, block, field, node.low, node.high, among);
      if (!node.inverted) return inside;
      return Without(InRange(view, block, field, INT64_MIN, INT64_MAX, among), inside);
    }
    case Expression::Op::kNumberIn:
      return in_runs();
    case Expression::Op::kText:
    case Expression::Op::kTextIn:
      if (field == CustomerField::kCustomer) {
        return among.Where(
            [&](uint32_t row) { return TextHolds(node, block.rows[row].customer()); });
      }
      if (runs_[place].size() <= kMaxCodeRuns) return in_runs();
      return WithField(view, field, [&](auto value_of) {
        const std::vector<uint8_t>& holds = code_tables_[place];
        return among.Where([&](uint32_t row) {
          int64_t code = 0;
          return value_of(ColumnFields(block, row), &code) && holds[static_cast<size_t>(code)] != 0;
        });
      });
    case Expression::Op::kAbsent: {
      if (field == CustomerField::kCustomer) return node.inverted ? among : Selection::None();
      const Selection present = InRange(view, block, field, INT64_MIN, INT64_MAX, among);
      return node.inverted ? present : Without(among, present);
    }
    case Expression::Op::kHasAny: {
      // Risks are the one set.
      const Selection has = judge_->WithRisks(view, block, static_cast<RiskSet>(node.low), among);
      return node.inverted ? Without(among, has) : has;
    }
  }
  KUNDIG_CHECK(false);
}

}  // namespace kundig::engine
