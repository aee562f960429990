// The program `kundig`; everything it does is in RunCommandLine, so that tests can drive it.

#include <csignal>

#include "tools/command.h"

int main(int argc, char** argv) {
  // A reader that leaves early (`kundig list | head`) is met as a failed write, not as a signal.
  std::signal(SIGPIPE, SIG_IGN);
  return kundig::tools::RunCommandLine(argc, argv);
}
