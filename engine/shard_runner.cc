#include "engine/shard_runner.h"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <atomic>

namespace kundig::engine {

class ShardRunner::Arena {
 public:
  explicit Arena(int threads) : arena(threads > 0 ? threads : oneapi::tbb::task_arena::automatic) {}
  oneapi::tbb::task_arena arena;
};

ShardRunner::ShardRunner(int threads) : arena_(std::make_unique<Arena>(threads)) {}
ShardRunner::~ShardRunner() = default;

void ShardRunner::ForEach(size_t count, const std::function<void(size_t)>& work) {
  // The library orders start and end of the work by itself; the two atomics say the same where the
  // thread sanitizer, which does not see into the packaged library, can see it.
  std::atomic<bool> started{false};
  std::atomic<size_t> done{0};
  started.store(true, std::memory_order_release);
  arena_->arena.execute([&] {
    oneapi::tbb::parallel_for(
        size_t{0}, count,
        [&](size_t index) {
          (void)started.load(std::memory_order_acquire);
          work(index);
          done.fetch_add(1, std::memory_order_release);
        },
        oneapi::tbb::simple_partitioner());
  });
  (void)done.load(std::memory_order_acquire);
}

}  // namespace kundig::engine
