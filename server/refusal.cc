#include "server/refusal.h"

#include <utility>

#include "engine/check.h"

namespace kundig::server {

wire::ErrorCode WireCode(engine::ErrorCode code) {
  switch (code) {
    case engine::ErrorCode::kInvalidValue:
      return wire::ErrorCode::invalid_value;
    case engine::ErrorCode::kMissingField:
      return wire::ErrorCode::missing_field;
    case engine::ErrorCode::kSyntax:
      return wire::ErrorCode::syntax_error;
    case engine::ErrorCode::kUnknownField:
      return wire::ErrorCode::unknown_field;
    case engine::ErrorCode::kTypeMismatch:
      return wire::ErrorCode::type_mismatch;
    case engine::ErrorCode::kBadCursor:
      return wire::ErrorCode::bad_cursor;
    case engine::ErrorCode::kFutureEvent:
      return wire::ErrorCode::future_event;
    case engine::ErrorCode::kCurrencyMismatch:
      return wire::ErrorCode::currency_mismatch;
    case engine::ErrorCode::kUnknownStage:
      return wire::ErrorCode::unknown_stage;
    case engine::ErrorCode::kLeadClosed:
      return wire::ErrorCode::lead_closed;
    case engine::ErrorCode::kUnknownLead:
      return wire::ErrorCode::unknown_lead;
    case engine::ErrorCode::kMissingReason:
      return wire::ErrorCode::missing_reason;
    case engine::ErrorCode::kDayNotForward:
      return wire::ErrorCode::day_not_forward;
    case engine::ErrorCode::kLimitExceeded:
      return wire::ErrorCode::limit_exceeded;
    case engine::ErrorCode::kResultTooLarge:
      return wire::ErrorCode::result_too_large;
    case engine::ErrorCode::kMemoryFull:
      return wire::ErrorCode::memory_full;
    case engine::ErrorCode::kTooLittleData:
      return wire::ErrorCode::too_little_data;
    case engine::ErrorCode::kHistoryGone:
      return wire::ErrorCode::history_gone;
    case engine::ErrorCode::kDiskFull:
      return wire::ErrorCode::disk_full;
    case engine::ErrorCode::kStopping:
      return wire::ErrorCode::shutting_down;
    case engine::ErrorCode::kStorageFailed:
    case engine::ErrorCode::kDamaged:
    case engine::ErrorCode::kNewerFormat:
    case engine::ErrorCode::kFolderInUse:
      return wire::ErrorCode::storage_failed;
  }
  KUNDIG_CHECK(false && "an engine error code without a wire code");
  return wire::ErrorCode::internal;
}

Refusal ToRefusal(engine::Error error) {
  return Refusal{.code = WireCode(error.code),
                 .message = std::move(error.message),
                 .field = std::move(error.field),
                 .position = error.position};
}

Refusal InvalidValue(std::string field, const std::string& expected) {
  return Refusal{.code = wire::ErrorCode::invalid_value,
                 .message = "Send a value for " + field + " that is " + expected + ".",
                 .field = std::move(field),
                 .position = std::nullopt};
}

}  // namespace kundig::server
