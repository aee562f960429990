// Lookups of customers, many requests at a time: decoded, looked up in the book under one lock and
// one pipeline of memory accesses, encoded. Nothing is allocated for a request once a thread is
// warm.
//
// Thread safety: any thread.

#ifndef KUNDIG_SERVER_LOOKUPS_H_
#define KUNDIG_SERVER_LOOKUPS_H_

#include <cstdint>
#include <span>

#include "engine/book.h"
#include "server/request_handler.h"

namespace kundig::server {

class Lookups {
 public:
  // `book` outlives this.
  Lookups(const engine::Book* book, uint32_t max_ids) : book_(book), max_ids_(max_ids) {}

  // As RequestHandler::HandleLookups. A request that is refused does not touch the others.
  void Answer(wire::MessageType type, std::span<const std::span<const uint8_t>> payloads,
              LookupSink* sink) const;
  // One request that had to wait.
  void Answer(wire::MessageType type, std::span<const uint8_t> payload, Responder* responder) const;

 private:
  const engine::Book* const book_;
  const uint32_t max_ids_;  // of one request
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_LOOKUPS_H_
