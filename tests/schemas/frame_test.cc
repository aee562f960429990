#include "schemas/frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "schemas/limits.h"

namespace kundig::wire {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint32_t kLimitBytes = 4U << 20;

Bytes Payload(size_t bytes) {
  Bytes payload(bytes);
  for (size_t i = 0; i < bytes; ++i) payload[i] = static_cast<uint8_t>(i * 7 + bytes);
  return payload;
}

Bytes FrameOf(size_t payload_bytes, uint8_t type = 2, uint32_t request_id = 77) {
  Bytes frame;
  AppendFrame(type, request_id, Payload(payload_bytes), &frame);
  return frame;
}

// Fills in the right checksum of a frame whose header was changed.
void Seal(Bytes* frame) {
  const std::span<const uint8_t> all(*frame);
  const uint32_t checksum = Crc32c(all.subspan(8), Crc32c(all.first(4)));
  std::memcpy(frame->data() + 4, &checksum, sizeof(checksum));
}

struct Read {
  FrameHeader header;
  Bytes payload;
};

// Feeds `bytes` in pieces of at most `piece` and gives what came out.
std::vector<Read> Feed(FrameReader* reader, std::span<const uint8_t> bytes, size_t piece) {
  std::vector<Read> frames;
  while (!bytes.empty() && reader->error() == FrameError::kNone) {
    const std::span<uint8_t> room = reader->Writable();
    EXPECT_FALSE(room.empty());
    const size_t count = std::min({piece, room.size(), bytes.size()});
    std::copy_n(bytes.begin(), count, room.begin());
    reader->Commit(count);
    bytes = bytes.subspan(count);
    while (const auto frame = reader->Next()) {
      EXPECT_EQ(reinterpret_cast<uintptr_t>(frame->payload.data()) % kPayloadAlignment, 0U);
      frames.push_back({frame->header, Bytes(frame->payload.begin(), frame->payload.end())});
    }
  }
  return frames;
}

TEST(FrameTest, HeaderLiesAsWrittenDown) {
  const Bytes frame = FrameOf(20, 3, 0x01020304);
  ASSERT_EQ(frame.size(), 36U);
  EXPECT_EQ(Bytes(frame.begin(), frame.begin() + 4), (Bytes{20, 0, 0, 0}));
  EXPECT_EQ(Bytes(frame.begin() + 8, frame.begin() + 16), (Bytes{1, 0, 3, 0, 4, 3, 2, 1}));
  Bytes sealed = frame;
  Seal(&sealed);
  EXPECT_EQ(sealed, frame);
}

TEST(FrameTest, FramesTakenInPlaceStayAsTheyWere) {
  Bytes stream;
  for (const size_t size : {20U, 24U, 4096U, 12U}) {
    const Bytes frame = FrameOf(size);
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  FrameReader reader(kLimitBytes);
  std::copy(stream.begin(), stream.end(), reader.Writable().begin());
  reader.Commit(stream.size());
  EXPECT_FALSE(reader.NextInPlace(kProtocolVersion, 3, 4));
  EXPECT_FALSE(reader.NextInPlace(kProtocolVersion + 1, 2, 4));
  std::vector<Frame> frames;
  while (const auto frame = reader.NextInPlace(kProtocolVersion, 2, 4)) frames.push_back(*frame);
  ASSERT_EQ(frames.size(), 4U);
  for (const Frame& frame : frames) {
    const Bytes payload(frame.payload.begin(), frame.payload.end());
    EXPECT_EQ(payload, Payload(frame.header.payload_bytes));
    EXPECT_EQ(frame.header.request_id, 77U);
  }
  EXPECT_FALSE(reader.Next());
  EXPECT_FALSE(reader.mid_frame());
}

TEST(FrameTest, WhatCannotBeTakenInPlaceIsLeftToNext) {
  const auto fed = [](FrameReader* reader, const Bytes& stream) {
    std::copy(stream.begin(), stream.end(), reader->Writable().begin());
    reader->Commit(stream.size());
  };
  Bytes askew = FrameOf(13);
  const Bytes behind = FrameOf(20);
  askew.insert(askew.end(), behind.begin(), behind.end());
  FrameReader reader(kLimitBytes);
  fed(&reader, askew);
  EXPECT_TRUE(reader.NextInPlace(kProtocolVersion, 2, 4));
  EXPECT_FALSE(reader.NextInPlace(kProtocolVersion, 2, 4));
  const auto moved = reader.Next();
  ASSERT_TRUE(moved);
  EXPECT_EQ(Bytes(moved->payload.begin(), moved->payload.end()), Payload(20));

  Bytes part = FrameOf(20);
  part.pop_back();
  Bytes flipped = FrameOf(20), reserved = FrameOf(20), large = FrameOf(20);
  flipped.back() ^= 1;
  reserved[11] = 1;
  Seal(&reserved);
  large[3] = 0x7f;
  Seal(&large);
  const std::pair<Bytes, FrameError> broken[] = {{part, FrameError::kNone},
                                                 {flipped, FrameError::kBadChecksum},
                                                 {reserved, FrameError::kBadReserved},
                                                 {large, FrameError::kTooLarge}};
  for (const auto& [stream, error] : broken) {
    FrameReader other(kLimitBytes);
    fed(&other, stream);
    EXPECT_FALSE(other.NextInPlace(kProtocolVersion, 2, 4));
    EXPECT_EQ(other.error(), FrameError::kNone);
    EXPECT_FALSE(other.Next());
    EXPECT_EQ(other.error(), error);
    EXPECT_FALSE(other.NextInPlace(kProtocolVersion, 2, 4));
  }
}

TEST(FrameTest, TwoPartsMakeOneFrame) {
  const Bytes payload = Payload(100);
  const std::span<const uint8_t> all(payload);
  Bytes frame(kFrameHeaderBytes + payload.size());
  for (const size_t head : {0U, 1U, 48U, 100U}) {
    WriteFrame(2, 77, all.first(head), all.subspan(head), frame.data());
    EXPECT_EQ(frame, FrameOf(100));
  }
}

TEST(FrameTest, AnySplitGivesTheSameFrames) {
  Bytes stream;
  const std::vector<size_t> sizes = {12, 13, 15, 16, 17, 4096, 31, 70'000, 12, 200'001, 64};
  for (size_t i = 0; i < sizes.size(); ++i) {
    AppendFrame(static_cast<uint8_t>(i), static_cast<uint32_t>(1000 + i), Payload(sizes[i]),
                &stream);
  }
  for (const size_t piece : {size_t{1}, size_t{2}, size_t{15}, size_t{16}, size_t{17}, size_t{1000},
                             size_t{65'536}, stream.size()}) {
    FrameReader reader(kLimitBytes);
    const auto frames = Feed(&reader, stream, piece);
    ASSERT_EQ(frames.size(), sizes.size()) << piece;
    for (size_t i = 0; i < sizes.size(); ++i) {
      EXPECT_EQ(frames[i].header.type, i);
      EXPECT_EQ(frames[i].header.request_id, 1000 + i);
      EXPECT_EQ(frames[i].header.version, kProtocolVersion);
      EXPECT_EQ(frames[i].payload, Payload(sizes[i]));
    }
    EXPECT_EQ(reader.error(), FrameError::kNone);
    EXPECT_FALSE(reader.mid_frame());
  }
}

TEST(FrameTest, TruncatedFrameIsNoFrame) {
  const Bytes frame = FrameOf(40);
  for (size_t length = 0; length < frame.size(); ++length) {
    FrameReader reader(kLimitBytes);
    EXPECT_TRUE(Feed(&reader, std::span(frame).first(length), 7).empty());
    EXPECT_EQ(reader.error(), FrameError::kNone);
    EXPECT_EQ(reader.mid_frame(), length > 0);
  }
}

TEST(FrameTest, EveryFlippedBitIsDetected) {
  const Bytes sound = FrameOf(40);
  for (size_t bit = 0; bit < sound.size() * 8; ++bit) {
    Bytes frame = sound;
    frame[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    FrameReader reader(kLimitBytes);
    EXPECT_TRUE(Feed(&reader, frame, frame.size()).empty()) << "bit " << bit;
    // A length that grew makes the reader wait for bytes that never come.
    EXPECT_TRUE(reader.error() != FrameError::kNone || reader.mid_frame()) << "bit " << bit;
  }
}

struct Broken {
  FrameError error;
  Bytes frame;
};

std::vector<Broken> BrokenFrames() {
  Bytes reserved = FrameOf(40);
  reserved[11] = 1;
  Seal(&reserved);
  Bytes checksum = FrameOf(40);
  checksum[4] ^= 1;
  return {{FrameError::kTooLarge, FrameOf(kLimitBytes + 1)},
          {FrameError::kBadLength, FrameOf(kMinPayloadBytes - 1)},
          {FrameError::kBadLength, FrameOf(0)},
          {FrameError::kBadReserved, reserved},
          {FrameError::kBadChecksum, checksum}};
}

TEST(FrameTest, BrokenFramesAreNamedAndEndTheStream) {
  for (const Broken& broken : BrokenFrames()) {
    for (const size_t piece : {size_t{1}, size_t{100}}) {
      FrameReader reader(kLimitBytes);
      Bytes stream = FrameOf(30);
      stream.insert(stream.end(), broken.frame.begin(),
                    broken.frame.begin() +
                        static_cast<ptrdiff_t>(std::min(broken.frame.size(), size_t{100})));
      const Bytes next = FrameOf(30);
      stream.insert(stream.end(), next.begin(), next.end());
      EXPECT_EQ(Feed(&reader, stream, piece).size(), 1U);
      EXPECT_EQ(reader.error(), broken.error) << Describe(broken.error);
      ASSERT_TRUE(reader.faulty_header());
      EXPECT_EQ(reader.faulty_header()->request_id, 77U);
      EXPECT_FALSE(reader.Next());
      EXPECT_TRUE(reader.Writable().empty());
    }
  }
}

TEST(FrameTest, ErrorsHaveSentences) {
  std::vector<std::string> sentences;
  for (const Broken& broken : BrokenFrames()) sentences.emplace_back(Describe(broken.error));
  sentences.emplace_back(Describe(FrameError::kNone));
  std::sort(sentences.begin(), sentences.end());
  sentences.erase(std::unique(sentences.begin(), sentences.end()), sentences.end());
  EXPECT_EQ(sentences.size(), 5U);
  for (const std::string& sentence : sentences) EXPECT_EQ(sentence.back(), '.');
}

TEST(FrameTest, PromisedBytesEarnNoMemory) {
  const Bytes frame = FrameOf(kLimitBytes);
  FrameReader reader(kLimitBytes);
  size_t fed = 0;
  const std::span<const uint8_t> all(frame);
  while (fed < frame.size()) {
    const size_t count = std::min(size_t{10'000}, frame.size() - fed);
    const auto frames = Feed(&reader, all.subspan(fed, count), count);
    fed += count;
    EXPECT_LE(reader.buffer_bytes(), std::max(kKeptBufferBytes, 2 * fed));
    EXPECT_LE(reader.buffer_bytes(), kFrameHeaderBytes + kLimitBytes);
    EXPECT_EQ(frames.size(), fed == frame.size() ? 1U : 0U);
  }
  // The next read gives the memory back.
  EXPECT_FALSE(reader.Writable().empty());
  EXPECT_LE(reader.buffer_bytes(), kKeptBufferBytes);
}

TEST(FrameTest, TooLargeFrameIsRefusedAtItsHeader) {
  const Bytes frame = FrameOf(kLimitBytes + 1);
  FrameReader reader(kLimitBytes);
  EXPECT_TRUE(Feed(&reader, std::span(frame).first(kFrameHeaderBytes), 1).empty());
  EXPECT_EQ(reader.error(), FrameError::kTooLarge);
  EXPECT_LE(reader.buffer_bytes(), kReadChunkBytes);
}

TEST(FrameTest, LimitMayChangeBetweenFrames) {
  FrameReader reader(100);
  EXPECT_EQ(Feed(&reader, FrameOf(100), 50).size(), 1U);
  reader.set_max_payload_bytes(200);
  EXPECT_EQ(Feed(&reader, FrameOf(200), 50).size(), 1U);
  EXPECT_TRUE(Feed(&reader, FrameOf(201), 50).empty());
  EXPECT_EQ(reader.error(), FrameError::kTooLarge);
}

TEST(FrameTest, AnyVersionAndTypeIsAFrame) {
  Bytes stream;
  AppendFrame(255, 1, Payload(12), &stream, 9);
  FrameReader reader(kLimitBytes);
  const auto frames = Feed(&reader, stream, stream.size());
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].header.version, 9);
  EXPECT_EQ(frames[0].header.type, 255);
}

}  // namespace
}  // namespace kundig::wire
