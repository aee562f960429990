// What a what-if answers, in every rendering and in chunks.

#include "tools/what_if_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/tools/sample_answers.h"

namespace kundig::tools {
namespace {

using ::testing::HasSubstr;

struct SomeMove {
  const char* from;
  const char* to;
  uint64_t customers;
};

std::unique_ptr<wire::MoveMatrixT> MatrixOf(wire::Judgement judgement,
                                            const std::vector<SomeMove>& moves) {
  auto matrix = std::make_unique<wire::MoveMatrixT>();
  matrix->judgement = judgement;
  for (const SomeMove& some : moves) {
    auto move = std::make_unique<wire::MoveT>();
    move->from = some.from;
    move->to = some.to;
    move->customers = some.customers;
    move->revenue = static_cast<int64_t>(some.customers) * 1000;
    if (move->from != move->to) matrix->moved += some.customers;
    matrix->moves.push_back(std::move(move));
  }
  return matrix;
}

std::unique_ptr<wire::MovedCustomerT> RowOf(const char* customer, int64_t revenue) {
  auto row = std::make_unique<wire::MovedCustomerT>();
  row->customer = customer;
  row->revenue = revenue;
  row->revenue_total = 2 * revenue;
  return row;
}

// Two chunks; the moves are in the first one.
std::vector<wire::WhatIfReplyT> WhatIfChunks(bool with_rows) {
  std::vector<wire::WhatIfReplyT> chunks(2);
  for (wire::WhatIfReplyT& chunk : chunks) {
    chunk.state = std::make_unique<wire::State>(42, 42, 14953, 3, 2);
    chunk.listed = with_rows ? 3 : 0;
  }
  chunks[0].matrices.push_back(
      MatrixOf(wire::Judgement::abc, {{"A", "A", 5}, {"A", "B", 3}, {"B", "B", 1200}}));
  chunks[0].matrices.push_back(MatrixOf(wire::Judgement::activity, {{"active", "active", 9}}));
  chunks[1].last = true;
  if (!with_rows) return chunks;
  chunks[0].notes = {"No fit is there."};
  chunks[0].rows.push_back(RowOf("ann, lee", 150'50));
  chunks[0].rows.push_back(RowOf("b", 500));
  chunks[1].rows.push_back(RowOf("c", 1));
  return chunks;
}

std::string Shown(std::unique_ptr<WhatIfFormat> format, bool with_rows) {
  std::string text;
  for (const wire::WhatIfReplyT& chunk : WhatIfChunks(with_rows)) format->Append(chunk, &text);
  return text;
}

AskedMove FromAToB() {
  wire::MoveListT list;
  list.judgement = wire::Judgement::abc;
  list.from = "A";
  list.to = "B";
  return list;
}

TEST(WhatIfFormat, JsonIsOneObjectOverAllChunks) {
  const std::string head =
      R"({"as_of":"2010-12-10","moves":{"abc":[{"from":"A","to":"A","customers":5,"revenue":5000},)"
      R"({"from":"A","to":"B","customers":3,"revenue":3000},)"
      R"({"from":"B","to":"B","customers":1200,"revenue":1200000}],)"
      R"("activity":[{"from":"active","to":"active","customers":9,"revenue":9000}]},)"
      R"("moved":{"abc":3,"activity":0},)";
  EXPECT_EQ(Shown(MakeWhatIfJson(std::nullopt), false),
            head + R"("notes":[],"journal_sequence":42,"rules_version":3,"fit_version":2})"
                   "\n");
  EXPECT_EQ(
      Shown(MakeWhatIfJson(FromAToB()), true),
      head +
          R"("notes":["No fit is there."],"listed":3,"rows":[{"customer":"ann, lee","revenue":15050,"revenue_total":30100,)"
          R"("from":"A","to":"B"},{"customer":"b","revenue":500,"revenue_total":1000,)"
          R"("from":"A","to":"B"},{"customer":"c","revenue":1,"revenue_total":2,)"
          R"("from":"A","to":"B"}],"journal_sequence":42,"rules_version":3,"fit_version":2})"
          "\n");
}

TEST(WhatIfFormat, CsvIsTheListOrTheMoves) {
  EXPECT_EQ(Shown(MakeWhatIfCsv(std::nullopt), false),
            "judgement,from,to,customers,revenue\nabc,A,A,5,5000\nabc,A,B,3,3000\n"
            "abc,B,B,1200,1200000\nactivity,active,active,9,9000\n");
  EXPECT_EQ(Shown(MakeWhatIfCsv(FromAToB()), true),
            "customer,revenue,revenue_total,from,to\n\"ann, lee\",15050,30100,A,B\n"
            "b,500,1000,A,B\nc,1,2,A,B\n");
}

TEST(WhatIfFormat, ATableHasAMatrixForEachKindWithWhoStays) {
  const std::string text = Shown(MakeWhatIfTable(FromAToB(), kPlain), true);
  EXPECT_THAT(text, HasSubstr("2010-12-10, revenue in GBP\nNo fit is there.\n"));
  EXPECT_THAT(text, HasSubstr("abc: 3 of 1,208 customers move\n"));
  EXPECT_THAT(text, HasSubstr("from \\ to  A      B\n"));
  EXPECT_THAT(text, HasSubstr("A          5      3\n"));
  EXPECT_THAT(text, HasSubstr("B          0  1,200\n"));
  EXPECT_THAT(text, HasSubstr("activity: 0 of 9 customers move\n"));
  EXPECT_THAT(text, HasSubstr("abc from A to B: 3 customers\n"));
  EXPECT_THAT(text, HasSubstr("ann, lee   150.50         301.00\n"));
}

TEST(WhatIfFormat, ManyClassesAreShownMoveByMove) {
  wire::WhatIfReplyT chunk;
  chunk.state = std::make_unique<wire::State>(42, 42, 14953, 3, 2);
  chunk.matrices.push_back(MatrixOf(
      wire::Judgement::rfm_segment,
      {{"a", "a", 1}, {"a", "b", 2}, {"b", "c", 30}, {"d", "e", 4}, {"f", "g", 5}, {"g", "g", 6}}));
  chunk.last = true;
  std::string text;
  MakeWhatIfTable(std::nullopt, kPlain)->Append(chunk, &text);
  EXPECT_THAT(text, HasSubstr("from  to    customers  revenue\n"));
  EXPECT_THAT(text, HasSubstr("rfm_segment: 41 of 48 customers move\n"));
  EXPECT_LT(text.find("g     stay"), text.find("b     c "));
  EXPECT_LT(text.find("b     c "), text.find("f     g "));
}

}  // namespace
}  // namespace kundig::tools
