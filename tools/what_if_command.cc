#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "tools/command.h"
#include "tools/connect.h"
#include "tools/figures.h"
#include "tools/show.h"
#include "tools/what_if_format.h"

namespace kundig::tools {

namespace {

struct WhatIfWords {
  std::string config, list;
  uint32_t limit = 100;
};

// KIND:FROM:TO; the first two colons part them.
AskedMove MoveOf(const std::string& text) {
  constexpr std::pair<const char*, wire::Judgement> kKinds[] = {
      {"rfm", wire::Judgement::rfm_segment},
      {"abc", wire::Judgement::abc},
      {"value", wire::Judgement::value_class},
      {"activity", wire::Judgement::activity}};
  const size_t first = text.find(':'), second = text.find(':', first + 1);
  if (first == std::string::npos || second == std::string::npos) return std::nullopt;
  for (const auto& [kind, judgement] : kKinds) {
    if (text.substr(0, first) != kind) continue;
    wire::MoveListT list;
    list.judgement = judgement;
    list.from = text.substr(first + 1, second - first - 1);
    list.to = text.substr(second + 1);
    if (list.from.empty() || list.to.empty()) return std::nullopt;
    return list;
  }
  return std::nullopt;
}

std::string ListMistake(const std::string& text) {
  return MoveOf(text)
             ? ""
             : "name a move as KIND:FROM:TO, KIND being rfm, abc, value or activity, not " + text;
}

int RunWhatIf(const GlobalOptions& options, const WhatIfWords& words) {
  std::ifstream file(words.config, std::ios::binary);
  wire::WhatIfRequestT request;
  request.configuration.assign(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open() || file.bad()) {
    std::fprintf(stderr, "kundig: cannot read %s: %s\n", words.config.c_str(),
                 std::strerror(errno));
    return kExitRefused;
  }
  const AskedMove list = MoveOf(words.list);
  if (list) request.list = std::make_unique<wire::MoveListT>(*list);
  request.limit = words.limit;
  client::Result<client::Client> client = Connect(options);
  if (!client) return Report(client.error());
  const std::unique_ptr<WhatIfFormat> format =
      options.json  ? MakeWhatIfJson(list)
      : options.csv ? MakeWhatIfCsv(list)
                    : MakeWhatIfTable(list, LookOf(client->server()));
  Output output;
  std::string text;
  const client::Result<void> done = client->WhatIf(request, [&](const wire::WhatIfReplyT& chunk) {
    text.clear();
    // Where rows are wanted and nothing else.
    for (const std::string& note : chunk.notes) {
      if (options.csv) std::fprintf(stderr, "kundig: %s\n", Printable(note).c_str());
    }
    format->Append(chunk, &text);
    return output.Write(text);
  });
  const int code = output.Finish();
  return done ? code : Report(done.error());
}

}  // namespace

void AddWhatIfCommand(CLI::App* app, CommandLine* line) {
  const GlobalOptions& options = line->options;
  CLI::App* what_if =
      app->add_subcommand("what-if", "Which customers another configuration would judge otherwise");
  auto words = std::make_shared<WhatIfWords>();
  what_if->add_option("--config", words->config, "The other configuration, as kundigd takes it")
      ->required()
      ->check(CLI::ExistingFile);
  what_if
      ->add_option("--list", words->list,
                   "KIND:FROM:TO: also who moves, as abc:A:B; KIND rfm, abc, value or activity")
      ->check(ListMistake);
  what_if->add_option("--limit", words->limit, "Rows of the list; 0 = all, streamed")
      ->capture_default_str();
  what_if->callback([line, &options, words] {
    line->chosen = [&options, words] { return RunWhatIf(options, *words); };
  });
}

}  // namespace kundig::tools
