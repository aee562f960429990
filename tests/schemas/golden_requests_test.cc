#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "schemas/absent.h"
#include "tests/schemas/golden_messages.h"

namespace kundig::wire {
namespace {

EventBatchT EveryEvent() {
  EventBatchT batch;
  const auto add = [&](auto event) {
    batch.events.push_back(std::make_unique<EventT>());
    batch.events.back()->body.Set(std::move(event));
  };
  CustomerSetT customer;
  customer.customer = "17850";
  customer.kind = CustomerKind::business;
  customer.country = "United Kingdom";
  customer.region = "Kent";
  customer.owner = "ann";
  customer.company_size = 250;
  customer.products = 3;
  customer.potential = 5'000'000;
  customer.key_account = true;
  customer.satisfaction = 9;
  customer.referral = 8;
  customer.bonding = 70;
  customer.pinned_class = ValueClass::individual;
  customer.remove = {CustomerAttribute::owner};
  add(customer);
  OrderT order;
  order.customer = "17850";
  order.order = "536365";
  order.at = 1'291'191'960'000;
  order.revenue = 13'912;
  order.margin = -5;
  order.items = 40;
  order.currency = "GBP";
  add(order);
  ReturnT back;
  back.customer = "17850";
  back.return_id = "C536379";
  back.at = 1'291'196'460'000;
  back.amount = 2'750;
  back.margin = 700;
  back.currency = "GBP";
  add(back);
  OrderCancelledT cancelled;
  cancelled.customer = "17850";
  cancelled.order = "536366";
  add(cancelled);
  VisitT visit;
  visit.customer = "17850";
  visit.at = 1'291'200'000'000;
  add(visit);
  ContactT contact;
  contact.customer = "17850";
  contact.at = 1'291'200'000'001;
  contact.channel = "mail";
  contact.campaign = "winter";
  add(contact);
  ConsentT consent;
  consent.customer = "17850";
  consent.at = 1'291'200'000'002;
  consent.state = ConsentState::granted;
  consent.until = 15'309;
  add(consent);
  consent.state = ConsentState::withdrawn;
  consent.until.reset();
  add(consent);
  LeadSetT lead;
  lead.lead = "L-1";
  lead.status = LeadStatus::open;
  lead.stage = "Offer";
  lead.revenue = 1'000'000;
  lead.chance = 8'250;
  lead.customer = "17850";
  lead.owner = "ann";
  lead.region = "Kent";
  lead.product = "lamps";
  lead.source = "fair";
  lead.opened = 14'900;
  lead.expected_close = 15'000;
  lead.closed = 14'950;
  lead.reason = "price";
  lead.currency = "GBP";
  lead.remove = {LeadAttribute::chance, LeadAttribute::source};
  add(lead);
  LeadClosedT closed;
  closed.lead = "L-1";
  closed.status = LeadStatus::lost;
  closed.closed = 14'960;
  closed.reason = "price";
  add(closed);
  EraseT erase;
  erase.customer = "17850";
  add(erase);
  TerminationT notice;
  notice.customer = "17850";
  notice.at = 1'291'200'000'003;
  notice.state = TerminationState::given;
  notice.effective = 15'064;
  notice.reason = "moved";
  add(notice);
  notice.state = TerminationState::withdrawn;
  notice.effective.reset();
  add(notice);
  ComplaintT complaint;
  complaint.customer = "17850";
  complaint.complaint = "K-7";
  complaint.at = 1'291'200'000'004;
  complaint.closed = 14'960;
  add(complaint);
  ServiceRequestT request;
  request.customer = "17850";
  request.at = 1'291'200'000'005;
  add(request);
  LatePaymentT payment;
  payment.customer = "17850";
  payment.at = 1'291'200'000'006;
  add(payment);
  CostT cost;
  cost.customer = "17850";
  cost.cost = "X-1";
  cost.at = 1'291'200'000'007;
  cost.amount = 1'999;
  cost.currency = "GBP";
  add(cost);
  return batch;
}

}  // namespace

std::vector<GoldenMessage> GoldenRequests() {
  std::vector<GoldenMessage> all;
  HelloT hello;
  hello.protocol_min = 1;
  hello.protocol_max = 1;
  hello.client_name = "shop";
  all.push_back(Golden("hello", MessageType::hello, 1, hello));
  all.push_back(Golden("ping", MessageType::ping, 2, PingT{}));
  all.push_back(Golden("events", MessageType::events, 3, EveryEvent()));
  ProfilesRequestT profiles;
  profiles.customers = {"17850", "13047"};
  all.push_back(Golden("profiles", MessageType::profiles, 4, profiles));
  ExplainRequestT explain;
  explain.customer = "17850";
  all.push_back(Golden("explain", MessageType::explain, 5, explain));
  ListRequestT list;
  list.kind = ListKind::inactive;
  list.where = "country = 'France'";
  list.activities = {Activity::inactive, Activity::overdue};
  list.need_consent = true;
  list.order_by = "inactive_days";
  list.descending = false;
  list.limit = 50;
  list.cursor = "some cursor";
  list.fields = {"customer", "inactive_days"};
  all.push_back(Golden("list", MessageType::list, 6, list));
  CountRequestT count;
  count.where = "abc = 'A'";
  all.push_back(Golden("count", MessageType::count, 7, count));
  all.push_back(Golden("rfm", MessageType::rfm, 8, RfmRequestT{}));
  all.push_back(Golden("abc", MessageType::abc, 9, AbcRequestT{}));
  all.push_back(Golden("value", MessageType::value, 10, ValueRequestT{}));
  PipelineRequestT pipeline;
  pipeline.by = {PipelineKey::stage, PipelineKey::owner};
  pipeline.where = "region = 'Kent'";
  pipeline.closed_by = {PipelineKey::reason};
  all.push_back(Golden("pipeline", MessageType::pipeline, 11, pipeline));
  StatusRequestT status;
  status.fresh_rankings = true;
  status.receipt_for = 700'000;
  all.push_back(Golden("status", MessageType::status, 12, status));
  AdvanceDayRequestT advance_day;
  advance_day.day = 14'953;
  all.push_back(Golden("advance_day", MessageType::advance_day, 13, advance_day));
  RecordsRequestT records;
  records.customers = {"17850", "13047"};
  all.push_back(Golden("records", MessageType::records, 14, records));
  NamesRequestT names;
  names.kind = NameKind::owner;
  names.from = 2;
  all.push_back(Golden("names", MessageType::names, 15, names));
  OrderBatchT orders;
  orders.at = {1'291'191'960'000, 1'291'196'460'000};
  orders.revenue = {13'912, 2'750};
  orders.margin = {-5, kNoMargin};
  orders.items = {40, 0};
  orders.customer_bytes = {5, 5};
  orders.order_bytes = {6, 6};
  const std::string ids =
      "17850536365"
      "13047536366";
  orders.ids.assign(ids.begin(), ids.end());
  orders.currency = "GBP";
  orders.producer = "till-7";
  orders.batch = 42;
  all.push_back(Golden("orders", MessageType::orders, 16, orders));
  SnapshotRequestT snapshot;
  snapshot.compact = true;
  all.push_back(Golden("snapshot", MessageType::snapshot, 17, snapshot));
  BackupRequestT backup;
  backup.folder = "/var/backups/kundig";
  all.push_back(Golden("backup", MessageType::backup, 18, backup));
  ExportRequestT exported;
  exported.customer = "17850";
  all.push_back(Golden("export_customer", MessageType::export_customer, 19, exported));
  ChurnRequestT churn;
  churn.until = 10'134;
  churn.check_until = 10'407;
  all.push_back(Golden("churn", MessageType::churn, 20, churn));
  WatchRequestT watch;
  watch.where = "rfm_segment = 'Champions'";
  watch.fields = {"revenue", "rfm_segment"};
  watch.from = std::make_unique<FeedPosition>(3, 1'000'000, 2);
  watch.wait_ms = 30'000;
  watch.limit = 500;
  all.push_back(Golden("watch", MessageType::watch, 23, watch));
  all.push_back(Golden("reload", MessageType::reload, 21, ReloadRequestT{}));
  PhasesRequestT phases;
  phases.where = "abc = 'A'";
  all.push_back(Golden("phases", MessageType::phases, 25, phases));
  WaterfallRequestT waterfall;
  waterfall.from = 14'944;
  waterfall.to = 14'953;
  waterfall.where = "owner = 'cleo'";
  all.push_back(Golden("waterfall", MessageType::waterfall, 27, waterfall));
  ConversionRequestT conversion;
  conversion.where = "owner = 'cleo'";
  conversion.from = 14'600;
  conversion.to = 14'953;
  all.push_back(Golden("conversion", MessageType::conversion, 28, conversion));
  PipelineRequestT earlier;
  earlier.by = {PipelineKey::month};
  earlier.as_of = 14'944;
  all.push_back(Golden("pipeline, as of a day", MessageType::pipeline, 29, earlier));
  ProfilesRequestT past;
  past.customers = {"17850"};
  past.as_of = 14'900;
  all.push_back(Golden("profiles_as_of", MessageType::profiles, 31, past));
  CountRequestT count_then;
  count_then.as_of = 14'900;
  all.push_back(Golden("count_as_of", MessageType::count, 32, count_then));
  RfmRequestT rfm_then;
  rfm_then.as_of = 14'900;
  all.push_back(Golden("rfm_as_of", MessageType::rfm, 33, rfm_then));
  WhatIfRequestT what_if;
  what_if.configuration = "[abc]\na = 70\n";
  what_if.list = std::make_unique<MoveListT>();
  what_if.list->judgement = Judgement::value_class;
  what_if.list->from = "standard";
  what_if.list->to = "individual";
  what_if.limit = 50;
  all.push_back(Golden("what_if", MessageType::what_if, 24, what_if));
  all.push_back(Golden("cancel", MessageType::cancel, 6, CancelT{}));
  return all;
}

namespace {

TEST(GoldenRequestsTest, EveryEventIsThere) {
  std::set<EventBody> bodies;
  for (const auto& event : EveryEvent().events) bodies.insert(event->body.type);
  for (const EventBody body : EnumValuesEventBody()) {
    EXPECT_EQ(bodies.count(body), body == EventBody::NONE ? 0U : 1U) << EnumNameEventBody(body);
  }
}

}  // namespace
}  // namespace kundig::wire
