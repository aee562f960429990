#include "tools/bench_load.h"

#include <sys/prctl.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

namespace kundig::tools {

namespace {

using Clock = std::chrono::steady_clock;

// A sender that is behind its schedule gives up so long after the end.
constexpr std::chrono::seconds kGrace{1};
// How long a sender rests where every connection is full.
constexpr std::chrono::microseconds kFullRest{50};
// Linux may wake a sleeper 50 us late unless it is asked not to.
constexpr unsigned long kTimerSlackNs = 1;

uint64_t NanosecondsBetween(Clock::time_point from, Clock::time_point to) {
  return static_cast<uint64_t>(std::max<int64_t>(0, std::chrono::nanoseconds(to - from).count()));
}

// What all connections of a load share.
struct LoadRun {
  explicit LoadRun(const LoadPlan& planned) : plan(planned), tickets(planned.requests) {}

  // Whether a request of this time is still to be sent, and whether it counts.
  enum class Turn { kWarmUp, kMeasured, kOver };
  Turn TakeTurn(Clock::time_point at) {
    if (stopped) return Turn::kOver;
    if (at < measure_from) return Turn::kWarmUp;
    if (plan.requests == 0) return at < end ? Turn::kMeasured : Turn::kOver;
    uint64_t left = tickets;
    while (left > 0 && !tickets.compare_exchange_weak(left, left - 1)) {
    }
    return left > 0 ? Turn::kMeasured : Turn::kOver;
  }

  void Enter() {
    const std::lock_guard lock(mutex);
    ++in_flight;
  }
  void Leave() {
    const std::lock_guard lock(mutex);
    if (--in_flight == 0) idle.notify_all();
  }
  void WaitUntilIdle() {
    std::unique_lock lock(mutex);
    idle.wait(lock, [this] { return in_flight == 0; });
  }

  const LoadPlan plan;
  Clock::time_point start, measure_from, end;
  std::atomic<uint64_t> tickets;
  std::atomic<bool> stopped{false};
  std::mutex mutex;
  std::condition_variable idle;
  uint64_t in_flight = 0;  // chains of a closed loop, or requests of a schedule
};

// One connection. Its figures belong to the client's thread until the load is idle.
class Lane {
 public:
  Lane(LoadRun* run, size_t kinds, std::unique_ptr<RequestSource> source,
       const client::Options& options)
      : kinds_(kinds), run_(run), source_(std::move(source)), client_(options) {}

  client::Result<client::ServerInfo> Connect() {
    std::promise<client::Result<client::ServerInfo>> promise;
    auto answer = promise.get_future();
    client_.Connect([&promise](client::Result<client::ServerInfo> info) {
      promise.set_value(std::move(info));
    });
    return answer.get();
  }

  // The closed loop's chains, begun on the client's thread, where they go on: so that a source is
  // never asked by two threads at once.
  void BeginChains() {
    for (uint32_t chain = 0; chain < run_->plan.depth; ++chain) run_->Enter();
    client_.Connect([this](const client::Result<client::ServerInfo>&) {
      for (uint32_t chain = 0; chain < run_->plan.depth; ++chain) SendChain();
    });
  }

  bool HasRoom() const { return in_flight_.load(std::memory_order_relaxed) < run_->plan.depth; }

  void SendDue(Clock::time_point due, LoadRun::Turn turn) {
    in_flight_.fetch_add(1, std::memory_order_relaxed);
    run_->Enter();
    source_->Send(&client_, [this, due, turn](size_t kind, const client::Result<uint64_t>& items) {
      Settle(kind, due, turn, items);
      in_flight_.fetch_sub(1, std::memory_order_relaxed);
      run_->Leave();
    });
  }

  void AddTo(LoadFigures* figures, Clock::time_point* last) const {
    for (size_t kind = 0; kind < kinds_.size(); ++kind) {
      figures->kinds[kind].latency.Add(kinds_[kind].latency);
      figures->kinds[kind].items += kinds_[kind].items;
    }
    figures->errors += errors_;
    if (!figures->first_error) figures->first_error = first_error_;
    *last = std::max(*last, last_answer_);
  }

 private:
  // Each answer sends the next request.
  void SendChain() {
    const Clock::time_point now = Clock::now();
    const LoadRun::Turn turn = run_->TakeTurn(now);
    if (turn == LoadRun::Turn::kOver) return run_->Leave();
    source_->Send(&client_, [this, now, turn](size_t kind, const client::Result<uint64_t>& items) {
      Settle(kind, now, turn, items);
      SendChain();
    });
  }

