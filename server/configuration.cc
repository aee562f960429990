#include "server/configuration.h"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <map>
#include <utility>

#include "server/configuration_toml.h"
#include "server/options.h"
#include "server/time_zone.h"
#include "server/toml_section.h"

namespace kundig::server {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;

Error InvalidOption(const std::string& place, const OptionSpec& option) {
  return Error{.code = ErrorCode::kInvalidValue,
               .message = place + ": " + Expected(option),
               .field = option.name,
               .position = std::nullopt};
}

// What the command line says; empty texts where it says nothing.
struct CommandLine {
  std::string config;
  std::map<std::string, std::string> options;  // by the key of the option
  std::string restore;
  bool check = false, print = false, verify = false;
  std::optional<std::string> text;  // --help or --version: all that is asked for
};

Result<CommandLine> ReadCommandLine(int argc, const char* const* argv) {
  CLI::App app{"kundigd: an in-memory customer scoring and segmentation server.", "kundigd"};
  app.footer(
      "Each option is also a key of [server] in the configuration file and a variable of the "
      "environment (KUNDIGD_LISTEN). The command line comes before the environment, that before "
      "the file.");
  app.set_version_flag("--version", std::string("kundigd ") + KUNDIG_VERSION);
  CommandLine line;
  app.add_option("--config", line.config, "configuration file (TOML), or KUNDIGD_CONFIG")
      ->type_name("FILE");
  app.add_flag("--check-config", line.check, "check the configuration, say so and stop");
  app.add_flag("--print-config", line.print, "print the effective configuration as TOML and stop");
  app.add_flag("--verify", line.verify,
               "read all that a start could need of the data folder, change nothing, name the "
               "first damage and stop");
  app.add_option("--restore", line.restore,
                 "make the data folder, which must be missing or empty, of this backup and stop")
      ->type_name("FOLDER");
  std::map<std::string, CLI::Option*> options;
  const ServerOptions defaults;
  for (const OptionSpec& option : OptionSpecs()) {
    std::string help = option.help;
    if (const std::string value = ValueOf(option, defaults); !value.empty()) {
      help += " [" + value + "]";
    }
    options[option.name] = app.add_option(FlagOf(option), line.options[option.name], help)
                               ->type_name(IsNumber(option) ? "NUMBER" : "TEXT");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    line.text = app.help();
  } catch (const CLI::CallForVersion&) {
    line.text = app.version() + "\n";
  } catch (const CLI::ParseError& error) {
    return Error{.code = ErrorCode::kUnknownField,
                 .message = std::string(error.what()) + "; kundigd --help lists the options",
                 .field = {},
                 .position = std::nullopt};
  }
  for (const auto& [name, option] : options) {
    if (option->count() == 0) line.options.erase(name);
  }
  return line;
}

void ReadServerSection(TomlSection section, ServerOptions* server) {
  for (const OptionSpec& option : OptionSpecs()) {
    const auto value = section.Plain(option.name, IsNumber(option), Expected(option));
    if (value.has_value() && !SetOption(option, *value, server)) {
      section.Reject(option.name, Expected(option));
    }
  }
  section.Finish();
}

// The options that environment and command line put over those of the file.
std::optional<Error> OverrideOptions(const CommandLine& line, const Environment& environment,
                                     ServerOptions* server) {
  for (const OptionSpec& option : OptionSpecs()) {
    const std::string variable = EnvironmentVariableOf(option.name);
    if (const auto value = environment(variable);
        value.has_value() && !SetOption(option, *value, server)) {
      return InvalidOption(variable, option);
    }
    const auto argument = line.options.find(option.name);
    if (argument != line.options.end() && !SetOption(option, argument->second, server)) {
      return InvalidOption(FlagOf(option), option);
    }
  }
  return std::nullopt;
}

Result<TomlFile> ReadFile(const std::string& path) {
  // No file is an empty file: the defaults are complete.
  return path.empty() ? TomlFile::Parse("", path) : TomlFile::Read(path);
}

Result<std::shared_ptr<const engine::Rules>> RulesOf(const BookSettings& book,
                                                     const TomlFile& file) {
  Result<engine::Calendar> calendar = LoadTimeZone(book.time_zone);
  if (!calendar) return file.ErrorAt("book.time_zone", calendar.error().message);
  auto rules = engine::CompileRules(book.rules, std::move(*calendar));
  if (!rules) return file.ErrorAt(rules.error().field, rules.error().message);
  return rules;
}

}  // namespace

