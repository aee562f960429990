#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/command.h"
#include "tools/connect.h"
#include "tools/show.h"
#include "tools/watch_format.h"

namespace kundig::tools {

namespace {

// One request waits so long, so a signal is noticed and the end of an idle time seen this late.
constexpr std::chrono::milliseconds kLongestWait{500};
constexpr uint32_t kChangesAtOnce = 1000;
constexpr uint64_t kNoMaximum = std::numeric_limits<uint64_t>::max();

struct WatchWords {
  std::string where, from;
  std::vector<std::string> fields;
  uint64_t max = kNoMaximum;
  std::optional<uint32_t> until_idle_s;
};

volatile std::sig_atomic_t signalled = 0;

// SIGINT and SIGTERM ask for the end, a second one ends at once.
void TakeSignals() {
  struct sigaction action {};
  action.sa_handler = [](int) { signalled = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int number : {SIGINT, SIGTERM}) sigaction(number, &action, nullptr);
}

wire::WatchRequestT RequestOf(const WatchWords& words) {
  wire::WatchRequestT request;
  request.where = words.where;
  request.fields = words.fields;
  if (const auto from = ParsePosition(words.from)) {
    request.from = std::make_unique<wire::FeedPosition>(*from);
  }
  request.limit = static_cast<uint32_t>(std::min<uint64_t>(words.max, kChangesAtOnce));
  // 0 would leave it to the client.
  const std::chrono::milliseconds idle = std::chrono::seconds(words.until_idle_s.value_or(1));
  request.wait_ms =
      static_cast<uint32_t>(std::clamp(idle, std::chrono::milliseconds(1), kLongestWait).count());
  return request;
}

// Prints changes until there is a reason to end.
class WatchPrinter {
 public:
  WatchPrinter(const GlobalOptions& options, const WatchWords& words)
      : json_(options.json), left_(words.max), until_idle_s_(words.until_idle_s) {}

  // False at the end.
  bool Take(const wire::WatchReplyT& answer) {
    damaged_ = !IsWhole(answer);
    if (damaged_) return false;
    const size_t rows = static_cast<size_t>(std::min<uint64_t>(left_, answer.changes.size()));
    text_.clear();
    for (size_t row = 0; row < rows; ++row) {
      text_ += json_ ? ChangeJson(answer, row) : ChangeText(answer, row);
    }
    if (!output_.Write(text_) || !output_.Flush()) return false;
    reached_ = rows < answer.changes.size() ? PositionOf(answer, rows - 1) : *answer.position;
    left_ -= rows;
    if (rows > 0) last_change_ = std::chrono::steady_clock::now();
    const bool is_idle =
        rows == 0 && until_idle_s_ &&
        std::chrono::steady_clock::now() - last_change_ >= std::chrono::seconds(*until_idle_s_);
    return signalled == 0 && left_ > 0 && !is_idle;
  }

  // Returns the exit code.
  int Finish() {
    const int code = output_.Finish();
    if (reached_) {
      std::fprintf(stderr, "kundig: go on with --from %s\n", FormatPosition(*reached_).c_str());
    }
    if (!damaged_) return code;
    std::fputs("kundig: a change came damaged; use a kundig of the server's version\n", stderr);
    return kExitRefused;
  }

 private:
  const bool json_;
  uint64_t left_;
  const std::optional<uint32_t> until_idle_s_;
  Output output_;
  std::string text_;
  std::chrono::steady_clock::time_point last_change_ = std::chrono::steady_clock::now();
  std::optional<wire::FeedPosition> reached_;
  bool damaged_ = false;
};

int RunWatch(const GlobalOptions& options, const WatchWords& words) {
  if (int code = RefuseCsv(options, "watch")) return code;
  TakeSignals();
  client::Result<client::Client> client = Connect(options);
  if (!client) return Report(client.error());
  WatchPrinter printer(options, words);
  const client::Result<void> done =
      client->Watch(RequestOf(words), [&](const wire::WatchReplyT& a) { return printer.Take(a); });
  if (done) return printer.Finish();
  // From where the server knows nothing any more nobody can go on.
  if (done.error().code != wire::ErrorCode::history_gone) printer.Finish();
  return Report(done.error(), words.where);
}

}  // namespace

void AddWatchCommand(CLI::App* app, CommandLine* line) {
  const GlobalOptions& options = line->options;
  CLI::App* watch = app->add_subcommand(
      "watch", "Who enters and leaves a condition, as it happens, a line for each");
  auto words = std::make_shared<WatchWords>();
  watch->add_option("--where", words->where, "Expression, as: rfm_segment = \"Champions\"")
      ->required();
  watch->add_option("--fields", words->fields, "Fields to tell before and after a change, as a,b,c")
      ->delimiter(',');
  watch
      ->add_option("--from", words->from,
                   "SEQUENCE or a position that was printed: changes behind it; else from now on")
      ->check(PositionMistake);
  watch->add_option("--max", words->max, "End after so many changes")
      ->check(CLI::Range(uint64_t{1}, kNoMaximum));
  watch->add_option("--until-idle", words->until_idle_s,
                    "End when so many seconds brought no change; 0 = print what is there");
  watch->callback([line, &options, words] {
    line->chosen = [&options, words] { return RunWatch(options, *words); };
  });
}

}  // namespace kundig::tools
