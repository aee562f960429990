#include "server/memory_limit.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <utility>

namespace kundig::server {
namespace {

constexpr std::chrono::seconds kLogInterval{30};

// Of a control group, by either version. A group without a limit says so in words or by a huge
// number.
constexpr char kUnifiedRoot[] = "/sys/fs/cgroup";
constexpr char kMemoryRoot[] = "/sys/fs/cgroup/memory";

void Bound(const std::filesystem::path& limit_file, uint64_t* bytes) {
  std::ifstream file(limit_file);
  uint64_t limit = 0;
  if (file >> limit && limit > 0) *bytes = std::min(*bytes, limit);
}

// The group that the process is in and all around it: each may have a limit. In a container the
// path may be one of the machine, of which only the root is to be seen.
void BoundByGroups(uint64_t* bytes) {
  Bound(std::filesystem::path(kUnifiedRoot) / "memory.max", bytes);
  Bound(std::filesystem::path(kMemoryRoot) / "memory.limit_in_bytes", bytes);
  std::ifstream groups("/proc/self/cgroup");
  // Number, controllers, path: 0::/system.slice/kundigd.service or 5:memory:/kundigd
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (!controllers.empty() && controllers != "memory") continue;
    const char* root = controllers.empty() ? kUnifiedRoot : kMemoryRoot;
    const char* name = controllers.empty() ? "memory.max" : "memory.limit_in_bytes";
    for (std::filesystem::path group = line.substr(second + 1); group.has_relative_path();
         group = group.parent_path()) {
      Bound(root / group.relative_path() / name, bytes);
    }
  }
}

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
  BoundByGroups(&bytes);
  return bytes;
}

MemoryLimit::MemoryLimit(uint64_t bytes, std::function<uint64_t()> resident_bytes)
    : bytes_(bytes > 0 ? bytes : UsableMemoryBytes() / 100 * kDefaultMemoryPercent),
      resident_bytes_(std::move(resident_bytes)),
      line_(kLogInterval) {}

uint64_t MemoryLimit::RoomBytes() const {
  if (bytes_ == 0) return std::numeric_limits<uint64_t>::max();
  const uint64_t resident = resident_bytes_();
  return resident < bytes_ ? bytes_ - resident : 0;
}

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
