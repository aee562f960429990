// A load as lean as redis-benchmark's: one thread, epoll, frames in which only ids change, answers
// counted by their headers. It finds what a server can do where the client library would be the
// bottleneck, and puts both sides of a comparison behind the same kind of client.
//
//   lean_load records|profiles|orders|events --server HOST:PORT --customers N [...]
//
// Each connection sends `--depth` frames in one write and waits for all of their answers, as
// redis-benchmark -P does; a latency is that of such a round. The first answer is read whole and
// checked; after it the type of every answer, the length of every record answer, and the number of
// orders that every batch added. Prints one line of JSON, with what the client itself cost.

#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "bench/versus/lean_frames.h"
#include "client/message.h"
#include "schemas/events_generated.h"
#include "schemas/frame.h"
#include "schemas/profile_generated.h"
#include "schemas/verified.h"
#include "tools/answer_json.h"
#include "tools/bench_histogram.h"

namespace kundig::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct LoadWords {
  std::string server = "127.0.0.1:7400", keys = "uniform";
  uint32_t connections = 16, depth = 1;
  uint64_t customers = 0, seed = 1;
  double seconds = 3, warm_up_seconds = 0.3;
  FramePlan plan;
};

[[noreturn]] void Fail(const std::string& why) {
  throw std::runtime_error(why);
}

int ConnectTo(const std::string& server) {
  const size_t colon = server.rfind(':');
  if (colon == std::string::npos) Fail("write the server as HOST:PORT");
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(server.substr(0, colon).c_str(), server.substr(colon + 1).c_str(), &hints,
                  &found) != 0) {
    Fail("there is no address " + server);
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, freeaddrinfo);
  const int socket = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0 || connect(socket, found->ai_addr, found->ai_addrlen) != 0) {
    Fail("nobody answers at " + server);
  }
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return socket;
}

// One connection. Blocking calls are for before the load only.
class Lane {
 public:
  explicit Lane(const LoadWords& words, uint32_t number)
      : words_(words),
        frames_(words.plan),
        random_(words.seed, tools::RandomStream::Purpose::kLoad, number),
        socket_(ConnectTo(words.server)),
        out_(frames_.bytes() * words.depth),
        in_(size_t{1} << 18) {}
  ~Lane() { close(socket_); }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  int socket() const { return socket_; }
  bool idle() const { return awaited_ == 0; }
  Clock::time_point since() const { return since_; }
  size_t question_bytes() const { return frames_.bytes(); }

  // Sends one frame and returns the payload of its answer.
  std::vector<uint8_t> Ask(const std::vector<uint8_t>& frame) {
    for (size_t sent = 0; sent < frame.size();) {
      const ssize_t count = send(socket_, frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) Fail("the connection broke");
      sent += static_cast<size_t>(count);
    }
    wire::FrameReader reader(1u << 26);
    while (true) {
      if (const auto answer = reader.Next()) {
        if (answer->header.type == static_cast<uint8_t>(wire::MessageType::error)) {
          Fail(client::ToError(answer->payload).message);
        }
        return {answer->payload.begin(), answer->payload.end()};
      }
      if (reader.error() != wire::FrameError::kNone) Fail(wire::Describe(reader.error()));
      const std::span<uint8_t> room = reader.Writable();
      const ssize_t count = recv(socket_, room.data(), room.size(), 0);
      if (count <= 0) Fail("the connection broke");
      reader.Commit(static_cast<size_t>(count));
    }
  }

  std::vector<uint8_t> NextFrame(const tools::KeyDraw& keys, std::atomic<uint64_t>* next_order) {
    std::vector<uint8_t> frame(frames_.bytes());
    frames_.Write(keys, &random_, next_order, frame.data());
    return frame;
  }

  void Begin(const tools::KeyDraw& keys, std::atomic<uint64_t>* next_order) {
    for (uint32_t place = 0; place < words_.depth; ++place) {
      frames_.Write(keys, &random_, next_order, out_.data() + place * frames_.bytes());
    }
    awaited_ = words_.depth;
    sent_ = 0;
    since_ = Clock::now();
    Push();
  }

  // Sends what the socket takes. True where nothing is left.
  bool Push() {
    while (sent_ < out_.size()) {
      const ssize_t count =
          send(socket_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count < 0 && errno == EAGAIN) return false;
      if (count <= 0) Fail("the connection broke");
      sent_ += static_cast<size_t>(count);
    }
    return true;
  }

