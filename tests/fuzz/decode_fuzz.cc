// Every request from hostile bytes to engine types: no crash, and nothing gets through that the
// decoder's contract rules out.
//
// Input: byte 0 chooses the type of the request, byte 1 how the payload is made: from the rest of
// the input as it is, or as a well-formed message whose fields the input chooses and whose bytes it
// then may damage. The second way gets behind the verifier, where random bytes hardly ever do.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/check.h"
#include "engine/limits.h"
#include "schemas/events_generated.h"
#include "schemas/lists_generated.h"
#include "schemas/lookup_day.h"
#include "schemas/pipeline_generated.h"
#include "schemas/profile_generated.h"
#include "schemas/summaries_generated.h"
#include "server/decode.h"
#include "server/decode_events.h"
#include "server/decode_orders.h"
#include "server/limits.h"
#include "server/text_rules.h"
#include "tests/fuzz/fuzzed_request.h"

namespace kundig::server {
namespace {

// --- What must hold of whatever is decoded ---

struct Judge {
  std::span<const uint8_t> payload;

  void Within(std::string_view text) const {
    if (text.empty()) return;
    const auto* begin = reinterpret_cast<const char*>(payload.data());
    const std::less_equal<const char*> not_after;
    KUNDIG_CHECK(not_after(begin, text.data()) &&
                 not_after(text.data() + text.size(), begin + payload.size()));
  }
  void Id(std::string_view id) const {
    Within(id);
    KUNDIG_CHECK(IsId(id));
  }
  void Id(const engine::Patch<std::string_view>& patch) const {
    if (patch.verb == engine::Patch<std::string_view>::Verb::kSet) Id(patch.value);
  }
  void Name(std::string_view name) const {
    Within(name);
    KUNDIG_CHECK(name.empty() || IsName(name));
  }
  void Name(const engine::Patch<std::string_view>& patch) const {
    if (patch.verb == engine::Patch<std::string_view>::Verb::kSet) {
      KUNDIG_CHECK(!patch.value.empty());
      Name(patch.value);
    }
  }
  static void Amount(engine::Minor amount, int64_t low) {
    KUNDIG_CHECK(amount.units >= low && amount.units <= engine::kMaxAmountMinor);
  }
  static void Day(std::optional<engine::Day> day) {
    KUNDIG_CHECK(!day.has_value() || (*day >= engine::kFirstDay && *day <= engine::kLastDay));
  }

