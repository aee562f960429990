// A server with durable data that is killed with SIGKILL again and again under writers: at random,
// at every point around a write, sync, rename or removal in its folder, while it serves and while
// it starts. After each start the book holds exactly what was acknowledged, and of what nobody
// knows some batches, each whole and once. And a server that is asked to stop leaves nobody who was
// answered in doubt.
//
// KUNDIG_LONG_TESTS=1 takes hundreds of lives instead of dozens, and a million events.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "client/client.h"
#include "tests/end_to_end/ledger.h"
#include "tests/end_to_end/ledger_writers.h"
#include "tests/end_to_end/programs.h"

namespace kundig::end_to_end {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

bool LongTests() {
  return std::getenv("KUNDIG_LONG_TESTS") != nullptr;
}

// An address to which a server comes back. Not of those that the machine gives to outgoing
// connections: one of them could take it while the server is away.
std::string LastingAddress() {
  std::mt19937 random(std::random_device{}());
  for (int i = 0; i < 1000; ++i) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    const uint16_t port = static_cast<uint16_t>(10'000 + random() % 20'000);
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int probe = socket(AF_INET, SOCK_STREAM, 0);
    const bool is_free = probe >= 0 && bind(probe, reinterpret_cast<const sockaddr*>(&address),
                                            sizeof(address)) == 0;
    close(probe);
    if (is_free) return "127.0.0.1:" + std::to_string(port);
  }
  ADD_FAILURE() << "no free port";
  return "127.0.0.1:0";
}

constexpr size_t kBatchEvents = 100;

// A point of tests/end_to_end/preloaded_fail_points.cc, without its number.
struct FailPoint {
  const char* when;
  const char* call;
  long highest;  // number that is tried

  std::string name() const { return std::string(when) + ":" + call; }
};

// What a server may meet between two answers, and what it does when it starts.
constexpr FailPoint kServing[] = {
    {"before", "write", 400}, {"half", "write", 400},   {"after", "write", 400},
    {"before", "sync", 200},  {"after", "sync", 200},   {"before", "rename", 20},
    {"after", "rename", 20},  {"before", "remove", 60}, {"after", "remove", 60}};
constexpr FailPoint kStarting[] = {
    {"before", "write", 9}, {"half", "write", 9},    {"after", "write", 9},
    {"before", "sync", 9},  {"after", "sync", 9},    {"before", "rename", 4},
    {"after", "rename", 4}, {"before", "remove", 9}, {"after", "remove", 9}};

// How a life of the server ends.
struct End {
  std::string point = {};  // WHEN:CALL:N; none where empty
  bool while_starting = false;
  std::optional<std::chrono::microseconds> kill_after = {};  // while it starts
  // Of the load, behind which the signal is sent. A life that is to end at a point is killed then,
  // without having reached it.
  std::chrono::milliseconds load{100};
  std::vector<int> signals = {SIGKILL};
};

class Lives {
 public:
  // One life. Ends the test at once where something does not hold.
  void Live(const End& end) {
    const Folder notes;
    ServerStart start{.listen = address_, .kill_after = end.kill_after};
    if (!end.point.empty()) {
      start.environment = {{"LD_PRELOAD", FailPoints()},
                           {"KUNDIG_FAIL_POINT", end.point},
                           {"KUNDIG_FAIL_FOLDER", data_ / "data"},
                           {"KUNDIG_FAIL_REPORT", notes / "report"}};
      if (!end.while_starting) start.environment["KUNDIG_FAIL_ARMED"] = notes / "armed";
    }
    const auto begin = Clock::now();
    Server server(toml_, start);
    start_ = Clock::now() - begin;
    reached_ = false;
    Serve(end, notes, &server);
    if (end.point.empty() || testing::Test::HasFailure()) return;
    const std::string report = ReadFile(notes / "report");
    ASSERT_TRUE(report.starts_with("loaded\n")) << "the library with the points is not active";
    reached_ = report == "loaded\n" + end.point + "\n";
    if (reached_) ++hits_[(end.while_starting ? "starting " : "serving ") + NameOf(end.point)];
  }

