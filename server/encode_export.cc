// Everything held about one customer: the events of the engine as those of the wire.

#include <algorithm>
#include <variant>
#include <vector>

#include "engine/limits.h"
#include "schemas/events_generated.h"
#include "schemas/export_generated.h"
#include "schemas/limits.h"
#include "server/encode.h"
#include "server/encode_parts.h"
#include "server/encode_state.h"

namespace kundig::server {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::String;

// Above what any event takes: a lead has the most, two ids, six names and eight numbers, each with
// its place, length and padding.
constexpr size_t kLargestEventBytes = 1536;
static_assert(2 * engine::kMaxIdBytes + 6 * engine::kMaxNameBytes + 16 * 16 + 128 <
              kLargestEventBytes);

static_assert(SameCode<wire::ConsentState>(engine::ConsentState::kGranted) ==
              wire::ConsentState::granted);
static_assert(SameCode<wire::ConsentState>(engine::ConsentState::kWithdrawn) ==
              wire::ConsentState::withdrawn);
static_assert(SameCode<wire::TerminationState>(engine::TerminationState::kGiven) ==
              wire::TerminationState::given);
static_assert(SameCode<wire::TerminationState>(engine::TerminationState::kWithdrawn) ==
              wire::TerminationState::withdrawn);
static_assert(SameCode<wire::LeadStatus>(engine::LeadStatus::kOpen) == wire::LeadStatus::open);
static_assert(SameCode<wire::LeadStatus>(engine::LeadStatus::kLost) == wire::LeadStatus::lost);

template <typename T>
std::optional<T> Held(const engine::Patch<T>& patch) {
  if (patch.verb != engine::Patch<T>::Verb::kSet) return std::nullopt;
  return patch.value;
}

// Calls give each kind of event its table; one that is missing here does not compile.
class EventEncoder {
 public:
  explicit EventEncoder(FlatBufferBuilder* builder) : builder_(builder) {}

  Offset<wire::Event> operator()(const engine::CustomerSet& event) {
    const auto customer = Put(event.customer);
    const auto country = Put(Held(event.country));
    const auto region = Put(Held(event.region));
    const auto owner = Put(Held(event.owner));
    return Whole(wire::CreateCustomerSet(
        *builder_, customer, Nullable<wire::CustomerKind>(Held(event.kind)), country, region, owner,
        Nullable<uint32_t>(Held(event.company_size)), Nullable<uint32_t>(Held(event.products)),
        Units(Held(event.potential)), Nullable<bool>(Held(event.key_account)),
        Nullable<uint8_t>(Held(event.satisfaction)), Nullable<uint8_t>(Held(event.referral)),
        Nullable<uint8_t>(Held(event.bonding)), /*remove=*/0,
        Nullable<wire::ValueClass>(Held(event.pinned_class))));
  }
  Offset<wire::Event> operator()(const engine::OrderPlaced& event) {
    const auto customer = Put(event.customer);
    const auto order = Put(event.order);
    return Whole(wire::CreateOrder(*builder_, customer, order, event.at.since_epoch,
                                   event.revenue.units, Units(event.margin), event.items));
  }
  Offset<wire::Event> operator()(const engine::ReturnReceived& event) {
    const auto customer = Put(event.customer);
    const auto return_id = Put(event.return_id);
    return Whole(wire::CreateReturn(*builder_, customer, return_id, event.at.since_epoch,
                                    event.amount.units, Units(event.margin)));
  }
  Offset<wire::Event> operator()(const engine::Visit& event) {
    const auto customer = Put(event.customer);
    return Whole(wire::CreateVisit(*builder_, customer, event.at.since_epoch));
  }
  Offset<wire::Event> operator()(const engine::Contact& event) {
    const auto customer = Put(event.customer);
    const auto channel = PutUnlessEmpty(event.channel);
    const auto campaign = PutUnlessEmpty(event.campaign);
    return Whole(wire::CreateContact(*builder_, customer, event.at.since_epoch, channel, campaign));
  }
  Offset<wire::Event> operator()(const engine::Consent& event) {
    const auto customer = Put(event.customer);
    return Whole(wire::CreateConsent(*builder_, customer, event.at.since_epoch,
                                     SameCode<wire::ConsentState>(event.state),
                                     DayNumber(event.until)));
  }
  Offset<wire::Event> operator()(const engine::LeadSet& event) {
    const auto lead = Put(event.lead);
    const auto stage = Put(event.stage);
    const auto customer = Put(Held(event.customer));
    const auto owner = Put(Held(event.owner));
    const auto region = Put(Held(event.region));
    const auto product = Put(Held(event.product));
    const auto source = Put(Held(event.source));
    const auto reason = Put(event.reason);
    return Whole(wire::CreateLeadSet(
        *builder_, lead, Nullable<wire::LeadStatus>(event.status), stage, Units(event.revenue),
        Nullable<uint16_t>(Held(event.chance)), customer, owner, region, product, source,
        DayNumber(Held(event.opened)), DayNumber(Held(event.expected_close)),
        DayNumber(event.closed), reason));
  }
  Offset<wire::Event> operator()(const engine::Termination& event) {
    const auto customer = Put(event.customer);
    const auto reason = PutUnlessEmpty(event.reason);
    return Whole(wire::CreateTermination(*builder_, customer, event.at.since_epoch,
                                         SameCode<wire::TerminationState>(event.state),
                                         DayNumber(event.effective), reason));
  }
  Offset<wire::Event> operator()(const engine::Complaint& event) {
    const auto customer = Put(event.customer);
    const auto complaint = Put(event.complaint);
    return Whole(wire::CreateComplaint(*builder_, customer, complaint, event.at.since_epoch,
                                       DayNumber(event.closed)));
  }
  Offset<wire::Event> operator()(const engine::ServiceRequest& event) {
    const auto customer = Put(event.customer);
    return Whole(wire::CreateServiceRequest(*builder_, customer, event.at.since_epoch));
  }
  Offset<wire::Event> operator()(const engine::LatePayment& event) {
    const auto customer = Put(event.customer);
    return Whole(wire::CreateLatePayment(*builder_, customer, event.at.since_epoch));
  }
  Offset<wire::Event> operator()(const engine::Cost& event) {
    const auto customer = Put(event.customer);
    const auto cost = Put(event.cost);
    return Whole(
        wire::CreateCost(*builder_, customer, cost, event.at.since_epoch, event.amount.units));
  }

