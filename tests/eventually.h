// Waiting for what another thread or process brings about.
//
// Thread safety: that of the condition.

#ifndef KUNDIG_TESTS_EVENTUALLY_H_
#define KUNDIG_TESTS_EVENTUALLY_H_

#include <chrono>
#include <thread>

namespace kundig {

// Whether `condition` holds within a time that only broken code needs, also under a sanitizer on a
// machine that builds at the same time.
template <typename Condition>
bool Eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace kundig

#endif  // KUNDIG_TESTS_EVENTUALLY_H_
