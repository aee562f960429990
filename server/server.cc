#include "server/server.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <thread>
#include <utility>

#include "engine/book.h"
#include "engine/calendar.h"
#include "server/dispatch.h"
#include "server/housekeeping.h"
#include "server/log.h"
#include "server/network.h"

namespace kundig::server {

namespace {

constexpr char kDurability[] = "none";

NetworkOptions ToNetworkOptions(const ServerOptions& options) {
  NetworkOptions network;
  const uint32_t threads =
      options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  network.threads = static_cast<int>(std::min<uint32_t>(threads, kMaxNetworkThreads));
  network.max_connections = options.max_connections;
  network.session.max_frame_bytes = options.max_frame_bytes;
  network.session.max_in_flight = options.max_in_flight;
  return network;
}

ServerInfo ToServerInfo(const Configuration& configuration) {
  ServerInfo info;
  info.name = "kundigd";
  info.version = KUNDIG_VERSION;
  info.currency = configuration.rules->settings().currency;
  info.time_zone = configuration.time_zone;
  for (const engine::StageSetting& stage : configuration.rules->stages()) {
    info.stages.push_back(stage.name);
  }
  info.durability = kDurability;
  info.max_profile_ids = configuration.server.max_profile_ids;
  info.max_batch_events = configuration.server.max_batch_events;
  return info;
}

engine::BookOptions ToBookOptions(const ServerOptions& options, engine::Day today) {
  engine::BookOptions book;
  book.today = today;
  book.shards = options.shards;
  book.threads = static_cast<int>(options.scan_threads);
  book.list_memory_bytes = options.list_memory_bytes;
  return book;
}

// Whoever waits for the file finds the whole address in it: it appears by rename.
engine::Result<void> WriteAddressFile(const std::string& path, const std::string& address) {
  const std::string unfinished = path + ".unfinished";
  std::ofstream file(unfinished, std::ios::trunc);
  file << address << "\n";
  file.close();
  if (file && std::rename(unfinished.c_str(), path.c_str()) == 0) return {};
  return engine::Error{.code = engine::ErrorCode::kInvalidValue,
                       .message = "Cannot write the address file " + path + ": " +
                                  std::strerror(errno) + "; choose another with --address-file.",
                       .field = "address_file",
                       .position = {}};
}

}  // namespace

class Server::Impl {
 public:
  explicit Impl(Configuration configuration)
      : configuration_(std::move(configuration)),
        network_(ToNetworkOptions(configuration_.server)) {}
  ~Impl() { Stop(std::chrono::milliseconds{0}); }

  engine::Result<void> Start() {
    const ServerOptions& options = configuration_.server;
    if (const std::optional<LogLevel> level = ParseLogLevel(options.log_level)) {
      SetLogLevel(*level);
    }
    Log(LogLevel::kInfo, "server", "starting", {{"version", KUNDIG_VERSION}});
    Log(LogLevel::kWarning, "server",
        "the book lives in memory only: what it holds is gone when the server stops");
    for (const std::string& note : configuration_.notes) Log(LogLevel::kInfo, "server", note);

    if (engine::Result<void> listening = network_.Listen(options.listen); !listening) {
      return listening;
    }
    StartBook();
    network_.Start(ToServerInfo(configuration_), dispatcher_.get());
    if (!options.address_file.empty()) {
      if (engine::Result<void> written = WriteAddressFile(options.address_file, address());
          !written) {
        return written;
      }
    }
    Log(LogLevel::kInfo, "server", "answering",
        {{"address", address()},
         {"network_threads", ToNetworkOptions(options).threads},
         {"max_connections", options.max_connections},
         {"today", engine::FormatDay(today_)},
         {"today_is_pinned", configuration_.today.has_value()},
         {"time_zone", configuration_.time_zone},
         {"durability", kDurability}});
    return {};
  }

  const std::string& address() const { return network_.address(); }

  bool Stop(std::chrono::milliseconds drain_timeout) {
    if (dispatcher_ == nullptr) return true;
    const bool all_answered = network_.Drain(drain_timeout);
    network_.Stop();
    // From the top down: nobody is called who has gone.
    dispatcher_->Stop();
    housekeeping_.reset();
    dispatcher_.reset();
    return all_answered;
  }

  void CutOff() { network_.CutOff(); }

 private:
  void StartBook() {
    today_ =
        configuration_.today.value_or(configuration_.rules->calendar().DayOf(clock_.WallTime()));
    book_.emplace(configuration_.rules, ToBookOptions(configuration_.server, today_));
    household_.emplace(&*book_);
    housekeeping_.emplace(&*household_, &clock_,
                          configuration_.today ? std::nullopt : std::optional(today_));
    dispatcher_ = std::make_unique<Dispatcher>(&*book_, configuration_.server,
                                               configuration_.today.has_value(),
                                               [this] { housekeeping_->BookChanged(); });
  }

  const Configuration configuration_;
  const SystemClock clock_;
  engine::Day today_;  // at the start
  std::optional<engine::Book> book_;
  std::optional<BookHousehold> household_;
  std::optional<Housekeeping> housekeeping_;
  std::unique_ptr<Dispatcher> dispatcher_;
  Network network_;  // last: its threads use the rest
};

Server::Server(Configuration configuration)
    : impl_(std::make_unique<Impl>(std::move(configuration))) {}
Server::~Server() = default;

engine::Result<void> Server::Start() {
  return impl_->Start();
}
std::string Server::address() const {
  return impl_->address();
}
bool Server::Stop(std::chrono::milliseconds drain_timeout) {
  return impl_->Stop(drain_timeout);
}
void Server::CutOff() {
  impl_->CutOff();
}

}  // namespace kundig::server
