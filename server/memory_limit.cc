#include "server/memory_limit.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <utility>

namespace kundig::server {
namespace {

constexpr std::chrono::seconds kLogInterval{30};

// Of the control group, by either version; a group without a limit says so in words or by a huge
// number.
constexpr const char* kGroupLimits[] = {"/sys/fs/cgroup/memory.max",
                                        "/sys/fs/cgroup/memory/memory.limit_in_bytes"};

}  // namespace

uint64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t pages = 0, resident_pages = 0;
  file >> pages >> resident_pages;
  return file ? resident_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

uint64_t UsableMemoryBytes() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  if (pages <= 0) return 0;
  uint64_t bytes = static_cast<uint64_t>(pages) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  for (const char* path : kGroupLimits) {
    std::ifstream file(path);
    uint64_t limit = 0;
    if (file >> limit && limit > 0) bytes = std::min(bytes, limit);
  }
  return bytes;
}

MemoryLimit::MemoryLimit(uint64_t bytes, std::function<uint64_t()> resident_bytes)
    : bytes_(bytes > 0 ? bytes : UsableMemoryBytes() / 100 * kDefaultMemoryPercent),
      resident_bytes_(std::move(resident_bytes)),
      line_(kLogInterval) {}

engine::Growth MemoryLimit::Judge() {
  const uint64_t resident = resident_bytes_();
  if (bytes_ == 0 || resident <= bytes_) return engine::Growth::kAllowed;
  if (line_.Pass(std::chrono::steady_clock::now())) {
    Log(LogLevel::kWarning, "server",
        "the book's memory limit is reached: new customers, leads and orders are refused",
        {{"memory_bytes", resident}, {"memory_limit_bytes", bytes_}});
  }
  return engine::Growth::kRefused;
}

}  // namespace kundig::server
