// The churn model from outside, on the data that its papers use.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "tests/end_to_end/programs.h"
#include "tests/end_to_end/small_shop.h"
#include "tests/eventually.h"

namespace kundig::end_to_end {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr const char* kSample = KUNDIG_SOURCE_DIR "/../shared/data/cdnow_sample.csv.gz";

std::string Rules(const std::string& churn) {
  return "[book]\ncurrency = \"USD\"\ntoday = 1998-07-01\n[churn]\n" + churn;
}

double Parameter(const boost::json::object& answer, const char* name) {
  return answer.at("parameters").at(name).to_number<double>();
}

// Table 2 of Fader, Hardie and Lee (2005), and Batislam, Denizel and Filiztekin's model (2007) on
// the same data.
TEST(Churn, GivesThePublishedFiguresOfCdnow) {
  if (!std::filesystem::exists(kSample)) GTEST_SKIP() << kSample << " is not there";
  const Server bg(Rules("model = \"bg-nbd\"\n"));
  ASSERT_NE(bg.address(), "") << bg.log();
  bg.One({"import", "orders", kSample});
  const boost::json::object answer = bg.One({"churn", "--until", "1997-09-30"});
  EXPECT_EQ(answer.at("model"), "bg-nbd");
  EXPECT_EQ(answer.at("customers"), 2357);
  EXPECT_EQ(answer.at("fitted_through"), "1997-09-30");
  EXPECT_NEAR(Parameter(answer, "r"), 0.243, 0.0005);
  EXPECT_NEAR(Parameter(answer, "alpha"), 4.414, 0.0005);
  EXPECT_NEAR(Parameter(answer, "a"), 0.793, 0.0005);
  EXPECT_NEAR(Parameter(answer, "b"), 2.426, 0.0005);
  EXPECT_NEAR(answer.at("log_likelihood").to_number<double>(), -9582.43, 0.005);
  EXPECT_FALSE(answer.contains("hold_out"));

  const boost::json::object checked =
      bg.One({"churn", "--until", "1997-09-30", "--check-until", "1998-06-30"});
  const auto& rows = checked.at("hold_out").as_array();
  ASSERT_EQ(rows.size(), 8u);
  const int customers[] = {1411, 439, 214, 100, 62, 38, 29, 64};
  const int purchases[] = {334, 306, 298, 156, 157, 112, 112, 407};
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].at("customers"), customers[i]);
    EXPECT_NEAR(rows[i].at("actual").to_number<double>() * customers[i], purchases[i], 1e-6);
    EXPECT_GT(rows[i].at("expected").to_number<double>(), 0);
  }
  const Done shown = bg.Run({"churn", "--until", "1997-09-30", "--check-until", "1998-06-30"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("alpha                 4.414  weeks\n"));
  EXPECT_THAT(shown.out, HasSubstr("7 and more         64  actual     6.36  █████"));
  EXPECT_THAT(
      bg.Run({"churn", "--csv", "--until", "1997-09-30", "--check-until", "1998-06-30"}).out,
      HasSubstr("repeats,customers,actual,expected\n0,1411,0.236"));

  const Server mbg(Rules(""));
  ASSERT_NE(mbg.address(), "") << mbg.log();
  mbg.One({"import", "orders", kSample});
  const boost::json::object other = mbg.One({"churn", "--until", "1997-09-30"});
  EXPECT_EQ(other.at("model"), "mbg-nbd");
  EXPECT_NEAR(Parameter(other, "r"), 0.525, 0.0005);
  EXPECT_NEAR(Parameter(other, "alpha"), 6.183, 0.0005);
  EXPECT_NEAR(Parameter(other, "a"), 0.891, 0.0005);
  EXPECT_NEAR(Parameter(other, "b"), 1.614, 0.0005);
}

TEST(Churn, SaysWhatToDoWhereItCannotAnswer) {
  const Server server(kSmallShopRules);
  ASSERT_NE(server.address(), "") << server.log();
  ImportSmallShop(server);
  const Done few = server.Run({"churn"});
  EXPECT_EQ(few.code, 1);
  EXPECT_THAT(few.err, HasSubstr("kundig: Ask again when 100 customers or more have an order (now "
                                 "4), or pin the parameters of the churn model."));
  const Done future = server.Run({"churn", "--until", "2010-12-11"});
  EXPECT_EQ(future.code, 1);
  EXPECT_THAT(future.err, HasSubstr("Name a day up to today, 2010-12-10."));
}

// The customer of Fader, Hardie and Lee's note on computing P(alive): 27 purchases in 31 weeks, the
// last of them a day ago. The parameters are the unrounded ones of the paper's data.
TEST(Churn, AProfileShowsTheKnownFiguresOfOneCustomer) {
  const Server server(
      "[book]\ntoday = 1997-09-30\n[churn]\nmodel = \"bg-nbd\"\nhorizon_days = 364\n"
      "parameters = { r = 0.24259, alpha = 4.41353, a = 0.79290, b = 2.42573 }\n");
  ASSERT_NE(server.address(), "") << server.log();
  std::string orders = "customer,order,at,revenue\n";
  for (int order = 0; order < 27; ++order) {
    // From 217 days ago to yesterday.
    const int day = order == 26 ? 216 : 8 * order;
    const std::chrono::year_month_day date =
        std::chrono::sys_days(1997y / 2 / 25) + std::chrono::days(day);
    orders += "best," + std::to_string(order) + ",1997-" +
              std::to_string(unsigned{date.month()} + 100).substr(1) + "-" +
              std::to_string(unsigned{date.day()} + 100).substr(1) + ",10.00\n";
  }
  server.One({"import", "orders", server.folder().Write("best.csv", orders)});
  const boost::json::object profile = server.One({"profile", "best"});
  EXPECT_EQ(profile.at("purchase_days"), 27);
  EXPECT_NEAR(profile.at("p_alive").to_number<double>(), 0.9689, 0.00005);
  EXPECT_NEAR(profile.at("churn_score").to_number<double>(), 0.0311, 0.00005);
  EXPECT_EQ(profile.at("churn_band"), "low");
  EXPECT_NEAR(profile.at("expected_orders").to_number<double>(), 25.757, 0.005);
  EXPECT_TRUE(profile.at("clv").is_null());
  EXPECT_EQ(
      server.One({"count", "--where", "churn_band = 'low' and p_alive > 0.9688"}).at("customers"),
      1);
  EXPECT_THAT(server.Run({"profile", "best"}).out, HasSubstr("low: still a customer with 96.9 %"));
}

