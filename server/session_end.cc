// How a connection ends: the times that a client must keep, trouble with the socket, and the wait
// for the other side. The rest of a session is in session.cc.

#include "server/session.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <utility>

namespace kundig::server {

namespace asio = boost::asio;

// --- Time ---

Session::Clock::time_point Session::Deadline() const {
  const SessionLimits& limits = context_->limits;
  if (state_ == State::kLingering) return lingering_since_ + kLingerTimeout;
  if (write_waits_) return stalled_since_ + limits.write_stall_timeout;
  if (!shaken_) return opened_at_ + limits.handshake_timeout;
  if (!answers_.empty()) return Clock::time_point::max();
  if (draining_) return last_request_at_ + kDrainQuiet;
  if (frame_began_at_) return *frame_began_at_ + limits.frame_timeout;
  return last_request_at_ + limits.idle_timeout;
}

void Session::ArmTimer() {
  const Clock::time_point deadline = Deadline();
  // A deadline that has moved away is looked at again when the timer fires.
  if (deadline >= armed_for_) return;
  armed_for_ = deadline;
  timer_.expires_at(deadline);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error == asio::error::operation_aborted || self->state_ == State::kClosed) return;
    self->OnTimer();
  });
}

void Session::OnTimer() {
  armed_for_ = Clock::time_point::max();
  if (Clock::now() >= Deadline()) OnDeadline();
  if (state_ != State::kClosed) ArmTimer();
}

void Session::OnDeadline() {
  if (state_ == State::kLingering) {
    Close();
  } else if (write_waits_) {
    Report(Incident::kStalledClient);
    Close();
  } else if (!shaken_) {
    RefuseAndEnd(Incident::kHandshakeFailed, 0, wire::ErrorCode::handshake_required,
                 "No whole hello came in time.");
    Pump();
  } else if (draining_) {
    ending_ = true;
    Pump();
  } else if (frame_began_at_) {
    RefuseAndEnd(Incident::kFrameTimedOut, 0, wire::ErrorCode::bad_frame,
                 "The frame did not end in time.");
    Pump();
  } else {
    Report(Incident::kIdleClient);
    ending_ = true;
    Pump();
  }
}

// --- The last error, and the other side ---

void Session::Linger() {
  // A close with unread bytes would reset the connection, and the client might lose the last error.
  state_ = State::kLingering;
  lingering_since_ = Clock::now();
  mailbox_->Close();
  boost::system::error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  if (error || end_of_stream_) {
    Close();
    return;
  }
  ArmTimer();
  Discard();
}

void Session::Discard() {
  if (std::exchange(reading_, true)) return;
  socket_.async_read_some(
      asio::buffer(discarded_),
      [self = shared_from_this()](const boost::system::error_code& error, size_t) {
        self->reading_ = false;
        if (self->state_ == State::kClosed) return;
        if (error) {
          self->Close();
        } else {
          self->Discard();
        }
      });
}

// --- Trouble ---

void Session::Report(Incident incident) {
  context_->incidents->Report(incident, {{"peer", peer_}});
}

void Session::Lost(const boost::system::error_code& error) {
  context_->incidents->Report(Incident::kConnectionLost,
                              {{"peer", peer_}, {"reason", error.message()}});
  Close();
}

}  // namespace kundig::server
