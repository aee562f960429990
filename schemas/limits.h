// The named limits of the protocol, related to each other by static_assert.
//
// They bound what one side must hold for the other. The four of the handshake (wire::Limits) may be
// configured on a server within the bounds given here; clients follow what the handshake says. The
// rest belong to protocol version 1.

#ifndef KUNDIG_SCHEMAS_LIMITS_H_
#define KUNDIG_SCHEMAS_LIMITS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace kundig::wire {

// --- Said in the handshake; these are the defaults ---

// Payload of one frame, either way.
inline constexpr uint32_t kMaxFrameBytes = 8U << 20;
// Requests without an answer on one connection.
inline constexpr uint32_t kMaxInFlight = 1024;
// Customers in one profiles or records request.
inline constexpr uint32_t kMaxProfileIds = 1000;
// Events in one batch, orders in one batch of orders.
inline constexpr uint32_t kMaxBatchEvents = 10'000;

// --- What a server may be configured to ---

inline constexpr uint32_t kSmallestMaxFrameBytes = 1U << 20;
inline constexpr uint32_t kLargestMaxFrameBytes = 64U << 20;
inline constexpr uint32_t kLargestMaxInFlight = 65'536;
inline constexpr uint32_t kLargestMaxProfileIds = 10'000;
inline constexpr uint32_t kLargestMaxBatchEvents = 50'000;

// --- Fixed ---

// The first frame each way comes before any limit is agreed on.
inline constexpr uint32_t kMaxHelloBytes = 64U << 10;
// The shortest FlatBuffers message: root offset, empty vtable, empty table.
inline constexpr uint32_t kMinPayloadBytes = 12;
// A list's chunk is closed when its payload reaches this; it may exceed it by one row.
inline constexpr uint32_t kListChunkBytes = 256U << 10;
// Names of one names reply; a client asks for the next ones.
inline constexpr uint32_t kMaxNamesInReply = 4096;
// How long a watch may wait for a change, and changes of one answer.
inline constexpr uint32_t kMaxWatchWaitMs = 60'000;
inline constexpr uint32_t kMaxWatchChanges = 10'000;
// The text of the other configuration in a what_if request.
inline constexpr uint32_t kMaxConfigurationBytes = 256U << 10;
// Groups of one pipeline reply, open and closed ones each.
inline constexpr uint32_t kMaxPipelineGroups = 50'000;
// The sentence of an error, and the longest id or name in a message, in bytes of UTF-8.
inline constexpr uint32_t kMaxErrorMessageBytes = 512;
inline constexpr uint32_t kMaxIdBytes = 64;
inline constexpr uint32_t kMaxNameBytes = 128;

// --- How much of FlatBuffers a reader checks before it calls a message unsound ---

// The deepest message today is a refused event: EventBatchReply, RefusedEvent, Error.
inline constexpr uint32_t kMaxVerifyDepth = 16;
// An event is two tables (Event and its body), a refused one too, a closed group of a pipeline one.
inline constexpr uint32_t kMaxVerifyTables =
    1 + std::max({2 * kLargestMaxBatchEvents, 1 + 2 * kMaxPipelineGroups, kLargestMaxProfileIds});
// The largest scalar of the schemas; FlatBuffers' own check is relative to the payload's start.
inline constexpr size_t kPayloadScalarAlignment = 8;
// The same for ProfilesRequest and RecordsRequest, which hold offsets and lengths only, so that a
// reader need not move them before it reads them.
inline constexpr size_t kLookupAlignment = 4;

static_assert(kSmallestMaxFrameBytes <= kMaxFrameBytes && kMaxFrameBytes <= kLargestMaxFrameBytes);
static_assert(kMaxInFlight <= kLargestMaxInFlight);
static_assert(kMaxProfileIds <= kLargestMaxProfileIds);
static_assert(kMaxBatchEvents <= kLargestMaxBatchEvents);
static_assert(kMaxHelloBytes <= kSmallestMaxFrameBytes, "the handshake fits every server");
static_assert(kListChunkBytes * 2 <= kSmallestMaxFrameBytes,
              "a chunk and one more row fit the smallest frame");
// A name, its length, terminating zero, padding and place.
static_assert(kMaxNamesInReply * (kMaxNameBytes + 12) <= kSmallestMaxFrameBytes,
              "a page of the longest names fits the smallest frame");
static_assert(kMinPayloadBytes < kMaxHelloBytes);
// FlatBuffers' verifier asserts below 2 GiB instead of answering.
static_assert(kLargestMaxFrameBytes < (1U << 31));
// By default the largest question has an answer that fits: every event refused with a sentence of
// common length, and every profile with ids and texts of common length.
inline constexpr uint32_t kTypicalErrorBytes = 512;
inline constexpr uint32_t kTypicalProfileBytes = 2048;
static_assert(uint64_t{kMaxBatchEvents} * kTypicalErrorBytes <= kMaxFrameBytes);
static_assert(uint64_t{kMaxProfileIds} * kTypicalProfileBytes <= kMaxFrameBytes);

}  // namespace kundig::wire

#endif  // KUNDIG_SCHEMAS_LIMITS_H_
