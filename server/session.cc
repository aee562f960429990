#include "server/session.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <utility>

#include "schemas/verified.h"
#include "server/handshake.h"

namespace kundig::server {

namespace asio = boost::asio;

namespace {

std::string PeerName(const Socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return "unknown";
  return endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
}

}  // namespace

Session::Session(SessionContext* context, Socket socket)
    : context_(context),
      socket_(std::move(socket)),
      timer_(context->io_context->get_executor()),
      mailbox_(std::make_shared<Mailbox>()),
      // The first frame is a hello; the limit of the others holds from then on.
      reader_(wire::kMaxHelloBytes),
      answers_(context->limits.max_frame_bytes),
      peer_(PeerName(socket_)),
      opened_at_(Clock::now()),
      last_request_at_(opened_at_) {}

Session::~Session() = default;

void Session::Start() {
  boost::system::error_code ignored;  // a socket that is broken already fails its first read
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  mailbox_->Open(context_->io_context, weak_from_this());
  Pump();
}

void Session::Refuse(wire::ErrorCode code, std::string_view message, std::string_view field) {
  AnswerError(0, code, message, field);
  ending_ = true;
  Start();
}

void Session::Drain() {
  draining_ = true;
  last_request_at_ = Clock::now();
  if (state_ != State::kServing) return;
  if (!shaken_) ending_ = true;
  Pump();
}

void Session::Close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  mailbox_->Close();
  answers_.Clear();
  timer_.cancel();
  boost::system::error_code ignored;  // the descriptor is released whatever close says
  socket_.close(ignored);
  context_->on_closed(this);
}

// --- Answers ---

void Session::OnAnswer(uint64_t sequence, wire::MessageType type,
                       std::span<const uint8_t> payload) {
  answers_.Answer(sequence, type, payload);
  if (ClosesConnection(type, payload)) {
    Report(Incident::kBadMessage);
    ending_ = true;
  }
  Pump();
}

void Session::OnStream(uint64_t sequence, std::unique_ptr<ChunkSource> chunks) {
  answers_.AnswerStream(sequence, std::move(chunks));
  Pump();
}

void Session::OnMail() {
  if (state_ == State::kClosed) return;
  for (Letter& letter : mailbox_->Take()) {
    if (letter.chunks != nullptr) {
      answers_.AnswerStream(letter.sequence, std::move(letter.chunks));
      continue;
    }
    answers_.AnswerFramed(letter.sequence, std::move(letter.frame));
    if (letter.closes) {
      Report(Incident::kBadMessage);
      ending_ = true;
    }
  }
  Pump();
}

void Session::AnswerError(uint32_t request_id, wire::ErrorCode code, std::string_view message,
                          std::string_view field) {
  answers_.Answer(answers_.Expect(request_id, 0), wire::MessageType::error,
                  EncodeSessionError(code, message, field));
}

void Session::RefuseAndEnd(Incident incident, uint32_t request_id, wire::ErrorCode code,
                           std::string_view message) {
  Report(incident);
  AnswerError(request_id, code, message);
  ending_ = true;
}

// --- The pump ---

void Session::Pump() {
  // The handler answers lookups while TakeFrames is calling it; the pump under way sees to it.
  if (pumping_ || state_ != State::kServing) return;
  const std::shared_ptr<Session> alive = shared_from_this();
  pumping_ = true;
  TakeFrames();
  answers_.Advance(context_->limits.write_low_water_bytes);
  Write();
  pumping_ = false;
  if (state_ != State::kServing) return;

  const bool all_sent = answers_.empty() && answers_.send_buffer().empty();
  if (all_sent && ending_) {
    Linger();
  } else if (all_sent && end_of_stream_ && took_all_) {
    if (reader_.mid_frame()) Report(Incident::kTruncatedFrame);
    Close();
  } else {
    const bool room_to_stream = answers_.streaming() && answers_.send_buffer().size() <
                                                            context_->limits.write_low_water_bytes;
    // Once more, but after the other sessions of this thread.
    if (room_to_stream || (!took_all_ && MayTake())) PumpLater();
    ReadOn();
    ArmTimer();
  }
}

