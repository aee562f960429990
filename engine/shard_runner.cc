#include "engine/shard_runner.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

// The thread sanitizer does not see into the packaged oneTBB and would report its inner workings;
// hiding these by suppressions would hide our own races too. Under it, the same work runs on plain
// threads.
#if defined(__SANITIZE_THREAD__)
#define KUNDIG_PLAIN_THREADS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KUNDIG_PLAIN_THREADS 1
#endif
#endif

#ifndef KUNDIG_PLAIN_THREADS
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#endif

namespace kundig::engine {

#ifdef KUNDIG_PLAIN_THREADS

class ShardRunner::Arena {
 public:
  explicit Arena(int threads)
      : threads_(threads > 0 ? static_cast<size_t>(threads)
                             : std::max<size_t>(1, std::thread::hardware_concurrency())) {}

  size_t threads() const { return threads_; }

  void ForEach(size_t count, const std::function<void(size_t)>& work) {
    std::atomic<size_t> next{0};
    const auto run = [&] {
      for (size_t index = next++; index < count; index = next++) work(index);
    };
    std::vector<std::thread> helpers;
    for (size_t thread = 1; thread < std::min(threads_, count); ++thread) helpers.emplace_back(run);
    run();
    for (std::thread& helper : helpers) helper.join();
  }

 private:
  const size_t threads_;
};

#else

class ShardRunner::Arena {
 public:
  explicit Arena(int threads)
      : arena_(threads > 0 ? threads : oneapi::tbb::task_arena::automatic) {}

  size_t threads() const { return static_cast<size_t>(arena_.max_concurrency()); }

  void ForEach(size_t count, const std::function<void(size_t)>& work) {
    arena_.execute([&] {
      oneapi::tbb::parallel_for(
          size_t{0}, count, [&](size_t index) { work(index); }, oneapi::tbb::simple_partitioner());
    });
  }

 private:
  oneapi::tbb::task_arena arena_;
};

#endif

ShardRunner::ShardRunner(int threads) : arena_(std::make_unique<Arena>(threads)) {}
ShardRunner::~ShardRunner() = default;

size_t ShardRunner::threads() const {
  return arena_->threads();
}

void ShardRunner::ForEach(size_t count, const std::function<void(size_t)>& work) {
  arena_->ForEach(count, work);
}

}  // namespace kundig::engine
