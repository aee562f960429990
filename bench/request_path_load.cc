#include "bench/request_path_load.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

#include "schemas/admin_generated.h"
#include "schemas/verified.h"

namespace kundig::bench {

using wire::MessageType;
using Clock = std::chrono::steady_clock;

namespace {

// Stops the program where the answer to question `number` is not right in every byte.
void CheckAnswer(const Questions& questions, size_t number, std::span<const uint8_t> frame) {
  const std::span<const uint8_t> bytes = frame.subspan(wire::kFrameHeaderBytes);
  const std::vector<uint8_t> payload(bytes.begin(), bytes.end());
  std::vector<uint8_t> again;
  wire::AppendFrame(static_cast<uint8_t>(questions.type) | 0x80, static_cast<uint32_t>(number + 1),
                    payload, &again);
  Require(std::equal(again.begin(), again.end(), frame.begin(), frame.end()), "a wrong frame");
  const auto check = [&](const auto* answers) {
    Require(answers != nullptr && answers->size() == questions.ids_each, "an unsound answer");
    for (size_t i = 0; i < questions.ids_each; ++i) {
      const auto* answer = answers->Get(static_cast<uint32_t>(i));
      const uint32_t customer = questions.customers[number * questions.ids_each + i];
      Require(answer->found() && answer->revenue() == RevenueOf(customer) && answer->orders() == 1,
              "a wrong answer");
    }
  };
  if (questions.type == MessageType::records) {
    const auto* reply = wire::VerifiedRoot<wire::RecordsReply>(payload);
    check(reply != nullptr ? reply->records() : nullptr);
  } else {
    const auto* reply = wire::VerifiedRoot<wire::ProfilesReply>(payload);
    check(reply != nullptr ? reply->profiles() : nullptr);
  }
}

double CpuSeconds(int who) {
  rusage usage{};
  getrusage(who, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

void Fail(const std::string& why) {
  std::fprintf(stderr, "request_path: %s\n", why.c_str());
  std::exit(1);
}

void Require(bool condition, const char* what) {
  if (!condition) Fail(what);
}

std::string CustomerOf(uint32_t index) {
  char id[16];
  std::snprintf(id, sizeof(id), "c%09u", index);
  return id;
}
int64_t RevenueOf(uint32_t index) {
  return 100 + index % 100'000;
}

// One connection of the client: sends from the ring, takes what comes.
class LoadedServer::Connection {
 public:
  Connection(uint16_t port, const Questions* questions, size_t first)
      : questions_(questions), next_sent_(first), next_answered_(first) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Require(connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0, "connect");
  }
  ~Connection() { close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int socket() const { return socket_; }

  void ShakeHands() {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(wire::CreateHello(builder, wire::kProtocolVersion, wire::kProtocolVersion));
    std::vector<uint8_t> frame;
    wire::AppendFrame(static_cast<uint8_t>(MessageType::hello), 1,
                      {builder.GetBufferPointer(), builder.GetSize()}, &frame);
    SendBytes(frame.data(), frame.size());
    while (filled_ < wire::kFrameHeaderBytes || filled_ < FrameBytes()) Fill();
    Require(buffer_[10] == static_cast<uint8_t>(MessageType::hello_reply), "no handshake");
    filled_ = 0;
  }

  // The next `count` questions of the ring.
  void Send(size_t count) {
    while (count > 0) {
      const size_t place = next_sent_ % questions_->count();
      const size_t now = std::min(count, questions_->count() - place);
      SendBytes(questions_->frames.data() + place * questions_->frame_bytes,
                now * questions_->frame_bytes);
      next_sent_ += now;
      count -= now;
    }
  }

  // Reads once; the number of whole answers. With `check`, of a server, else of an echo.
  size_t Receive(bool check, size_t echo_bytes) {
    Fill();
    const size_t before = next_answered_;
    size_t at = 0;
    if (!check) {
      next_answered_ += filled_ / echo_bytes;
      at = filled_ - filled_ % echo_bytes;
    } else {
      while (filled_ - at >= wire::kFrameHeaderBytes) {
        wire::FrameHeader header;
        std::memcpy(&header, buffer_.data() + at, sizeof(header));
        const size_t whole = wire::kFrameHeaderBytes + header.payload_bytes;
        if (filled_ - at < whole) break;
        const size_t number = next_answered_ % questions_->count();
        Require(header.request_id == number + 1, "an answer out of order");
        if (next_answered_ % kCheckEvery == 0) {
          CheckAnswer(*questions_, number, {buffer_.data() + at, whole});
        }
        ++next_answered_;
        answer_bytes_ = whole;
        at += whole;
      }
    }
    filled_ -= at;
    std::memmove(buffer_.data(), buffer_.data() + at, filled_);
    return next_answered_ - before;
  }
  size_t in_flight() const { return next_sent_ - next_answered_; }
  size_t answer_bytes() const { return answer_bytes_; }

  static constexpr size_t kCheckEvery = 64;

 private:
  size_t FrameBytes() const {
    wire::FrameHeader header;
    std::memcpy(&header, buffer_.data(), sizeof(header));
    return wire::kFrameHeaderBytes + header.payload_bytes;
  }
  void Fill() {
    const ssize_t bytes = recv(socket_, buffer_.data() + filled_, buffer_.size() - filled_, 0);
    Require(bytes > 0, "the connection ended");
    filled_ += static_cast<size_t>(bytes);
  }
  void SendBytes(const uint8_t* bytes, size_t count) {
    while (count > 0) {
      const ssize_t sent = send(socket_, bytes, count, MSG_NOSIGNAL);
      Require(sent > 0, "the connection broke");
      bytes += sent;
      count -= static_cast<size_t>(sent);
    }
  }

  const Questions* const questions_;
  int socket_;
  size_t next_sent_, next_answered_;
  std::vector<uint8_t> buffer_ = std::vector<uint8_t>(1 << 18);
  size_t filled_ = 0;
  size_t answer_bytes_ = 0;  // of the last one
};

LoadedServer::LoadedServer(uint16_t port, const Questions* questions, const Load& load,
                           size_t echo_bytes)
    : depth_(load.depth), echo_bytes_(echo_bytes), epoll_(epoll_create1(0)) {
  for (int i = 0; i < load.connections; ++i) {
    const size_t first =
        questions->count() / static_cast<size_t>(load.connections) * static_cast<size_t>(i);
    connections_.push_back(std::make_unique<Connection>(port, questions, first));
    if (echo_bytes == 0) connections_.back()->ShakeHands();
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connections_.back().get();
    Require(epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_.back()->socket(), &event) == 0, "epoll");
  }
}

LoadedServer::~LoadedServer() {
  close(epoll_);
}

size_t LoadedServer::answer_bytes() const {
  return connections_.front()->answer_bytes();
}

Measured LoadedServer::Run(std::chrono::milliseconds round) {
  const double process_before = CpuSeconds(RUSAGE_SELF), client_before = CpuSeconds(RUSAGE_THREAD);
  const auto begin = Clock::now();
  uint64_t answered = 0;
  for (const auto& connection : connections_) connection->Send(depth_);
  bool over = false;
  while (!over) {
    answered += Turn(true);
    over = Clock::now() - begin >= round;
  }
  size_t in_flight = 0;
  for (const auto& connection : connections_) in_flight += connection->in_flight();
  answered += in_flight;
  while (in_flight > 0) in_flight -= Turn(false);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  const double client = CpuSeconds(RUSAGE_THREAD) - client_before;
  const double server = CpuSeconds(RUSAGE_SELF) - process_before - client;
  const auto requests = static_cast<double>(answered);
  return {requests / seconds, server / requests * 1e9, client / requests * 1e9};
}

size_t LoadedServer::Turn(bool refill) {
  epoll_event events[64];
  const int ready = epoll_wait(epoll_, events, 64, -1);
  size_t answered = 0;
  for (int i = 0; i < ready; ++i) {
    auto* connection = static_cast<Connection*>(events[i].data.ptr);
    const size_t now = connection->Receive(echo_bytes_ == 0, echo_bytes_);
    if (refill && now > 0) connection->Send(now);
    answered += now;
  }
  return answered;
}

}  // namespace kundig::bench
