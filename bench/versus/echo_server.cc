// A server that does nothing: it answers every frame with the same one, that of a lookup of
// `--batch` customers. What remains is what the system calls and Asio cost, so this is as fast as a
// lookup over this many connections can be on this machine.
//
//   echo_server [--batch 1] [--address-file PATH]
//
// Listens on a free port of the loopback; ends with a signal. One thread. As many answers as
// questions have come go out in one write.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/write.hpp>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "client/message.h"
#include "schemas/frame.h"
#include "schemas/profile_generated.h"

namespace kundig::bench {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr size_t kInBytes = size_t{1} << 18;

std::vector<uint8_t> AnswerFrame(uint32_t batch) {
  wire::RecordsReplyT reply;
  reply.state = std::make_unique<wire::State>(1, 1, 1, 3, 2);
  const wire::ProfileRecord found(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                  true, false, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  reply.records.assign(batch, found);
  std::vector<uint8_t> frame;
  wire::AppendFrame(static_cast<uint8_t>(wire::MessageType::records_reply), 1,
                    client::Packed(reply), &frame);
  return frame;
}

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, const std::vector<uint8_t>& answer)
      : socket_(std::move(socket)), answer_(answer), in_(kInBytes) {
    socket_.set_option(tcp::no_delay(true));
  }

  void Read() {
    socket_.async_read_some(asio::buffer(in_.data() + filled_, in_.size() - filled_),
                            [self = shared_from_this()](const auto& error, size_t bytes) {
                              if (!error) self->Answer(bytes);
                            });
  }

 private:
  void Answer(size_t bytes) {
    filled_ += bytes;
    out_.clear();
    size_t place = 0;
    while (filled_ - place >= wire::kFrameHeaderBytes) {
      uint32_t payload = 0;
      std::memcpy(&payload, in_.data() + place, sizeof(payload));
      const size_t frame = wire::kFrameHeaderBytes + payload;
      if (frame > in_.size()) return;  // no question of a lookup is so long
      if (filled_ - place < frame) break;
      place += frame;
      out_.insert(out_.end(), answer_.begin(), answer_.end());
    }
    std::memmove(in_.data(), in_.data() + place, filled_ - place);
    filled_ -= place;
    asio::async_write(socket_, asio::buffer(out_),
                      [self = shared_from_this()](const auto& error, size_t) {
                        if (!error) self->Read();
                      });
  }

  tcp::socket socket_;
  const std::vector<uint8_t>& answer_;
  std::vector<uint8_t> in_, out_;
  size_t filled_ = 0;
};

void Accept(tcp::acceptor* acceptor, const std::vector<uint8_t>& answer) {
  acceptor->async_accept([acceptor, &answer](const auto& error, tcp::socket socket) {
    if (error) return;
    std::make_shared<Session>(std::move(socket), answer)->Read();
    Accept(acceptor, answer);
  });
}

}  // namespace
}  // namespace kundig::bench

int main(int argc, char** argv) {
  namespace asio = boost::asio;
  uint32_t batch = 1;
  std::string address_file;
  CLI::App app("Answers every frame as a lookup is answered, and knows nothing", "echo_server");
  app.add_option("--batch", batch)->check(CLI::Range(1u, 10'000u));
  app.add_option("--address-file", address_file, "Where HOST:PORT is written once it listens");
  CLI11_PARSE(app, argc, argv);
  try {
    const std::vector<uint8_t> answer = kundig::bench::AnswerFrame(batch);
    asio::io_context io(1);
    asio::ip::tcp::acceptor acceptor(io,
                                     asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    asio::signal_set signals(io, SIGINT, SIGTERM);
    signals.async_wait([&io](const auto&, int) { io.stop(); });
    kundig::bench::Accept(&acceptor, answer);
    const std::string address =
        "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "\n";
    if (address_file.empty()) {
      std::fputs(address.c_str(), stdout);
      std::fflush(stdout);
    } else {
      std::ofstream(address_file) << address;
    }
    io.run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "echo_server: %s\n", error.what());
    return 1;
  }
}
