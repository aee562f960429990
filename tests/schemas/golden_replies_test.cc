#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <utility>

#include "schemas/absent.h"
#include "tests/schemas/golden_explain.h"
#include "tests/schemas/golden_messages.h"

namespace kundig::wire {
namespace {

std::unique_ptr<State> SomeState() {
  return std::make_unique<State>(1234, 1200, 14'953, 3, 2);
}

ProfileT FullProfile() {
  ProfileT profile;
  profile.customer = "17850";
  profile.found = true;
  profile.kind = CustomerKind::business;
  profile.country = "United Kingdom";
  profile.region = "Kent";
  profile.owner = "ann";
  profile.company_size = 250;
  profile.products = 3;
  profile.potential = 5'000'000;
  profile.key_account = true;
  profile.satisfaction = 9;
  profile.referral = 8;
  profile.bonding = 70;
  profile.first_order = 14'579;
  profile.last_order = 14'944;
  profile.last_activity = 14'945;
  profile.recency_days = 9;
  profile.inactive_days = 8;
  profile.purchase_days = 34;
  profile.orders = 35;
  profile.revenue = 5'391'212;
  profile.margin = -40;
  profile.items = 1733;
  profile.orders_total = 36;
  profile.revenue_total = 5'400'000;
  profile.margin_total = -30;
  profile.r = 4;
  profile.f = 5;
  profile.m = 5;
  profile.rfm_segment = "Champions";
  profile.abc = AbcClass::a;
  profile.value_score = 81'250;
  profile.value_class = ValueClass::individual;
  profile.hidden_potential = true;
  profile.activity = Activity::active;
  profile.consent = ConsentStatus::expired;
  profile.last_contact = 14'900;
  profile.value_pinned = true;
  profile.p_alive = 968'912;
  profile.churn_score = 31'088;
  profile.churn_band = ChurnBand::medium;
  profile.expected_orders = 25'757;
  profile.clv = 412'300;
  profile.customer_value = -35;
  profile.phase = Phase::degeneration;
  profile.risks = {Risk::handover, Risk::unanswered};
  return profile;
}

// What is answered for a customer that the book does not know.
ProfileRecord UnknownRecord() {
  return ProfileRecord(kNoPotential, 0, 0, 0, 0, 0, 0, 0, 0, kNoCount, kNoCount, kNoNameCode,
                       kNoNameCode, kNoNameCode, kNoDay, kNoDay, kNoDay, kNoDay, kNoDay, kNoDay,
                       kNoScore, 0, false, false, false, kNoByte, kNoByte, kNoByte, kNoByte,
                       kNoByte, kNoByte, kNoByte, 0, static_cast<uint8_t>(AbcClass::none),
                       static_cast<uint8_t>(ValueClass::review),
                       static_cast<uint8_t>(Activity::never), kNoByte, false);
}

ExplainReplyT FullExplain() {
  ExplainReplyT reply;
  reply.state = SomeState();
  reply.customer = "17850";
  reply.found = true;
  reply.value_class = ValueClass::standard;
  reply.value_score = 41'250;
  reply.decided_by = DecidedBy::always_rule;
  reply.rule = "kind = 'consumer'";
  reply.rule_index = 1;
  auto criterion = std::make_unique<ExplainedCriterionT>();
  criterion->field = "revenue";
  criterion->value = 5'391'212;
  criterion->points = 100;
  criterion->weight = 40;
  criterion->share = 40'000;
  reply.criteria.push_back(std::move(criterion));
  reply.individual_at = 6'000;
  reply.standard_below = 5'000;
  reply.next_class = ValueClass::individual;
  reply.distance = 18'750;
  reply.hidden_potential = true;
  reply.potential_rule = "potential >= 5000000";
  return reply;
}

ListReplyT FullChunk(bool last) {
  ListReplyT reply;
  reply.state = SomeState();
  reply.total_customers = 3;
  reply.total_revenue = 600;
  reply.excluded_no_consent = 2;
  reply.excluded_contacted = 1;
  reply.rows = 2;
  auto customers = std::make_unique<ColumnT>();
  customers->name = "customer";
  customers->type = FieldType::text;
  customers->texts = {"a", "b"};
  reply.columns.push_back(std::move(customers));
  auto days = std::make_unique<ColumnT>();
  days->name = "last_order";
  days->type = FieldType::day;
  days->numbers = {14'500, 0};
  days->absent = {0, 1};
  reply.columns.push_back(std::move(days));
  reply.last = last;
  reply.cancelled = last;
  if (last) reply.next = "some cursor";
  return reply;
}

PhasesReplyT FullPhases() {
  PhasesReplyT reply;
  reply.state = SomeState();
  auto phase = std::make_unique<PhaseGroupT>();
  phase->phase = Phase::growth;
  phase->customers = 5;
  phase->revenue = 600;
  phase->revenue_total = 700;
  phase->clv = 750;
  reply.phases.push_back(std::move(phase));
  auto risk = std::make_unique<RiskGroupT>();
  risk->risk = Risk::complaint;
  risk->customers = 1;
  risk->revenue = 200;
  risk->revenue_total = 300;
  risk->clv = 350;
  reply.risks.push_back(std::move(risk));
  reply.at_risk_customers = 4;
  reply.at_risk_revenue = 800;
  reply.at_risk_revenue_total = 900;
  reply.at_risk_clv = 950;
  return reply;
}

PipelineReplyT FullPipeline() {
  PipelineReplyT reply;
  reply.state = SomeState();
  reply.by = {PipelineKey::stage, PipelineKey::month};
  auto group = std::make_unique<PipelineGroupT>();
  group->keys = {"Offer", "2011-01"};
  group->leads = 2;
  group->revenue = 300'000;
  group->weighted = 225'000;
  group->overridden = 1;
  reply.total = std::make_unique<PipelineGroupT>(*group);
  reply.total->keys.clear();
  reply.groups.push_back(std::move(group));
  reply.won_leads = 1;
  reply.won_revenue = 100;
  reply.lost_leads = 2;
  reply.lost_revenue = 200;
  reply.closed_by = {PipelineKey::reason};
  auto closed = std::make_unique<ClosedGroupT>();
  closed->status = LeadStatus::lost;
  closed->keys = {"price"};
  closed->leads = 2;
  closed->revenue = 200;
  reply.closed.push_back(std::move(closed));
  return reply;
}

WaterfallReplyT FullWaterfall() {
  WaterfallReplyT reply;
  reply.state = SomeState();
  reply.from = 14'944;
  reply.to = 14'953;
  reply.opening = std::make_unique<WaterfallTotal>(4, 400'000, 300'000);
  int64_t step = 100;
  for (const WaterfallPart part : EnumValuesWaterfallPart()) {
    reply.changes.emplace_back(part, static_cast<uint64_t>(part) + 1,
                               part >= WaterfallPart::won ? 7'000 : 0, step = -2 * step);
  }
  reply.closing = std::make_unique<WaterfallTotal>(5, 500'000, 304'200);
  return reply;
}

ConversionReplyT FullConversion() {
  ConversionReplyT reply;
  reply.state = SomeState();
  auto stage = std::make_unique<ConversionStageT>();
  stage->stage = "Offer";
  stage->leads = 8;
  stage->to.push_back(std::make_unique<ConversionStepT>());
  stage->to.back()->leads = 3;
  stage->to.back()->median_days = 12;
  reply.stages.push_back(std::move(stage));
  return reply;
}

WhatIfReplyT FullWhatIf() {
  WhatIfReplyT reply;
  reply.state = SomeState();
  auto matrix = std::make_unique<MoveMatrixT>();
  matrix->judgement = Judgement::abc;
  auto move = std::make_unique<MoveT>();
  move->from = "A";
  move->to = "B";
  move->customers = 12;
  move->revenue = 345'600;
  matrix->moves.push_back(std::move(move));
  matrix->moved = 12;
  reply.matrices.push_back(std::move(matrix));
  reply.listed = 12;
  auto row = std::make_unique<MovedCustomerT>();
  row->customer = "17850";
  row->revenue = 28'800;
  row->revenue_total = 50'000;
  reply.rows.push_back(std::move(row));
  reply.last = true;
  reply.cancelled = true;
  reply.notes = {"Something is not known."};
  return reply;
}

std::unique_ptr<ColumnT> RevenueOf(std::vector<int64_t> numbers, std::vector<uint8_t> absent) {
  auto column = std::make_unique<ColumnT>();
  column->name = "revenue";
  column->type = FieldType::money;
  column->numbers = std::move(numbers);
  column->absent = std::move(absent);
  return column;
}

WatchReplyT FullWatch() {
  WatchReplyT reply;
  reply.state = SomeState();
  reply.position = std::make_unique<FeedPosition>(3, 1'000'000, 2);
  for (const uint64_t place : {1U, 2U}) {
    auto change = std::make_unique<ChangeT>();
    change->sequence = 1'000'000;
    change->place = place;
    change->at = 1'291'996'800'123;
    change->customer = place == 1 ? "17850" : "13047";
    change->entered = place == 1;
    change->cause = ChangeCause::ranking;
    reply.changes.push_back(std::move(change));
  }
  reply.before.push_back(RevenueOf({0, 28'800}, {1, 0}));
  reply.after.push_back(RevenueOf({345'600, 12}, {}));
  return reply;
}

ChurnReplyT FullChurn() {
  ChurnReplyT reply;
  reply.state = SomeState();
  reply.model = ChurnModel::bg_nbd;
  reply.parameters = std::make_unique<ChurnParameters>(0.25, 4.5, 0.75, 2.5);
  reply.pinned = true;
  reply.converged = true;
  reply.at_limit = true;
  reply.log_likelihood = -9582.5;
  reply.customers = 2'357;
  reply.fitted_through = 10'134;
  reply.alive = 1'234.5;
  reply.horizon_days = 365;
  reply.expected_purchases = 2'345.25;
  reply.checked_through = 10'407;
  auto row = std::make_unique<ChurnHoldOutT>();
  row->repeats = 7;
  row->customers = 64;
  row->purchases = 407;
  row->expected = 399.75;
  reply.hold_out.push_back(std::move(row));
  reply.purchases = 5'012;
  reply.spend = std::make_unique<SpendFitT>();
  reply.spend->measure = SpendMeasure::margin;
  reply.spend->p = 6.25;
  reply.spend->q = 3.75;
  reply.spend->gamma = 1'545.5;
  reply.spend->log_likelihood = -4'058.5;
  reply.spend->customers = 946;
  reply.spend->converged = true;
  reply.spend->at_limit = true;
  reply.in_force = true;
  return reply;
}

std::vector<GoldenMessage> Summaries() {
  RfmReplyT rfm;
  rfm.state = SomeState();
  rfm.population = 5;
  rfm.recency_cuts = {300, 150, 60, 14};
  rfm.frequency_cuts = {1, 2, 3, 6};
  rfm.monetary_cuts = {10'000, 30'000, 70'000, 200'000};
  auto cell = std::make_unique<RfmCellT>();
  cell->r = 5;
  cell->f = 4;
  cell->m = 3;
  cell->customers = 5;
  cell->orders = 20;
  cell->revenue = 345'600;
  rfm.cells.push_back(std::move(cell));
  auto segment = std::make_unique<RfmSegmentT>();
  segment->name = "Loyal";
  segment->customers = 5;
  segment->orders = 20;
  segment->revenue = 345'600;
  rfm.segments.push_back(std::move(segment));

  AbcReplyT abc;
  abc.state = SomeState();
  abc.measure = "revenue";
  abc.total = 345'600;
  auto group = std::make_unique<AbcGroupT>();
  group->class_ = AbcClass::b;
  group->customers = 5;
  group->sum = 345'600;
  group->from = 60'000;
  abc.classes.push_back(std::move(group));

  ValueReplyT value;
  value.state = SomeState();
  auto value_group = std::make_unique<ValueGroupT>();
  value_group->class_ = ValueClass::review;
  value_group->customers = 5;
  value_group->revenue = 345'600;
  value.classes.push_back(std::move(value_group));
  value.hidden_customers = 1;
  value.hidden_revenue = 2;
  return {Golden("rfm_reply", MessageType::rfm_reply, 8, rfm),
          Golden("abc_reply", MessageType::abc_reply, 9, abc),
          Golden("value_reply", MessageType::value_reply, 10, value)};
}

std::unique_ptr<ErrorT> SomeError() {
  auto error = std::make_unique<ErrorT>();
  error->code = ErrorCode::unknown_field;
  error->message = "No field is called 'colour'; see the list of fields.";
  error->field = "where";
  error->position = 4;
  return error;
}

}  // namespace

std::vector<GoldenMessage> GoldenReplies() {
  std::vector<GoldenMessage> all;
  HelloReplyT hello;
  hello.protocol = 1;
  hello.server_name = "kundigd";
  hello.server_version = "0.1.0";
  hello.limits =
      std::make_unique<Limits>(kMaxFrameBytes, kMaxInFlight, kMaxProfileIds, kMaxBatchEvents);
  hello.currency = "GBP";
  hello.time_zone = "Europe/London";
  hello.stages = {"Address", "Interest", "Concrete", "Offer", "Negotiation"};
  hello.durability = "none";
  all.push_back(Golden("hello_reply", MessageType::hello_reply, 1, hello));
  all.push_back(Golden("ping_reply", MessageType::ping_reply, 2, PingReplyT{}));
  EventBatchReplyT events;
  events.state = SomeState();
  events.applied = 8;
  events.replaced = 1;
  events.unchanged = 1;
  events.refused.push_back(std::make_unique<RefusedEventT>());
  events.refused.back()->index = 10;
  events.refused.back()->error = SomeError();
  events.refused_more = 2;
  all.push_back(Golden("events_reply", MessageType::events_reply, 3, events));
  ProfilesReplyT profiles;
  profiles.state = SomeState();
  profiles.profiles.push_back(std::make_unique<ProfileT>(FullProfile()));
  profiles.profiles.push_back(std::make_unique<ProfileT>());
  profiles.profiles.back()->customer = "13047";
  all.push_back(Golden("profiles_reply", MessageType::profiles_reply, 4, profiles));
  all.push_back(Golden("explain_reply", MessageType::explain_reply, 5, FullExplain()));
  ExplainReplyT explained = FullExplain();
  ExplainParts(&explained);
  all.push_back(Golden("explain_reply, all classes", MessageType::explain_reply, 5, explained));
  all.push_back(Golden("list_reply", MessageType::list_reply, 6, FullChunk(false)));
  all.push_back(Golden("list_reply, the last", MessageType::list_reply, 6, FullChunk(true)));
  CountReplyT count;
  count.state = SomeState();
  count.customers = 1;
  count.orders = 2;
  count.revenue = 3;
  count.revenue_total = 4;
  all.push_back(Golden("count_reply", MessageType::count_reply, 7, count));
  for (GoldenMessage& summary : Summaries()) all.push_back(std::move(summary));
  all.push_back(Golden("pipeline_reply", MessageType::pipeline_reply, 11, FullPipeline()));
  StatusReplyT status;
  status.state = SomeState();
  status.customers = 1;
  status.orders = 2;
  status.returns = 3;
  status.leads = 4;
  status.open_leads = 5;
  status.memory_bytes = 6;
  status.version = "0.1.0";
  status.durability = "sync";
  status.journal_bytes = 1'234'567;
  status.saved_sequence = 900'000;
  status.erased_sequence = 800'000;
  status.erased_at = 1'291'996'800'000;
  status.memory_limit_bytes = 7'000'000;
  status.gone_since = 1'291'996'700'007;
  status.receipt_known = true;
  all.push_back(Golden("status_reply", MessageType::status_reply, 12, status));
  AdvanceDayReplyT advance_day;
  advance_day.state = SomeState();
  all.push_back(Golden("advance_day_reply", MessageType::advance_day_reply, 13, advance_day));
  RecordsReplyT records;
  records.state = SomeState();
  // Each field is one more than the field before it.
  records.records.emplace_back(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
                               20, 21, 0, true, true, true, 1, 23, 24, 25, 26, 27, 28, 29, 1, 2, 3,
                               1, 0);
  records.records.push_back(UnknownRecord());
  all.push_back(Golden("records_reply", MessageType::records_reply, 14, records));
  NamesReplyT names;
  names.names = {"ben", "cleo"};
  names.codes = 3;
  all.push_back(Golden("names_reply", MessageType::names_reply, 15, names));
  all.push_back(Golden("orders_reply", MessageType::orders_reply, 16, events));
  SnapshotReplyT saved;
  saved.journal_sequence = 1'000'000;
  saved.bytes = 25'900'000;
  saved.saved_at = 1'291'996'800'000;
  all.push_back(Golden("snapshot_reply", MessageType::snapshot_reply, 17, saved));
  all.push_back(Golden("backup_reply", MessageType::backup_reply, 18, saved));
  ExportReplyT exported;
  exported.state = SomeState();
  exported.customer = "17850";
  exported.found = true;
  exported.profile = std::make_unique<ProfileT>(FullProfile());
  VisitT visit;
  visit.customer = "17850";
  visit.at = 1'291'200'000'000;
  exported.events.push_back(std::make_unique<EventT>());
  exported.events.back()->body.Set(visit);
  exported.last = true;
  exported.cancelled = true;
  all.push_back(Golden("export_customer_reply", MessageType::export_customer_reply, 19, exported));
  all.push_back(Golden("churn_reply", MessageType::churn_reply, 20, FullChurn()));
  all.push_back(Golden("watch_reply", MessageType::watch_reply, 23, FullWatch()));
  ReloadReplyT reloaded;
  reloaded.state = SomeState();
  reloaded.changed = true;
  reloaded.needs_restart = true;
  all.push_back(Golden("reload_reply", MessageType::reload_reply, 21, reloaded));
  all.push_back(Golden("phases_reply", MessageType::phases_reply, 25, FullPhases()));
  all.push_back(Golden("waterfall_reply", MessageType::waterfall_reply, 27, FullWaterfall()));
  all.push_back(Golden("conversion_reply", MessageType::conversion_reply, 28, FullConversion()));
  ExportReplyT history;
  history.state = SomeState();
  history.customer = "17850";
  history.found = true;
  history.lead_changes.push_back(std::make_unique<LeadChangeT>());
  LeadChangeT& change = *history.lead_changes.back();
  change.lead = "L-1";
  change.day = 14'950;
  change.status = LeadStatus::open;
  change.stage = "Offer";
  change.chance = 3'300;
  change.revenue = 150'000;
  history.last = true;
  all.push_back(Golden("export_customer_reply, lead history", MessageType::export_customer_reply,
                       19, history));
  all.push_back(Golden("what_if_reply", MessageType::what_if_reply, 24, FullWhatIf()));
  all.push_back(Golden("error", MessageType::error, 7, *SomeError()));
  return all;
}

namespace {

TEST(GoldenRepliesTest, EachRequestHasItsReply) {
  std::map<uint32_t, MessageType> asked;
  for (const GoldenMessage& request : GoldenRequests()) {
    if (request.type != MessageType::cancel) asked[request.request_id] = request.type;
  }
  for (const GoldenMessage& reply : GoldenReplies()) {
    ASSERT_EQ(asked.count(reply.request_id), 1U) << reply.name;
    if (reply.type == MessageType::error) continue;
    EXPECT_EQ(static_cast<int>(reply.type), static_cast<int>(asked[reply.request_id]) + 128)
        << reply.name;
  }
}

}  // namespace
}  // namespace kundig::wire
