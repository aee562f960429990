#include "tools/one_event.h"

namespace kundig::tools {

client::Result<wire::EventBatchReplyT> SendEvent(client::Client* client,
                                                 std::unique_ptr<wire::EventT> event) {
  wire::EventBatchT batch;
  batch.events.push_back(std::move(event));
  client::Result<wire::EventBatchReplyT> reply = client->Send(batch);
  if (!reply || reply->refused.empty()) return reply;
  const wire::ErrorT& refused = *reply->refused.front()->error;
  client::Error error;
  error.kind = client::ErrorKind::kRefused;
  error.code = refused.code;
  error.message = refused.message;
  error.field = refused.field;
  return error;
}

}  // namespace kundig::tools
