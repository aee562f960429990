#include "client/connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>

#include <charconv>
#include <string_view>
#include <utility>

#include "client/message.h"
#include "schemas/limits.h"
#include "schemas/verified.h"

namespace kundig::client {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// 0 is left for errors of the server that answer no request.
constexpr uint32_t kHelloRequestId = 1;

struct Address {
  std::string host, port;
};

std::optional<Address> ParseAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;  // an IPv6 address without brackets: where its port begins is a guess
  }
  uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (host.empty() || error != std::errc() || end != port.data() + port.size() || number == 0) {
    return std::nullopt;
  }
  return Address{std::string(host), std::string(port)};
}

}  // namespace

Connection::Connection(asio::io_context* io, const Options& options, Listener* listener)
    : options_(options),
      listener_(listener),
      resolver_(*io),
      socket_(*io),
      connect_timer_(*io),
      reader_(wire::kMaxHelloBytes) {}

void Connection::Open() {
  const std::optional<Address> address = ParseAddress(options_.server);
  if (!address) {
    return Close(
        InvalidCall("'" + options_.server + "' is no server address; name HOST:PORT.", "server"));
  }
  connect_timer_.expires_after(options_.connect_timeout);
  connect_timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (cancelled || self->phase_ != Phase::kOpening) return;
    const bool shaking = self->queued_bytes_ > 0;
    self->Close({shaking ? ErrorKind::kTimedOut : ErrorKind::kUnreachable,
                 {},
                 self->options_.server + (shaking ? " accepts connections but does not answer as a"
                                                    " Kundig server."
                                                  : " does not answer; check that the server runs"
                                                    " there."),
                 {},
                 {}});
  });
  resolver_.async_resolve(
      address->host, address->port,
      [self = shared_from_this()](const error_code& failed,
                                  const asio::ip::tcp::resolver::results_type& found) {
        if (self->phase_ == Phase::kClosed) return;
        if (failed) return self->CloseBroken(failed);
        asio::async_connect(self->socket_, found,
                            [self](const error_code& refused, const asio::ip::tcp::endpoint&) {
                              if (self->phase_ == Phase::kClosed) return;
                              if (refused) return self->CloseBroken(refused);
                              self->ShakeHands();
                            });
      });
}

void Connection::ShakeHands() {
  error_code ignored;  // a connection without it is slower, not wrong
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  wire::HelloT hello;
  hello.protocol_min = wire::kProtocolVersion;
  hello.protocol_max = wire::kProtocolVersion;
  hello.client_name = options_.name;
  Send(wire::MessageType::hello, kHelloRequestId, Packed(hello));
  Read();
}

Connection::Sent Connection::Send(wire::MessageType type, uint32_t request_id,
                                  std::span<const uint8_t> payload) {
  const size_t before = outgoing_.size();
  wire::AppendFrame(static_cast<uint8_t>(type), request_id, payload, &outgoing_);
  const Sent sent{queued_bytes_, queued_bytes_ + (outgoing_.size() - before)};
  queued_bytes_ = sent.end;
  if (!write_under_way_ && !write_failed_) Write();
  return sent;
}

void Connection::Write() {
  writing_.clear();
  // Large requests are rare; their memory is not kept for the small ones.
  if (writing_.capacity() > wire::kKeptBufferBytes) writing_.shrink_to_fit();
  std::swap(writing_, outgoing_);
  write_under_way_ = true;
  asio::async_write(socket_, asio::buffer(writing_),
                    [self = shared_from_this()](const error_code& failed, size_t bytes) {
                      self->write_under_way_ = false;
                      self->written_bytes_ += bytes;
                      if (self->phase_ == Phase::kClosed) return self->ReportClosed();
                      // A server that refuses a frame closes while we still write. Its reason waits
                      // to be read, and the read ends the connection; so only writing ends here.
                      self->write_failed_ = failed.failed();
                      if (!failed && !self->outgoing_.empty()) self->Write();
                    });
}

