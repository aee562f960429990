// What a request costs on its way through the server: lookups of one and of a hundred customers, at
// several depths of pipelining, beside a bare Asio echo of frames of the same sizes.
//
//   request_path [CUSTOMERS [ROUND_MS [ROUNDS [NETWORK_THREADS]]]]
//
// Starts a server in this process on a free port of the loopback and fills it over the wire with
// CUSTOMERS customers of one order each. The client is one thread with an epoll loop and frames
// made beforehand, so that nearly all that is measured is the server and the system calls. It
// counts every answer, checks the id of each and the whole content of every 64th, and stops at the
// first that is wrong. Rounds of server and echo are run in turns; printed are medians, and the
// processor time of a request on either side.

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "client/client.h"
#include "client/order_batch.h"
#include "schemas/frame.h"
#include "schemas/verified.h"
#include "server/configuration.h"
#include "server/server.h"

namespace kundig {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using wire::MessageType;

[[noreturn]] void Fail(const std::string& why) {
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

uint16_t PortOf(const std::string& address) {
  return static_cast<uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
}

void FillBook(const std::string& address, uint32_t customers) {
  client::Options options;
  options.server = address;
  auto client = client::Client::Connect(options);
  if (!client) Fail(client.error().message);
  const int64_t at_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();
  constexpr uint32_t kAtOnce = 100'000;
  client::OrderBatch batch;
  for (uint32_t first = 0; first < customers; first += kAtOnce) {
    batch.Clear();
    for (uint32_t index = first; index < std::min(first + kAtOnce, customers); ++index) {
      batch.Add(CustomerOf(index), "o", at_ms, RevenueOf(index));
    }
    if (const auto sent = client->Send(batch); !sent) Fail(sent.error().message);
  }
  const auto status = client->Status(true);
  Require(status && status->customers == customers, "the book does not hold the customers sent");
}

// Requests made beforehand, one behind the other in one ring, and what they ask.
struct Questions {
  MessageType type = MessageType::none;
  size_t ids_each = 0;
  size_t frame_bytes = 0;  // all have one size
  std::vector<uint8_t> frames;
  std::vector<uint32_t> customers;  // ids_each for each frame

  size_t count() const { return customers.size() / ids_each; }
};

template <typename Request>
Questions MakeQuestions(MessageType type, size_t ids_each, size_t count, uint32_t customers) {
  Questions questions;
  questions.type = type;
  questions.ids_each = ids_each;
  std::mt19937 random(1);
  flatbuffers::FlatBufferBuilder builder;
  for (size_t number = 0; number < count; ++number) {
    Request request;
    for (size_t i = 0; i < ids_each; ++i) {
      questions.customers.push_back(static_cast<uint32_t>(random() % customers));
      request.customers.push_back(CustomerOf(questions.customers.back()));
    }
    builder.Clear();
    builder.Finish(Request::TableType::Pack(builder, &request));
    // A request's id is its place in the ring and 1.
    wire::AppendFrame(static_cast<uint8_t>(type), static_cast<uint32_t>(number + 1),
                      {builder.GetBufferPointer(), builder.GetSize()}, &questions.frames);
    if (number == 0) questions.frame_bytes = questions.frames.size();
  }
  Require(questions.frames.size() == count * questions.frame_bytes, "frames differ in size");
  return questions;
}

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

// Answers every `question_bytes` with `answer_bytes`, on one thread, as plainly as Asio can.
class Echo {
 public:
  Echo(size_t question_bytes, size_t answer_bytes)
      : question_bytes_(question_bytes),
        answer_bytes_(answer_bytes),
        acceptor_(io_context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    Accept();
    thread_ = std::thread([this] { io_context_.run(); });
  }
  ~Echo() {
    io_context_.stop();
    thread_.join();
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;
  uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  struct Peer : std::enable_shared_from_this<Peer> {
    Peer(tcp::socket accepted, const Echo* of) : socket(std::move(accepted)), echo(of) {}

    void Read() {
      socket.async_read_some(
          asio::buffer(incoming),
          [self = shared_from_this()](const boost::system::error_code& error, size_t bytes) {
            if (error) return;
            self->pending += bytes;
            const size_t answers = self->pending / self->echo->question_bytes_;
            self->pending %= self->echo->question_bytes_;
            self->Write(answers * self->echo->answer_bytes_);
          });
    }
    void Write(size_t bytes) {
      if (outgoing.size() < bytes) outgoing.resize(bytes);
      boost::system::error_code error;
      for (size_t sent = 0; sent < bytes && !error;) {
        sent += socket.write_some(asio::buffer(outgoing.data() + sent, bytes - sent), error);
        if (error == asio::error::would_block) socket.wait(tcp::socket::wait_write, error);
      }
      if (!error) Read();
    }

    tcp::socket socket;
    const Echo* echo;
    size_t pending = 0;
    std::array<uint8_t, wire::kReadChunkBytes> incoming;
    std::vector<uint8_t> outgoing;
  };

  void Accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
      if (error) return;
      socket.set_option(tcp::no_delay(true));
      socket.non_blocking(true);
      std::make_shared<Peer>(std::move(socket), this)->Read();
      Accept();
    });
  }

  const size_t question_bytes_, answer_bytes_;
  asio::io_context io_context_{1};
  tcp::acceptor acceptor_;
  std::thread thread_;
};

