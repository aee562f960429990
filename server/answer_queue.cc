#include "server/answer_queue.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "engine/check.h"
#include "schemas/frame.h"
#include "server/handshake.h"
#include "server/limits.h"

namespace kundig::server {

namespace {

std::vector<uint8_t> TooLarge() {
  return EncodeSessionError(wire::ErrorCode::result_too_large,
                            "The answer is longer than one frame may be; ask for less at a time.",
                            "max_frame_bytes");
}

}  // namespace

uint8_t* SendBuffer::Append(size_t bytes) {
  if (capacity_ - end_ < bytes) {
    capacity_ = std::max(2 * capacity_, size() + bytes);
    auto grown = std::make_unique_for_overwrite<uint8_t[]>(capacity_);
    const std::span<const uint8_t> kept = unsent();
    std::copy(kept.begin(), kept.end(), grown.get());
    end_ = kept.size();
    begin_ = 0;
    bytes_ = std::move(grown);
  }
  uint8_t* room = bytes_.get() + end_;
  end_ += bytes;
  return room;
}

void SendBuffer::Consume(size_t bytes) {
  begin_ += bytes;
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (capacity_ > kKeptWriteBufferBytes) {
      bytes_.reset();
      capacity_ = 0;
    }
  } else if (begin_ >= end_ / 2) {
    // At least as many bytes were sent since the last move as are moved now.
    std::memmove(bytes_.get(), bytes_.get() + begin_, size());
    end_ -= begin_;
    begin_ = 0;
  }
}

std::vector<uint8_t> FrameOfAnswer(wire::MessageType type, uint32_t request_id,
                                   std::span<const uint8_t> payload, uint32_t max_payload_bytes) {
  std::vector<uint8_t> frame;
  if (payload.size() <= max_payload_bytes) {
    wire::AppendFrame(static_cast<uint8_t>(type), request_id, payload, &frame);
  } else {
    wire::AppendFrame(static_cast<uint8_t>(wire::MessageType::error), request_id, TooLarge(),
                      &frame);
  }
  return frame;
}

void AnswerQueue::AppendAnswer(wire::MessageType type, uint32_t request_id,
                               std::span<const uint8_t> head, std::span<const uint8_t> body) {
  const size_t bytes = head.size() + body.size();
  if (bytes > max_payload_bytes_) {
    AppendAnswer(wire::MessageType::error, request_id, TooLarge(), {});
    return;
  }
  wire::WriteFrame(static_cast<uint8_t>(type), request_id, head, body,
                   send_buffer_.Append(wire::kFrameHeaderBytes + bytes));
}

void AnswerQueue::AnswerAtOnce(uint32_t request_id, wire::MessageType type,
                               std::span<const uint8_t> head, std::span<const uint8_t> body) {
  KUNDIG_CHECK(slots_.empty());
  AppendAnswer(type, request_id, head, body);
}

uint64_t AnswerQueue::Expect(uint32_t request_id, size_t request_bytes, bool writes) {
  Slot& slot = slots_.emplace_back();
  slot.request_id = request_id;
  slot.request_bytes = request_bytes;
  slot.writes = writes;
  writes_ += writes ? 1 : 0;
  request_bytes_ += request_bytes;
  return oldest_ + slots_.size() - 1;
}

AnswerQueue::Slot& AnswerQueue::SlotOf(uint64_t sequence) {
  KUNDIG_CHECK(sequence >= oldest_ && sequence - oldest_ < slots_.size());
  Slot& slot = slots_[sequence - oldest_];
  KUNDIG_CHECK(slot.frame.empty() && slot.chunks == nullptr);
  writes_ -= slot.writes ? 1 : 0;
  return slot;
}

void AnswerQueue::Answer(uint64_t sequence, wire::MessageType type,
                         std::span<const uint8_t> payload) {
  Slot& slot = SlotOf(sequence);
  if (sequence == oldest_) {
    AppendAnswer(type, slot.request_id, payload, {});
    PopOldest();
    MoveReady();
    return;
  }
  slot.frame = FrameOfAnswer(type, slot.request_id, payload, max_payload_bytes_);
  waiting_bytes_ += slot.frame.size();
}

void AnswerQueue::AnswerFramed(uint64_t sequence, std::vector<uint8_t> frame) {
  Slot& slot = SlotOf(sequence);
  slot.frame = std::move(frame);
  waiting_bytes_ += slot.frame.size();
  MoveReady();
}

void AnswerQueue::AnswerStream(uint64_t sequence, std::unique_ptr<ChunkSource> chunks) {
  SlotOf(sequence).chunks = std::move(chunks);
}

void AnswerQueue::Cancel(uint32_t request_id) {
  for (Slot& slot : slots_) {
    if (slot.request_id != request_id || !slot.frame.empty()) continue;
    slot.cancelled = true;
    return;
  }
}

void AnswerQueue::Advance(size_t low_water_bytes) {
  for (MoveReady(); streaming() && send_buffer_.size() < low_water_bytes; MoveReady()) {
    Slot& slot = slots_.front();
    const std::optional<server::Answer> chunk = slot.chunks->Next(slot.cancelled);
    if (chunk) {
      AppendAnswer(chunk->type, slot.request_id, chunk->payload, {});
    }
    const bool replaced = chunk && chunk->payload.size() > max_payload_bytes_;
    if (!chunk || replaced || slot.cancelled) PopOldest();
  }
}

void AnswerQueue::MoveReady() {
  while (!slots_.empty() && !slots_.front().frame.empty()) {
    const std::vector<uint8_t>& frame = slots_.front().frame;
    std::copy(frame.begin(), frame.end(), send_buffer_.Append(frame.size()));
    waiting_bytes_ -= frame.size();
    PopOldest();
  }
}

void AnswerQueue::PopOldest() {
  request_bytes_ -= slots_.front().request_bytes;
  slots_.pop_front();
  ++oldest_;
}

void AnswerQueue::Clear() {
  oldest_ += slots_.size();
  slots_.clear();
  waiting_bytes_ = 0;
  request_bytes_ = 0;
  writes_ = 0;
}

}  // namespace kundig::server
