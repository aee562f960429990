// A library that a test loads into kundigd before all others (LD_PRELOAD): the time of day is the
// machine's plus an offset that the test changes while the program runs. Time that only passes
// stays as it is, as it does where somebody sets a machine's clock.
//
//   KUNDIG_CLOCK_OFFSET  a file of 8 bytes: the offset in seconds
//
// Thread safety: any thread.

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

using Offset = const std::atomic<int64_t>;
static_assert(sizeof(Offset) == 8 && Offset::is_always_lock_free);

Offset* MapOffset() {
  const char* path = std::getenv("KUNDIG_CLOCK_OFFSET");
  const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  void* memory =
      file < 0 ? MAP_FAILED : mmap(nullptr, sizeof(Offset), PROT_READ, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) _exit(EXIT_FAILURE);
  close(file);
  return static_cast<Offset*>(memory);
}

time_t OffsetSeconds() {
  static Offset* const offset = MapOffset();
  return offset->load();
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  using Function = int(clockid_t, timespec*);
  static const auto next = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, "clock_gettime"));
  const int result = next(clock, now);
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now->tv_sec += OffsetSeconds();
  return result;
}

int gettimeofday(timeval* now, void*) noexcept {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  now->tv_sec = time.tv_sec;
  now->tv_usec = time.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* now) noexcept {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  if (now != nullptr) *now = time.tv_sec;
  return time.tv_sec;
}

}  // extern "C"
