// How a dispatcher sends what it has: replies and refusals, made in a builder that each thread
// keeps.
//
// Thread safety: any thread.

#ifndef KUNDIG_SERVER_SENDING_H_
#define KUNDIG_SERVER_SENDING_H_

#include <flatbuffers/flatbuffers.h>

#include <cstddef>
#include <string>

#include "schemas/admin_generated.h"
#include "server/refusal.h"
#include "server/request_handler.h"

namespace kundig::server {

// A builder that is kept gives its memory back where an answer took more than this.
inline constexpr size_t kKeptBuilderBytes = size_t{1} << 20;

// Kept from request to request.
flatbuffers::FlatBufferBuilder* ThreadBuilder();
// Sends what `builder` holds.
void SendBuilt(wire::MessageType type, flatbuffers::FlatBufferBuilder* builder,
               Responder* responder);
void SendRefusal(const Refusal& refusal, Responder* responder);

// Sends the reply that `encode(builder)` makes.
template <typename Encode>
void SendReply(wire::MessageType type, Responder* responder, Encode encode) {
  flatbuffers::FlatBufferBuilder* builder = ThreadBuilder();
  encode(builder);
  SendBuilt(type, builder, responder);
}

Refusal Overloaded(const char* limit, std::string message);
Refusal ShuttingDown();

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_SENDING_H_
