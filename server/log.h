// The server's log: one JSON object a line on standard error, with time (UTC), level, component,
// message and the fields of the line.
//
// Lines are written as they come, so that the last words before a crash are not lost. What a remote
// side can cause many times over goes through RepeatedLine, so that nobody can flood the log.
//
// Thread safety: all functions, and the methods of RepeatedLine, may be called from any thread.

#ifndef KUNDIG_SERVER_LOG_H_
#define KUNDIG_SERVER_LOG_H_

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

namespace kundig::server {

enum class LogLevel : uint8_t { kTrace, kDebug, kInfo, kWarning, kError };

// "trace", "debug", "info", "warn" or "error", as the configuration writes it.
std::optional<LogLevel> ParseLogLevel(std::string_view name);

// Lines below `level` are left out; kInfo at the start.
void SetLogLevel(LogLevel level);

// `component` is the part of the server that speaks ("listener"); `message` a plain sentence or its
// beginning, the same for every line of its kind: what differs goes into `fields`.
void Log(LogLevel level, std::string_view component, std::string_view message,
         const boost::json::object& fields = {});

// Lets one line pass in each interval and counts the others.
class RepeatedLine {
 public:
  explicit RepeatedLine(std::chrono::milliseconds interval) : interval_(interval) {}

  // nullopt: leave the line out. Else how many were left out since the last one that passed.
  std::optional<uint64_t> Pass(std::chrono::steady_clock::time_point now);

 private:
  const std::chrono::milliseconds interval_;
  std::mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point> passed_at_;
  uint64_t left_out_ = 0;
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_LOG_H_
