// What a session knows of the rest of the server: somebody takes a request and answers it once.
//
// A session must not know the engine, and a handler must not know sockets; this header is all they
// share.

#ifndef KUNDIG_SERVER_REQUEST_HANDLER_H_
#define KUNDIG_SERVER_REQUEST_HANDLER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "schemas/admin_generated.h"

namespace kundig::server {

struct Answer {
  wire::MessageType type = wire::MessageType::none;
  std::vector<uint8_t> payload;
};

// The chunks of a long answer, made one at a time when the connection has room for the next.
//
// Thread safety: used by one thread at a time.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;
  // The next chunk; nullopt after the last. With `cancelled`, the last chunk, which says so.
  virtual std::optional<Answer> Next(bool cancelled) = 0;
};

// Where one answer goes. Exactly one method is called, exactly once, from any thread; an answer for
// a connection that is gone is dropped. A responder that is destroyed unanswered answers
// `internal`.
//
// Thread safety: one thread at a time; it may move between threads.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void Send(wire::MessageType type, std::span<const uint8_t> payload) = 0;
  virtual void Stream(std::unique_ptr<ChunkSource> chunks) = 0;
  // False once the connection is gone: long work for its answer need not begin. It must still be
  // answered.
  virtual bool Wanted() const { return true; }
};

// Where the answers of a run of lookups go, in the order of its requests.
//
// Thread safety: used by the thread that called HandleLookups, until that returns.
class LookupSink {
 public:
  virtual ~LookupSink() = default;
  // The answer of the next request; its payload is `head` and `body` behind each other, both the
  // caller's again on return. False: this answer ends the connection, and the requests behind it
  // are not to be answered.
  virtual bool Answer(wire::MessageType type, std::span<const uint8_t> head,
                      std::span<const uint8_t> body = {}) = 0;
};

class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // Called on the session's network thread for requests of one type, profiles (that name no day) or
  // records, that came
  // one right behind the other with nothing unanswered before them: at least one, at most
  // kMaxRunRequests. Answers each before it returns; must not block. What a lookup costs beside the
  // look-up itself (a lock, memory, virtual calls) is then paid once for all of them. Payloads as
  // in Handle, but only kLookupAlignment-aligned. Lookups that must wait for an earlier request
  // come through Handle.
  virtual void HandleLookups(wire::MessageType type,
                             std::span<const std::span<const uint8_t>> payloads,
                             LookupSink* sink) = 0;
  // Called on the session's network thread; must not block. `payload` has the frame's checksum
  // behind it but is otherwise unverified; it is 16-byte aligned and valid only until Handle
  // returns. Handshake, ping and cancel are the session's own and never arrive here.
  virtual void Handle(wire::MessageType type, std::span<const uint8_t> payload,
                      std::unique_ptr<Responder> responder) = 0;
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_REQUEST_HANDLER_H_
