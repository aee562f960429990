#include "server/configuration.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "engine/calendar.h"
#include "server/options.h"
#include "tests/server/configuration_files.h"

namespace kundig::server {
namespace {

TEST(Configuration, NothingAtAllIsAWorkingOne) {
  const auto loaded = Load({});
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->task, Task::kServe);
  EXPECT_EQ(loaded->server.listen, "127.0.0.1:7400");
  EXPECT_EQ(loaded->time_zone, "UTC");
  EXPECT_FALSE(loaded->today.has_value());
  EXPECT_EQ(loaded->rules->stages().size(), 5u);
  EXPECT_TRUE(LoadText("").has_value());
}

TEST(Configuration, CommandLineComesBeforeEnvironmentBeforeFile) {
  const TemporaryFile file(
      "[server]\nmax_connections = 1\nmax_in_flight = 2\nthreads = 3\nlisten = \"0.0.0.0:1\"\n");
  const auto loaded = Load({"--config", file.path(), "--max-connections", "100"},
                           {{"KUNDIGD_MAX_CONNECTIONS", "10"}, {"KUNDIGD_MAX_IN_FLIGHT", "20"}});
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->server.max_connections, 100u);
  EXPECT_EQ(loaded->server.max_in_flight, 20u);
  EXPECT_EQ(loaded->server.threads, 3u);
  EXPECT_EQ(loaded->server.listen, "0.0.0.0:1");
  EXPECT_EQ(loaded->server.shards, ServerOptions().shards);
}

TEST(Configuration, TheFileMayBeNamedByTheEnvironment) {
  const TemporaryFile file("[book]\ncurrency = \"GBP\"\n");
  const auto loaded = Load({}, {{"KUNDIGD_CONFIG", file.path()}});
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->rules->settings().currency, "GBP");
}

TEST(Configuration, EveryOptionIsFlagVariableKeyAndPrinted) {
  for (const OptionSpec& option : OptionSpecs()) {
    ServerOptions defaults;
    std::string value = "some-path";
    if (IsNumber(option)) value = std::to_string(option.high);
    if (std::string(option.name) == "listen") value = "[::1]:9";
    if (std::string(option.name) == "log_level") value = "error";
    if (std::string(option.name) == "durability") value = "interval=250";
    if (std::string(option.name) == "lost_tail") value = "accept";
    const std::string quoted = IsNumber(option) ? value : "\"" + value + "\"";
    const TemporaryFile file("[server]\n" + std::string(option.name) + " = " + quoted + "\n");
    for (const auto& loaded :
         {Load({FlagOf(option), value}), Load({}, {{EnvironmentVariableOf(option.name), value}}),
          Load({"--config", file.path()})}) {
      ASSERT_TRUE(loaded.has_value()) << option.name << ": " << loaded.error().message;
      EXPECT_EQ(ValueOf(option, loaded->server), value);
      EXPECT_NE(ValueOf(option, loaded->server), ValueOf(option, defaults));
      EXPECT_NE(PrintConfiguration(*loaded).find(std::string(option.name) + " = " + quoted),
                std::string::npos);
    }
  }
}

TEST(Configuration, NamesTheOptionAtFault) {
  const auto message = [](const engine::Result<Configuration>& loaded) {
    return loaded ? "no mistake" : loaded.error().message;
  };
  EXPECT_EQ(message(Load({"--max-connections", "many"})),
            "--max-connections: expected a whole number from 1 to 65536");
  EXPECT_EQ(message(Load({}, {{"KUNDIGD_SHARDS", "48"}})),
            "KUNDIGD_SHARDS: expected a power of two from 1 to 1024");
  EXPECT_EQ(message(Load({"--listen", "7400"})),
            "--listen: expected HOST:PORT, with port 0 for a free one");
  EXPECT_EQ(message(Load({"--log-level", "loud"})),
            "--log-level: expected trace, debug, info, warn or error");
  ExpectMistake("[server]\n\nthreads = \"2\"\n", "3: server.threads: expected a whole number");
  ExpectMistake("[server]\nlisten = 7400\n", "2: server.listen: expected HOST:PORT");
  ExpectMistake("[server]\nthread = 2\n", "2: server.thread: unknown key; expected address_file");
  for (const char* durability :
       {"interval", "interval=0", "interval=60001", "interval=1s", "none"}) {
    EXPECT_EQ(message(Load({"--durability", durability})),
              "--durability: expected sync, or interval=MS with MS from 1 to 60000");
  }
}

TEST(Configuration, TellsWrongUsageFromWrongValues) {
  EXPECT_EQ(Load({"--frobnicate"}).error().code, engine::ErrorCode::kUnknownField);
  EXPECT_NE(Load({"--frobnicate"}).error().message.find("--frobnicate"), std::string::npos);
  EXPECT_EQ(Load({"--threads", "x"}).error().code, engine::ErrorCode::kInvalidValue);
}

TEST(Configuration, RefusesFilesThatCannotBeRead) {
  EXPECT_EQ(Load({"--config", "/no/such/file.toml"}).error().message,
            "/no/such/file.toml: expected a configuration file that can be read");
  EXPECT_EQ(Load({"--config", "/"}).error().message,
            "/: expected a configuration file that can be read");
  ExpectMistake("[book]\ncurrency = \n", "2: expected TOML: ");
  ExpectMistake("[book]\ncurrency = \"EUR\"\ncurrency = \"GBP\"\n", "3: expected TOML: ");
}

TEST(Configuration, PrintsHelpAndVersion) {
  const auto help = Load({"--help"});
  ASSERT_TRUE(help.has_value());
  EXPECT_EQ(help->task, Task::kPrintText);
  for (const OptionSpec& option : OptionSpecs()) {
    EXPECT_NE(help->text.find(FlagOf(option)), std::string::npos) << option.name;
  }
  const auto version = Load({"--version"});
  ASSERT_TRUE(version.has_value());
  EXPECT_EQ(version->text, std::string("kundigd ") + KUNDIG_VERSION + "\n");
}

TEST(Configuration, ChecksWithoutServing) {
  const TemporaryFile file("");
  const auto checked = Load({"--config", file.path(), "--check-config"});
  ASSERT_TRUE(checked.has_value());
  EXPECT_EQ(checked->task, Task::kPrintText);
  EXPECT_EQ(checked->text, file.path() + " is well formed.\n");
  EXPECT_TRUE(Load({"--check-config", "--config", "/no/such/file"}).has_error());
}

TEST(Configuration, TheReferenceNamesEveryOptionWithItsDefault) {
  std::ifstream file(KUNDIG_SOURCE_DIR "/server/CONFIGURATION.md");
  const std::string reference{std::istreambuf_iterator<char>(file),
                              std::istreambuf_iterator<char>()};
  ASSERT_FALSE(reference.empty());
  const ServerOptions defaults;
  for (const OptionSpec& option : OptionSpecs()) {
    const std::string row = "| `" + std::string(option.name) + "` | `" + FlagOf(option) + "` | `" +
                            EnvironmentVariableOf(option.name) + "` | ";
    const size_t at = reference.find(row);
    ASSERT_NE(at, std::string::npos) << row;
    const std::string rest = reference.substr(at + row.size(), reference.find('\n', at) - at);
    const std::string value = ValueOf(option, defaults);
    const std::string cell = value.empty() ? "none |" : "`" + value + "` |";
    EXPECT_EQ(rest.substr(0, cell.size()), cell) << row;
  }
}

}  // namespace
}  // namespace kundig::server
