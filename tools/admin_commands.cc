#include <fmt/format.h>

#include <CLI/CLI.hpp>
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

}  // namespace

void AddAdminCommands(CLI::App* app, CommandLine* line) {
  const GlobalOptions& options = line->options;

  CLI::App* erase = app->add_subcommand("erase", "Forget a customer, its events and its leads");
  auto customer = std::make_shared<std::string>();
  erase->add_option("id", *customer, "Customer id")->required();
  erase->callback([line, &options, customer] {
    line->chosen = [&options, customer] { return RunErase(options, *customer); };
  });

  CLI::App* admin = app->add_subcommand("admin", "For whoever runs the server");
  admin->require_subcommand(1);
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
