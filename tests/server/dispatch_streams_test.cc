// Lists and exports in chunks, a few at a time, and questions that have to wait or go.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "schemas/export_generated.h"
#include "schemas/lists_generated.h"
#include "schemas/summaries_generated.h"
#include "tests/server/dispatch_fixture.h"

namespace kundig::server {
namespace {

TEST_F(DispatchTest, StreamsLongListsAFewAtATime) {
  constexpr int kCustomers = 20'000;
  PlaceOrders(kCustomers);
  wire::ListRequestT list;
  list.limit = 0;
  const auto first = Ask(MessageType::list, list);
  ASSERT_EQ(first->WaitForType(), MessageType::list_reply);
  ASSERT_NE(first->chunks(), nullptr);
  const auto error = GetError(MessageType::list, list);
  EXPECT_EQ(error.code, wire::ErrorCode::overloaded);
  EXPECT_EQ(error.field, "max_open_lists");

  uint64_t rows = 0;
  int chunks = 0;
  while (const auto chunk = first->chunks()->Next(false)) {
    rows += Unpacked<wire::ListReplyT>(chunk->payload).rows;
    ++chunks;
  }
  EXPECT_EQ(rows, static_cast<uint64_t>(kCustomers));
  EXPECT_GT(chunks, 2);
  first->DropChunks();
  EXPECT_EQ(Ask(MessageType::list, list)->WaitForType(), MessageType::list_reply);
}

TEST_F(DispatchTest, ExportsOnAQueryThreadAndALongOneInChunks) {
  PlaceOrders(2);
  wire::ExportRequestT request;
  request.customer = "customer-1";
  const auto answer = Ask(MessageType::export_customer, request);
  ASSERT_EQ(answer->WaitForType(), MessageType::export_customer_reply);
  EXPECT_NE(answer->thread(), std::this_thread::get_id());
  const auto reply = Unpacked<wire::ExportReplyT>(answer->payload());
  EXPECT_TRUE(reply.found && reply.last);
  ASSERT_EQ(reply.events.size(), 2u);
  EXPECT_EQ(reply.events[1]->body.AsOrder()->revenue, 101);
  request.customer = "nobody";
  EXPECT_FALSE(Get<wire::ExportReplyT>(MessageType::export_customer, request).found);

  wire::EventBatchT batch;
  constexpr int kOrders = 1000;
  for (int i = 0; i < kOrders; ++i) AddTo(&batch, OrderOf("till", "o" + std::to_string(i)));
  ASSERT_EQ(Get<wire::EventBatchReplyT>(MessageType::events, batch).applied, 1000u);
  request.customer = "till";
  const auto streamed = Ask(MessageType::export_customer, request);
  ASSERT_NE(streamed->WaitForType(), std::nullopt);
  ASSERT_NE(streamed->chunks(), nullptr);
  // Its events stay in memory as the rows of a list do.
  EXPECT_EQ(GetError(MessageType::export_customer, request).field, "max_open_lists");
  size_t events = 0;
  while (const auto chunk = streamed->chunks()->Next(false)) {
    events += Unpacked<wire::ExportReplyT>(chunk->payload).events.size();
  }
  EXPECT_EQ(events, 1 + static_cast<size_t>(kOrders));
}

TEST_F(DispatchTest, RefusesScansThatItsQueueHasNoPlaceFor) {
  const auto running = Ask(MessageType::abc, wire::AbcRequestT(), true);
  running->WaitUntilHolding();
  const auto queued = Ask(MessageType::abc, wire::AbcRequestT());
  const auto error = GetError(MessageType::abc, wire::AbcRequestT());
  EXPECT_EQ(error.code, wire::ErrorCode::overloaded);
  EXPECT_EQ(error.field, "max_queued_queries");
  EXPECT_FALSE(queued->answered());
  // Lookups go on meanwhile.
  EXPECT_TRUE(Ask(MessageType::status, wire::StatusRequestT())->answered());
  running->Release();
  EXPECT_EQ(running->WaitForType(), MessageType::abc_reply);
  EXPECT_EQ(queued->WaitForType(), MessageType::abc_reply);
}

TEST_F(DispatchTest, AnswersEveryScanWhenItStops) {
  const auto running = Ask(MessageType::abc, wire::AbcRequestT(), true);
  running->WaitUntilHolding();
  const auto queued = Ask(MessageType::abc, wire::AbcRequestT());
  std::thread stopper([&] { dispatcher_.Stop(); });
  // Stop waits for the running scan; until it has begun, the queue is full.
  while (GetError(MessageType::abc, wire::AbcRequestT()).code != wire::ErrorCode::shutting_down) {
    std::this_thread::yield();
  }
  running->Release();
  stopper.join();
  EXPECT_EQ(running->WaitForType(), MessageType::abc_reply);
  EXPECT_EQ(ErrorOf(queued).code, wire::ErrorCode::shutting_down);
  EXPECT_EQ(GetError(MessageType::abc, wire::AbcRequestT()).code, wire::ErrorCode::shutting_down);
}

}  // namespace
}  // namespace kundig::server