  // A last look: the book is as it must be, after a start and after a stop, and so are its files.
  void Close() {
    // Where lives were too short for a snapshot, longer ones.
    for (int i = 0; i < 20 && writers_.snapshots() == 0 && !testing::Test::HasFailure(); ++i) {
      Live({.load = 500ms, .signals = {SIGTERM}});
    }
    for (int i = 0; i < 2 && !testing::Test::HasFailure(); ++i) {
      Live({.load = 0ms, .signals = {SIGTERM}});
    }
    const Done verified =
        RunProgram(KUNDIG_BIN_DIR "/kundigd", {"--verify", "--data", data_ / "data"});
    EXPECT_EQ(verified.code, 0) << verified.err;
    EXPECT_GT(writers_.snapshots(), 0U);
  }

  // Says what the test was worth.
  void Report() const {
    std::printf(
        "%d kills, %llu acknowledged events, %llu batches lost of which %llu were kept, "
        "%llu repeated, %llu snapshots\n",
        kills_, Number(ledger_.acknowledged_events()), Number(ledger_.lost_batches()),
        Number(ledger_.kept_of_lost()), Number(writers_.repeated()), Number(writers_.snapshots()));
    for (const auto& [name, count] : hits_) std::printf("  %s: %d\n", name.c_str(), count);
  }

  int kills() const { return kills_; }
  const Ledger& ledger() const { return ledger_; }
  // Of the last life: whether its point was reached, how long its start took, what it logged.
  bool reached() const { return reached_; }
  Clock::duration start() const { return start_; }
  const std::string& log() const { return log_; }
  int hits(bool while_starting, const FailPoint& point) const {
    const auto found = hits_.find((while_starting ? "starting " : "serving ") + point.name());
    return found == hits_.end() ? 0 : found->second;
  }

 private:
  static unsigned long long Number(uint64_t number) { return number; }
  static std::string NameOf(const std::string& point) { return point.substr(0, point.rfind(':')); }
  static std::string FailPoints() {
#ifdef KUNDIG_PRELOADED_DIR
    return KUNDIG_PRELOADED_DIR "/fail_points.so";
#else
    return {};
#endif
  }

  void Serve(const End& end, const Folder& notes, Server* server) {
    const bool may_die = !end.point.empty();
    if (server->address().empty()) {
      ASSERT_EQ(server->Wait(), SIGKILL) << server->log();
      ASSERT_TRUE(may_die || end.kill_after);
      ++kills_;
      return;
    }
    // What was sent under names is sent again now, and answered.
    const auto deadline = Clock::now() + 60s;
    const bool answered =
        writers_.WaitForAnswers([&] { return !server->running() || Clock::now() > deadline; });
    if (answered) {
      auto client = client::Client::Connect({.server = address_, .reconnect = false});
      if (client && ledger_.Check(&*client)) {
        if (testing::Test::HasFailure()) {
          ADD_FAILURE() << server->log();
          return;
        }
        Load(end, notes, server);
      }
    }
    // A connection ends a little earlier than its server.
    const auto soon = Clock::now() + 60s;
    while (server->running() && Clock::now() < soon) std::this_thread::sleep_for(1ms);
    ASSERT_FALSE(server->running()) << "somebody gets no answer\n" << server->log();
    const int code = server->Wait();
    writers_.Stop();
    log_ = server->log();
    if (code == SIGKILL) {
      ++kills_;
    } else {
      ASSERT_EQ(code, 0) << log_;
      ASSERT_EQ(end.signals.front(), SIGTERM) << log_;
    }
  }

  // Until the server has died.
  void Load(const End& end, const Folder& notes, Server* server) {
    notes.Write("armed", "");
    if (end.load > 0ms) writers_.Start();
    const auto enough = Clock::now() + end.load;
    while (server->running() && Clock::now() < enough) std::this_thread::sleep_for(1ms);
    for (const int signal : end.signals) {
      if (server->running()) server->Signal(signal);
      std::this_thread::sleep_for(1ms);
    }
    static_cast<void>(server->Wait());
  }

  const Folder data_;
  const std::string address_ = LastingAddress();
  Ledger ledger_{kBatchEvents};
  LedgerWriters writers_{&ledger_, address_};
  const std::string toml_ =
      "[server]\ndata = \"" + (data_ / "data") +
      "\"\nsnapshot_journal_bytes = 65536\nmax_batch_events = " + std::to_string(kBatchEvents) +
      "\nshards = 8\n[book]\ntoday = 2020-01-01\n";
  int kills_ = 0;
  std::map<std::string, int> hits_;
  bool reached_ = false;
  Clock::duration start_{};
  std::string log_;
};

