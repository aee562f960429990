// Pipelines over more leads than a worker takes at a time, against the model: random histories have
// only a few leads, and these always lie in one block.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/book.h"
#include "engine/limits.h"
#include "tests/engine/model_book.h"
#include "tests/engine/random_history_compare.h"
#include "tests/engine/random_history_random.h"
#include "tests/engine/sample_days.h"

namespace kundig::engine {
namespace {

constexpr uint64_t kLeads = 50'000;

class PipelineScaleTest : public testing::Test {
 protected:
  PipelineScaleTest() : rules_(*CompileRules(RuleSettings(), Calendar())), model_(rules_, kToday) {
    BookOptions options;
    options.today = kToday;
    book_ = std::make_unique<Book>(rules_, options);
  }

  void Take(const std::vector<Event>& events) {
    Differences differences;
    CompareApply(model_.Apply(events), book_->Apply(events), &differences);
    EXPECT_TRUE(differences.empty()) << differences.text();
  }

  // Opens, changes, closes, reopens and erases, a few thousand leads at a time.
  void TakeSome(uint64_t count) {
    std::vector<std::string> texts;
    texts.reserve(4 * count);
    std::vector<Event> events;
    for (uint64_t at = 0; at < count; ++at) {
      const std::string& lead = texts.emplace_back(std::to_string(random_.Below(kLeads)));
      if (random_.Chance(1)) {
        events.emplace_back(
            Erase{texts.emplace_back("c" + std::to_string(random_.Below(kLeads / 3)))});
        continue;
      }
      LeadSet set;
      set.lead = lead;
      set.status = random_.Pick({LeadStatus::kOpen, LeadStatus::kWon, LeadStatus::kLost});
      if (set.status == LeadStatus::kOpen) {
        set.stage = random_.Pick({"Address", "Concrete", "Negotiation"});
      } else {
        set.reason = random_.Pick({"price", "timing"});
      }
      if (random_.Chance(80)) set.revenue = Minor{random_.Between(0, 1'000'000)};
      if (random_.Chance(20)) {
        set.chance = Patch<uint16_t>::Set(static_cast<uint16_t>(random_.Below(10'001)));
      }
      // An owner called "none" joins the leads that have none.
      set.owner = random_.Chance(10) ? Patch<std::string_view>::Set("none")
                                     : Patch<std::string_view>::Set(texts.emplace_back(
                                           "owner " + std::to_string(random_.Below(50))));
      if (random_.Chance(10)) set.owner = Patch<std::string_view>::Remove();
      set.customer = Patch<std::string_view>::Set(
          texts.emplace_back("c" + std::to_string(random_.Below(kLeads / 3))));
      set.expected_close = Patch<Day>::Set(kToday + static_cast<int32_t>(random_.Below(900)));
      events.emplace_back(set);
    }
    Take(events);
  }

  void Compare() {
    using enum PipelineKey;
    const std::vector<std::vector<PipelineKey>> groupings = {
        {}, {kStage}, {kOwner, kMonth}, {kMonth, kOwner, kStage}, {kOwner, kCustomer}};
    struct Form {
      const char* where;
      bool closed;  // groups of them too
    };
    const std::vector<Form> forms = {{"", false},
                                     {"", true},
                                     {"revenue >= 0", false},
                                     {"revenue > 500000 and owner != 'owner 7'", true}};
    for (const std::vector<PipelineKey>& by : groupings) {
      for (const Form& form : forms) {
        PipelineQuery query;
        query.by = by;
        query.where = form.where;
        if (form.closed) query.closed_by = {kReason, kQuarter};
        Differences differences;
        ComparePipeline("pipeline", *model_.Pipeline(query), *book_->Pipeline(query), &differences);
        EXPECT_TRUE(differences.empty())
            << by.size() << " keys, where " << form.where << ": " << differences.text();
      }
    }
  }

  Random random_{1};
  std::shared_ptr<const Rules> rules_;
  ModelBook model_;
  std::unique_ptr<Book> book_;
};

TEST_F(PipelineScaleTest, AgreesWithTheModelHoweverLeadsComeAndGo) {
  for (int batch = 0; batch < 25; ++batch) TakeSome(4'000);
  Compare();
  // With such an amount sums are no longer taken in 64 bits.
  LeadSet large;
  large.lead = "large";
  large.stage = "Offer";
  large.revenue = Minor{kMaxAmountMinor};
  Take({large});
  Compare();
}

TEST_F(PipelineScaleTest, NothingRemainsOfLeadsThatAreErased) {
  TakeSome(3'000);
  std::vector<std::string> customers;
  for (uint64_t at = 0; at < kLeads / 3; ++at) customers.push_back("c" + std::to_string(at));
  std::vector<Event> events;
  for (const std::string& customer : customers) events.emplace_back(Erase{customer});
  Take(events);
  EXPECT_EQ(book_->Status().leads, 0u);
  EXPECT_EQ(book_->Status().open_leads, 0u);
  Compare();
  const PipelineAnswer answer = *book_->Pipeline(PipelineQuery());
  EXPECT_EQ(answer.won_leads + answer.lost_leads, 0u);
  EXPECT_EQ(answer.won_revenue + answer.lost_revenue, Minor{0});
}

}  // namespace
}  // namespace kundig::engine
