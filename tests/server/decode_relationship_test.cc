// Terminations, complaints, service requests, late payments and costs at the border.

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>

#include "engine/limits.h"
#include "tests/server/decoded_events.h"

namespace kundig::server {
namespace {

TEST(DecodeEvents, TakesWhatEndangersACustomer) {
  std::unique_ptr<DecodedMessage> keep;
  wire::TerminationT notice;
  notice.customer = "c";
  notice.at = 7;
  notice.effective = engine::kLastDay.since_epoch;
  notice.reason = "moved";
  auto taken = Taken<engine::Termination>(notice, &keep);
  EXPECT_EQ(taken.customer, "c");
  EXPECT_EQ(taken.at, engine::TimeMs{7});
  EXPECT_EQ(taken.state, engine::TerminationState::kGiven);
  EXPECT_EQ(taken.effective, engine::kLastDay);
  EXPECT_EQ(taken.reason, "moved");
  notice.effective = engine::kFirstDay.since_epoch;
  EXPECT_EQ(Taken<engine::Termination>(notice, &keep).effective, engine::kFirstDay);
  notice.state = wire::TerminationState::withdrawn;
  notice.effective.reset();
  notice.reason.clear();
  taken = Taken<engine::Termination>(notice, &keep);
  EXPECT_EQ(taken.state, engine::TerminationState::kWithdrawn);
  EXPECT_FALSE(taken.effective.has_value());
  EXPECT_EQ(taken.reason, "");

  wire::ComplaintT complaint;
  complaint.customer = "c";
  complaint.complaint = "k";
  complaint.at = 8;
  EXPECT_FALSE(Taken<engine::Complaint>(complaint, &keep).closed.has_value());
  complaint.closed = 9;
  const auto closed = Taken<engine::Complaint>(complaint, &keep);
  EXPECT_EQ(closed.complaint, "k");
  EXPECT_EQ(closed.at, engine::TimeMs{8});
  EXPECT_EQ(closed.closed, engine::Day{9});

  wire::ServiceRequestT request;
  request.customer = "c";
  request.at = 10;
  EXPECT_EQ(Taken<engine::ServiceRequest>(request, &keep).at, engine::TimeMs{10});
  wire::LatePaymentT payment;
  payment.customer = "c";
  payment.at = 11;
  EXPECT_EQ(Taken<engine::LatePayment>(payment, &keep).at, engine::TimeMs{11});

  wire::CostT cost;
  cost.customer = "c";
  cost.cost = "x";
  cost.at = 12;
  EXPECT_EQ(Taken<engine::Cost>(cost, &keep).amount, engine::Minor{0});
  cost.amount = engine::kMaxAmountMinor;
  cost.currency = "EUR";
  const auto booked = Taken<engine::Cost>(cost, &keep);
  EXPECT_EQ(booked.cost, "x");
  EXPECT_EQ(booked.at, engine::TimeMs{12});
  EXPECT_EQ(booked.amount.units, engine::kMaxAmountMinor);
  EXPECT_EQ(booked.currency, "EUR");
}

TEST(DecodeEvents, RefusesWhatEndangersNobody) {
  wire::TerminationT notice;
  notice.customer = "c";
  ExpectInvalid(notice, "effective");  // given, and from no day on
  notice.effective = engine::kFirstDay.since_epoch - 1;
  ExpectInvalid(notice, "effective");
  notice.effective = engine::kLastDay.since_epoch + 1;
  ExpectInvalid(notice, "effective");
  notice.effective = 0;
  notice.reason = std::string(engine::kMaxNameBytes + 1, 'r');
  ExpectInvalid(notice, "reason");
  notice.reason = "";
  notice.at = std::numeric_limits<int64_t>::max();
  ExpectInvalid(notice, "at");
  notice.at = 0;
  notice.customer = "";
  ExpectInvalid(notice, "customer");
  notice.customer = "c";
  notice.state = wire::TerminationState::withdrawn;
  ExpectInvalid(notice, "effective");
  notice.state = static_cast<wire::TerminationState>(2);
  ExpectInvalid(notice, "state");

  wire::ComplaintT complaint;
  complaint.customer = "c";
  ExpectInvalid(complaint, "complaint");
  complaint.complaint = "k";
  complaint.closed = engine::kLastDay.since_epoch + 1;
  ExpectInvalid(complaint, "closed");
  complaint.closed = engine::kFirstDay.since_epoch - 1;
  ExpectInvalid(complaint, "closed");

  wire::ServiceRequestT request;
  ExpectInvalid(request, "customer");
  wire::LatePaymentT payment;
  ExpectInvalid(payment, "customer");

  wire::CostT cost;
  cost.customer = "c";
  ExpectInvalid(cost, "cost");
  cost.cost = "x";
  cost.amount = -1;
  ExpectInvalid(cost, "amount");
  cost.amount = engine::kMaxAmountMinor + 1;
  ExpectInvalid(cost, "amount");
  cost.amount = 0;
  cost.currency = "euro";
  ExpectInvalid(cost, "currency");
}

}  // namespace
}  // namespace kundig::server
