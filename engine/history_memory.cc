#include "engine/history_memory.h"

#include <boost/container/detail/dlmalloc.hpp>

#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define KUNDIG_OPERATOR_NEW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KUNDIG_OPERATOR_NEW 1
#endif
#endif

namespace kundig::engine {

#ifdef KUNDIG_OPERATOR_NEW

void* AllocateHistory(size_t bytes) {
  return ::operator new(bytes);
}
void FreeHistory(void* memory) {
  ::operator delete(memory);
}

#else

void* AllocateHistory(size_t bytes) {
  void* memory = boost::container::dlmalloc_malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void FreeHistory(void* memory) {
  boost::container::dlmalloc_free(memory);
}

#endif

}  // namespace kundig::engine
