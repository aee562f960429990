// What the micro-benchmarks share: each proves that its answer is right before it is timed, and a
// wrong one ends the program with an exit code, which Google Benchmark's own errors do not.
//
// Thread safety: used by one thread.

#ifndef KUNDIG_BENCH_MICRO_H_
#define KUNDIG_BENCH_MICRO_H_

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>

namespace kundig::bench {

inline void Prove(bool right, const char* what) {
  if (right) return;
  std::fprintf(stderr, "micro: wrong answer: %s\n", what);
  std::exit(1);
}

// Times `work`, and names how many items and bytes one run of it takes.
template <typename Work>
void Time(benchmark::State& state, size_t items, size_t bytes, Work work) {
  for (auto _ : state) work();
  const auto runs = static_cast<int64_t>(state.iterations());
  state.SetItemsProcessed(runs * static_cast<int64_t>(items));
  if (bytes > 0) state.SetBytesProcessed(runs * static_cast<int64_t>(bytes));
}

}  // namespace kundig::bench

#endif  // KUNDIG_BENCH_MICRO_H_
