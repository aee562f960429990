#include "client/event_batch.h"

#include <initializer_list>
#include <span>

#include "client/message.h"

namespace kundig::client {

namespace {

// Above what FlatBuffers takes for an event without its texts: the two tables and their vtables,
// the largest being a lead's with 16 fields of up to 8 bytes, the place in the batch, and padding.
constexpr size_t kEventFixedBytes = 320;
// Length, terminating zero and padding of a text.
constexpr size_t kTextFixedBytes = 12;
// The batch around the events.
constexpr size_t kEventBatchFixedBytes = 160;

size_t TextBytes(std::initializer_list<const std::string*> texts) {
  size_t bytes = 0;
  for (const std::string* text : texts) bytes += text->size() + kTextFixedBytes;
  return bytes;
}

size_t BodyTextBytes(const wire::EventBodyUnion& body) {
  using wire::EventBody;
  switch (body.type) {
    case EventBody::NONE:
      return 0;
    case EventBody::CustomerSet: {
      const auto& set = *body.AsCustomerSet();
      return TextBytes({&set.customer, &set.country, &set.region, &set.owner}) + set.remove.size();
    }
    case EventBody::Order:
      return TextBytes(
          {&body.AsOrder()->customer, &body.AsOrder()->order, &body.AsOrder()->currency});
    case EventBody::Return:
      return TextBytes(
          {&body.AsReturn()->customer, &body.AsReturn()->return_id, &body.AsReturn()->currency});
    case EventBody::OrderCancelled:
      return TextBytes({&body.AsOrderCancelled()->customer, &body.AsOrderCancelled()->order});
    case EventBody::Visit:
      return TextBytes({&body.AsVisit()->customer});
    case EventBody::Contact:
      return TextBytes(
          {&body.AsContact()->customer, &body.AsContact()->channel, &body.AsContact()->campaign});
    case EventBody::Consent:
      return TextBytes({&body.AsConsent()->customer});
    case EventBody::LeadSet: {
      const auto& set = *body.AsLeadSet();
      return TextBytes({&set.lead, &set.stage, &set.customer, &set.owner, &set.region, &set.product,
                        &set.source, &set.reason, &set.currency}) +
             set.remove.size();
    }
    case EventBody::LeadClosed:
      return TextBytes({&body.AsLeadClosed()->lead, &body.AsLeadClosed()->reason});
    case EventBody::Erase:
      return TextBytes({&body.AsErase()->customer});
    case EventBody::Termination:
      return TextBytes({&body.AsTermination()->customer, &body.AsTermination()->reason});
    case EventBody::Complaint:
      return TextBytes({&body.AsComplaint()->customer, &body.AsComplaint()->complaint});
    case EventBody::ServiceRequest:
      return TextBytes({&body.AsServiceRequest()->customer});
    case EventBody::LatePayment:
      return TextBytes({&body.AsLatePayment()->customer});
    case EventBody::Cost:
      return TextBytes({&body.AsCost()->customer, &body.AsCost()->cost, &body.AsCost()->currency});
  }
  return 0;
}

template <typename T>
void SetIfGiven(const std::optional<T>& from, flatbuffers::Optional<T>* to) {
  if (from) *to = *from;
}

}  // namespace

EventBatch& EventBatch::Order(std::string customer, std::string order, int64_t at_ms,
                              int64_t revenue_minor, uint32_t items,
                              std::optional<int64_t> margin_minor) {
  wire::OrderT event;
  event.customer = std::move(customer);
  event.order = std::move(order);
  event.at = at_ms;
  event.revenue = revenue_minor;
  event.items = items;
  SetIfGiven(margin_minor, &event.margin);
  return Add(std::move(event));
}

EventBatch& EventBatch::CancelOrder(std::string customer, std::string order) {
  wire::OrderCancelledT event;
  event.customer = std::move(customer);
  event.order = std::move(order);
  return Add(std::move(event));
}

EventBatch& EventBatch::Return(std::string customer, std::string return_id, int64_t at_ms,
                               int64_t amount_minor, std::optional<int64_t> margin_minor) {
  wire::ReturnT event;
  event.customer = std::move(customer);
  event.return_id = std::move(return_id);
  event.at = at_ms;
  event.amount = amount_minor;
  SetIfGiven(margin_minor, &event.margin);
  return Add(std::move(event));
}

EventBatch& EventBatch::Visit(std::string customer, int64_t at_ms) {
  wire::VisitT event;
  event.customer = std::move(customer);
  event.at = at_ms;
  return Add(std::move(event));
}

EventBatch& EventBatch::Contact(std::string customer, int64_t at_ms, std::string channel,
                                std::string campaign) {
  wire::ContactT event;
  event.customer = std::move(customer);
  event.at = at_ms;
  event.channel = std::move(channel);
  event.campaign = std::move(campaign);
  return Add(std::move(event));
}

EventBatch& EventBatch::GrantConsent(std::string customer, int64_t at_ms,
                                     std::optional<int32_t> last_day) {
  wire::ConsentT event;
  event.customer = std::move(customer);
  event.at = at_ms;
  event.state = wire::ConsentState::granted;
  SetIfGiven(last_day, &event.until);
  return Add(std::move(event));
}

EventBatch& EventBatch::WithdrawConsent(std::string customer, int64_t at_ms) {
  wire::ConsentT event;
  event.customer = std::move(customer);
  event.at = at_ms;
  event.state = wire::ConsentState::withdrawn;
  return Add(std::move(event));
}

EventBatch& EventBatch::CloseLead(std::string lead, wire::LeadStatus status, std::string reason,
                                  std::optional<int32_t> closed_day) {
  wire::LeadClosedT event;
  event.lead = std::move(lead);
  event.status = status;
  event.reason = std::move(reason);
  SetIfGiven(closed_day, &event.closed);
  return Add(std::move(event));
}

EventBatch& EventBatch::Erase(std::string customer) {
  wire::EraseT event;
  event.customer = std::move(customer);
  return Add(std::move(event));
}

EventBatch& EventBatch::GiveNotice(std::string customer, int64_t at_ms, int32_t effective_day,
                                   std::string reason) {
  wire::TerminationT event;
  event.customer = std::move(customer);
  event.at = at_ms;
  event.state = wire::TerminationState::given;
  event.effective = effective_day;
  event.reason = std::move(reason);
  return Add(std::move(event));
}

EventBatch& EventBatch::WithdrawNotice(std::string customer, int64_t at_ms, std::string reason) {
  wire::TerminationT event;
  event.customer = std::move(customer);
  event.at = at_ms;
  event.state = wire::TerminationState::withdrawn;
  event.reason = std::move(reason);
  return Add(std::move(event));
}

EventBatch& EventBatch::Complaint(std::string customer, std::string complaint, int64_t at_ms,
                                  std::optional<int32_t> closed_day) {
  wire::ComplaintT event;
  event.customer = std::move(customer);
  event.complaint = std::move(complaint);
  event.at = at_ms;
  SetIfGiven(closed_day, &event.closed);
  return Add(std::move(event));
}

EventBatch& EventBatch::ServiceRequest(std::string customer, int64_t at_ms) {
  wire::ServiceRequestT event;
  event.customer = std::move(customer);
  event.at = at_ms;
  return Add(std::move(event));
}

EventBatch& EventBatch::LatePayment(std::string customer, int64_t at_ms) {
  wire::LatePaymentT event;
  event.customer = std::move(customer);
  event.at = at_ms;
  return Add(std::move(event));
}

EventBatch& EventBatch::Cost(std::string customer, std::string cost, int64_t at_ms,
                             int64_t amount_minor) {
  wire::CostT event;
  event.customer = std::move(customer);
  event.cost = std::move(cost);
  event.at = at_ms;
  event.amount = amount_minor;
  return Add(std::move(event));
}

std::vector<EventBatch::Part> EventBatch::Split(uint32_t max_events, uint32_t max_bytes) const {
  std::vector<Part> parts;
  size_t bytes = 0;
  for (size_t i = 0; i < size(); ++i) {
    const size_t event_bytes = kEventFixedBytes + BodyTextBytes(events_.events[i]->body);
    if (parts.empty() || i - parts.back().begin >= max_events || bytes + event_bytes > max_bytes) {
      parts.push_back({i, i});
      bytes = kEventBatchFixedBytes;
    }
    bytes += event_bytes;
    parts.back().end = i + 1;
  }
  return parts;
}

std::vector<uint8_t> EventBatch::Packed(Part part, const BatchName& name) const {
  return PackedEvents(std::span(events_.events).subspan(part.begin, part.end - part.begin), name);
}

}  // namespace kundig::client
