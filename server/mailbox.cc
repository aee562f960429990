#include "server/mailbox.h"

#include <boost/asio/post.hpp>

#include <utility>

#include "engine/check.h"
#include "server/answer_queue.h"
#include "server/handshake.h"
#include "server/log.h"

namespace kundig::server {

void Mailbox::Open(boost::asio::io_context* context, std::weak_ptr<MailboxOwner> owner) {
  const std::lock_guard<std::mutex> lock(mutex_);
  thread_ = std::this_thread::get_id();
  context_ = context;
  owner_ = std::move(owner);
  open_ = true;
}

std::vector<Letter> Mailbox::Take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  told_ = false;
  return std::exchange(letters_, {});
}

void Mailbox::Close() {
  std::vector<Letter> dropped;  // destroyed without the lock: a stream may be large
  const std::lock_guard<std::mutex> lock(mutex_);
  open_ = false;
  dropped.swap(letters_);
}

bool Mailbox::IsOpen() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return open_;
}

std::shared_ptr<MailboxOwner> Mailbox::OwnerOnThisThread() const {
  if (std::this_thread::get_id() != thread_ || !open_) return nullptr;
  return owner_.lock();
}

void Mailbox::Post(Letter letter) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!open_) return;
  letters_.push_back(std::move(letter));
  if (std::exchange(told_, true)) return;
  // Under the lock: the session cannot close now, so its io_context is there.
  boost::asio::post(*context_, [owner = owner_] {
    if (const std::shared_ptr<MailboxOwner> session = owner.lock()) session->OnMail();
  });
}

MailboxResponder::~MailboxResponder() {
  if (answered_) return;
  Log(LogLevel::kError, "session", "a request was dropped without an answer",
      {{"request_id", request_id_}});
  Send(wire::MessageType::error,
       EncodeSessionError(wire::ErrorCode::internal,
                          "The server failed to answer this request; its log says more."));
}

void MailboxResponder::Send(wire::MessageType type, std::span<const uint8_t> payload) {
  KUNDIG_CHECK(!std::exchange(answered_, true));
  if (const std::shared_ptr<MailboxOwner> owner = mailbox_->OwnerOnThisThread()) {
    owner->OnAnswer(sequence_, type, payload);
    return;
  }
  // The frame and its checksum are made here, off the network thread.
  Letter letter;
  letter.sequence = sequence_;
  letter.closes = ClosesConnection(type, payload);
  letter.frame = FrameOfAnswer(type, request_id_, payload, max_payload_bytes_);
  mailbox_->Post(std::move(letter));
}

void MailboxResponder::Stream(std::unique_ptr<ChunkSource> chunks) {
  KUNDIG_CHECK(!std::exchange(answered_, true));
  KUNDIG_CHECK(chunks != nullptr);
  if (const std::shared_ptr<MailboxOwner> owner = mailbox_->OwnerOnThisThread()) {
    owner->OnStream(sequence_, std::move(chunks));
    return;
  }
  Letter letter;
  letter.sequence = sequence_;
  letter.chunks = std::move(chunks);
  mailbox_->Post(std::move(letter));
}

bool ClosesConnection(wire::MessageType type, std::span<const uint8_t> payload) {
  if (type != wire::MessageType::error) return false;
  switch (flatbuffers::GetRoot<wire::Error>(payload.data())->code()) {
    case wire::ErrorCode::bad_frame:
    case wire::ErrorCode::unsupported_version:
    case wire::ErrorCode::handshake_required:
    case wire::ErrorCode::frame_too_large:
    case wire::ErrorCode::bad_message:
      return true;
    default:
      return false;
  }
}

}  // namespace kundig::server
