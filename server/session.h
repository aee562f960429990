// One connection: bytes in, requests to the handler, answers in order, bytes out.
//
// Read first: OnReadable and Pump. Everything that can change what a session may do next ends in
// Pump, which takes the frames that have come, moves what is answered to the send buffer, writes it
// in one go, and says whether to read on.
//
// What a client can do to the server ends here: it holds at most the limits of SessionLimits, and
// one deadline timer closes the socket of a connection that does not keep its times.
//
// Thread safety: a session belongs to the thread that runs its socket's io_context; every method is
// to be called there. Answers come from any thread through its mailbox.
// Invariants: at most one read and one wait for writing are under way; after Close nothing is.

#ifndef KUNDIG_SERVER_SESSION_H_
#define KUNDIG_SERVER_SESSION_H_

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/frame.h"
#include "server/answer_queue.h"
#include "server/incidents.h"
#include "server/limits.h"
#include "server/lookup_run.h"
#include "server/mailbox.h"
#include "server/request_handler.h"

namespace kundig::server {

struct SessionLimits {
  uint32_t max_frame_bytes = wire::kMaxFrameBytes;
  uint32_t max_in_flight = wire::kMaxInFlight;
  size_t write_low_water_bytes = kWriteLowWaterBytes;
  size_t write_high_water_bytes = kWriteHighWaterBytes;
  std::chrono::milliseconds handshake_timeout = kHandshakeTimeout;
  std::chrono::milliseconds frame_timeout = kFrameTimeout;
  std::chrono::milliseconds write_stall_timeout = kWriteStallTimeout;
  std::chrono::milliseconds idle_timeout = kIdleTimeout;
};

// Without type erasure on the way to the reactor.
using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

class Session;

// What all sessions of one network thread share; it outlives them.
struct SessionContext {
  boost::asio::io_context* io_context = nullptr;
  RequestHandler* handler = nullptr;
  Incidents* incidents = nullptr;
  SessionLimits limits;
  std::vector<uint8_t> hello_reply;         // payload
  std::function<void(Session*)> on_closed;  // once for each session, last of all
  LookupRun lookups;                        // of whichever session is being answered
};

class Session final : public MailboxOwner, public std::enable_shared_from_this<Session> {
 public:
  Session(SessionContext* context, Socket socket);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Begins to serve.
  void Start();
  // Instead of Start: says why nothing is served, and closes.
  void Refuse(wire::ErrorCode code, std::string_view message, std::string_view field);
  // Answers what is in flight, refuses what still comes with shutting_down, closes when it is
  // quiet.
  void Drain();
  // At once.
  void Close();

 private:
  using Clock = std::chrono::steady_clock;
  enum class State : uint8_t {
    kServing,    // reads, answers, writes
    kLingering,  // all is sent and said so; waits for the other side to close
    kClosed,
  };

  // MailboxOwner.
  void OnAnswer(uint64_t sequence, wire::MessageType type,
                std::span<const uint8_t> payload) override;
  void OnStream(uint64_t sequence, std::unique_ptr<ChunkSource> chunks) override;
  void OnMail() override;

  void Pump();
  void PumpLater();
  void TakeFrames();
  // Answers the lookups that come next where they may be answered at once; whether there were any.
  bool TakeLookups();
  void TakeFrame(const wire::Frame& frame);
  void TakeHello(const wire::Frame& frame);
  bool MayTake() const;
  // Whether the frame must wait for the writes that this connection asked for before it.
  bool WaitsForWrites(const wire::Frame& frame) const;
  // Answers request `request_id` with an error, in its turn.
  void AnswerError(uint32_t request_id, wire::ErrorCode code, std::string_view message,
                   std::string_view field = {});
  // The same, and nothing is read after it; the connection closes once it is sent.
  void RefuseAndEnd(Incident incident, uint32_t request_id, wire::ErrorCode code,
                    std::string_view message);

  void Write();
  void ReadOn();
  void OnReadable(const boost::system::error_code& error, size_t bytes);
  void Linger();
  void Discard();

  // The earliest time at which this connection has broken its word.
  Clock::time_point Deadline() const;
  void ArmTimer();
  void OnTimer();
  void OnDeadline();

  void Report(Incident incident);
  void Lost(const boost::system::error_code& error);

  SessionContext* const context_;
  Socket socket_;
  boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>,
                                    boost::asio::io_context::executor_type>
      timer_;
  const std::shared_ptr<Mailbox> mailbox_;
  wire::FrameReader reader_;
  std::optional<wire::Frame>
      held_;  // taken from reader_, waits for writes; reader_ rests meanwhile
  AnswerQueue answers_;
  std::string peer_;

  State state_ = State::kServing;
  bool shaken_ = false;         // hands
  bool ending_ = false;         // no more requests are taken
  bool end_of_stream_ = false;  // the client has closed its side
  bool draining_ = false;
  bool reading_ = false;      // a read is under way
  bool write_waits_ = false;  // the socket is full
  bool pumping_ = false;
  bool pump_posted_ = false;
  bool took_all_ = true;  // the reader has no whole frame left

  Clock::time_point opened_at_;
  Clock::time_point last_request_at_;
  Clock::time_point stalled_since_;    // where write_waits_
  Clock::time_point lingering_since_;  // where kLingering
  std::optional<Clock::time_point> frame_began_at_;
  Clock::time_point armed_for_ = Clock::time_point::max();
  std::array<uint8_t, 512> discarded_;
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_SESSION_H_
