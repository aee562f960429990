// What the server does without being asked: it follows the clock's business day, and keeps the
// rankings at most one second old where the machine allows it.
//
// A book only goes forward. A clock that is set forward takes it along at once, and it stays there
// when the clock is set back; the log then says what an operator can do.
//
// Housekeeper holds the decisions and reads time through a Clock, so that tests drive it;
// Housekeeping is the thread that it runs on.

#ifndef KUNDIG_SERVER_HOUSEKEEPING_H_
#define KUNDIG_SERVER_HOUSEKEEPING_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "engine/durable_book.h"
#include "engine/units.h"

namespace kundig::server {

// Thread safety: all methods from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  // The time of day, which may jump.
  virtual engine::TimeMs WallTime() const = 0;
  // Time that only passes.
  virtual std::chrono::steady_clock::time_point SteadyTime() const = 0;
};

class SystemClock final : public Clock {
 public:
  engine::TimeMs WallTime() const override;
  std::chrono::steady_clock::time_point SteadyTime() const override;
};

// The book as housekeeping sees it.
//
// Thread safety: called by the housekeeping thread only.
class Household {
 public:
  virtual ~Household() = default;
  virtual engine::Day BusinessDay(engine::TimeMs time) const = 0;
  virtual bool RankingsStale() const = 0;
  virtual void RefreshRankings() = 0;
  // False where it could not be kept and has to be tried again.
  virtual bool AdvanceDay(engine::Day day) = 0;
  // The book stays at `today` although the clock has `day`.
  virtual void ClockIsOff(engine::Day today, engine::Day day) = 0;
};

class BookHousehold final : public Household {
 public:
  // `storage_failed` is called where a day change could not be kept; should end the process.
  BookHousehold(engine::DurableBook* book, std::function<void(const engine::Error&)> storage_failed)
      : book_(book), storage_failed_(std::move(storage_failed)) {}
  engine::Day BusinessDay(engine::TimeMs time) const override;
  bool RankingsStale() const override;
  void RefreshRankings() override;
  bool AdvanceDay(engine::Day day) override;
  void ClockIsOff(engine::Day today, engine::Day day) override;

 private:
  engine::DurableBook* const book_;
  const std::function<void(const engine::Error&)> storage_failed_;
};

// Thread safety: belongs to one thread.
class Housekeeper {
 public:
  // Rankings are no older than this where a refresh takes less than half of it.
  static constexpr std::chrono::milliseconds kOldestRankings{1000};
  // After a refresh the thread rests this many times as long as it took, so that refreshing takes
  // at most a fifth of one processor and of the book's locks ...
  static constexpr int kRestPerWork = 4;
  // ... and at least this long.
  static constexpr std::chrono::milliseconds kShortestRest{2};
  // How often the clock's day is looked at where nothing else happens.
  static constexpr std::chrono::milliseconds kIdleWait{1000};

  struct Rest {
    std::chrono::nanoseconds time{};
    bool until_changed = false;  // nothing is stale: a change of the book ends the rest
  };

  // `today` is the book's; nullopt where it is pinned and does not follow the clock.
  Housekeeper(Household* household, const Clock* clock, std::optional<engine::Day> today)
      : household_(household), clock_(clock), today_(today) {}

  // Does what is due; how long there is nothing to do then.
  Rest Step();

 private:
  void FollowClock();

  Household* const household_;
  const Clock* const clock_;
  std::optional<engine::Day> today_;
  std::optional<engine::Day> clock_day_;  // when it was looked at last
  std::chrono::steady_clock::time_point next_refresh_{};
};

// Thread safety: BookChanged from any thread; the rest by the owner.
class Housekeeping {
 public:
  // Starts the thread. Arguments as of Housekeeper; they outlive it.
  Housekeeping(Household* household, const Clock* clock, std::optional<engine::Day> today);
  ~Housekeeping();  // ends the thread
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;

  // Costs one load where the thread knows already.
  void BookChanged();

 private:
  void Run();

  Housekeeper housekeeper_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;  // under mutex_
  // The thread found nothing stale, or is about to look: a change must wake it.
  std::atomic<bool> waits_for_change_{false};
  std::thread thread_;  // last: it uses the rest
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_HOUSEKEEPING_H_
