#include <gtest/gtest.h>

#include "schemas/churn_generated.h"
#include "server/encode.h"
#include "tests/server/messages.h"

namespace kundig::server {
namespace {

using engine::Day;

engine::ChurnAnswer SomeAnswer() {
  engine::ChurnAnswer answer;
  answer.state = {.journal_sequence = 7, .ranking_version = 5, .as_of = Day{10'408}};
  answer.model = engine::ChurnModelKind::kBgNbd;
  answer.parameters = {.r = 0.25, .alpha = 4.5, .a = 0.75, .b = 2.5};
  answer.pinned = true;
  answer.converged = false;
  answer.at_limit = true;
  answer.log_likelihood = -9582.5;
  answer.customers = 2357;
  answer.fitted_through = Day{10'134};
  answer.alive = 1234.5;
  answer.horizon_days = 365;
  answer.expected_purchases = 2345.25;
  answer.purchases = 5012;
  answer.in_force = true;
  return answer;
}

TEST(EncodeChurn, CarriesEveryField) {
  engine::ChurnAnswer answer = SomeAnswer();
  answer.checked_through = Day{10'407};
  answer.hold_out[0] = {.customers = 1411, .purchases = 334, .expected = 320.5};
  answer.hold_out[7] = {.customers = 64, .purchases = 407, .expected = 399.75};
  answer.spend = engine::AdoptedSpend{.measure = engine::SpendMeasure::kMargin,
                                      .parameters = {.p = 6.25, .q = 3.75, .gamma = 1545.5},
                                      .log_likelihood = -4058.5,
                                      .customers = 946,
                                      .converged = false,
                                      .at_limit = true};
  flatbuffers::FlatBufferBuilder builder;
  EncodeChurn(answer, &builder);
  const auto reply = Unpacked<wire::ChurnReplyT>(Payload(builder));
  EXPECT_EQ(reply.purchases, 5012u);
  EXPECT_TRUE(reply.in_force);
  ASSERT_NE(reply.spend, nullptr);
  EXPECT_EQ(reply.spend->measure, wire::SpendMeasure::margin);
  EXPECT_EQ(reply.spend->p, 6.25);
  EXPECT_EQ(reply.spend->q, 3.75);
  EXPECT_EQ(reply.spend->gamma, 1545.5);
  EXPECT_EQ(reply.spend->log_likelihood, -4058.5);
  EXPECT_EQ(reply.spend->customers, 946u);
  EXPECT_FALSE(reply.spend->converged);
  EXPECT_TRUE(reply.spend->at_limit);
  EXPECT_EQ(reply.state->journal_sequence(), 7u);
  EXPECT_EQ(reply.state->as_of(), 10'408);
  EXPECT_EQ(reply.model, wire::ChurnModel::bg_nbd);
  EXPECT_EQ(reply.parameters->r(), 0.25);
  EXPECT_EQ(reply.parameters->alpha(), 4.5);
  EXPECT_EQ(reply.parameters->a(), 0.75);
  EXPECT_EQ(reply.parameters->b(), 2.5);
  EXPECT_TRUE(reply.pinned);
  EXPECT_FALSE(reply.converged);
  EXPECT_TRUE(reply.at_limit);
  EXPECT_EQ(reply.log_likelihood, -9582.5);
  EXPECT_EQ(reply.customers, 2357u);
  EXPECT_EQ(reply.fitted_through, 10'134);
  EXPECT_EQ(reply.alive, 1234.5);
  EXPECT_EQ(reply.horizon_days, 365u);
  EXPECT_EQ(reply.expected_purchases, 2345.25);
  EXPECT_EQ(reply.checked_through, 10'407);
  ASSERT_EQ(reply.hold_out.size(), 8u);
  for (uint32_t repeats = 0; repeats < 8; ++repeats) {
    EXPECT_EQ(reply.hold_out[repeats]->repeats, repeats);
  }
  EXPECT_EQ(reply.hold_out[0]->customers, 1411u);
  EXPECT_EQ(reply.hold_out[0]->purchases, 334u);
  EXPECT_EQ(reply.hold_out[0]->expected, 320.5);
  EXPECT_EQ(reply.hold_out[7]->customers, 64u);
}

TEST(EncodeChurn, HasNoRowsWhereNothingWasChecked) {
  flatbuffers::FlatBufferBuilder builder;
  EncodeChurn(SomeAnswer(), &builder);
  const auto reply = Unpacked<wire::ChurnReplyT>(Payload(builder));
  EXPECT_FALSE(reply.checked_through.has_value());
  EXPECT_TRUE(reply.hold_out.empty());
  EXPECT_EQ(reply.spend, nullptr);
}

}  // namespace
}  // namespace kundig::server
