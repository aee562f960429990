#include "server/churn_refits.h"

#include <utility>

#include "engine/calendar.h"
#include "server/log.h"

namespace kundig::server {

void ChurnRefitter::Look() {
  const engine::StateName state = book_->book().Status().state;
  const engine::StateName before = std::exchange(looked_at_, state);
  const bool other_day = state.as_of != before.as_of;
  const bool other_rules = state.rules_version != before.rules_version;
  if (!other_day && !(other_rules && book_->book().LacksFit())) return;
  if (!book_->book().FitIsDue()) return;
  const auto begin = std::chrono::steady_clock::now();
  const engine::Result<engine::ChurnAnswer> fit = book_->FitChurn();
  if (fit) {
    const auto time = std::chrono::steady_clock::now() - begin;
    Log(LogLevel::kInfo, "churn", "the churn model was fitted anew",
        {{"fit_version", uint64_t{fit->state.fit_version}},
         {"fitted_through", engine::FormatDay(fit->fitted_through)},
         {"customers", fit->customers},
         {"purchases", fit->purchases},
         {"converged", fit->converged},
         {"at_limit", fit->at_limit},
         {"milliseconds", std::chrono::duration_cast<std::chrono::milliseconds>(time).count()}});
  } else if (fit.error().code == engine::ErrorCode::kStorageFailed) {
    storage_failed_(fit.error());
  } else if (fit.error().code != engine::ErrorCode::kTooLittleData) {
    Log(LogLevel::kError, "churn", "no churn model could be fitted; the former one stays",
        {{"reason", fit.error().message}});
  } else if (!std::exchange(said_too_little_, true)) {
    Log(LogLevel::kInfo, "churn", "the book tells too little for a churn model yet",
        {{"reason", fit.error().message}});
  }
}

ChurnRefits::ChurnRefits(engine::DurableBook* book, const engine::StateName& looked_at,
                         std::function<void(const engine::Error&)> storage_failed)
    : refitter_(book, looked_at, std::move(storage_failed)), thread_([this] { Run(); }) {}

ChurnRefits::~ChurnRefits() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ChurnRefits::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    lock.unlock();
    refitter_.Look();
    lock.lock();
    changed_.wait_for(lock, kLook, [&] { return stopped_; });
  }
}

}  // namespace kundig::server
