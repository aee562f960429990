#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "tools/command.h"

namespace kundig::tools {

namespace {

constexpr const char* kAbout =
    "Kundig answers what a customer is worth, which segment it is in and whether it is leaving.";

constexpr const char* kNotes =
    "Exit codes: 0 done, 1 refused or bad data (the reason is on standard error), 2 wrong usage, "
    "3 no server reached.\n"
    "A customer id that begins with '-' goes behind '--': kundig profile -- -17";

}  // namespace

int RunCommandLine(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app(kAbout, "kundig");
  app.footer(kNotes);
  app.set_version_flag("--version", KUNDIG_VERSION);
  app.add_option("--server", line.options.server, "HOST:PORT of the server")
      ->envname("KUNDIG_SERVER")
      ->capture_default_str();
  CLI::Option* json = app.add_flag("--json", line.options.json, "Answer in JSON, for programs");
  app.add_flag("--csv", line.options.csv, "Answer in CSV, where rows come back")->excludes(json);
  app.require_subcommand(1);
  // So that these options may stand behind the command as well.
  app.fallthrough();

  AddQueryCommands(&app, &line);
  AddListCommands(&app, &line);
  AddImportCommands(&app, &line);
  AddAdminCommands(&app, &line);
  AddGenerateCommand(&app, &line);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "kundig: {}; see kundig --help\n", error.what());
    return kExitUsage;
  }
  try {
    return line.chosen();
  } catch (const std::exception& error) {
    fmt::print(stderr, "kundig: {}\n", error.what());
    return kExitRefused;
  }
}

}  // namespace kundig::tools
