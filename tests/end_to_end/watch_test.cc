// Changes are told as they happen, with their cause, and from any place that was named before.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/io.hpp>
#include <string>
#include <vector>

#include "tests/end_to_end/programs.h"
#include "tests/eventually.h"

namespace kundig::end_to_end {
namespace {

using ::testing::HasSubstr;
using Changes = std::vector<boost::json::object>;

constexpr char kAbcRules[] = R"([book]
today = 2010-12-10
[abc]
a = 50
)";
constexpr char kSaysPosition[] = "kundig: go on with --from ";

std::string PositionIn(const std::string& err) {
  const size_t at = err.find(kSaysPosition);
  if (at == std::string::npos) return "";
  const size_t begin = at + sizeof(kSaysPosition) - 1;
  return err.substr(begin, err.find('\n', begin) - begin);
}

// kundig watch, while it runs.
class RunningWatch {
 public:
  RunningWatch(const Server& server, std::vector<std::string> words) {
    namespace process = boost::process;
    words.insert(words.begin(), {"--server", server.address(), "watch"});
    child_ = process::child(KUNDIG_BIN_DIR "/kundig", process::args(words),
                            process::std_in<process::null, process::std_out> folder_ / "out",
                            process::std_err > folder_ / "err");
  }
  ~RunningWatch() {
    if (child_.running()) child_.terminate();
  }
  std::string out() const { return ReadFile(folder_ / "out"); }
  std::string err() const { return ReadFile(folder_ / "err"); }
  int Stop(int signal_number) {
    ::kill(child_.id(), signal_number);
    child_.wait();
    return child_.exit_code();
  }

 private:
  Folder folder_;
  boost::process::child child_;
};

class WatchTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(server_.address(), "") << server_.log(); }

  void Order(const std::string& customer, const std::string& revenue,
             const std::string& day = "2010-12-10") {
    const std::string id = "o" + std::to_string(++orders_);
    const std::string file =
        server_.folder().Write("orders.csv", "customer,order,at,revenue\n" + customer + "," + id +
                                                 "," + day + "," + revenue + "\n");
    ASSERT_EQ(server_.Run({"import", "orders", file}).code, 0);
  }

  // From where a watch of these words begins now.
  std::string Begin(std::vector<std::string> words) {
    words.insert(words.begin(), {"watch", "--until-idle", "0"});
    const Done done = server_.Run(words);
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(done.out, "");
    return PositionIn(done.err);
  }
  // What came behind it, at least one change.
  Changes From(const std::string& position, std::vector<std::string> words) {
    words.insert(words.begin(), {"watch", "--max", "1", "--until-idle", "20", "--from", position});
    return server_.Ask(words);
  }

  int orders_ = 0;
  Server server_{kAbcRules};
};

TEST_F(WatchTest, AnEventADayARankingAndOtherRulesEachTellTheirChange) {
  Order("ada", "100.00", "2009-12-11");
  Order("ben", "60.00");
  const std::vector<std::string> active{"--where", "orders >= 1", "--fields", "revenue,abc"};
  const std::string begin = Begin(active);
  Order("cleo", "10.00");
  Changes changes = From(begin, active);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].at("customer"), "cleo");
  EXPECT_EQ(changes[0].at("change"), "entered");
  EXPECT_EQ(changes[0].at("cause"), "event");
  EXPECT_TRUE(changes[0].at("before").is_null());
  EXPECT_EQ(changes[0].at("after").at("revenue"), 1000);

  // Her only order leaves the year.
  server_.One({"admin", "advance-day", "2010-12-11"});
  changes = From(changes[0].at("position").as_string().c_str(), active);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].at("customer"), "ada");
  EXPECT_EQ(changes[0].at("change"), "left");
  EXPECT_EQ(changes[0].at("cause"), "day");
  EXPECT_EQ(changes[0].at("before").at("revenue"), 10000);
  EXPECT_EQ(changes[0].at("after").at("revenue"), 0);

  // Ben is the best, until dora comes and the next ranking says what that makes of him.
  const std::vector<std::string> best{"--where", "abc = 'A'", "--fields", "abc"};
  ASSERT_TRUE(Eventually([&] { return server_.One({"profile", "ben"}).at("abc") == "A"; }));
  const std::string place = Begin(best);
  Order("dora", "1000.00");
  changes = server_.Ask({"watch", "--max", "2", "--until-idle", "20", "--from", place, "--where",
                         "abc = 'A'", "--fields", "abc"});
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].at("customer"), "dora");
  EXPECT_EQ(changes[0].at("change"), "entered");
  EXPECT_EQ(changes[1].at("customer"), "ben");
  EXPECT_EQ(changes[1].at("change"), "left");
  EXPECT_EQ(changes[1].at("cause"), "ranking");
  EXPECT_EQ(changes[1].at("before").at("abc"), "A");
  EXPECT_EQ(changes[1].at("after").at("abc"), "B");

  std::string wider = kAbcRules;
  wider.replace(wider.find("50"), 2, "95");
  server_.folder().Write("book.toml", wider);
  server_.One({"admin", "reload"});
  changes = From(changes[1].at("position").as_string().c_str(), best);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].at("customer"), "ben");
  EXPECT_EQ(changes[0].at("change"), "entered");
  EXPECT_EQ(changes[0].at("cause"), "rules");
}

