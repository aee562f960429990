// What AsyncClient and Client are both made of: a thread, a connection that is made again when it
// broke, and the requests that wait for answers.
//
// A request moves from waiting_ (not sent) to in_flight_ (sent, in the order of the wire), and is
// answered exactly once. Answers come in the order of requests, so only the front of in_flight_ can
// be answered. A request past its deadline is answered at once but keeps its place until the
// server's answer has passed; where the server says nothing for as long again, the connection is
// given up.
//
// When a connection breaks, what has no answer yet moves back to the front of waiting_, in its old
// order, and is sent again on the next one: what did not leave whole was not executed; of the rest,
// questions and named batches may be executed twice. Anything else, and everything without
// Options::send_again, is answered: kLost where it left whole (it may have been executed),
// kUnreachable where it left in part; what did not leave at all always waits for the next
// connection. A server that shuts down executes nothing any more, so what it refuses for that waits
// too.
//
// Batches are counted when they are first sent, and those that the client names get their number
// then. No batch is sent kMaxUnansweredBatches or more after the oldest one without an answer.
//
// Thread safety: the public methods may be called from any thread, PauseReading() only within a
// request's `more`. All else runs on the channel's thread, callbacks too.

#ifndef KUNDIG_CLIENT_CHANNEL_H_
#define KUNDIG_CLIENT_CHANNEL_H_

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "client/client.h"
#include "client/connection.h"
#include "client/gate.h"

namespace kundig::client {

// What a request is answered for which there is no connection, for the reason given: where it left
// whole on one that broke, it may have been executed.
Error WithoutConnection(const Error& reason, bool left_whole);

class Channel final : public std::enable_shared_from_this<Channel>, public Connection::Listener {
 public:
  using RawAnswer = AsyncClient::RawAnswer;

  struct Request {
    wire::MessageType type = wire::MessageType::none;
    std::vector<uint8_t> payload;
    // Asked before it is sent; an error is its answer. May be null.
    std::function<std::optional<Error>(const ServerInfo&)> check;
    // As in AsyncClient::Request; required for lists.
    std::function<bool(std::span<const uint8_t>)> more;
    Callback<RawAnswer> done;
    std::chrono::milliseconds deadline{0};  // 0 = none
    bool to_be_numbered = false;            // the payload is named with ToBeNumbered()
  };

  // `max_requests` as in Gate.
  static std::shared_ptr<Channel> Start(const Options& options, uint32_t max_requests);
  // Answers everything and ends the thread. Call it once, before the last reference goes.
  void Stop();

  void Connect(Callback<ServerInfo> done);
  // Answers kInvalid where too much waits already.
  void Submit(Request request);
  // Waits while too much waits already; not on the channel's thread.
  void SubmitWithRoom(Request request);
  // What the last handshake said.
  ServerInfo server() const;

  // No further answer is taken, and the deadline of the list that pauses stands still.
  void PauseReading();
  void ResumeReading();

 private:
  using Clock = std::chrono::steady_clock;

  struct Pending {
    Request request;
    size_t gate_bytes = 0;
    Clock::time_point expires = Clock::time_point::max();
    uint32_t id = 0;  // 0 until it is first sent
    Connection::Sent sent;
    uint64_t turn = 0;        // of a batch: its place among all batches; 0 until it is first sent
    bool left_whole = false;  // on a connection that broke: it may have been executed
    bool chunks_passed = false;  // a list of which the caller has a part already
    bool answered = false;       // past its deadline; only its place is kept
    bool cancelled = false;      // a list whose rest is not wanted
    Clock::time_point answered_at;
  };

  Channel(const Options& options, uint32_t max_requests);

  void OnReady(const ServerInfo& server) override;
  std::optional<Error> OnFrame(const wire::Frame& frame) override;
  void OnClosed(const Error& error, uint64_t written) override;

  void Enter(Request request);
  void Enqueue(Pending pending);
  // Sends what may be sent, or sees to it that there is a connection.
  void Advance();
  void SendWaiting();
  void OpenConnection();
  // Answers all that waits, for the reason of `error`.
  void FailWaiting(const Error& error);
  // Answers what cannot be sent again, and lets the rest wait.
  void FailInFlight(const Error& error, uint64_t written);
  // Behind what was sent before, in front of what was not.
  void PutBack(std::deque<Pending> again);
  bool SendsAgain() const { return options_.reconnect && options_.send_again && !stopped_; }
  // Whether so few batches have no answer that one more may be sent.
  bool HasBatchTurn() const;
  std::optional<Error> CheckLimits(const Request& request) const;
  void EndThread(const Error& closed);
  void FailConnecting(const Error& error);
  void Finish(Pending* pending, Result<RawAnswer> answer);
  // The server executes nothing more, so also not `refused`.
  std::optional<Error> TakeStop(Pending refused);
  void TakeChunk(Pending* list, std::span<const uint8_t> payload);
  void CancelList(Pending* list);

  void StartDeadline(Pending* pending);
  void ArmTimer(Clock::time_point expires);
  void CheckDeadlines();

  const Options options_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  Gate gate_;
  std::thread thread_;

  mutable std::mutex server_mutex_;
  ServerInfo server_;  // written by the channel's thread only, which reads it without the mutex

  // Of the channel's thread:
  bool stopped_ = false;
  std::shared_ptr<Connection> connection_;  // null while there is none
  bool ready_ = false;                      // connection_ has shaken hands
  bool was_connected_ = false;
  bool answered_since_open_ = false;      // connection_ is of some use
  bool server_stops_ = false;             // it has said so: nothing more is sent on connection_
  std::optional<Error> why_unconnected_;  // since the last connection broke or could not be made
  bool reading_paused_ = false;
  uint32_t max_in_flight_ = 1;
  uint32_t last_id_ = 1;  // the handshake's
  uint64_t last_turn_ = 0;
  std::deque<Pending> waiting_, in_flight_;
  std::vector<Callback<ServerInfo>> connecting_;
  std::chrono::milliseconds backoff_{0};  // 0 after an answer
  boost::asio::steady_timer backoff_timer_;
  bool backing_off_ = false;
  boost::asio::steady_timer deadline_timer_;
  Clock::time_point timer_expires_ = Clock::time_point::max();
  Clock::time_point last_frame_at_;
};

}  // namespace kundig::client

#endif  // KUNDIG_CLIENT_CHANNEL_H_
