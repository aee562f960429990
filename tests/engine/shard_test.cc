// What a shard keeps beside its customers stays in proportion to them.

#include "engine/shard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/hash.h"
#include "tests/engine/sample_days.h"

namespace kundig::engine {
namespace {

class ShardTest : public testing::Test {
 protected:
  ShardTest() {
    context.rules = rules.get();
    context.names = &names;
    context.counts = &counts;
    context.today = kToday;
  }

  BlockArena arena;
  Shard shard{&arena, kToday};
  CustomerNames names;
  RankCounts counts;
  std::shared_ptr<const Rules> rules = CompileRules(RuleSettings{}, Calendar()).value();
  ApplyContext context;
};

// Which is how paging knows of it.
TEST_F(ShardTest, EveryEntryMovesTheSequenceOfItsCustomer) {
  context.hash = HashBytes("ada");
  const TimeMs at = On(kToday);
  const auto expect_moved = [&](const auto& event) {
    ++context.sequence;
    ASSERT_EQ(*shard.Apply(event, context), Effect::kApplied);
    EXPECT_EQ(shard.changed_at(0), context.sequence);
    const uint64_t moved = context.sequence++;
    ASSERT_EQ(*shard.Apply(event, context), Effect::kUnchanged);
    EXPECT_EQ(shard.changed_at(0), moved);
  };
  expect_moved(Contact{"ada", at, "", ""});
  expect_moved(Termination{"ada", at, TerminationState::kGiven, kToday, ""});
  expect_moved(Complaint{"ada", "1", at, std::nullopt});
  expect_moved(ServiceRequest{"ada", at});
  expect_moved(LatePayment{"ada", at});
  expect_moved(Cost{"ada", "1", at, Minor{1}, {}});
}

TEST_F(ShardTest, CorrectionsDoNotFillTheLogOfDays) {
  constexpr uint32_t kCustomers = 500;
  std::mt19937_64 random(21);
  std::vector<int32_t> days_ago(kCustomers);
  for (int step = 0; step < 40'000; ++step) {
    const auto number = static_cast<uint32_t>(random() % kCustomers);
    const std::string customer = "c" + std::to_string(number);
    // Often the same day as before, and any day of the window.
    if (random() % 3 != 0) days_ago[number] = static_cast<int32_t>(random() % 365);
    OrderPlaced order;
    order.customer = customer;
    order.order = "o";
    order.at = Ago(days_ago[number]);
    order.revenue = Minor{step};
    context.hash = HashBytes(customer);
    ASSERT_TRUE(shard.Apply(order, context).has_value());
    ASSERT_LE(shard.logged_days(), 2 * kCustomers + 4096 + 1);
  }

  // The customers whose order leaves the window tomorrow are found, whatever else is remembered.
  const std::vector<uint32_t> rows = shard.RowsToRoll(*rules, kToday, kToday + 1);
  for (uint32_t number = 0; number < kCustomers; ++number) {
    const std::string customer = "c" + std::to_string(number);
    const auto row = shard.Find(customer, HashBytes(customer));
    ASSERT_TRUE(row.has_value());
    const bool found = std::find(rows.begin(), rows.end(), Raw(*row)) != rows.end();
    if (days_ago[number] == 364) {
      EXPECT_TRUE(found) << customer;
    }
  }
}

}  // namespace
}  // namespace kundig::engine
