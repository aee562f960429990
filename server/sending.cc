#include "server/sending.h"

#include <utility>

#include "server/encode.h"

namespace kundig::server {

flatbuffers::FlatBufferBuilder* ThreadBuilder() {
  thread_local flatbuffers::FlatBufferBuilder builder;
  return &builder;
}

void SendBuilt(wire::MessageType type, flatbuffers::FlatBufferBuilder* builder,
               Responder* responder) {
  responder->Send(type, Payload(*builder));
  if (builder->GetSize() > kKeptBuilderBytes) builder->Reset();
}

void SendRefusal(const Refusal& refusal, Responder* responder) {
  flatbuffers::FlatBufferBuilder* builder = ThreadBuilder();
  EncodeError(refusal, builder);
  SendBuilt(wire::MessageType::error, builder, responder);
}

Refusal Overloaded(const char* limit, std::string message) {
  return Refusal{.code = wire::ErrorCode::overloaded,
                 .message = std::move(message),
                 .field = limit,
                 .position = std::nullopt};
}

Refusal ShuttingDown() {
  return Refusal{
      .code = wire::ErrorCode::shutting_down,
      .message = "The server is stopping and did not do this; ask again when it is back.",
      .field = {},
      .position = std::nullopt};
}

}  // namespace kundig::server
