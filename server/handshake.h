// The words that a session says by itself: the handshake, and refusals.
//
// Thread safety: pure functions and plain data.

#ifndef KUNDIG_SERVER_HANDSHAKE_H_
#define KUNDIG_SERVER_HANDSHAKE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/admin_generated.h"
#include "schemas/frame.h"
#include "schemas/limits.h"

namespace kundig::server {

// What the handshake says of the server beside the limits that the session itself keeps.
struct ServerInfo {
  std::string name;
  std::string version;
  std::string currency;
  std::string time_zone;
  std::vector<std::string> stages;
  std::string durability;
  uint32_t max_profile_ids = wire::kMaxProfileIds;
  uint32_t max_batch_events = wire::kMaxBatchEvents;
};

// The payload of a hello_reply.
std::vector<uint8_t> EncodeHelloReply(const ServerInfo& info, uint32_t max_frame_bytes,
                                      uint32_t max_in_flight);

struct HelloRefusal {
  wire::ErrorCode code = wire::ErrorCode::handshake_required;
  std::string message;
};

// Whether the first frame of a connection earns a hello_reply; nullopt where it does. The version
// in its header is not looked at: the range in the hello decides.
std::optional<HelloRefusal> JudgeHello(const wire::Frame& frame);

// The payload of an error; `field` may be empty. Beside EncodeError of encode.h, because a session
// must not know the engine, whose errors that one speaks of.
std::vector<uint8_t> EncodeSessionError(wire::ErrorCode code, std::string_view message,
                                        std::string_view field = {});

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_HANDSHAKE_H_
