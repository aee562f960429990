#include "tools/connect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "tools/figures.h"

namespace kundig::tools {

client::Result<client::Client> Connect(const GlobalOptions& options) {
  client::Options wanted;
  wanted.server = options.server;
  wanted.name = "kundig " KUNDIG_VERSION;
  return client::Client::Connect(wanted);
}

std::string ErrorText(const client::Error& error, std::string_view expression) {
  std::string text = fmt::format("kundig: {}\n", error.message);
  if (error.position && !expression.empty()) {
    const size_t at =
        std::min(static_cast<size_t>(std::max(*error.position, 0)), expression.size());
    // One line, so that the caret can point into it.
    std::string shown(expression);
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; },
        ' ');
    text += fmt::format("  {}\n  {:>{}}\n", shown, '^', TextWidth(shown.substr(0, at)) + 1);
  }
  return text;
}

int ExitCode(const client::Error& error) {
  switch (error.kind) {
    case client::ErrorKind::kRefused:
    case client::ErrorKind::kProtocol:
      return kExitRefused;
    case client::ErrorKind::kInvalid:
      return kExitUsage;
    case client::ErrorKind::kUnreachable:
    case client::ErrorKind::kLost:
    case client::ErrorKind::kTimedOut:
      return kExitNoServer;
  }
  return kExitRefused;
}

int Report(const client::Error& error, std::string_view expression) {
  const std::string text = ErrorText(error, expression);
  std::fwrite(text.data(), 1, text.size(), stderr);
  return ExitCode(error);
}

}  // namespace kundig::tools
