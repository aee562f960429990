#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "schemas/churn_generated.h"
#include "schemas/export_generated.h"
#include "schemas/lists_generated.h"
#include "schemas/pipeline_generated.h"
#include "schemas/profile_generated.h"
#include "schemas/summaries_generated.h"
#include "tests/server/dispatch_fixture.h"

namespace kundig::server {
namespace {

TEST_F(FullDispatchTest, RefusesWhatIsNewAndAnswersQuestions) {
  wire::EventBatchT batch;
  AddTo(&batch, OrderOf("a", "o", 100));
  const auto reply = Get<wire::EventBatchReplyT>(MessageType::events, batch);
  EXPECT_EQ(reply.applied, 0u);
  ASSERT_EQ(reply.refused.size(), 1u);
  EXPECT_EQ(reply.refused[0]->error->code, wire::ErrorCode::memory_full);
  EXPECT_EQ(reply.refused[0]->error->field, "memory_limit");
  const auto status = Get<wire::StatusReplyT>(MessageType::status, wire::StatusRequestT());
  EXPECT_EQ(status.memory_limit_bytes, 1u);
  EXPECT_GT(status.memory_bytes, 1u);
}

class UnpinnedDispatchTest : public DispatchTest {
 protected:
  UnpinnedDispatchTest() : DispatchTest(SmallOptions(), false) {}
};

TEST_F(DispatchTest, AnswersLookupsOnTheCallingThread) {
  PlaceOrders(2);
  wire::ProfilesRequestT profiles;
  profiles.customers = {"customer-1", "nobody"};
  const auto answer = Ask(MessageType::profiles, profiles);
  ASSERT_TRUE(answer->answered());
  EXPECT_EQ(answer->thread(), std::this_thread::get_id());
  const auto reply = Unpacked<wire::ProfilesReplyT>(answer->payload());
  EXPECT_EQ(reply.profiles[0]->revenue, 101);
  EXPECT_TRUE(reply.profiles[0]->found);
  EXPECT_FALSE(reply.profiles[1]->found);
  EXPECT_EQ(reply.state->as_of(), kToday.since_epoch);

  const auto status = Ask(MessageType::status, wire::StatusRequestT());
  ASSERT_TRUE(status->answered());
  const auto status_reply = Unpacked<wire::StatusReplyT>(status->payload());
  EXPECT_EQ(status_reply.customers, 2u);
  EXPECT_GT(status_reply.memory_bytes, uint64_t{1} << 20);
}

TEST_F(DispatchTest, AnswersRecordsAndNamesOnTheCallingThread) {
  PlaceOrders(2);
  wire::EventBatchT batch;
  for (const char* country : {"France", "Spain", "France"}) {
    wire::CustomerSetT set;
    set.customer = "customer-1";
    set.country = country;
    AddTo(&batch, set);
  }
  ASSERT_EQ(Get<wire::EventBatchReplyT>(MessageType::events, batch).applied, 3u);

  wire::RecordsRequestT records;
  records.customers = {"customer-1", "nobody", "customer-0"};
  const auto answer = Ask(MessageType::records, records);
  ASSERT_TRUE(answer->answered());
  EXPECT_EQ(answer->WaitForType(), MessageType::records_reply);
  EXPECT_EQ(answer->thread(), std::this_thread::get_id());
  const auto reply = Unpacked<wire::RecordsReplyT>(answer->payload());
  EXPECT_EQ(reply.state->journal_sequence(), 5u);
  ASSERT_EQ(reply.records.size(), 3u);
  EXPECT_TRUE(reply.records[0].found());
  EXPECT_EQ(reply.records[0].revenue(), 101);
  EXPECT_FALSE(reply.records[1].found());
  EXPECT_EQ(reply.records[2].revenue(), 100);
  EXPECT_EQ(reply.records[2].country(), wire::kNoNameCode);

  wire::NamesRequestT names;
  const auto countries = Ask(MessageType::names, names);
  ASSERT_TRUE(countries->answered());
  const auto known = Unpacked<wire::NamesReplyT>(countries->payload());
  EXPECT_EQ(known.codes, 2u);
  EXPECT_EQ(known.names, (std::vector<std::string>{"France", "Spain"}));
  EXPECT_EQ(known.names[reply.records[0].country() - 1], "France");
  names.from = 2;
  EXPECT_EQ(Get<wire::NamesReplyT>(MessageType::names, names).names,
            std::vector<std::string>{"Spain"});
  names.from = 3;
  EXPECT_TRUE(Get<wire::NamesReplyT>(MessageType::names, names).names.empty());
}

TEST_F(DispatchTest, NamesComePageByPage) {
  wire::EventBatchT batch;
  for (uint32_t i = 0; i <= wire::kMaxNamesInReply; ++i) {
    wire::CustomerSetT set;
    set.customer = "c";
    set.owner = "owner-" + std::to_string(i);
    AddTo(&batch, set);
  }
  ASSERT_TRUE(Get<wire::EventBatchReplyT>(MessageType::events, batch).refused.empty());
  wire::NamesRequestT names;
  names.kind = wire::NameKind::owner;
  const auto first = Get<wire::NamesReplyT>(MessageType::names, names);
  EXPECT_EQ(first.names.size(), wire::kMaxNamesInReply);
  EXPECT_EQ(first.codes, wire::kMaxNamesInReply + 1);
  names.from += static_cast<uint32_t>(first.names.size());
  EXPECT_EQ(Get<wire::NamesReplyT>(MessageType::names, names).names,
            std::vector<std::string>{"owner-" + std::to_string(wire::kMaxNamesInReply)});
}

TEST_F(DispatchTest, OrdersInColumnsAreOrders) {
  wire::OrderT later = OrderOf("b", "o");
  later.at += int64_t{10} * 24 * 60 * 60 * 1000;
  const wire::OrderBatchT columns =
      ColumnsOf({OrderOf("", "o"), OrderOf("a", "o", 7), later, OrderOf("c", "o", -1)});
  const auto answer = Ask(MessageType::orders, columns);
  ASSERT_EQ(answer->WaitForType(), MessageType::orders_reply);
  EXPECT_NE(answer->thread(), std::this_thread::get_id());
  const auto reply = Unpacked<wire::EventBatchReplyT>(answer->payload());
  EXPECT_EQ(reply.applied, 1u);
  ASSERT_EQ(reply.refused.size(), 3u);
  EXPECT_EQ(reply.refused[0]->error->field, "customer");
  EXPECT_EQ(reply.refused[1]->index, 2u);
  EXPECT_EQ(reply.refused[1]->error->code, wire::ErrorCode::future_event);
  EXPECT_EQ(reply.refused[2]->error->field, "revenue");
  EXPECT_EQ(
      Get<wire::EventBatchReplyT>(MessageType::orders, ColumnsOf({OrderOf("a", "o", 7)})).unchanged,
      1u);
  const auto error = GetError(MessageType::orders,
                              ColumnsOf(std::vector<wire::OrderT>(20'001, OrderOf("a", "o"))));
  EXPECT_EQ(error.code, wire::ErrorCode::limit_exceeded);
  EXPECT_EQ(error.field, "max_batch_events");
  dispatcher_.Stop();  // the telling comes after the answer
  EXPECT_EQ(changes_, 1);
}

TEST_F(DispatchTest, MergesItsOwnRefusalsWithThoseOfTheBook) {
  wire::EventBatchT batch;
  AddTo(&batch, OrderOf("", "o"));
  AddTo(&batch, OrderOf("a", "o"));
  wire::OrderT later = OrderOf("b", "o");
  later.at += int64_t{10} * 24 * 60 * 60 * 1000;
  AddTo(&batch, later);
  AddTo(&batch, OrderOf("c", "o", -1));
  AddTo(&batch, OrderOf("d", "o"));
  const auto reply = Get<wire::EventBatchReplyT>(MessageType::events, batch);
  EXPECT_EQ(reply.applied, 2u);
  ASSERT_EQ(reply.refused.size(), 3u);
  EXPECT_EQ(reply.refused[0]->index, 0u);
  EXPECT_EQ(reply.refused[0]->error->code, wire::ErrorCode::invalid_value);
  EXPECT_EQ(reply.refused[1]->index, 2u);
  EXPECT_EQ(reply.refused[1]->error->code, wire::ErrorCode::future_event);
  EXPECT_EQ(reply.refused[2]->index, 3u);
  EXPECT_EQ(reply.refused[2]->error->field, "revenue");
}

TEST_F(DispatchTest, TellsOfChangesOnly) {
  PlaceOrders(1);
  wire::EventBatchT same, bad;
  AddTo(&same, OrderOf("customer-0", "o", 100));
  EXPECT_EQ(Get<wire::EventBatchReplyT>(MessageType::events, same).unchanged, 1u);
  AddTo(&bad, OrderOf("", "o"));
  EXPECT_EQ(Get<wire::EventBatchReplyT>(MessageType::events, bad).refused.size(), 1u);
  dispatcher_.Stop();  // the telling comes after the answer
  EXPECT_EQ(changes_, 1);
}

TEST_F(DispatchTest, TakesWritesInTheirOrderAndLookupsMeanwhile) {
  wire::EventBatchT first, second;
  AddTo(&first, OrderOf("a", "o"));
  AddTo(&second, OrderOf("b", "o"));
  const auto held = Ask(MessageType::events, first, true);
  held->WaitUntilHolding();
  wire::AdvanceDayRequestT day;
  day.day = (kToday + 1).since_epoch;
  const auto changed_day = Ask(MessageType::advance_day, day);
  const auto last = Ask(MessageType::events, second);
  EXPECT_TRUE(Ask(MessageType::status, wire::StatusRequestT())->answered());
  EXPECT_EQ(Ask(MessageType::abc, wire::AbcRequestT())->WaitForType(), MessageType::abc_reply);
  EXPECT_FALSE(changed_day->answered());
  held->Release();
  ASSERT_EQ(last->WaitForType(), MessageType::events_reply);
  ASSERT_TRUE(changed_day->answered());
  const auto after_day = Unpacked<wire::AdvanceDayReplyT>(changed_day->payload());
  const auto after_last = Unpacked<wire::EventBatchReplyT>(last->payload());
  EXPECT_EQ(after_last.state->journal_sequence(), after_day.state->journal_sequence() + 1);
  EXPECT_EQ(after_last.state->as_of(), day.day);
}

TEST_F(DispatchTest, AnswersScansFromItsOwnThreads) {
  PlaceOrders(3);
  const auto answer = Ask(MessageType::rfm, wire::RfmRequestT());
  EXPECT_EQ(answer->WaitForType(), MessageType::rfm_reply);
  EXPECT_NE(answer->thread(), std::this_thread::get_id());
  EXPECT_EQ(Unpacked<wire::RfmReplyT>(answer->payload()).population, 3u);
  EXPECT_EQ(Get<wire::AbcReplyT>(MessageType::abc, wire::AbcRequestT()).total, 303);
  EXPECT_EQ(Get<wire::ValueReplyT>(MessageType::value, wire::ValueRequestT()).classes[2]->customers,
            3u);
  wire::CountRequestT count;
  count.where = "revenue >= 101";
  EXPECT_EQ(Get<wire::CountReplyT>(MessageType::count, count).customers, 2u);
  EXPECT_EQ(Get<wire::PipelineReplyT>(MessageType::pipeline, wire::PipelineRequestT()).total->leads,
            0u);
  wire::ListRequestT list;
  list.fields = {"customer", "revenue"};
  const auto reply = Get<wire::ListReplyT>(MessageType::list, list);
  EXPECT_TRUE(reply.last);
  EXPECT_EQ(reply.columns[0]->texts,
            (std::vector<std::string>{"customer-2", "customer-1", "customer-0"}));
  wire::StatusRequestT status;
  status.fresh_rankings = true;
  const auto fresh = Get<wire::StatusReplyT>(MessageType::status, status);
  EXPECT_EQ(fresh.state->ranking_version(), fresh.state->journal_sequence());
}

TEST_F(DispatchTest, FitsTheChurnModelOnAQueryThread) {
  PlaceOrders(200);
  const wire::ErrorT few = GetError(MessageType::churn, wire::ChurnRequestT());
  EXPECT_EQ(few.code, wire::ErrorCode::too_little_data);
  EXPECT_EQ(few.field, "repeats");
  wire::ListRequestT warning;
  warning.kind = wire::ListKind::early_warning;
  EXPECT_EQ(GetError(MessageType::list, warning).field, "churn");
  wire::EventBatchT again;
  for (int i = 0; i < 50; ++i) {
    wire::OrderT order = OrderOf("customer-" + std::to_string(i), "earlier", 100);
    order.at -= int64_t{86'400'000} * (i + 1);
    AddTo(&again, order);
  }
  Get<wire::EventBatchReplyT>(MessageType::events, again);
  wire::ChurnRequestT request;
  const auto answer = Ask(MessageType::churn, request);
  EXPECT_EQ(answer->WaitForType(), MessageType::churn_reply);
  EXPECT_NE(answer->thread(), std::this_thread::get_id());
  const auto fit = Unpacked<wire::ChurnReplyT>(answer->payload());
  EXPECT_EQ(fit.customers, 200u);
  EXPECT_TRUE(fit.in_force);
  // A question about a part of the purchases puts nothing in force.
  request.until = kToday.since_epoch;
  EXPECT_FALSE(Get<wire::ChurnReplyT>(MessageType::churn, request).in_force);
  EXPECT_TRUE(Get<wire::ListReplyT>(MessageType::list, warning).last);
  request.until = kToday.since_epoch + 1;
  EXPECT_EQ(GetError(MessageType::churn, request).field, "until");
}

TEST_F(DispatchTest, TellsWhatThePipelineWas) {
  wire::WaterfallRequestT days;
  days.from = (days.to = kToday.since_epoch).value() - 1;
  EXPECT_EQ(Get<wire::WaterfallReplyT>(MessageType::waterfall, days).changes.size(), 6u);
  const wire::ConversionRequestT all;
  EXPECT_EQ(Get<wire::ConversionReplyT>(MessageType::conversion, all).stages.size(), 5u);
}

TEST_F(DispatchTest, RefusesWithTypedErrors) {
  wire::CountRequestT count;
  count.where = "orders > 1 and revenu > 3";
  auto error = GetError(MessageType::count, count);
  EXPECT_EQ(error.code, wire::ErrorCode::unknown_field);
  EXPECT_EQ(error.position, 15);
  wire::ListRequestT list;
  list.cursor = "no cursor";
  EXPECT_EQ(GetError(MessageType::list, list).code, wire::ErrorCode::bad_cursor);
  wire::ProfilesRequestT profiles;
  profiles.customers = {"a", "b", "c", "d"};
  error = GetError(MessageType::profiles, profiles);
  EXPECT_EQ(error.code, wire::ErrorCode::limit_exceeded);
  EXPECT_EQ(error.field, "max_profile_ids");
  EXPECT_EQ(GetError(static_cast<MessageType>(99), count).code, wire::ErrorCode::unknown_type);
  EXPECT_EQ(GetError(MessageType::rfm_reply, count).code, wire::ErrorCode::unknown_type);
  wire::RecordsRequestT records;
  records.customers = {"a", "b", "c", "d"};
  EXPECT_EQ(GetError(MessageType::records, records).field, "max_profile_ids");
  for (const MessageType type :
       {MessageType::orders,     MessageType::records,     MessageType::names,
        MessageType::events,     MessageType::profiles,    MessageType::explain,
        MessageType::list,       MessageType::count,       MessageType::export_customer,
        MessageType::rfm,        MessageType::abc,         MessageType::value,
        MessageType::phases,     MessageType::pipeline,    MessageType::waterfall,
        MessageType::conversion, MessageType::churn,       MessageType::what_if,
        MessageType::status,     MessageType::advance_day, MessageType::watch}) {
    const auto answer = AskBytes(type, std::vector<uint8_t>(32, 0xff));
    EXPECT_EQ(ErrorOf(answer).code, wire::ErrorCode::bad_message)
        << wire::EnumNameMessageType(type);
  }
}

TEST_F(DispatchTest, RefusesAPipelineOfMoreGroupsThanAReplyHolds) {
  constexpr uint32_t kLeads = wire::kMaxPipelineGroups + 1;
  for (uint32_t first = 0; first < kLeads; first += 10'000) {
    wire::EventBatchT batch;
    for (uint32_t lead = first; lead < std::min(first + 10'000, kLeads); ++lead) {
      wire::LeadSetT set;
      set.lead = "lead-" + std::to_string(lead);
      set.customer = "customer-" + std::to_string(lead);
      set.stage = "Offer";
      batch.events.push_back(std::make_unique<wire::EventT>());
      batch.events.back()->body.Set(std::move(set));
    }
    ASSERT_TRUE(Get<wire::EventBatchReplyT>(MessageType::events, batch).refused.empty());
  }
  wire::PipelineRequestT by_customer;
  by_customer.by = {wire::PipelineKey::customer};
  const wire::ErrorT error = GetError(MessageType::pipeline, by_customer);
  EXPECT_EQ(error.code, wire::ErrorCode::result_too_large);
  EXPECT_EQ(error.field, "max_pipeline_groups");
  EXPECT_EQ(Get<wire::PipelineReplyT>(MessageType::pipeline, wire::PipelineRequestT()).total->leads,
            kLeads);
}

TEST_F(DispatchTest, ExplainsOnAQueryThread) {
  PlaceOrders(1);
  wire::ExplainRequestT explain;
  explain.customer = "customer-0";
  const auto answer = Ask(MessageType::explain, explain);
  ASSERT_EQ(answer->WaitForType(), MessageType::explain_reply);
  EXPECT_NE(answer->thread(), std::this_thread::get_id());
  const auto reply = Unpacked<wire::ExplainReplyT>(answer->payload());
  ASSERT_NE(reply.activity, nullptr);
  EXPECT_EQ(reply.activity->activity, wire::Activity::active);
  EXPECT_TRUE(reply.foreseen_through.has_value());
  EXPECT_FALSE(reply.changes.empty());
  explain.customer = "nobody";
  EXPECT_EQ(Get<wire::ExplainReplyT>(MessageType::explain, explain).activity, nullptr);
}

TEST_F(DispatchTest, AdvancesAPinnedDay) {
  wire::AdvanceDayRequestT request;
  request.day = (kToday + 1).since_epoch;
  EXPECT_EQ(Get<wire::AdvanceDayReplyT>(MessageType::advance_day, request).state->as_of(),
            request.day);
  EXPECT_EQ(GetError(MessageType::advance_day, request).code, wire::ErrorCode::day_not_forward);
}

TEST_F(DispatchTest, ReloadsOnTheMaintenanceThread) {
  const auto answer = Ask(MessageType::reload, wire::ReloadRequestT{});
  ASSERT_EQ(answer->WaitForType(), MessageType::reload_reply);
  EXPECT_NE(answer->thread(), std::this_thread::get_id());
  const auto reply = Unpacked<wire::ReloadReplyT>(answer->payload());
  EXPECT_TRUE(reply.changed);
  EXPECT_FALSE(reply.needs_restart);
  EXPECT_EQ(reply.state->rules_version(), 1u);
  const auto error = GetError(MessageType::reload, wire::ReloadRequestT{});
  EXPECT_EQ(error.code, wire::ErrorCode::invalid_value);
  EXPECT_EQ(error.message, "shop.toml:3: expected a number");
  EXPECT_EQ(error.field, "abc.a");
}

TEST_F(UnpinnedDispatchTest, LeavesTheDayToTheClock) {
  wire::AdvanceDayRequestT request;
  request.day = (kToday + 1).since_epoch;
  EXPECT_EQ(GetError(MessageType::advance_day, request).code, wire::ErrorCode::day_not_pinned);
  EXPECT_EQ(book_->book().Status().state.as_of, kToday);
}

}  // namespace
}  // namespace kundig::server
