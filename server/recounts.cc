#include "server/recounts.h"

#include <string>
#include <utility>

namespace kundig::server {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;
using SteadyClock = std::chrono::steady_clock;

// The unused one is looked for so many times in the time that it is kept.
constexpr int kLooksForUnused = 4;

}  // namespace

struct Recounts::Kept {
  std::unique_ptr<engine::Book> book;
  engine::Day day;
  std::mutex mutex;  // guards the rest
  size_t users = 0;
  SteadyClock::time_point last_used = SteadyClock::now();

  bool unused() {
    const std::lock_guard<std::mutex> lock(mutex);
    return users == 0;
  }
};

Recounts::Recounts(engine::Book* book, std::function<uint64_t()> room_bytes,
                   std::chrono::milliseconds kept_for)
    : book_(book),
      room_bytes_(std::move(room_bytes)),
      kept_for_(kept_for),
      thread_([this] { DropWhenUnused(); }) {}

Recounts::~Recounts() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

Recounts::Lease Recounts::LeaseOf(const std::shared_ptr<Kept>& kept) {
  {
    const std::lock_guard<std::mutex> lock(kept->mutex);
    ++kept->users;
  }
  return {kept->book.get(), [kept](engine::Book*) {
            const std::lock_guard<std::mutex> lock(kept->mutex);
            --kept->users;
            kept->last_used = SteadyClock::now();
          }};
}

std::shared_ptr<Recounts::Kept> Recounts::KeptOf(engine::Day day) {
  std::shared_ptr<Kept> kept;
  {
    // Taken out, so that it is nobody else's, and gone where it is of no use.
    const std::lock_guard<std::mutex> lock(mutex_);
    kept = std::exchange(kept_, nullptr);
  }
  if (kept == nullptr || kept->day != day) return nullptr;
  if (kept->unused()) return book_->CatchUp(kept->book.get()) ? kept : nullptr;
  // It is being asked something, so it cannot be changed.
  const bool is_now =
      kept->book->Status().state.journal_sequence == book_->Status().state.journal_sequence &&
      kept->book->rules() == book_->rules();
  return is_now ? kept : nullptr;
}

std::optional<Error> Recounts::JudgeRoom(uint64_t recounts) const {
  const uint64_t bytes = recounts * book_->RecountBytes(), room = room_bytes_();
  if (bytes <= room) return std::nullopt;
  return Error{ErrorCode::kMemoryFull,
               "this takes " + std::to_string(bytes >> 20) +
                   " MiB for as long as it is asked, and the book's memory limit leaves " +
                   std::to_string(room >> 20) + " MiB; ask later, or raise book.memory_limit",
               "memory_limit", std::nullopt};
}

Result<Recounts::Lease> Recounts::AsOf(std::optional<engine::Day> day) {
  if (!day || *day == book_->Status().state.as_of) return Lease(Lease(), book_);
  const std::lock_guard<std::mutex> making(making_);
  std::shared_ptr<Kept> kept = KeptOf(*day);
  if (kept == nullptr) {
    if (auto error = JudgeRoom(1)) return *std::move(error);
    engine::RecountOrder order;
    order.as_of = day;
    auto recounts = book_->Recount(order);
    if (!recounts) return recounts.error();
    kept = std::make_shared<Kept>();
    kept->book = std::move(recounts->front());
    kept->day = *day;
  }
  Lease lease = LeaseOf(kept);
  const std::lock_guard<std::mutex> lock(mutex_);
  kept_ = std::move(kept);
  return lease;
}

Result<engine::MovesAnswer> Recounts::WhatIf(std::shared_ptr<const engine::Rules> rules,
                                             const engine::MovesQuery& query) {
  const std::lock_guard<std::mutex> making(making_);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    kept_.reset();  // for the room
  }
  engine::RecountOrder order;
  order.rules.push_back(std::move(rules));
  if (auto error = JudgeRoom(order.rules.size())) return *std::move(error);
  const auto recounts = book_->Recount(order);
  if (!recounts) return recounts.error();
  return recounts->front()->Moves(recounts->back().get(), query);
}

bool Recounts::keeps_one() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return kept_ != nullptr;
}

void Recounts::DropWhenUnused() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stop_.wait_for(lock, kept_for_ / kLooksForUnused, [this] { return stopped_; })) {
    if (kept_ == nullptr) continue;
    std::shared_ptr<Kept> gone;
    {
      const std::lock_guard<std::mutex> of_kept(kept_->mutex);
      if (kept_->users > 0 || SteadyClock::now() - kept_->last_used < kept_for_) continue;
      gone = kept_;
    }
    kept_.reset();
    // Giving back gigabytes takes a moment.
    lock.unlock();
    gone.reset();
    lock.lock();
  }
}

}  // namespace kundig::server
