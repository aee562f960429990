// Reaching the server for one command, and telling the user why something failed.
//
// Thread safety: used by one thread.

#ifndef KUNDIG_TOOLS_CONNECT_H_
#define KUNDIG_TOOLS_CONNECT_H_

#include <string>
#include <string_view>

#include "client/client.h"
#include "tools/command.h"

namespace kundig::tools {

client::Result<client::Client> Connect(const GlobalOptions& options);

// What the user reads: one sentence; where the error has a position in `expression`, the expression
// follows with a caret below that place.
std::string ErrorText(const client::Error& error, std::string_view expression = {});

int ExitCode(const client::Error& error);

// Prints ErrorText on standard error and returns ExitCode.
int Report(const client::Error& error, std::string_view expression = {});

// One question: connects, calls `ask(client)` for the answer and `show(answer, server)` to print
// it. `expression` is the one that the question carries, for the error text. Returns the exit code.
template <typename Ask, typename Show>
int AskServer(const GlobalOptions& options, std::string_view expression, Ask ask, Show show) {
  client::Result<client::Client> client = Connect(options);
  if (!client) return Report(client.error());
  auto answer = ask(*client);
  if (!answer) return Report(answer.error(), expression);
  return show(*answer, client->server());
}

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_CONNECT_H_
