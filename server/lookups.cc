#include "server/lookups.h"

#include <optional>
#include <string_view>
#include <vector>

#include "server/decode.h"
#include "server/encode.h"
#include "server/encode_records.h"
#include "server/sending.h"

namespace kundig::server {
namespace {

using wire::MessageType;

// How many ids a request has, or that it is refused.
constexpr uint32_t kRefused = UINT32_MAX;

// What a thread keeps from run to run. It is bounded by the limits of one run and the largest
// request.
struct Scratch {
  std::vector<uint32_t> requests;
  std::vector<Refusal> refusals;      // of those that are refused, in their order
  std::vector<std::string_view> ids;  // of the others
  engine::RecordsAnswer records;
  engine::ProfilesAnswer profiles;
  flatbuffers::FlatBufferBuilder builder;
};

// Gives the one answer to a responder.
class ResponderSink final : public LookupSink {
 public:
  explicit ResponderSink(Responder* responder) : responder_(responder) {}
  bool Answer(MessageType type, std::span<const uint8_t> head,
              std::span<const uint8_t> body) override {
    if (body.empty()) {
      responder_->Send(type, head);
      return true;
    }
    std::vector<uint8_t> payload;
    payload.reserve(head.size() + body.size());
    payload.assign(head.begin(), head.end());
    payload.insert(payload.end(), body.begin(), body.end());
    responder_->Send(type, payload);
    return true;
  }

 private:
  Responder* const responder_;
};

}  // namespace

void Lookups::Answer(MessageType type, std::span<const std::span<const uint8_t>> payloads,
                     LookupSink* sink) const {
  thread_local Scratch scratch;
  const bool records = type == MessageType::records;
  scratch.requests.clear();
  scratch.refusals.clear();
  scratch.ids.clear();
  for (const std::span<const uint8_t> payload : payloads) {
    const size_t before = scratch.ids.size();
    std::optional<Refusal> refusal = records ? DecodeRecords(payload, max_ids_, &scratch.ids)
                                             : DecodeProfiles(payload, max_ids_, &scratch.ids);
    if (refusal) {
      scratch.requests.push_back(kRefused);
      scratch.refusals.push_back(*std::move(refusal));
    } else {
      scratch.requests.push_back(static_cast<uint32_t>(scratch.ids.size() - before));
    }
  }
  if (records) {
    book_->Records(scratch.ids, &scratch.records);
  } else {
    book_->Profiles(scratch.ids, &scratch.profiles);
  }

  RecordsHead head(scratch.records.state);
  size_t at = 0;
  auto refusal = scratch.refusals.begin();
  for (const uint32_t ids : scratch.requests) {
    bool goes_on = true;
    if (ids == kRefused) {
      EncodeError(*refusal++, &scratch.builder);
      goes_on = sink->Answer(MessageType::error, Payload(scratch.builder));
    } else if (records) {
      const auto found = std::span(scratch.records.records).subspan(at, ids);
      goes_on = sink->Answer(MessageType::records_reply, head.For(ids), RecordBytes(found));
      at += ids;
    } else {
      const auto found = std::span(scratch.profiles.profiles).subspan(at, ids);
      EncodeProfiles(scratch.profiles, found, &scratch.builder);
      goes_on = sink->Answer(MessageType::profiles_reply, Payload(scratch.builder));
      if (scratch.builder.GetSize() > kKeptBuilderBytes) scratch.builder.Reset();
      at += ids;
    }
    if (!goes_on) return;
  }
}

void Lookups::Answer(MessageType type, std::span<const uint8_t> payload,
                     Responder* responder) const {
  ResponderSink sink(responder);
  Answer(type, std::span(&payload, 1), &sink);
}

}  // namespace kundig::server
