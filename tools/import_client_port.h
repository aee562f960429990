// The server as an import sees it: batches in flight over one connection, so that the server
// applies one while the next is being read and packed.
//
// Thread safety: as BatchPort.

#ifndef KUNDIG_TOOLS_IMPORT_CLIENT_PORT_H_
#define KUNDIG_TOOLS_IMPORT_CLIENT_PORT_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "tools/import_port.h"

namespace kundig::tools {

class ClientPort : public BatchPort {
 public:
  // Connects and shakes hands.
  static client::Result<std::unique_ptr<ClientPort>> Connect(const std::string& server);
  ~ClientPort() override;

  const client::ServerInfo& server() const { return server_; }

  void Send(std::vector<uint8_t> batch, Done done) override;
  void Drain() override;
  size_t max_batch_events() const override { return server_.max_batch_events; }
  size_t max_batch_bytes() const override { return server_.max_frame_bytes; }

 private:
  explicit ClientPort(const client::Options& options);

  void WaitForFewerThan(size_t batches);

  client::ServerInfo server_;
  std::mutex mutex_;
  std::condition_variable answered_;
  size_t unanswered_ = 0;  // guarded by mutex_
  // Last, so that its thread ends before what its callbacks use.
  client::AsyncClient client_;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_IMPORT_CLIENT_PORT_H_
