// Answers in the order of their requests, whatever order they come in, and the bytes to be sent.
//
// A pure state machine that does no I/O. Requests that are answered at once, as lookups are, leave
// no trace: their answer goes straight behind the bytes to be sent.
//
// Thread safety: belongs to its session's thread.
// Invariants: the slots are the requests without an answer in the send buffer, oldest first; only
// the oldest streams; waiting_bytes() is what lies ready behind it.

#ifndef KUNDIG_SERVER_ANSWER_QUEUE_H_
#define KUNDIG_SERVER_ANSWER_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "schemas/admin_generated.h"
#include "server/request_handler.h"

namespace kundig::server {

// Bytes appended at one end and sent from the other. Not a vector, which would set the bytes to
// zero before they are written.
class SendBuffer {
 public:
  // Room for `bytes` more behind the last; to be filled before the next call.
  uint8_t* Append(size_t bytes);
  std::span<const uint8_t> unsent() const { return {bytes_.get() + begin_, size()}; }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return size() == 0; }
  size_t capacity() const { return capacity_; }
  void Consume(size_t bytes);

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t begin_ = 0, end_ = 0, capacity_ = 0;
};

// The frame of an answer; one that is longer than `max_payload_bytes` is replaced by the error
// result_too_large.
std::vector<uint8_t> FrameOfAnswer(wire::MessageType type, uint32_t request_id,
                                   std::span<const uint8_t> payload, uint32_t max_payload_bytes);

class AnswerQueue {
 public:
  explicit AnswerQueue(uint32_t max_payload_bytes) : max_payload_bytes_(max_payload_bytes) {}

  // A request that will be answered; the number it is to be answered by. `writes`: it changes the
  // book.
  uint64_t Expect(uint32_t request_id, size_t request_bytes, bool writes = false);

  // Answers a request that nothing unanswered is before, without a number. The payload is `head`
  // and `body` behind each other.
  void AnswerAtOnce(uint32_t request_id, wire::MessageType type, std::span<const uint8_t> head,
                    std::span<const uint8_t> body);

  // Each expected request gets one of these, once.
  void Answer(uint64_t sequence, wire::MessageType type, std::span<const uint8_t> payload);
  void AnswerFramed(uint64_t sequence, std::vector<uint8_t> frame);
  void AnswerStream(uint64_t sequence, std::unique_ptr<ChunkSource> chunks);

  // Ends the stream of the oldest unanswered request with this id early; does nothing where there
  // is none.
  void Cancel(uint32_t request_id);

  // Moves what is ready to the send buffer; makes chunks of the oldest stream until the buffer
  // holds `low_water_bytes`.
  void Advance(size_t low_water_bytes);

  // Forgets every request; answers that come later must not be handed in.
  void Clear();

  SendBuffer& send_buffer() { return send_buffer_; }
  const SendBuffer& send_buffer() const { return send_buffer_; }
  size_t size() const { return slots_.size(); }
  bool empty() const { return slots_.empty(); }
  // Whether the next bytes come from a stream that only waits for room.
  bool streaming() const { return !slots_.empty() && slots_.front().chunks != nullptr; }
  size_t waiting_bytes() const { return waiting_bytes_; }
  size_t request_bytes() const { return request_bytes_; }
  // Whether a request that changes the book has no answer yet.
  bool write_under_way() const { return writes_ > 0; }

 private:
  struct Slot {
    uint32_t request_id = 0;
    bool cancelled = false;
    size_t request_bytes = 0;
    bool writes = false;
    std::vector<uint8_t> frame;           // ready where not empty
    std::unique_ptr<ChunkSource> chunks;  // streaming where set
  };

  // The slot that an answer is for.
  Slot& SlotOf(uint64_t sequence);
  void AppendAnswer(wire::MessageType type, uint32_t request_id, std::span<const uint8_t> head,
                    std::span<const uint8_t> body);
  void MoveReady();
  void PopOldest();

  const uint32_t max_payload_bytes_;
  SendBuffer send_buffer_;
  std::deque<Slot> slots_;
  uint64_t oldest_ = 0;  // sequence of slots_.front()
  size_t waiting_bytes_ = 0;
  size_t request_bytes_ = 0;
  size_t writes_ = 0;
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_ANSWER_QUEUE_H_
