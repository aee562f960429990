// Questions about earlier days and other rules, through the dispatcher.

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "schemas/lists_generated.h"
#include "schemas/profile_generated.h"
#include "schemas/summaries_generated.h"
#include "schemas/what_if_generated.h"
#include "tests/server/dispatch_fixture.h"

namespace kundig::server {
namespace {

TEST_F(DispatchTest, AnswersOfAnEarlierDayFromAQueryThread) {
  PlaceOrders(3);
  wire::EventBatchT earlier;
  wire::OrderT order = OrderOf("customer-1", "earlier", 7);
  order.at -= 86'400'000;
  AddTo(&earlier, order);
  Get<wire::EventBatchReplyT>(MessageType::events, earlier);
  const int32_t yesterday = kToday.since_epoch - 1;

  wire::ProfilesRequestT profiles;
  profiles.customers = {"customer-0", "customer-1"};
  profiles.as_of = yesterday;
  const auto asked = Ask(MessageType::profiles, profiles);
  ASSERT_EQ(asked->WaitForType(), MessageType::profiles_reply);
  EXPECT_NE(asked->thread(), std::this_thread::get_id());
  const auto then = Unpacked<wire::ProfilesReplyT>(asked->payload());
  EXPECT_EQ(then.state->as_of(), yesterday);
  EXPECT_FALSE(then.profiles[0]->found);
  EXPECT_EQ(then.profiles[1]->revenue_total, 7);
  profiles.as_of = kToday.since_epoch;
  EXPECT_EQ(Get<wire::ProfilesReplyT>(MessageType::profiles, profiles).profiles[1]->revenue_total,
            108);

  wire::RfmRequestT rfm;
  rfm.as_of = yesterday;
  EXPECT_EQ(Get<wire::RfmReplyT>(MessageType::rfm, rfm).population, 1u);
  wire::AbcRequestT abc;
  abc.as_of = yesterday;
  EXPECT_EQ(Get<wire::AbcReplyT>(MessageType::abc, abc).total, 7);
  wire::ValueRequestT value;
  value.as_of = yesterday;
  EXPECT_EQ(Get<wire::ValueReplyT>(MessageType::value, value).state->as_of(), yesterday);
  wire::CountRequestT count;
  count.as_of = yesterday;
  EXPECT_EQ(Get<wire::CountReplyT>(MessageType::count, count).customers, 1u);
  wire::ListRequestT list;
  list.as_of = yesterday;
  list.fields = {"customer", "revenue_total"};
  const auto listed = Get<wire::ListReplyT>(MessageType::list, list);
  EXPECT_EQ(listed.total_customers, 1u);
  EXPECT_EQ(listed.columns[1]->numbers, std::vector<int64_t>{7});
  wire::ExplainRequestT explain;
  explain.customer = "customer-0";
  explain.as_of = yesterday;
  EXPECT_FALSE(Get<wire::ExplainReplyT>(MessageType::explain, explain).found);

  count.as_of = kToday.since_epoch + 1;
  const wire::ErrorT later = GetError(MessageType::count, count);
  EXPECT_EQ(later.code, wire::ErrorCode::invalid_value);
  EXPECT_EQ(later.field, "as_of");
}

TEST_F(DispatchTest, SaysWhatAnotherConfigurationWouldChange) {
  PlaceOrders(10);  // of 100 to 109
  wire::WhatIfRequestT request;
  request.configuration = "[server]\nmax_connections = 3\n[abc]\na = 100\nb = 100\n";
  request.list = std::make_unique<wire::MoveListT>();
  request.list->judgement = wire::Judgement::abc;
  request.list->from = "B";
  request.list->to = "A";
  const auto reply = Get<wire::WhatIfReplyT>(MessageType::what_if, request);
  EXPECT_TRUE(reply.last);
  ASSERT_EQ(reply.matrices.size(), 4u);
  EXPECT_EQ(reply.matrices[1]->judgement, wire::Judgement::abc);
  EXPECT_EQ(reply.matrices[1]->moved, 2u);
  ASSERT_EQ(reply.matrices[1]->moves.size(), 2u);
  EXPECT_EQ(reply.matrices[1]->moves[1]->from, "B");
  EXPECT_EQ(reply.matrices[1]->moves[1]->revenue, 201);
  EXPECT_EQ(reply.listed, 2u);
  ASSERT_EQ(reply.rows.size(), 2u);
  EXPECT_EQ(reply.rows[0]->customer, "customer-1");
  EXPECT_TRUE(reply.notes.empty());
  // The book goes on as it was.
  EXPECT_EQ(Get<wire::AbcReplyT>(MessageType::abc, wire::AbcRequestT()).classes[1]->customers, 2u);

  request.configuration += "[churn]\nparameters = { r = 0.5, alpha = 6, a = 0.9, b = 1.6 }\n";
  const auto noted = Get<wire::WhatIfReplyT>(MessageType::what_if, request);
  ASSERT_EQ(noted.notes.size(), 1u);
  EXPECT_NE(noted.notes[0].find("By the rules in force nobody is judged by churn"),
            std::string::npos);

  request.list->from = "D";
  EXPECT_EQ(GetError(MessageType::what_if, request).field, "list");
  request.configuration = "[abc]\n\na = \"much\"\n";
  const wire::ErrorT unreadable = GetError(MessageType::what_if, request);
  EXPECT_EQ(unreadable.code, wire::ErrorCode::invalid_value);
  EXPECT_NE(unreadable.message.find("the other configuration:3: abc.a: expected"),
            std::string::npos)
      << unreadable.message;
  request.configuration = "[book]\ncurrency = \"GBP\"\n";
  EXPECT_NE(GetError(MessageType::what_if, request).message.find("book.currency: expected EUR"),
            std::string::npos);
  request.configuration = "[book]\ntime_zone = \"Europe/London\"\n";
  EXPECT_NE(GetError(MessageType::what_if, request).message.find("book.time_zone: expected UTC"),
            std::string::npos);
}

TEST_F(FullDispatchTest, RefusesARecountThatHasNoRoom) {
  // The rows of an empty book take no room.
  engine::CustomerSet set;
  set.customer = "a";
  const engine::Event event = set;
  book_->book().Apply(std::span(&event, 1));
  wire::RfmRequestT rfm;
  rfm.as_of = kToday.since_epoch - 1;
  const wire::ErrorT refused = GetError(MessageType::rfm, rfm);
  EXPECT_EQ(refused.code, wire::ErrorCode::memory_full);
  EXPECT_EQ(refused.field, "memory_limit");
}

}  // namespace
}  // namespace kundig::server
