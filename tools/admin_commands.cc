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

int RunReload(const GlobalOptions& options) {
  if (int code = RefuseCsv(options, "admin reload")) return code;
  return AskServer(
      options, {}, [](client::Client& client) { return client.Reload(); },
      [&](const wire::ReloadReplyT& reply, const client::ServerInfo&) {
        boost::json::object json{{"changed", reply.changed},
                                 {"needs_restart", reply.needs_restart},
                                 {"as_of", FormatDay(reply.state->as_of())}};
        AddState(*reply.state, &json);
        return Show(options, json, [&] {
          return fmt::format(
              "{} (version {}).{}\n",
              reply.changed ? "Other rules are in force" : "The rules are those that were in force",
              reply.state->rules_version(),
              reply.needs_restart ? " The configuration differs in more than its"
                                    " rules; that counts from the next start on."
                                  : "");
        });
      });
}

// What a snapshot or backup says of itself.
boost::json::object SavedJson(const wire::SnapshotReplyT& reply) {
  return {{"journal_sequence", reply.journal_sequence},
          {"bytes", reply.bytes},
          {"saved_at", FormatTime(reply.saved_at)}};
}

std::string SavedText(const wire::SnapshotReplyT& reply) {
  return fmt::format("Saved at journal sequence {}, {} bytes, {}.\n", reply.journal_sequence,
                     reply.bytes, FormatTime(reply.saved_at));
}

int RunSnapshot(const GlobalOptions& options) {
  if (int code = RefuseCsv(options, "admin snapshot")) return code;
  return AskServer(
      options, {}, [](client::Client& client) { return client.Snapshot(false); },
      [&](const wire::SnapshotReplyT& reply, const client::ServerInfo&) {
        return Show(options, SavedJson(reply), [&] { return SavedText(reply); });
      });
}

int RunCompact(const GlobalOptions& options) {
  if (int code = RefuseCsv(options, "admin compact")) return code;
  client::Result<client::Client> client = Connect(options);
  if (!client) return Report(client.error());
  const client::Result<wire::SnapshotReplyT> saved = client->Snapshot(true);
  if (!saved) return Report(saved.error());
  const client::Result<wire::StatusReplyT> status = client->Status();
  if (!status) return Report(status.error());
  const std::string erased_at = status->erased_at ? FormatTimeMs(*status->erased_at) : "";
  boost::json::object json = SavedJson(*saved);
  json["erased_sequence"] = status->erased_sequence;
  json["erased_at"] =
      erased_at.empty() ? boost::json::value(nullptr) : boost::json::value(erased_at);
  return Show(options, json, [&] {
    return SavedText(*saved) +
           fmt::format(
               "Nothing that was erased up to journal sequence {} has been left in the data folder"
               " since {}.\n",
               status->erased_sequence, erased_at);
  });
}

int RunBackup(const GlobalOptions& options, const std::string& folder) {
  if (int code = RefuseCsv(options, "backup")) return code;
  const std::string absolute = std::filesystem::absolute(folder);
  return AskServer(
      options, {}, [&](client::Client& client) { return client.Backup(absolute); },
      [&](const wire::SnapshotReplyT& reply, const client::ServerInfo&) {
        return Show(options, SavedJson(reply), [&] {
          return fmt::format("{} holds the book of {}, {} bytes, and was read back.\n", absolute,
                             FormatTime(reply.saved_at), reply.bytes);
        });
      });
}

}  // namespace

void AddAdminCommands(CLI::App* app, CommandLine* line) {
  const GlobalOptions& options = line->options;

  CLI::App* backup = app->add_subcommand(
      "backup", "Copy the book into a new folder on the server's machine, beside everything else");
  auto folder = std::make_shared<std::string>();
  backup->add_option("folder", *folder, "Folder to make")->required();
  backup->callback([line, &options, folder] {
    line->chosen = [&options, folder] { return RunBackup(options, *folder); };
  });

  CLI::App* admin = app->add_subcommand("admin", "For whoever runs the server");
  admin->require_subcommand(1);
  admin->add_subcommand("snapshot", "Save the book beside everything else")
      ->callback([line, &options] { line->chosen = [&options] { return RunSnapshot(options); }; });
  admin
      ->add_subcommand(
          "compact", "Save the book and keep nothing older: what was erased is gone from the disk")
      ->callback([line, &options] { line->chosen = [&options] { return RunCompact(options); }; });
  admin
      ->add_subcommand("reload",
                       "Read the configuration again and put its rules in force as a"
                       " whole, or refuse them")
      ->callback([line, &options] { line->chosen = [&options] { return RunReload(options); }; });
  CLI::App* advance =
      admin->add_subcommand("advance-day", "Move the day of a server with a pinned day forward");
  auto date = std::make_shared<std::string>();
  advance->add_option("date", *date, "YYYY-MM-DD")->required()->check(DayMistake);
  advance->callback([line, &options, date] {
    line->chosen = [&options, date] { return RunAdvanceDay(options, *ParseDay(*date)); };
  });
}

}  // namespace kundig::tools
