// The part of Channel that is about connections: making one, losing it, and what becomes of the
// requests meanwhile.

#include <boost/asio/post.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

#include "client/batch_numbering.h"
#include "client/channel.h"

namespace kundig::client {

namespace asio = boost::asio;

namespace {

Error NotSent(const Error& reason) {
  // The handshake's time-out is none of the request's: the request never left.
  if (reason.kind != ErrorKind::kTimedOut && reason.kind != ErrorKind::kLost) return reason;
  Error error = reason;
  error.kind = ErrorKind::kUnreachable;
  return error;
}

// Whether a later attempt to connect may end otherwise than one that failed so.
bool MayPass(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kUnreachable:
    case ErrorKind::kLost:
    case ErrorKind::kTimedOut:
      return true;
    case ErrorKind::kRefused:  // it stops, or has too many connections
      return error.code == wire::ErrorCode::shutting_down ||
             error.code == wire::ErrorCode::limit_exceeded ||
             error.code == wire::ErrorCode::overloaded;
    case ErrorKind::kProtocol:
    case ErrorKind::kInvalid:
      return false;
  }
  return false;
}

}  // namespace

Error WithoutConnection(const Error& reason, bool left_whole) {
  if (!left_whole) return NotSent(reason);
  return {ErrorKind::kLost,
          {},
          "The connection broke before the answer came, and asking again failed: " + reason.message,
          {},
          {}};
}

void Channel::Connect(Callback<ServerInfo> done) {
  asio::post(io_, [this, done = std::move(done)]() mutable {
    if (ready_) return done(server_);
    connecting_.push_back(std::move(done));
    Advance();
  });
}

void Channel::Advance() {
  if (stopped_ || (waiting_.empty() && connecting_.empty())) return;
  if (ready_) return SendWaiting();
  if (connection_ || backing_off_) return;
  if (was_connected_ && !options_.reconnect) {
    const Error error{ErrorKind::kUnreachable,
                      {},
                      "The connection to " + options_.server +
                          " was lost, and the client is told not to reconnect.",
                      {},
                      {}};
    FailConnecting(error);
    return FailWaiting(error);
  }
  if (backoff_.count() == 0) return OpenConnection();
  backing_off_ = true;
  backoff_timer_.expires_after(backoff_);
  backoff_timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled || stopped_) return;
    backing_off_ = false;
    if (!waiting_.empty() || !connecting_.empty()) OpenConnection();
  });
}

void Channel::OpenConnection() {
  answered_since_open_ = false;
  connection_ = std::make_shared<Connection>(&io_, options_, this);
  connection_->Open();
}

void Channel::OnReady(const ServerInfo& server) {
  {
    const std::lock_guard lock(server_mutex_);
    server_ = server;
  }
  ready_ = true;
  if (std::exchange(was_connected_, true) && options_.connection_changed) {
    options_.connection_changed(std::nullopt);
  }
  why_unconnected_.reset();
  last_frame_at_ = Clock::now();
  max_in_flight_ = std::max(1U, std::min(options_.max_in_flight, server.max_in_flight));
  const auto connecting = std::exchange(connecting_, {});
  for (const Callback<ServerInfo>& done : connecting) done(server);
  Advance();
}

void Channel::OnClosed(const Error& error, uint64_t written) {
  connection_.reset();
  reading_paused_ = false;
  server_stops_ = false;
  why_unconnected_ = error;
  // Also after a handshake: else a server that breaks at every request would be asked without
  // pause.
  if (!answered_since_open_) {
    backoff_ = std::min(std::max(kFirstBackoff, 2 * backoff_), kLongestBackoff);
  }
  if (std::exchange(ready_, false)) {
    if (options_.connection_changed && !stopped_) options_.connection_changed(error);
    FailInFlight(error, written);
  } else {
    FailConnecting(error);
    if (!SendsAgain() || !was_connected_ || !MayPass(error)) FailWaiting(error);
  }
  if (stopped_) return EndThread(error);
  Advance();
}

void Channel::FailInFlight(const Error& error, uint64_t written) {
  Error lost = error;
  lost.kind = ErrorKind::kLost;
  auto flown = std::exchange(in_flight_, {});
  // What cannot be read was to be the answer of the first.
  if (error.kind == ErrorKind::kProtocol && !flown.empty() && flown.front().sent.begin < written) {
    Finish(&flown.front(), error);
  }
  std::deque<Pending> again;
  for (Pending& pending : flown) {
    if (pending.answered) continue;
    const bool whole = pending.sent.end <= written;
    const bool repeatable = !whole || (!pending.chunks_passed &&
                                       MaySendAgain(pending.request.type, pending.request.payload));
    if (pending.sent.begin >= written || (SendsAgain() && repeatable)) {
      pending.left_whole = pending.left_whole || whole;
      again.push_back(std::move(pending));
    } else {
      Finish(&pending, whole ? lost : WithoutConnection(lost, pending.left_whole));
    }
  }
  PutBack(std::move(again));
}

void Channel::PutBack(std::deque<Pending> again) {
  // A deque that is given nothing to insert in its middle moves elements onto themselves, which
  // takes their payloads away.
  if (again.empty()) return;
  const auto place = std::find_if(waiting_.begin(), waiting_.end(),
                                  [](const Pending& pending) { return pending.id == 0; });
  waiting_.insert(place, std::make_move_iterator(again.begin()),
                  std::make_move_iterator(again.end()));
}

void Channel::FailConnecting(const Error& error) {
  const auto connecting = std::exchange(connecting_, {});
  for (const Callback<ServerInfo>& done : connecting) done(error);
}

void Channel::FailWaiting(const Error& error) {
  auto waiting = std::exchange(waiting_, {});
  for (Pending& pending : waiting) {
    Finish(&pending, WithoutConnection(error, pending.left_whole));
  }
}

void Channel::EndThread(const Error& closed) {
  FailConnecting(NotSent(closed));
  FailWaiting(closed);
  io_.stop();
}

}  // namespace kundig::client
