// What the law gives a customer: to know what is held (GDPR Art. 15), to be forgotten (Art. 17),
// and for whoever must show it, since when nothing is left.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>

#include "tools/command.h"
#include "tools/connect.h"
#include "tools/export_format.h"
#include "tools/figures.h"
#include "tools/one_event.h"
#include "tools/show.h"

namespace kundig::tools {

namespace {

int RunExport(const GlobalOptions& options, const std::string& customer) {
  if (int code = RefuseCsv(options, "export")) return code;
  client::Result<client::Client> client = Connect(options);
  if (!client) return Report(client.error());
  const std::unique_ptr<ExportFormat> format = options.json
                                                   ? MakeExportJson(client->server().currency)
                                                   : MakeExportTable(LookOf(client->server()));
  Output output;
  bool found = false, readable = true;
  std::string text;
  const client::Result<void> done = client->Export(customer, [&](const wire::ExportReplyT& chunk) {
    found = chunk.found;
    readable = IsReadable(chunk);
    if (!readable) return false;
    text.clear();
    format->Append(chunk, &text);
    return output.Write(text);
  });
  const int code = output.Finish();
  if (!done) return Report(done.error());
  if (!readable) {
    std::fputs(
        "kundig: something is held that this kundig cannot show; use one of the server's version\n",
        stderr);
    return kExitRefused;
  }
  if (!found) {
    fmt::print(stderr, "kundig: nothing is held about {}; check the id\n", Printable(customer));
    return kExitRefused;
  }
  return code;
}

int RunErase(const GlobalOptions& options, const std::string& customer) {
  if (int code = RefuseCsv(options, "erase")) return code;
  client::Result<client::Client> client = Connect(options);
  if (!client) return Report(client.error());

  wire::EraseT erase;
  erase.customer = customer;
  const client::Result<wire::EventBatchReplyT> reply = SendOne(&*client, erase);
  if (!reply) return Report(reply.error());
  // An erase of somebody that the book does not know changes nothing.
  const bool erased = reply->unchanged == 0;
  const uint64_t sequence = reply->state->journal_sequence();
  return Show(
      options,
      {{"erased", erased},
       {"sequence", sequence},
       {"as_of", FormatDay(reply->state->as_of())},
       {"journal_sequence", sequence}},
      [&] {
        if (!erased) {
          return fmt::format("{}: no such customer, nothing erased\n", Printable(customer));
        }
        return fmt::format(
            "{}: erased, with all events and leads. Its number is {}: kundig receipt {} says"
            " since when no trace is left in the data folder.\n",
            Printable(customer), sequence, sequence);
      });
}

int RunReceipt(const GlobalOptions& options, uint64_t sequence) {
  if (int code = RefuseCsv(options, "receipt")) return code;
  return AskServer(
      options, {}, [&](client::Client& client) { return client.Status(false, sequence); },
      [&](const wire::StatusReplyT& reply, const client::ServerInfo&) {
        if (reply.durability == "none") {
          std::fputs(
              "kundig: the server keeps its book in memory only; without a data folder there is"
              " nothing to be left in\n",
              stderr);
          return kExitRefused;
        }
        if (sequence > reply.state->journal_sequence()) {
          fmt::print(stderr,
                     "kundig: the book has only come to sequence {}; take the number that kundig"
                     " erase gave\n",
                     reply.state->journal_sequence());
          return kExitRefused;
        }
        if (!reply.receipt_known) {
          fmt::print(
              stderr,
              "kundig: nothing was erased at sequence {}, as far as this book knows; take the"
              " number that kundig erase gave\n",
              sequence);
          return kExitRefused;
        }
        const bool gone = reply.gone_since.has_value();
        const std::string since = gone ? FormatTimeMs(*reply.gone_since) : std::string();
        boost::json::object json{{"sequence", sequence}, {"gone", gone}, {"gone_since", nullptr}};
        if (gone) json["gone_since"] = since;
        return Show(options, json, [&] {
          if (!gone) {
            return fmt::format(
                "What was erased at {} may still lie in the data folder; kundig admin compact"
                " removes it.\n",
                sequence);
          }
          return fmt::format(
              "Nothing of what was erased at {} has been left in the data folder since {}.\n",
              sequence, since);
        });
      });
}

}  // namespace

void AddPrivacyCommands(CLI::App* app, CommandLine* line) {
  const GlobalOptions& options = line->options;
  struct Command {
    const char* name;
    const char* about;
    int (*run)(const GlobalOptions&, const std::string&);
  };
  for (const Command& command :
       {Command{"export", "Everything that is held about a customer", RunExport},
        Command{"erase", "Forget a customer, its events and its leads", RunErase}}) {
    CLI::App* added = app->add_subcommand(command.name, command.about);
    auto customer = std::make_shared<std::string>();
    added->add_option("id", *customer, "Customer id")->required();
    added->callback([line, &options, customer, run = command.run] {
      line->chosen = [&options, customer, run] { return run(options, *customer); };
    });
  }

  CLI::App* receipt =
      app->add_subcommand("receipt", "Since when nothing is left of what was erased");
  auto sequence = std::make_shared<uint64_t>(0);
  receipt->add_option("sequence", *sequence, "The number that erase gave")
      ->required()
      ->check(CLI::Range(uint64_t{1}, std::numeric_limits<uint64_t>::max()));
  receipt->callback([line, &options, sequence] {
    line->chosen = [&options, sequence] { return RunReceipt(options, *sequence); };
  });
}

}  // namespace kundig::tools
