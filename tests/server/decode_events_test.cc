#include "server/decode_events.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>

#include "engine/limits.h"
#include "tests/server/decoded_events.h"
#include "tests/server/messages.h"

namespace kundig::server {
namespace {

wire::LeadSetT Lead() {
  wire::LeadSetT lead;
  lead.lead = "l";
  return lead;
}

TEST(DecodeEvents, TakesAnOrder) {
  wire::OrderT message = OrderOf("c", "o", 1250);
  message.margin = -40;
  message.items = 3;
  message.currency = "EUR";
  std::unique_ptr<DecodedMessage> keep;
  const auto order = Taken<engine::OrderPlaced>(message, &keep);
  EXPECT_EQ(order.customer, "c");
  EXPECT_EQ(order.order, "o");
  EXPECT_EQ(order.at, engine::TimeMs{1'000'000'000'000});
  EXPECT_EQ(order.revenue, engine::Minor{1250});
  EXPECT_EQ(order.margin, engine::Minor{-40});
  EXPECT_EQ(order.items, 3u);
  EXPECT_EQ(order.currency, "EUR");
}

TEST(DecodeEvents, TakesAReturnAVisitAContactAConsentAndTheRest) {
  std::unique_ptr<DecodedMessage> keep;
  wire::ReturnT back;
  back.customer = "c";
  back.return_id = "r";
  back.amount = 1;
  EXPECT_EQ(Taken<engine::ReturnReceived>(back, &keep).amount, engine::Minor{1});

  wire::VisitT visit;
  visit.customer = "c";
  visit.at = -1;
  EXPECT_EQ(Taken<engine::Visit>(visit, &keep).at, engine::TimeMs{-1});

  wire::ContactT contact;
  contact.customer = "c";
  EXPECT_EQ(Taken<engine::Contact>(contact, &keep).channel, "");
  contact.channel = "mail";
  EXPECT_EQ(Taken<engine::Contact>(contact, &keep).channel, "mail");

  wire::ConsentT consent;
  consent.customer = "c";
  consent.until = 12'345;
  EXPECT_EQ(Taken<engine::Consent>(consent, &keep).until, engine::Day{12'345});
  consent.until = 2'932'896;  // 9999-12-31, as many systems write "without end"
  EXPECT_EQ(Taken<engine::Consent>(consent, &keep).until, engine::Day{2'932'896});

  wire::OrderCancelledT cancelled;
  cancelled.customer = "c";
  cancelled.order = "o";
  EXPECT_EQ(Taken<engine::OrderCancelled>(cancelled, &keep).order, "o");

  wire::EraseT erase;
  erase.customer = "c";
  EXPECT_EQ(Taken<engine::Erase>(erase, &keep).customer, "c");
}

TEST(DecodeEvents, PatchesAttributesOfACustomer) {
  wire::CustomerSetT message;
  message.customer = "c";
  message.kind = wire::CustomerKind::business;
  message.country = "Ireland";
  message.potential = 0;
  message.key_account = false;
  message.bonding = 100;
  message.pinned_class = wire::ValueClass::standard;
  message.remove = {wire::CustomerAttribute::owner, wire::CustomerAttribute::satisfaction};
  std::unique_ptr<DecodedMessage> keep;
  const auto event = Taken<engine::CustomerSet>(message, &keep);
  EXPECT_EQ(event.kind.verb, engine::Patch<engine::CustomerKind>::Verb::kSet);
  EXPECT_EQ(event.kind.value, engine::CustomerKind::kBusiness);
  EXPECT_EQ(event.country.value, "Ireland");
  EXPECT_EQ(event.region.verb, engine::Patch<std::string_view>::Verb::kKeep);
  EXPECT_EQ(event.owner.verb, engine::Patch<std::string_view>::Verb::kRemove);
  EXPECT_EQ(event.potential.verb, engine::Patch<engine::Minor>::Verb::kSet);
  EXPECT_EQ(event.key_account.verb, engine::Patch<bool>::Verb::kSet);
  EXPECT_FALSE(event.key_account.value);
  EXPECT_EQ(event.satisfaction.verb, engine::Patch<uint8_t>::Verb::kRemove);
  EXPECT_EQ(event.bonding.value, 100);
  EXPECT_EQ(event.pinned_class.value, engine::ValueClass::kStandard);
}

TEST(DecodeEvents, RemovesEveryAttributeThatMayBeNamed) {
  wire::CustomerSetT customer;
  customer.customer = "c";
  for (const auto attribute : wire::EnumValuesCustomerAttribute()) {
    customer.remove.push_back(attribute);
  }
  std::unique_ptr<DecodedMessage> keep;
  const auto set = Taken<engine::CustomerSet>(customer, &keep);
  EXPECT_EQ(set.kind.verb, engine::Patch<engine::CustomerKind>::Verb::kRemove);
  EXPECT_EQ(set.products.verb, engine::Patch<uint32_t>::Verb::kRemove);
  EXPECT_EQ(set.bonding.verb, engine::Patch<uint8_t>::Verb::kRemove);
  EXPECT_EQ(set.pinned_class.verb, engine::Patch<engine::ValueClass>::Verb::kRemove);

  wire::LeadSetT lead = Lead();
  for (const auto attribute : wire::EnumValuesLeadAttribute()) lead.remove.push_back(attribute);
  const auto lead_set = Taken<engine::LeadSet>(lead, &keep);
  EXPECT_EQ(lead_set.customer.verb, engine::Patch<std::string_view>::Verb::kRemove);
  EXPECT_EQ(lead_set.chance.verb, engine::Patch<uint16_t>::Verb::kRemove);
  EXPECT_EQ(lead_set.expected_close.verb, engine::Patch<engine::Day>::Verb::kRemove);
}

TEST(DecodeEvents, RefusesNumbersOutOfRange) {
  ExpectInvalid(OrderOf("c", "o", -1), "revenue");
  ExpectInvalid(OrderOf("c", "o", engine::kMaxAmountMinor + 1), "revenue");
  wire::OrderT order = OrderOf("c", "o");
  order.margin = -engine::kMaxAmountMinor - 1;
  ExpectInvalid(order, "margin");
  order = OrderOf("c", "o");
  order.items = engine::kMaxCount + 1;
  ExpectInvalid(order, "items");
  order = OrderOf("c", "o");
  order.at = INT64_MAX;
  ExpectInvalid(order, "at");
  order.at = INT64_MIN;
  ExpectInvalid(order, "at");

  wire::ReturnT back;
  back.customer = "c";
  back.return_id = "r";
  back.amount = 0;
  ExpectInvalid(back, "amount");

  wire::CustomerSetT customer;
  customer.customer = "c";
  const auto with = [&](auto member, auto value) {
    wire::CustomerSetT message = customer;
    message.*member = value;
    return message;
  };
  ExpectInvalid(with(&wire::CustomerSetT::satisfaction, uint8_t{11}), "satisfaction");
  ExpectInvalid(with(&wire::CustomerSetT::referral, uint8_t{11}), "referral");
  ExpectInvalid(with(&wire::CustomerSetT::bonding, uint8_t{101}), "bonding");
  ExpectInvalid(with(&wire::CustomerSetT::potential, int64_t{-1}), "potential");
  ExpectInvalid(with(&wire::CustomerSetT::company_size, UINT32_MAX), "company_size");
  ExpectInvalid(with(&wire::CustomerSetT::products, UINT32_MAX), "products");
  ExpectInvalid(with(&wire::CustomerSetT::kind, static_cast<wire::CustomerKind>(2)), "kind");

  wire::LeadSetT lead = Lead();
  lead.chance = uint16_t{10'001};
  ExpectInvalid(lead, "chance");
  lead = Lead();
  lead.revenue = -1;
  ExpectInvalid(lead, "revenue");
  lead = Lead();
  lead.opened = engine::kLastCivilDay.since_epoch + 1;
  ExpectInvalid(lead, "opened");
  lead = Lead();
  lead.expected_close = engine::kFirstCivilDay.since_epoch - 1;
  ExpectInvalid(lead, "expected_close");
}

TEST(DecodeEvents, RefusesTexts) {
  ExpectInvalid(OrderOf("", "o"), "customer");
  ExpectInvalid(OrderOf(std::string(65, 'x'), "o"), "customer");
  ExpectInvalid(OrderOf("a\nb", "o"), "customer");
  ExpectInvalid(OrderOf(std::string("a\0b", 3), "o"), "customer");
  ExpectInvalid(OrderOf("c", "\xff"), "order");
  ExpectInvalid(OrderOf("c", "\xc2\x85"), "order");  // U+0085, a control character
  wire::OrderT order = OrderOf("c", "o");
  order.currency = "eur";
  ExpectInvalid(order, "currency");

  wire::CustomerSetT customer;
  customer.customer = "c";
  customer.country = std::string(129, 'x');
  ExpectInvalid(customer, "country");
  customer.country = "\xe2\x82";
  ExpectInvalid(customer, "country");

  wire::ContactT contact;
  contact.customer = "c";
  contact.campaign = "\xed\xa0\x80";  // a surrogate
  ExpectInvalid(contact, "campaign");

  wire::LeadSetT lead = Lead();
  lead.customer = "\x01";
  ExpectInvalid(lead, "customer");
}

TEST(DecodeEvents, RefusesAnEmptyNameThatIsThere) {
  // Not to be written with the native types, which leave an empty text out.
  flatbuffers::FlatBufferBuilder builder;
  const auto body = wire::CreateCustomerSet(builder, builder.CreateString("c"),
                                            flatbuffers::nullopt, builder.CreateString(""));
  const auto event = wire::CreateEvent(builder, wire::EventBody::CustomerSet, body.Union());
  const auto events = builder.CreateVector(&event, 1);
  builder.Finish(wire::CreateEventBatch(builder, events));
  const auto decoded =
      Decode({builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()});
  ASSERT_EQ(decoded->batch.refused.size(), 1u);
  EXPECT_EQ(decoded->batch.refused[0].refusal.field, "country");
}

TEST(DecodeEvents, RefusesWhatDoesNotGoTogether) {
  wire::ConsentT consent;
  consent.customer = "c";
  consent.until = 2'932'897;
  ExpectInvalid(consent, "until");
  consent.state = wire::ConsentState::withdrawn;
  consent.until = 1;
  ExpectInvalid(consent, "until");
  consent.state = static_cast<wire::ConsentState>(9);
  ExpectInvalid(consent, "state");

  wire::CustomerSetT customer;
  customer.customer = "c";
  customer.region = "north";
  customer.remove = {wire::CustomerAttribute::region};
  ExpectInvalid(customer, "remove");
  customer.remove = {static_cast<wire::CustomerAttribute>(12)};
  ExpectInvalid(customer, "remove");
}

TEST(DecodeEvents, JudgesTheClosingOfALead) {
  wire::LeadSetT lead = Lead();
  lead.status = wire::LeadStatus::won;
  ExpectRefused(lead, wire::ErrorCode::missing_reason, "reason");
  lead.reason = "price";
  lead.closed = 15'000;
  std::unique_ptr<DecodedMessage> keep;
  const auto set = Taken<engine::LeadSet>(lead, &keep);
  EXPECT_EQ(set.status, engine::LeadStatus::kWon);
  EXPECT_EQ(set.reason, "price");
  EXPECT_EQ(set.closed, engine::Day{15'000});

  lead.status = wire::LeadStatus::open;
  ExpectInvalid(lead, "reason");
  lead.reason.clear();
  ExpectInvalid(lead, "closed");
  lead.status = static_cast<wire::LeadStatus>(3);
  ExpectInvalid(lead, "status");

  wire::LeadClosedT closed;
  closed.lead = "l";
  ExpectRefused(closed, wire::ErrorCode::missing_reason, "reason");
  closed.reason = "budget";
  EXPECT_EQ(Taken<engine::LeadClosed>(closed, &keep).status, engine::LeadStatus::kWon);
  closed.status = wire::LeadStatus::open;
  ExpectInvalid(closed, "status");
}

TEST(DecodeEvents, JudgesEachEventByItself) {
  wire::EventBatchT batch;
  AddTo(&batch, OrderOf("", "o"));
  AddTo(&batch, OrderOf("a", "o"));
  AddTo(&batch, OrderOf("b", "o", -1));
  AddTo(&batch, OrderOf("c", "o"));
  const auto decoded = Decode(Packed(batch));
  ASSERT_FALSE(decoded->refusal.has_value());
  EXPECT_EQ(decoded->batch.places, (std::vector<uint32_t>{1, 3}));
  ASSERT_EQ(decoded->batch.events.size(), 2u);
  EXPECT_EQ(std::get<engine::OrderPlaced>(decoded->batch.events[1]).customer, "c");
  ASSERT_EQ(decoded->batch.refused.size(), 2u);
  EXPECT_EQ(decoded->batch.refused[0].index, 0u);
  EXPECT_EQ(decoded->batch.refused[1].index, 2u);
}

TEST(DecodeEvents, RefusesWholeBatchesThatAreUnsound) {
  wire::EventBatchT batch;
  AddTo(&batch, OrderOf("c", "o"));
  const std::vector<uint8_t> sound = Packed(batch);
  // Up to three bytes at the end are padding.
  for (size_t size = 0; size + 3 < sound.size(); ++size) {
    const auto decoded = Decode({sound.begin(), sound.begin() + static_cast<ptrdiff_t>(size)});
    ASSERT_TRUE(decoded->refusal.has_value()) << size;
    EXPECT_EQ(decoded->refusal->code, wire::ErrorCode::bad_message);
  }
}

TEST(DecodeEvents, RefusesAWholeBatchWithAnUnknownBody) {
  wire::EventBatchT batch;
  AddTo(&batch, OrderOf("c", "o"));
  AddTo(&batch, wire::VisitT());
  std::vector<uint8_t> payload = Packed(batch);
  auto* message = flatbuffers::GetMutableRoot<wire::EventBatch>(payload.data());
  auto* event = const_cast<wire::Event*>(message->events()->Get(1));
  auto* table = reinterpret_cast<flatbuffers::Table*>(event);
  ASSERT_TRUE(table->SetField<uint8_t>(wire::Event::VT_BODY_TYPE, 200, 0));
  const auto decoded = Decode(payload);
  ASSERT_TRUE(decoded->refusal.has_value());
  EXPECT_EQ(decoded->refusal->code, wire::ErrorCode::bad_message);
  EXPECT_TRUE(decoded->batch.events.empty());
}

TEST(DecodeEvents, RefusesMoreEventsThanTheLimit) {
  wire::EventBatchT batch;
  for (int i = 0; i < 3; ++i) AddTo(&batch, OrderOf("c", std::to_string(i)));
  EXPECT_FALSE(Decode(Packed(batch), 3)->refusal.has_value());
  const auto decoded = Decode(Packed(batch), 2);
  ASSERT_TRUE(decoded->refusal.has_value());
  EXPECT_EQ(decoded->refusal->code, wire::ErrorCode::limit_exceeded);
  EXPECT_EQ(decoded->refusal->field, "max_batch_events");
}

TEST(DecodeEvents, UsesABatchAgain) {
  wire::EventBatchT first, second;
  AddTo(&first, OrderOf("", "o"));
  AddTo(&first, OrderOf("c", "o"));
  AddTo(&second, OrderOf("d", "o"));
  const std::vector<uint8_t> first_payload = Packed(first), second_payload = Packed(second);
  DecodedBatch batch;
  ASSERT_FALSE(DecodeEvents(first_payload, kManyEvents, &batch).has_value());
  ASSERT_FALSE(DecodeEvents(second_payload, kManyEvents, &batch).has_value());
  EXPECT_TRUE(batch.refused.empty());
  EXPECT_EQ(batch.places, std::vector<uint32_t>{0});
  EXPECT_EQ(batch.events.size(), 1u);
}

}  // namespace
}  // namespace kundig::server
