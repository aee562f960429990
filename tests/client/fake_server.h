// A server without an engine: shakes hands and gives every further frame to the test's handler,
// which answers as it likes, late, wrongly or not at all.
//
// Thread safety: the handler runs on the server's thread; so do all methods of Peer. The methods of
// FakeServer may be called from any thread.

#ifndef KUNDIG_TESTS_CLIENT_FAKE_SERVER_H_
#define KUNDIG_TESTS_CLIENT_FAKE_SERVER_H_

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/client.h"
#include "client/message.h"
#include "schemas/absent.h"
#include "schemas/frame.h"

namespace kundig::client {

class Peer : public std::enable_shared_from_this<Peer> {
 public:
  using Handler = std::function<void(Peer& peer, const wire::Frame& frame)>;

  Peer(boost::asio::ip::tcp::socket socket, const Handler* handler, const Handler* hello,
       std::atomic<uint64_t>* written)
      : socket_(std::move(socket)), handler_(handler), hello_(hello), written_(written) {}

  void Read() {
    const auto room = reader_.Writable();
    socket_.async_read_some(
        boost::asio::buffer(room.data(), room.size()),
        [self = shared_from_this()](const boost::system::error_code& error, size_t bytes) {
          if (error || !self->open_) return;
          self->reader_.Commit(bytes);
          while (const auto frame = self->reader_.Next()) {
            (*(std::exchange(self->greeted_, true) ? self->handler_ : self->hello_))(*self, *frame);
            if (!self->open_ || !self->reading_) return;
          }
          self->Read();
        });
  }

  template <typename T>
  void Send(wire::MessageType type, uint32_t request_id, const T& message) {
    SendPayload(type, request_id, Packed(message));
  }

  void SendPayload(wire::MessageType type, uint32_t request_id, std::span<const uint8_t> payload) {
    std::vector<uint8_t> frame;
    wire::AppendFrame(static_cast<uint8_t>(type), request_id, payload, &frame);
    SendBytes(frame);
  }

  void SendBytes(std::span<const uint8_t> bytes) {
    outgoing_.insert(outgoing_.end(), bytes.begin(), bytes.end());
    if (writing_.empty()) Write();
  }

  void Refuse(uint32_t request_id, wire::ErrorCode code, std::string message) {
    wire::ErrorT error;
    error.code = code;
    error.message = std::move(message);
    Send(wire::MessageType::error, request_id, error);
  }

  // Unsent bytes are lost.
  void Close() {
    open_ = false;
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  // Closes with a reset instead of an orderly end.
  void Reset() {
    boost::system::error_code ignored;
    socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
    Close();
  }

  void StopReading() { reading_ = false; }

 private:
  void Write() {
    std::swap(writing_, outgoing_);
    boost::asio::async_write(
        socket_, boost::asio::buffer(writing_),
        [self = shared_from_this()](const boost::system::error_code& error, size_t bytes) {
          self->writing_.clear();
          *self->written_ += bytes;
          if (!error && self->open_ && !self->outgoing_.empty()) self->Write();
        });
  }

  boost::asio::ip::tcp::socket socket_;
  const Handler* const handler_;
  const Handler* const hello_;
  std::atomic<uint64_t>* const written_;
  wire::FrameReader reader_{16U << 20};
  std::vector<uint8_t> outgoing_, writing_;
  bool greeted_ = false, open_ = true, reading_ = true;
};

inline wire::HelloReplyT DefaultHelloReply() {
  wire::HelloReplyT reply;
  reply.protocol = wire::kProtocolVersion;
  reply.server_name = "fake";
  reply.server_version = "0";
  reply.limits = std::make_unique<wire::Limits>(8U << 20, 64, 1000, 100);
  reply.currency = "EUR";
  reply.time_zone = "UTC";
  reply.stages = {"Address", "Offer"};
  reply.durability = "none";
  return reply;
}

inline void WelcomeEveryone(Peer& peer, const wire::Frame& frame) {
  peer.Send(wire::MessageType::hello_reply, frame.header.request_id, DefaultHelloReply());
}

class FakeServer {
 public:
  explicit FakeServer(Peer::Handler handler, Peer::Handler hello = WelcomeEveryone,
                      uint16_t port = 0)
      : handler_(std::move(handler)),
        hello_(std::move(hello)),
        acceptor_(io_, {boost::asio::ip::address_v4::loopback(), port}),
        port_(acceptor_.local_endpoint().port()) {
    Accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  ~FakeServer() {
    boost::asio::post(io_, [this] {
      acceptor_.close();
      for (const auto& weak : peers_) {
        if (const auto peer = weak.lock()) peer->Close();
      }
      io_.stop();
    });
    thread_.join();
  }

  // Does `work` on the server's thread and waits for it.
  void Run(const std::function<void()>& work) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }
  // Bytes of all connections that the kernel has taken.
  uint64_t written_bytes() const { return written_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error,
                                  boost::asio::ip::tcp::socket socket) {
      if (error) return;
      ++connections_;
      const auto peer = std::make_shared<Peer>(std::move(socket), &handler_, &hello_, &written_);
      peers_.push_back(peer);
      peer->Read();
      Accept();
    });
  }

