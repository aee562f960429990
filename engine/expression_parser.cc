// Recursive descent over the grammar at the head of expression.h. A chain of `and` or `or` is one
// flat node, so only parentheses and `not` go deeper, and kMaxDepth bounds both the parser's stack
// and that of every evaluator.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "engine/calendar.h"
#include "engine/expression.h"
#include "engine/expression_lexer.h"
#include "engine/field_name.h"
#include "engine/number_literal.h"

namespace kundig::engine {
namespace {

using Node = Expression::Node;
using Op = Expression::Op;

int Decimals(FieldType type) {
  switch (type) {
    case FieldType::kMillionths:
      return 6;
    case FieldType::kThousandths:
      return 3;
    case FieldType::kHundredths:
      return 2;
    default:
      return 0;
  }
}

// What may stand beside a field of this kind, as the end of "expected ...".
std::string Wanted(const FieldInfo& field) {
  switch (field.type) {
    case FieldType::kInteger:
      return "a number";
    case FieldType::kMoney:
      return "a number in minor units";
    case FieldType::kMillionths:
      return "a number such as 0.66";
    case FieldType::kThousandths:
    case FieldType::kHundredths:
      return "a number such as 62.5";
    case FieldType::kDay:
      return "a date such as 2010-12-09";
    case FieldType::kBoolean:
      return "true or false";
    case FieldType::kEnumeration:
    case FieldType::kSet:
      return "one of " + QuotedNames(field.values);
    case FieldType::kText:
      return "a text in quotes";
  }
  return "a value";
}

std::string_view Found(TokenKind kind) {
  switch (kind) {
    case TokenKind::kNumber:
      return "a number";
    case TokenKind::kDate:
      return "a date";
    case TokenKind::kText:
      return "a text";
    default:
      return "true or false";
  }
}

bool IsLiteral(TokenKind kind) {
  return kind == TokenKind::kNumber || kind == TokenKind::kDate || kind == TokenKind::kText ||
         kind == TokenKind::kTrue || kind == TokenKind::kFalse;
}

bool Fits(FieldType type, TokenKind literal) {
  switch (type) {
    case FieldType::kInteger:
    case FieldType::kMoney:
    case FieldType::kMillionths:
    case FieldType::kThousandths:
    case FieldType::kHundredths:
      return literal == TokenKind::kNumber;
    case FieldType::kDay:
      return literal == TokenKind::kDate || literal == TokenKind::kText;
    case FieldType::kBoolean:
      return literal == TokenKind::kTrue || literal == TokenKind::kFalse;
    case FieldType::kEnumeration:
    case FieldType::kSet:
    case FieldType::kText:
      return literal == TokenKind::kText;
  }
  return false;
}

template <typename T>
void SortAndDropRepeats(std::vector<T>* values) {
  std::sort(values->begin(), values->end());
  values->erase(std::unique(values->begin(), values->end()), values->end());
}

}  // namespace

class ExpressionParser {
 public:
  ExpressionParser(std::string_view text, const FieldCatalog& catalog)
      : catalog_(catalog), text_(text), lexer_(text) {}

  Result<Expression> Parse();

 private:
  // Each reads what its name says, from token_ on, and leaves token_ behind it. False: error_ is
  // set. Those with `node` have added nodes and give the place of their root.
  bool Disjunction(size_t depth, uint32_t* node);
  bool Conjunction(size_t depth, uint32_t* node);
  bool Negation(size_t depth, uint32_t* node);
  bool Comparison(uint32_t* node);
  bool ListOfLiterals(const FieldInfo& field, Node* node);
  // The token under way as a value of the field: an integer (a number, day, boolean or code), or
  // for open texts the text.
  bool IntegerLiteral(const FieldInfo& field, NumberLiteral* literal);
  bool CheckLiteral(const FieldInfo& field);
  bool CompareWith(const FieldInfo& field, const Token& relation, Node* node);

  bool Advance();
  bool Expect(TokenKind kind, const std::string& what);
  bool Add(Node node, uint32_t* place);
  bool Count();
  bool CheckDepth(size_t depth);
  bool Fail(ErrorCode code, size_t position, std::string message);

