#include "tools/import_sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tools/connect.h"

namespace kundig::tools {

namespace {
// Large enough that the cost of a round trip vanishes, small enough that readers of the book, who
// wait for one batch at most, notice nothing.
constexpr size_t kBatchEvents = 1000;
constexpr size_t kBatchBytes = size_t{256} << 10;
// One event at most lies above kBatchBytes.
constexpr size_t kBatchReserveBytes = size_t{16} << 10;
}  // namespace

EventSender::EventSender(BatchPort* port, Tally* tally)
    : port_(port),
      tally_(tally),
      batch_events_(std::clamp<size_t>(port->max_batch_events(), 1, kBatchEvents)),
      batch_bytes_(std::min(kBatchBytes, port->max_batch_bytes() / 2)),
      builder_(kBatchBytes + kBatchReserveBytes) {
  events_.reserve(batch_events_);
  origins_.reserve(batch_events_);
}

EventSender::~EventSender() = default;

flatbuffers::Offset<flatbuffers::String> EventSender::Text(flatbuffers::FlatBufferBuilder* builder,
                                                           std::string_view text) {
  return builder->CreateString(text.data(), text.size());
}

flatbuffers::Offset<flatbuffers::String> EventSender::TextOrNone(
    flatbuffers::FlatBufferBuilder* builder, std::string_view text) {
  return text.empty() ? flatbuffers::Offset<flatbuffers::String>() : Text(builder, text);
}

void EventSender::Flush() {
  if (events_.empty()) return;
  const auto events = builder_.CreateVector(events_);
  const client::BatchName name = port_->NextBatch();
  const auto producer = Text(&builder_, name.producer);
  builder_.Finish(wire::CreateEventBatch(builder_, events, producer, name.number));
  std::vector<uint8_t> batch(builder_.GetBufferPointer(),
                             builder_.GetBufferPointer() + builder_.GetSize());
  auto done = [shared = shared_, tally = tally_, file = tally_->file(),
               origins = std::exchange(origins_, {})](
                  const client::Result<wire::EventBatchReplyT>& answer) {
    const std::lock_guard lock(shared->mutex);
    if (answer.has_error()) {
      if (!shared->error) shared->error = answer.error();
      shared->failed = true;
      return;
    }
    SentCounts& counts = shared->counts;
    counts.applied += answer->applied;
    counts.replaced += answer->replaced;
    counts.unchanged += answer->unchanged;
    for (const Origin& origin : origins) ++counts.taken[static_cast<size_t>(origin.body)];
    for (const auto& refused : answer->refused) {
      if (refused->index >= origins.size()) continue;
      const Origin& origin = origins[refused->index];
      --counts.taken[static_cast<size_t>(origin.body)];
      const wire::ErrorT& error = *refused->error;
      if (error.code == wire::ErrorCode::memory_full) {
        // The rest would be refused as well.
        if (!shared->error) {
          shared->error = client::Error{.kind = client::ErrorKind::kRefused,
                                        .code = error.code,
                                        .message = error.message,
                                        .field = error.field,
                                        .position = std::nullopt};
        }
        shared->failed = true;
        return;
      }
      tally->Refused(file, origin.line, wire::EnumNameErrorCode(error.code), error.message);
    }
  };
  origins_.reserve(batch_events_);
  events_.clear();
  builder_.Clear();
  if (!failed()) port_->Send(std::move(batch), std::move(done));
}

Outcome<SentCounts> EventSender::counts() const {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->error) return ToFailure(*shared_->error);
  return shared_->counts;
}

Failure ToFailure(const client::Error& error) {
  if (error.kind == client::ErrorKind::kRefused && error.code == wire::ErrorCode::disk_full) {
    // Whose disk it is can be told from here only.
    return Failure{fmt::format("the server has no room for what was sent: {}", error.message),
                   ExitCode(error)};
  }
  return Failure{error.message, ExitCode(error)};
}

}  // namespace kundig::tools
