// The C++ client of a Kundig server.
//
//   AsyncClient  sends without waiting; any number of requests in flight up to the server's limit,
//   answers in
//                order, given to a callback on the client's own thread. Reconnects by itself and
//                sends again what a lost connection left without an answer.
//   Client       the same, blocking: each call waits for its answer or its deadline.
//
// Answers are the native types of the schemas (schemas/*.fbs): wire::ProfilesReplyT and so on.
//
// Thread safety: all methods of both classes may be called from any thread. Callbacks of
// AsyncClient run on the client's own thread, one at a time: they must not block and not throw, and
// may send further requests. Requests of one thread reach the server in the order of the calls.

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
#include "schemas/churn_generated.h"
#include "schemas/events_generated.h"
#include "schemas/export_generated.h"
#include "schemas/lists_generated.h"
#include "schemas/pipeline_generated.h"
#include "schemas/profile_generated.h"
#include "schemas/summaries_generated.h"
#include "schemas/watch_generated.h"
#include "schemas/what_if_generated.h"

namespace kundig::client {

enum class ErrorKind : uint8_t {
  kRefused,      // the server answered with an error: see `code`
  kUnreachable,  // no connection; the request was not sent
  kLost,         // the connection broke after the request was sent: it may have been executed, and
                 // sending it again was not possible, safe or wanted (Options::send_again)
  kTimedOut,  // no answer within the deadline: it may have been executed, unless `message` says no
  kProtocol,  // the server answered what this client cannot read
  kInvalid,   // a wrong call: an address that cannot be read, a batch above the server's limit
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
  bool reconnect = true;                      // connect again after a lost connection
  // With `reconnect`, once there was a connection: what a lost one left without an answer, and what
  // comes until there is a new one, waits for it until its deadline and is sent (again) in the old
  // order. False: what was sent is answered kLost, and what finds nobody there kUnreachable, at
  // once.
  bool send_again = true;
  uint32_t max_in_flight = 256;  // the smaller of this and the server's limit holds; at least 1
  // Told, on the client's thread, why a connection that worked was lost, and by nothing that there
  // is one again. Must be quick and ask nothing of the client.
  std::function<void(const std::optional<Error>& lost)> connection_changed = nullptr;
};

// What an AsyncClient holds without an answer, sent or not; a request above either is answered
// kInvalid with the limit's name as `field`. One request alone may have any size.
inline constexpr uint32_t kMaxWaitingRequests = 16'384;
inline constexpr size_t kMaxWaitingBytes = size_t{256} << 20;
// Between attempts to connect: doubles from the first to the second while they fail.
inline constexpr std::chrono::milliseconds kFirstBackoff{10};
inline constexpr std::chrono::milliseconds kLongestBackoff{1000};

// Batches that are sent before the oldest one without an answer has one; the next waits. A server
// remembers the answers of so many batches of a producer (kKeptBatches in its engine): one more,
// and it could no longer tell whether the oldest was taken.
inline constexpr uint64_t kMaxUnansweredBatches = 256;

// Which batch it is, of all that anybody sends: the server applies it once, however often it comes,
// and answers it as before.
//
// Batches without a name get one from the client: a random producer for each client object, and
// numbers in the order of sending. So they are applied once as long as the client lives. Who wants
// that across his own restarts (he reads a queue and knows the place of each batch in it) names his
// batches himself: a producer that is his alone, and numbers of which none is given twice. After a
// restart he sends again, under the same names, whatever he is not sure of.
struct BatchName {
  std::string producer;  // 1 to 64 bytes
  uint64_t number =
      0;  // in any order; but at most kMaxUnansweredBatches above the oldest unanswered
};

// What the server said of itself in the handshake.
struct ServerInfo {
  std::string name, version, currency, time_zone, durability;
  std::vector<std::string> stages;
  uint32_t max_frame_bytes = 0, max_in_flight = 0, max_profile_ids = 0, max_batch_events = 0;
};

class EventBatch;
class OrderBatch;

template <typename T>
using Callback = std::function<void(Result<T>)>;

// Gets each chunk of a list; returning false cancels the rest.
using ChunkCallback = std::function<bool(wire::ListReplyT chunk)>;
// The same of an export.
using ExportCallback = std::function<bool(wire::ExportReplyT chunk)>;
// The same of a what-if.
using WhatIfCallback = std::function<bool(wire::WhatIfReplyT chunk)>;

// Gets each answer of a watch, also those without a change; returning false ends it.
using WatchCallback = std::function<bool(wire::WatchReplyT answer)>;
// How long a request of a watch waits for a change where it does not say so.
inline constexpr std::chrono::milliseconds kWatchWait{30'000};

// A day, in days since 1970-01-01, as which to ask; absent: today. An earlier one takes the server
// seconds for 10 million customers, so there is no deadline.
using AsOf = std::optional<int32_t>;

// Connects with the first request or Connect(). Until there was a connection, requests wait for the
// attempt that is under way; when it fails, all that wait are answered kUnreachable. Afterwards as
// Options::send_again says.
class AsyncClient {
 public:
  explicit AsyncClient(Options options);
  // Answers what is in flight with kLost and what was not sent with kUnreachable. What is sent from
  // those callbacks gets no answer.
  ~AsyncClient();
  AsyncClient(const AsyncClient&) = delete;
  AsyncClient& operator=(const AsyncClient&) = delete;

  void Connect(Callback<ServerInfo> done);
  // At most the server's max_profile_ids.
  void Profiles(std::vector<std::string> customers, Callback<wire::ProfilesReplyT> done);
  // The same customers as fixed-size records (wire::ProfileRecord); names are codes, see
  // Client::Names. At most the server's max_profile_ids.
  void Records(std::span<const std::string> customers, Callback<wire::RecordsReplyT> done);
  // At most the server's max_batch_events. A batch without `producer` is named by the client.
  void Send(const wire::EventBatchT& batch, Callback<wire::EventBatchReplyT> done);
  // All of it in one request: at most the server's max_batch_events and max_frame_bytes.
  void Send(const OrderBatch& orders, Callback<wire::EventBatchReplyT> done);
  // The same under the caller's name. `repeated` of the answer says that it had been taken before.
  void Send(const EventBatch& events, const BatchName& name, Callback<wire::EventBatchReplyT> done);
  void Send(const OrderBatch& orders, const BatchName& name, Callback<wire::EventBatchReplyT> done);

  // Any other request: payload and types as in the schemas. The answer is a sound message of the
  // request's reply type, verified, 16-byte aligned. A list, an export or a what-if needs `more`,
  // which gets each chunk but the last (that is the answer); it returns false to cancel the rest.
  // `deadline` instead of that of the options; 0 = none. Each chunk starts it anew. Events and
  // orders without a producer are not sent again.
  using RawAnswer = std::vector<uint8_t>;
  void Request(wire::MessageType type, std::vector<uint8_t> payload, Callback<RawAnswer> done,
               std::function<bool(std::span<const uint8_t>)> more = nullptr,
               std::optional<std::chrono::milliseconds> deadline = std::nullopt);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// What became of the events of an EventBatch (client/event_batch.h) or of the orders of an
// OrderBatch (client/order_batch.h), which may take several requests.
struct SentEvents {
  uint64_t applied = 0, replaced = 0, unchanged = 0;
  struct Refused {
    size_t index = 0;  // place in the batch, from 0
    Error error;
  };
  std::vector<Refused> refused;  // ascending
  // Refused too, without place and reason: a server names no more refusals of one request than fit
  // its max_frame_bytes.
  uint64_t refused_more = 0;
  // Of the requests: those that the server had taken before, in an attempt whose answer was lost.
  uint64_t repeated = 0;
  uint64_t journal_sequence = 0;  // of the book after the last of them
};

// Any number of threads may share one. Above max_in_flight requests at once, calls wait their turn.
// A Client that was moved from may only be destroyed or assigned to.
class Client {
 public:
  // Connects and shakes hands. Errors: kInvalid, kUnreachable, kTimedOut, kProtocol, kRefused.
  static Result<Client> Connect(Options options = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  ServerInfo server() const;

  Result<void> Ping();
  // `receipt_for`: journal_sequence of an erasure, for `gone_since` of the answer.
  Result<wire::StatusReplyT> Status(bool fresh_rankings = false, uint64_t receipt_for = 0);
  // `found` is false for an unknown one.
  Result<wire::ProfileT> Profile(std::string_view customer);
  // In the order asked; any number: split into requests of the server's size, pipelined. All of one
  // request come from one state of the book.
  Result<std::vector<wire::ProfilesReplyT>> Profiles(std::span<const std::string> customers,
                                                     AsOf as_of = {});
  // The same as fixed-size records, for very many customers at once.
  Result<std::vector<wire::RecordsReplyT>> Records(std::span<const std::string> customers);
  // All names behind the codes of a kind in records: that of code c at place c - 1. Codes never
  // change while the server runs; new ones come behind the last.
  Result<std::vector<std::string>> Names(wire::NameKind kind);
  // At most the server's max_batch_events. A batch without `producer` is named by the client.
  Result<wire::EventBatchReplyT> Send(const wire::EventBatchT& batch);
  // Any number: split into requests that the server takes, pipelined, in the order of the batch. On
  // an error some requests may have been executed; sending all again is a new batch, of which the
  // events that were applied change nothing, being idempotent by identity.
  Result<SentEvents> Send(const EventBatch& events);
  // The same for orders alone, which cost less this way.
  Result<SentEvents> Send(const OrderBatch& orders);
  // All of it in one request, under the caller's name: at most the server's max_batch_events and
  // max_frame_bytes. `repeated` of the answer says that it had been taken before.
  Result<wire::EventBatchReplyT> Send(const EventBatch& events, const BatchName& name);
  Result<wire::EventBatchReplyT> Send(const OrderBatch& orders, const BatchName& name);
  Result<wire::ExplainReplyT> Explain(std::string_view customer, AsOf as_of = {});
  Result<wire::RfmReplyT> Rfm(AsOf as_of = {});
  Result<wire::AbcReplyT> Abc(AsOf as_of = {});
  Result<wire::ValueReplyT> Value(AsOf as_of = {});
  Result<wire::PhasesReplyT> Phases(std::string_view where);
  Result<wire::CountReplyT> Count(std::string_view where, AsOf as_of = {});
  // Calls `chunk` for every chunk on the calling thread; the deadline is that of each chunk. At
  // most a few chunks are held: a slow `chunk` makes the server wait, and every other call of this
  // Client, whose answers come behind; so `chunk` must not call the same Client.
  Result<void> List(const wire::ListRequestT& request, const ChunkCallback& chunk);
  // Everything held about one customer, in chunks, as List. `found` of the only chunk is false
  // where that is nothing.
  Result<void> Export(std::string_view customer, const ExportCallback& chunk);
  // Which customers another configuration would judge otherwise, in chunks, as List; without a
  // deadline. The live book goes on.
  Result<void> WhatIf(const wire::WhatIfRequestT& request, const WhatIfCallback& chunk);
  Result<wire::PipelineReplyT> Pipeline(const wire::PipelineRequestT& request);
  Result<wire::WaterfallReplyT> Waterfall(const wire::WaterfallRequestT& request);
  Result<wire::ConversionReplyT> Conversion(const wire::ConversionRequestT& request);
  // Who has entered or left a condition behind `request.from`, as soon as somebody has, at the
  // latest after `request.wait_ms`. Without `from` nobody yet: the answer is the place from which
  // to go on. Answers come in the order of requests, so while this waits so do all others of this
  // Client.
  Result<wire::WatchReplyT> Watch(const wire::WatchRequestT& request);
  // The same again and again, from each place on, until `changes` returns false. Each answer may
  // take `request.wait_ms`, kWatchWait where that is 0. On an error, or after a restart of the
  // program, whoever goes on from `position` of his last answer misses nothing; where the server
  // does not know so far back any more that is kRefused, history_gone.
  Result<void> Watch(wire::WatchRequestT request, const WatchCallback& changes);
  // Fits the churn model, which takes seconds for 10 million customers; there is no deadline.
  // Without `until` the server keeps the fit and looks ahead by it from then on.
  Result<wire::ChurnReplyT> Churn(const wire::ChurnRequestT& request);
  // Saves the book; with `compact` nothing older stays in the data folder. May take as long as
  // writing all of it; there is no deadline.
  Result<wire::SnapshotReplyT> Snapshot(bool compact);
  // Copies the book into a new folder on the server's machine and reads the copy back; no deadline.
  Result<wire::SnapshotReplyT> Backup(const std::string& folder);
  // Has the server read its configuration again and put its rules in force; no deadline.
  Result<wire::ReloadReplyT> Reload();
  // `day` in days since 1970-01-01.
  Result<wire::AdvanceDayReplyT> AdvanceDay(int32_t day);

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kundig::client

#endif  // KUNDIG_CLIENT_CLIENT_H_
