// Which allocator serves this process.
//
// kundigd links mimalloc, which takes the place of malloc and operator new: answers are allocated
// by many threads and freed by others. Only its shared library is packaged, and a linker or a
// preload may leave it out unnoticed, so the start asks. Histories of customers have a heap of
// their own (engine/history_memory.h). Sanitizers bring allocators that must not be replaced.
//
// Thread safety: pure functions.

#ifndef KUNDIG_SERVER_MEMORY_ALLOCATOR_H_
#define KUNDIG_SERVER_MEMORY_ALLOCATOR_H_

#include <string>

namespace kundig::server {

struct MemoryAllocator {
  std::string name;      // "mimalloc 2.0.9", "the system's"
  bool as_built = true;  // false: mimalloc is linked, but memory comes from elsewhere
};
MemoryAllocator ActiveMemoryAllocator();

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_MEMORY_ALLOCATOR_H_
