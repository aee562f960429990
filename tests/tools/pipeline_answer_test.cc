// What the pipeline was, in every rendering.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/tools/sample_answers.h"
#include "tools/answer_csv.h"
#include "tools/answer_json.h"
#include "tools/answer_text.h"

namespace kundig::tools {
namespace {

wire::WaterfallReplyT SomeWaterfall() {
  using enum wire::WaterfallPart;
  wire::WaterfallReplyT reply;
  reply.state = SomeState();
  reply.from = 14943;
  reply.to = 14952;
  reply.opening = std::make_unique<wire::WaterfallTotal>(5, 560'000, 375'000);
  reply.changes = {{appeared, 3, 0, 32'000},    {moved_up, 1, 0, 50'000},
                   {moved_down, 2, 0, -50'000}, {revalued, 0, 0, 0},
                   {won, 2, 200'000, -170'000}, {lost, 1, 60'000, -30'000}};
  reply.closing = std::make_unique<wire::WaterfallTotal>(5, 544'000, 207'000);
  return reply;
}

TEST(PipelineAnswer, WaterfallAsJson) {
  EXPECT_EQ(ToText(WaterfallJson(SomeWaterfall())),
            R"({"as_of":"2010-12-10","from":"2010-11-30","to":"2010-12-09",)"
            R"("opening":{"leads":5,"revenue":560000,"weighted":375000},"changes":[)"
            R"({"kind":"new","leads":3,"weighted":32000},)"
            R"({"kind":"moved_up","leads":1,"weighted":50000},)"
            R"({"kind":"moved_down","leads":2,"weighted":-50000},)"
            R"({"kind":"revalued","leads":0,"weighted":0},)"
            R"({"kind":"won","leads":2,"weighted":-170000,"revenue":200000},)"
            R"({"kind":"lost","leads":1,"weighted":-30000,"revenue":60000}],)"
            R"("closing":{"leads":5,"revenue":544000,"weighted":207000},)"
            R"("journal_sequence":42,"rules_version":3,"fit_version":2})");
}

TEST(PipelineAnswer, WaterfallAsCsv) {
  EXPECT_EQ(CsvTable(WaterfallJson(SomeWaterfall()).at("changes").as_array()),
            "kind,leads,weighted,revenue\n"
            "new,3,32000,\n"
            "moved_up,1,50000,\n"
            "moved_down,2,-50000,\n"
            "revalued,0,0,\n"
            "won,2,-170000,200000\n"
            "lost,1,-30000,60000\n");
}

TEST(PipelineAnswer, WaterfallForPeople) {
  EXPECT_EQ(WaterfallText(SomeWaterfall(), kPlain),
            "Open leads from the end of 2010-11-30 to the end of 2010-12-09, money in GBP\n"
            "\n"
            "            leads   revenue   weighted\n"
            "──────────  ─────  ────────  ─────────\n"
            "opening         5  5,600.00   3,750.00\n"
            "──────────  ─────  ────────  ─────────\n"
            "new             3              +320.00\n"
            "moved up        1              +500.00\n"
            "moved down      2              -500.00\n"
            "re-valued       0                 0.00\n"
            "won             2  2,000.00  -1,700.00\n"
            "lost            1    600.00    -300.00\n"
            "──────────  ─────  ────────  ─────────\n"
            "closing         5  5,440.00   2,070.00\n");
}

void AddStage(const char* name, uint64_t leads, std::vector<std::pair<uint64_t, uint32_t>> steps,
              wire::ConversionReplyT* reply) {
  auto stage = std::make_unique<wire::ConversionStageT>();
  stage->stage = name;
  stage->leads = leads;
  for (const auto& [reached, days] : steps) {
    stage->to.push_back(std::make_unique<wire::ConversionStepT>());
    stage->to.back()->leads = reached;
    if (reached > 0) stage->to.back()->median_days = days;
  }
  reply->stages.push_back(std::move(stage));
}

wire::ConversionReplyT SomeConversion() {
  wire::ConversionReplyT reply;
  reply.state = SomeState();
  AddStage("Interest", 8, {{4, 6}, {1, 1200}}, &reply);
  AddStage("Offer", 0, {{0, 0}}, &reply);
  return reply;
}

TEST(PipelineAnswer, ConversionAsJson) {
  EXPECT_EQ(ToText(ConversionJson(SomeConversion())),
            R"({"as_of":"2010-12-10","stages":[{"from":"Interest","leads":8,"to":[)"
            R"({"stage":"Offer","leads":4,"share":0.5,"median_days":6},)"
            R"({"stage":"won","leads":1,"share":0.125,"median_days":1200}]},)"
            R"({"from":"Offer","leads":0,"to":[)"
            R"({"stage":"won","leads":0,"share":0,"median_days":null}]}],)"
            R"("journal_sequence":42,"rules_version":3,"fit_version":2})");
}

TEST(PipelineAnswer, ConversionAsCsv) {
  EXPECT_EQ(CsvTable(ConversionRows(SomeConversion())),
            "from,from_leads,stage,leads,share,median_days\n"
            "Interest,8,Offer,4,0.5,6\n"
            "Interest,8,won,1,0.125,1200\n"
            "Offer,0,won,0,0,\n");
}

TEST(PipelineAnswer, ConversionForPeople) {
  EXPECT_EQ(ConversionText(SomeConversion(), kPlain),
            "Leads that went from a stage to a later one, as of 2010-12-10\n"
            "\n"
            "from      leads  to     reached   share  median days\n"
            "────────  ─────  ─────  ───────  ──────  ───────────\n"
            "Interest      8  Offer        4  50.0 %            6\n"
            "                 won          1  12.5 %        1,200\n"
            "────────  ─────  ─────  ───────  ──────  ───────────\n"
            "Offer         0  won          0   0.0 %            –\n");
}

}  // namespace
}  // namespace kundig::tools
