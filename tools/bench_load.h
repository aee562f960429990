// Sends requests over several connections, by schedule or as fast as answers come, and takes the
// time of each.
//
// By schedule (an open loop): request i is due at i / rate, whatever became of those before it, and
// its latency counts from when it was due. So a server that stalls is charged for every request
// that users would have sent meanwhile, not for one (no coordinated omission); where the load
// generator itself is late, that counts too, and is told apart as send_lag. As fast as answers come
// (a closed loop): each connection keeps `depth` requests in flight; that finds the largest
// throughput, and its latencies say what the queue of `depth` costs.
//
// Thread safety: RunLoad() is called by one thread and starts its own: one for each connection (the
// client's), and `senders` more for a schedule.

#ifndef KUNDIG_TOOLS_BENCH_LOAD_H_
#define KUNDIG_TOOLS_BENCH_LOAD_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "client/client.h"
#include "tools/bench_histogram.h"

namespace kundig::tools {

struct LoadPlan {
  uint32_t connections = 1;
  uint32_t depth = 1;  // most requests in flight on each connection
  double rate = 0;     // requests per second over all connections; 0 = a closed loop
  uint32_t senders = 1;
  std::chrono::nanoseconds warm_up{0};
  std::chrono::nanoseconds measured{0};
  uint64_t requests = 0;  // measure so many instead; 0 = by time
};

// When requests are due. `sender` of `senders` sends every one whose number leaves it as remainder.
class Schedule {
 public:
  Schedule(double rate, uint32_t senders, uint32_t sender)
      : interval_ns_(1e9 / rate), senders_(senders), sender_(sender) {}

  // After the start. From the number anew each time: a sum of rounded intervals would drift.
  std::chrono::nanoseconds DueOf(uint64_t turn) const {
    const double number =
        static_cast<double>(turn) * static_cast<double>(senders_) + static_cast<double>(sender_);
    return std::chrono::nanoseconds(static_cast<int64_t>(number * interval_ns_));
  }

 private:
  double interval_ns_;
  uint32_t senders_, sender_;
};

// What is asked on one connection. Send() is called by one thread at a time, not always the same.
class RequestSource {
 public:
  // Called once for each request, on the client's thread: which kind it was, and how many items
  // (customers, orders) the answer settles; an error also where the answer is not the right one.
  using Done = std::function<void(size_t kind, const client::Result<uint64_t>& items)>;

  virtual ~RequestSource() = default;
  virtual void Send(client::AsyncClient* client, Done done) = 0;
};

struct KindFigures {
  LatencyHistogram latency;  // of requests that were answered rightly
  uint64_t items = 0;
};

struct LoadFigures {
  std::vector<KindFigures> kinds;
  double seconds = 0;  // from the start of measuring to the last answer
  uint64_t errors = 0;
  std::optional<client::Error> first_error;
  uint64_t unsent = 0;        // were due, and could not be sent before the end
  LatencyHistogram send_lag;  // of requests by schedule: sent after they were due
};

// `make_source` is called for each connection, from 0. An error where a connection cannot be made.
// Where one breaks, the load ends early and first_error says so.
client::Result<LoadFigures> RunLoad(
    const LoadPlan& plan, const client::Options& options, size_t kinds,
    const std::function<std::unique_ptr<RequestSource>(uint32_t connection)>& make_source);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_BENCH_LOAD_H_