void Session::PumpLater() {
  if (std::exchange(pump_posted_, true)) return;
  asio::post(*context_->io_context, [self = shared_from_this()] {
    self->pump_posted_ = false;
    self->Pump();
  });
}

bool Session::MayTake() const {
  const SessionLimits& limits = context_->limits;
  return !ending_ && !(held_ && answers_.write_under_way()) &&
         answers_.size() < size_t{kWaitingAnswersPerInFlight} * limits.max_in_flight &&
         answers_.send_buffer().size() + answers_.waiting_bytes() < limits.write_high_water_bytes &&
         answers_.request_bytes() < kRequestHighWaterBytes;
}

void Session::TakeFrames() {
  bool took_one = false;
  while (MayTake()) {
    if (TakeLookups()) {
      took_all_ = false;
      took_one = true;
      continue;
    }
    const std::optional<wire::Frame> frame = held_ ? std::exchange(held_, {}) : reader_.Next();
    if (!frame) {
      took_all_ = true;
      break;
    }
    took_all_ = false;
    took_one = true;
    if (WaitsForWrites(*frame)) {
      held_ = frame;
    } else {
      TakeFrame(*frame);
    }
  }
  if (ending_) return;
  if (reader_.error() != wire::FrameError::kNone) {
    const wire::FrameError fault = reader_.error();
    RefuseAndEnd(Incident::kBadFrame,
                 reader_.faulty_header() ? reader_.faulty_header()->request_id : 0,
                 fault == wire::FrameError::kTooLarge ? wire::ErrorCode::frame_too_large
                                                      : wire::ErrorCode::bad_frame,
                 wire::Describe(fault));
    return;
  }
  if (took_one) last_request_at_ = Clock::now();
  // The time of a frame that we do not read on does not run.
  if (!took_all_ || end_of_stream_ || !reader_.mid_frame()) {
    frame_began_at_.reset();
  } else if (!frame_began_at_ || took_one) {
    frame_began_at_ = Clock::now();
  }
}

bool Session::TakeLookups() {
  if (!shaken_ || draining_ || held_ || !answers_.empty()) return false;
  switch (context_->lookups.Answer(&reader_, context_->handler, &answers_)) {
    case LookupRun::Outcome::kNone:
      return false;
    case LookupRun::Outcome::kAnswered:
      return true;
    case LookupRun::Outcome::kEnds:
      Report(Incident::kBadMessage);
      ending_ = true;
      return true;
  }
  return false;
}

// Events are applied by the writer in their order, so only what reads must wait; and a cancel must
// not.
bool Session::WaitsForWrites(const wire::Frame& frame) const {
  const auto type = static_cast<wire::MessageType>(frame.header.type);
  return answers_.write_under_way() && type != wire::MessageType::events &&
         type != wire::MessageType::orders && type != wire::MessageType::ping &&
         type != wire::MessageType::cancel;
}

