// What a request costs on its way through the server: lookups of one and of a hundred customers, at
// several depths of pipelining, beside a bare Asio echo of frames of the same sizes.
//
//   request_path [CUSTOMERS [ROUND_MS [ROUNDS [NETWORK_THREADS [ROW]]]]]
//
// Starts a server in this process on a free port of the loopback and fills it over the wire with
// CUSTOMERS customers of one order each. The client is one thread with an epoll loop and frames
// made beforehand, so that nearly all that is measured is the server and the system calls. It
// counts every answer, checks the id of each and the whole content of every 64th, and stops at the
// first that is wrong. Rounds of server and echo are run in turns; printed are medians, and the
// processor time of a request on either side. ROW, from 1, measures one line alone.

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/request_path_load.h"
#include "client/client.h"
#include "client/order_batch.h"
#include "schemas/frame.h"
#include "server/configuration.h"
#include "server/server.h"

namespace kundig::bench {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using wire::MessageType;

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

void Run(uint32_t customers, std::chrono::milliseconds round, int rounds, uint32_t network_threads,
         size_t only_row) {
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
  struct Row {
    const char* what;
    const Questions* questions;
    Load load;
  };
  const Row rows[] = {
      {"records", &records, {1, 1}},    {"records", &records, {1, 16}},
      {"records", &records, {1, 64}},   {"records", &records, {16, 1}},
      {"records", &records, {16, 16}},  {"records", &records, {16, 64}},
      {"records", &hundreds, {1, 1}},   {"records", &hundreds, {4, 1}},
      {"records", &hundreds, {16, 1}},  {"records", &hundreds, {16, 4}},
      {"profiles", &profiles, {16, 1}}, {"profiles", &profiles, {16, 64}},
  };
  for (size_t i = 0; i < std::size(rows); ++i) {
    if (only_row != 0 && only_row != i + 1) continue;
    Compare(rows[i].what, port, *rows[i].questions, rows[i].load, round, rounds);
  }
}

}  // namespace
}  // namespace kundig::bench

int main(int argc, char** argv) {
  const auto number = [&](int place, long fallback) {
    const long value = place < argc ? std::strtol(argv[place], nullptr, 10) : fallback;
    if (value < (place == 5 ? 0 : 1) || value > 100'000'000)
      kundig::bench::Fail("expected numbers above 0");
    return value;
  };
  kundig::bench::Run(static_cast<uint32_t>(number(1, 1'000'000)),
                     std::chrono::milliseconds(number(2, 500)), static_cast<int>(number(3, 5)),
                     static_cast<uint32_t>(number(4, 1)), static_cast<size_t>(number(5, 0)));
}
