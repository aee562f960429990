// The server as an import sees it: batches in flight over one connection, so that the server
// applies one while the next is being read and packed.
//
// A server that keeps its book may be restarted in the middle of an import: what has no answer is
// sent again, and as each batch has a name nothing is applied twice. A book that lives in memory
// only is gone with its server, so there a lost connection ends the import: going on would leave a
// gap that nobody noticed.
//
// Thread safety: as BatchPort.

#ifndef KUNDIG_TOOLS_IMPORT_CLIENT_PORT_H_
#define KUNDIG_TOOLS_IMPORT_CLIENT_PORT_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "client/batch_numbering.h"
#include "tools/import_port.h"

namespace kundig::tools {

class ClientPort : public BatchPort {
 public:
  // A batch may wait behind others, behind a scan of a large book, and for a server that starts and
  // reads its journal.
  static constexpr std::chrono::milliseconds kBatchDeadline{60'000};

  // Connects and shakes hands. `deadline` is that of each batch, and so also the longest time for
  // which a server may be away.
  static client::Result<std::unique_ptr<ClientPort>> Connect(
      const std::string& server, std::chrono::milliseconds deadline = kBatchDeadline);
  ~ClientPort() override;

  const client::ServerInfo& server() const { return server_; }

  client::BatchName NextBatch() override;
  void Send(std::vector<uint8_t> batch, Done done) override;
  void Drain() override;
  size_t max_batch_events() const override { return server_.max_batch_events; }
  size_t max_batch_bytes() const override { return server_.max_frame_bytes; }

 private:
  ClientPort() = default;

  client::Result<client::ServerInfo> Reach(const client::Options& options);
  void WaitForFewerThan(size_t batches);

  client::ServerInfo server_;
  const std::string producer_ = client::NewProducerName();
  uint64_t last_batch_ = 0;
  std::mutex mutex_;
  std::condition_variable answered_;
  size_t unanswered_ = 0;  // guarded by mutex_
  // Of the first batch that got no answer, guarded by mutex_: what comes behind it would wait as
  // long for nothing.
  std::optional<client::Error> failed_;
  // Last, so that its thread ends before what its callbacks use.
  std::optional<client::AsyncClient> client_;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_IMPORT_CLIENT_PORT_H_
