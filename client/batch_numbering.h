// How batches get the names under which the server takes them once, and what a request is that may
// be sent again after its answer was lost.
//
// Thread safety: pure functions.

#ifndef KUNDIG_CLIENT_BATCH_NUMBERING_H_
#define KUNDIG_CLIENT_BATCH_NUMBERING_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "client/client.h"

namespace kundig::client {

// A name that nobody else has: 128 random bits in hexadecimal.
std::string NewProducerName();

// The name of a batch that gets its number only when it is sent: numbers then rise in the order of
// sending, whatever threads race before.
BatchName ToBeNumbered(const std::string& producer);
// Numbers a payload that was packed with ToBeNumbered(). `type` is events or orders.
void SetBatchNumber(wire::MessageType type, uint64_t number, std::vector<uint8_t>* payload);

inline bool IsBatch(wire::MessageType type) {
  return type == wire::MessageType::events || type == wire::MessageType::orders;
}
// Whether executing the request twice is the same as once: it is a question, or a named batch.
bool MaySendAgain(wire::MessageType type, std::span<const uint8_t> payload);

}  // namespace kundig::client

#endif  // KUNDIG_CLIENT_BATCH_NUMBERING_H_