// One connection of the client: sends from the ring, takes what comes.
class Connection {
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

struct Load {
  int connections = 1;
  size_t depth = 1;
};

struct Measured {
  double requests_per_second = 0;
  double server_ns = 0, client_ns = 0;  // processor time of a request
};

double CpuSeconds(int who) {
  rusage usage{};
  getrusage(who, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The connections of one load to one server.
class LoadedServer {
 public:
  // `echo_bytes`: the size of an answer of an echo; 0 for a server, whose answers are checked.
  LoadedServer(uint16_t port, const Questions* questions, const Load& load, size_t echo_bytes)
      : depth_(load.depth), echo_bytes_(echo_bytes), epoll_(epoll_create1(0)) {
    for (int i = 0; i < load.connections; ++i) {
      const size_t first =
          questions->count() / static_cast<size_t>(load.connections) * static_cast<size_t>(i);
      connections_.push_back(std::make_unique<Connection>(port, questions, first));
      if (echo_bytes == 0) connections_.back()->ShakeHands();
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = connections_.back().get();
      Require(epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_.back()->socket(), &event) == 0,
              "epoll");
    }
  }
  ~LoadedServer() { close(epoll_); }
  LoadedServer(const LoadedServer&) = delete;
  LoadedServer& operator=(const LoadedServer&) = delete;

  // The size of one answer, after a Run.
  size_t answer_bytes() const { return connections_.front()->answer_bytes(); }

  Measured Run(std::chrono::milliseconds round) {
    const double process_before = CpuSeconds(RUSAGE_SELF),
                 client_before = CpuSeconds(RUSAGE_THREAD);
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

 private:
  // Takes what has come; with `refill`, asks as much again.
  size_t Turn(bool refill) {
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

  const size_t depth_, echo_bytes_;
  const int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

Measured Median(std::vector<Measured> rounds) {
  std::sort(rounds.begin(), rounds.end(), [](const Measured& a, const Measured& b) {
    return a.requests_per_second < b.requests_per_second;
  });
  return rounds[rounds.size() / 2];
}

void Compare(const char* what, uint16_t port, const Questions& questions, const Load& load,
             std::chrono::milliseconds round, int rounds) {
  LoadedServer server(port, &questions, load, 0);
  server.Run(std::chrono::milliseconds(0));
  const size_t answer_bytes = server.answer_bytes();
  const Echo echo(questions.frame_bytes, answer_bytes);
  LoadedServer echoing(echo.port(), &questions, load, answer_bytes);
  std::vector<Measured> of_server, of_echo;
  for (int i = 0; i < rounds; ++i) {
    of_server.push_back(server.Run(round));
    of_echo.push_back(echoing.Run(round));
  }
  const Measured a = Median(of_server), b = Median(of_echo);
  std::printf("%-9s %5zu %4d x %-3zu %6zu %6zu %10.0f %11.0f %6.0f %6.0f %10.0f %6.0f %6.2f\n",
              what, questions.ids_each, load.connections, load.depth, questions.frame_bytes,
              answer_bytes, a.requests_per_second,
              a.requests_per_second * static_cast<double>(questions.ids_each), a.server_ns,
              a.client_ns, b.requests_per_second, b.server_ns,
              a.requests_per_second / b.requests_per_second);
  std::fflush(stdout);
}

server::Configuration Configured(uint32_t network_threads) {
  const std::string threads = std::to_string(network_threads);
  const std::vector<const char*> flags = {"kundigd", "--listen",  "127.0.0.1:0",  "--log-level",
                                          "warn",    "--threads", threads.c_str()};
  const auto configuration =
      server::LoadConfiguration(static_cast<int>(flags.size()), flags.data(),
                                [](const std::string&) { return std::nullopt; });
  if (!configuration) Fail(configuration.error().message);
  return *configuration;
}

void Run(uint32_t customers, std::chrono::milliseconds round, int rounds,
         uint32_t network_threads) {
  server::Server server(Configured(network_threads));
  if (const auto started = server.Start(); !started) Fail(started.error().message);
  FillBook(server.address(), customers);
  const uint16_t port = PortOf(server.address());
  const size_t ring = std::clamp<size_t>(customers / 4, 1024, size_t{1} << 18);
  const auto records =
      MakeQuestions<wire::RecordsRequestT>(MessageType::records, 1, ring, customers);
  const auto profiles =
      MakeQuestions<wire::ProfilesRequestT>(MessageType::profiles, 1, ring, customers);
  const auto hundreds =
      MakeQuestions<wire::RecordsRequestT>(MessageType::records, 100, ring / 64, customers);

  std::printf("%u customers, %u network threads, medians of %d rounds of %lld ms in turns\n",
              customers, network_threads, rounds, static_cast<long long>(round.count()));
  std::printf("%-9s %5s %10s %6s %6s %10s %11s %6s %6s %10s %6s %6s\n", "request", "ids",
              "conn.xdepth", "B out", "B in", "requests/s", "customers/s", "srv ns", "cl ns",
              "echo/s", "srv ns", "ratio");
  for (const Load load :
       {Load{1, 1}, Load{1, 16}, Load{1, 64}, Load{16, 1}, Load{16, 16}, Load{16, 64}}) {
    Compare("records", port, records, load, round, rounds);
  }
  for (const Load load : {Load{1, 1}, Load{4, 1}, Load{16, 1}, Load{16, 4}}) {
    Compare("records", port, hundreds, load, round, rounds);
  }
  for (const Load load : {Load{16, 1}, Load{16, 64}}) {
    Compare("profiles", port, profiles, load, round, rounds);
  }
}

}  // namespace
}  // namespace kundig

int main(int argc, char** argv) {
  const auto number = [&](int place, long fallback) {
    const long value = place < argc ? std::strtol(argv[place], nullptr, 10) : fallback;
    if (value <= 0 || value > 100'000'000) kundig::Fail("expected numbers above 0");
    return value;
  };
  kundig::Run(static_cast<uint32_t>(number(1, 1'000'000)),
              std::chrono::milliseconds(number(2, 500)), static_cast<int>(number(3, 5)),
              static_cast<uint32_t>(number(4, 1)));
}
