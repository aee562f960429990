#include "engine/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "engine/calendar.h"
#include "engine/customer_field.h"
#include "tests/engine/sample_row.h"

namespace kundig::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ExpressionTest : public testing::Test {
 protected:
  ExpressionTest() {
    row_.Set("customer", std::string("17850"));
    row_.Set("country", std::string("Côte d'Ivoire"));
    row_.Set("region", std::string());
    row_.Set("abc", 1);          // B
    row_.Set("rfm_segment", 0);  // Champions
    row_.Set("revenue", -250);   // minor units
    row_.Set("orders", 3);
    row_.Set("value_score", 62'500);
    row_.Set("key_account", 1);
    row_.Set("last_order", ParseDay("2010-12-09")->since_epoch);
  }

  bool Holds(std::string_view text) const {
    Result<Expression> expression = ParseExpression(text, customers_);
    if (!expression) {
      ADD_FAILURE() << text << ": " << expression.error().message;
      return false;
    }
    return expression->Holds(row_);
  }

  Expression::Node Root(std::string_view text, const FieldCatalog& catalog) const {
    return ParseExpression(text, catalog).value().root();
  }
  Expression::Node Root(std::string_view text) const { return Root(text, customers_); }

  // The error's code and position; a text that is read is a failure.
  testing::AssertionResult Fails(std::string_view text, ErrorCode code, int32_t position,
                                 std::string_view sentence = "expected") const {
    Result<Expression> expression = ParseExpression(text, customers_);
    if (expression) return testing::AssertionFailure() << text << " was read";
    const Error& error = expression.error();
    if (error.code == code && error.position == position && error.field.empty() &&
        error.message.find(sentence) != std::string::npos) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure()
           << text << ": code " << static_cast<int>(error.code) << " at "
           << error.position.value_or(-1) << ": " << error.message;
  }

  const FieldCatalog customers_ = CustomerCatalog({"Champions", "Lost"});
  const FieldCatalog leads_ = LeadCatalog({"Offer", "Negotiation"});
  SampleRow row_{customers_};
};

TEST_F(ExpressionTest, ComparesNumbers) {
  EXPECT_TRUE(Holds("orders = 3"));
  EXPECT_TRUE(Holds("orders=3.000"));
  EXPECT_FALSE(Holds("orders != 3"));
  EXPECT_TRUE(Holds("orders != 4"));
  EXPECT_TRUE(Holds("orders < 3.5"));
  EXPECT_FALSE(Holds("orders < 3"));
  EXPECT_TRUE(Holds("orders <= 3"));
  EXPECT_TRUE(Holds("orders > 2.9"));
  EXPECT_FALSE(Holds("orders > 3"));
  EXPECT_TRUE(Holds("orders >= 3"));
  EXPECT_FALSE(Holds("orders >= 3.1"));
  EXPECT_TRUE(Holds("revenue = -250"));
  EXPECT_TRUE(Holds("revenue<-249.5"));
  EXPECT_TRUE(Holds("value_score = 62.5"));
  EXPECT_TRUE(Holds("value_score > 62.4999"));
  EXPECT_FALSE(Holds("value_score >= 62.5001"));
}

TEST_F(ExpressionTest, ComparesWithNumbersThatNoFieldReaches) {
  EXPECT_TRUE(Holds("revenue < 99999999999999999999"));
  EXPECT_TRUE(Holds("revenue != 99999999999999999999"));
  EXPECT_FALSE(Holds("revenue = 99999999999999999999"));
  EXPECT_FALSE(Holds("revenue < -99999999999999999999"));
  EXPECT_FALSE(Holds("margin < 99999999999999999999")) << "absent";
}

TEST_F(ExpressionTest, ComparesDaysBareAndQuoted) {
  EXPECT_TRUE(Holds("last_order = 2010-12-09"));
  EXPECT_TRUE(Holds("last_order = '2010-12-09'"));
  EXPECT_TRUE(Holds("last_order < \"2010-12-10\""));
  EXPECT_TRUE(Holds("last_order > 2010-11-30"));
  EXPECT_TRUE(Holds("last_order in (2009-01-01, '2010-12-09')"));
  EXPECT_FALSE(Holds("last_order >= 2010-12-10"));
}

TEST_F(ExpressionTest, ComparesTextsByBytes) {
  EXPECT_TRUE(Holds("country = 'Côte d''Ivoire'"));
  EXPECT_TRUE(Holds("country = \"Côte d'Ivoire\""));
  EXPECT_FALSE(Holds("country = 'Cote d''Ivoire'"));
  EXPECT_TRUE(Holds("country > 'Czechia'")) << "ô is two bytes, both above 127";
  EXPECT_TRUE(Holds("customer >= '17850'"));
  EXPECT_TRUE(Holds("customer < '1786'"));
  EXPECT_TRUE(Holds("customer != '017850'"));
  EXPECT_TRUE(Holds("region = ''")) << "an empty text is no absent one";
  EXPECT_TRUE(Holds("country in ('Germany', 'Côte d''Ivoire', 'Germany')"));
  EXPECT_FALSE(Holds("country in ('Germany')"));
}

TEST_F(ExpressionTest, ComparesEnumerationsByName) {
  EXPECT_TRUE(Holds("abc = 'B'"));
  EXPECT_TRUE(Holds("abc != 'A'"));
  EXPECT_TRUE(Holds("abc in ('A', 'B')"));
  EXPECT_FALSE(Holds("abc in ('A', 'C')"));
  EXPECT_TRUE(Holds("abc < 'C'"));
  EXPECT_TRUE(Holds("abc >= 'A5'")) << "order asks for no known name";
  EXPECT_FALSE(Holds("abc > 'n'"));
  EXPECT_TRUE(Holds("rfm_segment = 'Champions'"));
}

TEST_F(ExpressionTest, ComparesBooleans) {
  EXPECT_TRUE(Holds("key_account = true"));
  EXPECT_TRUE(Holds("key_account != FALSE"));
  EXPECT_FALSE(Holds("key_account = false"));
  EXPECT_TRUE(Holds("key_account in (true, false)"));
}

TEST_F(ExpressionTest, AsksWhatASetHas) {
  EXPECT_FALSE(Holds("risk = 'handover'"));
  EXPECT_TRUE(Holds("risk != 'handover'"));
  EXPECT_TRUE(Holds("risk = null"));
  row_.Set("risk", 0b1010);  // handover, complaint
  EXPECT_TRUE(Holds("risk = 'handover'"));
  EXPECT_TRUE(Holds("risk = 'complaint' and risk = 'handover'"));
  EXPECT_FALSE(Holds("risk = 'overloaded'"));
  EXPECT_TRUE(Holds("risk != 'overloaded'"));
  EXPECT_TRUE(Holds("risk in ('overloaded', 'complaint')"));
  EXPECT_FALSE(Holds("risk in ('overloaded', 'slowing')"));
  EXPECT_TRUE(Holds("risk != null"));
  EXPECT_FALSE(Holds("risk = null"));
}

TEST_F(ExpressionTest, TakesAbsentValuesForNeitherTrueNorKnown) {
  EXPECT_FALSE(Holds("margin > 0"));
  EXPECT_FALSE(Holds("margin <= 0"));
  EXPECT_FALSE(Holds("margin != 0"));
  EXPECT_FALSE(Holds("margin != 0.5"));
  EXPECT_FALSE(Holds("margin in (0)"));
  EXPECT_FALSE(Holds("owner != 'Ann'"));
  EXPECT_FALSE(Holds("owner in ('Ann')"));
  EXPECT_FALSE(Holds("consent != 'granted'"));
  EXPECT_FALSE(Holds("hidden_potential != true"));
  EXPECT_TRUE(Holds("not margin > 0"));
  EXPECT_TRUE(Holds("not (owner = 'Ann')"));
  EXPECT_TRUE(Holds("margin = null and owner = null and consent = NULL"));
  EXPECT_FALSE(Holds("margin != null or owner != null"));
  EXPECT_TRUE(Holds("orders != null and country != null and abc != null"));
  EXPECT_FALSE(Holds("orders = null or country = null or region = null"));
}

TEST_F(ExpressionTest, BindsNotBeforeAndBeforeOr) {
  EXPECT_TRUE(Holds("orders = 3 or orders = 3 and orders = 4"));
  EXPECT_FALSE(Holds("(orders = 3 or orders = 3) and orders = 4"));
  EXPECT_TRUE(Holds("not orders = 4 and orders = 3"));
  EXPECT_FALSE(Holds("not orders = 3 or orders = 4"));
  EXPECT_TRUE(Holds("not not orders = 3"));
  EXPECT_FALSE(Holds("not (orders = 4 or orders = 3)"));
  EXPECT_TRUE(Holds("orders = 4 OR NOT orders = 4 AND orders IN (3)"));
}

TEST_F(ExpressionTest, ReadsKeywordsAsPartsOfNamesAndBlanksAnywhere) {
  const FieldCatalog catalog({{"notable", FieldType::kInteger, {}},
                              {"order", FieldType::kInteger, {}},
                              {"in_stock", FieldType::kInteger, {}}});
  Result<Expression> expression =
      ParseExpression("\t notable=1\r\nand(order=2)or\nin_stock in(3,4) ", catalog);
  ASSERT_TRUE(expression) << expression.error().message;
  SampleRow row(catalog);
  row.Set("in_stock", 4);
  EXPECT_TRUE(expression->Holds(row));
}

TEST_F(ExpressionTest, NormalizesComparisons) {
  Expression::Node node = Root("revenue >= 1.5");
  EXPECT_EQ(node.op, Expression::Op::kRange);
  EXPECT_EQ(node.low, 2);
  EXPECT_EQ(node.high, INT64_MAX);
  EXPECT_FALSE(node.inverted);

  node = Root("revenue != 7");
  EXPECT_EQ(node.low, 7);
  EXPECT_EQ(node.high, 7);
  EXPECT_TRUE(node.inverted);

  node = Root("revenue = 1.5");
  EXPECT_GT(node.low, node.high) << "no integer is 1.5";

  EXPECT_THAT(Root("abc != 'B'").numbers, ElementsAre(0, 2, 3));
  EXPECT_THAT(Root("abc > 'B'").numbers, ElementsAre(2, 3));
  EXPECT_THAT(Root("abc > 'z'").numbers, ElementsAre());
  EXPECT_THAT(Root("abc in ('none', 'A', 'none')").numbers, ElementsAre(0, 3));
  EXPECT_THAT(Root("orders in (5, -1, 2.5, 5.0, 99999999999999999999)").numbers,
              ElementsAre(-1, 5));
  EXPECT_THAT(Root("country in ('b', 'a', 'b')").texts, ElementsAre("a", "b"));
  EXPECT_EQ(Root("chance >= 35.5", leads_).low, 3550);
  EXPECT_EQ(Root("chance > 35.559", leads_).low, 3556);
  EXPECT_THAT(Root("stage = 'Negotiation'", leads_).numbers, ElementsAre(1));
}

TEST_F(ExpressionTest, NamesItsFieldsAndKeepsItsText) {
  const std::string text = "abc = 'A' and (revenue > 3 or revenue = null)";
  const Expression expression = ParseExpression(text, customers_).value();
  EXPECT_EQ(expression.text(), text);
  for (size_t i = 0; i < customers_.size(); ++i) {
    const auto field = static_cast<FieldIndex>(i);
    EXPECT_EQ(expression.fields().Has(field),
              field == Index(CustomerField::kAbc) || field == Index(CustomerField::kRevenue));
  }
}

TEST_F(ExpressionTest, KeepsChainsFlatAndChildrenBeforeParents) {
  const Expression expression =
      ParseExpression("r = 1 and f = 1 and (m = 1 or m = 2 or m = 3) and not r = 2", customers_)
          .value();
  EXPECT_EQ(expression.root().op, Expression::Op::kAnd);
  EXPECT_EQ(expression.root().children.size(), 4u);
  EXPECT_EQ(expression.nodes().size(), 9u);
  for (size_t i = 0; i < expression.nodes().size(); ++i) {
    for (uint32_t child : expression.nodes()[i].children) EXPECT_LT(child, i);
  }
}

TEST_F(ExpressionTest, HoldsForEverythingWithoutAQuestion) {
  const Expression everything = Expression::Everything();
  EXPECT_TRUE(everything.Holds(SampleRow(customers_)));
  EXPECT_EQ(everything.text(), "");
}

TEST_F(ExpressionTest, NamesThePlaceOfAnUnknownField) {
  EXPECT_TRUE(Fails("revenu > 3", ErrorCode::kUnknownField, 0, "did you mean 'revenue'?"));
  EXPECT_TRUE(Fails("orders = 1 and Abc = 'A'", ErrorCode::kUnknownField, 15, "'abc'"));
  EXPECT_TRUE(Fails("not(zzz in (1))", ErrorCode::kUnknownField, 4, "expected one of customer"));
  EXPECT_TRUE(Fails("stage = 'Offer'", ErrorCode::kUnknownField, 0, "there is no field 'stage'"));
}

TEST_F(ExpressionTest, NamesThePlaceOfASyntaxError) {
  EXPECT_TRUE(Fails("", ErrorCode::kSyntax, 0, "expected a field name"));
  EXPECT_TRUE(Fails(" \t", ErrorCode::kSyntax, 2, "expected a field name"));
  EXPECT_TRUE(Fails("revenue >", ErrorCode::kSyntax, 9, "expected a number"));
  EXPECT_TRUE(Fails("revenue", ErrorCode::kSyntax, 7, "expected =, !=, <, <=, >, >= or in"));
  EXPECT_TRUE(Fails("revenue 3", ErrorCode::kSyntax, 8));
  EXPECT_TRUE(Fails("revenue == 3", ErrorCode::kSyntax, 9, "expected a number"));
  EXPECT_TRUE(Fails("revenue <> 3", ErrorCode::kSyntax, 9, "expected a number"));
  EXPECT_TRUE(Fails("revenue > 3 revenue < 5", ErrorCode::kSyntax, 12, "'and', 'or' or the end"));
  EXPECT_TRUE(Fails("revenue > 3 And r = 1", ErrorCode::kSyntax, 12, "'and', 'or' or the end"));
  EXPECT_TRUE(Fails("revenue > 3 and", ErrorCode::kSyntax, 15, "expected a field name"));
  EXPECT_TRUE(Fails("and r = 1", ErrorCode::kSyntax, 0, "expected a field name"));
  EXPECT_TRUE(Fails("not", ErrorCode::kSyntax, 3, "expected a field name"));
  EXPECT_TRUE(Fails("3 < revenue", ErrorCode::kSyntax, 0, "expected a field name"));
  EXPECT_TRUE(Fails("(r = 1", ErrorCode::kSyntax, 6, "closes the parenthesis at byte 0"));
  EXPECT_TRUE(Fails("r = 1)", ErrorCode::kSyntax, 5, "the end of the expression"));
  EXPECT_TRUE(Fails("()", ErrorCode::kSyntax, 1, "expected a field name"));
  EXPECT_TRUE(Fails("abc = A", ErrorCode::kSyntax, 6, "stands in quotes"));
  EXPECT_TRUE(Fails("abc = 'A", ErrorCode::kSyntax, 6, "expected a closing '"));
  EXPECT_TRUE(Fails("abc = \"A'", ErrorCode::kSyntax, 6, "expected a closing \""));
  EXPECT_TRUE(Fails("abc = 'A''", ErrorCode::kSyntax, 6, "expected a closing '"));
  EXPECT_TRUE(Fails("abc = '", ErrorCode::kSyntax, 6, "expected a closing '"));
  EXPECT_TRUE(Fails("r < null", ErrorCode::kSyntax, 2, "expected = or !="));
  EXPECT_TRUE(Fails("r in (1, null)", ErrorCode::kSyntax, 9, "expected a number"));
  EXPECT_TRUE(Fails("r in 1", ErrorCode::kSyntax, 5, "expected '('"));
  EXPECT_TRUE(Fails("r in ()", ErrorCode::kSyntax, 6, "expected a number"));
  EXPECT_TRUE(Fails("r in (1,)", ErrorCode::kSyntax, 8, "expected a number"));
  EXPECT_TRUE(Fails("r in (1 2)", ErrorCode::kSyntax, 8, "expected ',' or ')'"));
  EXPECT_TRUE(Fails("r in (1", ErrorCode::kSyntax, 7, "expected ',' or ')'"));
  EXPECT_TRUE(Fails("r = 1; drop", ErrorCode::kSyntax, 5));
  EXPECT_TRUE(Fails("r ! 1", ErrorCode::kSyntax, 2));
  EXPECT_TRUE(Fails("r = -", ErrorCode::kSyntax, 4));
  EXPECT_TRUE(Fails(std::string_view("r = 1\0", 6), ErrorCode::kSyntax, 5));
  EXPECT_TRUE(Fails("r\xc2\xa0= 1", ErrorCode::kSyntax, 1));
}

TEST_F(ExpressionTest, NamesThePlaceOfABadNumber) {
  for (const char* number : {"1e5", "1.", "1.2.3", "12abc", "1-2", "2010-1-09", "2010-12-091",
                             "2010-12", "1_000", "0x10", "1+1"}) {
    EXPECT_TRUE(Fails("r = " + std::string(number), ErrorCode::kSyntax, 4, "expected a number"));
  }
  EXPECT_TRUE(Fails("r = .5", ErrorCode::kSyntax, 4));
  EXPECT_TRUE(Fails("r = --5", ErrorCode::kSyntax, 4));
}

TEST_F(ExpressionTest, NamesThePlaceOfATypeMismatch) {
  EXPECT_TRUE(Fails("abc = 5", ErrorCode::kTypeMismatch, 6, "'A', 'B', 'C', 'none'"));
  EXPECT_TRUE(Fails("revenue = 'much'", ErrorCode::kTypeMismatch, 10, "a number in minor units"));
  EXPECT_TRUE(Fails("revenue = 2010-12-09", ErrorCode::kTypeMismatch, 10, "found a date"));
  EXPECT_TRUE(Fails("value_score = true", ErrorCode::kTypeMismatch, 14, "such as 62.5"));
  EXPECT_TRUE(Fails("last_order = 5", ErrorCode::kTypeMismatch, 13, "a date such as 2010-12-09"));
  EXPECT_TRUE(Fails("last_order = true", ErrorCode::kTypeMismatch, 13, "a date"));
  EXPECT_TRUE(Fails("key_account = 1", ErrorCode::kTypeMismatch, 14, "true or false"));
  EXPECT_TRUE(Fails("key_account = 'true'", ErrorCode::kTypeMismatch, 14, "true or false"));
  EXPECT_TRUE(Fails("key_account < true", ErrorCode::kTypeMismatch, 12, "expected = or !="));
  EXPECT_TRUE(Fails("country = 5", ErrorCode::kTypeMismatch, 10, "a text in quotes"));
  EXPECT_TRUE(Fails("country = 2010-12-09", ErrorCode::kTypeMismatch, 10, "a text in quotes"));
  EXPECT_TRUE(Fails("country in ('a', 5)", ErrorCode::kTypeMismatch, 17, "a text in quotes"));
  EXPECT_TRUE(Fails("abc in ('A', true)", ErrorCode::kTypeMismatch, 13, "found true or false"));
}

TEST_F(ExpressionTest, NamesThePlaceOfAValueThatDoesNotExist) {
  EXPECT_TRUE(Fails("abc = 'D'", ErrorCode::kInvalidValue, 6, "'A', 'B', 'C', 'none'"));
  EXPECT_TRUE(Fails("abc != 'a'", ErrorCode::kInvalidValue, 7, "'A'"));
  EXPECT_TRUE(Fails("abc in ('A', 'D')", ErrorCode::kInvalidValue, 13, "'A'"));
  EXPECT_TRUE(
      Fails("rfm_segment = 'Winners'", ErrorCode::kInvalidValue, 14, "'Champions', 'Lost'"));
  EXPECT_TRUE(Fails("last_order >= 2010-02-30", ErrorCode::kInvalidValue, 14, "no such day"));
  EXPECT_TRUE(Fails("last_order >= 'yesterday'", ErrorCode::kInvalidValue, 14, "2010-12-09"));
}

TEST_F(ExpressionTest, BoundsItsLength) {
  const std::string blanks(Expression::kMaxTextBytes - 5, ' ');
  EXPECT_TRUE(Holds(blanks + "r=1  ") == false);
  EXPECT_TRUE(Fails(blanks + "r = 1 ", ErrorCode::kLimitExceeded,
                    static_cast<int32_t>(Expression::kMaxTextBytes), "at most 16384 bytes"));
}

TEST_F(ExpressionTest, BoundsItsDepth) {
  auto nested = [](size_t parentheses) {
    return std::string(parentheses, '(') + "orders = 3" + std::string(parentheses, ')');
  };
  EXPECT_TRUE(Holds(nested(Expression::kMaxDepth)));
  EXPECT_TRUE(Fails(nested(Expression::kMaxDepth + 1), ErrorCode::kLimitExceeded,
                    Expression::kMaxDepth, "at most 64"));
  std::string negations;
  for (size_t i = 0; i < Expression::kMaxDepth; ++i) negations += "not ";
  EXPECT_TRUE(Holds(negations + "orders = 3"));
  EXPECT_TRUE(Fails("not " + negations + "orders = 3", ErrorCode::kLimitExceeded,
                    4 * Expression::kMaxDepth));
  EXPECT_TRUE(Fails(std::string(Expression::kMaxTextBytes, '('), ErrorCode::kLimitExceeded,
                    Expression::kMaxDepth));
  // Neighbours do not add up.
  EXPECT_TRUE(Holds(nested(Expression::kMaxDepth) + " and " + nested(Expression::kMaxDepth)));
}

TEST_F(ExpressionTest, BoundsItsNodesAndListValues) {
  auto chain = [](size_t comparisons) {
    std::string text = "r=1";
    for (size_t i = 1; i < comparisons; ++i) text += " or r=1";
    return text;
  };
  EXPECT_EQ(ParseExpression(chain(Expression::kMaxNodes - 1), customers_).value().nodes().size(),
            Expression::kMaxNodes);
  EXPECT_TRUE(Fails(chain(Expression::kMaxNodes), ErrorCode::kLimitExceeded,
                    static_cast<int32_t>(chain(Expression::kMaxNodes).size()), "at most 1024"));

  auto list = [](size_t values) {
    std::string text = "r in (1";
    for (size_t i = 1; i < values; ++i) text += ",1";
    return text + ")";
  };
  EXPECT_TRUE(ParseExpression(list(Expression::kMaxNodes - 1), customers_));
  EXPECT_FALSE(ParseExpression(list(Expression::kMaxNodes), customers_));
}

TEST(CompareTextTest, OrdersByUnsignedBytes) {
  EXPECT_TRUE(CompareText("\xff", Relation::kGreater, "a"));
  EXPECT_TRUE(CompareText("a", Relation::kLess, "aa"));
  EXPECT_TRUE(CompareText("", Relation::kLess, "a"));
  EXPECT_TRUE(CompareText("a", Relation::kLessOrEqual, "a"));
  EXPECT_TRUE(CompareText("a", Relation::kGreaterOrEqual, "a"));
  EXPECT_FALSE(CompareText("a", Relation::kGreater, "a"));
  EXPECT_TRUE(CompareText(std::string_view("a\0", 2), Relation::kNotEqual, "a"));
}

}  // namespace
}  // namespace kundig::engine
