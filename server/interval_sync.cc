#include "server/interval_sync.h"

#include <utility>

namespace kundig::server {

IntervalSync::IntervalSync(std::chrono::milliseconds interval, std::function<bool()> sync)
    : interval_(interval), sync_(std::move(sync)), thread_([this] { Run(); }) {}

IntervalSync::~IntervalSync() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void IntervalSync::Run() {
  bool stopped = false;
  while (!stopped) {
    {
      std::unique_lock lock(mutex_);
      stopped = changed_.wait_for(lock, interval_, [&] { return stopped_; });
    }
    if (!sync_()) return;
  }
}

}  // namespace kundig::server
