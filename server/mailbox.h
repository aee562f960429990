// How an answer finds its session: the one crossing between a handler's threads and a session's.
//
// A handler may answer long after the connection, and even the network thread, are gone; so what a
// responder holds is the mailbox, which outlives both, and never the session.
//
// Thread safety: Post from any thread; Open, Take and Close by the session's thread only.
// Invariant: between Open and Close the session and its io_context exist; after Close everything
// handed in is dropped.

#ifndef KUNDIG_SERVER_MAILBOX_H_
#define KUNDIG_SERVER_MAILBOX_H_

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "schemas/admin_generated.h"
#include "server/request_handler.h"

namespace kundig::server {

// One answer of another thread: a whole frame or a stream.
struct Letter {
  uint64_t sequence = 0;
  std::vector<uint8_t> frame;
  std::unique_ptr<ChunkSource> chunks;  // where set, `frame` is empty
  bool closes = false;                  // the connection ends with this answer
};

// What a mailbox needs of its session, on the session's thread.
class MailboxOwner {
 public:
  virtual ~MailboxOwner() = default;
  virtual void OnAnswer(uint64_t sequence, wire::MessageType type,
                        std::span<const uint8_t> payload) = 0;
  virtual void OnStream(uint64_t sequence, std::unique_ptr<ChunkSource> chunks) = 0;
  // Something can be taken.
  virtual void OnMail() = 0;
};

class Mailbox {
 public:
  // On the session's thread, `context` being what this thread runs.
  void Open(boost::asio::io_context* context, std::weak_ptr<MailboxOwner> owner);
  std::vector<Letter> Take();
  void Close();
  // From any thread.
  bool IsOpen() const;

  // The owner where this is its thread and the mailbox is open; else nullptr.
  std::shared_ptr<MailboxOwner> OwnerOnThisThread() const;
  void Post(Letter letter);

 private:
  mutable std::mutex mutex_;
  std::vector<Letter> letters_;
  bool open_ = false;
  bool told_ = false;  // OnMail is on its way

  // Written by Open before any responder exists, read by all.
  std::thread::id thread_;
  boost::asio::io_context* context_ = nullptr;
  // Used by the session's thread, and copied by Post while open.
  std::weak_ptr<MailboxOwner> owner_;
};

// The responder of one request.
class MailboxResponder final : public Responder {
 public:
  MailboxResponder(std::shared_ptr<Mailbox> mailbox, uint64_t sequence, uint32_t request_id,
                   uint32_t max_payload_bytes)
      : mailbox_(std::move(mailbox)),
        sequence_(sequence),
        request_id_(request_id),
        max_payload_bytes_(max_payload_bytes) {}
  ~MailboxResponder() override;
  MailboxResponder(const MailboxResponder&) = delete;
  MailboxResponder& operator=(const MailboxResponder&) = delete;

  void Send(wire::MessageType type, std::span<const uint8_t> payload) override;
  void Stream(std::unique_ptr<ChunkSource> chunks) override;
  bool Wanted() const override { return mailbox_->IsOpen(); }

 private:
  const std::shared_ptr<Mailbox> mailbox_;
  const uint64_t sequence_;
  const uint32_t request_id_;
  const uint32_t max_payload_bytes_;
  bool answered_ = false;
};

// Whether the protocol closes the connection after this answer. `payload` is our own.
bool ClosesConnection(wire::MessageType type, std::span<const uint8_t> payload);

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_MAILBOX_H_
