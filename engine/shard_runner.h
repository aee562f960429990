// The one door to the workers: runs a piece of work for each of a number of shards or blocks.
//
// A piece of work must not take the state lock, block on I/O or wait for another piece: a worker
// that waits inside may be given any other piece of work, also one of another scan.
//
// Thread safety: ForEach may be called from several threads at once.

#ifndef KUNDIG_ENGINE_SHARD_RUNNER_H_
#define KUNDIG_ENGINE_SHARD_RUNNER_H_

#include <cstddef>
#include <functional>
#include <memory>

namespace kundig::engine {

class ShardRunner {
 public:
  explicit ShardRunner(int threads);  // 0 = one for each processor
  ~ShardRunner();
  ShardRunner(const ShardRunner&) = delete;
  ShardRunner& operator=(const ShardRunner&) = delete;

  size_t threads() const;  // at most this many pieces run at a time

  // Runs work(0) ... work(count - 1), in any order and on any worker; returns when all are done.
  void ForEach(size_t count, const std::function<void(size_t)>& work);

 private:
  class Arena;
  std::unique_ptr<Arena> arena_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_SHARD_RUNNER_H_
