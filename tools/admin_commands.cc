#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "tools/command.h"
#include "tools/connect.h"
#include "tools/figures.h"
#include "tools/show.h"

namespace kundig::tools {

namespace {

int RunErase(const GlobalOptions& options, const std::string& customer) {
  if (int code = RefuseCsv(options, "erase")) return code;
  client::Result<client::Client> client = Connect(options);
  if (!client) return Report(client.error());

  wire::EraseT erase;
  erase.customer = customer;
  auto event = std::make_unique<wire::EventT>();
  event->body.Set(std::move(erase));
  wire::EventBatchT batch;
  batch.events.push_back(std::move(event));
  client::Result<wire::EventBatchReplyT> reply = client->Send(batch);
  if (!reply) return Report(reply.error());
  if (!reply->refused.empty()) {
    const wire::ErrorT& refused = *reply->refused.front()->error;
    client::Error error;
    error.kind = client::ErrorKind::kRefused;
    error.code = refused.code;
    error.message = refused.message;
    return Report(error);
  }
  // An erase of somebody that the book does not know changes nothing.
  const bool erased = reply->unchanged == 0;
  return Show(options,
              {{"erased", erased},
               {"as_of", FormatDay(reply->state->as_of())},
               {"journal_sequence", reply->state->journal_sequence()}},
              [&] {
                return fmt::format("{}: {}\n", Printable(customer),
                                   erased ? "erased, with all events and leads"
                                          : "no such customer, nothing erased");
              });
}

int RunAdvanceDay(const GlobalOptions& options, int32_t day) {
  if (int code = RefuseCsv(options, "admin advance-day")) return code;
  return AskServer(
      options, {}, [&](client::Client& client) { return client.AdvanceDay(day); },
      [&](const wire::AdvanceDayReplyT& reply, const client::ServerInfo&) {
        boost::json::object json{{"as_of", FormatDay(reply.state->as_of())}};
        AddState(*reply.state, &json);
        return Show(options, json,
                    [&] { return fmt::format("Today is {}.\n", FormatDay(reply.state->as_of())); });
      });
}

// What a snapshot or backup says of itself; `text` gets the time it was saved at.
template <typename Ask, typename Text>
int RunSave(const GlobalOptions& options, const char* command, Ask ask, Text text) {
  if (int code = RefuseCsv(options, command)) return code;
  return AskServer(options, {}, ask,
                   [&](const wire::SnapshotReplyT& reply, const client::ServerInfo&) {
                     const std::string saved_at = FormatTime(reply.saved_at);
                     return Show(options,
                                 {{"journal_sequence", reply.journal_sequence},
                                  {"bytes", reply.bytes},
                                  {"saved_at", saved_at}},
                                 [&] { return text(reply, saved_at); });
                   });
}

int RunSnapshot(const GlobalOptions& options, bool compact) {
  return RunSave(
      options, compact ? "admin compact" : "admin snapshot",
      [&](client::Client& client) { return client.Snapshot(compact); },
      [&](const wire::SnapshotReplyT& reply, const std::string& saved_at) {
        return fmt::format(
            "Saved at journal sequence {}, {} bytes, {}.\n{}", reply.journal_sequence, reply.bytes,
            saved_at,
            compact ? "What was erased before has left no byte in the data folder.\n" : "");
      });
}

int RunBackup(const GlobalOptions& options, const std::string& folder) {
  const std::string absolute = std::filesystem::absolute(folder);
  return RunSave(
      options, "backup", [&](client::Client& client) { return client.Backup(absolute); },
      [&](const wire::SnapshotReplyT& reply, const std::string& saved_at) {
        return fmt::format("{} holds the book of {}, {} bytes, and was read back.\n", absolute,
                           saved_at, reply.bytes);
      });
}

}  // namespace

void AddAdminCommands(CLI::App* app, CommandLine* line) {
  const GlobalOptions& options = line->options;

  CLI::App* erase = app->add_subcommand("erase", "Forget a customer, its events and its leads");
  auto customer = std::make_shared<std::string>();
  erase->add_option("id", *customer, "Customer id")->required();
  erase->callback([line, &options, customer] {
    line->chosen = [&options, customer] { return RunErase(options, *customer); };
  });

  CLI::App* backup = app->add_subcommand(
      "backup", "Copy the book into a new folder on the server's machine, beside everything else");
  auto folder = std::make_shared<std::string>();
  backup->add_option("folder", *folder, "Folder to make")->required();
  backup->callback([line, &options, folder] {
    line->chosen = [&options, folder] { return RunBackup(options, *folder); };
  });

  CLI::App* admin = app->add_subcommand("admin", "For whoever runs the server");
  admin->require_subcommand(1);
  for (const bool compact : {false, true}) {
    CLI::App* save = admin->add_subcommand(
        compact ? "compact" : "snapshot",
        compact ? "Save the book and keep nothing older: what was erased is gone from the disk"
                : "Save the book beside everything else");
    save->callback([line, &options, compact] {
      line->chosen = [&options, compact] { return RunSnapshot(options, compact); };
    });
  }
  CLI::App* advance =
      admin->add_subcommand("advance-day", "Move the day of a server with a pinned day forward");
  auto date = std::make_shared<std::string>();
  advance->add_option("date", *date, "YYYY-MM-DD")
      ->required()
      ->check([](const std::string& text) -> std::string {
        return ParseDay(text) ? "" : text + " is no date; write it as YYYY-MM-DD";
      });
  advance->callback([line, &options, date] {
    line->chosen = [&options, date] { return RunAdvanceDay(options, *ParseDay(*date)); };
  });
}

}  // namespace kundig::tools
