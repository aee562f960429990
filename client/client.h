// The C++ client of a Kundig server.
//
//   AsyncClient  sends without waiting; any number of requests in flight up to the server's limit,
//   answers in
//                order, given to a callback on the client's own thread. Reconnects by itself.
//   Client       the same, blocking: each call waits for its answer or its deadline.
//
// Answers are the native types of the schemas (schemas/*.fbs): wire::ProfilesReplyT and so on.
//
// Thread safety: all methods of both classes may be called from any thread. Callbacks of
// AsyncClient must not block and may send further requests.

#ifndef KUNDIG_CLIENT_CLIENT_H_
#define KUNDIG_CLIENT_CLIENT_H_

#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/admin_generated.h"
#include "schemas/events_generated.h"
#include "schemas/lists_generated.h"
#include "schemas/pipeline_generated.h"
#include "schemas/profile_generated.h"
#include "schemas/summaries_generated.h"

namespace kundig::client {

enum class ErrorKind : uint8_t {
  kRefused,      // the server answered with an error: see `code`
  kUnreachable,  // no connection; the request was not sent
  kLost,         // the connection broke after the request was sent: it may have been executed
  kTimedOut,     // no answer within the deadline: it may have been executed
  kProtocol,     // the server answered what this client cannot read
  kInvalid,      // a wrong call: an address that cannot be read, a batch above the server's limit
};

struct Error {
  ErrorKind kind = ErrorKind::kProtocol;
  wire::ErrorCode code = wire::ErrorCode::internal;  // with kRefused
  std::string message;                               // one sentence
  std::string field;
  std::optional<int32_t> position;
};

// What value() of a failed result throws.
class ClientError : public std::runtime_error {
 public:
  explicit ClientError(const Error& error) : std::runtime_error(error.message), error_(error) {}
  const Error& error() const { return error_; }

 private:
  Error error_;
};

[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw ClientError(error);
}

template <typename T>
using Result = boost::system::result<T, Error>;

struct Options {
  std::string server = "127.0.0.1:7400";  // HOST:PORT
  std::string name = "kundig-client";     // said in the handshake
  std::chrono::milliseconds connect_timeout{2000};
  std::chrono::milliseconds deadline{10000};  // of each request; 0 = none
  bool reconnect = true;         // connect again for the next request after a lost connection
  uint32_t max_in_flight = 256;  // the smaller of this and the server's limit holds
};

// What the server said of itself in the handshake.
struct ServerInfo {
  std::string name, version, currency, time_zone, durability;
  std::vector<std::string> stages;
  uint32_t max_frame_bytes = 0, max_in_flight = 0, max_profile_ids = 0, max_batch_events = 0;
};

template <typename T>
using Callback = std::function<void(Result<T>)>;

// Gets each chunk of a list; returning false cancels the rest.
using ChunkCallback = std::function<bool(wire::ListReplyT chunk)>;

class AsyncClient {
 public:
  explicit AsyncClient(Options options);
  ~AsyncClient();  // answers what is in flight with kLost
  AsyncClient(const AsyncClient&) = delete;
  AsyncClient& operator=(const AsyncClient&) = delete;

  void Connect(Callback<ServerInfo> done);
  void Profiles(std::vector<std::string> customers, Callback<wire::ProfilesReplyT> done);
  void Send(wire::EventBatchT batch, Callback<wire::EventBatchReplyT> done);

  // Any other request: payload and types as in the schemas. `more` is told each chunk of a streamed
  // answer.
  using RawAnswer = std::vector<uint8_t>;
  void Request(wire::MessageType type, std::vector<uint8_t> payload, Callback<RawAnswer> done,
               std::function<bool(std::span<const uint8_t>)> more = nullptr,
               std::optional<std::chrono::milliseconds> deadline = std::nullopt);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

class Client {
 public:
  // Connects and shakes hands. Errors: kInvalid, kUnreachable, kTimedOut, kProtocol, kRefused.
  static Result<Client> Connect(Options options = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  ServerInfo server() const;

  Result<void> Ping();
  Result<wire::StatusReplyT> Status(bool fresh_rankings = false);
  // `found` is false for an unknown one.
  Result<wire::ProfileT> Profile(std::string_view customer);
  // In the order asked; any number: split into requests of the server's size, pipelined. All of one
  // request come from one state of the book.
  Result<std::vector<wire::ProfilesReplyT>> Profiles(std::span<const std::string> customers);
  // At most the server's max_batch_events.
  Result<wire::EventBatchReplyT> Send(const wire::EventBatchT& batch);
  Result<wire::ExplainReplyT> Explain(std::string_view customer);
  Result<wire::RfmReplyT> Rfm();
  Result<wire::AbcReplyT> Abc();
  Result<wire::ValueReplyT> Value();
  Result<wire::CountReplyT> Count(std::string_view where);
  // Calls `chunk` for every chunk on the calling thread; the deadline is that of each chunk.
  Result<void> List(const wire::ListRequestT& request, const ChunkCallback& chunk);
  Result<wire::PipelineReplyT> Pipeline(const wire::PipelineRequestT& request);
  // `day` in days since 1970-01-01.
  Result<wire::AdvanceDayReplyT> AdvanceDay(int32_t day);

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kundig::client

#endif  // KUNDIG_CLIENT_CLIENT_H_
