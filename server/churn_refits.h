// Fits the book's churn and spend models anew when its day has changed and the book with it
// (engine::Book::FitIsDue), and when its rules have changed to others that can use no fit that it
// has: until then nobody would be judged by churn. On a thread of its own: a fit of ten million
// customers takes seconds, for which neither answers nor rankings should wait.
//
// Thread safety: made and ended by the owner.

#ifndef KUNDIG_SERVER_CHURN_REFITS_H_
#define KUNDIG_SERVER_CHURN_REFITS_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "engine/durable_book.h"
#include "engine/query.h"

namespace kundig::server {

// What the thread does, for tests that do it themselves.
//
// Thread safety: belongs to one thread.
class ChurnRefitter {
 public:
  // `looked_at`: the day and the rules under which the book needs no look. `storage_failed` is told
  // where a fit could not be kept, and should end the process.
  ChurnRefitter(engine::DurableBook* book, const engine::StateName& looked_at,
                std::function<void(const engine::Error&)> storage_failed)
      : book_(book), looked_at_(looked_at), storage_failed_(std::move(storage_failed)) {}

  // Fits where a fit is due since the state that was looked at last.
  void Look();

 private:
  engine::DurableBook* const book_;
  engine::StateName looked_at_;
  const std::function<void(const engine::Error&)> storage_failed_;
  bool said_too_little_ = false;  // which is no fault, and told once
};

class ChurnRefits {
 public:
  static constexpr std::chrono::milliseconds kLook{500};

  // Starts the thread. Arguments as of ChurnRefitter; they outlive it.
  ChurnRefits(engine::DurableBook* book, const engine::StateName& looked_at,
              std::function<void(const engine::Error&)> storage_failed);
  ~ChurnRefits();  // ends the thread, behind the fit under way
  ChurnRefits(const ChurnRefits&) = delete;
  ChurnRefits& operator=(const ChurnRefits&) = delete;

 private:
  void Run();

  ChurnRefitter refitter_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;  // under mutex_
  std::thread thread_;    // last: uses the rest
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_CHURN_REFITS_H_
