#include "server/answer_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "schemas/frame.h"
#include "schemas/limits.h"
#include "server/limits.h"

namespace kundig::server {
namespace {

constexpr uint32_t kMaxPayload = 4096;

std::vector<uint8_t> Filled(uint8_t fill, size_t bytes = 16) {
  return std::vector<uint8_t>(bytes, fill);
}

// Takes everything out of the send buffer; the request ids in the order of their frames.
std::vector<uint32_t> SentIds(AnswerQueue* queue) {
  wire::FrameReader reader(kMaxPayload);
  std::vector<uint32_t> ids;
  while (!queue->send_buffer().empty()) {
    const std::span<uint8_t> room = reader.Writable();
    const std::span<const uint8_t> unsent = queue->send_buffer().unsent();
    const size_t bytes = std::min(room.size(), unsent.size());
    std::memcpy(room.data(), unsent.data(), bytes);
    queue->send_buffer().Consume(bytes);
    reader.Commit(bytes);
    while (const auto frame = reader.Next()) ids.push_back(frame->header.request_id);
  }
  EXPECT_EQ(reader.error(), wire::FrameError::kNone);
  EXPECT_FALSE(reader.mid_frame());
  return ids;
}

class CountedChunks final : public ChunkSource {
 public:
  explicit CountedChunks(int chunks) : left_(chunks) {}
  std::optional<Answer> Next(bool cancelled) override {
    if (!cancelled && left_-- == 0) return std::nullopt;
    return Answer{wire::MessageType::list_reply, Filled(1, 1000)};
  }

