// Other rules for a running server, and value classes that a person pins or a day close remembers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>

#include <string>

#include "tests/end_to_end/programs.h"
#include "tests/eventually.h"

namespace kundig::end_to_end {
namespace {

using ::testing::HasSubstr;

// The score is the bonding of a customer.
constexpr char kValueRules[] = R"([book]
today = 2010-12-10
[value]
individual_at = 60
standard_below = 50
between = "last_close"
[[value.criterion]]
field = "bonding"
weight = 1
points = [[0, 0], [45, 45], [55, 55], [60, 60]]
)";

class Reloads : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(server_.address(), "") << server_.log(); }

  void Bond(const std::string& customer, const std::string& bonding) {
    const std::string file = server_.folder().Write(
        "customers.csv", "customer,bonding\n" + customer + "," + bonding + "\n");
    ASSERT_EQ(server_.Run({"import", "customers", file}).code, 0);
  }
  std::string ClassOf(const std::string& customer) {
    return server_.One({"profile", customer}).at("value_class").as_string().c_str();
  }

  Server server_{kValueRules};
};

TEST_F(Reloads, ADayCloseKeepsTheClassAndAPersonPinsIt) {
  Bond("ada", "60");
  EXPECT_EQ(ClassOf("ada"), "individual");
  Bond("ada", "55");
  EXPECT_EQ(ClassOf("ada"), "review");
  Bond("ada", "60");
  server_.One({"admin", "advance-day", "2010-12-11"});
  Bond("ada", "55");
  EXPECT_EQ(ClassOf("ada"), "individual");
  EXPECT_EQ(server_.One({"explain", "ada"}).at("decided_by"), "last_close");
  EXPECT_THAT(server_.Run({"explain", "ada"}).out, HasSubstr("as at the last day close"));

  EXPECT_THAT(server_.Run({"pin", "ada", "standard"}).out, HasSubstr("ada: standard, pinned."));
  const boost::json::object pinned = server_.One({"profile", "ada"});
  EXPECT_EQ(pinned.at("value_class"), "standard");
  EXPECT_EQ(pinned.at("value_pinned"), true);
  EXPECT_EQ(server_.One({"explain", "ada"}).at("decided_by"), "pinned");
  EXPECT_EQ(server_.One({"pin", "ada", "standard"}).at("changed"), false);
  EXPECT_EQ(server_.One({"pin", "ada", "none"}).at("changed"), true);
  EXPECT_EQ(ClassOf("ada"), "individual");
  EXPECT_EQ(server_.Run({"pin", "ada", "gold"}).code, 2);
}

TEST_F(Reloads, OtherRulesComeAsAWholeOrNotAtAll) {
  Bond("ada", "55");
  EXPECT_EQ(server_.One({"status"}).at("rules_version"), 1);
  boost::json::object answer = server_.One({"admin", "reload"});
  EXPECT_EQ(answer.at("changed"), false);

  std::string lower = kValueRules;
  lower.replace(lower.find("60"), 2, "52");
  server_.folder().Write("book.toml", lower);
  answer = server_.One({"admin", "reload"});
  EXPECT_EQ(answer.at("changed"), true);
  EXPECT_EQ(answer.at("needs_restart"), false);
  EXPECT_EQ(answer.at("rules_version"), 2);
  EXPECT_EQ(ClassOf("ada"), "individual");

  server_.folder().Write("book.toml", lower + "[abc]\na = 101\n");
  const Done refused = server_.Run({"admin", "reload"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("book.toml:12"));
  EXPECT_EQ(server_.One({"status"}).at("rules_version"), 2);
  EXPECT_EQ(ClassOf("ada"), "individual");
}

TEST_F(Reloads, AHangUpSignalReloads) {
  std::string lower = kValueRules;
  lower.replace(lower.find("60"), 2, "52");
  server_.folder().Write("book.toml", lower);
  server_.Signal(SIGHUP);
  EXPECT_TRUE(Eventually([&] { return server_.One({"status"}).at("rules_version") == 2; }));
  EXPECT_EQ(server_.Stop(SIGTERM), 0);
}

}  // namespace
}  // namespace kundig::end_to_end
