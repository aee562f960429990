#include "server/handshake.h"

#include <flatbuffers/flatbuffers.h>

#include "schemas/verified.h"

namespace kundig::server {

namespace {

std::vector<uint8_t> Finished(flatbuffers::FlatBufferBuilder* builder) {
  return {builder->GetBufferPointer(), builder->GetBufferPointer() + builder->GetSize()};
}

}  // namespace

std::vector<uint8_t> EncodeHelloReply(const ServerInfo& info, uint32_t max_frame_bytes,
                                      uint32_t max_in_flight) {
  flatbuffers::FlatBufferBuilder builder;
  const auto name = builder.CreateString(info.name);
  const auto version = builder.CreateString(info.version);
  const auto currency = builder.CreateString(info.currency);
  const auto time_zone = builder.CreateString(info.time_zone);
  const auto stages = builder.CreateVectorOfStrings(info.stages);
  const auto durability = builder.CreateString(info.durability);
  const wire::Limits limits(max_frame_bytes, max_in_flight, info.max_profile_ids,
                            info.max_batch_events);
  builder.Finish(wire::CreateHelloReply(builder, wire::kProtocolVersion, name, version, &limits,
                                        currency, time_zone, stages, durability));
  return Finished(&builder);
}

std::optional<HelloRefusal> JudgeHello(const wire::Frame& frame) {
  if (static_cast<wire::MessageType>(frame.header.type) != wire::MessageType::hello) {
    return HelloRefusal{wire::ErrorCode::handshake_required,
                        "The first frame of a connection must be a hello."};
  }
  const wire::Hello* hello = wire::VerifiedRoot<wire::Hello>(frame.payload);
  if (hello == nullptr) {
    return HelloRefusal{wire::ErrorCode::bad_message, "The payload is no sound Hello."};
  }
  if (hello->protocol_min() > wire::kProtocolVersion ||
      hello->protocol_max() < wire::kProtocolVersion) {
    return HelloRefusal{
        wire::ErrorCode::unsupported_version,
        "This server speaks protocol version " + std::to_string(wire::kProtocolVersion) + " only."};
  }
  return std::nullopt;
}

std::vector<uint8_t> EncodeSessionError(wire::ErrorCode code, std::string_view message,
                                        std::string_view field) {
  flatbuffers::FlatBufferBuilder builder(256);
  const auto message_at = builder.CreateString(message.data(), message.size());
  const auto field_at = field.empty() ? flatbuffers::Offset<flatbuffers::String>()
                                      : builder.CreateString(field.data(), field.size());
  builder.Finish(wire::CreateError(builder, code, message_at, field_at));
  return Finished(&builder);
}

}  // namespace kundig::server
