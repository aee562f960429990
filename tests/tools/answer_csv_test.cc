#include "tools/answer_csv.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>

namespace kundig::tools {
namespace {

TEST(AnswerCsv, QuotesWhatMustBeQuoted) {
  std::string out;
  for (const char* text : {"plain", "a,b", "say \"hi\"", "two\nlines", ""}) {
    AppendCsvCell(text, &out);
    out += '|';
  }
  EXPECT_EQ(out, "plain|\"a,b\"|\"say \"\"hi\"\"\"|\"two\nlines\"||");
}

TEST(AnswerCsv, TheHeaderIsThatOfTheFullestRow) {
  boost::json::array rows;
  rows.push_back(boost::json::object{{"customer", "x"}, {"found", false}});
  rows.push_back(
      boost::json::object{{"customer", "y"}, {"found", true}, {"score", 0.5}, {"region", nullptr}});
  EXPECT_EQ(CsvTable(rows), "customer,found,score,region\nx,false,,\ny,true,0.5,\n");
}

TEST(AnswerCsv, GroupKeysAreColumns) {
  boost::json::array rows;
  rows.push_back(boost::json::object{
      {"by", boost::json::object{{"stage", "Offer"}, {"owner", "A, B"}}}, {"leads", 2}});
  EXPECT_EQ(CsvTable(rows), "stage,owner,leads\nOffer,\"A, B\",2\n");
}

TEST(AnswerCsv, NoRowsAreNoText) {
  EXPECT_EQ(CsvTable({}), "");
  EXPECT_EQ(CsvTable({{{"risks", boost::json::array{"churn", "slowing"}}},
                      {{"risks", boost::json::array()}}}),
            "risks\n\"churn,slowing\"\n\n");
}

}  // namespace
}  // namespace kundig::tools
