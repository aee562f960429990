#include "server/server.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <thread>
#include <utility>

#include "engine/calendar.h"
#include "engine/durable_book.h"
#include "server/churn_refits.h"
#include "server/dispatch.h"
#include "server/housekeeping.h"
#include "server/interval_sync.h"
#include "server/log.h"
#include "server/network.h"
#include "server/reload.h"
#include "server/snapshots.h"

namespace kundig::server {

namespace {

// What the handshake and status say of a book that lives in memory only.
constexpr char kNoDurability[] = "none";

std::string DurabilityOf(const ServerOptions& options) {
  return options.data.empty() ? kNoDurability : options.durability;
}

// Nobody may be answered any more, and only a new start can find out what was kept.
void EndWithoutAnswer(const engine::Error& error) {
  Log(LogLevel::kError, "server", "the storage failed; stopping without answering what was written",
      {{"reason", error.message}});
  std::_Exit(EXIT_FAILURE);
}

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
  info.durability = DurabilityOf(configuration.server);
  info.max_profile_ids = configuration.server.max_profile_ids;
  info.max_batch_events = configuration.server.max_batch_events;
  return info;
}

engine::BookOptions ToBookOptions(const ServerOptions& options, engine::Day today,
                                  const SystemClock* clock) {
  engine::BookOptions book;
  book.today = today;
  book.shards = options.shards;
  book.threads = static_cast<int>(options.scan_threads);
  book.list_memory_bytes = options.list_memory_bytes;
  book.now = [clock] { return clock->WallTime(); };
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
    if (options.data.empty()) {
      Log(LogLevel::kWarning, "server",
          "the book lives in memory only: what it holds is gone when the server stops");
    } else if (SyncIntervalMs(options.durability) > 0) {
      Log(LogLevel::kWarning, "server",
          "writes are answered before they are on the disk: a crash of the machine may take the "
          "last of them",
          {{"durability", options.durability}});
    }

    if (engine::Result<void> listening = network_.Listen(options.listen); !listening) {
      return listening;
    }
    if (engine::Result<void> opened = OpenBook(); !opened) return opened;
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
         {"durability", DurabilityOf(options)}});
    return {};
  }

  const std::string& address() const { return network_.address(); }

  bool Stop(std::chrono::milliseconds drain_timeout) {
    if (dispatcher_ == nullptr) return true;
    // Who waits for a change would keep its connection open until there is one.
    dispatcher_->StopWatches();
    const bool all_answered = network_.Drain(drain_timeout);
    network_.Stop();
    // Whoever asked for a snapshot or backup that is still under way is gone.
    giving_up_ = true;
    // From the top down: nobody is called who has gone.
    dispatcher_->Stop();
    reload_.reset();
    refits_.reset();
    housekeeping_.reset();
    dispatcher_.reset();
    sync_.reset();
    giving_up_ = false;
    SaveAtTheEnd();
    snapshots_.reset();
    book_.reset();
    return all_answered;
  }

  void ReadConfigurationAgain() { static_cast<void>(reload_->Run()); }

  // What comes when the start is through already leaves the snapshot at the end alone.
  void GiveUpStarting() { giving_up_ = true; }
  // Also without the snapshot at the end.
  void CutOff() {
    cut_off_ = true;
    network_.CutOff();
  }

 private:
  engine::Result<void> OpenBook() {
    const ServerOptions& options = configuration_.server;
    const engine::Day wanted =
        configuration_.today.value_or(configuration_.rules->calendar().DayOf(clock_.WallTime()));
    if (wanted < engine::kFirstDay || wanted > engine::kLastDay) {
      return engine::Error{
          .code = engine::ErrorCode::kInvalidValue,
          .message = "the clock of this machine says " + engine::FormatDay(wanted) +
                     ", but a book goes from " + engine::FormatDay(engine::kFirstDay) + " to " +
                     engine::FormatDay(engine::kLastDay) + "; set the clock, or pin book.today",
          .field = "book.today",
          .position = {}};
    }
    const uint64_t interval_ms = SyncIntervalMs(options.durability);
    engine::DurabilityOptions durability;
    durability.folder = options.data;
    durability.sync_every_write = interval_ms == 0;
    durability.time_zone = configuration_.time_zone;
    durability.rules_text = TextOfRules(configuration_);
    durability.read_rules = RulesOfText;
    durability.now = [this] { return clock_.WallTime(); };
    durability.progress = [this](const engine::StartProgress& progress) { LogProgress(progress); };
    durability.stopping = [this] { return giving_up_ || cut_off_; };
    durability.accept_lost_tail = options.lost_tail == kAcceptLostTail;
    const auto begin = clock_.SteadyTime();
    engine::StateName looked_at;  // as the last process left the book
    if (options.data.empty()) {
      book_ = engine::DurableBook::InMemory(configuration_.rules,
                                            ToBookOptions(options, wanted, &clock_));
      looked_at = book_->book().Status().state;
    } else {
      engine::Recovery recovery;
      auto opened = engine::DurableBook::Open(
          configuration_.rules, ToBookOptions(options, wanted, &clock_), durability, &recovery);
      if (!opened) return opened.error();
      book_ = std::move(*opened);
      looked_at = book_->book().Status().state;
      looked_at.as_of = recovery.day_before;
      if (recovery.rules_changed) --looked_at.rules_version;
      LogRecovery(recovery, clock_.SteadyTime() - begin);
    }
    today_ = book_->book().Status().state.as_of;
    if (today_ < wanted) {
      Log(LogLevel::kError, "server", "there was no room on the disk for the day change",
          {{"today", engine::FormatDay(today_)}, {"given", engine::FormatDay(wanted)}});
    }
    if (configuration_.today && today_ > wanted) {
      Log(LogLevel::kWarning, "server",
          "the book is further on than the day it was given; it stays",
          {{"today", engine::FormatDay(today_)}, {"given", engine::FormatDay(wanted)}});
    }
    snapshots_.emplace(book_.get(), &clock_, options.snapshot_journal_bytes, EndWithoutAnswer);
    household_.emplace(book_.get(), EndWithoutAnswer);
    housekeeping_.emplace(&*household_, &clock_,
                          configuration_.today ? std::nullopt : std::optional(today_));
    reload_.emplace(configuration_, book_.get(),
                    Reload::Callbacks{.rules_changed =
                                          [this](const Configuration& in_force) {
                                            housekeeping_->BookChanged();
                                            network_.Announce(ToServerInfo(in_force));
                                          },
                                      .storage_failed = EndWithoutAnswer});
    refits_.emplace(book_.get(), looked_at, EndWithoutAnswer);
    dispatcher_ = std::make_unique<Dispatcher>(
        book_.get(), options, configuration_.today.has_value(), DurabilityOf(options),
        Dispatcher::Callbacks{
            .book_changed = [this] { housekeeping_->BookChanged(); },
            .storage_failed = EndWithoutAnswer,
            .save =
                [this](engine::Generations keep) { return snapshots_->Save(keep, "asked for"); },
            .backup = [this](const std::string& folder) { return snapshots_->Backup(folder); },
            .reload = [this] { return reload_->Run(); },
            .read_other_rules =
                [this](std::string_view text) { return RulesOfOther(text, configuration_); }});
    if (!options.data.empty() && interval_ms > 0) {
      sync_.emplace(std::chrono::milliseconds(interval_ms), [this] {
        const std::optional<engine::Error> error = book_->Sync();
        if (error) EndWithoutAnswer(*error);
        return !error;
      });
    }
    return {};
  }

  // So that the next start reads no journal. What fails costs that time, nothing else.
  void SaveAtTheEnd() {
    const engine::DurabilityStatus status = book_->Status();
    if (status.durable && status.unsaved_bytes > 0) {
      static_cast<void>(snapshots_->Save(engine::Generations::kKeepTwo, "the server stops"));
    }
  }

  void LogProgress(const engine::StartProgress& progress) {
    if (!progress_line_.Pass(clock_.SteadyTime())) return;
    const bool journal = progress.stage == engine::StartProgress::Stage::kJournal;
    Log(LogLevel::kInfo, "server", journal ? "reading the journal" : "loading the snapshot",
        {{journal ? "records" : "files", progress.done}, {"of", progress.of}});
  }

  void LogRecovery(const engine::Recovery& recovery, std::chrono::nanoseconds time) {
    const engine::StatusAnswer status = book_->book().Status();
    for (const std::string& note : recovery.notes) Log(LogLevel::kWarning, "server", note);
    for (const engine::Error& damage : recovery.damaged_below) {
      Log(LogLevel::kError, "server",
          "what the journal held before the snapshot is damaged; the book did not need it",
          {{"reason", damage.message}});
    }
    for (const engine::Error& damage : recovery.damaged) {
      Log(LogLevel::kError, "server", "a snapshot is damaged; an older one was read",
          {{"reason", damage.message}});
    }
    Log(LogLevel::kInfo, "server", "the book was read",
        {{"data", configuration_.server.data},
         {"snapshot", recovery.snapshot ? recovery.snapshot->begin_record : 0},
         {"records", recovery.last_record - recovery.first_record +
                         (recovery.first_record > 0 ? uint64_t{1} : 0)},
         {"events", recovery.events},
         {"customers", status.customers},
         {"journal_sequence", status.state.journal_sequence},
         {"milliseconds", std::chrono::duration_cast<std::chrono::milliseconds>(time).count()}});
    if (recovery.rules_changed) {
      Log(LogLevel::kWarning, "server",
          "other rules are in force than at the last stop: classes and segments may differ from "
          "answers of the same journal_sequence before");
    }
    if (status.state.as_of > recovery.day_before + 1) {
      Log(LogLevel::kWarning, "server",
          "the book went forward by several days, and no day comes back; where the clock is wrong, "
          "stop the server and restore a backup",
          {{"from", engine::FormatDay(recovery.day_before)},
           {"today", engine::FormatDay(status.state.as_of)}});
    }
    if (recovery.new_book) {
      Log(LogLevel::kWarning, "server", "the data folder held no book; a new one was begun",
          {{"data", configuration_.server.data}});
    }
    if (recovery.tail_torn) {
      Log(LogLevel::kWarning, "server",
          "the journal ended in a write that was never acknowledged; it was left out");
    }
    if (recovery.lost_records > 0) {
      Log(LogLevel::kWarning, "server", "acknowledged writes are gone, as lost_tail accepts",
          {{"records", recovery.lost_records}});
    }
  }

  const Configuration configuration_;
  std::atomic<bool> cut_off_{false};
  std::atomic<bool> giving_up_{false};  // the start, or a snapshot that somebody asked for
  const SystemClock clock_;
  RepeatedLine progress_line_{std::chrono::seconds(1)};
  engine::Day today_;  // at the start
  std::unique_ptr<engine::DurableBook> book_;
  std::optional<Snapshots> snapshots_;
  std::optional<BookHousehold> household_;
  std::optional<Housekeeping> housekeeping_;
  std::optional<Reload> reload_;
  std::optional<ChurnRefits> refits_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::optional<IntervalSync> sync_;
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
void Server::ReadConfigurationAgain() {
  impl_->ReadConfigurationAgain();
}
void Server::GiveUpStarting() {
  impl_->GiveUpStarting();
}
void Server::CutOff() {
  impl_->CutOff();
}

}  // namespace kundig::server
