// How long what touches the whole book takes, and what lookups feel of it meanwhile.
//
//   stall_check rankings --server HOST:PORT --customers N
//       writes one new order to every hundredth customer and asks for fresh rankings
//   stall_check day --server HOST:PORT --customers N
//       moves the pinned day forward by one
//
// Lookups come by schedule (`--rate`), first alone, then beside it; the longest of each is told.
// Writes into the customers of the shop. Prints one line of JSON.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

#include "client/client.h"
#include "client/order_batch.h"
#include "tools/answer_json.h"
#include "tools/bench_load.h"
#include "tools/bench_requests.h"

namespace kundig::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kChangedOneIn = 100;
constexpr size_t kOrdersInFlight = 20'000;
constexpr int64_t kMsPerDay = 86'400'000;
// The lookups run so long before the work begins.
constexpr std::chrono::milliseconds kLead{500};

struct Words {
  std::string work, server;
  uint64_t customers = 0;
  double rate = 2000, seconds = 4;
};

template <typename T>
T ValueOf(client::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

double MillisecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

tools::LoadFigures Lookups(const Words& words, double seconds) {
  tools::LoadPlan plan;
  plan.connections = 4;
  plan.depth = 256;
  plan.rate = words.rate;
  plan.warm_up = std::chrono::milliseconds(200);
  plan.measured = std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
  client::Options options;
  options.server = words.server;
  options.max_in_flight = plan.depth;
  const tools::LookupLoad load{.keys = tools::KeyDraw(words.customers, 0)};
  auto figures = ValueOf(tools::RunLoad(
      plan, options, 1, [&](uint32_t connection) { return tools::MakeLookups(load, connection); }));
  if (figures.first_error) throw std::runtime_error(figures.first_error->message);
  if (figures.unsent > 0) throw std::runtime_error("the server does not keep up: lower --rate");
  return figures;
}

boost::json::object LatencyJson(const tools::LoadFigures& figures) {
  const tools::LatencyHistogram& latency = figures.kinds.front().latency;
  const auto us = [](uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; };
  return {{"p50_us", us(latency.AtShare(0.5))},
          {"p99_us", us(latency.AtShare(0.99))},
          {"longest_us", us(latency.max_ns())},
          {"sent_late_longest_us", us(figures.send_lag.max_ns())}};
}

boost::json::object RefreshRankings(const Words& words, client::Client* client) {
  const int64_t at_ms = ValueOf(client->Status()).state->as_of() * kMsPerDay;
  const auto tag = std::to_string(Clock::now().time_since_epoch().count());
  client::OrderBatch orders;
  const uint64_t changed = words.customers / kChangedOneIn;
  double sending_ms = 0;
  const auto send = [&] {
    const auto begin = Clock::now();
    const client::SentEvents sent = ValueOf(client->Send(orders));
    if (sent.applied != orders.size()) throw std::runtime_error("not every order was taken");
    sending_ms += MillisecondsSince(begin);
    orders.Clear();
  };
  for (uint64_t i = 0; i < changed; ++i) {
    orders.Add(tools::LoadCustomerId({}, i * kChangedOneIn), tag, at_ms,
               static_cast<int64_t>(1000 + i % 100'000), 1);
    if (orders.size() == kOrdersInFlight) send();
  }
  if (!orders.empty()) send();
  const auto begin = Clock::now();
  const wire::StatusReplyT status = ValueOf(client->Status(true));
  const double refresh_ms = MillisecondsSince(begin);
  if (status.state->ranking_version() != status.state->journal_sequence()) {
    throw std::runtime_error("the rankings are not fresh");
  }
  return {{"changed", changed}, {"sending_ms", sending_ms}, {"work_ms", refresh_ms}};
}

boost::json::object MoveDay(client::Client* client) {
  const int32_t today = ValueOf(client->Status(true)).state->as_of();
  const auto begin = Clock::now();
  const wire::AdvanceDayReplyT moved = ValueOf(client->AdvanceDay(today + 1));
  const double moved_ms = MillisecondsSince(begin);
  if (moved.state->as_of() != today + 1) throw std::runtime_error("the day did not move");
  return {{"work_ms", moved_ms}};
}

void Run(const Words& words) {
  client::Options options;
  options.server = words.server;
  options.deadline = std::chrono::milliseconds(60'000);
  client::Client client = ValueOf(client::Client::Connect(options));
  boost::json::object json;
  const tools::LoadFigures idle = Lookups(words, words.seconds);
  tools::LoadFigures beside;
  std::string failure;
  const auto begin = Clock::now();
  std::thread lookups([&] {
    try {
      beside = Lookups(words, words.seconds);
    } catch (const std::exception& error) {
      failure = error.what();
    }
  });
  try {
    std::this_thread::sleep_for(kLead);
    json = words.work == "rankings" ? RefreshRankings(words, &client) : MoveDay(&client);
  } catch (...) {
    lookups.join();
    throw;
  }
  const bool covered = MillisecondsSince(begin) < words.seconds * 1000;
  lookups.join();
  if (!failure.empty()) throw std::runtime_error(failure);
  if (!covered) throw std::runtime_error("it took longer than the lookups: raise --seconds");
  json["lookups_a_second"] = words.rate;
  json["idle"] = LatencyJson(idle);
  json["beside"] = LatencyJson(beside);
  std::printf("%s\n", tools::ToText(json).c_str());
}

}  // namespace
}  // namespace kundig::bench

int main(int argc, char** argv) {
  kundig::bench::Words words;
  CLI::App app("What takes the whole book, beside lookups", "stall_check");
  app.add_option("work", words.work)->required()->check(CLI::IsMember({"rankings", "day"}));
  app.add_option("--server", words.server, "HOST:PORT")->required();
  app.add_option("--customers", words.customers)->required()->check(CLI::Range(100u, 99'999'999u));
  app.add_option("--rate", words.rate, "Lookups a second")->check(CLI::PositiveNumber);
  app.add_option("--seconds", words.seconds)->check(CLI::Range(1.0, 600.0));
  CLI11_PARSE(app, argc, argv);
  try {
    kundig::bench::Run(words);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stall_check: %s\n", error.what());
    return 1;
  }
}
