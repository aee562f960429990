// How long one lookup takes over one connection, one request in flight: from the bytes of the
// question to the verified answer.
//
//   lookup_round_trip [CUSTOMERS [LOOKUPS]]
//
// Starts a server in this process on a free port of the loopback, fills it over the wire with
// CUSTOMERS customers of one order each, checks every field of interest of some answers first, and
// then times LOOKUPS profiles of customers drawn at random: through a bare blocking socket, and
// through the blocking client, which adds a hop to its own thread and back. A bare echo of frames
// of the same size over the same loopback, which is what the system calls cost, is timed beside it
// in turns.

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/client.h"
#include "client/event_batch.h"
#include "schemas/frame.h"
#include "server/configuration.h"
#include "server/server.h"

namespace kundig {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using asio::ip::tcp;

[[noreturn]] void Fail(const std::string& why) {
  std::fprintf(stderr, "lookup_round_trip: %s\n", why.c_str());
  std::exit(1);
}

std::string CustomerOf(uint32_t index) {
  return "customer-" + std::to_string(index);
}
int64_t RevenueOf(uint32_t index) {
  return 100 + index % 100000;
}

server::Configuration Configured() {
  const std::vector<const char*> flags = {"kundigd", "--listen", "127.0.0.1:0"};
  const auto configuration =
      server::LoadConfiguration(static_cast<int>(flags.size()), flags.data(),
                                [](const std::string&) { return std::nullopt; });
  if (!configuration) Fail(configuration.error().message);
  return *configuration;
}

void FillBook(client::Client* client, uint32_t customers) {
  const int64_t at_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();
  constexpr uint32_t kAtOnce = 20'000;
  for (uint32_t first = 0; first < customers; first += kAtOnce) {
    client::EventBatch batch;
    for (uint32_t index = first; index < std::min(first + kAtOnce, customers); ++index) {
      batch.Order(CustomerOf(index), "o", at_ms, RevenueOf(index));
    }
    if (const auto sent = client->Send(batch); !sent) Fail(sent.error().message);
  }
  if (const auto status = client->Status(true); !status || status->customers != customers) {
    Fail("the book does not hold the customers sent");
  }
}

class BareConnection {
 public:
  explicit BareConnection(const std::string& address) : socket_(io_context_) {
    const size_t colon = address.rfind(':');
    asio::connect(
        socket_,
        tcp::resolver(io_context_).resolve(address.substr(0, colon), address.substr(colon + 1)));
    socket_.set_option(tcp::no_delay(true));
  }

  // Writes `out` and reads one frame; returns its payload.
  std::vector<uint8_t> Ask(const std::vector<uint8_t>& out) {
    asio::write(socket_, asio::buffer(out));
    while (true) {
      if (const auto frame = reader_.Next()) return {frame->payload.begin(), frame->payload.end()};
      if (reader_.error() != wire::FrameError::kNone) Fail(wire::Describe(reader_.error()));
      const auto room = reader_.Writable();
      reader_.Commit(socket_.read_some(asio::buffer(room.data(), room.size())));
    }
  }

 private:
  asio::io_context io_context_;
  tcp::socket socket_;
  wire::FrameReader reader_{1u << 20};
};

template <typename Message>
std::vector<uint8_t> FrameOf(wire::MessageType type, const Message& message) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Message::TableType::Pack(builder, &message));
  std::vector<uint8_t> frame;
  wire::AppendFrame(static_cast<uint8_t>(type), 1, {builder.GetBufferPointer(), builder.GetSize()},
                    &frame);
  return frame;
}

std::vector<uint8_t> QuestionOf(uint32_t index) {
  wire::ProfilesRequestT request;
  request.customers.push_back(CustomerOf(index));
  return FrameOf(wire::MessageType::profiles, request);
}

