#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "tools/command.h"

namespace kundig::tools {

namespace {

constexpr const char* kAbout =
    "Kundig answers what a customer is worth, which segment it is in and whether it is leaving.";

constexpr const char* kNotes =
    "Exit codes: 0 done, 1 refused or bad data (the reason is on standard error), 2 wrong usage, "
    "3 no server reached.\n"
    "A customer id that begins with '-' goes behind '--': kundig profile -- -17";

// CLI11 takes a word in brackets for a list of words, but an id or a file name may look like that:
// such words travel through its parser behind a mark.
constexpr char kWholeWord = '\x1f';

// Last word first, as CLI11 wants them.
std::vector<std::string> MarkedWords(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  for (std::string& word : words) {
    if (!word.empty() && word.front() == '[') word.insert(0, 1, kWholeWord);
  }
  std::reverse(words.begin(), words.end());
  return words;
}

void TakeMarksOff(CLI::App* app) {
  for (CLI::Option* option : app->get_options()) {
    if (option->get_items_expected_max() == 0) continue;
    option->transform([](std::string word) {
      if (!word.empty() && word.front() == kWholeWord) word.erase(0, 1);
      return word;
    });
  }
  for (CLI::App* command : app->get_subcommands(nullptr)) TakeMarksOff(command);
}

}  // namespace

int RunCommandLine(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app(kAbout, "kundig");
  app.footer(kNotes);
  app.set_version_flag("--version", KUNDIG_VERSION);
  app.add_option("--server", line.options.server, "HOST:PORT of the server")
      ->envname("KUNDIG_SERVER")
      ->take_last()  // so that an alias with a server can be overruled
      ->capture_default_str();
  CLI::Option* json = app.add_flag("--json", line.options.json, "Answer in JSON, for programs");
  app.add_flag("--csv", line.options.csv, "Answer in CSV, where rows come back")->excludes(json);
  app.require_subcommand(1);
  // So that these options may stand behind the command as well.
  app.fallthrough();

  AddQueryCommands(&app, &line);
  AddListCommands(&app, &line);
  AddWhatIfCommand(&app, &line);
  AddWatchCommand(&app, &line);
  AddImportCommands(&app, &line);
  AddPinCommand(&app, &line);
  AddPrivacyCommands(&app, &line);
  AddAdminCommands(&app, &line);
  AddGenerateCommand(&app, &line);
  AddBenchCommand(&app, &line);
  TakeMarksOff(&app);

  try {
    app.parse(MarkedWords(argc, argv));
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    // CLI11 only says that a command is required, not that the one given is unknown.
    const std::vector<std::string> unknown = app.remaining();
    if (app.get_subcommands().empty() && !unknown.empty()) {
      fmt::print(stderr, "kundig: there is no command {}; see kundig --help\n", unknown.front());
    } else {
      fmt::print(stderr, "kundig: {}; see kundig --help\n", error.what());
    }
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
