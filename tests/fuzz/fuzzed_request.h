// Well-formed requests whose fields a fuzzer's input chooses, and which it then may damage.

#ifndef KUNDIG_TESTS_FUZZ_FUZZED_REQUEST_H_
#define KUNDIG_TESTS_FUZZ_FUZZED_REQUEST_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "schemas/admin_generated.h"
#include "schemas/churn_generated.h"
#include "schemas/events_generated.h"
#include "schemas/export_generated.h"
#include "schemas/lists_generated.h"
#include "schemas/pipeline_generated.h"
#include "schemas/profile_generated.h"
#include "schemas/summaries_generated.h"
#include "schemas/watch_generated.h"
#include "schemas/what_if_generated.h"

namespace kundig::server {

// What a request has fewer than: one more than the limits below, which the decoder is to keep.
inline constexpr uint32_t kMaxIds = 16, kMaxEvents = 8;
inline constexpr uint32_t kProfileIdsEnd = kMaxIds + 2, kEventsEnd = kMaxEvents + 2;

// The input, byte by byte; zeros after its end.
class Source {
 public:
  explicit Source(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  uint8_t Byte() { return at_ < bytes_.size() ? bytes_[at_++] : uint8_t{0}; }
  bool Flag() { return (Byte() & 1) != 0; }
  // Often near the edges of small ranges, sometimes anything.
  int64_t Number() {
    const uint8_t form = Byte();
    if (form < 200) return static_cast<int64_t>(form) - 5;
    uint64_t number = 0;
    for (int i = 0; i < 8; ++i) number = number << 8 | Byte();
    return static_cast<int64_t>(number);
  }
  std::string Text() {
    const uint8_t size = Byte();
    if (size == 255) return std::string(300, 'x');
    std::string text;
    for (int i = 0; i < size % 12; ++i) text += static_cast<char>(Byte());
    return text;
  }
  template <typename Enum>
  Enum Choice() {
    return static_cast<Enum>(Byte() % (static_cast<int>(Enum::MAX) + 3));
  }
  template <typename Enum>
  std::vector<Enum> Choices() {
    std::vector<Enum> choices;
    for (int left = Byte() % 4; left > 0; --left) choices.push_back(Choice<Enum>());
    return choices;
  }
  template <typename T, typename Field>
  void Maybe(Field* field) {
    if (Flag()) *field = static_cast<T>(Number());
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

inline wire::CustomerSetT CustomerSetFrom(Source* in) {
  wire::CustomerSetT event;
  event.customer = in->Text();
  if (in->Flag()) event.kind = in->Choice<wire::CustomerKind>();
  event.country = in->Text();
  event.owner = in->Text();
  in->Maybe<uint32_t>(&event.company_size);
  in->Maybe<int64_t>(&event.potential);
  in->Maybe<bool>(&event.key_account);
  in->Maybe<uint8_t>(&event.satisfaction);
  in->Maybe<uint8_t>(&event.bonding);
  in->Maybe<wire::ValueClass>(&event.pinned_class);
  event.remove = in->Choices<wire::CustomerAttribute>();
  return event;
}

inline wire::LeadSetT LeadSetFrom(Source* in) {
  wire::LeadSetT event;
  event.lead = in->Text();
  if (in->Flag()) event.status = in->Choice<wire::LeadStatus>();
  event.stage = in->Text();
  event.customer = in->Text();
  event.reason = in->Text();
  event.currency = in->Text();
  in->Maybe<int64_t>(&event.revenue);
  in->Maybe<uint16_t>(&event.chance);
  in->Maybe<int32_t>(&event.opened);
  in->Maybe<int32_t>(&event.closed);
  event.remove = in->Choices<wire::LeadAttribute>();
  return event;
}

inline wire::OrderT OrderFrom(Source* in) {
  wire::OrderT event;
  event.customer = in->Text();
  event.order = in->Text();
  event.at = in->Number();
  event.revenue = in->Number();
  in->Maybe<int64_t>(&event.margin);
  event.items = static_cast<uint32_t>(in->Number());
  event.currency = in->Text();
  return event;
}

inline wire::ReturnT ReturnFrom(Source* in) {
  wire::ReturnT event;
  event.customer = in->Text();
  event.return_id = in->Text();
  event.at = in->Number();
  event.amount = in->Number();
  in->Maybe<int64_t>(&event.margin);
  return event;
}

inline wire::ContactT ContactFrom(Source* in) {
  wire::ContactT event;
  event.customer = in->Text();
  event.at = in->Number();
  event.channel = in->Text();
  event.campaign = in->Text();
  return event;
}

inline wire::ConsentT ConsentFrom(Source* in) {
  wire::ConsentT event;
  event.customer = in->Text();
  event.at = in->Number();
  event.state = in->Choice<wire::ConsentState>();
  in->Maybe<int32_t>(&event.until);
  return event;
}

inline wire::TerminationT TerminationFrom(Source* in) {
  wire::TerminationT event;
  event.customer = in->Text();
  event.at = in->Number();
  event.state = in->Choice<wire::TerminationState>();
  in->Maybe<int32_t>(&event.effective);
  event.reason = in->Text();
  return event;
}

inline wire::ComplaintT ComplaintFrom(Source* in) {
  wire::ComplaintT event;
  event.customer = in->Text();
  event.complaint = in->Text();
  event.at = in->Number();
  in->Maybe<int32_t>(&event.closed);
  return event;
}

inline wire::CostT CostFrom(Source* in) {
  wire::CostT event;
  event.customer = in->Text();
  event.cost = in->Text();
  event.at = in->Number();
  event.amount = in->Number();
  event.currency = in->Text();
  return event;
}

inline wire::LeadClosedT LeadClosedFrom(Source* in) {
  wire::LeadClosedT event;
  event.lead = in->Text();
  event.status = in->Choice<wire::LeadStatus>();
  event.reason = in->Text();
  in->Maybe<int32_t>(&event.closed);
  return event;
}

template <typename Body>
void SetText(std::string Body::*first, Source* in, wire::EventBodyUnion* body,
             std::string Body::*second = nullptr) {
  Body event;
  event.*first = in->Text();
  if (second != nullptr) event.*second = in->Text();
  body->Set(std::move(event));
}

inline wire::EventBatchT BatchFrom(Source* in) {
  wire::EventBatchT batch;
  for (uint32_t left = in->Byte() % kEventsEnd; left > 0; --left) {
    auto event = std::make_unique<wire::EventT>();
    switch (in->Choice<wire::EventBody>()) {
      case wire::EventBody::CustomerSet:
        event->body.Set(CustomerSetFrom(in));
        break;
      case wire::EventBody::Return:
        event->body.Set(ReturnFrom(in));
        break;
      case wire::EventBody::OrderCancelled:
        SetText(&wire::OrderCancelledT::customer, in, &event->body, &wire::OrderCancelledT::order);
        break;
      case wire::EventBody::Visit:
        SetText(&wire::VisitT::customer, in, &event->body);
        break;
      case wire::EventBody::Contact:
        event->body.Set(ContactFrom(in));
        break;
      case wire::EventBody::Consent:
        event->body.Set(ConsentFrom(in));
        break;
      case wire::EventBody::LeadSet:
        event->body.Set(LeadSetFrom(in));
        break;
      case wire::EventBody::LeadClosed:
        event->body.Set(LeadClosedFrom(in));
        break;
      case wire::EventBody::Erase:
        SetText(&wire::EraseT::customer, in, &event->body);
        break;
      case wire::EventBody::Termination:
        event->body.Set(TerminationFrom(in));
        break;
      case wire::EventBody::Complaint:
        event->body.Set(ComplaintFrom(in));
        break;
      case wire::EventBody::ServiceRequest:
        SetText(&wire::ServiceRequestT::customer, in, &event->body);
        break;
      case wire::EventBody::LatePayment:
        SetText(&wire::LatePaymentT::customer, in, &event->body);
        break;
      case wire::EventBody::Cost:
        event->body.Set(CostFrom(in));
        break;
      default:
        event->body.Set(OrderFrom(in));
        break;
    }
    batch.events.push_back(std::move(event));
  }
  return batch;
}

// The columns of some orders; now and then one is longer than the others.
inline wire::OrderBatchT OrderBatchFrom(Source* in) {
  wire::OrderBatchT batch;
  const bool with_margin = in->Flag(), with_items = in->Flag();
  for (uint32_t left = in->Byte() % kEventsEnd; left > 0; --left) {
    const wire::OrderT order = OrderFrom(in);
    batch.at.push_back(order.at);
    batch.revenue.push_back(order.revenue);
    if (with_margin) batch.margin.push_back(order.margin.has_value() ? *order.margin : 0);
    if (with_items) batch.items.push_back(order.items);
    for (const auto& [id, bytes] : {std::pair{&order.customer, &batch.customer_bytes},
                                    std::pair{&order.order, &batch.order_bytes}}) {
      bytes->push_back(static_cast<uint8_t>(id->size()));
      batch.ids.insert(batch.ids.end(), id->begin(), id->begin() + bytes->back());
    }
    batch.currency = order.currency;
  }
  switch (in->Byte()) {
    case 1:
      batch.at.push_back(0);
      break;
    case 2:
      batch.items.push_back(0);
      break;
    case 3:
      batch.ids.push_back('x');
      break;
    case 4:
      batch.order_bytes.push_back(0);
      break;
    default:
      break;
  }
  return batch;
}

inline wire::ListRequestT ListFrom(Source* in) {
  wire::ListRequestT request;
  request.kind = in->Choice<wire::ListKind>();
  request.where = in->Text();
  request.activities = in->Choices<wire::Activity>();
  request.need_consent = in->Flag();
  request.order_by = in->Text();
  request.cursor = in->Text();
  request.limit = static_cast<uint32_t>(in->Number());
  for (int left = in->Byte() % 4; left > 0; --left) request.fields.push_back(in->Text());
  in->Maybe<int32_t>(&request.as_of);
  return request;
}

template <typename Native>
void Pack(const Native& message, flatbuffers::FlatBufferBuilder* builder) {
  builder->Finish(Native::TableType::Pack(*builder, &message));
}

// A well-formed message of this type, damaged as the rest of the input says.
inline std::vector<uint8_t> MessageFrom(wire::MessageType type, Source* in) {
  flatbuffers::FlatBufferBuilder builder;
  if (type == wire::MessageType::events) {
    Pack(BatchFrom(in), &builder);
  } else if (type == wire::MessageType::orders) {
    Pack(OrderBatchFrom(in), &builder);
  } else if (type == wire::MessageType::names) {
    wire::NamesRequestT request;
    request.kind = in->Choice<wire::NameKind>();
    request.from = static_cast<uint32_t>(in->Number());
    Pack(request, &builder);
  } else if (type == wire::MessageType::list) {
    Pack(ListFrom(in), &builder);
  } else if (type == wire::MessageType::pipeline) {
    wire::PipelineRequestT request;
    request.by = in->Choices<wire::PipelineKey>();
    request.closed_by = in->Choices<wire::PipelineKey>();
    request.where = in->Text();
    in->Maybe<int32_t>(&request.as_of);
    Pack(request, &builder);
  } else if (type == wire::MessageType::waterfall) {
    wire::WaterfallRequestT request;
    in->Maybe<int32_t>(&request.from);
    in->Maybe<int32_t>(&request.to);
    request.where = in->Text();
    Pack(request, &builder);
  } else if (type == wire::MessageType::conversion) {
    wire::ConversionRequestT request;
    in->Maybe<int32_t>(&request.from);
    in->Maybe<int32_t>(&request.to);
    request.where = in->Text();
    Pack(request, &builder);
  } else if (type == wire::MessageType::churn) {
    wire::ChurnRequestT request;
    in->Maybe<int32_t>(&request.until);
    in->Maybe<int32_t>(&request.check_until);
    Pack(request, &builder);
  } else if (type == wire::MessageType::watch) {
    wire::WatchRequestT request;
    request.where = in->Text();
    for (int left = in->Byte() % 4; left > 0; --left) request.fields.push_back(in->Text());
    if (in->Flag()) {
      // One after the other: the order of arguments is the compiler's.
      uint64_t place[3];
      for (uint64_t& number : place) number = static_cast<uint64_t>(in->Number());
      request.from = std::make_unique<wire::FeedPosition>(place[0], place[1], place[2]);
    }
    request.wait_ms = static_cast<uint32_t>(in->Number());
    request.limit = static_cast<uint32_t>(in->Number());
    Pack(request, &builder);
  } else if (type == wire::MessageType::phases) {
    wire::PhasesRequestT request;
    request.where = in->Text();
    Pack(request, &builder);
  } else if (type == wire::MessageType::what_if) {
    wire::WhatIfRequestT request;
    request.configuration = in->Text();
    request.limit = static_cast<uint32_t>(in->Number());
    if (in->Flag()) {
      request.list = std::make_unique<wire::MoveListT>();
      request.list->judgement = in->Choice<wire::Judgement>();
      request.list->from = in->Text();
      request.list->to = in->Text();
    }
    Pack(request, &builder);
  } else if (type == wire::MessageType::advance_day) {
    wire::AdvanceDayRequestT request;
    request.day = static_cast<int32_t>(in->Number());
    Pack(request, &builder);
  } else if (type == wire::MessageType::explain) {
    wire::ExplainRequestT request;
    request.customer = in->Text();
    in->Maybe<int32_t>(&request.as_of);
    Pack(request, &builder);
  } else if (type == wire::MessageType::export_customer) {
    wire::ExportRequestT request;
    request.customer = in->Text();
    Pack(request, &builder);
  } else if (type == wire::MessageType::count) {
    wire::CountRequestT request;
    request.where = in->Text();
    in->Maybe<int32_t>(&request.as_of);
    Pack(request, &builder);
  } else {
    wire::ProfilesRequestT request;
    for (uint32_t left = in->Byte() % kProfileIdsEnd; left > 0; --left) {
      request.customers.push_back(in->Text());
    }
    in->Maybe<int32_t>(&request.as_of);
    Pack(request, &builder);
  }
  std::vector<uint8_t> payload(builder.GetBufferPointer(),
                               builder.GetBufferPointer() + builder.GetSize());
  for (int left = in->Byte() % 4; left > 0; --left) {
    const size_t at = (size_t{in->Byte()} << 8 | in->Byte()) % payload.size();
    payload[at] = static_cast<uint8_t>(payload[at] ^ in->Byte());
  }
  return payload;
}

}  // namespace kundig::server

#endif  // KUNDIG_TESTS_FUZZ_FUZZED_REQUEST_H_
