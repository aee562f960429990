// Between the bytes of an answer and the client's types: packing, which answer belongs to which
// request, and what a server's refusal means.
//
// Thread safety: pure functions.

#ifndef KUNDIG_CLIENT_MESSAGE_H_
#define KUNDIG_CLIENT_MESSAGE_H_

#include <flatbuffers/flatbuffers.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "client/client.h"

namespace kundig::client {

// The payload that says `native`, one of the schemas' object types.
template <typename T>
std::vector<uint8_t> Packed(const T& native) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(T::TableType::Pack(builder, &native));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

// The payload that asks for the records of these customers, without a copy of each id first.
std::vector<uint8_t> PackedRecordsRequest(std::span<const std::string> customers);

// The payload of a batch of events; of an unnamed one where the name has no producer.
std::vector<uint8_t> PackedEvents(std::span<const std::unique_ptr<wire::EventT>> events,
                                  const BatchName& name);

// The reverse, for a payload that HasSoundAnswer() or VerifiedRoot() said yes to.
template <typename T>
T Unpacked(std::span<const uint8_t> payload) {
  T native;
  flatbuffers::GetRoot<typename T::TableType>(payload.data())->UnPackTo(&native);
  return native;
}

template <typename T>
Result<T> UnpackedAnswer(const Result<AsyncClient::RawAnswer>& answer) {
  if (!answer) return answer.error();
  return Unpacked<T>(*answer);
}

// Whether a client may send `type` as a request of its own: all but the handshake and cancel.
bool IsRequest(wire::MessageType type);
wire::MessageType ReplyTypeOf(wire::MessageType request);
// Whether the answer of a request comes in chunks, which `cancel` ends early.
bool IsStreamed(wire::MessageType request);
// Whether this sound answer is the last frame of its request's answer.
bool IsLastChunk(wire::MessageType reply, std::span<const uint8_t> payload);
// Whether `payload` is a sound answer of `type`, which must be the reply type of a request.
bool HasSoundAnswer(wire::MessageType type, std::span<const uint8_t> payload);

// The server's refusal in `payload`; kProtocol where it cannot be read.
Error ToError(std::span<const uint8_t> payload);
Error ToError(const wire::ErrorT& refusal);
// Whether the server closes the connection after an error of this code.
bool EndsConnection(wire::ErrorCode code);

Error InvalidCall(std::string message, std::string field);
// `what` is a sentence about what the server did.
Error Unreadable(const std::string& what);

}  // namespace kundig::client

#endif  // KUNDIG_CLIENT_MESSAGE_H_