std::string TextOfRules(const Configuration& configuration) {
  return PrintBookSettings(configuration.rules->settings(), configuration.time_zone, std::nullopt,
                           0);
}

Result<std::shared_ptr<const engine::Rules>> RulesOfText(std::string_view text) {
  Result<TomlFile> file = TomlFile::Parse(std::string(text), "the rules in the data folder");
  if (!file) return file.error();
  TomlSection root(&file->root(), "", &*file);
  const BookSettings book = ReadBookSettings(&root);
  root.Finish();
  if (file->error().has_value()) return *file->error();
  return RulesOf(book, *file);
}

Result<std::shared_ptr<const engine::Rules>> RulesOfOther(std::string_view text,
                                                          const Configuration& configuration) {
  Result<TomlFile> file = TomlFile::Parse(std::string(text), "the other configuration");
  if (!file) return file.error();
  TomlSection root(&file->root(), "", &*file);
  ServerOptions of_other;
  ReadServerSection(root.Section("server"), &of_other);
  const BookSettings book = ReadBookSettings(&root);
  root.Finish();
  if (file->error().has_value()) return *file->error();
  const std::string& currency = configuration.rules->settings().currency;
  if (book.rules.currency != currency) {
    return file->ErrorAt("book.currency", "expected " + currency + ", in which the book is kept");
  }
  if (book.time_zone != configuration.time_zone) {
    return file->ErrorAt("book.time_zone",
                         "expected " + configuration.time_zone + ", the book's time zone");
  }
  return RulesOf(book, *file);
}

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

Result<Configuration> LoadConfiguration(int argc, const char* const* argv,
                                        const Environment& environment) {
  Result<CommandLine> line = ReadCommandLine(argc, argv);
  if (!line) return line.error();
  Configuration configuration;
  if (line->text.has_value()) {
    configuration.task = Task::kPrintText;
    configuration.text = *line->text;
    return configuration;
  }

  std::string path = line->config;
  if (path.empty()) path = environment(EnvironmentVariableOf("config")).value_or("");
  Result<TomlFile> file = ReadFile(path);
  if (!file) return file.error();
  TomlSection root(&file->root(), "", &*file);
  ReadServerSection(root.Section("server"), &configuration.server);
  BookSettings book = ReadBookSettings(&root);
  root.Finish();
  if (file->error().has_value()) return *file->error();
  if (const auto error = OverrideOptions(*line, environment, &configuration.server)) return *error;

  auto rules = RulesOf(book, *file);
  if (!rules) return rules.error();
  configuration.server.memory_limit_bytes = book.memory_limit_bytes;
  configuration.time_zone = std::move(book.time_zone);
  configuration.today = book.today;
  configuration.rules = std::move(*rules);
  configuration.read_again = [words = std::vector<std::string>(argv, argv + argc), environment] {
    std::vector<const char*> again;
    for (const std::string& word : words) again.push_back(word.c_str());
    return LoadConfiguration(static_cast<int>(again.size()), again.data(), environment);
  };
  if (line->print) {
    configuration.task = Task::kPrintText;
    configuration.text = PrintConfiguration(configuration);
  } else if (line->check) {
    configuration.task = Task::kPrintText;
    configuration.text = (path.empty() ? "The configuration" : path) + " is well formed.\n";
  } else if (line->verify || !line->restore.empty()) {
    if (configuration.server.data.empty()) {
      return Error{.code = ErrorCode::kMissingField,
                   .message = "name the data folder with --data",
                   .field = "data",
                   .position = std::nullopt};
    }
    configuration.task = line->verify ? Task::kVerify : Task::kRestore;
    configuration.restore_from = line->restore;
  }
  return configuration;
}

}  // namespace kundig::server