  const FieldCatalog& catalog_;
  std::string_view text_;
  ExpressionLexer lexer_;
  Token token_;
  size_t counted_ = 0;  // nodes and literals of `in`
  Expression expression_;
  std::optional<Error> error_;
};

bool ExpressionParser::Fail(ErrorCode code, size_t position, std::string message) {
  error_ = ExpressionError(code, position, std::move(message));
  return false;
}

bool ExpressionParser::Advance() {
  Result<Token> next = lexer_.Next();
  if (!next) {
    error_ = next.error();
    return false;
  }
  token_ = std::move(*next);
  return true;
}

bool ExpressionParser::Expect(TokenKind kind, const std::string& what) {
  if (token_.kind != kind) return Fail(ErrorCode::kSyntax, token_.position, "expected " + what);
  return Advance();
}

bool ExpressionParser::Count() {
  if (++counted_ <= Expression::kMaxNodes) return true;
  return Fail(ErrorCode::kLimitExceeded, token_.position,
              "expected at most " + std::to_string(Expression::kMaxNodes) +
                  " comparisons, operators and values of lists in one expression");
}

bool ExpressionParser::Add(Node node, uint32_t* place) {
  if (!Count()) return false;
  *place = static_cast<uint32_t>(expression_.nodes_.size());
  expression_.nodes_.push_back(std::move(node));
  return true;
}

bool ExpressionParser::CheckDepth(size_t depth) {
  if (depth <= Expression::kMaxDepth) return true;
  return Fail(ErrorCode::kLimitExceeded, token_.position,
              "expected at most " + std::to_string(Expression::kMaxDepth) +
                  " parentheses and 'not' inside each other");
}

Result<Expression> ExpressionParser::Parse() {
  if (text_.size() > Expression::kMaxTextBytes) {
    return ExpressionError(ErrorCode::kLimitExceeded, Expression::kMaxTextBytes,
                           "expected an expression of at most " +
                               std::to_string(Expression::kMaxTextBytes) + " bytes");
  }
  uint32_t root = 0;
  if (!Advance() || !Disjunction(0, &root) ||
      !Expect(TokenKind::kEnd, "'and', 'or' or the end of the expression")) {
    return *std::move(error_);
  }
  expression_.text_ = text_;
  return std::move(expression_);
}

bool ExpressionParser::Disjunction(size_t depth, uint32_t* node) {
  if (!Conjunction(depth, node)) return false;
  if (token_.kind != TokenKind::kOr) return true;
  Node any;
  any.op = Op::kOr;
  any.children.push_back(*node);
  while (token_.kind == TokenKind::kOr) {
    if (!Advance() || !Conjunction(depth, node)) return false;
    any.children.push_back(*node);
  }
  return Add(std::move(any), node);
}

bool ExpressionParser::Conjunction(size_t depth, uint32_t* node) {
  if (!Negation(depth, node)) return false;
  if (token_.kind != TokenKind::kAnd) return true;
  Node all;
  all.op = Op::kAnd;
  all.children.push_back(*node);
  while (token_.kind == TokenKind::kAnd) {
    if (!Advance() || !Negation(depth, node)) return false;
    all.children.push_back(*node);
  }
  return Add(std::move(all), node);
}

bool ExpressionParser::Negation(size_t depth, uint32_t* node) {
  if (token_.kind == TokenKind::kNot) {
    Node negation;
    negation.op = Op::kNot;
    if (!CheckDepth(depth + 1) || !Advance() || !Negation(depth + 1, node)) return false;
    negation.children.push_back(*node);
    return Add(std::move(negation), node);
  }
  if (token_.kind == TokenKind::kOpen) {
    const std::string opened = std::to_string(token_.position);
    return CheckDepth(depth + 1) && Advance() && Disjunction(depth + 1, node) &&
           Expect(TokenKind::kClose,
                  "'and', 'or' or the ')' that closes the parenthesis at byte " + opened);
  }
  return Comparison(node);
}

bool ExpressionParser::Comparison(uint32_t* node) {
  if (token_.kind != TokenKind::kName) {
    return Fail(ErrorCode::kSyntax, token_.position, "expected a field name, 'not' or '('");
  }
  const std::optional<FieldIndex> found = catalog_.Find(token_.spelt);
  if (!found) {
    return Fail(ErrorCode::kUnknownField, token_.position,
                UnknownFieldSentence(token_.spelt, catalog_));
  }
  const FieldInfo& field = catalog_.At(*found);
  Node comparison;
  comparison.field = *found;
  expression_.fields_.Add(*found);
  if (!Advance()) return false;

  if (token_.kind == TokenKind::kIn) {
    return Advance() && ListOfLiterals(field, &comparison) && Add(std::move(comparison), node);
  }
  const Token relation = token_;
  if (!Expect(TokenKind::kRelation, "=, !=, <, <=, >, >= or in after " + field.name)) return false;
  return CompareWith(field, relation, &comparison) && Advance() && Add(std::move(comparison), node);
}

bool ExpressionParser::CheckLiteral(const FieldInfo& field) {
  if (!IsLiteral(token_.kind)) {
    return Fail(ErrorCode::kSyntax, token_.position,
                "expected " + Wanted(field) + " beside " + field.name +
                    (token_.kind == TokenKind::kName ? "; a text stands in quotes" : ""));
  }
  if (!Fits(field.type, token_.kind)) {
    return Fail(ErrorCode::kTypeMismatch, token_.position,
                "expected " + Wanted(field) + " beside " + field.name + ", found " +
                    std::string(Found(token_.kind)));
  }
  return true;
}

bool ExpressionParser::IntegerLiteral(const FieldInfo& field, NumberLiteral* literal) {
  auto exactly = [literal](int64_t value) {
    *literal = {value, value};
    return true;
  };
  switch (field.type) {
    case FieldType::kDay: {
      const std::optional<Day> day =
          ParseDay(token_.kind == TokenKind::kText ? token_.text : token_.spelt);
      if (day) return exactly(day->since_epoch);
      return Fail(ErrorCode::kInvalidValue, token_.position,
                  "there is no such day; expected a date such as 2010-12-09 beside " + field.name);
    }
    case FieldType::kBoolean:
      return exactly(token_.kind == TokenKind::kTrue ? 1 : 0);
    case FieldType::kEnumeration:
    case FieldType::kSet: {
      const auto name = std::find(field.values.begin(), field.values.end(), token_.text);
      if (name != field.values.end()) return exactly(name - field.values.begin());
      return Fail(ErrorCode::kInvalidValue, token_.position,
                  "expected " + Wanted(field) + " beside " + field.name);
    }
    default:
      *literal = ReadNumberLiteral(token_.spelt, Decimals(field.type));
      return true;
  }
}

bool ExpressionParser::CompareWith(const FieldInfo& field, const Token& relation, Node* node) {
  const bool equality =
      relation.relation == Relation::kEqual || relation.relation == Relation::kNotEqual;
  if (token_.kind == TokenKind::kNull) {
    if (!equality) {
      return Fail(ErrorCode::kSyntax, relation.position, "expected = or != before null");
    }
    const bool is_set = field.type == FieldType::kSet;
    node->op = is_set ? Op::kHasAny : Op::kAbsent;
    node->low = ~int64_t{0};
    node->inverted = (relation.relation == Relation::kNotEqual) != is_set;
    return true;
  }
  if (!CheckLiteral(field)) return false;
  if (field.type == FieldType::kText) {
    node->op = Op::kText;
    node->relation = relation.relation;
    node->texts.push_back(token_.text);
    return true;
  }
  if ((field.type == FieldType::kBoolean || field.type == FieldType::kSet) && !equality) {
    return Fail(ErrorCode::kTypeMismatch, relation.position,
                "expected = or != beside " + field.name +
                    (field.type == FieldType::kSet ? ", which is a set of names"
                                                   : ", which is true or false"));
  }
  NumberLiteral literal;
  if (field.type == FieldType::kSet) {
    if (!IntegerLiteral(field, &literal)) return false;
    node->op = Op::kHasAny;
    node->low = int64_t{1} << *literal.Exact();
    node->inverted = relation.relation == Relation::kNotEqual;
    return true;
  }
  if (field.type == FieldType::kEnumeration) {
    // Only equality needs a name that exists; `abc < 'Z'` has a meaning without one.
    if (equality && !IntegerLiteral(field, &literal)) return false;
    node->op = Op::kNumberIn;
    for (size_t code = 0; code < field.values.size(); ++code) {
      if (CompareText(field.values[code], relation.relation, token_.text)) {
        node->numbers.push_back(static_cast<int64_t>(code));
      }
    }
    return true;
  }
  if (!IntegerLiteral(field, &literal)) return false;
  const IntegerRange range = RangeOf(relation.relation, literal);
  node->op = Op::kRange;
  node->low = range.low;
  node->high = range.high;
  node->inverted = range.inverted;
  return true;
}

bool ExpressionParser::ListOfLiterals(const FieldInfo& field, Node* node) {
  node->op = field.type == FieldType::kText ? Op::kTextIn : Op::kNumberIn;
  if (!Expect(TokenKind::kOpen, "'(' and a list of values after 'in'")) return false;
  for (;;) {
    if (!CheckLiteral(field) || !Count()) return false;
    if (field.type == FieldType::kText) {
      node->texts.push_back(std::move(token_.text));
    } else {
      NumberLiteral literal;
      if (!IntegerLiteral(field, &literal)) return false;
      // A literal between two integers, or beyond them all, equals no value.
      if (auto exact = literal.Exact()) node->numbers.push_back(*exact);
    }
    if (!Advance()) return false;
    if (token_.kind != TokenKind::kComma) break;
    if (!Advance()) return false;
  }
  if (field.type == FieldType::kSet) {
    node->op = Op::kHasAny;
    for (const int64_t code : std::exchange(node->numbers, {})) node->low |= int64_t{1} << code;
  }
  SortAndDropRepeats(&node->numbers);
  SortAndDropRepeats(&node->texts);
  return Expect(TokenKind::kClose, "',' or ')' in the list of values");
}

Result<Expression> ParseExpression(std::string_view text, const FieldCatalog& catalog) {
  return ExpressionParser(text, catalog).Parse();
}

}  // namespace kundig::engine
