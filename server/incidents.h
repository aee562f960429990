// What goes wrong on the network because of somebody else: counted, and logged at a bounded rate.
//
// Thread safety: all methods may be called from any thread.

#ifndef KUNDIG_SERVER_INCIDENTS_H_
#define KUNDIG_SERVER_INCIDENTS_H_

#include <boost/json/object.hpp>

#include <array>
#include <atomic>
#include <cstdint>

#include "server/log.h"

namespace kundig::server {

enum class Incident : uint8_t {
  kBadFrame,           // answered with an error, closed
  kBadMessage,         // a payload that does not verify; closed
  kTruncatedFrame,     // end of stream within a frame
  kHandshakeFailed,    // no hello, none in time, or no version in common
  kFrameTimedOut,      // a frame that did not end in time
  kStalledClient,      // cut off: took no byte of what it is owed
  kIdleClient,         // closed: no request for the idle time-out
  kConnectionLost,     // reset by the other side
  kConnectionRefused,  // above the connection limit
  kAcceptFailed,       // the machine gave no descriptor or memory; accepting pauses
};
inline constexpr size_t kIncidents = static_cast<size_t>(Incident::kAcceptFailed) + 1;

class Incidents {
 public:
  Incidents();

  void Report(Incident incident, const boost::json::object& fields);
  uint64_t count(Incident incident) const {
    return entries_[static_cast<size_t>(incident)].count.load(std::memory_order_relaxed);
  }

 private:
  struct Entry {
    Entry();
    std::atomic<uint64_t> count{0};
    RepeatedLine line;
  };
  std::array<Entry, kIncidents> entries_;
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_INCIDENTS_H_
