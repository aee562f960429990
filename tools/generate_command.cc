// `kundig generate --customers N --seed S --out DIR`

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <memory>

#include "tools/answer_json.h"
#include "tools/command.h"
#include "tools/figures.h"
#include "tools/generate_files.h"
#include "tools/moment.h"
#include "tools/output.h"
#include "tools/table.h"

namespace kundig::tools {

namespace {

// The ids have eight digits.
constexpr uint64_t kMaxCustomers = 99'999'999;
constexpr int kMaxThreads = 1024;
constexpr int32_t kDefaultDays = 5 * 365;
// A book holds events from 1900-01-02 to 2079-06-06; consents and leads look some years ahead.
constexpr int32_t kFirstFrom = -25566;
constexpr int32_t kLastUntil = 36524;  // 2069-12-31

struct GenerateWords {
  GenerateRequest request;
  std::string from, until;
};

std::string AnswerText(const GlobalOptions& options, const GenerateRequest& request,
                       const GenerateAnswer& answer, double seconds) {
  if (options.json) {
    boost::json::object shown;
    for (size_t i = 0; i < kShopFiles; ++i) shown[kShopFileNames[i]] = answer.rows[i];
    shown["from"] = FormatDay(request.plan.from);
    shown["until"] = FormatDay(request.plan.until);
    shown["seconds"] = std::round(seconds * 1000) / 1000;
    return ToText(shown) + "\n";
  }
  Table table({{"file"}, {"rows", Align::kRight}, {"bytes", Align::kRight}});
  for (size_t i = 0; i < kShopFiles; ++i) {
    table.AddRow({ShopFileName(static_cast<ShopFile>(i), request.gz), FormatCount(answer.rows[i]),
                  FormatCount(answer.bytes[i])});
  }
  Look look;
  look.colour = StandardOutputWantsColour();
  return fmt::format("{}{} to {}, in {}; {:.1f} s\n", table.Render(look),
                     FormatDay(request.plan.from), FormatDay(request.plan.until), request.folder,
                     seconds);
}

int Generate(const GlobalOptions& options, GenerateWords* typed) {
  const auto started = std::chrono::steady_clock::now();
  ShopPlan& plan = typed->request.plan;
  const auto until = typed->until.empty() ? TodayUtc() : ParseDay(typed->until);
  if (!until) {
    return Report(Failure{fmt::format("--until: '{}' is no day; write 2025-12-31", typed->until),
                          kExitUsage});
  }
  const auto from = typed->from.empty() ? *until - kDefaultDays : ParseDay(typed->from);
  if (!from) {
    return Report(
        Failure{fmt::format("--from: '{}' is no day; write 2021-01-01", typed->from), kExitUsage});
  }
  if (*from > *until || *from < kFirstFrom || *until > kLastUntil) {
    return Report(Failure{fmt::format("--from and --until must lie in this order between {} and {}",
                                      FormatDay(kFirstFrom), FormatDay(kLastUntil)),
                          kExitUsage});
  }
  plan.from = *from;
  plan.until = *until;
  const auto answer = GenerateShop(typed->request);
  if (answer.has_error()) return Report(answer.error());
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  Output output;
  output.Write(AnswerText(options, typed->request, *answer, seconds));
  return output.Finish();
}

}  // namespace

void AddGenerateCommand(CLI::App* app, CommandLine* line) {
  auto typed = std::make_shared<GenerateWords>();
  CLI::App* command = app->add_subcommand(
      "generate", "Make up a shop: files that `kundig import` reads as they are");
  command->fallthrough();
  GenerateRequest& request = typed->request;
  command->add_option("--customers", request.plan.customers, "How many")
      ->required()
      ->check(CLI::Range(uint64_t{1}, kMaxCustomers));
  command->add_option("--seed", request.plan.seed, "The same seed and days give the same bytes")
      ->capture_default_str();
  command->add_option("--out", request.folder, "Folder for the files")->required();
  command->add_option("--from", typed->from, "First day; default five years before --until");
  command->add_option("--until", typed->until, "Last day; default today");
  command->add_option("--threads", request.threads, "0 = one for each processor")
      ->check(CLI::Range(0, kMaxThreads))
      ->capture_default_str();
  command->add_flag("--gz", request.gz, "Pack the files with gzip");
  command->callback([line, typed] {
    line->chosen = [line, typed] { return Generate(line->options, typed.get()); };
  });
}

}  // namespace kundig::tools
