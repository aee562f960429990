// How the commands of `kundig` hang together: each family of commands adds itself to the command
// line, and the one that the user typed leaves what is to be run in `chosen`.
//
// Thread safety: used by the main thread only.

#ifndef KUNDIG_TOOLS_COMMAND_H_
#define KUNDIG_TOOLS_COMMAND_H_

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace kundig::tools {

// Exit codes of `kundig`.
inline constexpr int kExitDone = 0;
inline constexpr int kExitRefused = 1;   // the server refused, or the data was bad
inline constexpr int kExitUsage = 2;     // wrong usage
inline constexpr int kExitNoServer = 3;  // no server reached

struct GlobalOptions {
  std::string server = "127.0.0.1:7400";
  bool json = false;
  bool csv = false;
};

struct CommandLine {
  GlobalOptions options;
  std::function<int()> chosen;  // set by the subcommand that was typed; returns the exit code
};

// One for each family; each in the file of its name.
void AddQueryCommands(CLI::App* app,
                      CommandLine* line);  // ping status profile rfm abc value churn explain count
void AddListCommands(CLI::App* app, CommandLine* line);     // inactive list pipeline
void AddWhatIfCommand(CLI::App* app, CommandLine* line);    // what-if
void AddWatchCommand(CLI::App* app, CommandLine* line);     // watch
void AddPrivacyCommands(CLI::App* app, CommandLine* line);  // export erase receipt
void AddPinCommand(CLI::App* app, CommandLine* line);       // pin
void AddAdminCommands(CLI::App* app, CommandLine* line);    // backup, admin ...
void AddImportCommands(
    CLI::App* app, CommandLine* line);  // import orders|customers|leads|visits|contacts|consents
void AddGenerateCommand(CLI::App* app, CommandLine* line);  // generate
void AddBenchCommand(CLI::App* app, CommandLine* line);     // bench lookup|ingest|scan

// Everything of main() but the process: parses, runs, prints. Returns the exit code.
int RunCommandLine(int argc, const char* const* argv);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_COMMAND_H_
