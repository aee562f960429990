// A client of bare frames for the tests of sessions: it can also say what no good client says.
//
// Thread safety: belongs to one thread.

#ifndef KUNDIG_TESTS_SERVER_RAW_CLIENT_H_
#define KUNDIG_TESTS_SERVER_RAW_CLIENT_H_

#include <arpa/inet.h>
#include <flatbuffers/flatbuffers.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "schemas/admin_generated.h"
#include "schemas/frame.h"
#include "schemas/limits.h"

namespace kundig::server {

struct RawReply {
  wire::MessageType type = wire::MessageType::none;
  uint32_t request_id = 0;
  std::vector<uint8_t> payload;

  // Of an error.
  wire::ErrorCode code() const { return Error()->code(); }
  std::string field() const {
    return Error()->field() == nullptr ? std::string() : Error()->field()->str();
  }

 private:
  const wire::Error* Error() const { return flatbuffers::GetRoot<wire::Error>(payload.data()); }
};

inline std::vector<uint8_t> HelloPayload(uint16_t protocol_min = wire::kProtocolVersion,
                                         uint16_t protocol_max = wire::kProtocolVersion,
                                         const std::string& name = "raw") {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(
      wire::CreateHello(builder, protocol_min, protocol_max, builder.CreateString(name)));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

inline std::vector<uint8_t> PingPayload() {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(wire::CreatePing(builder));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

class RawClient {
 public:
  // `receive_buffer_bytes` 0 leaves it to the kernel.
  explicit RawClient(int receive_buffer_bytes = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), reader_(64U << 20) {
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (receive_buffer_bytes > 0) {
      setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                 sizeof(receive_buffer_bytes));
    }
    // A test that waits for what never comes fails instead of hanging.
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  }
  ~RawClient() { Close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // `address` as 127.0.0.1:PORT.
  bool Connect(const std::string& address) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
  }

  bool SendBytes(std::span<const uint8_t> bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes = bytes.subspan(static_cast<size_t>(sent));
    }
    return true;
  }
  // What the kernel takes at once without waiting; 0 where it takes nothing.
  size_t SendSome(std::span<const uint8_t> bytes) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : static_cast<size_t>(sent);
  }

  bool Send(wire::MessageType type, uint32_t request_id, std::span<const uint8_t> payload,
            uint16_t version = wire::kProtocolVersion) {
    std::vector<uint8_t> frame;
    wire::AppendFrame(static_cast<uint8_t>(type), request_id, payload, &frame, version);
    return SendBytes(frame);
  }

  // nullopt at the end of the stream, a reset, or after the patience of the constructor.
  std::optional<RawReply> Receive() {
    for (;;) {
      if (const std::optional<wire::Frame> frame = reader_.Next()) {
        return RawReply{static_cast<wire::MessageType>(frame->header.type),
                        frame->header.request_id,
                        {frame->payload.begin(), frame->payload.end()}};
      }
      const std::span<uint8_t> room = reader_.Writable();
      if (room.empty()) return std::nullopt;
      const ssize_t received = ::recv(socket_, room.data(), room.size(), 0);
      if (received < 0) failure_ = errno;
      if (received <= 0) {
        ended_ = received == 0;
        return std::nullopt;
      }
      reader_.Commit(static_cast<size_t>(received));
    }
  }

  // Whether the server ended the stream in order, with nothing more to come.
  bool AtEnd() { return !Receive() && ended_; }
  // Whether the connection is over, in whatever way.
  bool IsOver() { return !Receive() && (ended_ || (failure_ != EAGAIN && failure_ != 0)); }

  // Connects and shakes hands.
  bool Open(const std::string& address) {
    if (!Connect(address) || !Send(wire::MessageType::hello, 7, HelloPayload())) return false;
    const std::optional<RawReply> reply = Receive();
    return reply && reply->type == wire::MessageType::hello_reply && reply->request_id == 7;
  }

  void CloseSending() { ::shutdown(socket_, SHUT_WR); }
  void Close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  // Ends the connection by a reset, as a killed machine's kernel would.
  void Reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    Close();
  }

 private:
  int socket_;
  wire::FrameReader reader_;
  bool ended_ = false;
  int failure_ = 0;
};

}  // namespace kundig::server

#endif  // KUNDIG_TESTS_SERVER_RAW_CLIENT_H_
