#include "server/options.h"

#include <bit>
#include <charconv>
#include <type_traits>

#include "engine/limits.h"
#include "server/log.h"

namespace kundig::server {
namespace {

constexpr uint64_t kMinSnapshotJournalBytes = uint64_t{64} << 10;
constexpr uint64_t kMaxSnapshotJournalBytes = uint64_t{1} << 40;
constexpr uint64_t kMaxSyncIntervalMs = 60'000;
constexpr uint64_t kMaxQueryThreads = 64;
constexpr uint64_t kMaxQueuedQueries = 100'000;
constexpr uint64_t kMaxOpenLists = 1'000;
constexpr uint64_t kMaxScanThreads = 1'024;
constexpr uint64_t kMinListMemoryBytes = uint64_t{1} << 20;
constexpr uint64_t kMaxListMemoryBytes = uint64_t{1} << 40;

bool ReadNumber(std::string_view text, uint64_t* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size();
}

bool IsAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  uint64_t port = 0;
  return colon != std::string::npos && colon > 0 && ReadNumber(text.substr(colon + 1), &port) &&
         port <= 65'535;
}

bool IsLogLevel(const std::string& text) {
  return ParseLogLevel(text).has_value();
}

bool IsPath(const std::string& text) {
  return text.find('\0') == std::string::npos;
}

bool IsDurability(const std::string& text) {
  return text == kSyncDurability || SyncIntervalMs(text) > 0;
}

bool IsLostTail(const std::string& text) {
  return text == "refuse" || text == kAcceptLostTail;
}

bool IsPowerOfTwo(const std::string& text) {
  uint64_t value = 0;
  return ReadNumber(text, &value) && std::has_single_bit(value);
}

constexpr char kAddressForm[] = "HOST:PORT, with port 0 for a free one";
constexpr char kPathForm[] = "a path";
constexpr char kLevelForm[] = "trace, debug, info, warn or error";
constexpr char kDurabilityForm[] = "sync, or interval=MS with MS from 1 to 60000";
constexpr char kLostTailForm[] = "refuse (to start) or accept";
constexpr char kShardsForm[] = "a power of two";

const OptionSpec kOptions[] = {
    {.name = "listen",
     .help = "address to serve on; loopback unless told otherwise",
     .member = &ServerOptions::listen,
     .form = kAddressForm,
     .accepts = IsAddress},
    {.name = "address_file",
     .help = "file that gets the address in use once the server answers",
     .member = &ServerOptions::address_file,
     .form = kPathForm,
     .accepts = IsPath},
    {.name = "data",
     .help = "folder of durable data; without it the book lives in memory only",
     .member = &ServerOptions::data,
     .form = kPathForm,
     .accepts = IsPath},
    {.name = "durability",
     .help = "when a write is answered: sync waits for the disk, interval=MS syncs every MS ms",
     .member = &ServerOptions::durability,
     .form = kDurabilityForm,
     .accepts = IsDurability},
    {.name = "snapshot_journal_bytes",
     .help = "the book is saved when that much was written since the last snapshot",
     .member = &ServerOptions::snapshot_journal_bytes,
     .low = kMinSnapshotJournalBytes,
     .high = kMaxSnapshotJournalBytes},
    {.name = "lost_tail",
     .help = "what to do where acknowledged writes at the end of the journal are gone",
     .member = &ServerOptions::lost_tail,
     .form = kLostTailForm,
     .accepts = IsLostTail},
    {.name = "log_level",
     .help = "least level that is logged",
     .member = &ServerOptions::log_level,
     .form = kLevelForm,
     .accepts = IsLogLevel},
    {.name = "threads",
     .help = "network threads; 0 takes one for each processor",
     .member = &ServerOptions::threads,
     .low = 0,
     .high = kMaxNetworkThreads},
    {.name = "max_connections",
     .help = "connections open at a time",
     .member = &ServerOptions::max_connections,
     .low = 1,
     .high = kLargestMaxConnections},
    {.name = "max_in_flight",
     .help = "requests without an answer on one connection",
     .member = &ServerOptions::max_in_flight,
     .low = 1,
     .high = wire::kLargestMaxInFlight},
    {.name = "max_frame_bytes",
     .help = "payload of one frame, either way",
     .member = &ServerOptions::max_frame_bytes,
     .low = wire::kSmallestMaxFrameBytes,
     .high = wire::kLargestMaxFrameBytes},
    {.name = "max_profile_ids",
     .help = "customers in one profiles or records request",
     .member = &ServerOptions::max_profile_ids,
     .low = 1,
     .high = wire::kLargestMaxProfileIds},
    {.name = "max_batch_events",
     .help = "events in one batch",
     .member = &ServerOptions::max_batch_events,
     .low = 1,
     .high = wire::kLargestMaxBatchEvents},
    {.name = "query_threads",
     .help = "requests that scan the book at the same time",
     .member = &ServerOptions::query_threads,
     .low = 1,
     .high = kMaxQueryThreads},
    {.name = "max_queued_queries",
     .help = "scans that wait for a query thread; one more is answered overloaded",
     .member = &ServerOptions::max_queued_queries,
     .low = 1,
     .high = kMaxQueuedQueries},
    {.name = "max_open_lists",
     .help = "lists and exports of more than one chunk being sent; one more is answered overloaded",
     .member = &ServerOptions::max_open_lists,
     .low = 1,
     .high = kMaxOpenLists},
    {.name = "list_memory_bytes",
     .help = "rows of one list, events of one export; a longer one is answered result_too_large",
     .member = &ServerOptions::list_memory_bytes,
     .low = kMinListMemoryBytes,
     .high = kMaxListMemoryBytes},
    {.name = "shards",
     .help = "parts that the customers are split into; a power of two",
     .member = &ServerOptions::shards,
     .low = 1,
     .high = engine::kMaxShards,
     .form = kShardsForm,
     .accepts = IsPowerOfTwo},
    {.name = "scan_threads",
     .help = "workers that scans share; 0 takes one for each processor",
     .member = &ServerOptions::scan_threads,
     .low = 0,
     .high = kMaxScanThreads},
};

}  // namespace

