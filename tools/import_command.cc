// `kundig import orders|customers|visits|... FILE...`, one command for each ImportKind.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>

#include "tools/answer_json.h"
#include "tools/command.h"
#include "tools/connect.h"
#include "tools/figures.h"
#include "tools/import_client_port.h"
#include "tools/import_run.h"
#include "tools/output.h"
#include "tools/progress.h"
#include "tools/table.h"

namespace kundig::tools {

namespace {

// What the options of one `import` command are read into.
struct ImportWords {
  ImportRequest request;
  std::string delimiter = ",";
  uint64_t memory_mib = ImportOptions().memory_bytes >> 20;
};

constexpr uint64_t kMaxMemoryMib = uint64_t{1} << 20;

std::string JsonText(ImportKind kind, const ImportAnswer& answer, double seconds) {
  boost::json::object shown;
  shown["rows"] = answer.rows;
  if (kind == ImportKind::kOrders) {
    shown["orders"] = answer.orders;
    shown["returns"] = answer.returns;
  } else {
    shown[NameOf(kind)] = answer.taken;
  }
  shown["applied"] = answer.applied;
  shown["unchanged"] = answer.unchanged;
  shown["replaced"] = answer.replaced;
  boost::json::object& skipped = shown["skipped"].emplace_object();
  for (const auto& [reason, count] : answer.skipped) skipped[reason] = count;
  shown["seconds"] = std::round(seconds * 1000) / 1000;
  return ToText(shown) + "\n";
}

std::string TableText(ImportKind kind, const ImportAnswer& answer, double seconds) {
  Table table({{"", Align::kLeft}, {"", Align::kRight}});
  const auto add = [&table](std::string name, uint64_t count) {
    table.AddRow({std::move(name), FormatCount(count)});
  };
  add("rows read", answer.rows);
  if (kind == ImportKind::kOrders) {
    add("orders", answer.orders);
    add("returns", answer.returns);
  } else {
    add(std::string(NameOf(kind)), answer.taken);
  }
  add("unchanged", answer.unchanged);
  add("replaced", answer.replaced);
  for (const auto& [reason, count] : answer.skipped) add("skipped: " + reason, count);
  table.AddRow({"seconds", fmt::format("{:.2f}", seconds)});
  Look look;
  look.colour = StandardOutputWantsColour();
  std::string text = table.Render(look);
  if (!answer.unused_columns.empty()) {
    text += fmt::format("Columns that were not used: {}\n",
                        Printable(fmt::format("{}", fmt::join(answer.unused_columns, ", "))));
  }
  return text;
}

int Import(const GlobalOptions& options, ImportWords* typed) {
  const auto started = std::chrono::steady_clock::now();
  ImportRequest& request = typed->request;
  if (typed->delimiter == "\\t" || typed->delimiter == "tab") typed->delimiter = "\t";
  const char delimiter = typed->delimiter.size() == 1 ? typed->delimiter[0] : '\0';
  if (delimiter == '\0' || delimiter == '"' || delimiter == '\n' || delimiter == '\r') {
    return Report(Failure{"--delimiter is one character: , ; | or tab", kExitUsage});
  }
  request.options.delimiter = delimiter;
  request.options.memory_bytes = typed->memory_mib << 20;

  auto port = ClientPort::Connect(options.server);
  if (port.has_error()) return Report(port.error());
  request.time_zone = (*port)->server().time_zone;
  const char* const start = StandardErrorIsTerminal() ? kClearLine : "";
  request.say = [start](const std::string& line) { fmt::print(stderr, "{}{}\n", start, line); };
  const auto answer = RunImport(request, port->get());
  if (answer.has_error()) return Report(answer.error());

  // Segments and classes reflect the import from here on.
  auto client = Connect(options);
  if (client.has_error()) return Report(client.error());
  const auto status = client->Status(true);
  if (status.has_error()) return Report(status.error());

  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  Output output;
  output.Write(options.json ? JsonText(request.kind, *answer, seconds)
                            : TableText(request.kind, *answer, seconds));
  return output.Finish();
}

// Two names are shorter than what they stand for.
std::string_view WordsFor(ImportKind kind) {
  if (kind == ImportKind::kService) return "service requests";
  if (kind == ImportKind::kPayments) return "late payments";
  return NameOf(kind);
}

std::string RolesText(ImportKind kind) {
  std::string text;
  for (const Role& role : RolesOf(kind)) {
    if (!text.empty()) text += ", ";
    text += role.required ? std::string(role.name) : fmt::format("[{}]", role.name);
  }
  return text;
}

void AddKind(CLI::App* import, CommandLine* line, ImportKind kind) {
  auto typed = std::make_shared<ImportWords>();
  typed->request.kind = kind;
  CLI::App* command = import->add_subcommand(
      std::string(NameOf(kind)),
      fmt::format("Import {} from CSV. Roles of columns: {}", WordsFor(kind), RolesText(kind)));
  command->fallthrough();
  command
      ->add_option("FILE", typed->request.files,
                   "CSV files, plain or gzip, imported one after the other")
      ->required();
  ImportOptions& options = typed->request.options;
  command->add_option("--columns", options.columns,
                      "role=Header,... where the headers are not the names of the roles");
  command->add_option("--delimiter", typed->delimiter, "Between fields: one character, or tab")
      ->capture_default_str();
  if (kind != ImportKind::kCustomers) {
    command->add_option("--time-format", options.time_format,
                        "Form of times as for strptime, such as '%d.%m.%Y %H:%M'");
  }
  if (HasMoney(kind)) {
    command->add_flag("--minor-units", options.minor_units,
                      "Money is in cents or pence, not in major units");
  }
  if (kind == ImportKind::kLeads) {
    command->add_option("--won", options.won, "Stage name of won leads")->capture_default_str();
    command->add_option("--lost", options.lost, "Stage name of lost leads")->capture_default_str();
  }
  if (kind == ImportKind::kOrders) {
    command
        ->add_option("--memory", typed->memory_mib,
                     "MiB for summing orders; beyond it temporary files are used")
        ->check(CLI::Range(uint64_t{1}, kMaxMemoryMib))
        ->capture_default_str();
  }
  command->callback([line, typed] {
    line->chosen = [line, typed] { return Import(line->options, typed.get()); };
  });
}

}  // namespace

void AddImportCommands(CLI::App* app, CommandLine* line) {
  CLI::App* import = app->add_subcommand("import", "Import files into the book");
  import->require_subcommand(1);
  import->fallthrough();
  for (const ImportKind kind : kImportKinds) AddKind(import, line, kind);
}

}  // namespace kundig::tools
