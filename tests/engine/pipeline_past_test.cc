// The pipeline as it was: as of earlier days, as a waterfall, as conversions. Random histories hold
// all of it against the model; here are the rules one by one, and the book that stopped.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/book.h"
#include "tests/engine/random_history_compare.h"
#include "tests/engine/random_history_random.h"
#include "tests/engine/sample_stages.h"

namespace kundig::engine {
namespace {

constexpr Day kFirst{20'000};

class PipelinePastTest : public testing::Test {
 protected:
  PipelinePastTest() {
    BookOptions options;
    options.today = kFirst;
    options.shards = 1;
    options.threads = 2;
    book_ = std::make_unique<Book>(RulesWithStages(), options);
  }

  void Tell(const LeadSet& event) {
    const std::vector<Event> events = {event};
    const ApplyAnswer answer = book_->Apply(events);
    EXPECT_EQ(answer.refused.size(), 0u) << answer.refused[0].error.message;
  }
  void Set(std::string_view lead, std::string_view stage, std::optional<int64_t> revenue = {},
           std::optional<uint16_t> chance = {}) {
    LeadSet set;
    set.lead = lead;
    set.status = LeadStatus::kOpen;
    set.stage = stage;
    if (revenue) set.revenue = Minor{*revenue};
    if (chance) set.chance = Patch<uint16_t>::Set(*chance);
    Tell(set);
  }
  void Close(std::string_view lead, LeadStatus status) {
    LeadSet set;
    set.lead = lead;
    set.status = status;
    set.reason = "price";
    Tell(set);
  }
  void Advance(int32_t day) { ASSERT_TRUE(book_->AdvanceDay(kFirst + day).has_value()); }

  PipelineAnswer AsOf(int32_t day, PipelineQuery query = {}) {
    query.as_of = kFirst + day;
    const Result<PipelineAnswer> answer = book_->Pipeline(query);
    EXPECT_TRUE(answer.has_value());
    return answer ? *answer : PipelineAnswer();
  }
  // "Offer 2 500 375": name, leads, revenue and weighted of each group.
  std::vector<std::string> Stages(int32_t day) {
    std::vector<std::string> rows;
    for (const PipelineAnswer::Group& group : AsOf(day).groups) {
      rows.push_back(group.keys[0] + " " + std::to_string(group.leads) + " " +
                     std::to_string(group.revenue.units) + " " +
                     std::to_string(group.weighted.units));
    }
    return rows;
  }
  ErrorCode Refused(const PipelineQuery& query) {
    const Result<PipelineAnswer> answer = book_->Pipeline(query);
    return answer.has_error() ? answer.error().code : ErrorCode{};
  }

  std::unique_ptr<Book> book_;
};

using Rows = std::vector<std::string>;

TEST_F(PipelinePastTest, IsWhatItWasAtTheEndOfADay) {
  Set("roof", "Interest", 400);
  Advance(5);
  Set("roof", "Offer");
  Set("cellar", "Offer", 1000, 1000);
  Advance(9);
  Close("roof", LeadStatus::kWon);
  EXPECT_EQ(Stages(-1), Rows{});
  EXPECT_EQ(Stages(0), Rows{"Interest 1 400 100"});
  EXPECT_EQ(Stages(4), Stages(0));
  EXPECT_EQ(Stages(5), Rows{"Offer 2 1400 400"});
  EXPECT_EQ(Stages(9), Rows{"Offer 1 1000 100"});
  EXPECT_EQ(AsOf(5).state.as_of, kFirst + 5);
  EXPECT_EQ(AsOf(5).total.overridden, 1u);
  EXPECT_EQ(AsOf(8).won_leads, 0u);
  EXPECT_EQ(AsOf(9).won_leads, 1u);
}

TEST_F(PipelinePastTest, RefusesDaysThatHaveNotBeen) {
  PipelineQuery query;
  query.as_of = kFirst + 1;
  EXPECT_EQ(Refused(query), ErrorCode::kInvalidValue);
  query.as_of = kFirst;
  EXPECT_TRUE(book_->Pipeline(query).has_value());

  const auto refused = [this](Day from, Day to) {
    const Result<WaterfallAnswer> answer = book_->Waterfall({from, to, ""});
    return answer.has_error() ? answer.error().field : "";
  };
  EXPECT_EQ(refused(kFirst, kFirst), "from");
  EXPECT_EQ(refused(kFirst, kFirst + 1), "to");
  EXPECT_EQ(refused(kFirst - 1, kFirst), "");
  ConversionQuery conversion;
  conversion.from = kFirst;
  conversion.to = kFirst - 1;
  EXPECT_EQ(book_->Conversion(conversion).error().field, "from");
  conversion.where = "nothing = 1";
  conversion.to = kFirst;
  EXPECT_EQ(book_->Conversion(conversion).error().code, ErrorCode::kUnknownField);
}

TEST_F(PipelinePastTest, GivesConditionsAndGroupsOfClosedLeadsTheStateOfTheDay) {
  Set("roof", "Interest", 400);
  Advance(5);
  Close("roof", LeadStatus::kLost);
  Advance(9);
  Set("roof", "Offer", 500);
  PipelineQuery query;
  query.closed_by = {PipelineKey::kReason};
  query.where = "stage = 'Interest'";
  EXPECT_EQ(AsOf(0, query).total.leads, 1u);
  EXPECT_EQ(AsOf(5, query).lost_leads, 0u);
  query.where = "status = 'lost' and closed = 2024-10-09";  // kFirst + 5
  EXPECT_EQ(AsOf(8, query).lost_leads, 1u);
  // The reason of a closing is forgotten when the lead is reopened.
  ASSERT_EQ(AsOf(8, query).closed.size(), 1u);
  EXPECT_EQ(AsOf(8, query).closed[0].keys[0], "none");
  query.where = "chance = 75 and revenue = 500";
  EXPECT_EQ(AsOf(9, query).total.leads, 1u);
  EXPECT_EQ(AsOf(8, query).total.leads, 0u);
}

TEST_F(PipelinePastTest, NamesStagesThatTheRulesForgotAndTakesTheChancesOfNow) {
  Set("roof", "Interest", 1000);
  Set("cellar", "Address", 100);
  LeadSet won;
  won.lead = "attic";
  won.status = LeadStatus::kWon;
  won.reason = "price";
  won.revenue = Minor{70};
  won.opened = Patch<Day>::Set(kFirst - 3);
  Tell(won);
  Advance(1);
  Set("roof", "Offer");
  Set("cellar", "Offer");
  ASSERT_TRUE(
      book_->ReplaceRules(RulesWithStages({{"Offer", 1000}, {"Signed", 9000}})).has_value());
  EXPECT_EQ(Stages(1), Rows{"Offer 2 1100 110"});
  EXPECT_EQ(Stages(0), (Rows{"Address 1 100 0", "Interest 1 1000 250"}));
  EXPECT_EQ(Stages(-1), Rows{"none 1 70 0"});
  PipelineQuery query;
  query.where = "not (stage = 'Offer')";
  EXPECT_EQ(AsOf(0, query).total.leads, 2u);
}

TEST_F(PipelinePastTest, TakesConditionsOnStagesThatTheRulesForgot) {
  Set("roof", "Interest", 100);
  ASSERT_TRUE(
      book_->ReplaceRules(RulesWithStages({{"Interest", 3000}, {"Offer", 7500}})).has_value());
  Set("cellar", "Interest", 100);
  Set("attic", "Offer", 100);
  Advance(1);
  Set("roof", "Offer");
  Set("cellar", "Offer");
  ASSERT_TRUE(book_->ReplaceRules(RulesWithStages({{"Offer", 7500}})).has_value());
  PipelineQuery query;
  query.where = "stage = 'Interest'";
  EXPECT_EQ(AsOf(0, query).total.leads, 2u);
  EXPECT_EQ(AsOf(0, query).total.weighted, Minor{55}) << "one name, whatever chances it had";
  EXPECT_EQ(AsOf(1, query).total.leads, 0u);
  EXPECT_EQ(book_->Waterfall({kFirst - 1, kFirst, query.where})->closing.leads, 2u);
  query.where = "stage in ('Interest', 'Offer')";
  EXPECT_EQ(AsOf(0, query).total.leads, 3u);
  query.where = "stage != 'Interest'";
  EXPECT_EQ(AsOf(0, query).total.leads, 1u);

  // What was never a stage is answered with all names that were, and now there are only those of
  // now.
  query.where = "stage = 'Intrest'";
  query.as_of = kFirst;
  const Result<PipelineAnswer> unknown = book_->Pipeline(query);
  ASSERT_TRUE(unknown.has_error());
  EXPECT_EQ(unknown.error().code, ErrorCode::kInvalidValue);
  EXPECT_NE(unknown.error().message.find("one of 'Offer', 'Interest'"), std::string::npos)
      << unknown.error().message;
  query.where = "stage = 'Interest'";
  query.as_of.reset();
  EXPECT_EQ(Refused(query), ErrorCode::kInvalidValue);
}

// What changed, and only that, is what a history keeps; so a book in which nothing else changes is
// as of each day what it was at the end of it.
TEST_F(PipelinePastTest, IsThatOfTheBookThatStoppedThatDay) {
  Random random(7);
  const std::vector<std::string> leads = {"a", "b", "c", "d", "e", "f", "g", "h"};
  std::vector<PipelineQuery> questions(4);
  questions[1].by = {PipelineKey::kOwner, PipelineKey::kMonth};
  questions[2].where = "chance > 25 or status = 'won'";
  questions[2].closed_by = {PipelineKey::kProduct, PipelineKey::kStage};
  questions[3].where = "revenue > 300 and closed > 2024-10-10";
  std::map<int32_t, std::vector<PipelineAnswer>> kept;
  for (int32_t day = 0; day < 60; ++day) {
    if (day > 0) Advance(day);
    for (int n = 0; n < 4; ++n) {
      LeadSet set;
      set.lead = random.Pick(leads);
      set.owner = Patch<std::string_view>::Set(set.lead < "d" ? "olga" : "otto");
      set.product = Patch<std::string_view>::Set(set.lead < "f" ? "tiles" : "slate");
      set.expected_close = Patch<Day>::Set(kFirst + set.lead[0] * 10);
      set.status = random.Pick({LeadStatus::kOpen, LeadStatus::kOpen, LeadStatus::kWon});
      set.stage = random.Pick({"Address", "Concrete", "Negotiation"});
      set.reason = "price";
      if (random.Chance(50)) set.revenue = Minor{random.Between(0, 1000)};
      if (random.Chance(20)) set.chance = Patch<uint16_t>::Set(4321);
      if (random.Chance(20)) set.chance = Patch<uint16_t>::Remove();
      Tell(set);
    }
    for (const PipelineQuery& query : questions) kept[day].push_back(*book_->Pipeline(query));
  }
  for (const auto& [day, answers] : kept) {
    for (size_t at = 0; at < questions.size(); ++at) {
      PipelineAnswer then = AsOf(day, questions[at]);
      then.state = answers[at].state;  // the book has gone on since
      Differences differences;
      ComparePipeline("pipeline", answers[at], then, &differences);
      EXPECT_TRUE(differences.empty()) << "day " << day << ": " << differences.text();
    }
  }
}

// "new 2 0 150": leads, revenue and weighted of each part that is not empty.
Rows PartsOf(const WaterfallAnswer& answer) {
  static constexpr const char* kNames[] = {"new", "up", "down", "revalued", "won", "lost"};
  Rows rows;
  for (size_t at = 0; at < answer.parts.size(); ++at) {
    const WaterfallAnswer::Part& part = answer.parts[at];
    if (part.leads == 0) continue;
    rows.push_back(std::string(kNames[at]) + " " + std::to_string(part.leads) + " " +
                   std::to_string(part.revenue.units) + " " + std::to_string(part.weighted.units));
  }
  return rows;
}

TEST_F(PipelinePastTest, FallsFromOneDayToAnother) {
  Set("stays", "Offer", 1000);       // 750
  Set("moves", "Interest", 1000);    // 250
  Set("both", "Offer", 1000);        // 750
  Set("wins", "Negotiation", 2000);  // 1700
  Set("loses", "Concrete", 600);     // 300
  Set("returns", "Concrete", 600);
  Close("returns", LeadStatus::kLost);
  Advance(1);
  Set("moves", "Offer");          // up 500
  Set("moves", "Concrete");       // down 250
  Set("both", "Concrete", 3000);  // down 250 at the revenue before, then 2000 * 0.5
  Close("wins", LeadStatus::kWon);
  Close("loses", LeadStatus::kLost);
  Set("returns", "Offer", 400);  // new: 300
  Set("comes", "Interest", 80);  // new: 20
  Set("comes", "Interest", 40);  // revalued: -10
  Close("comes and goes", LeadStatus::kWon);
  const WaterfallAnswer answer = *book_->Waterfall({kFirst, kFirst + 1, ""});
  EXPECT_EQ(answer.opening.leads, 5u);
  EXPECT_EQ(answer.opening.weighted, Minor{3750});
  EXPECT_EQ(PartsOf(answer), (Rows{"new 3 0 320", "up 1 0 500", "down 2 0 -500", "revalued 2 0 990",
                                   "won 2 2000 -1700", "lost 1 600 -300"}));
  EXPECT_EQ(answer.closing.leads, 5u);
  EXPECT_EQ(answer.closing.revenue, Minor{5440});
  EXPECT_EQ(answer.closing.weighted, AsOf(1).total.weighted);
  EXPECT_EQ(answer.opening.weighted, AsOf(0).total.weighted);
  EXPECT_EQ(answer.closing.weighted, Minor{3060});

  const WaterfallAnswer some = *book_->Waterfall({kFirst, kFirst + 1, "stage = 'Concrete'"});
  EXPECT_EQ(PartsOf(some), (Rows{"up 1 0 500", "down 2 0 -500", "revalued 1 0 1000"}));
  EXPECT_EQ(some.opening.leads, 2u);
}

TEST_F(PipelinePastTest, AddsUpToTheLastCent) {
  Random random(3);
  for (int32_t day = 1; day < 40; ++day) {
    Advance(day);
    const std::string lead = std::to_string(random.Below(9));
    if (random.Chance(20)) {
      Close(lead, LeadStatus::kWon);
    } else {
      Set(lead, random.Pick({"Address", "Interest", "Negotiation"}), random.Between(0, 99),
          static_cast<uint16_t>(random.Below(10'001)));
    }
    const int32_t from = static_cast<int32_t>(random.Below(static_cast<uint64_t>(day)));
    const WaterfallAnswer answer = *book_->Waterfall({kFirst + from, kFirst + day, ""});
    Minor running = answer.opening.weighted;
    for (const WaterfallAnswer::Part& part : answer.parts) running += part.weighted;
    EXPECT_EQ(running, answer.closing.weighted);
    EXPECT_EQ(answer.opening.weighted, AsOf(from).total.weighted);
    EXPECT_EQ(answer.closing.weighted, AsOf(day).total.weighted);
  }
}

TEST_F(PipelinePastTest, ConvertsFromStageToStage) {
  Set("a", "Interest", 1);
  Set("b", "Interest", 1);
  Set("c", "Interest", 1);
  Set("d", "Offer", 1);
  Advance(2);
  Set("a", "Offer");
  Advance(6);
  Set("b", "Concrete");
  Set("b", "Offer");
  Set("d", "Interest");
  Advance(10);
  Set("a", "Interest");  // from then on it is not the first time
  Close("b", LeadStatus::kWon);
  Close("c", LeadStatus::kLost);
  Advance(13);
  Set("d", "Offer");
  const ConversionAnswer answer = *book_->Conversion({});
  // Address, Interest, Concrete, Offer, Negotiation.
  ASSERT_EQ(answer.stages.size(), 5u);
  EXPECT_EQ(answer.stages[0].leads, 0u);
  EXPECT_EQ(answer.stages[0].to.size(), 5u);
  EXPECT_EQ(answer.stages[0].to[4].median_days, std::nullopt);
  const ConversionAnswer::Stage& interest = answer.stages[1];
  EXPECT_EQ(interest.leads, 4u);
  ASSERT_EQ(interest.to.size(), 4u);
  EXPECT_EQ(interest.to[0].leads, 1u);  // Concrete: b
  EXPECT_EQ(interest.to[0].median_days, 6u);
  EXPECT_EQ(interest.to[1].leads, 3u);  // Offer: a after 2, b after 6, d after 7 days
  EXPECT_EQ(interest.to[1].median_days, 6u);
  EXPECT_EQ(interest.to[2].leads, 0u);
  EXPECT_EQ(interest.to[3].leads, 1u);  // won: b
  EXPECT_EQ(interest.to[3].median_days, 10u);
  EXPECT_EQ(answer.stages[3].leads, 3u);
  EXPECT_EQ(answer.stages[3].to[1].leads, 1u);  // Offer to won: b

  ConversionQuery query;
  query.where = "lead = 'a' or lead = 'b'";
  EXPECT_EQ(book_->Conversion(query)->stages[1].to[1].median_days, 2u);  // the lower of 2 and 6
  query.where.clear();
  query.from = query.to = kFirst + 6;
  EXPECT_EQ(book_->Conversion(query)->stages[1].leads, 1u);  // d
  query.from = kFirst;
  query.to = kFirst + 5;
  EXPECT_EQ(book_->Conversion(query)->stages[1].leads, 3u);
}

TEST_F(PipelinePastTest, IsExportedWithACustomer) {
  LeadSet set;
  set.lead = "roof";
  set.stage = "Interest";
  set.customer = Patch<std::string_view>::Set("anna");
  Tell(set);
  Advance(3);
  Set("roof", "Offer", 900, 5000);
  Close("roof", LeadStatus::kWon);
  set.lead = "attic";
  Tell(set);
  const Result<ExportAnswer> answer = book_->Export("anna");
  ASSERT_EQ(answer->lead_history.size(), 4u);
  EXPECT_EQ(answer->lead_history[0].lead, "attic");
  EXPECT_EQ(answer->lead_history[1].lead, "roof");
  EXPECT_EQ(answer->lead_history[1].day, kFirst);
  EXPECT_EQ(answer->lead_history[1].stage, "Interest");
  EXPECT_EQ(answer->lead_history[2].day, kFirst + 3);
  EXPECT_EQ(answer->lead_history[2].chance, 5000);
  EXPECT_EQ(answer->lead_history[2].revenue, Minor{900});
  EXPECT_EQ(answer->lead_history[3].status, LeadStatus::kWon);
  EXPECT_EQ(answer->lead_history[3].stage, std::nullopt);
}

}  // namespace
}  // namespace kundig::engine
