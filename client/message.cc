#include "client/message.h"

#include "schemas/verified.h"

namespace kundig::client {

using wire::MessageType;
using wire::VerifiedRoot;

namespace {

constexpr uint8_t kReplyBit = 0x80;

}  // namespace

std::vector<uint8_t> PackedRecordsRequest(std::span<const std::string> customers) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<flatbuffers::String>> ids;
  ids.reserve(customers.size());
  for (const std::string& customer : customers) ids.push_back(builder.CreateString(customer));
  builder.Finish(wire::CreateRecordsRequestDirect(builder, &ids));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

std::vector<uint8_t> PackedEvents(std::span<const std::unique_ptr<wire::EventT>> events,
                                  const BatchName& name) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<wire::Event>> packed;
  packed.reserve(events.size());
  for (const auto& event : events) packed.push_back(wire::CreateEvent(builder, event.get()));
  const auto producer = name.producer.empty() ? 0 : builder.CreateString(name.producer);
  const auto all = builder.CreateVector(packed);
  builder.Finish(wire::CreateEventBatch(builder, all, producer, name.number));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

bool IsRequest(MessageType type) {
  return type >= MessageType::ping && type <= MessageType::conversion &&
         type != MessageType::cancel;
}

MessageType ReplyTypeOf(MessageType request) {
  return static_cast<MessageType>(static_cast<uint8_t>(request) | kReplyBit);
}

bool IsStreamed(MessageType request) {
  return request == MessageType::list || request == MessageType::export_customer ||
         request == MessageType::what_if;
}

bool IsLastChunk(MessageType reply, std::span<const uint8_t> payload) {
  switch (reply) {
    case MessageType::list_reply:
      return flatbuffers::GetRoot<wire::ListReply>(payload.data())->last();
    case MessageType::export_customer_reply:
      return flatbuffers::GetRoot<wire::ExportReply>(payload.data())->last();
    case MessageType::what_if_reply:
      return flatbuffers::GetRoot<wire::WhatIfReply>(payload.data())->last();
    default:
      return true;
  }
}

bool HasSoundAnswer(MessageType type, std::span<const uint8_t> payload) {
  switch (type) {
    case MessageType::ping_reply:
      return VerifiedRoot<wire::PingReply>(payload) != nullptr;
    case MessageType::events_reply:
      return VerifiedRoot<wire::EventBatchReply>(payload) != nullptr;
    case MessageType::profiles_reply:
      return VerifiedRoot<wire::ProfilesReply>(payload) != nullptr;
    case MessageType::records_reply:
      return VerifiedRoot<wire::RecordsReply>(payload) != nullptr;
    case MessageType::names_reply:
      return VerifiedRoot<wire::NamesReply>(payload) != nullptr;
    case MessageType::orders_reply:
      return VerifiedRoot<wire::EventBatchReply>(payload) != nullptr;
    case MessageType::explain_reply:
      return VerifiedRoot<wire::ExplainReply>(payload) != nullptr;
    case MessageType::list_reply:
      return VerifiedRoot<wire::ListReply>(payload) != nullptr;
    case MessageType::count_reply:
      return VerifiedRoot<wire::CountReply>(payload) != nullptr;
    case MessageType::rfm_reply:
      return VerifiedRoot<wire::RfmReply>(payload) != nullptr;
    case MessageType::abc_reply:
      return VerifiedRoot<wire::AbcReply>(payload) != nullptr;
    case MessageType::value_reply:
      return VerifiedRoot<wire::ValueReply>(payload) != nullptr;
    case MessageType::phases_reply:
      return VerifiedRoot<wire::PhasesReply>(payload) != nullptr;
    case MessageType::pipeline_reply:
      return VerifiedRoot<wire::PipelineReply>(payload) != nullptr;
    case MessageType::watch_reply:
      return VerifiedRoot<wire::WatchReply>(payload) != nullptr;
    case MessageType::churn_reply:
      return VerifiedRoot<wire::ChurnReply>(payload) != nullptr;
    case MessageType::waterfall_reply:
      return VerifiedRoot<wire::WaterfallReply>(payload) != nullptr;
    case MessageType::conversion_reply:
      return VerifiedRoot<wire::ConversionReply>(payload) != nullptr;
    case MessageType::status_reply:
      return VerifiedRoot<wire::StatusReply>(payload) != nullptr;
    case MessageType::reload_reply:
      return VerifiedRoot<wire::ReloadReply>(payload) != nullptr;
    case MessageType::advance_day_reply:
      return VerifiedRoot<wire::AdvanceDayReply>(payload) != nullptr;
    case MessageType::snapshot_reply:
    case MessageType::backup_reply:
      return VerifiedRoot<wire::SnapshotReply>(payload) != nullptr;
    case MessageType::export_customer_reply:
      return VerifiedRoot<wire::ExportReply>(payload) != nullptr;
    case MessageType::what_if_reply:
      return VerifiedRoot<wire::WhatIfReply>(payload) != nullptr;
    default:
      return false;
  }
}

Error ToError(std::span<const uint8_t> payload) {
  const auto* refusal = VerifiedRoot<wire::Error>(payload);
  if (refusal == nullptr) return Unreadable("It sent an error that is no sound message.");
  return ToError(*std::unique_ptr<wire::ErrorT>(refusal->UnPack()));
}

Error ToError(const wire::ErrorT& refusal) {
  Error error;
  error.kind = ErrorKind::kRefused;
  error.code = refusal.code;
  error.message = refusal.message;
  error.field = refusal.field;
  if (refusal.position.has_value()) error.position = *refusal.position;
  return error;
}

bool EndsConnection(wire::ErrorCode code) {
  switch (code) {
    case wire::ErrorCode::bad_frame:
    case wire::ErrorCode::unsupported_version:
    case wire::ErrorCode::handshake_required:
    case wire::ErrorCode::frame_too_large:
    case wire::ErrorCode::bad_message:
      return true;
    default:
      return false;
  }
}

Error InvalidCall(std::string message, std::string field) {
  return {ErrorKind::kInvalid, {}, std::move(message), std::move(field), {}};
}

Error Unreadable(const std::string& what) {
  return {ErrorKind::kProtocol, {}, "The server's answer cannot be read. " + what, {}, {}};
}

}  // namespace kundig::client
