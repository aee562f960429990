// The churn model in every rendering.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/tools/sample_answers.h"
#include "tools/answer_json.h"
#include "tools/answer_text.h"

namespace kundig::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

wire::ChurnReplyT SomeChurn() {
  wire::ChurnReplyT reply;
  reply.state = SomeState();
  reply.model = wire::ChurnModel::mbg_nbd;
  reply.parameters = std::make_unique<wire::ChurnParameters>(0.525, 6.183, 0.891, 1.614);
  reply.converged = true;
  reply.log_likelihood = -9582.25;
  reply.customers = 2357;
  reply.fitted_through = 14900;
  reply.alive = 1178.5;
  reply.horizon_days = 365;
  reply.expected_purchases = 2000.25;
  return reply;
}

void AddRow(uint32_t repeats, uint64_t customers, uint64_t purchases, double expected,
            wire::ChurnReplyT* reply) {
  auto row = std::make_unique<wire::ChurnHoldOutT>();
  row->repeats = repeats;
  row->customers = customers;
  row->purchases = purchases;
  row->expected = expected;
  reply->hold_out.push_back(std::move(row));
}

wire::ChurnReplyT ChurnInForce() {
  wire::ChurnReplyT reply = SomeChurn();
  reply.purchases = 5012;
  reply.in_force = true;
  reply.spend = std::make_unique<wire::SpendFitT>();
  reply.spend->measure = wire::SpendMeasure::margin;
  reply.spend->p = 6.25;
  reply.spend->q = 3.5;
  reply.spend->gamma = 1500;
  reply.spend->log_likelihood = -4058.5;
  reply.spend->customers = 1946;
  reply.spend->converged = true;
  return reply;
}

wire::ChurnReplyT CheckedChurn() {
  wire::ChurnReplyT reply = SomeChurn();
  reply.checked_through = 14950;
  AddRow(0, 2000, 500, 620, &reply);
  AddRow(1, 0, 0, 0, &reply);
  AddRow(7, 4, 8, 6.5, &reply);
  return reply;
}

TEST(ChurnAnswer, AsJson) {
  const std::string model =
      R"({"model":"mbg-nbd","parameters":{"r":0.525,"alpha":6.183,"a":0.891,"b":1.614},)"
      R"("log_likelihood":-9582.25,"customers":2357,"fitted_through":"2010-10-18",)"
      R"("pinned":false,"converged":true,"at_limit":false,"alive":1178.5,"horizon_days":365,)"
      R"("expected_purchases":2000.25,"purchases":0,"spend":null,"in_force":false,)";
  const std::string state = R"("as_of":"2010-12-10",)"
                            R"("journal_sequence":42,"rules_version":3,"fit_version":2})";
  EXPECT_EQ(ToText(ChurnJson(SomeChurn())), model + state);
  EXPECT_EQ(ToText(ChurnJson(CheckedChurn())),
            model +
                R"("checked_through":"2010-12-07","hold_out":[)"
                R"({"repeats":0,"customers":2000,"actual":0.25,"expected":0.31},)"
                R"({"repeats":1,"customers":0,"actual":null,"expected":null},)"
                R"({"repeats":7,"customers":4,"actual":2,"expected":1.625}],)" +
                state);
  EXPECT_THAT(ToText(ChurnJson(ChurnInForce())),
              HasSubstr(R"("purchases":5012,"spend":{"measure":"margin","p":6.25,"q":3.5,)"
                        R"("gamma":1500,"log_likelihood":-4058.5,"customers":1946,)"
                        R"("converged":true,"at_limit":false},"in_force":true,)"));
}

TEST(ChurnAnswer, AsText) {
  const std::string model =
      "Churn model mbg-nbd, fitted to 2,357 customers with an order through 2010-10-18\n"
      "\n"
      "r                     0.525\n"
      "alpha                 6.183  weeks\n"
      "a                     0.891\n"
      "b                     1.614\n"
      "log-likelihood     -9582.25\n"
      "customers still      1178.5  50.0 %\n"
      "purchases to come    2000.2  in 365 days\n"
      "\n"
      "Not put in force: only a fit to all purchases is, without --until.\n";
  EXPECT_EQ(ChurnText(SomeChurn(), {}), model);
  EXPECT_EQ(ChurnText(CheckedChurn(), {}),
            model +
                "\n"
                "Purchases behind 2010-10-18 through 2010-12-07, for each customer\n"
                "\n"
                "   repeats  customers  purchases  mean\n"
                "──────────  ─────────  ─────────  ────  ────────────────────────────────────────\n"
                "         0      2,000  actual     0.25  █████\n"
                "                       expected   0.31  ██████▎\n"
                "         1          0\n"
                "7 and more          4  actual     2.00  ████████████████████████████████████████\n"
                "                       expected   1.62  ████████████████████████████████▌\n");
}

TEST(ChurnAnswer, SaysWhoLooksAheadByIt) {
  wire::ChurnReplyT reply = ChurnInForce();
  EXPECT_THAT(ChurnText(reply, {"GBP", false}),
              HasSubstr("\nIn force from now on: profiles, lists and early-warning look ahead by "
                        "it.\nAn order is worth 37.50 GBP of margin on average, by the orders of "
                        "1,946 customers.\n"));
  reply.spend.reset();
  EXPECT_THAT(ChurnText(reply, {}), HasSubstr("\nThere is no lifetime value: too few customers "));
}

TEST(ChurnAnswer, SaysWhatIsNotAsUsual) {
  const std::string usual = ChurnText(SomeChurn(), {});
  EXPECT_THAT(usual, Not(HasSubstr("settle")));
  EXPECT_THAT(usual, Not(HasSubstr("limit")));
  wire::ChurnReplyT reply = SomeChurn();
  reply.converged = false;
  reply.at_limit = true;
  reply.model = wire::ChurnModel::bg_nbd;
  EXPECT_THAT(ChurnText(reply, {}), HasSubstr("\nThe fit did not settle; "));
  EXPECT_THAT(ChurnText(reply, {}), HasSubstr("\nA parameter stands at its limit: "));
  reply.pinned = true;
  EXPECT_THAT(ChurnText(reply, {}),
              HasSubstr("Churn model bg-nbd, pinned by the configuration, for 2,357 customers"));
  reply.customers = 0;
  reply.alive = 0;
  EXPECT_THAT(ChurnText(reply, {}), HasSubstr("–"));
}

}  // namespace
}  // namespace kundig::tools
