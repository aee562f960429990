// Why a request, or one event of a batch, is refused: what becomes wire::Error.
//
// The engine speaks of its own errors only (engine::Error); here they meet those of decoding and
// dispatching under the codes of the protocol.
//
// Thread safety: plain values.

#ifndef KUNDIG_SERVER_REFUSAL_H_
#define KUNDIG_SERVER_REFUSAL_H_

#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "engine/result.h"
#include "schemas/admin_generated.h"

namespace kundig::server {

struct Refusal {
  wire::ErrorCode code = wire::ErrorCode::internal;
  std::string message;              // one sentence that names what to do
  std::string field;                // the field or limit at fault; may be empty
  std::optional<int32_t> position;  // byte offset in an expression
};

// What value() of a failed result throws: reading a value without looking is a bug of the caller.
[[noreturn]] inline void throw_exception_from_error(const Refusal& refusal,
                                                    const boost::source_location&) {
  throw std::logic_error("value read from a refused request: " + refusal.message);
}

template <typename T>
using Judged = boost::system::result<T, Refusal>;

wire::ErrorCode WireCode(engine::ErrorCode code);
Refusal ToRefusal(engine::Error error);
// invalid_value: "Send a value for FIELD that is EXPECTED."
Refusal InvalidValue(std::string field, const std::string& expected);

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_REFUSAL_H_
