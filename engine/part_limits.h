// How much of a book a snapshot copies at a time, while writers wait.
//
// Thread safety: plain values.

#ifndef KUNDIG_ENGINE_PART_LIMITS_H_
#define KUNDIG_ENGINE_PART_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace kundig::engine {

// As given they are some hundred microseconds of copying; a customer with a very long history takes
// a few milliseconds.
struct PartLimits {
  static constexpr uint32_t kMost = 4096;  // items of a part that can be read again

  size_t bytes = size_t{256} << 10;  // of customers; a part ends with the one that exceeds it
  uint32_t customers = 2048;         // rows
  uint32_t leads = 1024;
  size_t names = 4096;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_PART_LIMITS_H_
