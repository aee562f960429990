#include "client/event_batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "schemas/limits.h"
#include "schemas/verified.h"

namespace kundig::client {
namespace {

// One of each, every text of it `length` long.
EventBatch OneOfEach(size_t length) {
  const std::string text(length, 't');
  EventBatch events;
  events.Order(text, text, 1, 2, 3, 4)
      .CancelOrder(text, text)
      .Return(text, text, 1, 2, 3)
      .Visit(text, 1)
      .Contact(text, 1, text, text)
      .GrantConsent(text, 1, 2)
      .WithdrawConsent(text, 1)
      .CloseLead(text, wire::LeadStatus::won, text, 1)
      .Erase(text)
      .GiveNotice(text, 1, 2, text)
      .WithdrawNotice(text, 1, text)
      .Complaint(text, text, 1, 2)
      .ServiceRequest(text, 1)
      .LatePayment(text, 2)
      .Cost(text, text, 1, 2);
  wire::CustomerSetT customer;
  customer.customer = customer.country = customer.region = customer.owner = text;
  customer.kind = wire::CustomerKind::business;
  customer.company_size = customer.products = 1;
  customer.potential = 1;
  customer.key_account = true;
  customer.satisfaction = customer.referral = customer.bonding = 1;
  customer.remove = {wire::CustomerAttribute::kind};
  wire::LeadSetT lead;
  lead.lead = lead.stage = lead.customer = lead.owner = lead.region = lead.product = lead.source =
      lead.reason = lead.currency = text;
  lead.status = wire::LeadStatus::open;
  lead.revenue = 1;
  lead.chance = 1;
  lead.opened = lead.expected_close = lead.closed = 1;
  lead.remove = {wire::LeadAttribute::owner};
  return std::move(events.Add(customer).Add(lead));
}

TEST(EventBatchTest, EventsCarryWhatWasSaid) {
  EventBatch events = OneOfEach(3);
  ASSERT_EQ(events.size(), 17U);
  const auto payload = events.Packed({0, events.size()});
  const auto* batch = wire::VerifiedRoot<wire::EventBatch>(payload);
  ASSERT_NE(batch, nullptr);
  const auto* order = batch->events()->Get(0)->body_as_Order();
  EXPECT_EQ(order->customer()->str(), "ttt");
  EXPECT_EQ(order->at(), 1);
  EXPECT_EQ(order->revenue(), 2);
  EXPECT_EQ(order->items(), 3U);
  EXPECT_EQ(order->margin(), 4);
  EXPECT_EQ(batch->events()->Get(2)->body_as_Return()->amount(), 2);
  EXPECT_EQ(batch->events()->Get(4)->body_as_Contact()->campaign()->str(), "ttt");
  EXPECT_EQ(batch->events()->Get(5)->body_as_Consent()->until(), 2);
  EXPECT_EQ(batch->events()->Get(6)->body_as_Consent()->state(), wire::ConsentState::withdrawn);
  EXPECT_EQ(batch->events()->Get(7)->body_as_LeadClosed()->closed(), 1);
  const auto* notice = batch->events()->Get(9)->body_as_Termination();
  EXPECT_EQ(notice->state(), wire::TerminationState::given);
  EXPECT_EQ(notice->effective(), 2);
  EXPECT_EQ(notice->reason()->str(), "ttt");
  const auto* withdrawn = batch->events()->Get(10)->body_as_Termination();
  EXPECT_EQ(withdrawn->state(), wire::TerminationState::withdrawn);
  EXPECT_FALSE(withdrawn->effective().has_value());
  EXPECT_EQ(batch->events()->Get(11)->body_as_Complaint()->closed(), 2);
  EXPECT_EQ(batch->events()->Get(12)->body_as_ServiceRequest()->at(), 1);
  EXPECT_EQ(batch->events()->Get(13)->body_as_LatePayment()->at(), 2);
  EXPECT_EQ(batch->events()->Get(14)->body_as_Cost()->amount(), 2);
  EXPECT_EQ(batch->events()->Get(16)->body_as_LeadSet()->chance(), 1);
  events.Clear();
  EXPECT_TRUE(events.empty());
}

TEST(EventBatchTest, SplitsByNumber) {
  EventBatch events;
  EXPECT_TRUE(events.Split(10, wire::kMaxFrameBytes).empty());
  for (int i = 0; i < 25; ++i) events.Visit("c", i);
  const auto parts = events.Split(10, wire::kMaxFrameBytes);
  ASSERT_EQ(parts.size(), 3U);
  for (size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].begin, 10 * i);
    EXPECT_EQ(parts[i].end, std::min<size_t>(25, 10 * (i + 1)));
  }
}

TEST(EventBatchTest, PartsStayBelowTheBytesAskedFor) {
  for (const size_t length : {0U, 1U, 3U, 64U, 1000U}) {
    const EventBatch events = OneOfEach(length);
    for (const uint32_t max_bytes : {2'000U, 10'000U, 20'000U}) {
      size_t next = 0;
      for (const EventBatch::Part& part : events.Split(100, max_bytes)) {
        EXPECT_EQ(part.begin, next);
        next = part.end;
        if (part.end - part.begin > 1) {
          EXPECT_LE(events.Packed(part).size(), max_bytes);
        }
      }
      EXPECT_EQ(next, events.size());
    }
  }
}

}  // namespace
}  // namespace kundig::client
