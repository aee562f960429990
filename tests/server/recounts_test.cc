#include "server/recounts.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/calendar.h"
#include "tests/eventually.h"

namespace kundig::server {
namespace {

using namespace std::chrono_literals;

class RecountsTest : public testing::Test {
 protected:
  static constexpr engine::Day kToday{14'000};

  RecountsTest()
      : book_(engine::CompileRules({}, engine::Calendar()).value(),
              engine::BookOptions{.today = kToday, .shards = 2, .threads = 2}) {
    Order("a", kToday - 5, 100);
    Order("b", kToday, 10);
  }

  void Order(const std::string& customer, engine::Day day, int64_t revenue) {
    const std::string id = std::to_string(++orders_);
    const engine::Event event = engine::OrderPlaced{
        customer, id, {int64_t{day.since_epoch} * 86'400'000}, engine::Minor{revenue}, std::nullopt,
        1,        {}};
    ASSERT_TRUE(book_.Apply(std::span(&event, 1)).refused.empty());
  }

  int orders_ = 0;
  uint64_t room_bytes_ = std::numeric_limits<uint64_t>::max();
  engine::Book book_;
};

TEST_F(RecountsTest, TodayIsTheBookItself) {
  Recounts recounts(&book_, [] { return uint64_t{0}; });
  EXPECT_EQ(recounts.AsOf(std::nullopt)->get(), &book_);
  EXPECT_EQ(recounts.AsOf(kToday)->get(), &book_);
  EXPECT_FALSE(recounts.keeps_one());
}

TEST_F(RecountsTest, TheLastOneIsKeptAndBroughtUpToDate) {
  Recounts recounts(&book_, [this] { return room_bytes_; });
  const engine::Book* first = nullptr;
  {
    const Recounts::Lease lease = recounts.AsOf(kToday - 1).value();
    first = lease.get();
    EXPECT_EQ(lease->Count("")->revenue_total, engine::Minor{100});
    EXPECT_EQ(recounts.AsOf(kToday - 1)->get(), first) << "of one state, while it is asked";
  }
  room_bytes_ = 0;  // for another one
  Order("a", kToday - 2, 7);
  const Recounts::Lease again = recounts.AsOf(kToday - 1).value();
  EXPECT_EQ(again.get(), first);
  EXPECT_EQ(again->Count("")->revenue_total, engine::Minor{107});
}

TEST_F(RecountsTest, OneThatIsBeingAskedIsLeftAsItIs) {
  Recounts recounts(&book_, [this] { return room_bytes_; });
  const Recounts::Lease old = recounts.AsOf(kToday - 1).value();
  Order("a", kToday - 2, 7);
  const Recounts::Lease now = recounts.AsOf(kToday - 1).value();
  EXPECT_EQ(old->Count("")->revenue_total, engine::Minor{100});
  EXPECT_EQ(now->Count("")->revenue_total, engine::Minor{107});
}

TEST_F(RecountsTest, OtherRulesAndOtherDaysMakeAnotherOne) {
  Recounts recounts(&book_, [this] { return room_bytes_; });
  EXPECT_EQ(recounts.AsOf(kToday - 1).value()->Abc().total, engine::Minor{100});
  engine::RuleSettings settings;
  settings.abc.window_days = 2;
  ASSERT_TRUE(
      book_.ReplaceRules(engine::CompileRules(settings, engine::Calendar()).value()).has_value());
  EXPECT_EQ(recounts.AsOf(kToday - 1).value()->Abc().total, engine::Minor{0});
  EXPECT_EQ(recounts.AsOf(kToday - 5).value()->Abc().total, engine::Minor{100});
}

TEST_F(RecountsTest, IsDroppedWhenNobodyAsks) {
  Recounts recounts(
      &book_, [this] { return room_bytes_; }, 40ms);
  Recounts::Lease lease = recounts.AsOf(kToday - 1).value();
  std::this_thread::sleep_for(200ms);
  EXPECT_TRUE(recounts.keeps_one()) << "while it is asked";
  lease.reset();
  EXPECT_TRUE(Eventually([&] { return !recounts.keeps_one(); }));
}

TEST_F(RecountsTest, ALeaseOutlivesThem) {
  Recounts::Lease lease;
  {
    Recounts recounts(&book_, [this] { return room_bytes_; });
    lease = recounts.AsOf(kToday - 1).value();
  }
  EXPECT_EQ(lease->Count("")->customers, 1u);
}

TEST_F(RecountsTest, RefusesWhatTheMemoryLimitDoesNotLeave) {
  room_bytes_ = book_.RecountBytes() - 1;
  Recounts recounts(&book_, [this] { return room_bytes_; });
  const auto refused = recounts.AsOf(kToday - 1);
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, engine::ErrorCode::kMemoryFull);
  EXPECT_EQ(refused.error().field, "memory_limit");
  room_bytes_ = book_.RecountBytes();
  EXPECT_TRUE(recounts.AsOf(kToday - 1).has_value());
  EXPECT_TRUE(recounts.WhatIf(book_.rules(), {}).has_error()) << "which takes two";
  room_bytes_ *= 2;
  EXPECT_TRUE(recounts.WhatIf(book_.rules(), {}).has_value());
}

TEST_F(RecountsTest, ADayAfterTodayIsRefused) {
  Recounts recounts(&book_, [this] { return room_bytes_; });
  const auto refused = recounts.AsOf(kToday + 1);
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().field, "as_of");
}

TEST_F(RecountsTest, AskersAtOnceEachGetOneOfTheirDay) {
  Recounts recounts(&book_, [this] { return room_bytes_; });
  std::vector<std::thread> threads;
  for (int at = 0; at < 4; ++at) {
    threads.emplace_back([&, at] {
      for (int round = 0; round < 20; ++round) {
        const Recounts::Lease lease = recounts.AsOf(kToday - 1 - at % 2).value();
        EXPECT_EQ(lease->Rfm().state.as_of, kToday - 1 - at % 2);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace kundig::server
