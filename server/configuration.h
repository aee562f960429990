// What the server is told at its start: command line over environment over TOML file over default.
//
// Everything is checked here, the rules of the book included: what LoadConfiguration gives can be
// served without a further look. The reference of all settings is CONFIGURATION.md; a test compares
// it with the table of options (options.h).
//
// Thread safety: plain values; loading is for the start of a program.

#ifndef KUNDIG_SERVER_CONFIGURATION_H_
#define KUNDIG_SERVER_CONFIGURATION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/result.h"
#include "engine/rules.h"
#include "engine/units.h"
#include "schemas/limits.h"
#include "server/limits.h"

namespace kundig::server {

inline constexpr char kSyncDurability[] = "sync";
inline constexpr char kAcceptLostTail[] = "accept";
// The milliseconds of interval=MS, at most a minute; 0 for anything else.
uint64_t SyncIntervalMs(std::string_view durability);

// The section [server], and memory_limit of [book]. The same names are flags (--max-connections)
// and environment variables (KUNDIGD_MAX_CONNECTIONS).
struct ServerOptions {
  std::string listen = "127.0.0.1:7400";     // HOST:PORT; port 0 takes a free one
  std::string address_file;                  // gets the address in use; empty = none
  std::string data;                          // folder of durable data; empty = memory only
  std::string durability = kSyncDurability;  // or interval=MS
  uint64_t snapshot_journal_bytes = uint64_t{1} << 30;  // written since the last snapshot
  std::string lost_tail = "refuse";                     // or kAcceptLostTail
  std::string log_level = "info";                       // trace, debug, info, warn, error

  uint32_t threads = 0;  // network threads; 0 = one for each processor
  uint32_t max_connections = kMaxConnections;
  uint32_t max_in_flight = wire::kMaxInFlight;      // requests without an answer, a connection
  uint32_t max_frame_bytes = wire::kMaxFrameBytes;  // payload of one frame, either way
  uint32_t max_profile_ids = wire::kMaxProfileIds;  // customers in one profiles or records request
  uint32_t max_batch_events = wire::kMaxBatchEvents;  // events in one batch

  uint32_t query_threads = 2;                      // requests that scan the book at the same time
  uint32_t max_queued_queries = 256;               // scans that wait for a query thread
  uint32_t max_open_lists = 16;                    // lists of more than one chunk being sent
  uint32_t shards = 64;                            // a power of two
  uint32_t scan_threads = 0;                       // workers of scans; 0 = one for each processor
  uint64_t list_memory_bytes = uint64_t{1} << 30;  // rows of one list
  uint64_t memory_limit_bytes = 0;                 // book.memory_limit; 0 = see memory_limit.h
};

// What the command line asks the program to do.
enum class Task : uint8_t {
  kServe,
  kPrintText,  // --help, --version, --check-config, --print-config: print `text`, exit code 0
  kVerify,     // --verify: read the data folder, change nothing
  kRestore,    // --restore: make the data folder of the backup `restore_from`
};

struct Configuration {
  Task task = Task::kServe;
  std::string text;
  std::string restore_from;

  ServerOptions server;
  std::string time_zone = "UTC";               // an IANA name
  std::optional<engine::Day> today;            // pinned by book.today
  std::shared_ptr<const engine::Rules> rules;  // checked, with the offsets of `time_zone`
  // What the same command line gives now; of one that LoadConfiguration gave.
  std::function<engine::Result<Configuration>()> read_again;
};

// The value of an environment variable; nullopt where it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// The environment of this process.
Environment ProcessEnvironment();

// `argv[0]` is the program's name. Errors: one sentence for standard error that names the place:
// `FILE:LINE: section.key: what was expected`, or the flag or environment variable at fault. A
// wrong usage (a flag that there is not) has the code kUnknownField.
engine::Result<Configuration> LoadConfiguration(int argc, const char* const* argv,
                                                const Environment& environment);

// The rules as a text, and the rules of such a text: what the journal keeps. The text of the same
// rules is the same, and a later release still reads it.
std::string TextOfRules(const Configuration& configuration);
engine::Result<std::shared_ptr<const engine::Rules>> RulesOfText(std::string_view text);

// The rules of another configuration file, read as at a start, for the book of this configuration:
// the sections that judge customers count, and currency and time zone must be the same.
engine::Result<std::shared_ptr<const engine::Rules>> RulesOfOther(
    std::string_view text, const Configuration& configuration);

// The effective configuration as a TOML file that LoadConfiguration takes.
std::string PrintConfiguration(const Configuration& configuration);

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_CONFIGURATION_H_
