#include "server/decode_events.h"

#include <string_view>
#include <utility>
#include <variant>

#include "engine/limits.h"
#include "schemas/events_generated.h"
#include "schemas/verified.h"
#include "server/decode.h"
#include "server/take_field.h"

namespace kundig::server {
namespace {

template <typename Enumeration>
constexpr int64_t kLast = static_cast<int64_t>(Enumeration::MAX);

bool RefuseAttribute(Refusal* refusal) {
  return RefuseValue("remove", "a list of known attributes", refusal);
}

bool RemoveAttribute(wire::CustomerAttribute attribute, engine::CustomerSet* event,
                     Refusal* refusal) {
  switch (attribute) {
    case wire::CustomerAttribute::kind:
      return Remove(&event->kind, refusal);
    case wire::CustomerAttribute::country:
      return Remove(&event->country, refusal);
    case wire::CustomerAttribute::region:
      return Remove(&event->region, refusal);
    case wire::CustomerAttribute::owner:
      return Remove(&event->owner, refusal);
    case wire::CustomerAttribute::company_size:
      return Remove(&event->company_size, refusal);
    case wire::CustomerAttribute::products:
      return Remove(&event->products, refusal);
    case wire::CustomerAttribute::potential:
      return Remove(&event->potential, refusal);
    case wire::CustomerAttribute::key_account:
      return Remove(&event->key_account, refusal);
    case wire::CustomerAttribute::satisfaction:
      return Remove(&event->satisfaction, refusal);
    case wire::CustomerAttribute::referral:
      return Remove(&event->referral, refusal);
    case wire::CustomerAttribute::bonding:
      return Remove(&event->bonding, refusal);
    case wire::CustomerAttribute::pinned_class:
      return Remove(&event->pinned_class, refusal);
  }
  return RefuseAttribute(refusal);
}

bool RemoveAttribute(wire::LeadAttribute attribute, engine::LeadSet* event, Refusal* refusal) {
  switch (attribute) {
    case wire::LeadAttribute::customer:
      return Remove(&event->customer, refusal);
    case wire::LeadAttribute::owner:
      return Remove(&event->owner, refusal);
    case wire::LeadAttribute::region:
      return Remove(&event->region, refusal);
    case wire::LeadAttribute::product:
      return Remove(&event->product, refusal);
    case wire::LeadAttribute::source:
      return Remove(&event->source, refusal);
    case wire::LeadAttribute::chance:
      return Remove(&event->chance, refusal);
    case wire::LeadAttribute::opened:
      return Remove(&event->opened, refusal);
    case wire::LeadAttribute::expected_close:
      return Remove(&event->expected_close, refusal);
  }
  return RefuseAttribute(refusal);
}

template <typename Vector, typename Event>
bool RemoveAttributes(const Vector* attributes, Event* event, Refusal* refusal) {
  if (attributes == nullptr) return true;
  // By place and not by iterator: the generated vectors of enums hold plain bytes.
  for (flatbuffers::uoffset_t i = 0; i < attributes->size(); ++i) {
    if (!RemoveAttribute(attributes->Get(i), event, refusal)) return false;
  }
  return true;
}

// --- One function for each kind of event ---

bool Take(const wire::CustomerSet& in, engine::CustomerSet* out, Refusal* refusal) {
  return TakeId(in.customer(), "customer", &out->customer, refusal) &&
         PatchNumber(in.kind(), kLast<wire::CustomerKind>, "kind", &out->kind, refusal) &&
         PatchName(in.country(), "country", &out->country, refusal) &&
         PatchName(in.region(), "region", &out->region, refusal) &&
         PatchName(in.owner(), "owner", &out->owner, refusal) &&
         PatchNumber(in.company_size(), engine::kMaxCount, "company_size", &out->company_size,
                     refusal) &&
         PatchNumber(in.products(), engine::kMaxCount, "products", &out->products, refusal) &&
         PatchNumber(in.potential(), engine::kMaxAmountMinor, "potential", &out->potential,
                     refusal) &&
         PatchNumber(in.key_account(), 1, "key_account", &out->key_account, refusal) &&
         PatchNumber(in.satisfaction(), 10, "satisfaction", &out->satisfaction, refusal) &&
         PatchNumber(in.referral(), 10, "referral", &out->referral, refusal) &&
         PatchNumber(in.bonding(), 100, "bonding", &out->bonding, refusal) &&
         PatchNumber(in.pinned_class(), kLast<wire::ValueClass>, "pinned_class", &out->pinned_class,
                     refusal) &&
         RemoveAttributes(in.remove(), out, refusal);
}

bool Take(const wire::Order& in, engine::OrderPlaced* out, Refusal* refusal) {
  out->items = in.items();
  return TakeId(in.customer(), "customer", &out->customer, refusal) &&
         TakeId(in.order(), "order", &out->order, refusal) &&
         TakeTime(in.at(), &out->at, refusal) &&
         TakeAmount(in.revenue(), 0, "revenue", &out->revenue, refusal) &&
         TakeMargin(in.margin(), &out->margin, refusal) &&
         InRange(in.items(), 0, engine::kMaxCount, "items", refusal) &&
         TakeCurrency(in.currency(), &out->currency, refusal);
}

bool Take(const wire::Return& in, engine::ReturnReceived* out, Refusal* refusal) {
  return TakeId(in.customer(), "customer", &out->customer, refusal) &&
         TakeId(in.return_id(), "return_id", &out->return_id, refusal) &&
         TakeTime(in.at(), &out->at, refusal) &&
         TakeAmount(in.amount(), 1, "amount", &out->amount, refusal) &&
         TakeMargin(in.margin(), &out->margin, refusal) &&
         TakeCurrency(in.currency(), &out->currency, refusal);
}

bool Take(const wire::OrderCancelled& in, engine::OrderCancelled* out, Refusal* refusal) {
  return TakeId(in.customer(), "customer", &out->customer, refusal) &&
         TakeId(in.order(), "order", &out->order, refusal);
}

bool Take(const wire::Visit& in, engine::Visit* out, Refusal* refusal) {
  return TakeId(in.customer(), "customer", &out->customer, refusal) &&
         TakeTime(in.at(), &out->at, refusal);
}

bool Take(const wire::Contact& in, engine::Contact* out, Refusal* refusal) {
  return TakeId(in.customer(), "customer", &out->customer, refusal) &&
         TakeTime(in.at(), &out->at, refusal) &&
         TakeOptionalName(in.channel(), "channel", &out->channel, refusal) &&
         TakeOptionalName(in.campaign(), "campaign", &out->campaign, refusal);
}

bool Take(const wire::Consent& in, engine::Consent* out, Refusal* refusal) {
  out->state = static_cast<engine::ConsentState>(in.state());
  if (!TakeId(in.customer(), "customer", &out->customer, refusal) ||
      !TakeTime(in.at(), &out->at, refusal) ||
      !InRange(static_cast<int64_t>(in.state()), 0, kLast<wire::ConsentState>, "state", refusal) ||
      !TakeDay(in.until(), "until", &out->until, refusal)) {
    return false;
  }
  return !out->until.has_value() || out->state == engine::ConsentState::kGranted ||
         Refuse(wire::ErrorCode::invalid_value, "until",
                "Send until with a consent that is granted only.", refusal);
}

bool RefuseReason(Refusal* refusal) {
  return Refuse(wire::ErrorCode::missing_reason, "reason",
                "Say in reason why the lead is won or lost.", refusal);
}

// `closed` and `reason` go with a status of won or lost, and that needs a reason.
bool TakeClosing(const wire::LeadSet& in, engine::LeadSet* out, Refusal* refusal) {
  const bool closing = out->status.has_value() && *out->status != engine::LeadStatus::kOpen;
  if (!closing) {
    return (!in.closed().has_value() && in.reason() == nullptr) ||
           Refuse(wire::ErrorCode::invalid_value, in.reason() != nullptr ? "reason" : "closed",
                  "Send closed and reason with a status of won or lost only.", refusal);
  }
  if (in.reason() == nullptr || in.reason()->size() == 0) return RefuseReason(refusal);
  std::string_view reason;
  if (!TakeName(in.reason(), "reason", &reason, refusal)) return false;
  out->reason = reason;
  return TakeDay(in.closed(), "closed", &out->closed, refusal);
}

bool Take(const wire::LeadSet& in, engine::LeadSet* out, Refusal* refusal) {
  if (!TakeId(in.lead(), "lead", &out->lead, refusal)) return false;
  if (in.status().has_value()) {
    out->status = static_cast<engine::LeadStatus>(*in.status());
    if (!InRange(static_cast<int64_t>(*in.status()), 0, kLast<wire::LeadStatus>, "status",
                 refusal)) {
      return false;
    }
  }
  if (in.stage() != nullptr) {
    std::string_view stage;
    if (!TakeName(in.stage(), "stage", &stage, refusal)) return false;
    out->stage = stage;
  }
  if (in.revenue().has_value() &&
      !TakeAmount(*in.revenue(), 0, "revenue", &out->revenue.emplace(), refusal)) {
    return false;
  }
  return PatchId(in.customer(), "customer", &out->customer, refusal) &&
         PatchNumber(in.chance(), 10'000, "chance", &out->chance, refusal) &&
         PatchName(in.owner(), "owner", &out->owner, refusal) &&
         PatchName(in.region(), "region", &out->region, refusal) &&
         PatchName(in.product(), "product", &out->product, refusal) &&
         PatchName(in.source(), "source", &out->source, refusal) &&
         PatchDay(in.opened(), "opened", &out->opened, refusal) &&
         PatchDay(in.expected_close(), "expected_close", &out->expected_close, refusal) &&
         TakeClosing(in, out, refusal) && TakeCurrency(in.currency(), &out->currency, refusal) &&
         RemoveAttributes(in.remove(), out, refusal);
}

bool Take(const wire::LeadClosed& in, engine::LeadClosed* out, Refusal* refusal) {
  out->status = static_cast<engine::LeadStatus>(in.status());
  if (!TakeId(in.lead(), "lead", &out->lead, refusal)) return false;
  if (in.status() != wire::LeadStatus::won && in.status() != wire::LeadStatus::lost) {
    return RefuseValue("status", "won or lost", refusal);
  }
  if (in.reason() == nullptr || in.reason()->size() == 0) return RefuseReason(refusal);
  return TakeDay(in.closed(), "closed", &out->closed, refusal) &&
         TakeName(in.reason(), "reason", &out->reason, refusal);
}

bool Take(const wire::Erase& in, engine::Erase* out, Refusal* refusal) {
  return TakeId(in.customer(), "customer", &out->customer, refusal);
}

bool Take(const wire::Termination& in, engine::Termination* out, Refusal* refusal) {
  out->state = static_cast<engine::TerminationState>(in.state());
  if (!TakeId(in.customer(), "customer", &out->customer, refusal) ||
      !TakeTime(in.at(), &out->at, refusal) ||
      !InRange(static_cast<int64_t>(in.state()), 0, kLast<wire::TerminationState>, "state",
               refusal) ||
      !TakeBookDay(in.effective(), "effective", &out->effective, refusal) ||
      !TakeOptionalName(in.reason(), "reason", &out->reason, refusal)) {
    return false;
  }
  const bool given = out->state == engine::TerminationState::kGiven;
  return out->effective.has_value() == given ||
         Refuse(wire::ErrorCode::invalid_value, "effective",
                given ? "Send effective, the day on which the notice takes effect."
                      : "Send effective with a notice that is given only.",
                refusal);
}

bool Take(const wire::Complaint& in, engine::Complaint* out, Refusal* refusal) {
  return TakeId(in.customer(), "customer", &out->customer, refusal) &&
         TakeId(in.complaint(), "complaint", &out->complaint, refusal) &&
         TakeTime(in.at(), &out->at, refusal) &&
         TakeBookDay(in.closed(), "closed", &out->closed, refusal);
}

bool Take(const wire::ServiceRequest& in, engine::ServiceRequest* out, Refusal* refusal) {
  return TakeId(in.customer(), "customer", &out->customer, refusal) &&
         TakeTime(in.at(), &out->at, refusal);
}

bool Take(const wire::LatePayment& in, engine::LatePayment* out, Refusal* refusal) {
  return TakeId(in.customer(), "customer", &out->customer, refusal) &&
         TakeTime(in.at(), &out->at, refusal);
}

bool Take(const wire::Cost& in, engine::Cost* out, Refusal* refusal) {
  return TakeId(in.customer(), "customer", &out->customer, refusal) &&
         TakeId(in.cost(), "cost", &out->cost, refusal) && TakeTime(in.at(), &out->at, refusal) &&
         TakeAmount(in.amount(), 0, "amount", &out->amount, refusal) &&
         TakeCurrency(in.currency(), &out->currency, refusal);
}

// Judges one event; it becomes an entry of `events` or of `refused`.
template <typename Event, typename Message>
void Add(const Message* in, uint32_t index, DecodedBatch* batch) {
  Refusal refusal;
  engine::Event& event = batch->events.emplace_back(std::in_place_type<Event>);
  if (Take(*in, std::get_if<Event>(&event), &refusal)) {
    batch->places.push_back(index);
  } else {
    batch->events.pop_back();
    batch->refused.push_back({index, std::move(refusal)});
  }
}

// False where the tag is unknown.
bool AddEvent(const wire::Event& event, uint32_t index, DecodedBatch* batch) {
  switch (event.body_type()) {
    case wire::EventBody::CustomerSet:
      Add<engine::CustomerSet>(event.body_as_CustomerSet(), index, batch);
      return true;
    case wire::EventBody::Order:
      Add<engine::OrderPlaced>(event.body_as_Order(), index, batch);
      return true;
    case wire::EventBody::Return:
      Add<engine::ReturnReceived>(event.body_as_Return(), index, batch);
      return true;
    case wire::EventBody::OrderCancelled:
      Add<engine::OrderCancelled>(event.body_as_OrderCancelled(), index, batch);
      return true;
    case wire::EventBody::Visit:
      Add<engine::Visit>(event.body_as_Visit(), index, batch);
      return true;
    case wire::EventBody::Contact:
      Add<engine::Contact>(event.body_as_Contact(), index, batch);
      return true;
    case wire::EventBody::Consent:
      Add<engine::Consent>(event.body_as_Consent(), index, batch);
      return true;
    case wire::EventBody::LeadSet:
      Add<engine::LeadSet>(event.body_as_LeadSet(), index, batch);
      return true;
    case wire::EventBody::LeadClosed:
      Add<engine::LeadClosed>(event.body_as_LeadClosed(), index, batch);
      return true;
    case wire::EventBody::Erase:
      Add<engine::Erase>(event.body_as_Erase(), index, batch);
      return true;
    case wire::EventBody::Termination:
      Add<engine::Termination>(event.body_as_Termination(), index, batch);
      return true;
    case wire::EventBody::Complaint:
      Add<engine::Complaint>(event.body_as_Complaint(), index, batch);
      return true;
    case wire::EventBody::ServiceRequest:
      Add<engine::ServiceRequest>(event.body_as_ServiceRequest(), index, batch);
      return true;
    case wire::EventBody::LatePayment:
      Add<engine::LatePayment>(event.body_as_LatePayment(), index, batch);
      return true;
    case wire::EventBody::Cost:
      Add<engine::Cost>(event.body_as_Cost(), index, batch);
      return true;
    case wire::EventBody::NONE:
      return false;
  }
  return false;
}

}  // namespace

std::optional<Refusal> DecodeEvents(std::span<const uint8_t> payload, uint32_t max_events,
                                    DecodedBatch* batch) {
  batch->Clear();
  const auto* message = wire::VerifiedRoot<wire::EventBatch>(payload);
  if (message == nullptr) return BadMessage("EventBatch");
  const auto& events = *message->events();
  if (events.size() > max_events) return TooMany(max_events, "max_batch_events");
  Refusal refusal;
  if (!TakeBatchName(message->producer(), message->batch(), &batch->name, &refusal)) {
    return refusal;
  }
  batch->events.reserve(events.size());
  batch->places.reserve(events.size());
  for (uint32_t i = 0; i < events.size(); ++i) {
    if (!AddEvent(*events.Get(i), i, batch)) {
      batch->Clear();
      return BadMessage("EventBatch");
    }
  }
  return std::nullopt;
}

}  // namespace kundig::server
