#include "server/network.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "server/listener.h"
#include "server/log.h"

namespace kundig::server {

namespace asio = boost::asio;

// Everything but Run, Join, context and Post is called on the thread itself.
class Network::Thread {
 public:
  explicit Thread(Network* network)
      : network_(network), io_context_(1), work_(io_context_.get_executor()) {
    session_context_.io_context = &io_context_;
    session_context_.incidents = &network->incidents_;
    session_context_.limits = network->options_.session;
    session_context_.on_closed = [this](Session* session) { OnClosed(session); };
  }

  asio::io_context& context() { return io_context_; }
  void Run(const std::vector<uint8_t>& hello_reply, RequestHandler* handler) {
    session_context_.hello_reply = hello_reply;
    session_context_.handler = handler;
    thread_ = std::thread([this] { io_context_.run(); });
  }
  // On the thread itself.
  void Announce(const std::vector<uint8_t>& hello_reply) {
    session_context_.hello_reply = hello_reply;
  }
  void Join() { thread_.join(); }
  template <typename Task>
  void Post(Task task) {
    asio::post(io_context_, std::move(task));
  }

  void Serve(Socket socket, bool refused) {
    auto session = std::make_shared<Session>(&session_context_, std::move(socket));
    sessions_.emplace(session.get(), Entry{session, refused});
    if (refused) {
      session->Refuse(wire::ErrorCode::limit_exceeded,
                      "The server has as many connections as it takes; try again later.",
                      "max_connections");
      return;
    }
    session->Start();
    if (draining_) session->Drain();
  }

  void Drain() {
    draining_ = true;
    for (const std::shared_ptr<Session>& session : Sessions()) session->Drain();
  }

  void End() {
    for (const std::shared_ptr<Session>& session : Sessions()) session->Close();
    work_.reset();
  }

 private:
  struct Entry {
    std::shared_ptr<Session> session;
    bool refused;
  };

  // A copy, because a session that closes leaves the table.
  std::vector<std::shared_ptr<Session>> Sessions() const {
    std::vector<std::shared_ptr<Session>> all;
    all.reserve(sessions_.size());
    for (const auto& [key, entry] : sessions_) all.push_back(entry.session);
    return all;
  }

  void OnClosed(Session* session) {
    const auto found = sessions_.find(session);
    const bool refused = found->second.refused;
    sessions_.erase(found);
    network_->OnClosed(refused);
  }

  Network* const network_;
  // Before the sessions, which hold sockets of it.
  asio::io_context io_context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  SessionContext session_context_;
  std::unordered_map<Session*, Entry> sessions_;
  bool draining_ = false;
  std::thread thread_;
};

Network::Network(const NetworkOptions& options) : options_(options) {
  for (int i = 0; i < options.threads; ++i) threads_.push_back(std::make_unique<Thread>(this));
  listener_ = std::make_unique<Listener>(&threads_.front()->context(), &incidents_);
}

Network::~Network() {
  Stop();
}

engine::Result<void> Network::Listen(const std::string& address) {
  engine::Result<void> listening = listener_->Listen(address);
  if (listening) address_ = listener_->address();
  return listening;
}

void Network::Start(const ServerInfo& info, RequestHandler* handler) {
  running_ = true;
  const std::vector<uint8_t> hello_reply =
      EncodeHelloReply(info, options_.session.max_frame_bytes, options_.session.max_in_flight);
  for (const auto& thread : threads_) thread->Run(hello_reply, handler);
  threads_.front()->Post([this] {
    listener_->Start(
        [this]() -> asio::io_context& {
          return threads_[next_thread_ % threads_.size()]->context();
        },
        [this](Socket socket) {
          OnAccepted(std::move(socket), threads_[next_thread_++ % threads_.size()].get());
        });
  });
}

void Network::Announce(const ServerInfo& info) {
  const std::vector<uint8_t> hello_reply =
      EncodeHelloReply(info, options_.session.max_frame_bytes, options_.session.max_in_flight);
  for (const auto& thread : threads_) {
    thread->Post([to = thread.get(), hello_reply] { to->Announce(hello_reply); });
  }
}

void Network::OnAccepted(Socket socket, Thread* thread) {
  const bool refused = open_.load(std::memory_order_relaxed) >= options_.max_connections;
  if (refused) {
    boost::system::error_code error;
    const auto peer = socket.remote_endpoint(error);
    incidents_.Report(Incident::kConnectionRefused,
                      {{"peer", error ? "unknown" : peer.address().to_string()},
                       {"max_connections", options_.max_connections}});
    if (refused_.load(std::memory_order_relaxed) >= kMaxRefusedConnections) return;
  }
  (refused ? refused_ : open_).fetch_add(1, std::memory_order_relaxed);
  thread->Post([thread, refused, socket = std::move(socket)]() mutable {
    thread->Serve(std::move(socket), refused);
  });
}

void Network::OnClosed(bool refused) {
  (refused ? refused_ : open_).fetch_sub(1, std::memory_order_relaxed);
  // Under the mutex, so that a Drain which has just looked does not miss it.
  const std::lock_guard<std::mutex> lock(mutex_);
  changed_.notify_all();
}

bool Network::Drain(std::chrono::milliseconds timeout) {
  threads_.front()->Post([this] {
    listener_->Stop();
    // From here, behind the last connection that was handed to a thread.
    for (const auto& thread : threads_) thread->Post([&thread = *thread] { thread.Drain(); });
  });
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return cut_off_ || open_connections() == 0; });
  return open_connections() == 0;
}

void Network::CutOff() {
  const std::lock_guard<std::mutex> lock(mutex_);
  cut_off_ = true;
  changed_.notify_all();
}

void Network::Stop() {
  if (!std::exchange(running_, false)) return;
  // The listener first and by itself: it hands sockets to the threads as long as it runs.
  std::mutex mutex;
  std::condition_variable stopped;
  bool listener_stopped = false;
  threads_.front()->Post([&] {
    listener_->Stop();
    const std::lock_guard<std::mutex> lock(mutex);
    listener_stopped = true;
    stopped.notify_all();
  });
  std::unique_lock<std::mutex> lock(mutex);
  stopped.wait(lock, [&] { return listener_stopped; });
  for (const auto& thread : threads_) thread->Post([&thread = *thread] { thread.End(); });
  for (const auto& thread : threads_) thread->Join();
}

}  // namespace kundig::server