void Connection::Read() {
  const std::span<uint8_t> room = reader_.Writable();
  socket_.async_read_some(asio::buffer(room.data(), room.size()),
                          [self = shared_from_this()](const error_code& failed, size_t bytes) {
                            if (self->phase_ == Phase::kClosed) return;
                            if (failed) return self->CloseBroken(failed);
                            self->reader_.Commit(bytes);
                            self->TakeFrames();
                          });
}

void Connection::TakeFrames() {
  while (!paused_) {
    const std::optional<wire::Frame> frame = reader_.Next();
    if (!frame) {
      if (reader_.error() != wire::FrameError::kNone) {
        return Close(Unreadable(wire::Describe(reader_.error())));
      }
      return Read();
    }
    std::optional<Error> error;
    if (phase_ == Phase::kOpening) {
      error = TakeHelloReply(*frame);
    } else if (frame->header.version != wire::kProtocolVersion) {
      error = Unreadable("It changed the protocol version within a connection.");
    } else {
      error = listener_->OnFrame(*frame);
    }
    if (error) Close(*error);
    if (phase_ == Phase::kClosed) return;
  }
}

std::optional<Error> Connection::TakeHelloReply(const wire::Frame& frame) {
  const auto type = static_cast<wire::MessageType>(frame.header.type);
  if (type == wire::MessageType::error) return ToError(frame.payload);
  const auto* reply = wire::VerifiedRoot<wire::HelloReply>(frame.payload);
  if (type != wire::MessageType::hello_reply || frame.header.request_id != kHelloRequestId ||
      reply == nullptr) {
    return Unreadable("It does not answer the handshake as a Kundig server.");
  }
  if (reply->protocol() != wire::kProtocolVersion) {
    return Unreadable("It chose a protocol version that was not offered.");
  }
  ServerInfo server;
  server.name = reply->server_name()->str();
  server.version = reply->server_version()->str();
  server.currency = reply->currency()->str();
  server.time_zone = reply->time_zone()->str();
  server.durability = reply->durability()->str();
  for (const auto* stage : *reply->stages()) server.stages.push_back(stage->str());
  server.max_frame_bytes = reply->limits()->max_frame_bytes();
  server.max_in_flight = reply->limits()->max_in_flight();
  server.max_profile_ids = reply->limits()->max_profile_ids();
  server.max_batch_events = reply->limits()->max_batch_events();
  if (server.max_frame_bytes < wire::kMaxHelloBytes ||
      server.max_frame_bytes > wire::kLargestMaxFrameBytes || server.max_in_flight == 0 ||
      server.max_profile_ids == 0 || server.max_batch_events == 0) {
    return Unreadable("It names limits outside of the protocol.");
  }
  reader_.set_max_payload_bytes(server.max_frame_bytes);
  connect_timer_.cancel();
  phase_ = Phase::kReady;
  listener_->OnReady(server);
  return std::nullopt;
}

void Connection::Resume() {
  if (!paused_ || phase_ == Phase::kClosed) return;
  paused_ = false;
  TakeFrames();
}

void Connection::CloseBroken(const error_code& error) {
  if (phase_ == Phase::kOpening) {
    return Close({ErrorKind::kUnreachable,
                  {},
                  "No connection to " + options_.server + ": " + error.message() + ".",
                  {},
                  {}});
  }
  Close({ErrorKind::kLost,
         {},
         "The connection to " + options_.server + " broke: " + error.message() + ".",
         {},
         {}});
}

void Connection::Close(const Error& error) {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  close_reason_ = error;
  error_code ignored;  // nobody is left to tell
  resolver_.cancel();
  connect_timer_.cancel();
  socket_.close(ignored);
  // A write under way may have moved bytes that are not counted yet; its end, now near, tells.
  if (!write_under_way_) ReportClosed();
}

void Connection::ReportClosed() {
  const auto self = shared_from_this();  // the listener lets go of us
  listener_->OnClosed(close_reason_, written_bytes_);
}

}  // namespace kundig::client
