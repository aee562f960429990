#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tools/answer_text.h"
#include "tools/as_of.h"
#include "tools/command.h"
#include "tools/connect.h"
#include "tools/figures.h"
#include "tools/show.h"

namespace kundig::tools {

namespace {

int RunPing(const GlobalOptions& options) {
  if (int code = RefuseCsv(options, "ping")) return code;
  client::Result<client::Client> client = Connect(options);
  if (!client) return Report(client.error());
  const auto start = std::chrono::steady_clock::now();
  if (client::Result<void> answer = client->Ping(); !answer) return Report(answer.error());
  const auto taken = std::chrono::steady_clock::now() - start;
  const client::ServerInfo server = client->server();
  const auto round_trip_us = std::chrono::duration_cast<std::chrono::microseconds>(taken).count();
  return Show(
      options,
      {{"server", server.name}, {"version", server.version}, {"round_trip_us", round_trip_us}},
      [&] {
        return fmt::format("{} {} at {} answered in {} microseconds\n", server.name, server.version,
                           options.server, round_trip_us);
      });
}

int RunStatus(const GlobalOptions& options) {
  if (int code = RefuseCsv(options, "status")) return code;
  return AskServer(
      options, {}, [](client::Client& client) { return client.Status(); },
      [&](const wire::StatusReplyT& reply, const client::ServerInfo&) {
        return Show(options, StatusJson(reply), [&] { return StatusText(reply); });
      });
}

int RunProfile(const GlobalOptions& options, const std::vector<std::string>& customers,
               client::AsOf as_of) {
  return AskServer(
      options, {}, [&](client::Client& client) { return client.Profiles(customers, as_of); },
      [&](const std::vector<wire::ProfilesReplyT>& replies, const client::ServerInfo& server) {
        const Look look = LookOf(server);
        Output output;
        boost::json::array rows;
        const char* separator = "";
        for (const wire::ProfilesReplyT& reply : replies) {
          for (const auto& profile : reply.profiles) {
            if (options.csv) {
              rows.push_back(ProfileJson(*profile, *reply.state));
            } else if (options.json) {
              output.Write(ToText(ProfileJson(*profile, *reply.state)) + '\n');
            } else {
              output.Write(separator + ProfileText(*profile, *reply.state, look));
              separator = "\n";
            }
          }
        }
        output.Write(CsvTable(rows));
        return output.Finish();
      });
}

int RunExplain(const GlobalOptions& options, const std::string& customer, client::AsOf as_of) {
  if (int code = RefuseCsv(options, "explain")) return code;
  return AskServer(
      options, {}, [&](client::Client& client) { return client.Explain(customer, as_of); },
      [&](const wire::ExplainReplyT& reply, const client::ServerInfo& server) {
        return Show(options, ExplainJson(reply),
                    [&] { return ExplainText(reply, LookOf(server)); });
      });
}

int RunRfm(const GlobalOptions& options, client::AsOf as_of) {
  return AskServer(
      options, {}, [&](client::Client& client) { return client.Rfm(as_of); },
      [&](const wire::RfmReplyT& reply, const client::ServerInfo& server) {
        return ShowRows(options, RfmJson(reply), "cells",
                        [&] { return RfmText(reply, LookOf(server)); });
      });
}

int RunAbc(const GlobalOptions& options, client::AsOf as_of) {
  return AskServer(
      options, {}, [&](client::Client& client) { return client.Abc(as_of); },
      [&](const wire::AbcReplyT& reply, const client::ServerInfo& server) {
        return ShowRows(options, AbcJson(reply), "classes",
                        [&] { return AbcText(reply, LookOf(server)); });
      });
}

int RunValue(const GlobalOptions& options, client::AsOf as_of) {
  return AskServer(
      options, {}, [&](client::Client& client) { return client.Value(as_of); },
      [&](const wire::ValueReplyT& reply, const client::ServerInfo& server) {
        return ShowRows(options, ValueJson(reply), "classes",
                        [&] { return ValueText(reply, LookOf(server)); });
      });
}

struct ChurnWords {
  std::string until, check_until;
};

int RunChurn(const GlobalOptions& options, const ChurnWords& words) {
  if (words.check_until.empty()) {
    if (int code = RefuseCsv(options, "churn without --check-until")) return code;
  }
  wire::ChurnRequestT request;
  if (const auto day = ParseDay(words.until)) request.until = *day;
  if (const auto day = ParseDay(words.check_until)) request.check_until = *day;
  return AskServer(
      options, {}, [&](client::Client& client) { return client.Churn(request); },
      [&](const wire::ChurnReplyT& reply, const client::ServerInfo& server) {
        return ShowRows(options, ChurnJson(reply), "hold_out",
                        [&] { return ChurnText(reply, LookOf(server)); });
      });
}

// Both are one question; each shows its half.
int RunPhases(const GlobalOptions& options, const std::string& where, bool risks) {
  return AskServer(
      options, where, [&](client::Client& client) { return client.Phases(where); },
      [&](const wire::PhasesReplyT& reply, const client::ServerInfo& server) {
        return ShowRows(
            options, risks ? RisksJson(reply) : PhasesJson(reply), risks ? "risks" : "phases", [&] {
              return risks ? RisksText(reply, LookOf(server)) : PhasesText(reply, LookOf(server));
            });
      });
}

int RunCount(const GlobalOptions& options, const std::string& where, client::AsOf as_of) {
  if (int code = RefuseCsv(options, "count")) return code;
  return AskServer(
      options, where, [&](client::Client& client) { return client.Count(where, as_of); },
      [&](const wire::CountReplyT& reply, const client::ServerInfo& server) {
        return Show(options, CountJson(reply), [&] { return CountText(reply, LookOf(server)); });
      });
}

}  // namespace

void AddQueryCommands(CLI::App* app, CommandLine* line) {
  const GlobalOptions& options = line->options;
  auto choose = [line](std::function<int()> run) {
    return [line, run = std::move(run)] { line->chosen = run; };
  };

  app->add_subcommand("ping", "Ask whether the server answers")->callback(choose([&options] {
    return RunPing(options);
  }));
  app->add_subcommand("status", "What the book holds, and its day")->callback(choose([&options] {
    return RunStatus(options);
  }));

  CLI::App* profile =
      app->add_subcommand("profile", "All that is known of customers, in the order asked");
  auto customers = std::make_shared<std::vector<std::string>>();
  profile->add_option("id", *customers, "Customer ids; behind '--' they may begin with '-'")
      ->required();
  auto as_of = std::make_shared<std::string>();  // of the one command that is typed
  AddAsOf(profile, as_of.get());
  profile->callback(choose(
      [&options, customers, as_of] { return RunProfile(options, *customers, AsOfDay(*as_of)); }));

  const auto summary = [&](const char* name, const char* help, auto run) {
    CLI::App* command = app->add_subcommand(name, help);
    AddAsOf(command, as_of.get());
    command->callback(choose([&options, as_of, run] { return run(options, AsOfDay(*as_of)); }));
  };
  summary("rfm", "Recency, frequency and monetary scores, and the segments", RunRfm);
  summary("abc", "Customers by their share of revenue or margin", RunAbc);
  summary("value", "Customers by value class, and the hidden potential", RunValue);

  CLI::App* churn =
      app->add_subcommand("churn",
                          "Who is a customer still and how often they will buy: fits the "
                          "models and, without --until, puts them in force");
  auto churn_words = std::make_shared<ChurnWords>();
  CLI::Option* until = churn->add_option("--until", churn_words->until,
                                         "YYYY-MM-DD: fit to the purchases through this day");
  until->check(DayMistake);
  churn
      ->add_option("--check-until", churn_words->check_until,
                   "YYYY-MM-DD: compare what was bought from then through this day")
      ->check(DayMistake)
      ->needs(until);
  churn->callback(choose([&options, churn_words] { return RunChurn(options, *churn_words); }));

  for (const bool risks : {false, true}) {
    CLI::App* group =
        risks ? app->add_subcommand("risks", "Customers by what endangers the relationship")
              : app->add_subcommand("phases", "Customers by where the relationship stands");
    auto among = std::make_shared<std::string>();
    group->add_option("--where", *among, "Expression, as: abc = \"A\"");
    group->callback(choose([&options, among, risks] { return RunPhases(options, *among, risks); }));
  }

  CLI::App* explain = app->add_subcommand(
      "explain", "Why a customer is judged as it is, and when that changes by itself");
  auto customer = std::make_shared<std::string>();
  explain->add_option("id", *customer, "Customer id")->required();
  AddAsOf(explain, as_of.get());
  explain->callback(choose(
      [&options, customer, as_of] { return RunExplain(options, *customer, AsOfDay(*as_of)); }));

  CLI::App* count = app->add_subcommand("count", "Customers that an expression selects, summed");
  auto where = std::make_shared<std::string>();
  count->add_option("--where", *where, "Expression, as: abc = \"A\" and inactive_days > 90");
  AddAsOf(count, as_of.get());
  count->callback(
      choose([&options, where, as_of] { return RunCount(options, *where, AsOfDay(*as_of)); }));
}

}  // namespace kundig::tools
