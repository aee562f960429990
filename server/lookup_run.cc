#include "server/lookup_run.h"

#include <optional>

#include "engine/check.h"
#include "schemas/lookup_day.h"
#include "server/mailbox.h"

namespace kundig::server {
namespace {

bool AsksForNow(std::span<const uint8_t> profiles_request) {
  return !wire::NamesADay(profiles_request);
}

}  // namespace

LookupRun::Outcome LookupRun::Answer(wire::FrameReader* reader, RequestHandler* handler,
                                     AnswerQueue* answers) {
  for (const wire::MessageType type : {wire::MessageType::records, wire::MessageType::profiles}) {
    Take(reader, type);
    if (taken_ == 0) continue;
    answers_ = answers;
    answered_ = 0;
    ends_ = false;
    handler->HandleLookups(type, std::span(payloads_).first(taken_), this);
    KUNDIG_CHECK(ends_ || answered_ == taken_);
    return ends_ ? Outcome::kEnds : Outcome::kAnswered;
  }
  return Outcome::kNone;
}

void LookupRun::Take(wire::FrameReader* reader, wire::MessageType type) {
  const auto wanted = type == wire::MessageType::profiles ? AsksForNow : nullptr;
  size_t bytes = 0;
  for (taken_ = 0; taken_ < kMaxRunRequests && bytes < kMaxRunBytes; ++taken_) {
    const std::optional<wire::Frame> frame = reader->NextInPlace(
        wire::kProtocolVersion, static_cast<uint8_t>(type), wire::kLookupAlignment, wanted);
    if (!frame) return;
    request_ids_[taken_] = frame->header.request_id;
    payloads_[taken_] = frame->payload;
    bytes += frame->payload.size();
  }
}

bool LookupRun::Answer(wire::MessageType type, std::span<const uint8_t> head,
                       std::span<const uint8_t> body) {
  KUNDIG_CHECK(!ends_ && answered_ < taken_);
  answers_->AnswerAtOnce(request_ids_[answered_++], type, head, body);
  ends_ = ClosesConnection(type, head);
  return !ends_;
}

}  // namespace kundig::server
