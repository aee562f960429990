#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tools/command.h"

namespace kundig::tools {
namespace {

using ::testing::HasSubstr;

struct KundigRun {
  int code = 0;
  std::string out, err;
};

KundigRun RunKundig(std::vector<const char*> words) {
  words.insert(words.begin(), "kundig");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  KundigRun outcome;
  outcome.code = RunCommandLine(static_cast<int>(words.size()), words.data());
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  return outcome;
}

// Nothing listens on port 1 of this machine.
constexpr const char* kNowhere = "127.0.0.1:1";

TEST(CommandLine, WrongUsageIsTwoWithAReason) {
  const std::vector<std::vector<const char*>> wrong = {
      {},
      {"frobnicate"},
      {"rfm", "superfluous"},
      {"rfm", "--nosuch"},
      {"profile"},
      {"explain"},
      {"explain", "a", "b"},
      {"rfm", "--json", "--csv"},
      {"pipeline", "--by", "stage,colour"},
      {"pipeline", "--by", "reason"},
      {"pipeline", "--closed-by", "colour"},
      {"pipeline", "--as-of", "yesterday"},
      {"pipeline", "--waterfall", "2010-12-01"},
      {"pipeline", "--waterfall", "2010-12-01", "2010-02-30"},
      {"pipeline", "--waterfall", "2010-12-01", "2010-12-02", "--by", "owner"},
      {"pipeline", "--waterfall", "2010-12-01", "2010-12-02", "--conversion"},
      {"pipeline", "--conversion", "--as-of", "2010-12-01"},
      {"pipeline", "--from", "2010-12-01"},
      {"inactive", "--activity", "asleep"},
      {"churn", "--until", "tomorrow"},
      {"rfm", "--as-of", "yesterday"},
      {"what-if"},
      {"what-if", "--config", "/no/such/file"},
      {"what-if", "--config", "/dev/null", "--list", "abc:A"},
      {"what-if", "--config", "/dev/null", "--list", "abc::B"},
      {"what-if", "--config", "/dev/null", "--list", "colour:A:B"},
      {"churn", "--until", "2010-02-30"},
      {"churn", "--check-until", "2010-01-01"},
      {"list", "--limit", "-1"},
      {"list", "--limit", "many"},
      {"list", "--order-by", "revenue:up"},
      {"list", "--need-consent"},
      {"admin"},
      {"admin", "advance-day"},
      {"admin", "advance-day", "tomorrow"},
      {"admin", "advance-day", "2010-02-30"},
      {"bench"},
      {"bench", "everything"},
      {"bench", "lookup", "--keys", "zipf"},
      {"bench", "lookup", "--rate", "0"},
      {"bench", "lookup", "--rate", "nan"},
      {"bench", "lookup", "--rate", "1e12"},
      {"bench", "scan", "--seconds", "nan"},
      {"bench", "scan", "--warm-up", "inf"},
      {"bench", "lookup", "--depth", "0"},
      {"bench", "lookup", "--seconds", "1", "--requests", "5"},
      {"bench", "ingest", "--prefix", ""},
      {"bench", "ingest", "--into-shop"},
      {"bench", "ingest", "--into-shop", "--customers", "9", "--erase"},
      {"bench", "ingest", "--into-shop", "--customers", "9", "--prefix", "p-"},
      {"bench", "scan", "--question", "rfm,everything"},
      {"bench", "scan", "--by", "reason"},
  };
  for (const auto& words : wrong) {
    const KundigRun outcome = RunKundig(words);
    EXPECT_EQ(outcome.code, kExitUsage) << testing::PrintToString(words);
    EXPECT_THAT(outcome.err, HasSubstr("kundig: "));
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(CommandLine, AnUnknownCommandIsNamed) {
  EXPECT_EQ(RunKundig({"frobnicate"}).err,
            "kundig: there is no command frobnicate; see kundig --help\n");
  EXPECT_EQ(RunKundig({}).err, "kundig: A subcommand is required; see kundig --help\n");
}

TEST(CommandLine, AnswersWithoutRowsTakeNoCsv) {
  for (const auto& words :
       std::vector<std::vector<const char*>>{{"ping"},
                                             {"status"},
                                             {"count"},
                                             {"explain", "a"},
                                             {"churn", "--until", "2010-01-01"},
                                             {"export", "a"},
                                             {"erase", "a"},
                                             {"receipt", "1"},
                                             {"pin", "a", "none"},
                                             {"admin", "reload"},
                                             {"admin", "compact"},
                                             {"bench", "lookup"},
                                             {"bench", "ingest"},
                                             {"bench", "scan"},
                                             {"admin", "advance-day", "2010-12-11"}}) {
    std::vector<const char*> with_csv = words;
    with_csv.push_back("--csv");
    const KundigRun outcome = RunKundig(with_csv);
    EXPECT_EQ(outcome.code, kExitUsage) << words.front();
    EXPECT_THAT(outcome.err, HasSubstr("--json"));
  }
}

TEST(CommandLine, NoServerIsThreeForEveryCommand) {
  for (const auto& words : std::vector<std::vector<const char*>>{
           {"ping"},
           {"status"},
           {"profile", "a", "b"},
           {"profile", "--", "-17"},
           {"profile", "rfm"},
           {"explain", "a"},
           {"rfm"},
           {"abc"},
           {"value"},
           {"churn", "--until", "2010-01-01", "--check-until", "2010-12-09"},
           {"phases", "--where", "revenue > 3"},
           {"risks"},
           {"count", "--where", "revenue > 3"},
           {"count", "--as-of", "2010-01-01"},
           {"profile", "--as-of", "2010-01-01", "a"},
           {"rfm", "--as-of", "2010-01-01"},
           {"inactive", "--as-of", "2010-01-01"},
           {"list", "--where", "revenue > 3", "--fields", "customer,revenue", "--limit", "0"},
           {"inactive", "--activity", "inactive,lost", "--need-consent", "--order-by",
            "orders:asc"},
           {"pipeline", "--by", "stage,owner", "--closed-by", "reason", "--as-of", "2010-12-09"},
           {"pipeline", "--waterfall", "2010-12-01", "2010-12-09", "--where", "owner = 'Ada'"},
           {"pipeline", "--conversion", "--from", "2010-12-01", "--to", "2010-12-09"},
           {"export", "--", "-17"},
           {"erase", "a"},
           {"receipt", "17"},
           {"pin", "a", "individual"},
           {"admin", "reload"},
           {"backup", "folder"},
           {"admin", "snapshot"},
           {"admin", "compact"},
           {"bench", "lookup", "--keys", "zipf:0.99", "--depth", "16", "--connections", "2"},
           {"bench", "ingest", "--batch", "1000", "--rate", "10", "--erase"},
           {"bench", "scan", "--question", "rfm,count", "--requests", "3", "--warm-up", "0"},
           {"admin", "advance-day", "2010-12-11"}}) {
    for (const bool first : {true, false}) {
      std::vector<const char*> all = words;
      // Behind '--' everything is an id, so these options go in front there.
      const bool in_front = first || words[1 % words.size()] == std::string("--");
      for (const char* word : {kNowhere, "--server"}) {
        all.insert(in_front ? all.begin() : all.begin() + static_cast<long>(words.size()), word);
      }
      const KundigRun outcome = RunKundig(all);
      EXPECT_EQ(outcome.code, kExitNoServer) << testing::PrintToString(all) << outcome.err;
      EXPECT_THAT(outcome.err, HasSubstr("kundig: "));
      EXPECT_EQ(outcome.out, "");
    }
  }
}

TEST(CommandLine, AnAddressThatIsNoneIsWrongUsage) {
  EXPECT_EQ(RunKundig({"--server", "nowhere", "ping"}).code, kExitUsage);
}

TEST(CommandLine, HelpAndVersionAreDone) {
  KundigRun outcome = RunKundig({"--help"});
  EXPECT_EQ(outcome.code, kExitDone);
  for (const char* command :
       {"ping", "status", "import", "profile", "rfm", "abc", "value", "explain", "inactive", "list",
        "count", "pipeline", "export", "erase", "receipt", "pin", "admin", "bench"}) {
    EXPECT_THAT(outcome.out, HasSubstr(std::string("\n  ") + command + " "));
  }
  outcome = RunKundig({"--version"});
  EXPECT_EQ(outcome.code, kExitDone);
  EXPECT_EQ(outcome.out, KUNDIG_VERSION "\n");
  outcome = RunKundig({"inactive", "--help"});
  EXPECT_EQ(outcome.code, kExitDone);
  EXPECT_THAT(outcome.out, HasSubstr("--need-consent"));
}

}  // namespace
}  // namespace kundig::tools
