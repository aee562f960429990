// Random expressions against the plainest reading of the language: a tree is drawn, written down as
// text with random spacing and parentheses, parsed, and both are asked about random rows. The plain
// reading compares numbers as fractions and names as texts, and normalizes nothing.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/calendar.h"
#include "engine/customer_field.h"
#include "engine/expression.h"
#include "tests/engine/sample_row.h"

namespace kundig::engine {
namespace {

const std::vector<std::string> kTexts{"", "a", "A", "b''c", "é", "z z"};  // as written in quotes
constexpr std::array kOperators{"=", "!=", "<", "<=", ">", ">="};

// What a row or a literal says of one field, in the terms of a person.
struct Value {
  int64_t thousandths = 0;  // numbers, days and booleans
  std::string text;         // texts and names
};

struct PlainField {
  const char* name;
  FieldType type;
  int64_t unit_thousandths;        // of one step of the engine's integer
  std::vector<std::string> names;  // enumerations
};

const std::vector<PlainField> kPlainFields{
    {"orders", FieldType::kInteger, 1000, {}},
    {"revenue", FieldType::kMoney, 1000, {}},
    {"value_score", FieldType::kThousandths, 1, {}},
    {"last_order", FieldType::kDay, 1000, {}},
    {"key_account", FieldType::kBoolean, 1000, {}},
    {"abc", FieldType::kEnumeration, 0, {"A", "B", "C", "none"}},
    {"country", FieldType::kText, 0, {}},
};

struct Plain {
  enum class Kind { kAnd, kOr, kNot, kCompare, kIn, kNull } kind = Kind::kCompare;
  std::vector<std::unique_ptr<Plain>> children;
  size_t field = 0;
  size_t op = 0;  // place in kOperators
  std::vector<Value> values;
};

using PlainRow = std::vector<std::optional<Value>>;  // by kPlainFields

bool IsTextual(const PlainField& field) {
  return field.type == FieldType::kText || field.type == FieldType::kEnumeration;
}

bool Compares(const PlainField& field, const Value& a, size_t op, const Value& b) {
  const auto order =
      IsTextual(field) ? a.text.compare(b.text) <=> 0 : a.thousandths <=> b.thousandths;
  const std::array<bool, 6> answers{order == 0, order != 0, order<0, order <= 0, order> 0,
                                    order >= 0};
  return answers[op];
}

bool Holds(const Plain& plain, const PlainRow& row) {
  auto holds = [&row](const auto& child) { return Holds(*child, row); };
  const auto& children = plain.children;
  const PlainField& field = kPlainFields[plain.field];
  const std::optional<Value>& value = row[plain.field];
  switch (plain.kind) {
    case Plain::Kind::kAnd:
      return std::all_of(children.begin(), children.end(), holds);
    case Plain::Kind::kOr:
      return std::any_of(children.begin(), children.end(), holds);
    case Plain::Kind::kNot:
      return !holds(children[0]);
    case Plain::Kind::kNull:
      return (plain.op == 0) == !value.has_value();
    case Plain::Kind::kCompare:
      return value && Compares(field, *value, plain.op, plain.values[0]);
    case Plain::Kind::kIn:
      return value && std::any_of(plain.values.begin(), plain.values.end(), [&](const Value& one) {
               return Compares(field, *value, 0, one);
             });
  }
  return false;
}

class Drawer {
 public:
  explicit Drawer(uint64_t seed) : random_(seed) {}

  size_t Below(size_t bound) {
    return std::uniform_int_distribution<size_t>{0, bound - 1}(random_);
  }

  Value Literal(const PlainField& field, bool known_name) {
    Value value;
    switch (field.type) {
      case FieldType::kText:
        value.text = kTexts[Below(kTexts.size())];
        break;
      case FieldType::kEnumeration:
        value.text = known_name || Below(2) == 0 ? field.names[Below(field.names.size())]
                                                 : kTexts[Below(kTexts.size())];
        break;
      case FieldType::kBoolean:
        value.thousandths = static_cast<int64_t>(Below(2)) * 1000;
        break;
      case FieldType::kDay:
        value.thousandths = (static_cast<int64_t>(Below(6)) - 3) * 1000;
        break;
      default:  // sometimes between two integers
        value.thousandths = static_cast<int64_t>(Below(9)) * 500 - 2000;
        if (Below(4) == 0) value.thousandths += static_cast<int64_t>(Below(3)) - 1;
    }
    return value;
  }

  std::unique_ptr<Plain> Tree(size_t depth) {
    auto plain = std::make_unique<Plain>();
    const size_t choice = depth == 0 ? 3 + Below(5) : Below(8);
    if (choice < 3) {
      constexpr std::array kKinds{Plain::Kind::kAnd, Plain::Kind::kOr, Plain::Kind::kNot};
      plain->kind = kKinds[choice];
      const size_t children = choice == 2 ? 1 : 2 + Below(3);
      for (size_t i = 0; i < children; ++i) plain->children.push_back(Tree(depth - 1));
      return plain;
    }
    plain->field = Below(kPlainFields.size());
    const PlainField& field = kPlainFields[plain->field];
    const bool equality_only = field.type == FieldType::kBoolean;
    if (choice == 3) {
      plain->kind = Plain::Kind::kNull;
      plain->op = Below(2);
    } else if (choice == 4) {
      plain->kind = Plain::Kind::kIn;
      for (size_t i = 0; i <= Below(4); ++i) plain->values.push_back(Literal(field, true));
    } else {
      plain->op = Below(equality_only ? 2 : kOperators.size());
      plain->values.push_back(Literal(field, plain->op < 2));
    }
    return plain;
  }

