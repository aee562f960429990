// One TCP connection to a server: resolves, connects, shakes hands, then moves frames. It knows
// nothing of requests and does not connect again; the Channel above it does both.
//
// Thread safety: everything happens on the one thread that runs the io_context; the listener is
// called there too. The listener must outlive the connection or be told OnClosed first.
// Invariant: OnClosed comes exactly once after Open(), and nothing after it.

#ifndef KUNDIG_CLIENT_CONNECTION_H_
#define KUNDIG_CLIENT_CONNECTION_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/client.h"
#include "schemas/frame.h"

namespace kundig::client {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  class Listener {
   public:
    // Hands are shaken: Send() may be called.
    virtual void OnReady(const ServerInfo& server) = 0;
    // A frame of the agreed version. An error closes the connection with it.
    virtual std::optional<Error> OnFrame(const wire::Frame& frame) = 0;
    // `written` bytes have left, as Send() counts them: a frame that ends above was never read
    // whole by the server.
    virtual void OnClosed(const Error& error, uint64_t written) = 0;

   protected:
    ~Listener() = default;
  };

  // The frame lies in the stream of bytes from `begin` to `end`.
  struct Sent {
    uint64_t begin = 0, end = 0;
  };

  Connection(boost::asio::io_context* io, const Options& options, Listener* listener);

  void Open();
  Sent Send(wire::MessageType type, uint32_t request_id, std::span<const uint8_t> payload);
  // Reads no further after the present frame, until Resume(). Pause() may only be called within
  // OnFrame(), Resume() only outside of it.
  void Pause() { paused_ = true; }
  void Resume();
  // Ends the connection; OnClosed comes within the call or when the write under way has ended.
  // Until then Send() may still be called and counts what will never be written.
  void Close(const Error& error);

 private:
  enum class Phase { kOpening, kReady, kClosed };

  void ShakeHands();
  void Write();
  void Read();
  void TakeFrames();
  std::optional<Error> TakeHelloReply(const wire::Frame& frame);
  // What a failed read or write means in this phase.
  void CloseBroken(const boost::system::error_code& error);
  void ReportClosed();

  const Options options_;
  Listener* const listener_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer connect_timer_;
  wire::FrameReader reader_;
  Phase phase_ = Phase::kOpening;
  bool paused_ = false;
  bool write_under_way_ = false;
  bool write_failed_ = false;
  Error close_reason_;
  std::vector<uint8_t> outgoing_;  // not yet given to the socket
  std::vector<uint8_t> writing_;   // what the write under way holds
  uint64_t queued_bytes_ = 0;      // ever appended to outgoing_
  uint64_t written_bytes_ = 0;
};

}  // namespace kundig::client

#endif  // KUNDIG_CLIENT_CONNECTION_H_