  const Peer::Handler handler_, hello_;
  std::atomic<int> connections_ = 0;
  std::atomic<uint64_t> written_ = 0;
  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  const uint16_t port_;
  std::vector<std::weak_ptr<Peer>> peers_;
  std::thread thread_;
};

// A record that has only its revenue, found where it is not 0.
inline wire::ProfileRecord RecordOf(int64_t revenue) {
  return wire::ProfileRecord(
      wire::kNoPotential, revenue, 0, 0, 0, 0, 0, 0, 0, wire::kNoCount, wire::kNoCount, 1, 0, 0,
      wire::kNoDay, wire::kNoDay, wire::kNoDay, wire::kNoDay, wire::kNoDay, wire::kNoDay,
      wire::kNoScore, 0, revenue != 0, false, false, wire::kNoByte, wire::kNoByte, wire::kNoByte,
      wire::kNoByte, wire::kNoByte, wire::kNoByte, wire::kNoByte, 0, 3, 2, 0, wire::kNoByte, 0);
}

// Answers pings, profiles with a customer's id as its segment, and records with the length of the
// id as revenue.
inline void AnswerAsAShop(Peer& peer, const wire::Frame& frame) {
  const auto type = static_cast<wire::MessageType>(frame.header.type);
  const uint32_t id = frame.header.request_id;
  if (type == wire::MessageType::ping) {
    peer.Send(wire::MessageType::ping_reply, id, wire::PingReplyT{});
  } else if (type == wire::MessageType::profiles) {
    const auto question = Unpacked<wire::ProfilesRequestT>(frame.payload);
    wire::ProfilesReplyT reply;
    reply.state = std::make_unique<wire::State>(1, 1, 0, 3, 2);
    for (const std::string& customer : question.customers) {
      auto profile = std::make_unique<wire::ProfileT>();
      profile->customer = customer;
      profile->found = customer != "nobody";
      profile->rfm_segment = "segment of " + customer;
      reply.profiles.push_back(std::move(profile));
    }
    peer.Send(wire::MessageType::profiles_reply, id, reply);
  } else if (type == wire::MessageType::records) {
    const auto question = Unpacked<wire::RecordsRequestT>(frame.payload);
    wire::RecordsReplyT reply;
    reply.state = std::make_unique<wire::State>(1, 1, 0, 3, 2);
    for (const std::string& customer : question.customers) {
      reply.records.push_back(RecordOf(static_cast<int64_t>(customer.size())));
    }
    peer.Send(wire::MessageType::records_reply, id, reply);
  }
}

inline Options To(const FakeServer& server) {
  Options options;
  options.server = server.address();
  return options;
}

}  // namespace kundig::client

#endif  // KUNDIG_TESTS_CLIENT_FAKE_SERVER_H_
