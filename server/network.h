// The network threads: each runs one io_context with its sessions; the first also accepts.
//
// A connection stays on the thread that it was given to, in turn, so that nothing of a session
// needs a lock.
//
// Thread safety: Listen, Start, Drain and Stop by one thread that is no network thread,
// in this order; CutOff from
// any thread.

#ifndef KUNDIG_SERVER_NETWORK_H_
#define KUNDIG_SERVER_NETWORK_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/result.h"
#include "server/handshake.h"
#include "server/incidents.h"
#include "server/limits.h"
#include "server/request_handler.h"
#include "server/session.h"

namespace kundig::server {

struct NetworkOptions {
  int threads = 1;
  uint32_t max_connections = kMaxConnections;
  SessionLimits session{};
};

class Network {
 public:
  explicit Network(const NetworkOptions& options);
  ~Network();  // as Stop
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // Takes the address; nobody is answered before Start. Error: as Listener::Listen.
  engine::Result<void> Listen(const std::string& address);
  // HOST:PORT in use.
  const std::string& address() const { return address_; }
  // `handler` must outlive the network.
  void Start(const ServerInfo& info, RequestHandler* handler);
  // What connections are told from now on; after Start, from any thread but those of the network.
  void Announce(const ServerInfo& info);

  // Takes no new connections, answers what is in flight, refuses further requests with
  // shutting_down, and returns when all connections are closed, at the latest after `timeout` or
  // with CutOff. Whether everything was answered.
  bool Drain(std::chrono::milliseconds timeout);
  // Ends a Drain at once.
  void CutOff();
  // Closes what is open and ends the threads.
  void Stop();

  uint32_t open_connections() const { return open_.load(std::memory_order_relaxed); }
  const Incidents& incidents() const { return incidents_; }

 private:
  class Thread;

  void OnAccepted(Socket socket, Thread* thread);
  void OnClosed(bool refused);

  const NetworkOptions options_;
  Incidents incidents_;
  std::string address_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::unique_ptr<class Listener> listener_;
  size_t next_thread_ = 0;  // used by the first thread

  std::atomic<uint32_t> open_{0};
  std::atomic<uint32_t> refused_{0};  // being told so
  std::mutex mutex_;
  std::condition_variable changed_;
  bool cut_off_ = false;
  bool running_ = false;
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_NETWORK_H_
