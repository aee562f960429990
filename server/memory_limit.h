// The memory limit of the book: while the process has more, what is new to the book is refused
// (engine::Growth) instead of the system ending the process. What counts is the process' resident
// memory, because that is what the system looks at, and not what the book would need by itself.
//
// Thread safety: the functions, bytes() and RoomBytes() for all threads; Judge for one, the
// writer's.

#ifndef KUNDIG_SERVER_MEMORY_LIMIT_H_
#define KUNDIG_SERVER_MEMORY_LIMIT_H_

#include <cstdint>
#include <functional>

#include "engine/event.h"
#include "server/log.h"

namespace kundig::server {

// Memory of this process that is in the machine's memory; 0 where the system does not say.
uint64_t ResidentBytes();
// What this process may use: the machine's memory, or less where its control group has less; 0
// where the system does not say.
uint64_t UsableMemoryBytes();

// Of the usable memory, where the configuration names no limit: the rest is for snapshots, lists
// and rankings in the making, and for the system.
inline constexpr uint64_t kDefaultMemoryPercent = 80;

class MemoryLimit {
 public:
  // `bytes` 0: kDefaultMemoryPercent of UsableMemoryBytes.
  explicit MemoryLimit(uint64_t bytes, std::function<uint64_t()> resident_bytes = ResidentBytes);

  uint64_t bytes() const { return bytes_; }
  // What the process may still take; the largest number where there is no limit.
  uint64_t RoomBytes() const;
  // What the next batch may do; says in the log when it may not grow the book.
  engine::Growth Judge();

 private:
  const uint64_t bytes_;
  const std::function<uint64_t()> resident_bytes_;
  RepeatedLine line_;
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_MEMORY_LIMIT_H_
