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
  const engine::Result<engine::StateName> state = book_->AdvanceDay(day);
  if (!state && state.error().code == engine::ErrorCode::kStorageFailed) {
    storage_failed_(state.error());
  } else if (state) {
    Log(LogLevel::kInfo, "housekeeping", "the business day changed",
        {{"today", engine::FormatDay(day)}, {"journal_sequence", state->journal_sequence}});
  } else {
    Log(LogLevel::kError, "housekeeping", "the book did not take the business day of the clock",
        {{"day", engine::FormatDay(day)}, {"reason", state.error().message}});
  }
  return state || state.error().code != engine::ErrorCode::kDiskFull;
}

Housekeeper::Rest Housekeeper::Step() {
  if (today_.has_value()) {
    const engine::Day day = household_->BusinessDay(clock_->WallTime());
    // A clock that is set back does not take the day back: the book only goes forward.
    if (day > *today_) {
      if (household_->AdvanceDay(day)) today_ = day;
    }
  }
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
