// The language for failures that are the client's or the machine's: a value or an Error.
// Our own bugs are CHECKs (engine/check.h), never Errors.
//
// Thread safety: plain values.

#ifndef KUNDIG_ENGINE_RESULT_H_
#define KUNDIG_ENGINE_RESULT_H_

#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace kundig::engine {

enum class ErrorCode : uint8_t {
  kInvalidValue,      // a value out of its range or form
  kMissingField,      // a value that must be there is not
  kSyntax,            // an expression that cannot be read
  kUnknownField,      // a name that no field has
  kTypeMismatch,      // a value that does not fit its field
  kBadCursor,         // a cursor that is damaged or belongs to another question
  kFutureEvent,       // an event later than the end of tomorrow
  kCurrencyMismatch,  // an event in another currency than the book's
  kUnknownStage,      // a stage that the rules do not name
  kLeadClosed,        // a stage for a lead that is won or lost
  kUnknownLead,       // closing a lead that does not exist
  kMissingReason,     // closing a lead without a reason
  kDayNotForward,     // a day change to a day that is not after today
  kLimitExceeded,     // a named limit
  kResultTooLarge,    // a list larger than the memory set aside for lists
  kMemoryFull,        // new to a book that is not to grow (Growth)
  kTooLittleData,     // fewer customers or purchases than a model can be fitted to
  kHistoryGone,       // a feed does not reach back so far any more
  kDiskFull,       // no room for what was to be kept: nothing of it was, and it may be sent again
  kStorageFailed,  // the disk failed and what it holds is uncertain: the process must end
  kDamaged,        // stored data that is not what was written
  kNewerFormat,    // data written by a newer release
  kFolderInUse,    // another process uses the data folder
  kStopping,       // given up because the server stops
};

struct Error {
  ErrorCode code = ErrorCode::kInvalidValue;
  std::string message;              // one sentence that names what to do
  std::string field;                // the field or limit at fault; may be empty
  std::optional<int32_t> position;  // byte offset in an expression
};

// What value() of a failed result throws: reading a value without looking is a bug of the caller.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::logic_error("value read from a failed result: " + error.message);
}

template <typename T>
using Result = boost::system::result<T, Error>;

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_RESULT_H_
