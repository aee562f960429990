// The fields of each event in the order in which the journal keeps them: one list, read by the
// writer and by the reader alike, so that the two cannot drift apart. A codec is called with one
// field after the other. The order is part of the stored format: whoever changes it, or adds a
// field, raises kRecordFormat and keeps the reader of the older one. A Patch behind the last one of
// an event was kKeep in records that did not know it.
//
// Thread safety: pure functions.

#ifndef KUNDIG_ENGINE_EVENT_FIELDS_H_
#define KUNDIG_ENGINE_EVENT_FIELDS_H_

#include <type_traits>

#include "engine/event.h"

namespace kundig::engine {

// E is an event, const where a codec only reads it.
template <typename E, typename Is>
concept ConstOrNot = std::is_same_v<std::remove_const_t<E>, Is>;

template <typename Codec, ConstOrNot<CustomerSet> E>
void Fields(Codec& codec, E& event) {
  codec(event.customer, event.kind, event.country, event.region, event.owner, event.company_size,
        event.products, event.potential, event.key_account, event.satisfaction, event.referral,
        event.bonding, event.pinned_class);
}

template <typename Codec, ConstOrNot<OrderPlaced> E>
void Fields(Codec& codec, E& event) {
  codec(event.customer, event.order, event.at, event.revenue, event.margin, event.items,
        event.currency);
}

template <typename Codec, ConstOrNot<ReturnReceived> E>
void Fields(Codec& codec, E& event) {
  codec(event.customer, event.return_id, event.at, event.amount, event.margin, event.currency);
}

template <typename Codec, ConstOrNot<OrderCancelled> E>
void Fields(Codec& codec, E& event) {
  codec(event.customer, event.order);
}

template <typename Codec, ConstOrNot<Visit> E>
void Fields(Codec& codec, E& event) {
  codec(event.customer, event.at);
}

template <typename Codec, ConstOrNot<Contact> E>
void Fields(Codec& codec, E& event) {
  codec(event.customer, event.at, event.channel, event.campaign);
}

template <typename Codec, ConstOrNot<Consent> E>
void Fields(Codec& codec, E& event) {
  codec(event.customer, event.at, event.state, event.until);
}

template <typename Codec, ConstOrNot<LeadSet> E>
void Fields(Codec& codec, E& event) {
  codec(event.lead, event.status, event.stage, event.revenue, event.chance, event.customer,
        event.owner, event.region, event.product, event.source, event.opened, event.expected_close,
        event.closed, event.reason, event.currency);
}

template <typename Codec, ConstOrNot<LeadClosed> E>
void Fields(Codec& codec, E& event) {
  codec(event.lead, event.status, event.closed, event.reason);
}

template <typename Codec, ConstOrNot<Erase> E>
void Fields(Codec& codec, E& event) {
  codec(event.customer);
}

template <typename Codec, ConstOrNot<Termination> E>
void Fields(Codec& codec, E& event) {
  codec(event.customer, event.at, event.state, event.effective, event.reason);
}

template <typename Codec, ConstOrNot<Complaint> E>
void Fields(Codec& codec, E& event) {
  codec(event.customer, event.complaint, event.at, event.closed);
}

template <typename Codec, ConstOrNot<ServiceRequest> E>
void Fields(Codec& codec, E& event) {
  codec(event.customer, event.at);
}

template <typename Codec, ConstOrNot<LatePayment> E>
void Fields(Codec& codec, E& event) {
  codec(event.customer, event.at);
}

template <typename Codec, ConstOrNot<Cost> E>
void Fields(Codec& codec, E& event) {
  codec(event.customer, event.cost, event.at, event.amount, event.currency);
}

// The last value of each enumeration: a larger one was never written.
constexpr CustomerKind LastOf(CustomerKind) {
  return CustomerKind::kBusiness;
}
constexpr ConsentState LastOf(ConsentState) {
  return ConsentState::kWithdrawn;
}
constexpr LeadStatus LastOf(LeadStatus) {
  return LeadStatus::kLost;
}
constexpr TerminationState LastOf(TerminationState) {
  return TerminationState::kWithdrawn;
}

constexpr ValueClass LastOf(ValueClass) {
  return ValueClass::kReview;
}

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_EVENT_FIELDS_H_
