#include "tools/export_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/tools/sample_answers.h"

namespace kundig::tools {
namespace {

using testing::HasSubstr;

template <typename Body>
void Add(Body body, wire::ExportReplyT* chunk) {
  chunk->events.push_back(std::make_unique<wire::EventT>());
  chunk->events.back()->body.Set(std::move(body));
}

wire::ExportReplyT ChunkOf(bool found) {
  wire::ExportReplyT chunk;
  chunk.state = SomeState();
  chunk.customer = "ada";
  chunk.found = found;
  return chunk;
}

// Everything that may be held, in two chunks: the second begins within the events.
std::vector<wire::ExportReplyT> EveryKind() {
  std::vector<wire::ExportReplyT> chunks;
  chunks.push_back(ChunkOf(true));
  chunks.push_back(ChunkOf(true));
  wire::ExportReplyT& first = chunks[0];
  first.profile = std::make_unique<wire::ProfileT>();
  first.profile->customer = "ada";
  first.profile->found = true;
  wire::CustomerSetT attributes;
  attributes.customer = "ada";
  attributes.kind = wire::CustomerKind::business;
  attributes.country = "Iceland";
  attributes.potential = 500;
  attributes.key_account = false;
  attributes.referral = 0;
  Add(attributes, &first);
  wire::OrderT order;
  order.order = "o\"1";
  order.at = 1'291'986'359'007;
  order.revenue = 1250;
  order.margin = -5;
  order.items = 3;
  Add(order, &first);
  wire::ExportReplyT& second = chunks[1];
  wire::ReturnT back;
  back.return_id = "r-1";
  back.at = 1'291'986'360'000;
  back.amount = 100;
  Add(back, &second);
  wire::VisitT visit;
  visit.at = 1'291'986'361'000;
  Add(visit, &second);
  wire::ContactT contact;
  contact.at = 1'291'986'362'000;
  contact.channel = "mail";
  Add(contact, &second);
  wire::ConsentT consent;
  consent.at = 1'291'986'363'000;
  consent.state = wire::ConsentState::withdrawn;
  Add(consent, &second);
  wire::TerminationT notice;
  notice.at = 1'291'986'364'000;
  notice.effective = 15'017;
  notice.reason = "moved";
  Add(notice, &second);
  wire::ComplaintT complaint;
  complaint.at = 1'291'986'365'000;
  complaint.complaint = "k-1";
  Add(complaint, &second);
  wire::ServiceRequestT request;
  request.at = 1'291'986'366'000;
  Add(request, &second);
  wire::LatePaymentT payment;
  payment.at = 1'291'986'367'000;
  Add(payment, &second);
  wire::CostT cost;
  cost.at = 1'291'986'368'000;
  cost.cost = "x-1";
  cost.amount = 250;
  Add(cost, &second);
  wire::LeadSetT lead;
  lead.lead = "roof";
  lead.status = wire::LeadStatus::open;
  lead.stage = "Offer";
  lead.revenue = 70'000;
  lead.chance = 1250;
  lead.opened = 14'953;
  Add(lead, &second);
  second.lead_changes.push_back(std::make_unique<wire::LeadChangeT>());
  wire::LeadChangeT& change = *second.lead_changes.back();
  change.lead = "roof";
  change.day = 14'953;
  change.stage = "Offer";
  change.chance = 1250;
  change.revenue = 70'000;
  second.last = true;
  return chunks;
}

std::string Rendered(ExportFormat* format, const std::vector<wire::ExportReplyT>& chunks) {
  std::string text;
  for (const wire::ExportReplyT& chunk : chunks) {
    EXPECT_TRUE(IsReadable(chunk));
    format->Append(chunk, &text);
  }
  return text;
}

TEST(ExportFormat, JsonHasEverythingThatIsHeld) {
  const std::string text = Rendered(MakeExportJson("EUR").get(), EveryKind());
  EXPECT_THAT(text, testing::StartsWith(R"({"customer":"ada","found":true,"as_of":"2010-12-10",)"
                                        R"("currency":"EUR","profile":{"customer":"ada",)"
                                        R"("found":true,)"));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(,"attributes":{"kind":"business","country":"Iceland","region":null,"owner":null,)"
          R"("company_size":null,"products":null,"potential":500,"key_account":false,)"
          R"("satisfaction":null,"referral":0,"bonding":null,"pinned_class":null},"events":[)"
          R"({"type":"order","at":"2010-12-10T13:05:59.007Z","order":"o\"1",)"
          R"("revenue":1250,"margin":-5,"items":3},)"
          R"({"type":"return","at":"2010-12-10T13:06:00.000Z","return_id":"r-1",)"
          R"("amount":100,"margin":null},{"type":"visit","at":"2010-12-10T13:06:01.000Z"},)"
          R"({"type":"contact","at":"2010-12-10T13:06:02.000Z","channel":"mail",)"
          R"("campaign":null},{"type":"consent","at":"2010-12-10T13:06:03.000Z",)"
          R"("state":"withdrawn","until":null},)"
          R"({"type":"termination","at":"2010-12-10T13:06:04.000Z","state":"given",)"
          R"("effective":"2011-02-12","reason":"moved"},)"
          R"({"type":"complaint","at":"2010-12-10T13:06:05.000Z","complaint":"k-1",)"
          R"("closed":null},{"type":"service_request","at":"2010-12-10T13:06:06.000Z"},)"
          R"({"type":"late_payment","at":"2010-12-10T13:06:07.000Z"},)"
          R"({"type":"cost","at":"2010-12-10T13:06:08.000Z","cost":"x-1","amount":250}],)"
          R"("leads":[{"lead":"roof","status":"open",)"
          R"("stage":"Offer","revenue":70000,"chance":12.5,"owner":null,"region":null,)"
          R"("product":null,"source":null,"opened":"2010-12-10","expected_close":null,)"
          R"("closed":null,"reason":null}],"lead_history":[{"lead":"roof","day":"2010-12-10",)"
          R"("status":"open","stage":"Offer","revenue":70000,"chance":12.5}],)"
          R"("journal_sequence":42,"rules_version":3,"fit_version":2})"
          "\n"));
}

