// kundigd: reads its configuration, serves, and drains on SIGTERM or SIGINT; a second signal cuts
// the drain short. SIGHUP puts the rules of the configuration as it is then in force.
//
// Exit codes: 0 asked to stop, or what was asked is done; 1 could not start, the data are damaged,
// or the storage failed; 2 wrong usage.

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include "engine/durable_book.h"
#include "engine/result.h"
#include "server/configuration.h"
#include "server/limits.h"
#include "server/log.h"
#include "server/memory_allocator.h"
#include "server/server.h"

namespace {

using kundig::engine::DurableBook;
using kundig::server::Configuration;
using kundig::server::Log;
using kundig::server::LogLevel;

constexpr int kExitStopped = 0;
constexpr int kExitCannotStart = 1;
constexpr int kExitUsage = 2;

// As many descriptors as the connections need; says so where the machine gives fewer.
void AllowDescriptors(uint32_t max_connections) {
  const rlim_t wanted = rlim_t{max_connections} + kundig::server::kMaxRefusedConnections +
                        kundig::server::kReservedFileDescriptors;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= wanted) return;
  Log(LogLevel::kWarning, "server",
      "the machine allows fewer file descriptors than max_connections needs; raise its limit",
      {{"descriptors", uint64_t{limit.rlim_cur}}, {"needed", uint64_t{wanted}}});
}

int Report(const kundig::engine::Error& error) {
  std::fprintf(stderr, "kundigd: %s\n", error.message.c_str());
  return kExitCannotStart;
}

int Verify(const std::string& folder) {
  kundig::engine::Verification found;
  if (const auto error = DurableBook::Verify(folder, &found)) return Report(*error);
  std::printf("%s is sound. Snapshots read: %llu, records of the journal: %llu.\n", folder.c_str(),
              static_cast<unsigned long long>(found.generations),
              static_cast<unsigned long long>(found.records));
  for (const std::string& note : found.notes) std::printf("%s\n", note.c_str());
  return kExitStopped;
}

int Restore(const std::string& backup, const std::string& folder) {
  if (const auto error = DurableBook::Restore(backup, folder)) return Report(*error);
  std::printf("%s was made of %s and read back; start kundigd with --data %s.\n", folder.c_str(),
              backup.c_str(), folder.c_str());
  return kExitStopped;
}

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

sigset_t AwaitedSignals() {
  sigset_t signals = StopSignals();
  sigaddset(&signals, SIGHUP);
  return signals;
}

// With the awaited signals blocked, so that every thread leaves them to the waits below.
int Serve(Configuration configuration) {
  const sigset_t stop_signals = StopSignals(), awaited = AwaitedSignals();
  // A reader of the log that goes away must not take the server with it.
  signal(SIGPIPE, SIG_IGN);

  AllowDescriptors(configuration.server.max_connections);
  const kundig::server::MemoryAllocator allocator = kundig::server::ActiveMemoryAllocator();
  Log(allocator.as_built ? LogLevel::kInfo : LogLevel::kWarning, "server",
      allocator.as_built ? "memory allocator"
                         : "mimalloc was linked but does not serve this process; it will be slower",
      {{"allocator", allocator.name}});
  kundig::server::Server server(std::move(configuration));
  // A start may read for minutes.
  std::atomic<bool> starting{true};
  std::atomic<int> stop_asked{0};  // the signal
  std::thread early_signal([&] {
    const timespec poll{.tv_sec = 0, .tv_nsec = 20'000'000};
    while (starting && stop_asked == 0) {
      const int asked = sigtimedwait(&stop_signals, nullptr, &poll);
      if (asked < 0) continue;
      stop_asked = asked;
      server.GiveUpStarting();
    }
  });
  const kundig::engine::Result<void> started = server.Start();
  starting = false;
  early_signal.join();
  if (!started && stop_asked != 0 && started.error().code == kundig::engine::ErrorCode::kStopping) {
    Log(LogLevel::kInfo, "server", "stopped before the start was through");
    return kExitStopped;
  }
  if (!started) {
    std::fprintf(stderr, "kundigd: %s\n", started.error().message.c_str());
    return kExitCannotStart;
  }

  int received = stop_asked;
  while (received == 0 && sigwait(&awaited, &received) == 0 && received == SIGHUP) {
    server.ReadConfigurationAgain();
    received = 0;
  }
  Log(LogLevel::kInfo, "server", "draining",
      {{"signal", strsignal(received)},
       {"drain_timeout_ms", kundig::server::kDrainTimeout.count()}});
  std::atomic<bool> stopped{false};
  std::thread second_signal([&] {
    const timespec poll{.tv_sec = 0, .tv_nsec = 20'000'000};
    while (!stopped) {
      if (sigtimedwait(&stop_signals, nullptr, &poll) < 0) continue;
      Log(LogLevel::kWarning, "server", "a second signal ends the draining");
      server.CutOff();
    }
  });
  const bool all_answered = server.Stop();
  stopped = true;
  second_signal.join();
  Log(all_answered ? LogLevel::kInfo : LogLevel::kWarning, "server", "stopped",
      {{"all_answered", all_answered}});
  return kExitStopped;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    // From here on a signal waits until the server does, also while the configuration is read.
    const sigset_t awaited = AwaitedSignals();
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, &awaited, &before);
    kundig::engine::Result<Configuration> configuration =
        kundig::server::LoadConfiguration(argc, argv, kundig::server::ProcessEnvironment());
    if (!configuration) {
      std::fprintf(stderr, "kundigd: %s\n", configuration.error().message.c_str());
      // As LoadConfiguration says it: a flag that there is not.
      return configuration.error().code == kundig::engine::ErrorCode::kUnknownField
                 ? kExitUsage
                 : kExitCannotStart;
    }
    if (configuration->task == kundig::server::Task::kServe) {
      return Serve(std::move(*configuration));
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (configuration->task == kundig::server::Task::kPrintText) {
      std::fputs(configuration->text.c_str(), stdout);
      return kExitStopped;
    }
    if (configuration->task == kundig::server::Task::kVerify) {
      return Verify(configuration->server.data);
    }
    return Restore(configuration->restore_from, configuration->server.data);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "kundigd: stopped by an unexpected failure: %s\n", exception.what());
    return kExitCannotStart;
  }
}
