#include "server/housekeeping.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "engine/calendar.h"

namespace kundig::server {
namespace {

using std::chrono::milliseconds;
using Nanoseconds = std::chrono::nanoseconds;

constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;

class FakeClock final : public Clock {
 public:
  engine::TimeMs WallTime() const override { return wall; }
  std::chrono::steady_clock::time_point SteadyTime() const override { return steady; }

  engine::TimeMs wall{};
  std::chrono::steady_clock::time_point steady{std::chrono::hours(1)};
};

// Refreshing takes `refresh_time` of the clock.
class FakeHousehold final : public Household {
 public:
  explicit FakeHousehold(FakeClock* clock) : clock_(clock) {}
  engine::Day BusinessDay(engine::TimeMs time) const override {
    return engine::Calendar().DayOf(time);
  }
  bool RankingsStale() const override { return stale; }
  void RefreshRankings() override {
    ++refreshed;
    stale = stale_after_refresh;
    clock_->steady += refresh_time;
  }
  bool AdvanceDay(engine::Day day) override {
    days.push_back(day);
    return day_is_kept;
  }
  void ClockIsOff(engine::Day, engine::Day day) override { off.push_back(day); }

  bool day_is_kept = true;
  bool stale = false;
  bool stale_after_refresh = false;
  Nanoseconds refresh_time{};
  int refreshed = 0;
  std::vector<engine::Day> days;
  std::vector<engine::Day> off;

 private:
  FakeClock* const clock_;
};

class HousekeeperTest : public testing::Test {
 protected:
  FakeClock clock_;
  FakeHousehold household_{&clock_};
};

TEST_F(HousekeeperTest, RestsWhileNothingIsStale) {
  Housekeeper housekeeper(&household_, &clock_, std::nullopt);
  const Housekeeper::Rest rest = housekeeper.Step();
  EXPECT_TRUE(rest.until_changed);
  EXPECT_EQ(rest.time, Housekeeper::kIdleWait);
  EXPECT_EQ(household_.refreshed, 0);
}

TEST_F(HousekeeperTest, RefreshesAtOnceAfterAQuietTime) {
  Housekeeper housekeeper(&household_, &clock_, std::nullopt);
  housekeeper.Step();
  household_.stale = true;
  housekeeper.Step();
  EXPECT_EQ(household_.refreshed, 1);
}

// The rest after a refresh that takes `work` while the book changes all the time.
Nanoseconds RestAfter(Nanoseconds work) {
  FakeClock clock;
  FakeHousehold household(&clock);
  Housekeeper housekeeper(&household, &clock, std::nullopt);
  household.stale = household.stale_after_refresh = true;
  household.refresh_time = work;
  const Housekeeper::Rest rest = housekeeper.Step();
  EXPECT_FALSE(rest.until_changed);
  // A step within the rest does nothing; one after it refreshes.
  clock.steady += rest.time - Nanoseconds(1);
  EXPECT_EQ(housekeeper.Step().time, Nanoseconds(1));
  EXPECT_EQ(household.refreshed, 1);
  clock.steady += Nanoseconds(1);
  housekeeper.Step();
  EXPECT_EQ(household.refreshed, 2);
  return rest.time;
}

TEST_F(HousekeeperTest, RestsFourTimesAsLongAsItWorked) {
  EXPECT_EQ(RestAfter(milliseconds(1)), milliseconds(4));
  EXPECT_EQ(RestAfter(milliseconds(100)), milliseconds(400));
}

TEST_F(HousekeeperTest, TriesADayAgainThatCouldNotBeKept) {
  Housekeeper housekeeper(&household_, &clock_, engine::Day{6});
  clock_.wall = engine::TimeMs{7 * kDayMs};
  household_.day_is_kept = false;
  housekeeper.Step();
  housekeeper.Step();
  household_.day_is_kept = true;
  housekeeper.Step();
  housekeeper.Step();
  EXPECT_EQ(household_.days, std::vector<engine::Day>(3, engine::Day{7}));
}

TEST_F(HousekeeperTest, KeepsRankingsWithinASecondWhereItCan) {
  EXPECT_EQ(RestAfter(milliseconds(200)), milliseconds(600));
  EXPECT_EQ(RestAfter(milliseconds(400)), milliseconds(200));
}

TEST_F(HousekeeperTest, NeverRefreshesWithoutARest) {
  EXPECT_EQ(RestAfter(Nanoseconds(10)), Housekeeper::kShortestRest);
  EXPECT_EQ(RestAfter(milliseconds(800)), Housekeeper::kShortestRest);
}

TEST_F(HousekeeperTest, FollowsTheClockForward) {
  clock_.wall = engine::TimeMs{100 * kDayMs};
  Housekeeper housekeeper(&household_, &clock_, engine::Day{100});
  clock_.wall = engine::TimeMs{101 * kDayMs - 1};
  housekeeper.Step();
  EXPECT_TRUE(household_.days.empty());
  clock_.wall = engine::TimeMs{101 * kDayMs};
  housekeeper.Step();
  housekeeper.Step();
  EXPECT_EQ(household_.days, std::vector<engine::Day>{engine::Day{101}});
  clock_.wall = engine::TimeMs{99 * kDayMs};
  housekeeper.Step();
  EXPECT_EQ(household_.days.size(), 1u);
  clock_.wall = engine::TimeMs{105 * kDayMs};
  housekeeper.Step();
  EXPECT_EQ(household_.days.back(), engine::Day{105});
}

TEST_F(HousekeeperTest, SaysOnceADayThatTheClockIsBehind) {
  Housekeeper housekeeper(&household_, &clock_, engine::Day{100});
  // A day is little: a clock that is set back at midnight.
  for (const int64_t day : {100, 99, 90, 90, 91, 99, 98, 100, 98}) {
    clock_.wall = engine::TimeMs{day * kDayMs};
    housekeeper.Step();
    housekeeper.Step();
  }
  EXPECT_EQ(household_.off, (std::vector<engine::Day>{engine::Day{90}, engine::Day{91},
                                                      engine::Day{98}, engine::Day{98}}));
  EXPECT_TRUE(household_.days.empty());
}

TEST_F(HousekeeperTest, GoesOnAfterAClockBehindTheLastDay) {
  Housekeeper housekeeper(&household_, &clock_, engine::Day{100});
  clock_.wall = engine::TimeMs{(engine::kLastDay.since_epoch + 1) * kDayMs};
  housekeeper.Step();
  housekeeper.Step();
  EXPECT_EQ(household_.off, std::vector<engine::Day>{engine::kLastDay + 1});
  clock_.wall = engine::TimeMs{101 * kDayMs};
  housekeeper.Step();
  EXPECT_EQ(household_.days, std::vector<engine::Day>{engine::Day{101}});
}

TEST_F(HousekeeperTest, LeavesAPinnedDayAlone) {
  Housekeeper housekeeper(&household_, &clock_, std::nullopt);
  clock_.wall = engine::TimeMs{500 * kDayMs};
  housekeeper.Step();
  EXPECT_TRUE(household_.days.empty());
}

TEST_F(HousekeeperTest, RefreshesWhatADayChangeMadeStale) {
  class StaleByDay final : public Household {
   public:
    engine::Day BusinessDay(engine::TimeMs time) const override {
      return engine::Calendar().DayOf(time);
    }
    bool RankingsStale() const override { return stale_; }
    void RefreshRankings() override {
      stale_ = false;
      ++refreshed;
    }
    bool AdvanceDay(engine::Day) override { return stale_ = true; }
    void ClockIsOff(engine::Day, engine::Day) override {}
    int refreshed = 0;

   private:
    bool stale_ = false;
  } household;
  clock_.wall = engine::TimeMs{7 * kDayMs};
  Housekeeper housekeeper(&household, &clock_, engine::Day{6});
  EXPECT_TRUE(housekeeper.Step().until_changed);
  EXPECT_EQ(household.refreshed, 1);
}

// A household that may be changed from outside.
class SharedHousehold final : public Household {
 public:
  engine::Day BusinessDay(engine::TimeMs) const override { return {}; }
  bool RankingsStale() const override { return stale_; }
  void RefreshRankings() override { stale_ = false; }
  bool AdvanceDay(engine::Day) override { return true; }
  void ClockIsOff(engine::Day, engine::Day) override {}
  void Change() { stale_ = true; }

