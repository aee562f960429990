// Where an import sends its events: all that the importers know of a server. The real one is in
// import_client_port.h; tests put a book of their own behind it.
//
// Thread safety: NextBatch, Send and Drain are called by one thread; `done` may be called from
// another, one call at a time and in the order of sending, and must not block.

#ifndef KUNDIG_TOOLS_IMPORT_PORT_H_
#define KUNDIG_TOOLS_IMPORT_PORT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "client/client.h"

namespace kundig::tools {

class BatchPort {
 public:
  using Done = std::function<void(const client::Result<wire::EventBatchReplyT>&)>;

  virtual ~BatchPort() = default;

  // The name that the next batch must carry, so that it is applied once however often it has to be
  // sent.
  virtual client::BatchName NextBatch() = 0;
  // `batch` is a finished wire::EventBatch with the name of the last NextBatch(). Waits while too
  // many batches are unanswered.
  virtual void Send(std::vector<uint8_t> batch, Done done) = 0;
  // Returns when every batch that was sent is answered.
  virtual void Drain() = 0;
  // What the server takes in one batch.
  virtual size_t max_batch_events() const = 0;
  virtual size_t max_batch_bytes() const = 0;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_IMPORT_PORT_H_
