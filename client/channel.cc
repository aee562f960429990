#include "client/channel.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

#include "client/batch_numbering.h"
#include "client/message.h"
#include "schemas/lists_generated.h"

namespace kundig::client {

namespace asio = boost::asio;

namespace {

// Deadlines are looked at no more often than this, so that many of them cost no more than few.
constexpr std::chrono::milliseconds kDeadlineTick{1};

Error ServerStops() {
  return {ErrorKind::kLost, {}, "The server is shutting down.", {}, {}};
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
    return Finish(&pending, InvalidCall("A client sends requests of the types ping to what_if;"
                                        " the handshake and cancel are its own.",
                                        "type"));
  }
  if (IsStreamed(pending.request.type) && !pending.request.more) {
    return Finish(&pending,
                  InvalidCall("Lists, exports and what-ifs come in chunks; say with `more`"
                              " who takes them.",
                              "more"));
  }
  waiting_.push_back(std::move(pending));
  ArmTimer(waiting_.back().expires);
  Advance();
}

bool Channel::HasBatchTurn() const {
  const auto oldest =
      std::find_if(in_flight_.begin(), in_flight_.end(),
                   [](const Pending& pending) { return pending.turn > 0 && !pending.answered; });
  return oldest == in_flight_.end() || last_turn_ + 1 - oldest->turn < kMaxUnansweredBatches;
}

std::optional<Error> Channel::CheckLimits(const Request& request) const {
  if (request.payload.size() > server_.max_frame_bytes) {
    return InvalidCall("The request is longer than the server takes; split it.", "max_frame_bytes");
  }
  return request.check ? request.check(server_) : std::nullopt;
}

void Channel::SendWaiting() {
  while (!server_stops_ && !waiting_.empty() && in_flight_.size() < max_in_flight_) {
    const bool new_batch = IsBatch(waiting_.front().request.type) && waiting_.front().turn == 0;
    if (new_batch && !HasBatchTurn()) return;
    Pending pending = std::move(waiting_.front());
    waiting_.pop_front();
    Request& request = pending.request;
    if (std::optional<Error> error = CheckLimits(request)) {
      // The server may be another than the one that had it.
      Finish(&pending, pending.left_whole ? WithoutConnection(*error, true) : *std::move(error));
      continue;
    }
    if (new_batch) {
      pending.turn = ++last_turn_;
      if (request.to_be_numbered) SetBatchNumber(request.type, pending.turn, &request.payload);
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
  if (!refusal && !IsLastChunk(type, frame.payload)) {
    TakeChunk(&front, frame.payload);
    return std::nullopt;
  }
  Pending answered = std::move(front);
  in_flight_.pop_front();
  if (refusal && refusal->code == wire::ErrorCode::shutting_down && SendsAgain()) {
    return TakeStop(std::move(answered));
  }
  answered_since_open_ = true;
  backoff_ = std::chrono::milliseconds(0);
  if (refusal) {
    Finish(&answered, *std::move(refusal));
  } else {
    Finish(&answered, RawAnswer(frame.payload.begin(), frame.payload.end()));
  }
  if (server_stops_ && in_flight_.empty()) return ServerStops();
  Advance();
  return std::nullopt;
}

std::optional<Error> Channel::TakeStop(Pending refused) {
  server_stops_ = true;
  if (refused.chunks_passed) {
    Finish(&refused, ServerStops());
  } else if (!refused.answered) {
    std::deque<Pending> again;
    again.push_back(std::move(refused));
    PutBack(std::move(again));
  }
  if (in_flight_.empty()) return ServerStops();
  return std::nullopt;
}

void Channel::TakeChunk(Pending* list, std::span<const uint8_t> payload) {
  if (list->answered || list->cancelled) return;
  StartDeadline(list);
  list->chunks_passed = true;
  if (!list->request.more(payload)) CancelList(list);
}

void Channel::CancelList(Pending* list) {
  list->cancelled = true;
  connection_->Send(wire::MessageType::cancel, list->id, Packed(wire::CancelT{}));
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
        if (IsStreamed(pending.request.type) && !pending.cancelled) {
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
    if (why_unconnected_) {
      Finish(&pending, WithoutConnection(*why_unconnected_, pending.left_whole));
      continue;
    }
    Finish(&pending, Error{ErrorKind::kTimedOut,
                           {},
                           pending.left_whole
                               ? "The server did not answer within the deadline."
                               : "The deadline passed before the request could be sent; it was not"
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
