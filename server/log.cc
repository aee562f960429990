#include "server/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <memory>
#include <string>

namespace kundig::server {

namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return spdlog::level::trace;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

spdlog::logger& TheLogger() {
  static spdlog::logger logger = [] {
    spdlog::logger made("kundigd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})", spdlog::pattern_time_type::utc));
    made.set_level(spdlog::level::info);
    return made;
  }();
  return logger;
}

}  // namespace

std::optional<LogLevel> ParseLogLevel(std::string_view name) {
  if (name == "trace") return LogLevel::kTrace;
  if (name == "debug") return LogLevel::kDebug;
  if (name == "info") return LogLevel::kInfo;
  if (name == "warn") return LogLevel::kWarning;
  if (name == "error") return LogLevel::kError;
  return std::nullopt;
}

void SetLogLevel(LogLevel level) {
  TheLogger().set_level(ToSpdlog(level));
}

void Log(LogLevel level, std::string_view component, std::string_view message,
         const boost::json::object& fields) {
  spdlog::logger& logger = TheLogger();
  const spdlog::level::level_enum spdlog_level = ToSpdlog(level);
  if (!logger.should_log(spdlog_level)) return;
  boost::json::object line;
  line.emplace("component", boost::json::string_view(component.data(), component.size()));
  line.emplace("message", boost::json::string_view(message.data(), message.size()));
  for (const auto& field : fields) line.emplace(field.key(), field.value());
  const std::string text = boost::json::serialize(line);
  // Without its braces, because the pattern opens and closes the object.
  logger.log(spdlog_level, spdlog::string_view_t(text.data() + 1, text.size() - 2));
}

std::optional<uint64_t> RepeatedLine::Pass(std::chrono::steady_clock::time_point now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (passed_at_ && now - *passed_at_ < interval_) {
    ++left_out_;
    return std::nullopt;
  }
  passed_at_ = now;
  const uint64_t left_out = left_out_;
  left_out_ = 0;
  return left_out;
}

}  // namespace kundig::server