 private:
  int left_;
};

TEST(AnswerQueueTest, AnswersLeaveInTheOrderOfRequestsWhateverOrderTheyCome) {
  std::minstd_rand random(1);
  AnswerQueue queue(kMaxPayload);
  std::vector<uint32_t> expected;
  std::vector<uint64_t> open;
  std::vector<uint32_t> sent;
  for (uint32_t id = 0; id < 2000; ++id) {
    expected.push_back(id);
    open.push_back(queue.Expect(id, 10));
    while (!open.empty() && random() % 4 != 0) {
      std::swap(open[random() % open.size()], open.back());
      if (random() % 2 == 0) {
        queue.Answer(open.back(), wire::MessageType::events_reply, Filled(2));
      } else {
        queue.AnswerFramed(open.back(),
                           FrameOfAnswer(wire::MessageType::events_reply, expected[open.back()],
                                         Filled(2), kMaxPayload));
      }
      open.pop_back();
    }
    const std::vector<uint32_t> now = SentIds(&queue);
    sent.insert(sent.end(), now.begin(), now.end());
    EXPECT_EQ(queue.size() * 10, queue.request_bytes());
  }
  for (const uint64_t sequence : open) {
    queue.Answer(sequence, wire::MessageType::events_reply, Filled(2));
  }
  const std::vector<uint32_t> rest = SentIds(&queue);
  sent.insert(sent.end(), rest.begin(), rest.end());
  EXPECT_EQ(sent, expected);
  EXPECT_EQ(queue.waiting_bytes(), 0U);
  EXPECT_EQ(queue.request_bytes(), 0U);
}

TEST(AnswerQueueTest, AnAnswerBehindAnOpenOneWaitsAndIsCounted) {
  AnswerQueue queue(kMaxPayload);
  const uint64_t first = queue.Expect(1, 0);
  const uint64_t second = queue.Expect(2, 0);
  queue.Answer(second, wire::MessageType::events_reply, Filled(2));
  EXPECT_TRUE(queue.send_buffer().empty());
  EXPECT_EQ(queue.waiting_bytes(), 16 + wire::kFrameHeaderBytes);
  queue.Answer(first, wire::MessageType::events_reply, Filled(2));
  EXPECT_EQ(SentIds(&queue), (std::vector<uint32_t>{1, 2}));
}

TEST(AnswerQueueTest, AStreamFillsTheBufferToTheLowWaterOnly) {
  AnswerQueue queue(kMaxPayload);
  queue.AnswerStream(queue.Expect(1, 0), std::make_unique<CountedChunks>(10));
  queue.Answer(queue.Expect(2, 0), wire::MessageType::ping_reply, Filled(2));
  queue.Advance(3000);
  EXPECT_TRUE(queue.streaming());
  EXPECT_EQ(SentIds(&queue), (std::vector<uint32_t>{1, 1, 1}));
  queue.Advance(100'000);
  EXPECT_FALSE(queue.streaming());
  EXPECT_EQ(SentIds(&queue), (std::vector<uint32_t>{1, 1, 1, 1, 1, 1, 1, 2}));
}

TEST(AnswerQueueTest, CancelEndsItsStreamWithOneMoreChunk) {
  AnswerQueue queue(kMaxPayload);
  queue.AnswerStream(queue.Expect(1, 0), std::make_unique<CountedChunks>(1000));
  queue.AnswerStream(queue.Expect(2, 0), std::make_unique<CountedChunks>(2));
  queue.Advance(2000);
  queue.Cancel(99);
  queue.Cancel(1);
  queue.Advance(100'000);
  EXPECT_EQ(SentIds(&queue), (std::vector<uint32_t>{1, 1, 1, 2, 2}));
}

TEST(AnswerQueueTest, ACancelThatComesBeforeTheStreamHolds) {
  AnswerQueue queue(kMaxPayload);
  const uint64_t sequence = queue.Expect(1, 0);
  queue.Cancel(1);
  queue.AnswerStream(sequence, std::make_unique<CountedChunks>(1000));
  queue.Advance(100'000);
  EXPECT_EQ(SentIds(&queue), (std::vector<uint32_t>{1}));
  EXPECT_TRUE(queue.empty());
}

TEST(AnswerQueueTest, AnAnswerLongerThanAFrameBecomesAnError) {
  const std::vector<uint8_t> out =
      FrameOfAnswer(wire::MessageType::events_reply, 5, Filled(1, kMaxPayload + 1), kMaxPayload);
  EXPECT_LT(out.size(), size_t{kMaxPayload});
  EXPECT_EQ(out[10], static_cast<uint8_t>(wire::MessageType::error));
  AnswerQueue queue(kMaxPayload);
  queue.AnswerAtOnce(5, wire::MessageType::records_reply, Filled(1, 16), Filled(1, kMaxPayload));
  queue.Answer(queue.Expect(5, 0), wire::MessageType::events_reply, Filled(1, kMaxPayload + 1));
  const std::span<const uint8_t> sent = queue.send_buffer().unsent();
  ASSERT_EQ(sent.size(), 2 * out.size());
  EXPECT_TRUE(std::equal(out.begin(), out.end(), sent.begin()));
  EXPECT_TRUE(
      std::equal(out.begin(), out.end(), sent.begin() + static_cast<ptrdiff_t>(out.size())));
}

TEST(AnswerQueueTest, AnAnswerAtOnceIsTheFrameOfItsTwoParts) {
  AnswerQueue queue(kMaxPayload);
  queue.AnswerAtOnce(9, wire::MessageType::records_reply, Filled(1, 24), Filled(2, 100));
  queue.AnswerAtOnce(10, wire::MessageType::records_reply, Filled(1, 24), {});
  std::vector<uint8_t> both = Filled(1, 24);
  both.resize(124, 2);
  std::vector<uint8_t> expected;
  wire::AppendFrame(static_cast<uint8_t>(wire::MessageType::records_reply), 9, both, &expected);
  wire::AppendFrame(static_cast<uint8_t>(wire::MessageType::records_reply), 10, Filled(1, 24),
                    &expected);
  const std::span<const uint8_t> sent = queue.send_buffer().unsent();
  EXPECT_TRUE(std::equal(sent.begin(), sent.end(), expected.begin(), expected.end()));
}

TEST(SendBufferTest, KeepsItsOrderAndGivesALargeBufferBack) {
  SendBuffer buffer;
  std::minstd_rand random(3);
  uint8_t in = 0, out = 0;
  for (int round = 0; round < 2000; ++round) {
    const size_t added = random() % 50;
    uint8_t* room = buffer.Append(added);
    for (size_t i = 0; i < added; ++i) room[i] = in++;
    const size_t take = buffer.empty() ? 0 : random() % (buffer.size() + 1);
    for (size_t i = 0; i < take; ++i) ASSERT_EQ(buffer.unsent()[i], out++);
    buffer.Consume(take);
  }
  buffer.Consume(buffer.size());
  std::fill_n(buffer.Append(2 * kKeptWriteBufferBytes), 2 * kKeptWriteBufferBytes, uint8_t{1});
  buffer.Consume(buffer.size());
  EXPECT_LE(buffer.capacity(), kKeptWriteBufferBytes);
}

}  // namespace
}  // namespace kundig::server