TEST(ExportFormat, JsonOfLeadsAlone) {
  std::vector<wire::ExportReplyT> chunks;
  chunks.push_back(ChunkOf(true));
  chunks[0].profile = std::make_unique<wire::ProfileT>();
  chunks[0].profile->customer = "ada";
  wire::LeadSetT lead;
  lead.lead = "roof";
  Add(lead, &chunks[0]);
  chunks[0].last = true;
  EXPECT_THAT(Rendered(MakeExportJson("EUR").get(), chunks),
              HasSubstr(R"("profile":{"customer":"ada","found":false},"attributes":null,)"
                        R"("events":[],"leads":[{"lead":"roof",)"));
}

TEST(ExportFormat, JsonOfWhoHasNothingElse) {
  std::vector<wire::ExportReplyT> chunks;
  chunks.push_back(ChunkOf(true));
  Add(wire::CustomerSetT(), &chunks[0]);
  chunks[0].last = true;
  EXPECT_THAT(
      Rendered(MakeExportJson("EUR").get(), chunks),
      HasSubstr(R"("bonding":null,"pinned_class":null},"events":[],"leads":[],"lead_history":[],)"
                R"("journal_sequence":42,"rules_version":3,"fit_version":2})"));
}

TEST(ExportFormat, NothingHeldIsNotFound) {
  std::vector<wire::ExportReplyT> chunks;
  chunks.push_back(ChunkOf(false));
  chunks[0].last = true;
  EXPECT_EQ(Rendered(MakeExportJson("EUR").get(), chunks),
            "{\"customer\":\"ada\",\"found\":false}\n");
  EXPECT_EQ(Rendered(MakeExportTable({"EUR", false}).get(), chunks), "");
}

TEST(ExportFormat, PeopleReadATable) {
  const std::string text = Rendered(MakeExportTable({"EUR", false}).get(), EveryKind());
  EXPECT_THAT(text, HasSubstr("money in EUR"));
  EXPECT_THAT(text, HasSubstr("kind business, country Iceland, potential 5.00, key_account no, "
                              "referral 0"));
  EXPECT_THAT(text, HasSubstr("2010-12-10T13:05:59.007Z"));
  EXPECT_THAT(text, HasSubstr("order o\"1, revenue 12.50, margin -0.05, items 3"));
  EXPECT_THAT(text, HasSubstr("state given, effective 2011-02-12, reason moved"));
  EXPECT_THAT(text, HasSubstr("complaint k-1"));
  EXPECT_THAT(text, HasSubstr("cost x-1, amount 2.50"));
  EXPECT_THAT(text, HasSubstr("lead roof, status open, stage Offer, revenue 700.00, chance 12.5, "
                              "opened 2010-12-10"));
  // One header for all chunks.
  EXPECT_EQ(text.find("what", text.find("what") + 1), std::string::npos);
}

TEST(ExportFormat, WhatIsUnknownIsNotLeftOut) {
  for (const wire::EventBody kind :
       {wire::EventBody::NONE, wire::EventBody::Erase, static_cast<wire::EventBody>(200)}) {
    wire::ExportReplyT chunk = ChunkOf(true);
    Add(wire::VisitT(), &chunk);
    EXPECT_TRUE(IsReadable(chunk));
    auto unknown = std::make_unique<wire::EventT>();
    unknown->body.type = kind;
    chunk.events.push_back(std::move(unknown));
    EXPECT_FALSE(IsReadable(chunk));
    chunk.events.back()->body.type = wire::EventBody::NONE;  // there is nothing to destroy
  }
}

}  // namespace
}  // namespace kundig::tools