// A fit is in force from its answer on, and after a restart without being made again.
TEST(Churn, AFitServesProfilesListsAndEarlyWarning) {
  if (!std::filesystem::exists(kSample)) GTEST_SKIP() << kSample << " is not there";
  const Folder data;
  const std::string rules = "[book]\ncurrency = \"USD\"\ntoday = 1998-07-01\n[server]\ndata = \"" +
                            (data / "book") + "\"\n";
  boost::json::value list, warning;
  for (int start = 0; start < 2; ++start) {
    Server server(rules);
    ASSERT_NE(server.address(), "") << server.log();
    if (start == 0) {
      server.One({"import", "orders", kSample});
      const Done refused = server.Run({"early-warning"});
      EXPECT_EQ(refused.code, 1);
      EXPECT_THAT(refused.err, HasSubstr("`kundig churn`"));
      EXPECT_EQ(server.One({"status"}).at("fit_version"), 0);
      const boost::json::object fit = server.One({"churn"});
      EXPECT_EQ(fit.at("in_force"), true);
      EXPECT_EQ(fit.at("fit_version"), 1);
      EXPECT_EQ(fit.at("spend").at("measure"), "revenue");
    }
    const boost::json::value all =
        server
            .One({"list", "--limit", "0", "--order-by", "clv", "--fields",
                  "customer,p_alive,churn_band,expected_orders,clv"})
            .at("rows");
    const boost::json::object early = server.One({"early-warning", "--limit", "5"});
    EXPECT_EQ(early.at("fit_version"), 1);
    EXPECT_GT(early.at("total").at("customers").to_number<int>(), 0);
    double last = 1e18;
    for (const auto& row : early.at("rows").as_array()) {
      EXPECT_GT(row.at("churn_score").to_number<double>(), 0.66);
      EXPECT_LE(row.at("clv").to_number<double>(), last);
      last = row.at("clv").to_number<double>();
    }
    if (start == 0) {
      list = all;
      warning = early.at("rows");
    } else {
      EXPECT_EQ(all, list);
      EXPECT_EQ(early.at("rows"), warning);
    }
    EXPECT_EQ(server.Stop(SIGTERM), 0) << server.log();
  }
}

// Nobody is judged by a model that has no fit: a what-if says so, and a reload gets it one.
TEST(Churn, AnotherModelIsFittedOnceItIsInForce) {
  if (!std::filesystem::exists(kSample)) GTEST_SKIP() << kSample << " is not there";
  const Server server(Rules(""));
  ASSERT_NE(server.address(), "") << server.log();
  server.One({"import", "orders", kSample});
  EXPECT_EQ(server.One({"churn"}).at("fit_version"), 1);

  const std::string other = Rules("model = \"bg-nbd\"\n");
  const std::string file = server.folder().Write("other.toml", other);
  const boost::json::object answer = server.One({"what-if", "--config", file});
  ASSERT_EQ(answer.at("notes").as_array().size(), 1u);
  const std::string note(answer.at("notes").at(0).as_string());
  EXPECT_THAT(note, HasSubstr("By the other configuration nobody is judged by churn"));
  EXPECT_THAT(server.Run({"what-if", "--config", file}).out, HasSubstr(note));
  EXPECT_THAT(server.Run({"what-if", "--csv", "--config", file}).err, HasSubstr(note));

  server.folder().Write("book.toml", other);
  EXPECT_EQ(server.One({"admin", "reload"}).at("changed"), true);
  EXPECT_TRUE(Eventually([&] { return server.One({"status"}).at("fit_version") == 2; }));
  EXPECT_EQ(server.One({"early-warning", "--limit", "1"}).at("fit_version"), 2);
}

// The configuration is part of a durable book: it must read back as it was printed into it.
TEST(Churn, PinnedParametersOutliveARestart) {
  const Folder data;
  const std::string rules =
      "[book]\ntoday = 2010-12-10\n[churn]\nmodel = \"bg-nbd\"\nhorizon_days = 30\n"
      "parameters = { r = 0.243, alpha = 4.414, a = 0.793, b = 2.426 }\n[server]\ndata = \"" +
      (data / "book") + "\"\n";
  for (int start = 0; start < 2; ++start) {
    Server server(rules);
    ASSERT_NE(server.address(), "") << server.log();
    if (start == 0) {
      server.One({"import", "orders",
                  server.folder().Write("o.csv",
                                        "customer,order,at,revenue\n"
                                        "a,o1,2010-12-01,1.00\n")});
    }
    const boost::json::object answer = server.One({"churn"});
    EXPECT_EQ(answer.at("pinned"), true);
    EXPECT_EQ(Parameter(answer, "alpha"), 4.414);
    EXPECT_EQ(answer.at("customers"), 1);
    EXPECT_EQ(answer.at("horizon_days"), 30);
    EXPECT_EQ(server.Stop(SIGTERM), 0) << server.log();
  }
}

}  // namespace
}  // namespace kundig::end_to_end
