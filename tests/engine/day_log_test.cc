// The log of days against a plain list of what was added.

#include "engine/day_log.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <utility>
#include <vector>

namespace kundig::engine {
namespace {

TEST(DayLogTest, GivesTheRowsOfTheDaysAndForgetsWhatItMay) {
  std::mt19937_64 random(9);
  DayLog log;
  std::vector<std::pair<uint32_t, ColumnDay>> added;
  constexpr ColumnDay kWindow = 40;
  for (ColumnDay today = 100; today < 300; ++today) {
    const auto first_kept = static_cast<ColumnDay>(today - kWindow + 1);
    for (uint64_t n = random() % 200; n > 0; --n) {
      const auto row = static_cast<uint32_t>(random() % 500);
      const auto day = static_cast<ColumnDay>(first_kept + random() % (kWindow + 1));
      log.Add(row, day);
      added.emplace_back(row, day);
    }
    // Days in the kept part, as the days that leave and those that arrive.
    const auto some = static_cast<ColumnDay>(first_kept + random() % kWindow);
    const std::vector<DayLog::Days> spans = {
        {some, static_cast<ColumnDay>(some + random() % 3)},
        {static_cast<ColumnDay>(today + 1), static_cast<ColumnDay>(today + 1)}};
    std::set<uint32_t> expected;
    for (const auto& [row, day] : added) {
      for (const DayLog::Days& span : spans) {
        if (span.first <= day && day <= span.last) expected.insert(row);
      }
    }
    const std::vector<uint32_t> rows = log.RowsOn(spans);
    ASSERT_EQ(rows, std::vector<uint32_t>(expected.begin(), expected.end())) << today;
    log.Forget(first_kept, today);
    std::erase_if(added, [&](const auto& entry) { return entry.second < first_kept; });
    // It may keep some that are of no interest, but not without end.
    ASSERT_LE(log.size(), 2 * added.size() + 400);
  }
  log.Clear();
  EXPECT_EQ(log.size(), 0u);
  EXPECT_TRUE(log.RowsOn(std::vector<DayLog::Days>{{0, UINT16_MAX}}).empty());
}

}  // namespace
}  // namespace kundig::engine
