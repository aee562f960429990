#include "server/housekeeping.h"

#include <algorithm>

#include "engine/calendar.h"
#include "server/log.h"

namespace kundig::server {

engine::TimeMs SystemClock::WallTime() const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return engine::TimeMs{std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
}

std::chrono::steady_clock::time_point SystemClock::SteadyTime() const {
  return std::chrono::steady_clock::now();
}

engine::Day BookHousehold::BusinessDay(engine::TimeMs time) const {
  return book_->book().rules()->calendar().DayOf(time);
}

bool BookHousehold::RankingsStale() const {
  return book_->book().RankingsStale();
}

void BookHousehold::RefreshRankings() {
  book_->book().RefreshRankings();
}

bool BookHousehold::AdvanceDay(engine::Day day) {
  const engine::Day before = book_->book().Status().state.as_of;
  const engine::Result<engine::StateName> state = book_->AdvanceDay(day);
  if (!state && state.error().code == engine::ErrorCode::kStorageFailed) {
    storage_failed_(state.error());
  } else if (state) {
    const bool leaps = day > before + 1;
    Log(leaps ? LogLevel::kWarning : LogLevel::kInfo, "housekeeping",
        leaps ? "the business day changed by several days at once; where the clock is wrong, stop "
                "the server and restore a backup, because a book does not go back"
              : "the business day changed",
        {{"today", engine::FormatDay(day)},
         {"before", engine::FormatDay(before)},
         {"journal_sequence", state->journal_sequence}});
  } else {
    Log(LogLevel::kError, "housekeeping", "the book did not take the business day of the clock",
        {{"day", engine::FormatDay(day)}, {"reason", state.error().message}});
  }
  return state || state.error().code != engine::ErrorCode::kDiskFull;
}

void BookHousehold::ClockIsOff(engine::Day today, engine::Day day) {
  Log(LogLevel::kWarning, "housekeeping",
      "the book keeps its business day until the clock is past it; where the clock was wrong "
      "before, restore a backup, where it is wrong now, set it",
      {{"today", engine::FormatDay(today)}, {"day_of_the_clock", engine::FormatDay(day)}});
}

void Housekeeper::FollowClock() {
  const engine::Day day = household_->BusinessDay(clock_->WallTime());
  if (day > *today_ && day <= engine::kLastDay) {
    if (household_->AdvanceDay(day)) today_ = day;
  } else if (day != clock_day_ && (day > engine::kLastDay || day + 1 < *today_)) {
    // Not where it is one day behind: around midnight a clock is set back a little every night.
    household_->ClockIsOff(*today_, day);
  }
  clock_day_ = day;
}

Housekeeper::Rest Housekeeper::Step() {
  if (today_.has_value()) FollowClock();
  const auto begin = clock_->SteadyTime();
  if (begin >= next_refresh_ && household_->RankingsStale()) {
    household_->RefreshRankings();
    const auto end = clock_->SteadyTime();
    const std::chrono::nanoseconds work = end - begin;
    // Just before the next rankings are out, those now in force are two refreshes and a rest old.
    const std::chrono::nanoseconds longest =
        std::max<std::chrono::nanoseconds>(kShortestRest, kOldestRankings - 2 * work);
    next_refresh_ =
        end + std::clamp<std::chrono::nanoseconds>(kRestPerWork * work, kShortestRest, longest);
  }
  if (!household_->RankingsStale()) return {.time = kIdleWait, .until_changed = true};
  const std::chrono::nanoseconds rest = next_refresh_ - clock_->SteadyTime();
  return {.time = std::max<std::chrono::nanoseconds>(rest, {}), .until_changed = false};
}

Housekeeping::Housekeeping(Household* household, const Clock* clock,
                           std::optional<engine::Day> today)
    : housekeeper_(household, clock, today), thread_([this] { Run(); }) {}

Housekeeping::~Housekeeping() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Housekeeping::BookChanged() {
  if (!waits_for_change_.load()) return;
  {
    const std::lock_guard lock(mutex_);
    waits_for_change_ = false;
  }
  changed_.notify_all();
}

void Housekeeping::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    // Before the look at the book: a change after the look finds the mark and wakes the thread.
    waits_for_change_ = true;
    lock.unlock();
    const Housekeeper::Rest rest = housekeeper_.Step();
    lock.lock();
    if (rest.until_changed) {
      changed_.wait_for(lock, rest.time, [&] { return stopped_ || !waits_for_change_; });
    } else {
      waits_for_change_ = false;
      changed_.wait_for(lock, rest.time, [&] { return stopped_; });
    }
  }
}

}  // namespace kundig::server