uint64_t SyncIntervalMs(std::string_view durability) {
  constexpr std::string_view kInterval = "interval=";
  uint64_t ms = 0;
  if (!durability.starts_with(kInterval)) return 0;
  return ReadNumber(durability.substr(kInterval.size()), &ms) && ms <= kMaxSyncIntervalMs ? ms : 0;
}

std::span<const OptionSpec> OptionSpecs() {
  return kOptions;
}

std::string FlagOf(const OptionSpec& option) {
  std::string flag = "--" + std::string(option.name);
  for (char& c : flag) {
    if (c == '_') c = '-';
  }
  return flag;
}

std::string EnvironmentVariableOf(std::string_view name) {
  std::string variable = "KUNDIGD_";
  for (const char c : name) {
    variable += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return variable;
}

bool IsNumber(const OptionSpec& option) {
  return !std::holds_alternative<std::string ServerOptions::*>(option.member);
}

std::string ValueOf(const OptionSpec& option, const ServerOptions& options) {
  return std::visit(
      [&](auto member) {
        const auto& value = options.*member;
        if constexpr (std::is_same_v<decltype(value), const std::string&>) {
          return value;
        } else {
          return std::to_string(value);
        }
      },
      option.member);
}

std::string Expected(const OptionSpec& option) {
  if (!IsNumber(option)) return "expected " + std::string(option.form);
  return "expected " + std::string(option.form == nullptr ? "a whole number" : option.form) +
         " from " + std::to_string(option.low) + " to " + std::to_string(option.high);
}

bool SetOption(const OptionSpec& option, const std::string& text, ServerOptions* options) {
  if (option.accepts != nullptr && !option.accepts(text)) return false;
  if (const auto* member = std::get_if<std::string ServerOptions::*>(&option.member)) {
    options->** member = text;
    return true;
  }
  uint64_t number = 0;
  if (!ReadNumber(text, &number) || number < option.low || number > option.high) return false;
  if (const auto* member = std::get_if<uint64_t ServerOptions::*>(&option.member)) {
    options->** member = number;
  } else {
    options->**std::get_if<uint32_t ServerOptions::*>(&option.member) =
        static_cast<uint32_t>(number);
  }
  return true;
}

}  // namespace kundig::server
