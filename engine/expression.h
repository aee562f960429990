// The one expression language of lists, rules and configuration: text -> typed tree.
//
//   expression  := conjunction ("or" conjunction)*
//   conjunction := negation ("and" negation)*
//   negation    := "not" negation | "(" expression ")" | comparison
//   comparison  := field ("=" | "!=" | "<" | "<=" | ">" | ">=") literal
//                | field ("=" | "!=") "null"
//                | field "in" "(" literal ("," literal)* ")"
//   literal     := number | 'text' | "text" | YYYY-MM-DD | "true" | "false"
//
// Keywords are lower or upper case. In a quoted text the quote is written twice. Meaning: a
// comparison with an absent value is false, whatever the operator; `field = null` holds where the
// value is absent, `field != null` where it is there; `not` turns true and false around, so that
// `not x > 3` holds where x is absent. A set is never absent: `=` and `in` ask whether it has one
// of the names, `!=` whether it has not, and null is the empty set. EXPRESSIONS.md has the types
// and examples.
//
// The tree is normalized so that evaluators stay small: comparisons of integers become ranges (a
// literal with a fraction is rounded to the integers that it really separates), comparisons of
// enumerations become sets of codes (names compare by bytes), and only open texts keep their
// relation.
//
// Thread safety: an Expression is immutable after parsing.

#ifndef KUNDIG_ENGINE_EXPRESSION_H_
#define KUNDIG_ENGINE_EXPRESSION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/field.h"
#include "engine/result.h"

namespace kundig::engine {

enum class Relation : uint8_t { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

class Expression {
 public:
  enum class Op : uint8_t {
    kAnd,       // all children hold
    kOr,        // one child holds
    kNot,       // children[0] does not hold
    kRange,     // value present and (low <= value <= high) != inverted
    kNumberIn,  // value present and among `numbers` (ascending, distinct); the set may be empty
    kText,      // text present and `text relation texts[0]`, compared by bytes
    kTextIn,    // text present and among `texts` (ascending, distinct)
    kAbsent,    // (value absent) != inverted
    kHasAny,    // (the set has one of the bits in `low`) != inverted
  };

  struct Node {
    Op op = Op::kAnd;
    bool inverted = false;
    Relation relation = Relation::kEqual;
    FieldIndex field{};
    int64_t low = 0, high = 0;
    std::vector<int64_t> numbers;
    std::vector<std::string> texts;
    std::vector<uint32_t> children;  // indices of nodes; always smaller than the node's own
  };

  static constexpr size_t kMaxTextBytes = 16 * 1024;
  static constexpr size_t kMaxNodes = 1024;  // a literal of `in` counts as one
  static constexpr size_t kMaxDepth = 64;    // nesting of parentheses and `not`

  // Holds for every row: what an absent `where` means.
  static Expression Everything();

  const std::vector<Node>& nodes() const { return nodes_; }
  const Node& root() const { return nodes_.back(); }
  FieldSet fields() const { return fields_; }
  const std::string& text() const { return text_; }

  // `reader` answers for one row: `bool Number(FieldIndex, int64_t* value)` and
  // `bool Text(FieldIndex, std::string_view* value)`, both false where the value is absent.
  template <typename Reader>
  bool Holds(const Reader& reader) const {
    return Holds(root(), reader);
  }

 private:
  friend class ExpressionParser;

  template <typename Reader>
  bool Holds(const Node& node, const Reader& reader) const;

  std::vector<Node> nodes_;
  FieldSet fields_;
  std::string text_;
};

// Errors: kSyntax, kUnknownField, kTypeMismatch, kInvalidValue (an enumeration has no such name;
// the message lists the names), kLimitExceeded; each with the byte position and what was expected.
// `field` of the error is left empty: the caller knows where the text came from.
Result<Expression> ParseExpression(std::string_view text, const FieldCatalog& catalog);

bool CompareText(std::string_view value, Relation relation, std::string_view literal);
bool IsIn(const std::vector<int64_t>& sorted, int64_t value);
bool IsIn(const std::vector<std::string>& sorted, std::string_view value);

template <typename Reader>
bool Expression::Holds(const Node& node, const Reader& reader) const {
  int64_t number = 0;
  std::string_view text;
  switch (node.op) {
    case Op::kAnd:
      for (uint32_t child : node.children) {
        if (!Holds(nodes_[child], reader)) return false;
      }
      return true;
    case Op::kOr:
      for (uint32_t child : node.children) {
        if (Holds(nodes_[child], reader)) return true;
      }
      return false;
    case Op::kNot:
      return !Holds(nodes_[node.children[0]], reader);
    case Op::kRange:
      return reader.Number(node.field, &number) &&
             (node.low <= number && number <= node.high) != node.inverted;
    case Op::kNumberIn:
      return reader.Number(node.field, &number) && IsIn(node.numbers, number);
    case Op::kText:
      return reader.Text(node.field, &text) && CompareText(text, node.relation, node.texts[0]);
    case Op::kTextIn:
      return reader.Text(node.field, &text) && IsIn(node.texts, text);
    case Op::kAbsent:
      // A field is integer or text; the reader answers false to the question that does not fit.
      return (!reader.Number(node.field, &number) && !reader.Text(node.field, &text)) !=
             node.inverted;
    case Op::kHasAny:
      return (reader.Number(node.field, &number) && (number & node.low) != 0) != node.inverted;
  }
  return false;
}

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_EXPRESSION_H_
