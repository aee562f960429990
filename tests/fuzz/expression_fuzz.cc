// Any text as an expression over the fields of a customer. Nothing may crash; an error lies within
// the text; a tree keeps the limits and the shape that evaluators rely on, and means on a fixed row
// what a plainer reading of it says.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "engine/customer_field.h"
#include "engine/expression.h"

namespace kundig::engine {
namespace {

// A failed claim must end the process with and without sanitizers and in every build type.
#define KUNDIG_CLAIM(condition)                                            \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::fprintf(stderr, "not so: %s, line %d\n", #condition, __LINE__); \
      std::abort();                                                        \
    }                                                                      \
  } while (false)

// Every third field is absent; a number is ten times its place in the catalog, a code is 0.
class FixedRow {
 public:
  explicit FixedRow(const FieldCatalog& catalog) : catalog_(catalog) {}

  bool Number(FieldIndex field, int64_t* value) const {
    const FieldType type = catalog_.At(field).type;
    if (Absent(field) || type == FieldType::kText) return false;
    const bool code =
        type == FieldType::kEnumeration || type == FieldType::kSet || type == FieldType::kBoolean;
    *value = code ? 0 : 10 * static_cast<int64_t>(field);
    return true;
  }
  bool Text(FieldIndex field, std::string_view* value) const {
    if (Absent(field) || catalog_.At(field).type != FieldType::kText) return false;
    *value = "Germany";
    return true;
  }

 private:
  static bool Absent(FieldIndex field) { return static_cast<size_t>(field) % 3 == 2; }

  const FieldCatalog& catalog_;
};

// The tree's meaning without recursion and without a way out before its last node.
bool HoldsNodeByNode(const Expression& expression, const FixedRow& row) {
  std::vector<bool> holds;
  for (const Expression::Node& node : expression.nodes()) {
    int64_t number = 0;
    std::string_view text;
    const bool has_number = row.Number(node.field, &number);
    const bool has_text = row.Text(node.field, &text);
    size_t children = 0;
    for (uint32_t child : node.children) {
      KUNDIG_CLAIM(child < holds.size());
      children += holds[child] ? 1 : 0;
    }
    bool answer = false;
    switch (node.op) {
      case Expression::Op::kAnd:
        KUNDIG_CLAIM(node.children.size() >= 2);
        answer = children == node.children.size();
        break;
      case Expression::Op::kOr:
        KUNDIG_CLAIM(node.children.size() >= 2);
        answer = children > 0;
        break;
      case Expression::Op::kNot:
        KUNDIG_CLAIM(node.children.size() == 1);
        answer = children == 0;
        break;
      case Expression::Op::kRange:
        answer = has_number && ((number < node.low || number > node.high) == node.inverted);
        break;
      case Expression::Op::kNumberIn:
        for (size_t i = 0; i < node.numbers.size(); ++i) {
          KUNDIG_CLAIM(i == 0 || node.numbers[i - 1] < node.numbers[i]);
          answer = answer || (has_number && node.numbers[i] == number);
        }
        break;
      case Expression::Op::kText:
        KUNDIG_CLAIM(node.texts.size() == 1);
        answer = has_text && CompareText(text, node.relation, node.texts[0]);
        break;
      case Expression::Op::kTextIn:
        for (size_t i = 0; i < node.texts.size(); ++i) {
          KUNDIG_CLAIM(i == 0 || node.texts[i - 1] < node.texts[i]);
          answer = answer || (has_text && node.texts[i] == text);
        }
        break;
      case Expression::Op::kAbsent:
        answer = (has_number || has_text) == node.inverted;
        break;
      case Expression::Op::kHasAny:
        answer = (has_number && (number & node.low) != 0) != node.inverted;
        break;
    }
    holds.push_back(answer);
  }
  KUNDIG_CLAIM(!holds.empty());
  return holds.back();
}

// "field op digits" alone needs no parser: the row's number and the digits are compared as they
// are.
void CheckPlainComparison(const std::string& text, const Expression& expression,
                          const FieldCatalog& catalog, const FixedRow& row) {
  std::array<char, 32> name{};
  std::array<char, 3> relation{};
  long long literal = 0;
  int read = 0;
  if (std::sscanf(text.c_str(), "%31[a-z_] %2[=!<>] %15lld%n", name.data(), relation.data(),
                  &literal, &read) != 3 ||
      static_cast<size_t>(read) != text.size()) {
    return;
  }
  const FieldIndex field = *catalog.Find(name.data());
  if (catalog.At(field).type == FieldType::kThousandths) return;
  int64_t value = 0;
  const bool present = row.Number(field, &value);
  const std::string_view op = relation.data();
  const bool expected = op == "="    ? value == literal
                        : op == "!=" ? value != literal
                        : op == "<"  ? value < literal
                        : op == "<=" ? value <= literal
                        : op == ">"  ? value > literal
                                     : value >= literal;
  KUNDIG_CLAIM(expression.Holds(row) == (present && expected));
}

void Check(const std::string& text) {
  static const FieldCatalog catalog = CustomerCatalog({"Champions", "Loyal", "Lost"});
  const FixedRow row(catalog);
  const Result<Expression> expression = ParseExpression(text, catalog);
  if (!expression) {
    const Error& error = expression.error();
    KUNDIG_CLAIM(!error.message.empty());
    KUNDIG_CLAIM(error.position && *error.position >= 0);
    KUNDIG_CLAIM(static_cast<size_t>(*error.position) <= text.size());
    return;
  }
  KUNDIG_CLAIM(expression->text() == text);
  KUNDIG_CLAIM(expression->nodes().size() <= Expression::kMaxNodes);
  const bool holds = expression->Holds(row);
  KUNDIG_CLAIM(holds == HoldsNodeByNode(*expression, row));
  CheckPlainComparison(text, *expression, catalog, row);

  // Only a limit may keep a sound expression from being part of another one.
  const Result<Expression> negated = ParseExpression("not(" + text + ")", catalog);
  if (negated) {
    KUNDIG_CLAIM(negated->Holds(row) != holds);
  } else {
    KUNDIG_CLAIM(negated.error().code == ErrorCode::kLimitExceeded);
  }
}

}  // namespace
}  // namespace kundig::engine

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kundig::engine::Check(std::string(data, data + size));
  return 0;
}
