// kundig pin: a person decides the value class of a customer, or leaves it to the rules again.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tools/command.h"
#include "tools/connect.h"
#include "tools/figures.h"
#include "tools/names.h"
#include "tools/one_event.h"
#include "tools/show.h"

namespace kundig::tools {

namespace {

// Leaves it to rules and score again.
constexpr char kNone[] = "none";

int RunPin(const GlobalOptions& options, const std::string& customer, const std::string& word) {
  if (int code = RefuseCsv(options, "pin")) return code;
  wire::CustomerSetT set;
  set.customer = customer;
  if (word == kNone) {
    set.remove = {wire::CustomerAttribute::pinned_class};
  } else {
    for (const wire::ValueClass value_class : wire::EnumValuesValueClass()) {
      if (word == Name(value_class)) set.pinned_class = value_class;
    }
  }
  return AskServer(
      options, {}, [&](client::Client& client) { return SendOne(&client, set); },
      [&](const wire::EventBatchReplyT& reply, const client::ServerInfo&) {
        const bool changed = reply.unchanged == 0;
        boost::json::object json{{"customer", customer},
                                 {"pinned_class", word == kNone ? boost::json::value(nullptr)
                                                                : boost::json::value(word)},
                                 {"changed", changed},
                                 {"as_of", FormatDay(reply.state->as_of())}};
        AddState(*reply.state, &json);
        return Show(options, json, [&] {
          const char* const already = changed ? "" : ", as it was";
          return word == kNone
                     ? fmt::format("{}: rules and score decide the value class{}.\n",
                                   Printable(customer), already)
                     : fmt::format("{}: {}, pinned{}.\n", Printable(customer), word, already);
        });
      });
}

}  // namespace

void AddPinCommand(CLI::App* app, CommandLine* line) {
  const GlobalOptions& options = line->options;
  CLI::App* pin = app->add_subcommand(
      "pin", "Set the value class of a customer by hand, before every rule; none takes it back");
  auto customer = std::make_shared<std::string>();
  auto word = std::make_shared<std::string>();
  pin->add_option("id", *customer, "Customer id; made where there is none yet")->required();
  std::vector<std::string> words{kNone};
  for (const wire::ValueClass value_class : wire::EnumValuesValueClass()) {
    words.emplace_back(Name(value_class));
  }
  pin->add_option("class", *word, "The class, or none")->required()->check(CLI::IsMember(words));
  pin->callback([line, &options, customer, word] {
    line->chosen = [&options, customer, word] { return RunPin(options, *customer, *word); };
  });
}

}  // namespace kundig::tools
