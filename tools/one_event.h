// Telling the book a single event, as a command does that changes one customer.
//
// Thread safety: pure functions over the client that is given.

#ifndef KUNDIG_TOOLS_ONE_EVENT_H_
#define KUNDIG_TOOLS_ONE_EVENT_H_

#include <memory>
#include <utility>

#include "client/client.h"

namespace kundig::tools {

client::Result<wire::EventBatchReplyT> SendEvent(client::Client* client,
                                                 std::unique_ptr<wire::EventT> event);

// The answer of a batch of this event alone, or why it was refused. `body` is the object of an
// EventBody (wire::EraseT, ...).
template <typename Body>
client::Result<wire::EventBatchReplyT> SendOne(client::Client* client, Body body) {
  auto event = std::make_unique<wire::EventT>();
  event->body.Set(std::move(body));
  return SendEvent(client, std::move(event));
}

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_ONE_EVENT_H_
