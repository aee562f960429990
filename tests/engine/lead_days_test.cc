// Days of leads are whatever people write into their CRM.

#include <gtest/gtest.h>

#include <array>

#include "engine/book.h"

namespace kundig::engine {
namespace {

TEST(LeadDaysTest, ReachFromTheFirstYearToTheLast) {
  BookOptions options;
  options.today = Day{15000};
  options.shards = 1;
  Book book(*CompileRules(RuleSettings(), Calendar()), options);
  LeadSet early, late, none;
  early.lead = "early";
  late.lead = "late";
  none.lead = "none";
  early.stage = late.stage = none.stage = "Offer";
  early.opened = early.expected_close = Patch<Day>::Set(kFirstCivilDay);
  late.expected_close = Patch<Day>::Set(kLastCivilDay);
  const std::array<Event, 3> events = {early, late, none};
  ASSERT_EQ(book.Apply(events).applied, 3u);

  PipelineQuery query;
  query.by = {PipelineKey::kMonth};
  const auto by_month = book.Pipeline(query);
  ASSERT_TRUE(by_month.has_value());
  ASSERT_EQ(by_month->groups.size(), 3u);
  EXPECT_EQ(by_month->groups[0].keys[0], "0001-01");
  EXPECT_EQ(by_month->groups[1].keys[0], "9999-12");
  EXPECT_EQ(by_month->groups[2].keys[0], "none");

  query.where = "expected_close > 2100-01-01";
  EXPECT_EQ(book.Pipeline(query)->total.leads, 1u);
  query.where = "opened < 1900-01-01";
  EXPECT_EQ(book.Pipeline(query)->total.leads, 1u);
}

}  // namespace
}  // namespace kundig::engine
