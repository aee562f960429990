// Makes what was written durable every so many milliseconds, for a book that does not wait for the
// disk with every write (--durability interval=MS).
//
// Thread safety: made and destroyed by the owner; calls from its own thread.

#ifndef KUNDIG_SERVER_INTERVAL_SYNC_H_
#define KUNDIG_SERVER_INTERVAL_SYNC_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace kundig::server {

class IntervalSync {
 public:
  // `sync` gives false once it failed; it is not called again then.
  IntervalSync(std::chrono::milliseconds interval, std::function<bool()> sync);
  ~IntervalSync();  // syncs once more
  IntervalSync(const IntervalSync&) = delete;
  IntervalSync& operator=(const IntervalSync&) = delete;

 private:
  void Run();

  const std::chrono::milliseconds interval_;
  const std::function<bool()> sync_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;  // under mutex_
  std::thread thread_;    // last: uses the rest
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_INTERVAL_SYNC_H_
