#include "tools/import_client_port.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <future>
#include <optional>
#include <utility>

namespace kundig::tools {

namespace {

// Enough that neither side waits for the other, few enough that a server under load is not buried.
constexpr size_t kBatchesInFlight = 8;
// What the handshake says where nothing outlives the server.
constexpr char kNotDurable[] = "none";

client::Options PortOptions(const std::string& server, std::chrono::milliseconds deadline) {
  client::Options options;
  options.server = server;
  options.name = "kundig import";
  options.deadline = deadline;
  options.max_in_flight = kBatchesInFlight;
  // Else an import whose server is away looks as if it hung.
  options.connection_changed = [server, deadline](const std::optional<client::Error>& lost) {
    if (!lost) {
      fmt::print(stderr, "kundig: connected to {} again\n", server);
      return;
    }
    fmt::print(stderr, "kundig: lost the server at {}; trying again for {} seconds ({})\n", server,
               std::chrono::duration_cast<std::chrono::seconds>(deadline).count(), lost->message);
  };
  return options;
}

}  // namespace

ClientPort::~ClientPort() {
  Drain();
}

client::Result<client::ServerInfo> ClientPort::Reach(const client::Options& options) {
  client_.emplace(options);
  std::promise<client::Result<client::ServerInfo>> promise;
  auto info = promise.get_future();
  client_->Connect([&promise](client::Result<client::ServerInfo> answer) {
    promise.set_value(std::move(answer));
  });
  return info.get();
}

client::Result<std::unique_ptr<ClientPort>> ClientPort::Connect(
    const std::string& server, std::chrono::milliseconds deadline) {
  std::unique_ptr<ClientPort> port(new ClientPort());
  client::Options options = PortOptions(server, deadline);
  auto info = port->Reach(options);
  if (info && info->durability == kNotDurable) {
    options.reconnect = false;
    options.connection_changed = nullptr;
    info = port->Reach(options);
  }
  if (!info) return info.error();
  port->server_ = std::move(*info);
  return port;
}

client::BatchName ClientPort::NextBatch() {
  return {producer_, ++last_batch_};
}

void ClientPort::Send(std::vector<uint8_t> batch, Done done) {
  WaitForFewerThan(kBatchesInFlight);
  std::optional<client::Error> failed;
  {
    const std::lock_guard lock(mutex_);
    failed = failed_;
    if (!failed) ++unanswered_;
  }
  if (failed) return done(*failed);
  client_->Request(
      wire::MessageType::events, std::move(batch),
      [this, done = std::move(done)](client::Result<client::AsyncClient::RawAnswer> answer) {
        if (answer.has_error()) {
          done(answer.error());
        } else {
          wire::EventBatchReplyT reply;
          flatbuffers::GetRoot<wire::EventBatchReply>(answer->data())->UnPackTo(&reply);
          done(std::move(reply));
        }
        const std::lock_guard lock(mutex_);
        if (answer.has_error() && !failed_) failed_ = answer.error();
        --unanswered_;
        answered_.notify_all();
      });
}

void ClientPort::Drain() {
  WaitForFewerThan(1);
}

void ClientPort::WaitForFewerThan(size_t batches) {
  std::unique_lock lock(mutex_);
  answered_.wait(lock, [&] { return unanswered_ < batches; });
}

}  // namespace kundig::tools
