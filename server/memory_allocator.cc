#include "server/memory_allocator.h"

#include <memory>

#ifdef KUNDIG_MIMALLOC
#include <mimalloc.h>
#endif

namespace kundig::server {

MemoryAllocator ActiveMemoryAllocator() {
#ifdef KUNDIG_MIMALLOC
  const auto probe = std::make_unique<std::string>(1000, ' ');
  if (mi_is_in_heap_region(probe->data())) {
    const int version = mi_version();  // 209 is 2.0.9
    return {"mimalloc " + std::to_string(version / 100) + "." + std::to_string(version / 10 % 10) +
                "." + std::to_string(version % 10),
            true};
  }
  return {"the system's", false};
#else
  return {"the system's", true};
#endif
}

}  // namespace kundig::server
