#include "client/channel.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

#include "client/message.h"
#include "schemas/lists_generated.h"

namespace kundig::client {

namespace asio = boost::asio;

namespace {

// Deadlines are looked at no more often than this, so that many of them cost no more than few.
constexpr std::chrono::milliseconds kDeadlineTick{1};

Error NotSent(const Error& reason) {
  // The handshake's time-out is none of the request's: the request never left.
  if (reason.kind != ErrorKind::kTimedOut && reason.kind != ErrorKind::kLost) return reason;
  Error error = reason;
  error.kind = ErrorKind::kUnreachable;
  return error;
}

}  // namespace

Channel::Channel(const Options& options, uint32_t max_requests)
    : options_(options),
      work_(asio::make_work_guard(io_)),
      gate_(max_requests),
      backoff_timer_(io_),
      deadline_timer_(io_) {}

std::shared_ptr<Channel> Channel::Start(const Options& options, uint32_t max_requests) {
  std::shared_ptr<Channel> channel(new Channel(options, max_requests));
  // The thread holds the channel: a callback may let go of the client that it belongs to.
  channel->thread_ = std::thread([channel] { channel->io_.run(); });
  return channel;
}

void Channel::Stop() {
  asio::post(io_, [this] {
    stopped_ = true;
    const Error closed{ErrorKind::kLost, {}, "The client was closed.", {}, {}};
    if (connection_) return connection_->Close(closed);
    EndThread(closed);
  });
  if (std::this_thread::get_id() == thread_.get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void Channel::EndThread(const Error& closed) {
  FailConnecting(NotSent(closed));
  FailWaiting(closed);
  io_.stop();
}

void Channel::Connect(Callback<ServerInfo> done) {
  asio::post(io_, [this, done = std::move(done)]() mutable {
    if (ready_) return done(server_);
    connecting_.push_back(std::move(done));
    Advance();
  });
}

void Channel::Submit(Request request) {
  if (gate_.TryEnter(request.payload.size())) return Enter(std::move(request));
  asio::post(io_, [done = std::move(request.done)] {
    done(InvalidCall("Too many requests wait for answers; send the next one when one is answered.",
                     "max_waiting_requests"));
  });
}

void Channel::SubmitWithRoom(Request request) {
  gate_.Enter(request.payload.size());
  Enter(std::move(request));
}

ServerInfo Channel::server() const {
  const std::lock_guard lock(server_mutex_);
  return server_;
}

void Channel::Enter(Request request) {
  Pending pending;
  pending.gate_bytes = request.payload.size();
  pending.request = std::move(request);
  StartDeadline(&pending);
  asio::post(io_, [this, pending = std::move(pending)]() mutable { Enqueue(std::move(pending)); });
}

void Channel::Enqueue(Pending pending) {
  if (!IsRequest(pending.request.type)) {
    return Finish(&pending, InvalidCall("A client sends requests of the types ping to orders;"
                                        " the handshake and cancel are its own.",
                                        "type"));
  }
  if (pending.request.type == wire::MessageType::list && !pending.request.more) {
    return Finish(&pending,
                  InvalidCall("A list comes in chunks; say with `more` who takes them.", "more"));
  }
  waiting_.push_back(std::move(pending));
  ArmTimer(waiting_.back().expires);
  Advance();
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
  connection_ = std::make_shared<Connection>(&io_, options_, this);
  connection_->Open();
}

void Channel::OnReady(const ServerInfo& server) {
  {
    const std::lock_guard lock(server_mutex_);
    server_ = server;
  }
  ready_ = true;
  was_connected_ = true;
  backoff_ = std::chrono::milliseconds(0);
  last_frame_at_ = Clock::now();
  max_in_flight_ = std::max(1U, std::min(options_.max_in_flight, server.max_in_flight));
  const auto connecting = std::exchange(connecting_, {});
  for (const Callback<ServerInfo>& done : connecting) done(server);
  Advance();
}

void Channel::SendWaiting() {
  while (!waiting_.empty() && in_flight_.size() < max_in_flight_) {
    Pending pending = std::move(waiting_.front());
    waiting_.pop_front();
    const Request& request = pending.request;
    if (request.payload.size() > server_.max_frame_bytes) {
      Finish(&pending, InvalidCall("The request is longer than the server takes; split it.",
                                   "max_frame_bytes"));
      continue;
    }
    if (request.check) {
      if (std::optional<Error> error = request.check(server_)) {
        Finish(&pending, *std::move(error));
        continue;
      }
    }
    pending.id = ++last_id_ == 0 ? ++last_id_ : last_id_;
    pending.sent = connection_->Send(request.type, pending.id, request.payload);
    in_flight_.push_back(std::move(pending));
  }
}

std::optional<Error> Channel::OnFrame(const wire::Frame& frame) {
  last_frame_at_ = Clock::now();
  const auto type = static_cast<wire::MessageType>(frame.header.type);
  std::optional<Error> refusal;
  if (type == wire::MessageType::error) {
    refusal = ToError(frame.payload);
    if (refusal->kind != ErrorKind::kRefused) return refusal;
  }
  if (in_flight_.empty() || frame.header.request_id != in_flight_.front().id) {
    if (!refusal || !EndsConnection(refusal->code)) return Unreadable("It answers out of order.");
    return Error{
        ErrorKind::kLost, {}, "The server closes the connection: " + refusal->message, {}, {}};
  }
  Pending& front = in_flight_.front();
  if (!refusal &&
      (type != ReplyTypeOf(front.request.type) || !HasSoundAnswer(type, frame.payload))) {
    return Unreadable("It is no sound message of the type that was asked for.");
  }
  if (type == wire::MessageType::list_reply &&
      !flatbuffers::GetRoot<wire::ListReply>(frame.payload.data())->last()) {
    TakeChunk(&front, frame.payload);
    return std::nullopt;
  }
  Pending answered = std::move(front);
  in_flight_.pop_front();
  if (refusal) {
    Finish(&answered, *std::move(refusal));
  } else {
    Finish(&answered, RawAnswer(frame.payload.begin(), frame.payload.end()));
  }
  Advance();
  return std::nullopt;
}

void Channel::TakeChunk(Pending* list, std::span<const uint8_t> payload) {
  if (list->answered || list->cancelled) return;
  StartDeadline(list);
  if (!list->request.more(payload)) CancelList(list);
}

void Channel::CancelList(Pending* list) {
  list->cancelled = true;
  connection_->Send(wire::MessageType::cancel, list->id, Packed(wire::CancelT{}));
}

void Channel::OnClosed(const Error& error, uint64_t written) {
  connection_.reset();
  reading_paused_ = false;
  if (!std::exchange(ready_, false)) {
    backoff_ = std::min(std::max(kFirstBackoff, 2 * backoff_), kLongestBackoff);
    FailConnecting(error);
    FailWaiting(error);
  } else {
    FailInFlight(error, written);
  }
  if (stopped_) return EndThread(error);
  Advance();
}

void Channel::FailInFlight(const Error& error, uint64_t written) {
  Error lost = error;
  lost.kind = ErrorKind::kLost;
  auto flown = std::exchange(in_flight_, {});
  while (!flown.empty() && flown.back().sent.begin >= written) {
    if (!flown.back().answered) waiting_.push_front(std::move(flown.back()));
    flown.pop_back();
  }
  // What cannot be read was to be the answer of the first.
  if (error.kind == ErrorKind::kProtocol && !flown.empty()) Finish(&flown.front(), error);
  for (Pending& pending : flown) {
    const bool whole = pending.sent.end <= written;
    Finish(&pending, whole ? lost : NotSent(lost));
  }
}

void Channel::FailConnecting(const Error& error) {
  const auto connecting = std::exchange(connecting_, {});
  for (const Callback<ServerInfo>& done : connecting) done(error);
}

void Channel::FailWaiting(const Error& error) {
  auto waiting = std::exchange(waiting_, {});
  for (Pending& pending : waiting) Finish(&pending, NotSent(error));
}

void Channel::Finish(Pending* pending, Result<RawAnswer> answer) {
  if (pending->answered) return;
  pending->answered = true;
  pending->answered_at = Clock::now();
  gate_.Leave(pending->gate_bytes);
  const Callback<RawAnswer> done = std::move(pending->request.done);
  done(std::move(answer));
}

void Channel::PauseReading() {
  reading_paused_ = true;
  connection_->Pause();
  in_flight_.front().expires = Clock::time_point::max();
}

void Channel::ResumeReading() {
  asio::post(io_, [this] {
    if (!reading_paused_) return;
    reading_paused_ = false;
    last_frame_at_ = Clock::now();
    if (!in_flight_.empty()) {
      StartDeadline(&in_flight_.front());
      ArmTimer(in_flight_.front().expires);
    }
    connection_->Resume();
  });
}

void Channel::StartDeadline(Pending* pending) {
  if (pending->request.deadline.count() > 0) {
    pending->expires = Clock::now() + pending->request.deadline;
  }
}

void Channel::ArmTimer(Clock::time_point expires) {
  if (expires >= timer_expires_) return;
  timer_expires_ = expires;
  deadline_timer_.expires_at(expires);
  deadline_timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled || stopped_) return;
    CheckDeadlines();
  });
}

