#include "schemas/verified.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "schemas/admin_generated.h"
#include "schemas/events_generated.h"
#include "schemas/lists_generated.h"
#include "tests/schemas/golden_messages.h"

namespace kundig::wire {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes SomeEvents(int count) {
  EventBatchT batch;
  for (int i = 0; i < count; ++i) {
    LeadSetT lead;
    lead.lead = "lead " + std::to_string(i);
    lead.owner = "somebody";
    lead.remove = {LeadAttribute::chance, LeadAttribute::region};
    batch.events.push_back(std::make_unique<EventT>());
    batch.events.back()->body.Set(lead);
  }
  return Packed(batch);
}

TEST(VerifiedRootTest, SoundMessageIsItsRoot) {
  const Bytes payload = SomeEvents(3);
  const auto* batch = VerifiedRoot<EventBatch>(payload);
  ASSERT_NE(batch, nullptr);
  EXPECT_EQ(batch->events()->Get(2)->body_as_LeadSet()->lead()->str(), "lead 2");
}

TEST(VerifiedRootTest, SmallestMessage) {
  const Bytes ping = Packed(PingT{});
  ASSERT_EQ(ping.size(), kMinPayloadBytes);
  EXPECT_NE(VerifiedRoot<Ping>(ping), nullptr);
  for (size_t length = 0; length < ping.size(); ++length) {
    EXPECT_EQ(VerifiedRoot<Ping>(std::span(ping).first(length)), nullptr);
  }
}

TEST(VerifiedRootTest, MissingRequiredFieldIsUnsound) {
  EXPECT_EQ(VerifiedRoot<StatusReply>(Packed(PingT{})), nullptr);
}

TEST(VerifiedRootTest, AddressMustBeAligned) {
  const Bytes payload = SomeEvents(1);
  Bytes shifted(payload.size() + 16);
  for (size_t shift = 0; shift < 16; ++shift) {
    std::copy(payload.begin(), payload.end(), shifted.begin() + static_cast<ptrdiff_t>(shift));
    const std::span<const uint8_t> at(shifted.data() + shift, payload.size());
    EXPECT_EQ(VerifiedRoot<EventBatch>(at) != nullptr, shift % kPayloadScalarAlignment == 0);
  }
}

TEST(VerifiedRootTest, LongerThanAnyFrameIsUnsound) {
  Bytes payload = Packed(PingT{});
  payload.resize(kLargestMaxFrameBytes);
  EXPECT_NE(VerifiedRoot<Ping>(payload), nullptr);
  payload.push_back(0);
  EXPECT_EQ(VerifiedRoot<Ping>(payload), nullptr);
}

TEST(VerifiedRootTest, LargestBatchIsSound) {
  EXPECT_NE(VerifiedRoot<EventBatch>(SomeEvents(kLargestMaxBatchEvents)), nullptr);
}

TEST(VerifiedRootTest, MoreTablesThanAnyMessageHasAreUnsound) {
  // One event, named over and over: few bytes, much work.
  flatbuffers::FlatBufferBuilder builder;
  const auto erase = CreateEraseDirect(builder, "c");
  const auto event = CreateEvent(builder, EventBody::Erase, erase.Union());
  const std::vector<flatbuffers::Offset<Event>> often(kMaxVerifyTables / 2 + 1, event);
  builder.Finish(CreateEventBatchDirect(builder, &often));
  const Bytes payload(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
  EXPECT_EQ(VerifiedRoot<EventBatch>(payload), nullptr);
}

// What FlatBuffers lets pass, so that decoders know what is theirs.
TEST(VerifiedRootTest, UnknownUnionMembersAndEnumNumbersPass) {
  flatbuffers::FlatBufferBuilder builder;
  const auto erase = CreateEraseDirect(builder, "c");
  const auto event = CreateEvent(builder, static_cast<EventBody>(200), erase.Union());
  const std::vector<flatbuffers::Offset<Event>> events{event};
  builder.Finish(CreateEventBatchDirect(builder, &events));
  const Bytes payload(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
  EXPECT_NE(VerifiedRoot<EventBatch>(payload), nullptr);

  ListRequestT list;
  list.kind = static_cast<ListKind>(200);
  EXPECT_NE(VerifiedRoot<ListRequest>(Packed(list)), nullptr);
}

// What passes can be read to the last byte: the sanitizers watch.
TEST(VerifiedRootTest, DamagedMessagesAreRefusedOrReadable) {
  const Bytes sound = SomeEvents(4);
  std::mt19937 random(7);
  int refused = 0;
  const auto look = [&](const Bytes& payload) {
    const auto* batch = VerifiedRoot<EventBatch>(payload);
    if (batch == nullptr) {
      ++refused;
      return;
    }
    EventBatchT native;
    batch->UnPackTo(&native);
  };
  for (size_t length = 0; length < sound.size(); ++length) {
    look(Bytes(sound.begin(), sound.begin() + static_cast<ptrdiff_t>(length)));
  }
  for (int round = 0; round < 20'000; ++round) {
    Bytes damaged = sound;
    for (auto flips = 1 + random() % 3; flips > 0; --flips) {
      damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
    }
    look(damaged);
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace kundig::wire
