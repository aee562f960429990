// The engine's limits: each has a name, and whoever reaches it gets a typed error that carries the
// name.

#ifndef KUNDIG_ENGINE_LIMITS_H_
#define KUNDIG_ENGINE_LIMITS_H_

#include <cstddef>
#include <cstdint>
#include <limits>

namespace kundig::engine {

inline constexpr uint32_t kMaxShards = 1024;

// Texts from outside, in bytes of UTF-8; checked where requests are decoded.
inline constexpr size_t kMaxIdBytes = 64;     // customers, orders, returns, leads
inline constexpr size_t kMaxNameBytes = 128;  // countries, owners, products, reasons, channels ...

// Money of one event, either sign, in minor units; and orders and returns of one customer. Together
// they keep every sum over one customer within 64 bits.
inline constexpr int64_t kMaxAmountMinor = 10'000'000'000'000;
inline constexpr uint32_t kMaxHistoryEntries = 900'000;
static_assert(kMaxAmountMinor <= std::numeric_limits<int64_t>::max() / kMaxHistoryEntries);

inline constexpr uint32_t kMaxCount = 1'000'000'000;  // items of an order, employees, products

// Distinct names of one kind (countries, owners, ...), so that a client that sends ever new names
// cannot fill the memory.
inline constexpr uint32_t kMaxNames = 1u << 24;

// Events applied under one hold of the write lock, by each worker: a lookup waits at most for
// these.
inline constexpr size_t kWriteSliceEvents = 128;

// Workers that share a batch of orders or a day change; each has counters of its own, 700 KB.
inline constexpr size_t kMaxLanes = 8;

// Keys of one pipeline grouping.
inline constexpr size_t kMaxPipelineKeys = 8;

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_LIMITS_H_
