// Packs events into batches as they come and sends them, and counts what became of them.
//
// Events are written straight into the FlatBuffers message, so that a row costs no allocation of
// its own.
//
// Thread safety: one thread adds; answers are counted on the port's thread.

#ifndef KUNDIG_TOOLS_IMPORT_SENDER_H_
#define KUNDIG_TOOLS_IMPORT_SENDER_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/events_generated.h"
#include "tools/import_failure.h"
#include "tools/import_port.h"
#include "tools/import_tally.h"

namespace kundig::tools {

struct SentCounts {
  uint64_t applied = 0, replaced = 0, unchanged = 0;
  // Taken by the server, by what they were.
  std::array<uint64_t, static_cast<size_t>(wire::EventBody::MAX) + 1> taken{};

  uint64_t Taken(wire::EventBody body) const { return taken[static_cast<size_t>(body)]; }
};

class EventSender {
 public:
  // Both must outlive the sender.
  EventSender(BatchPort* port, Tally* tally);
  ~EventSender();
  EventSender(const EventSender&) = delete;
  EventSender& operator=(const EventSender&) = delete;

  // `build` writes the body into the builder and returns its offset. `line` is named where the
  // server refuses the event.
  template <typename Build>
  void Add(uint64_t line, wire::EventBody body, Build build) {
    const flatbuffers::Offset<void> offset = build(&builder_);
    events_.push_back(wire::CreateEvent(builder_, body, offset));
    origins_.push_back(Origin{line, body});
    if (events_.size() >= batch_events_ || builder_.GetSize() >= batch_bytes_) Flush();
  }

  // A string of the batch, or none where the text is empty.
  static flatbuffers::Offset<flatbuffers::String> Text(flatbuffers::FlatBufferBuilder* builder,
                                                       std::string_view text);
  static flatbuffers::Offset<flatbuffers::String> TextOrNone(
      flatbuffers::FlatBufferBuilder* builder, std::string_view text);

  // Sends what is held. The name of the file is that of the tally at this time.
  void Flush();

  // True once a batch failed as a whole: adding more is of no use.
  bool failed() const { return shared_->failed.load(std::memory_order_relaxed); }
  // The first failure, or the counts; complete after the port was drained.
  Outcome<SentCounts> counts() const;

 private:
  struct Origin {
    uint64_t line;
    wire::EventBody body;
  };
  // Outlives the sender where an answer comes late.
  struct Shared {
    std::mutex mutex;
    SentCounts counts;
    std::optional<client::Error> error;
    std::atomic<bool> failed = false;
  };

  BatchPort* port_;
  Tally* tally_;
  size_t batch_events_;
  size_t batch_bytes_;
  flatbuffers::FlatBufferBuilder builder_;
  std::vector<flatbuffers::Offset<wire::Event>> events_;
  std::vector<Origin> origins_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

// What a user is told of an error of the client.
Failure ToFailure(const client::Error& error);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_IMPORT_SENDER_H_
