// A library that a test loads into kundigd before all others (LD_PRELOAD): the process kills itself
// at a named point around the calls that change its data folder. So the program that is tested is
// the one that is shipped, which knows nothing of this, and what its libraries do counts too.
//
//   KUNDIG_FAIL_POINT   WHEN:CALL:N, the Nth call of its kind: WHEN is before, after, or half (only
//                       of a write, of which half of the bytes are written); CALL is write, sync,
//                       rename or remove
//   KUNDIG_FAIL_FOLDER  calls on what lies below it count
//   KUNDIG_FAIL_ARMED   calls count once this file is there; from the start where it is not set
//   KUNDIG_FAIL_REPORT  a file that says "loaded", and the point behind it when it was reached
//
// Thread safety: as the calls that are wrapped.

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr char kUsage[] = "fail_points: KUNDIG_FAIL_POINT is WHEN:CALL:N\n";

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Not through the wrapped calls.
void Report(const std::string& path, const std::string& line) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0 || syscall(SYS_write, file, line.data(), line.size()) < 0) _exit(EXIT_FAILURE);
  close(file);
}

struct Plan {
  const std::string point = FromEnvironment("KUNDIG_FAIL_POINT");
  const std::string folder = FromEnvironment("KUNDIG_FAIL_FOLDER") + "/";
  const std::string armed = FromEnvironment("KUNDIG_FAIL_ARMED");
  const std::string report = FromEnvironment("KUNDIG_FAIL_REPORT");
  std::string when, call;
  long number = 0;
  std::atomic<long> passed{0};

  Plan() {
    const size_t first = point.find(':'), second = point.rfind(':');
    if (first == second) {
      static_cast<void>(syscall(SYS_write, STDERR_FILENO, kUsage, sizeof(kUsage) - 1));
      _exit(EXIT_FAILURE);
    }
    when = point.substr(0, first);
    call = point.substr(first + 1, second - first - 1);
    number = std::atol(point.c_str() + second + 1);
    Report(report, "loaded\n");
  }
};

Plan& ThePlan() {
  static Plan plan;
  return plan;
}

// So that the report is there before the program's main begins.
[[gnu::constructor]] void Load() {
  ThePlan();
}

bool IsBelow(const char* path) {
  const std::string& folder = ThePlan().folder;
  return std::strncmp(path, folder.c_str(), folder.size()) == 0;
}

bool IsBelow(int file) {
  char link[32], path[512];
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof(path) - 1);
  if (length < 0) return false;
  path[length] = '\0';
  return IsBelow(path);
}

[[noreturn]] void Die() {
  Report(ThePlan().report, ThePlan().point + "\n");
  kill(getpid(), SIGKILL);
  while (true) pause();
}

// One call: dies before or after it where the plan says so.
class Call {
 public:
  Call(const char* name, bool below) {
    Plan& plan = ThePlan();
    if (!below || plan.call != name) return;
    if (!plan.armed.empty() && access(plan.armed.c_str(), F_OK) != 0) return;
    is_the_one_ = ++plan.passed == plan.number;
    if (Dies("before")) Die();
  }
  ~Call() {
    if (Dies("after")) Die();
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  bool Dies(const char* when) const { return is_the_one_ && ThePlan().when == when; }

 private:
  bool is_the_one_ = false;
};

// What the next library has under this name.
template <typename F>
F* Next(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* bytes, size_t count) {
  static const auto next = Next<decltype(write)>("write");
  const Call call("write", IsBelow(file));
  if (call.Dies("half")) {
    next(file, bytes, count / 2);
    Die();
  }
  return next(file, bytes, count);
}

ssize_t pwrite(int file, const void* bytes, size_t count, off_t at) {
  static const auto next = Next<decltype(pwrite)>("pwrite");
  const Call call("write", IsBelow(file));
  if (call.Dies("half")) {
    next(file, bytes, count / 2, at);
    Die();
  }
  return next(file, bytes, count, at);
}

int ftruncate(int file, off_t bytes) noexcept {
  static const auto next = Next<int(int, off_t)>("ftruncate");
  const Call call("write", IsBelow(file));
  if (call.Dies("half")) Die();
  return next(file, bytes);
}

int fsync(int file) {
  static const auto next = Next<decltype(fsync)>("fsync");
  const Call call("sync", IsBelow(file));
  return next(file);
}

int fdatasync(int file) {
  static const auto next = Next<decltype(fdatasync)>("fdatasync");
  const Call call("sync", IsBelow(file));
  return next(file);
}

int rename(const char* from, const char* to) noexcept {
  static const auto next = Next<int(const char*, const char*)>("rename");
  const Call call("rename", IsBelow(to));
  return next(from, to);
}

int unlink(const char* path) noexcept {
  static const auto next = Next<int(const char*)>("unlink");
  const Call call("remove", IsBelow(path));
  return next(path);
}

int rmdir(const char* path) noexcept {
  static const auto next = Next<int(const char*)>("rmdir");
  const Call call("remove", IsBelow(path));
  return next(path);
}

}  // extern "C"
