#include "server/incidents.h"

#include <optional>
#include <string_view>

#include "server/limits.h"

namespace kundig::server {

namespace {

struct Wording {
  LogLevel level;
  std::string_view component;
  std::string_view message;
};

Wording WordingOf(Incident incident) {
  switch (incident) {
    case Incident::kBadFrame:
      return {LogLevel::kWarning, "session", "a client sent a broken frame and was closed"};
    case Incident::kBadMessage:
      return {LogLevel::kWarning, "session", "a client sent an unsound message and was closed"};
    case Incident::kTruncatedFrame:
      return {LogLevel::kWarning, "session", "a client closed within a frame"};
    case Incident::kHandshakeFailed:
      return {LogLevel::kWarning, "session", "a client did not shake hands and was closed"};
    case Incident::kFrameTimedOut:
      return {LogLevel::kWarning, "session", "a client did not end its frame and was closed"};
    case Incident::kStalledClient:
      return {LogLevel::kWarning, "session", "a client stopped reading and was cut off"};
    case Incident::kIdleClient:
      return {LogLevel::kInfo, "session", "a client was idle and was closed"};
    case Incident::kConnectionLost:
      return {LogLevel::kInfo, "session", "a connection was lost"};
    case Incident::kConnectionRefused:
      return {LogLevel::kWarning, "listener", "a connection was refused: max_connections are open"};
    case Incident::kAcceptFailed:
      return {LogLevel::kError, "listener", "accepting failed and pauses"};
  }
  return {LogLevel::kError, "session", "an incident without a name"};
}

}  // namespace

Incidents::Entry::Entry() : line(kRepeatedLogInterval) {}

Incidents::Incidents() = default;

void Incidents::Report(Incident incident, const boost::json::object& fields) {
  Entry& entry = entries_[static_cast<size_t>(incident)];
  entry.count.fetch_add(1, std::memory_order_relaxed);
  const std::optional<uint64_t> left_out = entry.line.Pass(std::chrono::steady_clock::now());
  if (!left_out) return;
  const Wording wording = WordingOf(incident);
  boost::json::object with_count = fields;
  if (*left_out > 0) with_count.emplace("left_out", *left_out);
  Log(wording.level, wording.component, wording.message, with_count);
}

}  // namespace kundig::server
