// Terminations, complaints, service requests, late payments and costs from outside: imported,
// corrected, refused, and the same after a crash and after a start from a snapshot.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <string>

#include "tests/end_to_end/programs.h"

namespace kundig::end_to_end {
namespace {

using ::testing::HasSubstr;

namespace json = boost::json;

class Relationship : public ::testing::Test {
 protected:
  void Start() {
    server_.reset();
    server_ = std::make_unique<Server>("[server]\ndata = \"" + folder_ / "data" +
                                       "\"\n[book]\ncurrency = \"EUR\"\ntoday = 2020-01-01\n");
    ASSERT_NE(server_->address(), "") << server_->log();
  }

  // The counts of an import, without what differs from run to run.
  json::object Import(const std::string& kind, const std::string& text,
                      const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"import", kind, folder_.Write(kind + ".csv", text)};
    words.insert(words.end(), more.begin(), more.end());
    json::object counts = server_->One(words);
    counts.erase("seconds");
    return counts;
  }

  static json::object Counts(const std::string& text) { return json::parse(text).as_object(); }

  Folder folder_;
  std::unique_ptr<Server> server_;
};

TEST_F(Relationship, IsKeptCorrectedAndFoundAgain) {
  Start();
  const std::string notices =
      "customer,at,effective,reason,state\n"
      "ada,2019-12-01,2020-03-31,moved,\n"
      "ada,2019-12-05,,,withdrawn\n"
      "bob,2019-12-01,2079-06-06,,given\n"
      "bob,2019-12-02,2079-06-07,,given\n";
  EXPECT_EQ(Import("terminations", notices),
            Counts(R"({"rows":4,"terminations":3,"applied":3,"unchanged":0,"replaced":0,)"
                   R"("skipped":{"invalid_value":1}})"));
  EXPECT_EQ(Import("terminations", notices).at("unchanged"), 3);
  EXPECT_EQ(Import("complaints",
                   "customer,complaint,at,closed\n"
                   "ada,k-1,2019-12-03 10:00:00,\n"
                   "ada,k-2,2019-12-03 10:00:00,2019-12-02\n"),
            Counts(R"({"rows":2,"complaints":1,"applied":1,"unchanged":0,"replaced":0,)"
                   R"("skipped":{"invalid_value":1}})"));
  EXPECT_EQ(
      Import("complaints", "customer,complaint,at,closed\nada,k-1,2019-12-03 10:00:00,2019-12-03\n")
          .at("replaced"),
      1);
  EXPECT_EQ(Import("service", "customer,at\nada,2019-12-04\nada,2019-12-04\nada,2020-01-03\n"),
            Counts(R"({"rows":3,"service":2,"applied":1,"unchanged":1,"replaced":0,)"
                   R"("skipped":{"future_event":1}})"));
  EXPECT_EQ(
      Import("payments", "Who;When\nada;04.12.2019\n",
             {"--columns", "customer=Who,at=When", "--delimiter", ";", "--time-format", "%d.%m.%Y"})
          .at("applied"),
      1);
  EXPECT_EQ(Import("costs", "customer,cost,at,amount\nada,x-1,2019-12-06,12.345\n").at("costs"), 1);
  EXPECT_EQ(Import("costs", "customer,cost,at,amount\nada,x-1,2019-12-06,999\n", {"--minor-units"}),
            Counts(R"({"rows":1,"costs":1,"applied":0,"unchanged":0,"replaced":1,"skipped":{}})"));

  const json::value expected = json::parse(R"([
      {"type":"termination","at":"2019-12-01T00:00:00.000Z","state":"given",
       "effective":"2020-03-31","reason":"moved"},
      {"type":"complaint","at":"2019-12-03T10:00:00.000Z","complaint":"k-1","closed":"2019-12-03"},
      {"type":"service_request","at":"2019-12-04T00:00:00.000Z"},
      {"type":"late_payment","at":"2019-12-04T00:00:00.000Z"},
      {"type":"termination","at":"2019-12-05T00:00:00.000Z","state":"withdrawn",
       "effective":null,"reason":null},
      {"type":"cost","at":"2019-12-06T00:00:00.000Z","cost":"x-1","amount":999}])");
  const json::object ada = server_->One({"export", "ada"}), bob = server_->One({"export", "bob"});
  EXPECT_EQ(ada.at("events"), expected);
  EXPECT_EQ(ada.at("profile").at("activity"), "never");
  EXPECT_EQ(bob.at("events").at(0).at("effective"), "2079-06-06");
  EXPECT_THAT(server_->Run({"export", "ada"}).out, HasSubstr("cost x-1, amount 9.99"));

  // From the journal, and then from the snapshot of an orderly stop.
  for (const int signal : {SIGKILL, SIGTERM}) {
    server_->Stop(signal);
    Start();
    EXPECT_EQ(server_->One({"export", "ada"}).at("events"), expected);
    EXPECT_EQ(server_->One({"export", "bob"}).at("events"), bob.at("events"));
    EXPECT_EQ(Import("terminations", notices).at("unchanged"), 3);
  }
  EXPECT_EQ(server_->One({"erase", "ada"}).at("erased"), true);
  EXPECT_EQ(server_->Run({"export", "ada"}).code, 1);
}

}  // namespace
}  // namespace kundig::end_to_end
