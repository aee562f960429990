// `kundig bench` against a real server: that what it counts happened, and that it says what failed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/programs.h"

namespace kundig::end_to_end {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

class Bench : public testing::Test {
 protected:
  static constexpr int kCustomers = 300;

  Bench() : server_("[book]\ntoday = 2025-12-31\n") {
    const std::string shop = server_.folder() / "shop";
    const Done made = RunProgram(KUNDIG_BIN_DIR "/kundig",
                                 {"generate", "--customers", std::to_string(kCustomers), "--out",
                                  shop, "--from", "2024-01-01", "--until", "2025-12-30"});
    EXPECT_EQ(made.code, 0) << made.err;
    for (const char* kind : {"customers", "orders", "leads"}) {
      server_.One({"import", kind, shop + "/" + kind + ".csv"});
    }
  }

  int64_t Of(const json::object& answer, const char* name) {
    return answer.at(name).to_number<int64_t>();
  }
  int64_t Status(const char* name) { return Of(server_.One({"status"}), name); }

  const Server server_;
};

TEST_F(Bench, LooksUpEveryWayAndCountsEveryAnswer) {
  const std::vector<std::vector<std::string>> ways = {{"--depth", "4", "--keys", "zipf:0.99"},
                                                      {"--rate", "5000", "--senders", "2"}};
  for (const auto& way : ways) {
    std::vector<std::string> words = {"bench",     "lookup", "--connections", "2",  "--batch", "3",
                                      "--warm-up", "0",      "--requests",    "500"};
    words.insert(words.end(), way.begin(), way.end());
    const json::object answer = server_.One(words);
    EXPECT_EQ(Of(answer, "of_customers"), kCustomers);
    EXPECT_EQ(Of(answer, "requests"), 500);
    EXPECT_EQ(Of(answer, "customers"), 1500);
    EXPECT_EQ(Of(answer, "errors"), 0);
    const json::object& latency = answer.at("latency_us").as_object();
    const auto at = [&](const char* name) { return latency.at(name).to_number<double>(); };
    EXPECT_GT(at("min"), 0);
    EXPECT_LE(at("p50"), at("p99"));
    EXPECT_LE(at("p99.99"), at("max"));
  }
}

TEST_F(Bench, NamesACustomerThatIsNotThere) {
  std::vector<std::string> words = {"bench",     "lookup", "--customers", "100000",
                                    "--warm-up", "0",      "--requests",  "200"};
  const Done records = server_.Run(words);
  EXPECT_EQ(records.code, 1);
  EXPECT_THAT(records.err, HasSubstr("requests failed; the first: a customer is not in the book"));
  words.emplace_back("--profiles");
  const Done profiles = server_.Run(words);
  EXPECT_EQ(profiles.code, 1);
  EXPECT_THAT(profiles.err, HasSubstr("requests failed; the first: there is no customer C000"));
}

TEST_F(Bench, AsksForTheCustomersWhereTheBookHasOthers) {
  ASSERT_EQ(server_.Run({"bench", "ingest", "--requests", "5", "--warm-up", "0"}).code, 0);
  const Done done = server_.Run({"bench", "lookup", "--requests", "5", "--warm-up", "0"});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("--customers"));
}

TEST_F(Bench, RefusesWhatTheServerDoesNotTake) {
  Done done = server_.Run({"bench", "lookup", "--depth", "65536"});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("max_in_flight"));
  done = server_.Run({"bench", "ingest", "--batch", "1000000"});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("--batch is at most"));
}

TEST_F(Bench, IngestLeavesItsOrdersOnlyWhereItSaysSo) {
  const int64_t customers = Status("customers"), orders = Status("orders");
  const std::vector<std::string> words = {"bench",         "ingest", "--batch",     "50",
                                          "--connections", "2",      "--customers", "40",
                                          "--warm-up",     "0",      "--requests",  "30"};
  std::vector<std::string> erasing = words;
  erasing.emplace_back("--erase");
  json::object answer = server_.One(erasing);
  EXPECT_EQ(Of(answer, "orders"), 1500);
  EXPECT_EQ(Status("customers"), customers);
  EXPECT_EQ(Status("orders"), orders);

  answer = server_.One(words);
  EXPECT_EQ(Of(answer, "orders"), 1500);
  EXPECT_EQ(Status("customers"), customers + 40);
  EXPECT_EQ(Status("orders"), orders + 1500);
  EXPECT_GT(Of(server_.One({"profile", "bench-C00000001"}), "revenue_total"), 0);

  server_.One({"bench", "ingest", "--into-shop", "--customers", "300", "--warm-up", "0",
               "--requests", "100", "--events"});
  EXPECT_EQ(Status("customers"), customers + 40);
  EXPECT_EQ(Status("orders"), orders + 1600);
}

TEST_F(Bench, ScansInTurns) {
  const json::object answer =
      server_.One({"bench", "scan", "--warm-up", "0", "--requests", "70", "--question",
                   "rfm,abc,value,count,list,inactive,pipeline", "--where", "orders_total > 1",
                   "--by", "owner,month"});
  const json::object& questions = answer.at("questions").as_object();
  EXPECT_EQ(questions.size(), 7u);
  for (const auto& question : questions) {
    EXPECT_EQ(Of(question.value().as_object(), "requests"), 10) << question.key();
  }
  const Done refused = server_.Run({"bench", "scan", "--question", "count", "--where", "size > 3",
                                    "--warm-up", "0", "--requests", "2"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("2 requests failed"));
  const Done table = server_.Run({"bench", "scan", "--seconds", "0.1", "--warm-up", "0"});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("p99.99"));
}

}  // namespace
}  // namespace kundig::end_to_end
