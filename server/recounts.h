// The recounts that questions about earlier days and what-ifs are asked of (engine/recount.h). The
// last one of a day is kept for the questions that follow, and brought up to date for each; it goes
// when nobody has asked it anything for a while.
//
// They are made one at a time: each uses all of the engine's workers, and the memory for two books
// more is rarely there. One that would exceed the book's memory limit is refused.
//
// Thread safety: any thread that may wait for seconds.

#ifndef KUNDIG_SERVER_RECOUNTS_H_
#define KUNDIG_SERVER_RECOUNTS_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "engine/book.h"
#include "server/limits.h"

namespace kundig::server {

class Recounts {
 public:
  // A book to ask, as long as it is held; its answers may point into it.
  using Lease = std::shared_ptr<engine::Book>;

  // `book` outlives this, leases may not; `room_bytes`: memory that the process may still take.
  Recounts(engine::Book* book, std::function<uint64_t()> room_bytes,
           std::chrono::milliseconds kept_for = kRecountKeptFor);
  ~Recounts();
  Recounts(const Recounts&) = delete;
  Recounts& operator=(const Recounts&) = delete;

  // The book as of the day, or without one, or for today, itself. Errors: kInvalidValue for a later
  // day, kMemoryFull.
  engine::Result<Lease> AsOf(std::optional<engine::Day> day);
  // What other rules would change. Errors: kMemoryFull, and those of Book::Moves.
  engine::Result<engine::MovesAnswer> WhatIf(std::shared_ptr<const engine::Rules> rules,
                                             const engine::MovesQuery& query);
  // Whether one is kept now.
  bool keeps_one();

 private:
  struct Kept;

  static Lease LeaseOf(const std::shared_ptr<Kept>& kept);
  // The one that is kept, brought up to date where it is of this day and can be. Under making_.
  std::shared_ptr<Kept> KeptOf(engine::Day day);
  std::optional<engine::Error> JudgeRoom(uint64_t recounts) const;
  // Drops the one that is kept, once it was unused for long enough.
  void DropWhenUnused();

  engine::Book* const book_;
  const std::function<uint64_t()> room_bytes_;
  const std::chrono::milliseconds kept_for_;
  std::mutex making_;  // held for as long as a recount is made or caught up
  std::mutex mutex_;   // guards the rest
  std::shared_ptr<Kept> kept_;
  bool stopped_ = false;
  std::condition_variable stop_;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_RECOUNTS_H_