 private:
  std::atomic<bool> stale_{false};
};

TEST(Housekeeping, WakesWhenTheBookChanges) {
  SharedHousehold household;
  const SystemClock clock;
  Housekeeping housekeeping(&household, &clock, std::nullopt);
  // Looking only once in kIdleWait would take ten times as long as this allows.
  constexpr int kChanges = 100;
  const auto end = std::chrono::steady_clock::now() + kChanges * Housekeeper::kIdleWait / 10;
  for (int i = 0; i < kChanges; ++i) {
    household.Change();
    housekeeping.BookChanged();
    while (household.RankingsStale() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    ASSERT_FALSE(household.RankingsStale()) << "after change " << i;
  }
}

TEST(Housekeeping, TakesTheBooksDayFromItsCalendar) {
  // Two hours east: midnight is at 22:00 UTC.
  const auto book = engine::DurableBook::InMemory(
      engine::CompileRules({}, engine::Calendar({{engine::TimeMs{0}, 2 * 60 * 60}})).value(),
      engine::BookOptions{.today = engine::Day{100}, .shards = 1, .threads = 1});
  BookHousehold household(book.get(),
                          [](const engine::Error& error) { ADD_FAILURE() << error.message; });
  constexpr int64_t kHourMs = 60 * 60 * 1000;
  EXPECT_EQ(household.BusinessDay(engine::TimeMs{100 * kDayMs + 22 * kHourMs - 1}),
            engine::Day{100});
  EXPECT_EQ(household.BusinessDay(engine::TimeMs{100 * kDayMs + 22 * kHourMs}), engine::Day{101});
  EXPECT_TRUE(household.AdvanceDay(engine::Day{101}));
  EXPECT_EQ(book->book().Status().state.as_of, engine::Day{101});
  household.RefreshRankings();
  EXPECT_FALSE(household.RankingsStale());
}

}  // namespace
}  // namespace kundig::server
