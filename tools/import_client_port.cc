#include "tools/import_client_port.h"

#include <future>
#include <utility>

namespace kundig::tools {

namespace {

// Enough that neither side waits for the other, few enough that a server under load is not buried.
constexpr size_t kBatchesInFlight = 8;
// A batch may wait behind others and behind a scan of a large book.
constexpr std::chrono::milliseconds kBatchDeadline{60'000};

client::Options PortOptions(const std::string& server) {
  client::Options options;
  options.server = server;
  options.name = "kundig import";
  options.deadline = kBatchDeadline;
  // A second connection would carry on behind a gap that nobody noticed.
  options.reconnect = false;
  options.max_in_flight = kBatchesInFlight;
  return options;
}

}  // namespace

ClientPort::ClientPort(const client::Options& options) : client_(options) {}

ClientPort::~ClientPort() {
  Drain();
}

client::Result<std::unique_ptr<ClientPort>> ClientPort::Connect(const std::string& server) {
  std::unique_ptr<ClientPort> port(new ClientPort(PortOptions(server)));
  std::promise<client::Result<client::ServerInfo>> promise;
  auto info = promise.get_future();
  port->client_.Connect([&promise](client::Result<client::ServerInfo> answer) {
    promise.set_value(std::move(answer));
  });
  auto answer = info.get();
  if (answer.has_error()) return answer.error();
  port->server_ = std::move(*answer);
  return port;
}

void ClientPort::Send(std::vector<uint8_t> batch, Done done) {
  WaitForFewerThan(kBatchesInFlight);
  {
    const std::lock_guard lock(mutex_);
    ++unanswered_;
  }
  client_.Request(
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