  PlainRow Row() {
    PlainRow row;
    for (const PlainField& field : kPlainFields) {
      row.emplace_back();
      if (Below(3) == 0) continue;
      Value value = Literal(field, true);
      if (!IsTextual(field)) value.thousandths -= value.thousandths % field.unit_thousandths;
      row.back() = value;
    }
    return row;
  }

  std::string Write(const Plain& plain) {
    std::string text;
    switch (plain.kind) {
      case Plain::Kind::kNot:
        return "not " + Blank() + Bracketed(*plain.children[0]);
      case Plain::Kind::kAnd:
      case Plain::Kind::kOr:
        for (const auto& child : plain.children) {
          if (!text.empty()) text += plain.kind == Plain::Kind::kAnd ? " and " : " OR ";
          text += Bracketed(*child);
        }
        return text;
      case Plain::Kind::kNull:
        return Name(plain) + kOperators[plain.op] + Blank() + "null";
      case Plain::Kind::kCompare:
        return Name(plain) + kOperators[plain.op] + Blank() + Write(plain, plain.values[0]);
      case Plain::Kind::kIn:
        text = Name(plain) + " in" + Blank() + "(";
        for (size_t i = 0; i < plain.values.size(); ++i) {
          text += (i == 0 ? "" : "," + Blank()) + Write(plain, plain.values[i]);
        }
        return text + ")";
    }
    return text;
  }

 private:
  std::string Blank() { return std::string(Below(3), ' '); }
  std::string Name(const Plain& plain) { return kPlainFields[plain.field].name + Blank(); }

  // In parentheses wherever the grammar could need them, and sometimes where it does not.
  std::string Bracketed(const Plain& plain) {
    const bool composed = plain.kind == Plain::Kind::kAnd || plain.kind == Plain::Kind::kOr;
    return composed || Below(4) == 0 ? "(" + Write(plain) + ")" : Write(plain);
  }

  std::string Write(const Plain& plain, const Value& value) {
    switch (kPlainFields[plain.field].type) {
      case FieldType::kText:
      case FieldType::kEnumeration:
        return "'" + value.text + "'";
      case FieldType::kBoolean:
        return value.thousandths != 0 ? "true" : "false";
      case FieldType::kDay: {
        const std::string day = FormatDay(Day{static_cast<int32_t>(value.thousandths / 1000)});
        return Below(2) == 0 ? day : "'" + day + "'";
      }
      default: {
        const std::string digits = std::to_string(1'000'000 + std::abs(value.thousandths));
        return (value.thousandths < 0 ? "-" : "") + digits.substr(1, 3) + "." + digits.substr(4);
      }
    }
  }

  std::mt19937_64 random_;
};

// Texts of rows as they are, where literals have their quotes doubled.
std::string Unquoted(std::string text) {
  const size_t at = text.find("''");
  return at == std::string::npos ? text : text.erase(at, 1);
}

void Unquote(Plain* plain) {
  for (Value& value : plain->values) value.text = Unquoted(value.text);
  for (auto& child : plain->children) Unquote(child.get());
}

SampleRow RowOf(const PlainRow& plain, const FieldCatalog& catalog) {
  SampleRow row(catalog);
  for (size_t i = 0; i < kPlainFields.size(); ++i) {
    if (!plain[i]) continue;
    const PlainField& field = kPlainFields[i];
    if (field.type == FieldType::kText) {
      row.Set(field.name, plain[i]->text);
    } else if (field.type == FieldType::kEnumeration) {
      const auto name = std::find(field.names.begin(), field.names.end(), plain[i]->text);
      row.Set(field.name, name - field.names.begin());
    } else {
      row.Set(field.name, plain[i]->thousandths / field.unit_thousandths);
    }
  }
  return row;
}

TEST(ExpressionRandomTest, MeansWhatItsTextSays) {
  const FieldCatalog catalog = CustomerCatalog({"Champions"});
  size_t held = 0, asked = 0;
  for (uint64_t seed = 0; seed < 4000; ++seed) {
    Drawer drawer(seed);
    const auto plain = drawer.Tree(4);
    const std::string text = drawer.Write(*plain);
    Unquote(plain.get());
    const Result<Expression> expression = ParseExpression(text, catalog);
    ASSERT_TRUE(expression) << text << ": " << expression.error().message;
    for (int i = 0; i < 20; ++i) {
      PlainRow row = drawer.Row();
      for (auto& value : row) {
        if (value) value->text = Unquoted(value->text);
      }
      const bool expected = Holds(*plain, row);
      ASSERT_EQ(expression->Holds(RowOf(row, catalog)), expected) << seed << ": " << text;
      held += expected ? 1 : 0;
      ++asked;
    }
  }
  // Neither answer may be so rare that the comparison says little.
  EXPECT_GT(held, asked / 4);
  EXPECT_LT(held, asked - asked / 4);
}

}  // namespace
}  // namespace kundig::engine
