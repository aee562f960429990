// The short way of a lookup: those that came right behind each other on one connection are taken
// from its reader where they lie, handed to the handler in one call, and their answers written
// straight behind the bytes to be sent. No responder, no place in the queue, no copy.
//
// Only for a connection that owes no answer, so that the order of answers is that of requests and
// no write is under way which a lookup would have to see.
//
// Thread safety: belongs to a network thread; its sessions share one, one at a time.

#ifndef KUNDIG_SERVER_LOOKUP_RUN_H_
#define KUNDIG_SERVER_LOOKUP_RUN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "schemas/frame.h"
#include "server/answer_queue.h"
#include "server/limits.h"
#include "server/request_handler.h"

namespace kundig::server {

class LookupRun final : private LookupSink {
 public:
  enum class Outcome : uint8_t {
    kNone,      // what comes next is no whole lookup of now, or none that lies as it may be read
    kAnswered,  // all that were taken
    kEnds,      // the last answer ends the connection
  };
  // Takes what comes next and has it answered. `answers` must be empty.
  Outcome Answer(wire::FrameReader* reader, RequestHandler* handler, AnswerQueue* answers);

 private:
  void Take(wire::FrameReader* reader, wire::MessageType type);
  bool Answer(wire::MessageType type, std::span<const uint8_t> head,
              std::span<const uint8_t> body) override;

  AnswerQueue* answers_ = nullptr;  // of the connection being answered
  size_t taken_ = 0, answered_ = 0;
  bool ends_ = false;
  std::array<uint32_t, kMaxRunRequests> request_ids_;
  std::array<std::span<const uint8_t>, kMaxRunRequests> payloads_;
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_LOOKUP_RUN_H_