  void operator()(const engine::CustomerSet& event) const {
    Id(event.customer);
    Name(event.country);
    Name(event.region);
    Name(event.owner);
    Amount(event.potential.value, 0);
    KUNDIG_CHECK(event.kind.value <= engine::CustomerKind::kBusiness);
    KUNDIG_CHECK(event.satisfaction.value <= 10 && event.referral.value <= 10 &&
                 event.bonding.value <= 100 &&
                 event.pinned_class.value <= engine::ValueClass::kReview);
  }
  void operator()(const engine::OrderPlaced& event) const {
    Id(event.customer);
    Id(event.order);
    Within(event.currency);
    Amount(event.revenue, 0);
    KUNDIG_CHECK(event.currency.empty() || event.currency.size() == 3);
    KUNDIG_CHECK(event.items <= engine::kMaxCount);
    if (event.margin) Amount(*event.margin, -engine::kMaxAmountMinor);
  }
  void operator()(const engine::ReturnReceived& event) const {
    Id(event.customer);
    Id(event.return_id);
    Amount(event.amount, 1);
  }
  void operator()(const engine::OrderCancelled& event) const {
    Id(event.customer);
    Id(event.order);
  }
  void operator()(const engine::Visit& event) const { Id(event.customer); }
  void operator()(const engine::Contact& event) const {
    Id(event.customer);
    Name(event.channel);
    Name(event.campaign);
  }
  void operator()(const engine::Consent& event) const {
    Id(event.customer);
    Day(event.until);
    KUNDIG_CHECK(event.state <= engine::ConsentState::kWithdrawn);
    KUNDIG_CHECK(!event.until || event.state == engine::ConsentState::kGranted);
  }
  void operator()(const engine::LeadSet& event) const {
    Id(event.lead);
    Id(event.customer);
    Name(event.owner);
    Name(event.stage.value_or(""));
    if (event.revenue) Amount(*event.revenue, 0);
    KUNDIG_CHECK(event.chance.value <= 10'000);
    Day(event.closed);
    Day(event.opened.value);
    const bool closing = event.status.has_value() && *event.status != engine::LeadStatus::kOpen;
    KUNDIG_CHECK(event.status.value_or(engine::LeadStatus::kOpen) <= engine::LeadStatus::kLost);
    KUNDIG_CHECK(closing == event.reason.has_value());
    if (closing) Name(*event.reason);
  }
  void operator()(const engine::LeadClosed& event) const {
    Id(event.lead);
    Name(event.reason);
    Day(event.closed);
    KUNDIG_CHECK(!event.reason.empty() && event.status != engine::LeadStatus::kOpen);
  }
  void operator()(const engine::Erase& event) const { Id(event.customer); }
  void operator()(const engine::Termination& event) const {
    Id(event.customer);
    Name(event.reason);
    Day(event.effective);
    KUNDIG_CHECK(event.state <= engine::TerminationState::kWithdrawn);
    KUNDIG_CHECK(event.effective.has_value() == (event.state == engine::TerminationState::kGiven));
  }
  void operator()(const engine::Complaint& event) const {
    Id(event.customer);
    Id(event.complaint);
    Day(event.closed);
  }
  void operator()(const engine::ServiceRequest& event) const { Id(event.customer); }
  void operator()(const engine::LatePayment& event) const { Id(event.customer); }
  void operator()(const engine::Cost& event) const {
    Id(event.customer);
    Id(event.cost);
    Within(event.currency);
    Amount(event.amount, 0);
  }
};

// Together, places and refusals count the batch through.
void CheckPlaces(std::vector<uint32_t> places, const std::vector<RefusedEntry>& refused) {
  for (const RefusedEntry& entry : refused) {
    places.push_back(entry.index);
    KUNDIG_CHECK(!entry.refusal.field.empty() && IsUtf8(entry.refusal.message));
  }
  KUNDIG_CHECK(places.size() <= kMaxEvents);
  std::sort(places.begin(), places.end());
  for (size_t i = 0; i < places.size(); ++i) KUNDIG_CHECK(places[i] == i);
}

void CheckEvents(std::span<const uint8_t> payload) {
  static DecodedBatch batch;
  if (DecodeEvents(payload, kMaxEvents, &batch).has_value()) return;
  KUNDIG_CHECK(batch.events.size() == batch.places.size());
  CheckPlaces(batch.places, batch.refused);
  for (const engine::Event& event : batch.events) std::visit(Judge{payload}, event);
}

void CheckOrders(std::span<const uint8_t> payload) {
  static DecodedOrders batch;
  if (DecodeOrders(payload, kMaxEvents, &batch).has_value()) return;
  KUNDIG_CHECK(batch.events.size() == batch.places.size());
  CheckPlaces(batch.places, batch.refused);
  for (const engine::OrderPlaced& order : batch.events) Judge{payload}(order);
}

void CheckQuestions(wire::MessageType type, std::span<const uint8_t> payload) {
  std::vector<std::string_view> ids;
  switch (type) {
    case wire::MessageType::profiles:
      if (!DecodeProfiles(payload, kMaxIds, &ids)) {
        KUNDIG_CHECK(ids.size() <= kMaxIds);
        for (const std::string_view id : ids) Judge{payload}.Id(id);
      }
      return;
    case wire::MessageType::records:
      if (!DecodeRecords(payload, kMaxIds, &ids)) {
        KUNDIG_CHECK(ids.size() <= kMaxIds);
        for (const std::string_view id : ids) Judge{payload}.Id(id);
      } else {
        KUNDIG_CHECK(ids.empty());
      }
      return;
    case wire::MessageType::names:
      if (const auto question = DecodeNames(payload)) {
        KUNDIG_CHECK(question->kind <= engine::NameKind::kRfmSegment && question->from >= 1);
      }
      return;
    case wire::MessageType::explain:
      if (const auto question = DecodeExplain(payload)) {
        Judge{payload}.Id(question->customer);
        Judge::Day(question->as_of);
      }
      return;
    case wire::MessageType::export_customer:
      if (const auto id = DecodeExport(payload)) Judge{payload}.Id(*id);
      return;
    case wire::MessageType::snapshot:
      KUNDIG_CHECK(DecodeSnapshot(payload).has_value() ||
                   DecodeSnapshot(payload).error().code == wire::ErrorCode::bad_message);
      return;
    case wire::MessageType::backup:
      if (const auto folder = DecodeBackup(payload)) {
        KUNDIG_CHECK(folder->starts_with('/') && folder->find('\0') == std::string::npos);
      }
      return;
    case wire::MessageType::list:
      if (const auto query = DecodeList(payload)) {
        KUNDIG_CHECK(IsUtf8(query->where) && IsUtf8(query->cursor) && !query->fields.empty());
        KUNDIG_CHECK(query->activities.size() <= 6);
        KUNDIG_CHECK(query->reactivation || query->activities.empty());
        Judge::Day(query->as_of);
      }
      return;
    case wire::MessageType::count:
      if (const auto question = DecodeCount(payload)) {
        KUNDIG_CHECK(IsUtf8(question->where));
        Judge::Day(question->as_of);
      }
      return;
    case wire::MessageType::phases:
      if (const auto where = DecodePhases(payload)) KUNDIG_CHECK(IsUtf8(*where));
      return;
    case wire::MessageType::pipeline:
      if (const auto query = DecodePipeline(payload)) {
        KUNDIG_CHECK(!query->by.empty() && query->by.size() <= 8 && query->closed_by.size() <= 9);
        if (query->as_of) Judge::Day(*query->as_of);
      }
      return;
    case wire::MessageType::waterfall:
      if (const auto query = DecodeWaterfall(payload)) {
        KUNDIG_CHECK(IsUtf8(query->where));
        for (const engine::Day day : {query->from, query->to}) Judge::Day(day);
      }
      return;
    case wire::MessageType::conversion:
      if (const auto query = DecodeConversion(payload)) {
        KUNDIG_CHECK(IsUtf8(query->where));
        for (const auto& day : {query->from, query->to}) {
          if (day) Judge::Day(*day);
        }
      }
      return;
    case wire::MessageType::churn:
      if (const auto query = DecodeChurn(payload)) {
        for (const auto& day : {query->until, query->check_until}) {
          KUNDIG_CHECK(!day || (*day >= engine::kFirstDay && *day <= engine::kLastDay));
        }
      }
      return;
    case wire::MessageType::watch:
      if (const auto question = DecodeWatch(payload)) {
        KUNDIG_CHECK(!question->what.where.empty() && IsUtf8(question->what.where));
        KUNDIG_CHECK(question->wait.count() >= 0 && question->wait <= kMaxWatchWait);
        KUNDIG_CHECK(question->limit >= 1 && question->limit <= wire::kMaxWatchChanges);
        for (const std::string& field : question->what.fields) KUNDIG_CHECK(IsName(field));
      }
      return;
    case wire::MessageType::what_if:
      if (const auto question = DecodeWhatIf(payload)) {
        KUNDIG_CHECK(IsUtf8(question->configuration) &&
                     question->configuration.size() <= wire::kMaxConfigurationBytes);
        KUNDIG_CHECK(!question->moves.list || IsName(question->moves.list->from));
      }
      return;
    case wire::MessageType::advance_day:
      if (const auto day = DecodeAdvanceDay(payload)) Judge::Day(*day);
      return;
    case wire::MessageType::status:
      KUNDIG_CHECK(DecodeStatus(payload).has_value() ||
                   DecodeStatus(payload).error().code == wire::ErrorCode::bad_message);
      return;
    default:
      if (const auto as_of = DecodeAsOf<wire::RfmRequest>(payload, "RfmRequest")) {
        Judge::Day(*as_of);
      }
      if (const auto question = DecodePastProfiles(payload, kMaxIds)) {
        Judge::Day(question->as_of);
        KUNDIG_CHECK(wire::NamesADay(payload) && question->customers.size() <= kMaxIds);
      }
      return;
  }
}

}  // namespace
}  // namespace kundig::server

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using kundig::wire::MessageType;
  kundig::server::Source in({data, size});
  // Every request type; cancel stands for the requests without fields.
  constexpr int kFirst = static_cast<int>(MessageType::events);
  constexpr int kTypes = static_cast<int>(MessageType::conversion) - kFirst + 1;
  const auto type = static_cast<MessageType>(kFirst + in.Byte() % kTypes);
  const bool well_formed = in.Flag();
  // Memory from operator new is aligned as the payload of a frame is.
  const std::vector<uint8_t> payload =
      well_formed ? kundig::server::MessageFrom(type, &in)
                  : std::vector<uint8_t>(data + std::min<size_t>(size, 2), data + size);
  if (type == MessageType::events) {
    kundig::server::CheckEvents(payload);
  } else if (type == MessageType::orders) {
    kundig::server::CheckOrders(payload);
  } else {
    kundig::server::CheckQuestions(type, payload);
  }
  return 0;
}
