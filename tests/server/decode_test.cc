#include "server/decode.h"

#include <gtest/gtest.h>

#include "schemas/churn_generated.h"
#include "schemas/export_generated.h"
#include "schemas/lists_generated.h"
#include "schemas/pipeline_generated.h"
#include "schemas/profile_generated.h"
#include "schemas/summaries_generated.h"
#include "schemas/watch_generated.h"
#include "schemas/what_if_generated.h"
#include "server/text_rules.h"
#include "tests/server/messages.h"

namespace kundig::server {
namespace {

template <typename Result>
void ExpectNotDecoded(const Result& result, wire::ErrorCode code, const std::string& field) {
  ASSERT_TRUE(result.has_error()) << field;
  EXPECT_EQ(result.error().code, code) << field;
  EXPECT_EQ(result.error().field, field);
}

TEST(TextRules, KnowUtf8) {
  for (const char* good :
       {"", "plain", "K\xc3\xb6ln", "\xe2\x82\xac", "\xf0\x9f\x8f\xaa", "\x7f"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  const char* const bad[] = {"\x80",              // a trail alone
                             "\xc3",              // a lead alone
                             "\xc0\xaf",          // overlong
                             "\xe0\x80\x80",      // overlong
                             "\xed\xa0\x80",      // a surrogate
                             "\xf4\x90\x80\x80",  // above U+10FFFF
                             "\xff"};
  for (const char* text : bad) EXPECT_FALSE(IsUtf8(text)) << text;
}

TEST(TextRules, BoundIdsAndNames) {
  EXPECT_FALSE(IsId(""));
  EXPECT_TRUE(IsId("x"));
  EXPECT_TRUE(IsId(" 17850 "));
  EXPECT_TRUE(IsId(std::string(64, 'x')));
  EXPECT_FALSE(IsId(std::string(65, 'x')));
  EXPECT_TRUE(IsId("M\xc3\xbcller"));
  EXPECT_FALSE(IsId("M\xc3\xbcller\t"));
  EXPECT_FALSE(IsId("\x7f"));
  EXPECT_FALSE(IsName(""));
  EXPECT_TRUE(IsName("a\tb"));
  EXPECT_TRUE(IsName(std::string(128, 'x')));
  EXPECT_FALSE(IsName(std::string(129, 'x')));
}

TEST(DecodeProfiles, GivesTheIdsInOrder) {
  wire::ProfilesRequestT request;
  request.customers = {"b", "a", "b"};
  const auto payload = Packed(request);
  std::vector<std::string_view> ids;
  ASSERT_FALSE(DecodeProfiles(payload, 3, &ids).has_value());
  EXPECT_EQ(ids, (std::vector<std::string_view>{"b", "a", "b"}));
  EXPECT_EQ(DecodeProfiles(payload, 2, &ids)->code, wire::ErrorCode::limit_exceeded);
}

TEST(DecodeRecords, AddsToTheIdsOfRequestsBeforeIt) {
  wire::RecordsRequestT first, bad, second;
  first.customers = {"b", "a"};
  bad.customers = {"x", "y", "\t"};
  second.customers = {"b"};
  const auto first_bytes = Packed(first), bad_bytes = Packed(bad), second_bytes = Packed(second);
  std::vector<std::string_view> ids;
  ASSERT_FALSE(DecodeRecords(first_bytes, 3, &ids).has_value());
  const auto refusal = DecodeRecords(bad_bytes, 3, &ids);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->code, wire::ErrorCode::invalid_value);
  EXPECT_EQ(refusal->field, "customers[2]");
  EXPECT_EQ(DecodeRecords(bad_bytes, 2, &ids)->field, "max_profile_ids");
  ASSERT_FALSE(DecodeRecords(second_bytes, 3, &ids).has_value());
  EXPECT_EQ(ids, (std::vector<std::string_view>{"b", "a", "b"}));
}

TEST(DecodeNames, TakesAndRefuses) {
  wire::NamesRequestT request;
  EXPECT_EQ(DecodeNames(Packed(request))->kind, engine::NameKind::kCountry);
  EXPECT_EQ(DecodeNames(Packed(request))->from, 1u);
  request.kind = wire::NameKind::rfm_segment;
  request.from = 4097;
  EXPECT_EQ(DecodeNames(Packed(request))->kind, engine::NameKind::kRfmSegment);
  EXPECT_EQ(DecodeNames(Packed(request))->from, 4097u);
  request.from = 0;
  ExpectNotDecoded(DecodeNames(Packed(request)), wire::ErrorCode::invalid_value, "from");
  request.from = 1;
  request.kind = static_cast<wire::NameKind>(4);
  ExpectNotDecoded(DecodeNames(Packed(request)), wire::ErrorCode::invalid_value, "kind");
}

TEST(DecodeProfiles, NamesTheIdAtFault) {
  wire::ProfilesRequestT request;
  request.customers = {"a", "", "c"};
  std::vector<std::string_view> ids;
  const auto refusal = DecodeProfiles(Packed(request), 10, &ids);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->code, wire::ErrorCode::invalid_value);
  EXPECT_EQ(refusal->field, "customers[1]");
}

TEST(Decode, RefusesUnsoundPayloadsOfEveryType) {
  // An unaligned root offset far outside.
  const std::vector<uint8_t> payload(16, 0xff);
  std::vector<std::string_view> ids;
  EXPECT_EQ(DecodeProfiles(payload, 1, &ids)->code, wire::ErrorCode::bad_message);
  ExpectNotDecoded(DecodeAsOf<wire::RfmRequest>(payload, "RfmRequest"),
                   wire::ErrorCode::bad_message, "");
  ExpectNotDecoded(DecodePastProfiles(payload, 1), wire::ErrorCode::bad_message, "");
  ExpectNotDecoded(DecodeWhatIf(payload), wire::ErrorCode::bad_message, "");
  EXPECT_EQ(DecodeRecords(payload, 1, &ids)->code, wire::ErrorCode::bad_message);
  ExpectNotDecoded(DecodeNames(payload), wire::ErrorCode::bad_message, "");
  ExpectNotDecoded(DecodeExplain(payload), wire::ErrorCode::bad_message, "");
  ExpectNotDecoded(DecodeExport(payload), wire::ErrorCode::bad_message, "");
  ExpectNotDecoded(DecodeList(payload), wire::ErrorCode::bad_message, "");
  ExpectNotDecoded(DecodeCount(payload), wire::ErrorCode::bad_message, "");
  ExpectNotDecoded(DecodePhases(payload), wire::ErrorCode::bad_message, "");
  ExpectNotDecoded(DecodePipeline(payload), wire::ErrorCode::bad_message, "");
  ExpectNotDecoded(DecodeChurn(payload), wire::ErrorCode::bad_message, "");
  ExpectNotDecoded(DecodeStatus(payload), wire::ErrorCode::bad_message, "");
  ExpectNotDecoded(DecodeAdvanceDay(payload), wire::ErrorCode::bad_message, "");
}

TEST(DecodeAsOf, IsADayThatEventsCanLieOnWhereverItIsNamed) {
  const auto each = [](auto request, auto decode) {
    EXPECT_EQ(*decode(Packed(request)), std::nullopt);
    request.as_of = engine::kFirstDay.since_epoch;
    EXPECT_EQ(*decode(Packed(request)), engine::kFirstDay);
    request.as_of = engine::kLastDay.since_epoch + 1;
    ExpectNotDecoded(decode(Packed(request)), wire::ErrorCode::invalid_value, "as_of");
  };
  using Day = Judged<std::optional<engine::Day>>;
  using Payload = std::vector<uint8_t>;
  each(wire::RfmRequestT(),
       [](const Payload& p) { return DecodeAsOf<wire::RfmRequest>(p, "RfmRequest"); });
  each(wire::CountRequestT(), [](const Payload& p) -> Day {
    const auto question = DecodeCount(p);
    if (!question) return question.error();
    return question->as_of;
  });
  each(wire::ListRequestT(), [](const Payload& p) -> Day {
    const auto query = DecodeList(p);
    if (!query) return query.error();
    return query->as_of;
  });
  wire::ExplainRequestT explain;
  explain.customer = "c";
  each(explain, [](const Payload& p) -> Day {
    const auto question = DecodeExplain(p);
    if (!question) return question.error();
    return question->as_of;
  });
}

TEST(DecodePastProfiles, TakesIdsAndDayApartFromThePayload) {
  wire::ProfilesRequestT request;
  request.customers = {"a", "b"};
  request.as_of = 14'000;
  const auto question = DecodePastProfiles(Packed(request), 2);
  ASSERT_TRUE(question.has_value());
  EXPECT_EQ(question->as_of, engine::Day{14'000});
  EXPECT_EQ(question->customers, (std::vector<std::string>{"a", "b"}));
  ExpectNotDecoded(DecodePastProfiles(Packed(request), 1), wire::ErrorCode::limit_exceeded,
                   "max_profile_ids");
  request.as_of = engine::kFirstDay.since_epoch - 1;
  ExpectNotDecoded(DecodePastProfiles(Packed(request), 2), wire::ErrorCode::invalid_value, "as_of");
}

TEST(DecodeWhatIf, TakesTheTextAndTheMoveAskedFor) {
  wire::WhatIfRequestT request;
  request.configuration = "[abc]\na = 70\n";
  auto question = DecodeWhatIf(Packed(request));
  ASSERT_TRUE(question.has_value());
  EXPECT_EQ(question->configuration, request.configuration);
  EXPECT_FALSE(question->moves.list.has_value());
  EXPECT_EQ(question->moves.limit, 100u);
  request.list = std::make_unique<wire::MoveListT>();
  request.list->judgement = wire::Judgement::activity;
  request.list->from = "active";
  request.list->to = "lost";
  request.limit = 0;
  question = DecodeWhatIf(Packed(request));
  ASSERT_TRUE(question.has_value());
  EXPECT_EQ(question->moves.list->judgement, engine::Judgement::kActivity);
  EXPECT_EQ(question->moves.list->to, "lost");
  EXPECT_EQ(question->moves.limit, 0u);
  request.list->to = "";
  ExpectNotDecoded(DecodeWhatIf(Packed(request)), wire::ErrorCode::invalid_value, "list");
  request.list->judgement = static_cast<wire::Judgement>(4);
  ExpectNotDecoded(DecodeWhatIf(Packed(request)), wire::ErrorCode::invalid_value, "list.judgement");
  request.list.reset();
  request.configuration.assign(wire::kMaxConfigurationBytes, 'a');
  EXPECT_TRUE(DecodeWhatIf(Packed(request)).has_value());
  request.configuration += 'a';
  ExpectNotDecoded(DecodeWhatIf(Packed(request)), wire::ErrorCode::limit_exceeded,
                   "max_configuration_bytes");
  request.configuration = "\xff";
  ExpectNotDecoded(DecodeWhatIf(Packed(request)), wire::ErrorCode::invalid_value, "configuration");
}

TEST(DecodeList, FillsInDefaults) {
  const auto query = DecodeList(Packed(wire::ListRequestT()));
  ASSERT_TRUE(query.has_value());
  EXPECT_FALSE(query->reactivation);
  EXPECT_EQ(query->where, "");
  EXPECT_EQ(query->order_by, "revenue_total");
  EXPECT_TRUE(query->descending);
  EXPECT_EQ(query->limit, 100u);
  EXPECT_EQ(query->fields.size(), 8u);
  EXPECT_EQ(query->fields[0], "customer");
}

TEST(DecodeList, TakesEveryField) {
  wire::ListRequestT request;
  request.kind = wire::ListKind::inactive;
  request.where = "revenue > 5";
  request.activities = {wire::Activity::overdue, wire::Activity::never};
  request.need_consent = true;
  request.order_by = "orders";
  request.descending = false;
  request.limit = 0;
  request.cursor = "abc";
  request.fields = {"customer", "revenue"};
  const auto query = DecodeList(Packed(request));
  ASSERT_TRUE(query.has_value());
  EXPECT_TRUE(query->reactivation);
  EXPECT_EQ(query->where, "revenue > 5");
  EXPECT_EQ(query->activities,
            (std::vector<engine::Activity>{engine::Activity::kOverdue, engine::Activity::kNever}));
  EXPECT_TRUE(query->need_consent);
  EXPECT_EQ(query->order_by, "orders");
  EXPECT_FALSE(query->descending);
  EXPECT_EQ(query->limit, 0u);
  EXPECT_EQ(query->cursor, "abc");
  EXPECT_EQ(query->fields, (std::vector<std::string>{"customer", "revenue"}));
}

TEST(DecodeList, AnEarlyWarningHasDefaultsOfItsOwn) {
  wire::ListRequestT request;
  request.kind = wire::ListKind::early_warning;
  request.need_consent = true;
  auto query = DecodeList(Packed(request));
  ASSERT_TRUE(query.has_value());
  EXPECT_TRUE(query->reactivation);
  EXPECT_TRUE(query->early_warning);
  EXPECT_TRUE(query->need_consent);
  EXPECT_TRUE(query->activities.empty());
  EXPECT_EQ(query->order_by, "clv");
  EXPECT_EQ(query->fields, (std::vector<std::string>{"customer", "activity", "last_activity",
                                                     "churn_score", "expected_orders", "clv",
                                                     "revenue_total", "abc", "value_class"}));
  request.order_by = "p_alive";
  request.fields = {"customer"};
  query = DecodeList(Packed(request));
  EXPECT_EQ(query->order_by, "p_alive");
  EXPECT_EQ(query->fields, std::vector<std::string>{"customer"});
}

TEST(DecodeList, RefusesByField) {
  const auto refused = [](auto change, const char* field,
                          wire::ErrorCode code = wire::ErrorCode::invalid_value) {
    wire::ListRequestT request;
    request.kind = wire::ListKind::inactive;
    change(&request);
    ExpectNotDecoded(DecodeList(Packed(request)), code, field);
  };
  using Request = wire::ListRequestT;
  refused([](Request* r) { r->kind = static_cast<wire::ListKind>(3); }, "kind");
  refused([](Request* r) { r->where = "owner = '\xff'"; }, "where");
  refused([](Request* r) { r->cursor = "\xff"; }, "cursor");
  refused([](Request* r) { r->order_by = "\xff"; }, "order_by");
  refused([](Request* r) { r->fields = {"\xff"}; }, "fields");
  refused([](Request* r) { r->fields.assign(65, "revenue"); }, "fields",
          wire::ErrorCode::limit_exceeded);
  refused([](Request* r) { r->activities = {static_cast<wire::Activity>(6)}; }, "activities");
  refused(
      [](Request* r) {
        r->activities = {wire::Activity::lost, wire::Activity::lost};
      },
      "activities");
  refused(
      [](Request* r) {
        r->kind = wire::ListKind::customers;
        r->need_consent = true;
      },
      "need_consent");
}

TEST(DecodePipeline, DefaultsToStages) {
  const auto query = DecodePipeline(Packed(wire::PipelineRequestT()));
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->by, std::vector<engine::PipelineKey>{engine::PipelineKey::kStage});
  EXPECT_TRUE(query->closed_by.empty());
}

TEST(DecodeChurn, TakesDaysThatEventsCanLieOn) {
  wire::ChurnRequestT request;
  EXPECT_EQ(DecodeChurn(Packed(request))->until, std::nullopt);
  EXPECT_EQ(DecodeChurn(Packed(request))->check_until, std::nullopt);
  request.until = engine::kFirstDay.since_epoch;
  request.check_until = engine::kLastDay.since_epoch;
  EXPECT_EQ(DecodeChurn(Packed(request))->until, engine::kFirstDay);
  EXPECT_EQ(DecodeChurn(Packed(request))->check_until, engine::kLastDay);
  request.check_until = engine::kLastDay.since_epoch + 1;
  ExpectNotDecoded(DecodeChurn(Packed(request)), wire::ErrorCode::invalid_value, "check_until");
  request.until = engine::kFirstDay.since_epoch - 1;
  ExpectNotDecoded(DecodeChurn(Packed(request)), wire::ErrorCode::invalid_value, "until");
}

TEST(DecodeWatch, TakesAPlaceAndItsLimits) {
  wire::WatchRequestT request;
  request.where = "orders > 0";
  const auto plain = DecodeWatch(Packed(request));
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->what, (engine::WatchQuery{.where = "orders > 0", .fields = {}}));
  EXPECT_FALSE(plain->from.has_value());
  EXPECT_EQ(plain->wait.count(), 0);
  EXPECT_EQ(plain->limit, 1000u);
  request.fields = {"revenue", "abc"};
  request.from = std::make_unique<wire::FeedPosition>(3, 100, engine::FeedPosition::kBehindAll);
  request.wait_ms = 60'000;
  request.limit = 10'000;
  const auto full = DecodeWatch(Packed(request));
  ASSERT_TRUE(full.has_value());
  EXPECT_EQ(full->what.fields, request.fields);
  EXPECT_EQ(full->from->feed, 3u);
  EXPECT_EQ(full->from->sequence, 100u);
  EXPECT_EQ(full->from->place, engine::FeedPosition::kBehindAll);
  EXPECT_EQ(full->wait, std::chrono::minutes(1));
  EXPECT_EQ(full->limit, 10'000u);
}

TEST(DecodeWatch, NamesTheFieldAtFault) {
  const auto refused = [](auto change, const std::string& field,
                          wire::ErrorCode code = wire::ErrorCode::invalid_value) {
    wire::WatchRequestT request;
    request.where = "orders > 0";
    change(&request);
    ExpectNotDecoded(DecodeWatch(Packed(request)), code, field);
  };
  using Request = wire::WatchRequestT;
  refused([](Request* request) { request->where = ""; }, "where");
  refused([](Request* request) { request->where = "\xff"; }, "where");
  refused([](Request* request) { request->fields = {""}; }, "fields");
  refused([](Request* request) { request->fields.assign(10'000, "abc"); }, "fields",
          wire::ErrorCode::limit_exceeded);
  refused([](Request* request) { request->wait_ms = 60'001; }, "wait_ms");
  refused([](Request* request) { request->limit = 0; }, "limit");
  refused([](Request* request) { request->limit = 10'001; }, "limit");
  ExpectNotDecoded(DecodeWatch(std::vector<uint8_t>(16, 0xff)), wire::ErrorCode::bad_message, "");
}

TEST(DecodePipeline, TakesAnEarlierDay) {
  wire::PipelineRequestT request;
  EXPECT_EQ(DecodePipeline(Packed(request))->as_of, std::nullopt);
  request.as_of = engine::kFirstDay.since_epoch;
  EXPECT_EQ(DecodePipeline(Packed(request))->as_of, engine::kFirstDay);
  request.as_of = engine::kFirstDay.since_epoch - 1;
  ExpectNotDecoded(DecodePipeline(Packed(request)), wire::ErrorCode::invalid_value, "as_of");
  EXPECT_EQ(DecodePipeline(Packed(request)).error().message,
            "Send a value for as_of that is between 1900-01-02 and 2079-06-06.");
}

TEST(DecodeWaterfall, NeedsTwoDays) {
  wire::WaterfallRequestT request;
  ExpectNotDecoded(DecodeWaterfall(Packed(request)), wire::ErrorCode::missing_field, "from");
  request.from = 7;
  ExpectNotDecoded(DecodeWaterfall(Packed(request)), wire::ErrorCode::missing_field, "to");
  request.to = 9;
  request.where = "owner = 'cleo'";
  const auto query = DecodeWaterfall(Packed(request));
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->from, engine::Day{7});
  EXPECT_EQ(query->to, engine::Day{9});
  EXPECT_EQ(query->where, "owner = 'cleo'");
  request.to = engine::kLastDay.since_epoch + 1;
  ExpectNotDecoded(DecodeWaterfall(Packed(request)), wire::ErrorCode::invalid_value, "to");
  request.where = "\xff";
  ExpectNotDecoded(DecodeWaterfall(Packed(request)), wire::ErrorCode::invalid_value, "where");
}

TEST(DecodeConversion, TakesDaysAndACondition) {
  wire::ConversionRequestT request;
  EXPECT_EQ(DecodeConversion(Packed(request))->from, std::nullopt);
  EXPECT_EQ(DecodeConversion(Packed(request))->to, std::nullopt);
  request.from = 7;
  request.to = 9;
  request.where = "owner = 'cleo'";
  const auto query = DecodeConversion(Packed(request));
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->from, engine::Day{7});
  EXPECT_EQ(query->to, engine::Day{9});
  EXPECT_EQ(query->where, "owner = 'cleo'");
  request.from = engine::kFirstDay.since_epoch - 1;
  ExpectNotDecoded(DecodeConversion(Packed(request)), wire::ErrorCode::invalid_value, "from");
}

TEST(DecodePipeline, TakesReasonForClosedLeadsOnly) {
  wire::PipelineRequestT request;
  request.by = {wire::PipelineKey::quarter, wire::PipelineKey::product};
  request.closed_by = {wire::PipelineKey::reason};
  const auto query = DecodePipeline(Packed(request));
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->by, (std::vector<engine::PipelineKey>{engine::PipelineKey::kQuarter,
                                                         engine::PipelineKey::kProduct}));
  EXPECT_EQ(query->closed_by, std::vector<engine::PipelineKey>{engine::PipelineKey::kReason});
  request.by = {wire::PipelineKey::reason};
  ExpectNotDecoded(DecodePipeline(Packed(request)), wire::ErrorCode::invalid_value, "by");
  request.by = {static_cast<wire::PipelineKey>(9)};
  ExpectNotDecoded(DecodePipeline(Packed(request)), wire::ErrorCode::invalid_value, "by");
}

TEST(DecodeOthers, TakeAndRefuse) {
  wire::ExplainRequestT explain;
  explain.customer = "c";
  const auto payload = Packed(explain);
  EXPECT_EQ(DecodeExplain(payload).value().customer, "c");
  explain.customer = std::string(65, 'c');
  ExpectNotDecoded(DecodeExplain(Packed(explain)), wire::ErrorCode::invalid_value, "customer");

  wire::CountRequestT count;
  EXPECT_EQ(DecodeCount(Packed(count)).value().where, "");
  count.where = "r = 5";
  EXPECT_EQ(DecodeCount(Packed(count)).value().where, "r = 5");
  wire::PhasesRequestT phases;
  EXPECT_EQ(DecodePhases(Packed(phases)).value(), "");
  phases.where = "r = 5";
  EXPECT_EQ(DecodePhases(Packed(phases)).value(), "r = 5");

  wire::StatusRequestT status;
  EXPECT_FALSE(DecodeStatus(Packed(status)).value().fresh_rankings);
  EXPECT_EQ(DecodeStatus(Packed(status)).value().receipt_for, 0u);
  status.fresh_rankings = true;
  status.receipt_for = UINT64_MAX;
  EXPECT_TRUE(DecodeStatus(Packed(status)).value().fresh_rankings);
  EXPECT_EQ(DecodeStatus(Packed(status)).value().receipt_for, UINT64_MAX);

  wire::ExportRequestT exported;
  exported.customer = "c";
  const auto asked = Packed(exported);
  EXPECT_EQ(DecodeExport(asked).value(), "c");
  exported.customer = "";
  ExpectNotDecoded(DecodeExport(Packed(exported)), wire::ErrorCode::invalid_value, "customer");

  wire::AdvanceDayRequestT day;
  day.day = 14'953;
  EXPECT_EQ(DecodeAdvanceDay(Packed(day)).value(), engine::Day{14'953});
  day.day = INT32_MAX;
  ExpectNotDecoded(DecodeAdvanceDay(Packed(day)), wire::ErrorCode::invalid_value, "day");
}

}  // namespace
}  // namespace kundig::server
