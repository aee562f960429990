#include "server/encode.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "engine/calendar.h"
#include "schemas/limits.h"
#include "schemas/lists_generated.h"
#include "schemas/pipeline_generated.h"
#include "schemas/profile_generated.h"
#include "schemas/summaries_generated.h"
#include "server/text_rules.h"
#include "tests/server/encoded_state.h"
#include "tests/server/messages.h"

namespace kundig::server {
namespace {

using engine::Day;
using engine::Minor;
using flatbuffers::FlatBufferBuilder;

TEST(EncodeProfiles, CarriesEveryField) {
  engine::Profile profile;
  profile.customer = "c";
  profile.found = true;
  profile.kind = engine::CustomerKind::kBusiness;
  profile.country = "Ireland";
  profile.region = "west";
  profile.owner = "ann";
  profile.company_size = 12;
  profile.products = 3;
  profile.potential = Minor{1'000'000};
  profile.key_account = true;
  profile.satisfaction = 0;
  profile.referral = 10;
  profile.bonding = 100;
  profile.first_order = Day{1};
  profile.last_order = Day{2};
  profile.last_activity = Day{3};
  profile.recency_days = 4;
  profile.inactive_days = 5;
  profile.purchase_days = 6;
  profile.orders = 7;
  profile.revenue = Minor{-8};
  profile.margin = Minor{-9};
  profile.items = 10;
  profile.orders_total = 11;
  profile.revenue_total = Minor{12};
  profile.margin_total = Minor{13};
  profile.rfm = engine::RfmScores{.r = 5, .f = 4, .m = 3, .segment = 0};
  profile.abc = engine::AbcClass::kB;
  profile.value_score_thousandths = 61'234;
  profile.value_class = engine::ValueClass::kStandard;
  profile.value_pinned = true;
  profile.hidden_potential = true;
  profile.activity = engine::Activity::kOverdue;
  profile.consent = engine::ConsentStatus::kExpired;
  profile.last_contact = Day{14};
  profile.p_alive_millionths = 15;
  profile.churn_score_millionths = 999'985;
  profile.churn_band = engine::ChurnBand::kHigh;
  profile.expected_orders_thousandths = int64_t{1} << 33;
  profile.clv = Minor{16};
  profile.customer_value = Minor{-15};
  profile.phase = engine::Phase::kRevitalization;
  profile.risks =
      engine::BitOf(engine::Risk::kNeglected) | engine::BitOf(engine::Risk::kUnanswered);
  engine::Profile unknown;
  unknown.customer = "nobody";
  const engine::ProfilesAnswer answer{
      .state = kState, .rules = RulesOf(), .profiles = {profile, unknown}};

  FlatBufferBuilder builder;
  EncodeProfiles(answer, answer.profiles, &builder);
  const auto reply = Unpacked<wire::ProfilesReplyT>(Payload(builder));
  ExpectState(reply.state);
  ASSERT_EQ(reply.profiles.size(), 2u);
  const wire::ProfileT& got = *reply.profiles[0];
  EXPECT_EQ(got.customer, "c");
  EXPECT_TRUE(got.found);
  EXPECT_EQ(got.kind, wire::CustomerKind::business);
  EXPECT_EQ(got.country, "Ireland");
  EXPECT_EQ(got.region, "west");
  EXPECT_EQ(got.owner, "ann");
  EXPECT_EQ(got.company_size, 12u);
  EXPECT_EQ(got.products, 3u);
  EXPECT_EQ(got.potential, 1'000'000);
  EXPECT_TRUE(got.key_account);
  EXPECT_EQ(got.satisfaction, 0);
  EXPECT_EQ(got.referral, 10);
  EXPECT_EQ(got.bonding, 100);
  EXPECT_EQ(got.first_order, 1);
  EXPECT_EQ(got.last_order, 2);
  EXPECT_EQ(got.last_activity, 3);
  EXPECT_EQ(got.recency_days, 4);
  EXPECT_EQ(got.inactive_days, 5);
  EXPECT_EQ(got.purchase_days, 6u);
  EXPECT_EQ(got.orders, 7u);
  EXPECT_EQ(got.revenue, -8);
  EXPECT_EQ(got.margin, -9);
  EXPECT_EQ(got.items, 10u);
  EXPECT_EQ(got.orders_total, 11u);
  EXPECT_EQ(got.revenue_total, 12);
  EXPECT_EQ(got.margin_total, 13);
  EXPECT_EQ(got.r, 5);
  EXPECT_EQ(got.f, 4);
  EXPECT_EQ(got.m, 3);
  EXPECT_EQ(got.rfm_segment, answer.rules->segment_names()[0]);
  EXPECT_EQ(got.abc, wire::AbcClass::b);
  EXPECT_EQ(got.value_score, 61'234);
  EXPECT_EQ(got.value_class, wire::ValueClass::standard);
  EXPECT_TRUE(got.value_pinned);
  EXPECT_TRUE(got.hidden_potential);
  EXPECT_EQ(got.activity, wire::Activity::overdue);
  EXPECT_EQ(got.consent, wire::ConsentStatus::expired);
  EXPECT_EQ(got.last_contact, 14);
  EXPECT_EQ(got.p_alive, 15);
  EXPECT_EQ(got.churn_score, 999'985);
  EXPECT_EQ(got.churn_band, wire::ChurnBand::high);
  EXPECT_EQ(got.expected_orders, int64_t{1} << 33);
  EXPECT_EQ(got.clv, 16);
  EXPECT_EQ(got.customer_value, -15);
  EXPECT_EQ(got.phase, wire::Phase::revitalization);
  EXPECT_EQ(got.risks, (std::vector<wire::Risk>{wire::Risk::neglected, wire::Risk::unanswered}));

  const wire::ProfileT& none = *reply.profiles[1];
  EXPECT_EQ(none.customer, "nobody");
  EXPECT_FALSE(none.found);
  EXPECT_FALSE(none.kind.has_value());
  EXPECT_FALSE(none.satisfaction.has_value());
  EXPECT_FALSE(none.r.has_value());
  EXPECT_FALSE(none.consent.has_value());
  EXPECT_FALSE(none.p_alive || none.churn_score || none.churn_band || none.expected_orders ||
               none.clv);
  EXPECT_EQ(none.rfm_segment, "");
}

TEST(EncodeEventBatch, MergesRefusalsInTheOrderSent) {
  const auto refusal = [](const char* field) {
    return Refusal{
        .code = wire::ErrorCode::invalid_value, .message = "m", .field = field, .position = {}};
  };
  const std::vector<uint32_t> places = {1, 2, 4};
  const std::vector<RefusedEntry> refused_before = {
      {0, refusal("first")}, {3, refusal("second")}, {5, refusal("third")}};
  engine::ApplyAnswer answer{
      .state = kState, .applied = 1, .replaced = 2, .unchanged = 3, .refused = {}};
  answer.refused.push_back(
      {0, engine::Error{engine::ErrorCode::kFutureEvent, "later", "at", std::nullopt}});
  answer.refused.push_back(
      {2, engine::Error{engine::ErrorCode::kUnknownStage, "stage", "stage", std::nullopt}});
  FlatBufferBuilder builder;
  EncodeEventBatch(answer, places, refused_before, wire::kMaxFrameBytes, &builder);
  const auto reply = Unpacked<wire::EventBatchReplyT>(Payload(builder));
  EXPECT_EQ(reply.refused_more, 0u);
  ExpectState(reply.state);
  EXPECT_EQ(reply.applied, 1u);
  EXPECT_EQ(reply.replaced, 2u);
  EXPECT_EQ(reply.unchanged, 3u);
  std::vector<std::pair<uint32_t, std::string>> got;
  for (const auto& refused : reply.refused) got.emplace_back(refused->index, refused->error->field);
  EXPECT_EQ(got, (std::vector<std::pair<uint32_t, std::string>>{
                     {0, "first"}, {1, "at"}, {3, "second"}, {4, "stage"}, {5, "third"}}));
  EXPECT_EQ(reply.refused[1]->error->code, wire::ErrorCode::future_event);
}

TEST(EncodeEventBatch, CountsTheRefusalsThatAFrameHasNoRoomFor) {
  constexpr uint32_t kEvents = 20'000;
  std::vector<uint32_t> places(kEvents / 2);
  std::vector<RefusedEntry> refused;
  engine::ApplyAnswer answer{.state = kState, .refused = {}};
  for (uint32_t i = 0; i < kEvents / 2; ++i) {
    places[i] = 2 * i;
    answer.refused.push_back(
        {i, engine::Error{engine::ErrorCode::kFutureEvent, std::string(300, 'x'), "at", {}}});
    refused.push_back({2 * i + 1, Refusal{.code = wire::ErrorCode::invalid_value,
                                          .message = std::string(600, 'y'),
                                          .field = "revenue",
                                          .position = {}}});
  }
  FlatBufferBuilder builder;
  EncodeEventBatch(answer, places, refused, wire::kSmallestMaxFrameBytes, &builder);
  EXPECT_LE(builder.GetSize(), wire::kSmallestMaxFrameBytes);
  EXPECT_GT(builder.GetSize(), wire::kSmallestMaxFrameBytes * 9 / 10);
  const auto reply = Unpacked<wire::EventBatchReplyT>(Payload(builder));
  ExpectState(reply.state);
  EXPECT_EQ(reply.refused.size() + reply.refused_more, kEvents);
  EXPECT_GT(reply.refused_more, 0u);
  for (uint32_t i = 0; i < reply.refused.size(); ++i) EXPECT_EQ(reply.refused[i]->index, i);
}

TEST(EncodeNames, CarriesNamesAndTheNumberOfCodes) {
  const engine::NamesAnswer answer{
      .rules = RulesOf(), .names = {"France", "", "K\xc3\xb6ln"}, .codes = 17};
  FlatBufferBuilder builder;
  EncodeNames(answer, &builder);
  const auto reply = Unpacked<wire::NamesReplyT>(Payload(builder));
  EXPECT_EQ(reply.names, (std::vector<std::string>{"France", "", "K\xc3\xb6ln"}));
  EXPECT_EQ(reply.codes, 17u);
}

TEST(EncodeNames, APageOfTheLongestFitsTheSmallestFrame) {
  const std::string longest(wire::kMaxNameBytes, 'n');
  const engine::NamesAnswer answer{
      .rules = RulesOf(),
      .names = std::vector<std::string_view>(wire::kMaxNamesInReply, longest),
      .codes = wire::kMaxNamesInReply};
  FlatBufferBuilder builder;
  EncodeNames(answer, &builder);
  EXPECT_LE(builder.GetSize(), wire::kSmallestMaxFrameBytes);
}

TEST(EncodeError, CutsALongSentenceBetweenCharacters) {
  Refusal refusal{.code = wire::ErrorCode::syntax_error,
                  .message = std::string(wire::kMaxErrorMessageBytes - 1, 'x') + "\xe2\x82\xac!",
                  .field = "where",
                  .position = 12};
  FlatBufferBuilder builder;
  EncodeError(refusal, &builder);
  const auto error = Unpacked<wire::ErrorT>(Payload(builder));
  EXPECT_EQ(error.message, std::string(wire::kMaxErrorMessageBytes - 1, 'x'));
  EXPECT_TRUE(IsUtf8(error.message));
  EXPECT_EQ(error.field, "where");
  EXPECT_EQ(error.position, 12);
  EXPECT_EQ(error.code, wire::ErrorCode::syntax_error);
}

TEST(EncodeSummaries, CarryCutsGroupsAndAbsentMinima) {
  FlatBufferBuilder builder;
  engine::RfmAnswer rfm;
  rfm.state = kState;
  rfm.population = 2;
  EncodeRfm(rfm, &builder);
  EXPECT_TRUE(Unpacked<wire::RfmReplyT>(Payload(builder)).recency_cuts.empty());
  rfm.cuts = engine::RfmAnswer::Cuts{{9, 8, 7, 6}, {1, 2, 3, 4}, {10, 20, 30, 40}};
  rfm.cells = {{.r = 5, .f = 1, .m = 2, .customers = 2, .orders = 3, .revenue = Minor{4}}};
  rfm.segments = {{.name = "New", .customers = 2, .orders = 3, .revenue = Minor{4}}};
  EncodeRfm(rfm, &builder);
  const auto rfm_reply = Unpacked<wire::RfmReplyT>(Payload(builder));
  EXPECT_EQ(rfm_reply.recency_cuts, (std::vector<int64_t>{9, 8, 7, 6}));
  EXPECT_EQ(rfm_reply.monetary_cuts, (std::vector<int64_t>{10, 20, 30, 40}));
  EXPECT_EQ(rfm_reply.cells[0]->m, 2);
  EXPECT_EQ(rfm_reply.segments[0]->name, "New");

  engine::AbcAnswer abc;
  abc.state = kState;
  abc.measure = engine::AbcMeasure::kMargin;
  abc.classes[0] = {.customers = 1, .sum = Minor{5}, .from = Minor{5}};
  EncodeAbc(abc, &builder);
  const auto abc_reply = Unpacked<wire::AbcReplyT>(Payload(builder));
  EXPECT_EQ(abc_reply.measure, "margin");
  ASSERT_EQ(abc_reply.classes.size(), 4u);
  EXPECT_EQ(abc_reply.classes[0]->from, 5);
  EXPECT_FALSE(abc_reply.classes[1]->from.has_value());
  EXPECT_EQ(abc_reply.classes[3]->class_, wire::AbcClass::none);

  engine::ValueAnswer value;
  value.state = kState;
  value.classes[1] = {.customers = 3, .revenue = Minor{6}};
  value.hidden_potential = {.customers = 1, .revenue = Minor{2}};
  EncodeValue(value, &builder);
  const auto value_reply = Unpacked<wire::ValueReplyT>(Payload(builder));
  EXPECT_EQ(value_reply.classes[1]->class_, wire::ValueClass::standard);
  EXPECT_EQ(value_reply.classes[1]->revenue, 6);
  EXPECT_EQ(value_reply.hidden_customers, 1u);

  engine::PhasesAnswer phases;
  phases.state = kState;
  phases.phases[6] = {.customers = 3, .revenue = Minor{6}, .revenue_total = Minor{7}, .clv = {}};
  phases.risks[10] = {
      .customers = 1, .revenue = Minor{2}, .revenue_total = Minor{4}, .clv = Minor{8}};
  phases.at_risk = {
      .customers = 2, .revenue = Minor{3}, .revenue_total = Minor{5}, .clv = Minor{9}};
  EncodePhases(phases, &builder);
  const auto phases_reply = Unpacked<wire::PhasesReplyT>(Payload(builder));
  ASSERT_EQ(phases_reply.phases.size(), engine::kPhases);
  EXPECT_EQ(phases_reply.phases[6]->phase, wire::Phase::growth);
  EXPECT_EQ(phases_reply.phases[6]->customers, 3u);
  EXPECT_EQ(phases_reply.phases[6]->revenue, 6);
  EXPECT_EQ(phases_reply.phases[6]->revenue_total, 7);
  ASSERT_EQ(phases_reply.risks.size(), engine::kRisks);
  EXPECT_EQ(phases_reply.phases[6]->clv, flatbuffers::nullopt);
  EXPECT_EQ(phases_reply.risks[9]->risk, wire::Risk::churn);
  EXPECT_EQ(phases_reply.risks[10]->risk, wire::Risk::unanswered);
  EXPECT_EQ(phases_reply.risks[10]->revenue_total, 4);
  EXPECT_EQ(phases_reply.risks[10]->clv, 8);
  EXPECT_EQ(phases_reply.at_risk_clv, 9);
  EXPECT_EQ(phases_reply.at_risk_customers, 2u);
  EXPECT_EQ(phases_reply.at_risk_revenue, 3);
  EXPECT_EQ(phases_reply.at_risk_revenue_total, 5);
}

TEST(EncodePipeline, RepeatsTheKeysAsked) {
  engine::PipelineAnswer answer;
  answer.state = kState;
  answer.groups = {{.keys = {"Offer", "none"},
                    .leads = 1,
                    .revenue = Minor{100},
                    .weighted = Minor{75},
                    .overridden = 1}};
  answer.total = {
      .keys = {}, .leads = 1, .revenue = Minor{100}, .weighted = Minor{75}, .overridden = 1};
  answer.won_leads = 2;
  engine::PipelineQuery query;
  query.by = {engine::PipelineKey::kStage, engine::PipelineKey::kMonth};
  FlatBufferBuilder builder;
  EncodePipeline(answer, query, &builder);
  auto reply = Unpacked<wire::PipelineReplyT>(Payload(builder));
  EXPECT_EQ(reply.by,
            (std::vector<wire::PipelineKey>{wire::PipelineKey::stage, wire::PipelineKey::month}));
  EXPECT_EQ(reply.groups[0]->keys, (std::vector<std::string>{"Offer", "none"}));
  EXPECT_EQ(reply.total->weighted, 75);
  EXPECT_TRUE(reply.total->keys.empty());
  EXPECT_EQ(reply.won_leads, 2u);
  EXPECT_TRUE(reply.closed.empty());

  query.closed_by = {engine::PipelineKey::kReason};
  answer.closed = {
      {.status = engine::LeadStatus::kLost, .keys = {"price"}, .leads = 3, .revenue = Minor{4}}};
  EncodePipeline(answer, query, &builder);
  reply = Unpacked<wire::PipelineReplyT>(Payload(builder));
  EXPECT_EQ(reply.closed[0]->status, wire::LeadStatus::lost);
  EXPECT_EQ(reply.closed[0]->keys, std::vector<std::string>{"price"});
}

TEST(EncodeStatus, NamesVersionAndDurability) {
  FlatBufferBuilder builder;
  EncodeStatus(
      {.state = kState, .customers = 1, .orders = 2, .returns = 3, .leads = 4, .open_leads = 5},
      {.bytes = 6, .limit_bytes = 10}, "interval=5",
      {.durable = true, .saved_sequence = 7, .erased_sequence = 8, .erased_at = {9}},
      {.known = true, .gone_since = engine::TimeMs{11}}, &builder);
  const auto reply = Unpacked<wire::StatusReplyT>(Payload(builder));
  ExpectState(reply.state);
  EXPECT_EQ(reply.open_leads, 5u);
  EXPECT_EQ(reply.memory_bytes, 6u);
  EXPECT_EQ(reply.memory_limit_bytes, 10u);
  EXPECT_EQ(reply.version, KUNDIG_VERSION);
  EXPECT_EQ(reply.durability, "interval=5");
  EXPECT_EQ(reply.saved_sequence, 7u);
  EXPECT_EQ(reply.erased_sequence, 8u);
  EXPECT_EQ(reply.erased_at, 9);
  EXPECT_EQ(reply.gone_since, 11);
  EXPECT_TRUE(reply.receipt_known);
  EncodeStatus({.state = kState}, {}, "sync", {}, {}, &builder);
  EXPECT_FALSE(Unpacked<wire::StatusReplyT>(Payload(builder)).gone_since.has_value());
}

}  // namespace
}  // namespace kundig::server
