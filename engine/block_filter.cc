#include "engine/block_filter.h"

#include <algorithm>

namespace kundig::engine {
namespace {

bool IsTextNode(const Expression::Node& node) {
  return node.op == Expression::Op::kText || node.op == Expression::Op::kTextIn;
}

bool TextHolds(const Expression::Node& node, std::string_view text) {
  return node.op == Expression::Op::kText ? CompareText(text, node.relation, node.texts[0])
                                          : IsIn(node.texts, text);
}

// The rows of `among` for which holds(row) is true; rows count from the block's first.
template <typename Holds>
Selection Narrow(const Selection& among, Holds&& holds) {
  Selection selected;
  among.ForEach([&](uint32_t row) {
    if (holds(row)) selected.Add(row);
  });
  return selected;
}

}  // namespace

bool Selection::Empty() const {
  return std::all_of(words_.begin(), words_.end(), [](uint64_t word) { return word == 0; });
}

Selection operator&(Selection a, const Selection& b) {
  for (size_t word = 0; word < a.words_.size(); ++word) a.words_[word] &= b.words_[word];
  return a;
}

Selection operator|(Selection a, const Selection& b) {
  for (size_t word = 0; word < a.words_.size(); ++word) a.words_[word] |= b.words_[word];
  return a;
}

Selection Without(Selection a, const Selection& b) {
  for (size_t word = 0; word < a.words_.size(); ++word) a.words_[word] &= ~b.words_[word];
  return a;
}

BlockFilter::BlockFilter(const Expression& expression, const CustomerNames& names)
    : expression_(expression), code_tables_(expression.nodes().size()) {
  for (size_t at = 0; at < expression.nodes().size(); ++at) {
    const Expression::Node& node = expression.nodes()[at];
    const auto field = static_cast<CustomerField>(node.field);
    if (!IsTextNode(node) || !IsNameField(field)) continue;
    const Dictionary& dictionary = NamesOf(names, field);
    code_tables_[at].resize(dictionary.size() + 1, 0);
    for (NameCode code = 1; code <= dictionary.size(); ++code) {
      code_tables_[at][code] = TextHolds(node, dictionary.Text(code)) ? 1 : 0;
    }
  }
}

Selection BlockFilter::Select(const CustomerView& view, uint32_t first_row) const {
  const std::vector<uint8_t>& live = view.columns().live;
  const uint32_t rows = std::min(kBlockRows, static_cast<uint32_t>(live.size()) - first_row);
  Selection selected;
  for (uint32_t row = 0; row < rows; ++row) {
    if (live[first_row + row] != 0) selected.Add(row);
  }
  return Evaluate(expression_.root(), view, first_row, selected);
}

Selection BlockFilter::Evaluate(const Expression::Node& node, const CustomerView& view,
                                uint32_t first_row, const Selection& among) const {
  if (among.Empty()) return among;
  const std::vector<Expression::Node>& nodes = expression_.nodes();
  const auto field = static_cast<CustomerField>(node.field);
  switch (node.op) {
    case Expression::Op::kAnd: {
      Selection selected = among;
      for (const uint32_t child : node.children) {
        selected = Evaluate(nodes[child], view, first_row, selected);
      }
      return selected;
    }
    case Expression::Op::kOr: {
      Selection selected;
      for (const uint32_t child : node.children) {
        selected = selected | Evaluate(nodes[child], view, first_row, Without(among, selected));
      }
      return selected;
    }
    case Expression::Op::kNot:
      return Without(among, Evaluate(nodes[node.children[0]], view, first_row, among));
    case Expression::Op::kRange:
      return WithField(view, field, [&](auto value_of) {
        return Narrow(among, [&](uint32_t row) {
          int64_t value = 0;
          return value_of(first_row + row, &value) &&
                 (node.low <= value && value <= node.high) != node.inverted;
        });
      });
    case Expression::Op::kNumberIn:
      return WithField(view, field, [&](auto value_of) {
        return Narrow(among, [&](uint32_t row) {
          int64_t value = 0;
          return value_of(first_row + row, &value) && IsIn(node.numbers, value);
        });
      });
    case Expression::Op::kText:
    case Expression::Op::kTextIn: {
      if (field == CustomerField::kCustomer) {
        return Narrow(among, [&](uint32_t row) {
          return TextHolds(node, view.shard->CustomerAt(first_row + row));
        });
      }
      const std::vector<uint8_t>& holds = code_tables_[static_cast<size_t>(&node - nodes.data())];
      return WithField(view, field, [&](auto value_of) {
        return Narrow(among, [&](uint32_t row) {
          int64_t code = 0;
          return value_of(first_row + row, &code) && holds[static_cast<size_t>(code)] != 0;
        });
      });
    }
    case Expression::Op::kAbsent:
      if (field == CustomerField::kCustomer) return node.inverted ? among : Selection::None();
      return WithField(view, field, [&](auto value_of) {
        return Narrow(among, [&](uint32_t row) {
          int64_t value = 0;
          return !value_of(first_row + row, &value) != node.inverted;
        });
      });
  }
  KUNDIG_CHECK(false);
}

}  // namespace kundig::engine
