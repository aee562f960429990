// The named limits of the server, related to each other and to those of the wire by static_assert.
//
// Every queue and buffer between a socket and the book ends at one of these, so that the memory of
// a connection is bounded whatever its client does. Reached limits are answered by a typed error,
// by not reading on, or by a cut; each says which. Limits of the engine are in engine/book.h.
//
// Thread safety: constants.

#ifndef KUNDIG_SERVER_LIMITS_H_
#define KUNDIG_SERVER_LIMITS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "schemas/limits.h"

namespace kundig::server {

// --- Recounts ---

// One that nobody asks anything is kept for the next question this long, and its memory with it.
inline constexpr std::chrono::seconds kRecountKeptFor{60};

// --- Watches ---

// Of one request, for a change.
inline constexpr std::chrono::milliseconds kMaxWatchWait{wire::kMaxWatchWaitMs};
// A feed that nobody asked for so long is closed; who comes back later has missed changes.
inline constexpr std::chrono::minutes kFeedKeptFor{10};
// Where there are kMaxFeeds, the one that was asked for longest ago makes room for another, if that
// is so long ago.
inline constexpr std::chrono::seconds kFeedSparedFor{10};

// --- Connections ---

// Open at one time; one more gets the error limit_exceeded and is closed.
inline constexpr uint32_t kMaxConnections = 10'000;
inline constexpr uint32_t kLargestMaxConnections = 65'536;
// Refused connections that are being told so at one time; one more is closed without a word.
inline constexpr uint32_t kMaxRefusedConnections = 64;
// Connections that the kernel keeps until they are accepted.
inline constexpr int kListenBacklog = 1024;
inline constexpr int kMaxNetworkThreads = 64;
// Watches that wait for a change, of all connections; one more is refused with overloaded.
inline constexpr size_t kMaxWaitingWatches = kMaxConnections;
// File descriptors for everything that is no connection: log, listener, one epoll set, timer and
// wake-up for each network thread, files being read.
inline constexpr uint32_t kReservedFileDescriptors = 4 * kMaxNetworkThreads + 32;

// --- Memory of one connection ---

// Chunks of a long answer are made while less than this waits to be sent.
inline constexpr size_t kWriteLowWaterBytes = wire::kListChunkBytes;
// Nothing is read while more than this waits to be sent or for an earlier answer. One answer may
// exceed it.
inline constexpr size_t kWriteHighWaterBytes = size_t{1} << 20;
// A send buffer larger than this is given back once it is empty.
inline constexpr size_t kKeptWriteBufferBytes = kWriteHighWaterBytes;
// Nothing is read while the unanswered requests are longer than this together. One request may
// exceed it.
inline constexpr size_t kRequestHighWaterBytes = size_t{16} << 20;
// Lookups handed to the handler in one call: so many, of so many bytes of payload together, which
// the last one may exceed. Few enough that their ids and records stay in the processor's cache.
inline constexpr size_t kMaxRunRequests = 64;
inline constexpr size_t kMaxRunBytes = size_t{16} << 10;
// Requests above max_in_flight are refused with too_many_requests; nothing is read while these
// refusals and the requests before them make more than this many times max_in_flight.
inline constexpr uint32_t kWaitingAnswersPerInFlight = 2;

// What is answered for one id of a records request: a wire::ProfileRecord.
inline constexpr size_t kRecordBytes = 128;

// --- Memory of all connections ---

// Batches of events that wait for the writer, with their decoded events; one more is refused with
// overloaded.
inline constexpr size_t kMaxQueuedEventBytes = size_t{256} << 20;

// --- Time ---

// From the connection to the whole hello; then the error handshake_required.
// Snapshots and backups that wait for the one under way.
inline constexpr size_t kMaxQueuedMaintenance = 4;

// Of a folder that a request names.
inline constexpr size_t kMaxPathBytes = 4096;

// What book.memory_limit may be: below, there is no room for a book at all.
inline constexpr uint64_t kMinMemoryLimitBytes = uint64_t{1} << 20;
inline constexpr uint64_t kMaxMemoryLimitBytes = uint64_t{1} << 50;

inline constexpr std::chrono::milliseconds kHandshakeTimeout{5'000};
// From the first to the last byte of a frame; then the error bad_frame.
inline constexpr std::chrono::milliseconds kFrameTimeout{60'000};
// Without a byte taken by a client that is owed bytes; then the connection is cut.
inline constexpr std::chrono::milliseconds kWriteStallTimeout{10'000};
// Without a request; then the connection is closed.
inline constexpr std::chrono::milliseconds kIdleTimeout{60 * 60 * 1'000};
// For a client to read the last error and close its side.
inline constexpr std::chrono::milliseconds kLingerTimeout{1'000};
// Draining: a connection without a request for this long is closed. Long enough that a client which
// is asking, on a busy machine, asks once more and is told instead of finding the end.
inline constexpr std::chrono::milliseconds kDrainQuiet{250};
// From the first signal to the end; what is still unanswered then is cut.
inline constexpr std::chrono::milliseconds kDrainTimeout{10'000};
// After an accept that failed because descriptors or memory ran out.
inline constexpr std::chrono::milliseconds kAcceptPause{100};
// The same trouble of the network is logged once in this time, with a count of the rest.
inline constexpr std::chrono::milliseconds kRepeatedLogInterval{1'000};

static_assert(kMaxWatchWait < kFeedKeptFor, "who waits has asked lately");
static_assert(kMaxConnections <= kLargestMaxConnections);
static_assert(kMaxRefusedConnections < kMaxConnections);
static_assert(kWriteLowWaterBytes < kWriteHighWaterBytes,
              "a stream alone never stops the reading of its cancel");
static_assert(kWriteHighWaterBytes <= wire::kSmallestMaxFrameBytes,
              "an answer of one frame may be the whole of a send buffer");
static_assert(kRequestHighWaterBytes >= wire::kMaxFrameBytes,
              "two requests of the default size may be on their way");
static_assert(kMaxQueuedEventBytes >= kRequestHighWaterBytes,
              "one connection alone never fills the writer's queue");
// An id takes 4 bytes of a request even where a hostile client names one over and over.
static_assert(kMaxRunBytes / 4 * kRecordBytes <= kWriteHighWaterBytes,
              "the records of a run, those of its last request aside, are no more than that");
static_assert(kWaitingAnswersPerInFlight >= 2,
              "a client one request above the limit is answered, not stopped");
static_assert(kHandshakeTimeout < kFrameTimeout && kFrameTimeout < kIdleTimeout);
static_assert(kWriteStallTimeout <= kDrainTimeout, "a stalled client is cut within a drain");
static_assert(kDrainQuiet + kLingerTimeout < kDrainTimeout, "an idle book drains in time");

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_LIMITS_H_