  // Takes what has come; how many answers there were.
  uint32_t Take(size_t expected_bytes) {
    const ssize_t count = recv(socket_, in_.data() + filled_, in_.size() - filled_, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return 0;
    if (count <= 0) Fail("the connection broke");
    filled_ += static_cast<size_t>(count);
    size_t place = 0;
    uint32_t answers = 0;
    wire::FrameHeader header;
    while (filled_ - place >= wire::kFrameHeaderBytes) {
      std::memcpy(&header, in_.data() + place, sizeof(header));
      const size_t bytes = wire::kFrameHeaderBytes + header.payload_bytes;
      if (bytes > in_.size()) in_.resize(bytes);
      if (filled_ - place < bytes) break;
      Check(header, in_.data() + place + wire::kFrameHeaderBytes, expected_bytes);
      place += bytes;
      ++answers;
    }
    std::memmove(in_.data(), in_.data() + place, filled_ - place);
    filled_ -= place;
    awaited_ -= answers;
    return answers;
  }

 private:
  void Check(const wire::FrameHeader& header, const uint8_t* payload, size_t expected_bytes) const {
    if (header.type == static_cast<uint8_t>(wire::MessageType::error)) {
      Fail(client::ToError({payload, header.payload_bytes}).message);
    }
    if (header.type != static_cast<uint8_t>(frames_.reply_type()))
      Fail("an answer of another type");
    if (words_.plan.ask == Ask::kRecords && header.payload_bytes != expected_bytes) {
      Fail("an answer of another length");
    }
    if (words_.plan.ask == Ask::kOrders || words_.plan.ask == Ask::kEvents) {
      std::vector<uint8_t> aligned(payload, payload + header.payload_bytes);
      const auto* reply = wire::VerifiedRoot<wire::EventBatchReply>(aligned);
      if (reply == nullptr || reply->applied() != words_.plan.batch) {
        Fail("a batch was not taken whole");
      }
    }
  }

  const LoadWords& words_;
  FrameTemplate frames_;
  tools::RandomStream random_;
  const int socket_;
  std::vector<uint8_t> out_, in_;
  size_t sent_ = 0, filled_ = 0;
  uint32_t awaited_ = 0;
  Clock::time_point since_;
};

// The handshake and one answer read whole; the length of its payload.
size_t CheckFirst(const LoadWords& words, const tools::KeyDraw& keys,
                  std::atomic<uint64_t>* next_order, Lane* lane) {
  const std::vector<uint8_t> payload = lane->Ask(lane->NextFrame(keys, next_order));
  switch (words.plan.ask) {
    case Ask::kRecords: {
      const auto* reply = wire::VerifiedRoot<wire::RecordsReply>(payload);
      if (reply == nullptr || reply->records()->size() != words.plan.batch) Fail("a wrong answer");
      for (const wire::ProfileRecord* record : *reply->records()) {
        if (!record->found()) Fail("a customer is not in the book: is --customers right?");
      }
      break;
    }
    case Ask::kProfiles: {
      const auto* reply = wire::VerifiedRoot<wire::ProfilesReply>(payload);
      if (reply == nullptr || reply->profiles()->size() != words.plan.batch) Fail("a wrong answer");
      for (const wire::Profile* profile : *reply->profiles()) {
        if (!profile->found()) Fail("a customer is not in the book: is --customers right?");
      }
      break;
    }
    case Ask::kOrders:
    case Ask::kEvents: {
      const auto* reply = wire::VerifiedRoot<wire::EventBatchReply>(payload);
      if (reply == nullptr || reply->applied() != words.plan.batch) {
        Fail("the first batch was not taken whole");
      }
      break;
    }
  }
  return payload.size();
}

std::vector<uint8_t> HelloFrame() {
  wire::HelloT hello;
  hello.protocol_min = hello.protocol_max = wire::kProtocolVersion;
  hello.client_name = "lean_load";
  std::vector<uint8_t> frame;
  wire::AppendFrame(static_cast<uint8_t>(wire::MessageType::hello), 1, client::Packed(hello),
                    &frame);
  return frame;
}

struct Figures {
  tools::LatencyHistogram rounds;
  uint64_t answers = 0;
  double seconds = 0, client_cpu_seconds = 0;
};

double CpuSeconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

Figures Drive(const LoadWords& words, const tools::KeyDraw& keys, std::atomic<uint64_t>* next_order,
              size_t expected_bytes, const std::vector<std::unique_ptr<Lane>>& lanes) {
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  const auto watch = [&](int how, size_t lane, uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = lane;
    if (epoll_ctl(poll, how, lanes[lane]->socket(), &event) != 0) Fail("epoll refuses a socket");
  };
  for (size_t lane = 0; lane < lanes.size(); ++lane) {
    watch(EPOLL_CTL_ADD, lane, EPOLLIN);
    lanes[lane]->Begin(keys, next_order);
    watch(EPOLL_CTL_MOD, lane,
          lanes[lane]->Push() ? uint32_t{EPOLLIN} : uint32_t{EPOLLIN | EPOLLOUT});
  }
  const auto nanoseconds = [](double seconds) {
    return std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
  };
  const Clock::time_point from = Clock::now() + nanoseconds(words.warm_up_seconds);
  const Clock::time_point end = from + nanoseconds(words.seconds);
  Figures figures;
  double cpu_before = CpuSeconds();
  bool measuring = false;
  size_t busy = lanes.size();
  std::vector<epoll_event> events(lanes.size());
  Clock::time_point now = Clock::now();
  while (busy > 0) {
    const int count = epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    if (count < 0 && errno != EINTR) Fail("epoll fails");
    for (int i = 0; i < count; ++i) {
      const size_t place = events[static_cast<size_t>(i)].data.u64;
      Lane& lane = *lanes[place];
      if ((events[static_cast<size_t>(i)].events & EPOLLOUT) != 0 && lane.Push()) {
        watch(EPOLL_CTL_MOD, place, EPOLLIN);
      }
      const uint32_t answers = lane.Take(expected_bytes);
      if (!lane.idle() && answers == 0) continue;
      now = Clock::now();
      if (!measuring && now >= from) {
        measuring = true;
        cpu_before = CpuSeconds();
      }
      // What came after the end belongs to no second that is counted.
      if (measuring && now < end) figures.answers += answers;
      if (!lane.idle()) continue;
      if (measuring && now < end) {
        figures.rounds.Record(static_cast<uint64_t>((now - lane.since()).count()));
      }
      if (now >= end) {
        --busy;
        continue;
      }
      lane.Begin(keys, next_order);
      if (!lane.Push()) watch(EPOLL_CTL_MOD, place, EPOLLIN | EPOLLOUT);
    }
  }
  close(poll);
  figures.client_cpu_seconds = CpuSeconds() - cpu_before;
  figures.seconds = words.seconds;
  return figures;
}

boost::json::object ToJson(const LoadWords& words, const Figures& figures, size_t question_bytes,
                           size_t answer_bytes) {
  const auto us = [](uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; };
  const auto answers = static_cast<double>(figures.answers);
  return {{"connections", words.connections},
          {"depth", words.depth},
          {"batch", words.plan.batch},
          {"question_bytes", question_bytes},
          {"answer_bytes", answer_bytes},
          {"seconds", figures.seconds},
          {"requests_per_second", answers / figures.seconds},
          {"items_per_second", answers * words.plan.batch / figures.seconds},
          {"round_us",
           {{"p50", us(figures.rounds.AtShare(0.5))},
            {"p99", us(figures.rounds.AtShare(0.99))},
            {"p99.9", us(figures.rounds.AtShare(0.999))},
            {"max", us(figures.rounds.max_ns())}}},
          {"client_cpu_us_per_request",
           answers > 0 ? figures.client_cpu_seconds * 1e6 / answers : 0.0}};
}

int Run(const LoadWords& words) {
  const tools::KeyDraw keys(words.customers, *tools::ParseKeys(words.keys));
  std::atomic<uint64_t> next_order{0};
  std::vector<std::unique_ptr<Lane>> lanes;
  for (uint32_t lane = 0; lane < words.connections; ++lane) {
    lanes.push_back(std::make_unique<Lane>(words, lane));
    lanes.back()->Ask(HelloFrame());
  }
  const size_t expected = CheckFirst(words, keys, &next_order, lanes.front().get());
  const Figures figures = Drive(words, keys, &next_order, expected, lanes);
  const auto json =
      ToJson(words, figures, lanes.front()->question_bytes(), expected + wire::kFrameHeaderBytes);
  std::printf("%s\n", tools::ToText(json).c_str());
  return 0;
}

}  // namespace
}  // namespace kundig::bench