// Chooses the numbers of points: lower ones where a life did not reach its own.
class Points {
 public:
  Points(Lives* lives, bool while_starting) : lives_(lives), while_starting_(while_starting) {}

  void Die(const FailPoint& point) {
    long* highest = &highest_.try_emplace(point.name(), point.highest).first->second;
    const long number = 1 + static_cast<long>(random_()) % *highest;
    lives_->Live({.point = point.name() + ":" + std::to_string(number),
                  .while_starting = while_starting_,
                  .load = while_starting_ ? 50ms : 3000ms});
    if (!lives_->reached()) *highest = std::max(1L, number / 2);
  }

 private:
  Lives* const lives_;
  const bool while_starting_;
  std::minstd_rand random_{while_starting_ ? 5U : 3U};
  std::map<std::string, long> highest_;
};

TEST(Ledger, HoldsWhenKilledAtEveryPoint) {
#ifndef KUNDIG_PRELOADED_DIR
  GTEST_SKIP() << "a sanitizer wants to be loaded first, where the fail points would have to be";
#endif
  const int wanted = LongTests() ? 12 : 1;  // times that each point is reached
  Lives lives;
  Points serving(&lives, false), starting(&lives, true);
  constexpr size_t kPoints = std::size(kServing);
  static_assert(kPoints == std::size(kStarting));
  bool all = false;
  for (int round = 0; !all; ++round) {
    ASSERT_LT(round, 5 * wanted) << "some point is not reached";
    all = true;
    for (size_t i = 0; i < kPoints; ++i) {
      if (lives.hits(false, kServing[i]) < wanted) {
        all = false;
        serving.Die(kServing[i]);
        if (HasFailure()) return lives.Report();
      }
      // The second death is that of a start that mends what the first has left.
      const FailPoint& second = kStarting[(i + static_cast<size_t>(round)) % kPoints];
      if (lives.hits(true, second) < wanted) {
        all = false;
        starting.Die(second);
        if (HasFailure()) return lives.Report();
      }
    }
  }
  lives.Close();
  lives.Report();
}

TEST(Ledger, HoldsWhenKilledAtRandom) {
  const int kills = LongTests() ? 300 : 12;
  const uint64_t events = LongTests() ? 1'000'000 : 5'000;
  Lives lives;
  std::minstd_rand random(7);
  while (lives.kills() < kills || lives.ledger().acknowledged_events() < events) {
    lives.Live({.load = std::chrono::milliseconds(1 + random() % 300)});
    if (HasFailure()) return lives.Report();
    // Half of the starts are killed too, at any time until they answer.
    if (random() % 2 == 0) continue;
    const auto start = std::chrono::duration_cast<std::chrono::microseconds>(lives.start());
    lives.Live({.kill_after = start * static_cast<int64_t>(random() % 100) / 100, .load = 20ms});
    if (HasFailure()) return lives.Report();
  }
  lives.Close();
  EXPECT_GT(lives.ledger().lost_batches(), 0U);
  lives.Report();
}

// A writer whose batch was taken is told so before its connection ends, and one whose batch was not
// taken is told that: only a second signal, which ends the waiting, may leave somebody in doubt.
TEST(Ledger, NobodyIsInDoubtWhenAskedToStop) {
  const int stops = LongTests() ? 60 : 4;
  Lives lives;
  std::minstd_rand random(11);
  for (int i = 0; i < stops; ++i) {
    const bool twice = i % 4 == 3;
    const uint64_t lost = lives.ledger().lost_batches();
    lives.Live({.load = std::chrono::milliseconds(1 + random() % 200),
                .signals = twice ? std::vector<int>{SIGTERM, SIGTERM} : std::vector<int>{SIGTERM}});
    if (HasFailure()) return lives.Report();
    if (twice) continue;
    EXPECT_EQ(lives.ledger().lost_batches(), lost) << lives.log();
    EXPECT_NE(lives.log().find(R"("all_answered":true)"), std::string::npos) << lives.log();
  }
  EXPECT_EQ(lives.kills(), 0);
  lives.Close();
  lives.Report();
}

}  // namespace
}  // namespace kundig::end_to_end
