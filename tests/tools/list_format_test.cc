#include "tools/list_format.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/tools/sample_answers.h"
#include "tests/tools/sample_columns.h"

namespace kundig::tools {
namespace {

// Three rows in two chunks: two, then one.
std::vector<wire::ListReplyT> ListChunks(const std::string& next) {
  std::vector<wire::ListReplyT> chunks(2);
  for (wire::ListReplyT& chunk : chunks) {
    chunk.state = SomeState();
    chunk.total_customers = 1234;
    chunk.total_revenue = 567890;
    chunk.excluded_no_consent = 5;
    chunk.excluded_contacted = 6;
  }
  chunks[0].rows = 2;
  chunks[0].columns.push_back(Texts("customer", {"a\"1", "b,2"}));
  chunks[0].columns.push_back(Numbers("last_activity", wire::FieldType::day, {14952, 0}, {0, 1}));
  chunks[0].columns.push_back(Numbers("revenue_total", wire::FieldType::money, {123456, -5}));
  chunks[0].columns.push_back(Numbers("value_score", wire::FieldType::thousandths, {62345, 60000}));
  chunks[0].columns.push_back(Numbers("key_account", wire::FieldType::boolean, {1, 0}));
  chunks[0].columns.push_back(Texts("owner", {"", "Zoë"}));
  chunks[1].rows = 1;
  chunks[1].columns.push_back(Texts("customer", {"c"}));
  chunks[1].columns.push_back(Numbers("last_activity", wire::FieldType::day, {0}));
  chunks[1].columns.push_back(Numbers("revenue_total", wire::FieldType::money, {7}));
  chunks[1].columns.push_back(Numbers("value_score", wire::FieldType::thousandths, {0}, {1}));
  chunks[1].columns.push_back(Numbers("key_account", wire::FieldType::boolean, {0}));
  chunks[1].columns.push_back(Texts("owner", {"x"}));
  chunks[1].last = true;
  chunks[1].next = next;
  return chunks;
}

std::string Print(ListFormat& format, const std::vector<wire::ListReplyT>& chunks) {
  std::string out;
  for (const wire::ListReplyT& chunk : chunks) {
    EXPECT_TRUE(WholeColumns(chunk));
    format.Append(chunk, &out);
  }
  return out;
}

constexpr const char* kRowsJson =
    R"("rows":[{"customer":"a\"1","last_activity":"2010-12-09","revenue_total":123456,)"
    R"("value_score":62.345,"key_account":true,"owner":null},)"
    R"({"customer":"b,2","last_activity":null,"revenue_total":-5,"value_score":60,)"
    R"("key_account":false,"owner":"Zoë"},)"
    R"({"customer":"c","last_activity":"1970-01-01","revenue_total":7,"value_score":null,)"
    R"("key_account":false,"owner":"x"}],)";

TEST(ListFormat, JsonOfTheReactivationListNamesTheExcluded) {
  const auto format = MakeListJson(wire::ListKind::inactive);
  EXPECT_EQ(Print(*format, ListChunks("c1:x")),
            std::string(R"({"as_of":"2010-12-10","total":{"customers":1234,)"
                        R"("revenue_total":567890},"excluded":{"no_consent":5,"contacted":6},)") +
                kRowsJson +
                R"("next":"c1:x",)"
                R"("journal_sequence":42,"ranking_version":40,"rules_version":3,"fit_version":2})" +
                "\n");
}

TEST(ListFormat, JsonOfAnEarlyWarningNamesTheExcludedToo) {
  const auto format = MakeListJson(wire::ListKind::early_warning);
  EXPECT_NE(Print(*format, ListChunks("")).find(R"("excluded":{"no_consent":5,"contacted":6},)"),
            std::string::npos);
}

TEST(ListFormat, JsonOfACustomerListEndsWithoutACursor) {
  const auto format = MakeListJson(wire::ListKind::customers);
  EXPECT_EQ(Print(*format, ListChunks("")),
            std::string(R"({"as_of":"2010-12-10","total":{"customers":1234,)"
                        R"("revenue_total":567890},)") +
                kRowsJson +
                R"("next":null,)"
                R"("journal_sequence":42,"ranking_version":40,"rules_version":3,"fit_version":2})" +
                "\n");
}

TEST(ListFormat, JsonOfNoRowsIsWhole) {
  wire::ListReplyT chunk;
  chunk.state = std::make_unique<wire::State>(1, 1, 0, 3, 2);
  chunk.columns.push_back(Texts("customer", {}));
  chunk.last = true;
  std::string out;
  MakeListJson(wire::ListKind::customers)->Append(chunk, &out);
  EXPECT_EQ(out, R"({"as_of":"1970-01-01","total":{"customers":0,"revenue_total":0},"rows":[],)"
                 R"("next":null,)"
                 R"("journal_sequence":1,"ranking_version":1,"rules_version":3,"fit_version":2})"
                 "\n");
}

TEST(ListFormat, CsvHasOneHeader) {
  const auto format = MakeListCsv();
  EXPECT_EQ(Print(*format, ListChunks("")),
            "customer,last_activity,revenue_total,value_score,key_account,owner\n"
            "\"a\"\"1\",2010-12-09,123456,62.345,true,\n"
            "\"b,2\",,-5,60,false,Zoë\n"
            "c,1970-01-01,7,,false,x\n");
}

TEST(ListFormat, TheTableOfAllChunksIsOne) {
  const auto format = MakeListTable(wire::ListKind::inactive, {"GBP", false});
  EXPECT_EQ(
      Print(*format, ListChunks("c1:x")),
      "1,234 customers on 2010-12-10, 5,678.90 GBP of revenue in all; left out: 5 without consent, "
      "6 contacted lately\n"
      "\n"
      "customer  last_activity  revenue_total  value_score  key_account  owner\n"
      "────────  ─────────────  ─────────────  ───────────  ───────────  ─────\n"
      "a\"1       2010-12-09          1,234.56       62.345         true  –\n"
      "b,2       –                      -0.05           60        false  Zoë\n"
      "c         1970-01-01              0.07            –        false  x\n"
      "\n"
      "3 of 1,234 shown; for the next ones add --cursor c1:x\n");
}

TEST(ListFormat, ColumnsWithoutTheirRowsAreNotWhole) {
  std::vector<wire::ListReplyT> chunks = ListChunks("");
  chunks[0].rows = 3;
  EXPECT_FALSE(WholeColumns(chunks[0]));
  chunks[1].columns[1]->absent = {0, 0};
  EXPECT_FALSE(WholeColumns(chunks[1]));
  wire::ListReplyT no_columns;
  no_columns.rows = 1;
  EXPECT_FALSE(WholeColumns(no_columns));
}

}  // namespace
}  // namespace kundig::tools
