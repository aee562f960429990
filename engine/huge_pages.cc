#include "engine/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

#include "engine/check.h"

namespace kundig::engine {
namespace {

constexpr size_t kCacheLineBytes = 64;

constexpr size_t RoundedUp(size_t bytes, size_t step) {
  return (bytes + step - 1) / step * step;
}

}  // namespace

void* AllocatePages(size_t bytes) {
  bytes = RoundedUp(bytes, kHugePageBytes);
  // A page more than needed, so that a boundary lies in it; what is outside goes back at once.
  void* mapped = mmap(nullptr, bytes + kHugePageBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  auto* begin = static_cast<uint8_t*>(mapped);
  const auto address = reinterpret_cast<uintptr_t>(mapped);
  const size_t before = RoundedUp(address, kHugePageBytes) - address;
  if (before > 0) munmap(begin, before);
  munmap(begin + before + bytes, kHugePageBytes - before);
  madvise(begin + before, bytes, MADV_HUGEPAGE);  // a wish: small pages serve as well
  return begin + before;
}

void FreePages(void* pages, size_t bytes) noexcept {
  munmap(pages, RoundedUp(bytes, kHugePageBytes));
}

BlockArena::~BlockArena() {
  for (void* region : regions_) FreePages(region, kRegionBytes);
}

void* BlockArena::Allocate(size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  bytes = RoundedUp(bytes, kCacheLineBytes);
  KUNDIG_CHECK(bytes <= kRegionBytes);
  if (used_ + bytes > kRegionBytes) {
    regions_.push_back(AllocatePages(kRegionBytes));
    used_ = 0;
  }
  void* piece = static_cast<uint8_t*>(regions_.back()) + used_;
  used_ += bytes;
  return piece;
}

}  // namespace kundig::engine
