// Memory for the histories of customers: tens of millions of small blocks that grow by an entry now
// and then, each into a slightly larger place.
//
// That is what allocators with size classes are worst at: the places left behind serve only blocks
// of the same size, of which there are ever fewer. Measured with a million customers and five
// million orders, all memory of the book: 446 MB with mimalloc for histories, 418 with glibc, 411
// with dlmalloc, which joins neighbouring free places. With glibc every other large allocation then
// waits for its walk through the free places (a pipeline's answer took 4.8 ms instead of 1.1), so
// histories have a heap of their own: the dlmalloc that Boost.Container brings.
//
// Under sanitizers, which must see each block, it is operator new.
//
// Thread safety: both functions may be called from any thread.

#ifndef KUNDIG_ENGINE_HISTORY_MEMORY_H_
#define KUNDIG_ENGINE_HISTORY_MEMORY_H_

#include <cstddef>

namespace kundig::engine {

// What the heap keeps for itself in each place; places are multiples of kHistoryStepBytes.
inline constexpr size_t kHistoryKeptBytes = 8;
inline constexpr size_t kHistoryStepBytes = 16;

// Throws std::bad_alloc.
void* AllocateHistory(size_t bytes);
void FreeHistory(void* memory);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_HISTORY_MEMORY_H_