void Channel::CheckDeadlines() {
  const Clock::time_point now = Clock::now();
  Clock::time_point next = Clock::time_point::max();
  bool silent = false;
  for (Pending& pending : in_flight_) {
    if (pending.expires <= now) {
      if (pending.answered) {
        silent = silent || last_frame_at_ < pending.answered_at;
      } else {
        if (pending.request.type == wire::MessageType::list && !pending.cancelled) {
          CancelList(&pending);
        }
        Finish(&pending, Error{ErrorKind::kTimedOut,
                               {},
                               "The server did not answer within the deadline.",
                               {},
                               {}});
      }
      StartDeadline(&pending);
    }
    next = std::min(next, pending.expires);
  }
  std::deque<Pending> late, kept;
  for (Pending& pending : waiting_) {
    const bool is_late = pending.expires <= now;
    if (!is_late) next = std::min(next, pending.expires);
    (is_late ? late : kept).push_back(std::move(pending));
  }
  waiting_ = std::move(kept);
  for (Pending& pending : late) {
    Finish(&pending, Error{ErrorKind::kTimedOut,
                           {},
                           "The deadline passed before the request could be sent; it was not"
                           " executed.",
                           {},
                           {}});
  }
  timer_expires_ = Clock::time_point::max();
  if (next != Clock::time_point::max()) ArmTimer(std::max(next, now + kDeadlineTick));
  if (silent && !reading_paused_) {
    connection_->Close(
        {ErrorKind::kLost, {}, "The server has been silent for longer than the deadline.", {}, {}});
  }
}

}  // namespace kundig::client
