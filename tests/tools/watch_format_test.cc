#include "tools/watch_format.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/tools/sample_columns.h"

namespace kundig::tools {
namespace {

void AddChange(wire::WatchReplyT* answer, uint64_t sequence, uint64_t place, std::string customer,
               bool entered, wire::ChangeCause cause) {
  auto change = std::make_unique<wire::ChangeT>();
  change->sequence = sequence;
  change->place = place;
  change->at = 1'291'986'000'123;
  change->customer = std::move(customer);
  change->entered = entered;
  change->cause = cause;
  answer->changes.push_back(std::move(change));
}

// A new customer enters; one leaves.
wire::WatchReplyT Answer() {
  wire::WatchReplyT answer;
  answer.state = std::make_unique<wire::State>(130, 120, 14953, 3, 0);
  answer.position = std::make_unique<wire::FeedPosition>(9183, 121, 1);
  AddChange(&answer, 120, 7, "a\"1", true, wire::ChangeCause::event);
  AddChange(&answer, 121, 1, "zoë\n", false, wire::ChangeCause::day);
  answer.before.push_back(Numbers("revenue", wire::FieldType::money, {0, 123456}, {1, 0}));
  answer.before.push_back(Texts("owner", {"", "Ada"}, {1, 0}));
  answer.before.push_back(Numbers("last_order", wire::FieldType::day, {0, 14952}, {1, 0}));
  answer.after.push_back(Numbers("revenue", wire::FieldType::money, {567890, -5}));
  answer.after.push_back(Texts("owner", {"", "Bob"}, {1, 0}));
  answer.after.push_back(Numbers("last_order", wire::FieldType::day, {14953, 14952}));
  return answer;
}

TEST(WatchFormat, JsonIsOneObjectForAChange) {
  const wire::WatchReplyT answer = Answer();
  ASSERT_TRUE(IsWhole(answer));
  EXPECT_EQ(ChangeJson(answer, 0),
            R"({"sequence":120,"position":"120.7.9183","time":"2010-12-10T13:00:00Z",)"
            R"("customer":"a\"1","change":"entered","cause":"event","before":null,)"
            R"("after":{"revenue":567890,"owner":null,"last_order":"2010-12-10"}})"
            "\n");
  EXPECT_EQ(ChangeJson(answer, 1),
            R"({"sequence":121,"position":"121.1.9183","time":"2010-12-10T13:00:00Z",)"
            R"("customer":"zoë\n","change":"left","cause":"day",)"
            R"("before":{"revenue":123456,"owner":"Ada","last_order":"2010-12-09"},)"
            R"("after":{"revenue":-5,"owner":"Bob","last_order":"2010-12-09"}})"
            "\n");
}

TEST(WatchFormat, TextIsOneLineForAChange) {
  const wire::WatchReplyT answer = Answer();
  EXPECT_EQ(ChangeText(answer, 0),
            "120  2010-12-10T13:00:00Z  a\"1  entered  event  revenue: – -> 5,678.90"
            "  owner: – -> –  last_order: – -> 2010-12-10\n");
  EXPECT_EQ(ChangeText(answer, 1),
            "121  2010-12-10T13:00:00Z  zoë?  left     day  revenue: 1,234.56 -> -0.05"
            "  owner: Ada -> Bob  last_order: 2010-12-09 -> 2010-12-09\n");
}

TEST(WatchFormat, AChangeMayHaveNoFields) {
  wire::WatchReplyT answer = Answer();
  answer.before.clear();
  EXPECT_FALSE(IsWhole(answer));
  answer.after.clear();
  ASSERT_TRUE(IsWhole(answer));
  EXPECT_EQ(ChangeText(answer, 0), "120  2010-12-10T13:00:00Z  a\"1  entered  event\n");
  EXPECT_NE(ChangeJson(answer, 0).find(R"("before":null,"after":null})"), std::string::npos);
}

TEST(WatchFormat, ColumnsWithoutTheirRowsAreNotWhole) {
  wire::WatchReplyT answer = Answer();
  answer.after[0]->numbers.pop_back();
  EXPECT_FALSE(IsWhole(answer));
  answer = Answer();
  answer.before[2]->absent.pop_back();
  EXPECT_FALSE(IsWhole(answer));
}

TEST(WatchFormat, PositionsAreReadAsTheyArePrinted) {
  EXPECT_EQ(FormatPosition(wire::FeedPosition(9183, 120, 7)), "120.7.9183");
  // What is left out: any feed, and behind all of the sequence.
  for (const auto& [typed, read] : std::vector<std::pair<const char*, const char*>>{
           {"120.7.9183", "120.7.9183"},
           {"120.7", "120.7.0"},
           {"120", "120.18446744073709551615.0"},
           {"0.0.18446744073709551615", "0.0.18446744073709551615"}}) {
    const auto position = ParsePosition(typed);
    ASSERT_TRUE(position) << typed;
    EXPECT_EQ(FormatPosition(*position), read);
  }
  for (const char* wrong : {"", "x", "-1", "1.", ".1", "1..2", "1.2.3.4", "1.2.3.", "1 ", " 1",
                            "18446744073709551616"}) {
    EXPECT_FALSE(ParsePosition(wrong)) << wrong;
    EXPECT_NE(PositionMistake(wrong), "") << wrong;
  }
  EXPECT_EQ(PositionMistake("120"), "");
}

}  // namespace
}  // namespace kundig::tools
