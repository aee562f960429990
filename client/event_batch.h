// Builds events to be sent by Client::Send, which splits them into requests that the server takes.
//
//   EventBatch events;
//   events.Order("c-17", "o-4711", Now(), 1250).Visit("c-18", Now());
//   client.Send(events);
//
// Ids are 1 to 64 bytes of UTF-8; times are Unix milliseconds, days count from 1970-01-01, money is
// in minor units. The batch checks none of this: the server answers for each event by itself.
//
// Thread safety: one thread at a time.

#ifndef KUNDIG_CLIENT_EVENT_BATCH_H_
#define KUNDIG_CLIENT_EVENT_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/client.h"

namespace kundig::client {

class EventBatch {
 public:
  EventBatch& Order(std::string customer, std::string order, int64_t at_ms, int64_t revenue_minor,
                    uint32_t items = 0, std::optional<int64_t> margin_minor = std::nullopt);
  EventBatch& CancelOrder(std::string customer, std::string order);
  EventBatch& Return(std::string customer, std::string return_id, int64_t at_ms,
                     int64_t amount_minor, std::optional<int64_t> margin_minor = std::nullopt);
  EventBatch& Visit(std::string customer, int64_t at_ms);
  EventBatch& Contact(std::string customer, int64_t at_ms, std::string channel = "",
                      std::string campaign = "");
  EventBatch& GrantConsent(std::string customer, int64_t at_ms,
                           std::optional<int32_t> last_day = std::nullopt);
  EventBatch& WithdrawConsent(std::string customer, int64_t at_ms);
  EventBatch& CloseLead(std::string lead, wire::LeadStatus status, std::string reason,
                        std::optional<int32_t> closed_day = std::nullopt);
  EventBatch& Erase(std::string customer);
  EventBatch& GiveNotice(std::string customer, int64_t at_ms, int32_t effective_day,
                         std::string reason = "");
  EventBatch& WithdrawNotice(std::string customer, int64_t at_ms, std::string reason = "");
  EventBatch& Complaint(std::string customer, std::string complaint, int64_t at_ms,
                        std::optional<int32_t> closed_day = std::nullopt);
  EventBatch& ServiceRequest(std::string customer, int64_t at_ms);
  EventBatch& LatePayment(std::string customer, int64_t at_ms);
  EventBatch& Cost(std::string customer, std::string cost, int64_t at_ms, int64_t amount_minor);
  // Any event with all that it may carry: wire::CustomerSetT, OrderT, LeadSetT and so on.
  template <typename T>
  EventBatch& Add(T event) {
    static_assert(wire::EventBodyUnionTraits<T>::enum_value != wire::EventBody::NONE,
                  "T is one of the events of schemas/events.fbs");
    auto boxed = std::make_unique<wire::EventT>();
    boxed->body.Set(std::move(event));
    events_.events.push_back(std::move(boxed));
    return *this;
  }

  size_t size() const { return events_.events.size(); }
  bool empty() const { return events_.events.empty(); }
  void Clear() { events_.events.clear(); }
  const wire::EventBatchT& events() const { return events_; }

  // One request's part of a batch: events from `begin` to before `end`.
  struct Part {
    size_t begin = 0, end = 0;
  };
  // Parts in order, none above either limit; an event that is larger than max_bytes by itself is a
  // part of its own. The bytes of a part are estimated from above.
  std::vector<Part> Split(uint32_t max_events, uint32_t max_bytes) const;
  // The whole batch as one part.
  Part All() const { return {0, size()}; }
  // The payload of one part; of an unnamed batch where the name has no producer.
  std::vector<uint8_t> Packed(Part part, const BatchName& name = {}) const;

 private:
  wire::EventBatchT events_;
};

}  // namespace kundig::client

#endif  // KUNDIG_CLIENT_EVENT_BATCH_H_
