// The client's side of request_path: questions made beforehand, connections that send them and take
// the answers, and the customers that they are about. Whatever is wrong ends the program.
//
// Thread safety: one thread at a time; Questions are read by all.

#ifndef KUNDIG_BENCH_REQUEST_PATH_LOAD_H_
#define KUNDIG_BENCH_REQUEST_PATH_LOAD_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "schemas/frame.h"
#include "schemas/profile_generated.h"

namespace kundig::bench {

[[noreturn]] void Fail(const std::string& why);
void Require(bool condition, const char* what);

// The customers of the book, by number.
std::string CustomerOf(uint32_t index);
int64_t RevenueOf(uint32_t index);

// Requests made beforehand, one behind the other in one ring, and what they ask.
struct Questions {
  wire::MessageType type = wire::MessageType::none;
  size_t ids_each = 0;
  size_t frame_bytes = 0;  // all have one size
  std::vector<uint8_t> frames;
  std::vector<uint32_t> customers;  // ids_each for each frame

  size_t count() const { return customers.size() / ids_each; }
};

template <typename Request>
Questions MakeQuestions(wire::MessageType type, size_t ids_each, size_t count, uint32_t customers) {
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

struct Load {
  int connections = 1;
  size_t depth = 1;
};

struct Measured {
  double requests_per_second = 0;
  double server_ns = 0, client_ns = 0;  // processor time of a request
};

// The connections of one load to one server.
class LoadedServer {
 public:
  // `echo_bytes`: the size of an answer of an echo; 0 for a server, whose answers are checked.
  LoadedServer(uint16_t port, const Questions* questions, const Load& load, size_t echo_bytes);
  ~LoadedServer();
  LoadedServer(const LoadedServer&) = delete;
  LoadedServer& operator=(const LoadedServer&) = delete;

  // The size of one answer, after a Run.
  size_t answer_bytes() const;
  Measured Run(std::chrono::milliseconds round);

 private:
  class Connection;

  // Takes what has come; with `refill`, asks as much again.
  size_t Turn(bool refill);

  const size_t depth_, echo_bytes_;
  const int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace kundig::bench

#endif  // KUNDIG_BENCH_REQUEST_PATH_LOAD_H_