  void Settle(size_t kind, Clock::time_point since, LoadRun::Turn turn,
              const client::Result<uint64_t>& items) {
    if (items.has_error()) {
      // A load in which the warm-up fails is no load either.
      ++errors_;
      if (!first_error_) first_error_ = items.error();
      const client::ErrorKind error = items.error().kind;
      if (error == client::ErrorKind::kUnreachable || error == client::ErrorKind::kLost ||
          error == client::ErrorKind::kInvalid) {
        run_->stopped = true;
      }
      return;
    }
    if (turn != LoadRun::Turn::kMeasured) return;
    last_answer_ = Clock::now();
    kinds_[kind].latency.Record(NanosecondsBetween(since, last_answer_));
    kinds_[kind].items += *items;
  }

  std::vector<KindFigures> kinds_;
  uint64_t errors_ = 0;
  std::optional<client::Error> first_error_;
  Clock::time_point last_answer_ = Clock::time_point::min();
  std::atomic<uint32_t> in_flight_{0};
  LoadRun* const run_;
  const std::unique_ptr<RequestSource> source_;
  // Last, so that its thread ends before what its callbacks use.
  client::AsyncClient client_;
};

using Lanes = std::vector<std::unique_ptr<Lane>>;

// What one sender of a schedule did.
struct Sender {
  LatencyHistogram lag;
  uint64_t unsent = 0;

  void Send(LoadRun* run, const Lanes& lanes, uint32_t number) {
    prctl(PR_SET_TIMERSLACK, kTimerSlackNs);
    const Schedule schedule(run->plan.rate, run->plan.senders, number);
    size_t last = number;
    for (uint64_t turn = 0;; ++turn) {
      const Clock::time_point due = run->start + schedule.DueOf(turn);
      const LoadRun::Turn kind = run->TakeTurn(due);
      if (kind == LoadRun::Turn::kOver) return;
      std::this_thread::sleep_until(due);
      Lane* const lane = Free(run, lanes, number, &last);
      if (lane == nullptr) {
        CountUnsent(run, schedule, turn);
        return;
      }
      if (kind == LoadRun::Turn::kMeasured) lag.Record(NanosecondsBetween(due, Clock::now()));
      lane->SendDue(due, kind);
    }
  }

 private:
  // The next of this sender's connections with room, in turns; nullptr where it is too late.
  static Lane* Free(const LoadRun* run, const Lanes& lanes, uint32_t number, size_t* last) {
    const bool timed = run->plan.requests == 0;
    while (true) {
      for (size_t tried = number; tried < lanes.size(); tried += run->plan.senders) {
        *last += run->plan.senders;
        if (*last >= lanes.size()) *last = number;
        if (lanes[*last]->HasRoom()) return lanes[*last].get();
      }
      if (run->stopped || (timed && Clock::now() > run->end + kGrace)) return nullptr;
      std::this_thread::sleep_for(kFullRest);
    }
  }

  void CountUnsent(LoadRun* run, const Schedule& schedule, uint64_t turn) {
    // The turn at hand was taken already.
    do {
      ++unsent;
      ++turn;
    } while (run->TakeTurn(run->start + schedule.DueOf(turn)) != LoadRun::Turn::kOver);
  }
};

void RunClosed(LoadRun* run, const Lanes& lanes) {
  for (const auto& lane : lanes) lane->BeginChains();
  run->WaitUntilIdle();
}

void RunBySchedule(LoadRun* run, const Lanes& lanes, LoadFigures* figures) {
  std::vector<Sender> senders(run->plan.senders);
  std::vector<std::thread> threads;
  for (uint32_t number = 0; number < run->plan.senders; ++number) {
    threads.emplace_back([&, number] { senders[number].Send(run, lanes, number); });
  }
  for (std::thread& thread : threads) thread.join();
  run->WaitUntilIdle();
  for (const Sender& sender : senders) {
    figures->send_lag.Add(sender.lag);
    figures->unsent += sender.unsent;
  }
}

}  // namespace

client::Result<LoadFigures> RunLoad(
    const LoadPlan& plan, const client::Options& options, size_t kinds,
    const std::function<std::unique_ptr<RequestSource>(uint32_t connection)>& make_source) {
  LoadRun run(plan);
  Lanes lanes;
  for (uint32_t connection = 0; connection < plan.connections; ++connection) {
    lanes.push_back(std::make_unique<Lane>(&run, kinds, make_source(connection), options));
    if (const auto info = lanes.back()->Connect(); !info) return info.error();
  }
  LoadFigures figures;
  figures.kinds.resize(kinds);
  run.start = Clock::now();
  run.measure_from = run.start + plan.warm_up;
  run.end = run.measure_from + plan.measured;
  if (plan.rate > 0) {
    RunBySchedule(&run, lanes, &figures);
  } else {
    RunClosed(&run, lanes);
  }
  Clock::time_point last = run.measure_from;
  if (plan.requests == 0 && !run.stopped) last = run.end;
  for (const auto& lane : lanes) lane->AddTo(&figures, &last);
  figures.seconds = std::chrono::duration<double>(last - run.measure_from).count();
  return figures;
}

}  // namespace kundig::tools