 private:
  Offset<String> Put(std::string_view text) { return Text(builder_, text); }
  Offset<String> Put(const std::optional<std::string_view>& text) {
    return OptionalText(builder_, text);
  }
  Offset<String> PutUnlessEmpty(std::string_view text) {
    return text.empty() ? Offset<String>() : Put(text);
  }
  template <typename Body>
  Offset<wire::Event> Whole(Offset<Body> body) {
    return wire::CreateEvent(*builder_, wire::EventBodyTraits<Body>::enum_value, body.Union());
  }

  FlatBufferBuilder* const builder_;
};

Offset<wire::LeadChange> AddLeadChange(const engine::LeadMoment& moment,
                                       FlatBufferBuilder* builder) {
  const auto lead = Text(builder, moment.lead);
  const auto stage = OptionalText(builder, moment.stage);
  return wire::CreateLeadChange(*builder, lead, moment.day.since_epoch,
                                SameCode<wire::LeadStatus>(moment.status), stage,
                                Nullable<uint16_t>(moment.chance), moment.revenue.units);
}

}  // namespace

size_t ChunkEnd(const engine::ExportAnswer& answer, size_t begin, size_t max_bytes) {
  const size_t events = std::max<size_t>(1, max_bytes / kLargestEventBytes);
  return begin + std::min(events, ChunkedRows(answer) - begin);
}

void EncodeChunk(const engine::ExportAnswer& answer, const ListChunk& chunk,
                 FlatBufferBuilder* builder) {
  builder->Clear();
  std::vector<Offset<wire::Event>> events;
  std::vector<Offset<wire::LeadChange>> changes;
  for (size_t place = chunk.begin; place < chunk.end; ++place) {
    if (place < answer.events.size()) {
      events.push_back(std::visit(EventEncoder(builder), answer.events[place]));
    } else {
      changes.push_back(AddLeadChange(answer.lead_history[place - answer.events.size()], builder));
    }
  }
  const auto event_list = builder->CreateVector(events);
  const auto change_list = builder->CreateVector(changes);
  const auto customer = Text(builder, answer.profile.customer);
  const auto profile = chunk.begin == 0 ? AddProfile(answer.profile, *answer.rules, builder) : 0;
  const wire::State state = WireState(answer.state);
  builder->Finish(wire::CreateExportReply(*builder, &state, customer, !answer.events.empty(),
                                          profile, event_list, chunk.last, chunk.cancelled,
                                          change_list));
}

}  // namespace kundig::server