void Session::TakeFrame(const wire::Frame& frame) {
  const uint32_t request_id = frame.header.request_id;
  const auto type = static_cast<wire::MessageType>(frame.header.type);
  if (!shaken_) {
    TakeHello(frame);
    return;
  }
  if (frame.header.version != wire::kProtocolVersion) {
    RefuseAndEnd(Incident::kBadFrame, request_id, wire::ErrorCode::unsupported_version,
                 "The frame is of another protocol version than the handshake agreed on.");
    return;
  }
  if (type == wire::MessageType::cancel) {
    if (wire::VerifiedRoot<wire::Cancel>(frame.payload) != nullptr) {
      answers_.Cancel(request_id);
    } else {
      RefuseAndEnd(Incident::kBadMessage, request_id, wire::ErrorCode::bad_message,
                   "The payload is no sound Cancel.");
    }
    return;
  }
  if (draining_) {
    AnswerError(request_id, wire::ErrorCode::shutting_down,
                "The server is shutting down; the request was not executed.");
    return;
  }
  if (answers_.size() >= context_->limits.max_in_flight) {
    AnswerError(
        request_id, wire::ErrorCode::too_many_requests,
        "Too many requests of this connection are unanswered; the request was not executed, "
        "send it again after an answer.",
        "max_in_flight");
    return;
  }
  if (type == wire::MessageType::hello) {
    RefuseAndEnd(Incident::kBadMessage, request_id, wire::ErrorCode::bad_message,
                 "The hello may be said once, in the first frame.");
    return;
  }
  if (type == wire::MessageType::ping) {
    if (wire::VerifiedRoot<wire::Ping>(frame.payload) == nullptr) {
      RefuseAndEnd(Incident::kBadMessage, request_id, wire::ErrorCode::bad_message,
                   "The payload is no sound Ping.");
      return;
    }
    flatbuffers::FlatBufferBuilder builder(32);
    builder.Finish(wire::CreatePingReply(builder));
    answers_.Answer(answers_.Expect(request_id, 0), wire::MessageType::ping_reply,
                    {builder.GetBufferPointer(), builder.GetSize()});
    return;
  }
  const bool writes = type == wire::MessageType::events || type == wire::MessageType::orders ||
                      type == wire::MessageType::advance_day;
  const uint64_t sequence = answers_.Expect(request_id, frame.payload.size(), writes);
  context_->handler->Handle(type, frame.payload,
                            std::make_unique<MailboxResponder>(mailbox_, sequence, request_id,
                                                               context_->limits.max_frame_bytes));
}

void Session::TakeHello(const wire::Frame& frame) {
  const uint32_t request_id = frame.header.request_id;
  if (const std::optional<HelloRefusal> refusal = JudgeHello(frame)) {
    RefuseAndEnd(Incident::kHandshakeFailed, request_id, refusal->code, refusal->message);
    return;
  }
  shaken_ = true;
  reader_.set_max_payload_bytes(context_->limits.max_frame_bytes);
  answers_.Answer(answers_.Expect(request_id, 0), wire::MessageType::hello_reply,
                  context_->hello_reply);
}

// --- The socket ---

void Session::Write() {
  SendBuffer& buffer = answers_.send_buffer();
  while (!buffer.empty() && !write_waits_) {
    const std::span<const uint8_t> unsent = buffer.unsent();
    boost::system::error_code error;
    const size_t sent = socket_.write_some(asio::buffer(unsent.data(), unsent.size()), error);
    if (error == asio::error::would_block) {
      write_waits_ = true;
      stalled_since_ = Clock::now();
      socket_.async_wait(Socket::wait_write,
                         [self = shared_from_this()](const boost::system::error_code& wait_error) {
                           self->write_waits_ = false;
                           if (wait_error) return;
                           self->Pump();
                         });
    } else if (error) {
      Lost(error);
      return;
    } else {
      buffer.Consume(sent);
    }
  }
}

void Session::ReadOn() {
  if (reading_ || end_of_stream_ || !took_all_ || !MayTake()) return;
  reading_ = true;
  const std::span<uint8_t> room = reader_.Writable();
  socket_.async_read_some(
      asio::buffer(room.data(), room.size()),
      [self = shared_from_this()](const boost::system::error_code& error, size_t bytes) {
        self->OnReadable(error, bytes);
      });
}

void Session::OnReadable(const boost::system::error_code& error, size_t bytes) {
  reading_ = false;
  if (state_ == State::kClosed) return;
  if (state_ == State::kLingering) {
    // This read was under way when the lingering began.
    if (error) {
      Close();
    } else {
      Discard();
    }
    return;
  }
  if (error == asio::error::eof) {
    end_of_stream_ = true;
    // What was asked before is answered: a client may close its side and read on.
    Pump();
    return;
  }
  if (error) {
    Lost(error);
    return;
  }
  reader_.Commit(bytes);
  took_all_ = false;
  Pump();
}

}  // namespace kundig::server
