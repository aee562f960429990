// `kundig bench lookup|ingest|scan`: load from this machine.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>

#include "client/event_batch.h"
#include "tools/bench_keys.h"
#include "tools/bench_questions.h"
#include "tools/bench_report.h"
#include "tools/bench_requests.h"
#include "tools/command.h"
#include "tools/connect.h"
#include "tools/show.h"

namespace kundig::tools {

namespace {

constexpr uint32_t kMaxConnections = 1000;
// Enough that a schedule is not held up by them.
constexpr uint32_t kScheduledDepth = 256;
// What an ingest writes to where it makes customers of its own.
constexpr uint64_t kPrefixedCustomers = 100'000;
constexpr int64_t kMsPerDay = 86'400'000;
constexpr int64_t kNoonMs = kMsPerDay / 2;
// A load asks for more than a person would wait for.
constexpr std::chrono::milliseconds kRequestDeadline{60'000};

struct LoadWords {
  uint32_t connections = 1, senders = 1;
  std::optional<uint32_t> depth;
  double rate = 0, seconds = 10, warm_up_seconds = 1;
  uint64_t requests = 0, seed = 1;
};

struct KeyWords {
  uint64_t customers = 0;  // 0: as many as the book has
  std::string keys = "uniform";
  uint32_t batch = 1;
};

struct LookupWords {
  KeyWords keys;
  bool profiles = false;
};

struct IngestWords {
  KeyWords keys;
  std::string prefix = "bench-";
  bool into_shop = false, erase = false, events = false;
};

struct ScanWords {
  std::vector<std::string> questions{"rfm", "abc", "value", "count", "list", "pipeline"};
  std::string order_by;
  QuestionWords question;
};

// Above what any machine sends; it bounds the turns of a schedule.
constexpr double kMaxRate = 1e8;
constexpr uint64_t kMaxRequests = 1'000'000'000'000;

// A finite number; CLI::Range takes "nan" for one.
CLI::Validator NumberBetween(double low, double high) {
  const std::string range = fmt::format("{:g} to {:g}", low, high);
  return CLI::Validator(
      [low, high, range](const std::string& text) {
        double number = 0;
        const bool fits =
            CLI::detail::lexical_cast(text, number) && number >= low && number <= high;
        return fits ? std::string() : fmt::format("'{}' is no number from {}", text, range);
      },
      "FLOAT in [" + range + "]");
}

std::chrono::nanoseconds Nanoseconds(double seconds) {
  return std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
}

LoadPlan PlanOf(const LoadWords& words) {
  LoadPlan plan;
  plan.connections = words.connections;
  plan.rate = words.rate;
  plan.depth = words.depth.value_or(words.rate > 0 ? kScheduledDepth : 1);
  plan.senders = std::min(words.senders, words.connections);
  plan.warm_up = Nanoseconds(words.warm_up_seconds);
  plan.measured = Nanoseconds(words.seconds);
  plan.requests = words.requests;
  return plan;
}

client::Options ClientOptions(const GlobalOptions& options, const LoadPlan& plan) {
  client::Options wanted;
  wanted.server = options.server;
  wanted.name = "kundig bench";
  wanted.deadline = kRequestDeadline;
  // A load goes on where it was, or ends.
  wanted.reconnect = false;
  wanted.max_in_flight = plan.depth;
  return wanted;
}

int Refuse(const std::string& sentence) {
  fmt::print(stderr, "kundig: {}\n", sentence);
  return kExitUsage;
}

// What the server does not take, before it is asked for it a thousand times.
std::optional<std::string> AboveLimits(const client::ServerInfo& server, const LoadPlan& plan,
                                       uint32_t batch, uint32_t max_batch) {
  if (plan.depth > server.max_in_flight) {
    return fmt::format("--depth is at most {}, the server's max_in_flight", server.max_in_flight);
  }
  if (batch > max_batch) return fmt::format("--batch is at most {} on this server", max_batch);
  return std::nullopt;
}

int ShowLoad(const GlobalOptions& options, const client::ServerInfo& server,
             const LoadReport& report) {
  const int shown =
      Show(options, LoadJson(report), [&] { return LoadText(report, LookOf(server)); });
  if (report.figures.errors > 0) {
    fmt::print(stderr, "kundig: {} requests failed; the first: {}\n", report.figures.errors,
               report.figures.first_error->message);
    return ExitCode(*report.figures.first_error);
  }
  return shown;
}

int RunLookup(const GlobalOptions& options, const LoadWords& words,
              const LookupWords& lookup_words) {
  const KeyWords& key_words = lookup_words.keys;
  if (int code = RefuseCsv(options, "bench lookup")) return code;
  client::Result<client::Client> client = Connect(options);
  if (!client) return Report(client.error());
  const auto status = client->Status();
  if (!status) return Report(status.error());
  const client::ServerInfo server = client->server();

  LoadReport report{.load = "lookup", .items = "customers", .kinds = {""}, .plan = PlanOf(words)};
  if (auto above = AboveLimits(server, report.plan, key_words.batch, server.max_profile_ids)) {
    return Refuse(*above);
  }
  const uint64_t customers = key_words.customers > 0 ? key_words.customers : status->customers;
  if (customers == 0) return Refuse("the book has no customers to look up; import some");
  // The book may hold others than those that were generated: then the count says nothing.
  if (key_words.customers == 0) {
    const std::string last = LoadCustomerId("", customers - 1);
    const auto profile = client->Profile(last);
    if (profile && !profile->found) {
      return Refuse(fmt::format(
          "there is no customer '{}' in the book: name with --customers how many `kundig generate` "
          "made",
          last));
    }
  }
  const LookupLoad load{KeyDraw(customers, *ParseKeys(key_words.keys)), words.seed, key_words.batch,
                        lookup_words.profiles};
  report.about = {{"as", load.profiles ? "profiles" : "records"},
                  {"batch", key_words.batch},
                  {"keys", key_words.keys},
                  {"of_customers", customers},
                  {"seed", words.seed}};
  auto figures = RunLoad(report.plan, ClientOptions(options, report.plan), report.kinds.size(),
                         [&](uint32_t connection) { return MakeLookups(load, connection); });
  if (!figures) return Report(figures.error());
  report.figures = std::move(*figures);
  return ShowLoad(options, server, report);
}

// Forgets every customer that the load can have made.
client::Result<void> EraseCustomers(client::Client* client, const std::string& prefix,
                                    uint64_t customers) {
  constexpr uint64_t kAtOnce = 100'000;
  for (uint64_t first = 0; first < customers; first += kAtOnce) {
    client::EventBatch events;
    for (uint64_t number = first; number < std::min(first + kAtOnce, customers); ++number) {
      events.Erase(LoadCustomerId(prefix, number));
    }
    const auto sent = client->Send(events);
    if (!sent) return sent.error();
  }
  return {};
}

int RunIngest(const GlobalOptions& options, const LoadWords& words,
              const IngestWords& ingest_words) {
  const KeyWords& key_words = ingest_words.keys;
  if (int code = RefuseCsv(options, "bench ingest")) return code;
  client::Result<client::Client> client = Connect(options);
  if (!client) return Report(client.error());
  const auto status = client->Status();
  if (!status) return Report(status.error());
  const client::ServerInfo server = client->server();

  LoadReport report{.load = "ingest", .items = "orders", .kinds = {""}, .plan = PlanOf(words)};
  if (auto above = AboveLimits(server, report.plan, key_words.batch, server.max_batch_events)) {
    return Refuse(*above);
  }
  const uint64_t customers = key_words.customers > 0 ? key_words.customers : kPrefixedCustomers;
  const std::string prefix = ingest_words.into_shop ? "" : ingest_words.prefix;
  const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  IngestLoad load{.keys = KeyDraw(customers, *ParseKeys(key_words.keys)),
                  .seed = words.seed,
                  .batch = key_words.batch,
                  .prefix = prefix,
                  .tag = fmt::format("{:x}", now_ms),
                  .at_ms = status->state->as_of() * kMsPerDay + kNoonMs,
                  .events = ingest_words.events};
  report.about = {{"batch", key_words.batch}, {"keys", key_words.keys}, {"of_customers", customers},
                  {"prefix", prefix},         {"tag", load.tag},        {"seed", words.seed}};
  auto figures = RunLoad(report.plan, ClientOptions(options, report.plan), report.kinds.size(),
                         [&](uint32_t connection) { return MakeIngest(load, connection); });
  if (!figures) return Report(figures.error());
  report.figures = std::move(*figures);
  const int shown = ShowLoad(options, server, report);
  if (!ingest_words.erase) return shown;
  if (const auto erased = EraseCustomers(&*client, prefix, customers); !erased) {
    fmt::print(stderr, "kundig: customers that begin with '{}' may be left in the book\n", prefix);
    return Report(erased.error());
  }
  return shown;
}

int RunScan(const GlobalOptions& options, const LoadWords& words, const ScanWords& scan_words) {
  if (int code = RefuseCsv(options, "bench scan")) return code;
  client::Result<client::Client> client = Connect(options);
  if (!client) return Report(client.error());
  const client::ServerInfo server = client->server();

  LoadReport report{
      .load = "scan", .items = "", .kinds = scan_words.questions, .plan = PlanOf(words)};
  if (auto above = AboveLimits(server, report.plan, 0, 0)) return Refuse(*above);
  QuestionWords question = scan_words.question;
  const size_t colon = scan_words.order_by.find(':');
  question.order_by = scan_words.order_by.substr(0, colon);
  question.ascending = colon != std::string::npos && scan_words.order_by.substr(colon + 1) == "asc";
  auto questions = std::make_shared<std::vector<LoadQuestion>>();
  for (const std::string& name : scan_words.questions) {
    questions->push_back(QuestionOf(name, question));
  }
  auto figures = RunLoad(report.plan, ClientOptions(options, report.plan), report.kinds.size(),
                         [&](uint32_t connection) { return MakeScans(questions, connection); });
  if (!figures) return Report(figures.error());
  report.figures = std::move(*figures);
  return ShowLoad(options, server, report);
}

void AddLoadOptions(CLI::App* command, LoadWords* words) {
  command->fallthrough();
  command->add_option("--connections", words->connections, "How many")
      ->check(CLI::Range(1u, kMaxConnections))
      ->capture_default_str();
  command
      ->add_option("--depth", words->depth,
                   "Most requests in flight on each connection; default 1, by schedule 256")
      ->check(CLI::Range(1u, 65'536u));
  command
      ->add_option("--rate", words->rate,
                   "Requests a second over all connections, sent by schedule: latency counts from "
                   "when a request was due. Without it each answer sends the next request")
      ->check(NumberBetween(0.001, kMaxRate));
  command->add_option("--senders", words->senders, "Threads that send by schedule")
      ->check(CLI::Range(1u, kMaxConnections))
      ->capture_default_str();
  CLI::Option* seconds = command->add_option("--seconds", words->seconds, "How long to measure")
                             ->check(NumberBetween(0.01, 86'400))
                             ->capture_default_str();
  command->add_option("--requests", words->requests, "Measure so many requests instead")
      ->check(CLI::Range(uint64_t{1}, kMaxRequests))
      ->excludes(seconds);
  command->add_option("--warm-up", words->warm_up_seconds, "Seconds before, not counted")
      ->check(NumberBetween(0, 3600))
      ->capture_default_str();
  command->add_option("--seed", words->seed, "Of the draws")->capture_default_str();
}

void AddKeyOptions(CLI::App* command, KeyWords* words, const char* customers, const char* batch) {
  command->add_option("--customers", words->customers, customers)
      ->check(CLI::Range(uint64_t{1}, uint64_t{99'999'999}));
  command->add_option("--keys", words->keys, "uniform, or zipf:0.99: few customers often")
      ->check([](const std::string& text) -> std::string {
        return ParseKeys(text) ? "" : "keys are uniform or zipf:S with 0 < S <= 10, not " + text;
      })
      ->capture_default_str();
  command->add_option("--batch", words->batch, batch)
      ->check(CLI::Range(1u, 1'000'000u))
      ->capture_default_str();
}

void AddLookup(CLI::App* bench, CommandLine* line) {
  struct Typed {
    LoadWords load;
    LookupWords lookup;
  };
  auto typed = std::make_shared<Typed>();
  CLI::App* lookup =
      bench->add_subcommand("lookup", "Customers by id, as `kundig generate` names them");
  AddLoadOptions(lookup, &typed->load);
  AddKeyOptions(lookup, &typed->lookup.keys,
                "Ask for the first so many; default as many as the book has",
                "Ids in each request");
  lookup->add_flag("--profiles", typed->lookup.profiles,
                   "Ask for whole profiles instead of fixed-size records");
  lookup->callback([line, typed] {
    line->chosen = [line, typed] { return RunLookup(line->options, typed->load, typed->lookup); };
  });
}

void AddIngest(CLI::App* bench, CommandLine* line) {
  struct Typed {
    LoadWords load;
    IngestWords ingest;
  };
  auto typed = std::make_shared<Typed>();
  CLI::App* ingest = bench->add_subcommand(
      "ingest",
      "New orders of today. They stay in the book, with customers of their own whose ids begin "
      "with --prefix, unless --erase is given");
  AddLoadOptions(ingest, &typed->load);
  AddKeyOptions(ingest, &typed->ingest.keys, "Spread the orders over so many; default 100000",
                "Orders in each request");
  CLI::Option* prefix =
      ingest->add_option("--prefix", typed->ingest.prefix, "Of the ids of the customers written to")
          ->check([](const std::string& text) -> std::string {
            return text.empty() || text.size() > 32 ? "a prefix has 1 to 32 bytes" : "";
          })
          ->capture_default_str();
  CLI::Option* erase = ingest->add_flag("--erase", typed->ingest.erase,
                                        "Erase the customers with the prefix afterwards");
  ingest
      ->add_flag("--into-shop", typed->ingest.into_shop,
                 "Write to the first --customers as `kundig generate` names them; the orders stay")
      ->needs("--customers")
      ->excludes(prefix)
      ->excludes(erase);
  ingest->add_flag("--events", typed->ingest.events,
                   "Send an event for each order instead of columns");
  ingest->callback([line, typed] {
    line->chosen = [line, typed] { return RunIngest(line->options, typed->load, typed->ingest); };
  });
}

void AddScan(CLI::App* bench, CommandLine* line) {
  struct Typed {
    LoadWords load;
    ScanWords scan;
  };
  auto typed = std::make_shared<Typed>();
  CLI::App* scan = bench->add_subcommand(
      "scan", "Questions over the whole book, in turns, with figures for each");
  AddLoadOptions(scan, &typed->load);
  QuestionWords& question = typed->scan.question;
  scan->add_option("--question", typed->scan.questions, "Which, as rfm,abc")
      ->delimiter(',')
      ->check(CLI::IsMember(QuestionNames()))
      ->capture_default_str();
  scan->add_option("--where", question.where, "Expression of count, list and inactive");
  scan->add_option("--order-by", typed->scan.order_by, "FIELD[:asc|:desc] of list and inactive");
  scan->add_option("--limit", question.limit, "Rows of list and inactive; 0 = all")
      ->capture_default_str();
  scan->add_option("--fields", question.fields, "Of list and inactive, as a,b,c")->delimiter(',');
  scan->add_option("--by", question.by, "Groups of pipeline, as owner,month")
      ->delimiter(',')
      ->check(CLI::IsMember(GroupNames()))
      ->capture_default_str();
  scan->callback([line, typed] {
    line->chosen = [line, typed] { return RunScan(line->options, typed->load, typed->scan); };
  });
}

}  // namespace

void AddBenchCommand(CLI::App* app, CommandLine* line) {
  CLI::App* bench = app->add_subcommand(
      "bench", "Load from this machine, with throughput and percentiles of the latency");
  bench->require_subcommand(1);
  bench->fallthrough();
  AddLookup(bench, line);
  AddIngest(bench, line);
  AddScan(bench, line);
}

}  // namespace kundig::tools
