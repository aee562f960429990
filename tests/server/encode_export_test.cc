#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/calendar.h"
#include "engine/limits.h"
#include "schemas/export_generated.h"
#include "server/encode.h"
#include "server/list_chunks.h"
#include "tests/server/messages.h"

namespace kundig::server {
namespace {

using engine::Day;
using engine::Minor;
using engine::Patch;
using engine::TimeMs;

template <typename T>
Patch<T> Set(T value) {
  return Patch<T>::Set(value);
}

engine::ExportAnswer AnswerOf(std::vector<engine::HeldEvent> events) {
  engine::ExportAnswer answer;
  answer.state = {.journal_sequence = 3, .ranking_version = 2, .as_of = Day{1}};
  answer.rules = engine::CompileRules({}, engine::Calendar()).value();
  answer.profile.customer = "ada";
  answer.profile.found = true;
  answer.profile.revenue = Minor{77};
  answer.events = std::move(events);
  return answer;
}

wire::ExportReplyT Encoded(const engine::ExportAnswer& answer) {
  flatbuffers::FlatBufferBuilder builder;
  EncodeChunk(answer, {.begin = 0, .end = ChunkedRows(answer), .last = true}, &builder);
  return Unpacked<wire::ExportReplyT>(Payload(builder));
}

TEST(EncodeExport, SaysEveryFieldOfEveryKind) {
  engine::CustomerSet attributes;
  attributes.customer = "ada";
  attributes.kind = Set(engine::CustomerKind::kBusiness);
  attributes.country = Set<std::string_view>("Iceland");
  attributes.region = Set<std::string_view>("North");
  attributes.owner = Set<std::string_view>("olga");
  attributes.company_size = Set<uint32_t>(12);
  attributes.products = Set<uint32_t>(3);
  attributes.potential = Set(Minor{500});
  attributes.key_account = Set(true);
  attributes.satisfaction = Set<uint8_t>(9);
  attributes.referral = Set<uint8_t>(8);
  attributes.bonding = Set<uint8_t>(70);
  attributes.pinned_class = Set<engine::ValueClass>(engine::ValueClass::kReview);
  engine::LeadSet lead;
  lead.lead = "roof";
  lead.status = engine::LeadStatus::kLost;
  lead.stage = "Offer";
  lead.revenue = Minor{9};
  lead.chance = Set<uint16_t>(1250);
  lead.customer = Set<std::string_view>("ada");
  lead.owner = Set<std::string_view>("olga");
  lead.region = Set<std::string_view>("North");
  lead.product = Set<std::string_view>("tiles");
  lead.source = Set<std::string_view>("fair");
  lead.opened = Set(Day{4});
  lead.expected_close = Set(Day{5});
  lead.closed = Day{6};
  lead.reason = "price";
  const wire::ExportReplyT reply = Encoded(AnswerOf(
      {attributes, engine::OrderPlaced{"ada", "o", TimeMs{1}, Minor{2}, Minor{-3}, 4, {}},
       engine::ReturnReceived{"ada", "r", TimeMs{5}, Minor{6}, Minor{7}, {}},
       engine::Visit{"ada", TimeMs{8}}, engine::Contact{"ada", TimeMs{9}, "mail", "spring"},
       engine::Consent{"ada", TimeMs{10}, engine::ConsentState::kWithdrawn, Day{11}}, lead,
       engine::Termination{"ada", TimeMs{12}, engine::TerminationState::kWithdrawn, Day{13},
                           "moved"},
       engine::Complaint{"ada", "k", TimeMs{14}, Day{15}},
       engine::ServiceRequest{"ada", TimeMs{16}}, engine::LatePayment{"ada", TimeMs{17}},
       engine::Cost{"ada", "x", TimeMs{18}, Minor{19}, {}}}));
  EXPECT_EQ(reply.customer, "ada");
  EXPECT_TRUE(reply.found && reply.last && !reply.cancelled);
  EXPECT_EQ(reply.state->journal_sequence(), 3u);
  ASSERT_NE(reply.profile, nullptr);
  EXPECT_EQ(reply.profile->revenue, 77);
  ASSERT_EQ(reply.events.size(), 12u);

  const wire::CustomerSetT& set = *reply.events[0]->body.AsCustomerSet();
  EXPECT_EQ(set.customer, "ada");
  EXPECT_EQ(set.kind, wire::CustomerKind::business);
  EXPECT_EQ(set.country + set.region + set.owner, "IcelandNortholga");
  EXPECT_EQ(set.company_size, 12u);
  EXPECT_EQ(set.products, 3u);
  EXPECT_EQ(set.potential, 500);
  EXPECT_EQ(set.key_account, true);
  EXPECT_EQ(set.satisfaction, 9);
  EXPECT_EQ(set.referral, 8);
  EXPECT_EQ(set.bonding, 70);
  EXPECT_EQ(set.pinned_class, wire::ValueClass::review);
  const wire::OrderT& order = *reply.events[1]->body.AsOrder();
  EXPECT_EQ(order.customer + order.order, "adao");
  EXPECT_EQ(order.at, 1);
  EXPECT_EQ(order.revenue, 2);
  EXPECT_EQ(order.margin, -3);
  EXPECT_EQ(order.items, 4u);
  const wire::ReturnT& back = *reply.events[2]->body.AsReturn();
  EXPECT_EQ(back.return_id, "r");
  EXPECT_EQ(back.at, 5);
  EXPECT_EQ(back.amount, 6);
  EXPECT_EQ(back.margin, 7);
  EXPECT_EQ(reply.events[3]->body.AsVisit()->at, 8);
  const wire::ContactT& contact = *reply.events[4]->body.AsContact();
  EXPECT_EQ(contact.at, 9);
  EXPECT_EQ(contact.channel + contact.campaign, "mailspring");
  const wire::ConsentT& consent = *reply.events[5]->body.AsConsent();
  EXPECT_EQ(consent.at, 10);
  EXPECT_EQ(consent.state, wire::ConsentState::withdrawn);
  EXPECT_EQ(consent.until, 11);
  const wire::LeadSetT& told = *reply.events[6]->body.AsLeadSet();
  EXPECT_EQ(told.lead + told.stage + told.customer + told.owner, "roofOfferadaolga");
  EXPECT_EQ(told.region + told.product + told.source + told.reason, "Northtilesfairprice");
  EXPECT_EQ(told.status, wire::LeadStatus::lost);
  EXPECT_EQ(told.revenue, 9);
  EXPECT_EQ(told.chance, 1250);
  EXPECT_EQ(told.opened, 4);
  EXPECT_EQ(told.expected_close, 5);
  EXPECT_EQ(told.closed, 6);
  const wire::TerminationT& notice = *reply.events[7]->body.AsTermination();
  EXPECT_EQ(notice.customer + notice.reason, "adamoved");
  EXPECT_EQ(notice.at, 12);
  EXPECT_EQ(notice.state, wire::TerminationState::withdrawn);
  EXPECT_EQ(notice.effective, 13);
  const wire::ComplaintT& complaint = *reply.events[8]->body.AsComplaint();
  EXPECT_EQ(complaint.customer + complaint.complaint, "adak");
  EXPECT_EQ(complaint.at, 14);
  EXPECT_EQ(complaint.closed, 15);
  EXPECT_EQ(reply.events[9]->body.AsServiceRequest()->at, 16);
  EXPECT_EQ(reply.events[10]->body.AsLatePayment()->at, 17);
  const wire::CostT& cost = *reply.events[11]->body.AsCost();
  EXPECT_EQ(cost.customer + cost.cost, "adax");
  EXPECT_EQ(cost.at, 18);
  EXPECT_EQ(cost.amount, 19);
}

TEST(EncodeExport, LeavesOutWhatIsAbsent) {
  engine::CustomerSet attributes;
  attributes.customer = "ada";
  engine::LeadSet lead;
  lead.lead = "roof";
  const wire::ExportReplyT reply = Encoded(AnswerOf(
      {attributes, engine::Contact{"ada", TimeMs{9}, "", ""},
       engine::Consent{"ada", TimeMs{1}, engine::ConsentState::kGranted, std::nullopt}, lead,
       engine::Termination{"ada", TimeMs{1}, engine::TerminationState::kWithdrawn, {}, ""},
       engine::Complaint{"ada", "k", TimeMs{1}, std::nullopt}}));
  const wire::CustomerSetT& set = *reply.events[0]->body.AsCustomerSet();
  EXPECT_FALSE(set.kind || set.company_size || set.potential || set.key_account || set.referral);
  EXPECT_EQ(set.country, "");
  EXPECT_EQ(reply.events[1]->body.AsContact()->channel, "");
  EXPECT_FALSE(reply.events[2]->body.AsConsent()->until.has_value());
  const wire::LeadSetT& told = *reply.events[3]->body.AsLeadSet();
  EXPECT_FALSE(told.status || told.revenue || told.chance || told.opened || told.closed);
  EXPECT_EQ(told.owner, "");
  EXPECT_FALSE(reply.events[4]->body.AsTermination()->effective.has_value());
  EXPECT_EQ(reply.events[4]->body.AsTermination()->reason, "");
  EXPECT_FALSE(reply.events[5]->body.AsComplaint()->closed.has_value());

  const wire::ExportReplyT nothing = Encoded(AnswerOf({}));
  EXPECT_FALSE(nothing.found);
  EXPECT_TRUE(nothing.events.empty() && nothing.last);
}

TEST(EncodeExport, SplitsIntoBoundedChunksThatMakeTheWhole) {
  constexpr size_t kLeads = 1000, kChunkBytes = 16'384;
  // As long as a lead can be.
  const std::string name(engine::kMaxNameBytes, 'n'), id(engine::kMaxIdBytes, 'i');
  engine::LeadSet lead;
  lead.lead = id;
  lead.status = engine::LeadStatus::kLost;
  lead.stage = lead.reason = std::string_view(name);
  lead.revenue = Minor{INT64_MAX};
  lead.chance = Set<uint16_t>(1);
  lead.customer = Set<std::string_view>(id);
  lead.owner = lead.region = lead.product = lead.source = Set<std::string_view>(name);
  lead.opened = lead.expected_close = Set(Day{4});
  lead.closed = Day{6};
  ExportChunks chunks(AnswerOf(std::vector<engine::HeldEvent>(kLeads, lead)), kChunkBytes,
                      OpenLists(1).Take());
  size_t events = 0, largest_bytes = 0, count = 0;
  bool last = false;
  while (const auto answer = chunks.Next(false)) {
    EXPECT_EQ(answer->type, wire::MessageType::export_customer_reply);
    const auto reply = Unpacked<wire::ExportReplyT>(answer->payload);
    EXPECT_EQ(reply.profile != nullptr, count == 0);
    EXPECT_TRUE(reply.found);
    largest_bytes = std::max(largest_bytes, answer->payload.size());
    events += reply.events.size();
    last = reply.last;
    ++count;
  }
  EXPECT_EQ(events, kLeads);
  EXPECT_TRUE(last);
  EXPECT_GT(count, 10u);
  EXPECT_LE(largest_bytes, kChunkBytes);
}

TEST(EncodeExport, HasTheHistoriesOfLeadsBehindTheEvents) {
  constexpr size_t kEvents = 20, kMoments = 30;
  engine::ExportAnswer answer = AnswerOf(
      std::vector<engine::HeldEvent>(kEvents, engine::HeldEvent(engine::Visit{"ada", TimeMs{8}})));
  for (size_t at = 0; at < kMoments; ++at) {
    answer.lead_history.push_back({"roof", Day{static_cast<int32_t>(at)}, engine::LeadStatus::kOpen,
                                   "Offer", uint16_t{3300}, Minor{500}});
  }
  answer.lead_history.back() = {"roof", Day{99}, engine::LeadStatus::kWon, {}, {}, Minor{600}};
  const wire::ExportReplyT whole = Encoded(answer);
  ASSERT_EQ(whole.lead_changes.size(), kMoments);
  EXPECT_EQ(whole.lead_changes[1]->lead, "roof");
  EXPECT_EQ(whole.lead_changes[1]->day, 1);
  EXPECT_EQ(whole.lead_changes[1]->status, wire::LeadStatus::open);
  EXPECT_EQ(whole.lead_changes[1]->stage, "Offer");
  EXPECT_EQ(whole.lead_changes[1]->chance, 3300);
  EXPECT_EQ(whole.lead_changes[1]->revenue, 500);
  EXPECT_EQ(whole.lead_changes[29]->status, wire::LeadStatus::won);
  EXPECT_EQ(whole.lead_changes[29]->stage, "");
  EXPECT_EQ(whole.lead_changes[29]->chance, flatbuffers::nullopt);

  ExportChunks chunks(std::move(answer), 16'384, OpenLists(1).Take());
  size_t events = 0, changes = 0;
  while (const auto chunk = chunks.Next(false)) {
    const auto reply = Unpacked<wire::ExportReplyT>(chunk->payload);
    EXPECT_TRUE(events == kEvents || reply.lead_changes.empty() || !reply.events.empty());
    events += reply.events.size();
    changes += reply.lead_changes.size();
    EXPECT_EQ(reply.last, changes == kMoments);
  }
  EXPECT_EQ(events, kEvents);
}

TEST(EncodeExport, EndsEarlyWhenCancelled) {
  const engine::HeldEvent visit = engine::Visit{"ada", TimeMs{8}};
  ExportChunks chunks(AnswerOf(std::vector<engine::HeldEvent>(100, visit)), 4096,
                      OpenLists(1).Take());
  EXPECT_FALSE(Unpacked<wire::ExportReplyT>(chunks.Next(false)->payload).last);
  const auto end = Unpacked<wire::ExportReplyT>(chunks.Next(true)->payload);
  EXPECT_TRUE(end.last && end.cancelled && end.events.empty());
  EXPECT_FALSE(chunks.Next(false).has_value());
}

}  // namespace
}  // namespace kundig::server