int main(int argc, char** argv) {
  using kundig::bench::Ask;
  kundig::bench::LoadWords words;
  std::string ask;
  CLI::App app("A load as lean as redis-benchmark's", "lean_load");
  app.add_option("what", ask)
      ->required()
      ->check(CLI::IsMember({"records", "profiles", "orders", "events"}));
  app.add_option("--server", words.server, "HOST:PORT");
  app.add_option("--customers", words.customers)->required()->check(CLI::PositiveNumber);
  app.add_option("--keys", words.keys)->check([](const std::string& text) -> std::string {
    return kundig::tools::ParseKeys(text) ? "" : "keys are uniform or zipf:S";
  });
  app.add_option("--connections", words.connections)->check(CLI::Range(1u, 1000u));
  app.add_option("--depth", words.depth)->check(CLI::Range(1u, 1024u));
  app.add_option("--batch", words.plan.batch)->check(CLI::Range(1u, 10'000u));
  app.add_option("--seconds", words.seconds)->check(CLI::Range(0.01, 3600.0));
  app.add_option("--warm-up", words.warm_up_seconds)->check(CLI::Range(0.0, 60.0));
  app.add_option("--seed", words.seed);
  app.add_option("--prefix", words.plan.prefix, "Of customer ids")
      ->check(CLI::Validator(
          [](std::string& text) { return std::string(text.size() > 32 ? "at most 32 bytes" : ""); },
          "TEXT"));
  app.add_option("--tag", words.plan.tag, "Begins the ids of orders; new for new orders");
  app.add_option("--at-ms", words.plan.at_ms, "Time of the orders");
  CLI11_PARSE(app, argc, argv);
  words.plan.ask = ask == "records"    ? Ask::kRecords
                   : ask == "profiles" ? Ask::kProfiles
                   : ask == "orders"   ? Ask::kOrders
                                       : Ask::kEvents;
  try {
    return kundig::bench::Run(words);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lean_load: %s\n", error.what());
    return 1;
  }
}
