// Questions about the book as of another day or by other rules: all by query threads.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/decode.h"
#include "server/dispatch.h"
#include "server/encode.h"
#include "server/sending.h"

namespace kundig::server {

using wire::MessageType;

void Dispatcher::HandlePastProfiles(std::span<const uint8_t> payload,
                                    std::unique_ptr<Responder> responder) {
  Judged<PastProfiles> question = DecodePastProfiles(payload, max_profile_ids_);
  if (!question) return SendRefusal(question.error(), responder.get());
  Queue(std::move(responder), [this, question = std::move(*question)](Responder* to) {
    const Recounts::Lease book = BookAsOf(question.as_of, to);
    if (book == nullptr) return;
    const std::vector<std::string_view> ids(question.customers.begin(), question.customers.end());
    engine::ProfilesAnswer answer;
    book->Profiles(ids, &answer);
    SendReply(MessageType::profiles_reply, to,
              [&](auto* out) { EncodeProfiles(answer, answer.profiles, out); });
  });
}

void Dispatcher::HandleWhatIf(std::span<const uint8_t> payload,
                              std::unique_ptr<Responder> responder) {
  Judged<WhatIfQuestion> question = DecodeWhatIf(payload);
  if (!question) return SendRefusal(question.error(), responder.get());
  Queue(std::move(responder), [this, question = std::move(*question)](Responder* to) {
    const auto rules = callbacks_.read_other_rules(question.configuration);
    if (!rules) return SendRefusal(ToRefusal(rules.error()), to);
    engine::Result<engine::MovesAnswer> answer = recounts_.WhatIf(*rules, question.moves);
    if (!answer) return SendRefusal(ToRefusal(answer.error()), to);
    SendChunks(std::move(*answer), nullptr, to);
  });
}

Recounts::Lease Dispatcher::BookAsOf(std::optional<engine::Day> day, Responder* to) {
  engine::Result<Recounts::Lease> lease = recounts_.AsOf(day);
  if (lease) return std::move(*lease);
  SendRefusal(ToRefusal(lease.error()), to);
  return nullptr;
}

}  // namespace kundig::server
