// Which seeds the tests of random histories run, and how they are shared out.
//
// Thread safety: free functions, while nobody changes the environment.

#ifndef KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_SEEDS_H_
#define KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_SEEDS_H_

#include <cstdint>
#include <cstdlib>

namespace kundig::engine {

// Sanitizers make everything ten to fifty times slower, so fewer seeds are run under one.
#if defined(__has_feature)
#define KUNDIG_UNDER_SANITIZER (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KUNDIG_UNDER_SANITIZER 1
#else
#define KUNDIG_UNDER_SANITIZER 0
#endif
inline constexpr bool kUnderSanitizer = KUNDIG_UNDER_SANITIZER;

// Tests that share the seeds of a suite, so that they run side by side: test n takes every
// kSlices-th from the n-th on.
inline constexpr uint64_t kSlices = 4;

inline uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_SEEDS_H_