// Answers `question_bytes` with `answer_bytes`, again and again, on a thread of its own.
class Echo {
 public:
  Echo(size_t question_bytes, size_t answer_bytes)
      : acceptor_(io_context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        thread_([this, question_bytes, answer_bytes] { Serve(question_bytes, answer_bytes); }) {}
  ~Echo() { thread_.join(); }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;
  tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

 private:
  void Serve(size_t question_bytes, size_t answer_bytes) {
    tcp::socket socket = acceptor_.accept();
    socket.set_option(tcp::no_delay(true));
    std::vector<uint8_t> question(question_bytes), answer(answer_bytes);
    boost::system::error_code error;
    while (!error) {
      asio::read(socket, asio::buffer(question), error);
      if (!error) asio::write(socket, asio::buffer(answer), error);
    }
  }

  asio::io_context io_context_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

struct Timing {
  const char* what;
  std::vector<double> round_trips_us;

  template <typename Function>
  void Time(Function&& function) {
    const auto begin = Clock::now();
    function();
    round_trips_us.push_back(
        std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  void Print() {
    std::sort(round_trips_us.begin(), round_trips_us.end());
    const auto at = [&](double share) {
      return round_trips_us[static_cast<size_t>(share *
                                                static_cast<double>(round_trips_us.size() - 1))];
    };
    std::printf("%-24s p50 %7.1f us   p99 %7.1f us   p99.9 %7.1f us\n", what, at(0.5), at(0.99),
                at(0.999));
  }
};

void Run(uint32_t customers, uint32_t lookups) {
  server::Server server(Configured());
  if (const auto started = server.Start(); !started) Fail(started.error().message);
  client::Options options;
  options.server = server.address();
  auto client = client::Client::Connect(options);
  if (!client) Fail(client.error().message);
  FillBook(&*client, customers);

  BareConnection bare(server.address());
  wire::HelloT hello;
  hello.protocol_min = hello.protocol_max = wire::kProtocolVersion;
  bare.Ask(FrameOf(wire::MessageType::hello, hello));

  std::mt19937 random(1);
  size_t question_bytes = 0, answer_bytes = 0;
  for (int check = 0; check < 100; ++check) {
    const auto index = static_cast<uint32_t>(random() % customers);
    const std::vector<uint8_t> question = QuestionOf(index);
    const std::vector<uint8_t> payload = bare.Ask(question);
    const auto* profile =
        flatbuffers::GetRoot<wire::ProfilesReply>(payload.data())->profiles()->Get(0);
    if (!profile->found() || profile->revenue() != RevenueOf(index) || profile->orders() != 1) {
      Fail("a wrong answer for " + CustomerOf(index));
    }
    question_bytes = question.size();
    answer_bytes = payload.size() + wire::kFrameHeaderBytes;
  }

  Timing bare_lookup{"bare socket", {}}, client_lookup{"blocking client", {}},
      echo_trip{"echo, same sizes", {}};
  {
    Echo echo(question_bytes, answer_bytes);
    asio::io_context io_context;
    tcp::socket socket(io_context);
    socket.connect(echo.endpoint());
    socket.set_option(tcp::no_delay(true));
    std::vector<uint8_t> out(question_bytes), in(answer_bytes);
    for (uint32_t lookup = 0; lookup < lookups; ++lookup) {
      const auto index = static_cast<uint32_t>(random() % customers);
      const std::vector<uint8_t> question = QuestionOf(index);
      bare_lookup.Time([&] { bare.Ask(question); });
      echo_trip.Time([&] {
        asio::write(socket, asio::buffer(out));
        asio::read(socket, asio::buffer(in));
      });
      client_lookup.Time([&] {
        if (const auto profile = client->Profile(CustomerOf(index)); !profile || !profile->found) {
          Fail("the client did not find " + CustomerOf(index));
        }
      });
    }
  }
  std::printf("%u customers, %u lookups in turns, question %zu bytes, answer %zu bytes\n",
              customers, lookups, question_bytes, answer_bytes);
  bare_lookup.Print();
  client_lookup.Print();
  echo_trip.Print();
}

}  // namespace
}  // namespace kundig

int main(int argc, char** argv) {
  const auto number = [&](int place, long fallback) {
    const long value = place < argc ? std::strtol(argv[place], nullptr, 10) : fallback;
    if (value <= 0 || value > 100'000'000) kundig::Fail("expected counts above 0");
    return static_cast<uint32_t>(value);
  };
  kundig::Run(number(1, 1'000'000), number(2, 100'000));
}