TEST_F(WatchTest, ChangesArePrintedAsTheyComeUntilASignal) {
  const std::vector<std::string> words{"--where", "orders >= 1", "--fields", "revenue"};
  const std::string begin = Begin(words);
  for (const int how : {SIGINT, SIGTERM}) {
    RunningWatch watch(server_, {"--where", "orders >= 1", "--fields", "revenue", "--from", begin});
    const std::string customer = how == SIGINT ? "ada" : "ben";
    Order(customer, "12.50");
    ASSERT_TRUE(Eventually([&] { return watch.out().find(customer) != std::string::npos; }))
        << watch.err();
    EXPECT_THAT(watch.out(), HasSubstr(customer + "  entered  event  revenue: – -> 12.50\n"));
    EXPECT_EQ(watch.Stop(how), 0);
    EXPECT_EQ(Begin(words), PositionIn(watch.err()));
  }
}

TEST_F(WatchTest, GoesOnWhereItWasAndEndsAfterSoManyChanges) {
  const std::vector<std::string> words{"--where", "orders >= 1"};
  const std::string begin = Begin(words);
  for (int i = 0; i < 5; ++i) Order("c" + std::to_string(i), "1.00");
  std::string place = begin;
  std::vector<std::string> seen;
  for (const char* max : {"2", "2", "5"}) {
    const Done done = server_.Run({"--json", "watch", "--where", "orders >= 1", "--max", max,
                                   "--until-idle", "0", "--from", place});
    EXPECT_EQ(done.code, 0) << done.err;
    for (size_t at = 0; (at = done.out.find("\"customer\":\"", at)) != std::string::npos; ++at) {
      seen.push_back(done.out.substr(at + 12, 2));
    }
    place = PositionIn(done.err);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"c0", "c1", "c2", "c3", "c4"}));
  // All behind a sequence, of whichever feed.
  const Changes rest = server_.Ask({"watch", "--where", "orders >= 1", "--until-idle", "0",
                                    "--from", begin.substr(0, begin.find('.'))});
  EXPECT_EQ(rest.size(), 5u);
}

TEST_F(WatchTest, AfterARestartTheListIsTakenAnew) {
  const Folder data;
  const std::string toml = kAbcRules + ("[server]\ndata = \"" + (data / "data") + "\"\n");
  std::string place;
  {
    Server server(toml);
    ASSERT_NE(server.address(), "") << server.log();
    place = PositionIn(server.Run({"watch", "--where", "orders >= 1", "--until-idle", "0"}).err);
    EXPECT_EQ(server.Stop(SIGTERM), 0);
  }
  Server server(toml);
  ASSERT_NE(server.address(), "") << server.log();
  const std::vector<std::string> words{"watch",        "--where", "orders >= 1",
                                       "--until-idle", "0",       "--from"};
  std::vector<std::string> old = words;
  old.push_back(place);
  const Done gone = server.Run(old);
  EXPECT_EQ(gone.code, 1);
  EXPECT_EQ(PositionIn(gone.err), "");
  constexpr char kSaysNow[] = "take the list of the condition anew and go on from ";
  const size_t at = gone.err.find(kSaysNow);
  ASSERT_NE(at, std::string::npos) << gone.err;
  std::vector<std::string> now = words;
  now.push_back(gone.err.substr(at + sizeof(kSaysNow) - 1));
  now.back().erase(now.back().find_first_not_of("0123456789."));
  const std::string file =
      server.folder().Write("orders.csv", "customer,order,at,revenue\nada,o1,2010-12-10,1.00\n");
  ASSERT_EQ(server.Run({"import", "orders", file}).code, 0);
  EXPECT_EQ(server.Ask(now).size(), 1u);
}

TEST_F(WatchTest, WrongWordsAreTold) {
  EXPECT_EQ(server_.Run({"watch"}).code, 2);
  EXPECT_EQ(server_.Run({"watch", "--where", "orders >= 1", "--from", "x"}).code, 2);
  EXPECT_EQ(server_.Run({"watch", "--where", "orders >= 1", "--max", "0"}).code, 2);
  EXPECT_EQ(server_.Run({"--csv", "watch", "--where", "orders >= 1"}).code, 2);
  const Done unknown = server_.Run({"watch", "--where", "height >= 1"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("^"));
  EXPECT_EQ(server_.Run({"watch", "--where", "orders >= 1", "--fields", "height"}).code, 1);
}

}  // namespace
}  // namespace kundig::end_to_end
