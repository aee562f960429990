// Requests -> the book -> answers.
//
// Lookups and status take microseconds and never wait for a scan: they are done on the network
// thread that read the request, without a hop. Batches of events and day changes may have to wait
// for a scan, so they go to one writer thread, in the order in which they were read; what scans the
// book goes to a few query threads. Both have bounded queues. All ways are the same for the
// session: it hands in a responder and goes on.
//
// Thread safety: Handle from any thread; Stop by one, after which requests are answered
// shutting_down.

#ifndef KUNDIG_SERVER_DISPATCH_H_
#define KUNDIG_SERVER_DISPATCH_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/book.h"
#include "engine/durable_book.h"
#include "server/configuration.h"
#include "server/job_pool.h"
#include "server/list_chunks.h"
#include "server/lookups.h"
#include "server/memory_limit.h"
#include "server/recounts.h"
#include "server/refusal.h"
#include "server/reload.h"
#include "server/request_handler.h"
#include "server/watches.h"
#include "server/write_queue.h"

namespace kundig::server {

class Dispatcher final : public RequestHandler {
 public:
  struct Callbacks {
    // After every write that changed the book, on the writer's thread: must be quick.
    std::function<void()> book_changed;
    // Once, when writes can no longer be kept; should end the process. Nothing written is answered
    // from then on.
    std::function<void(const engine::Error&)> storage_failed;
    // On a thread that may wait for them.
    std::function<engine::Result<engine::SnapshotInfo>(engine::Generations)> save;
    std::function<engine::Result<engine::SnapshotInfo>(const std::string& folder)> backup;
    std::function<engine::Result<ReloadOutcome>()> reload;
    // The rules that the text of another configuration says (RulesOfOther).
    std::function<engine::Result<std::shared_ptr<const engine::Rules>>(std::string_view)>
        read_other_rules;
  };

  // `book` outlives the dispatcher.
  Dispatcher(engine::DurableBook* book, const ServerOptions& options, bool day_is_pinned,
             std::string durability, Callbacks callbacks);
  ~Dispatcher() override;
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  void Handle(wire::MessageType type, std::span<const uint8_t> payload,
              std::unique_ptr<Responder> responder) override;

  void HandleLookups(wire::MessageType type, std::span<const std::span<const uint8_t>> payloads,
                     LookupSink* sink) override;

  // Answers those who wait for changes with shutting_down, so that nobody waits for them.
  void StopWatches();
  // Answers the writes and scans that had not begun with shutting_down and waits for those that
  // had.
  void Stop();

 private:
  // A batch on its way to the writer: its events point into its bytes.
  template <typename AnyEvent>
  struct PendingBatch;

  // Has the batch that `decode` (DecodeEvents, DecodeOrders) makes of it applied by the writer.
  template <typename AnyEvent, typename Decode>
  void HandleBatch(std::span<const uint8_t> payload, Decode decode, wire::MessageType reply,
                   std::unique_ptr<Responder> responder);
  void HandleNames(std::span<const uint8_t> payload, Responder* responder);
  void HandleExplain(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  // Asks the book of the day that the message, with the name `name`, may say.
  template <typename Message, typename Ask, typename Encode>
  void HandleSummary(std::span<const uint8_t> payload, std::string_view name, Ask ask,
                     Encode encode, wire::MessageType reply, std::unique_ptr<Responder> responder);
  void HandleStatus(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  void HandleAdvanceDay(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  void HandleList(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  void HandleExport(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  void HandleCount(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  void HandlePhases(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  void HandlePipeline(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  void HandleWaterfall(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  void HandleConversion(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  void HandleChurn(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  void HandleWatch(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  void HandleSnapshot(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  void HandleBackup(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  void HandleReload(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  void HandlePastProfiles(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  void HandleWhatIf(std::span<const uint8_t> payload, std::unique_ptr<Responder> responder);
  // The book as of the day, for a query thread; nullptr where that was refused, and said so.
  Recounts::Lease BookAsOf(std::optional<engine::Day> day, Responder* to);
  // Has `save` done by the maintenance thread, and its answer sent.
  void Maintain(std::function<engine::Result<engine::SnapshotInfo>()> save, wire::MessageType reply,
                std::unique_ptr<Responder> responder);
  // Sends a list, an export or moves, whole or as a stream of chunks; `of`: the book that they may
  // point into.
  template <typename Whole>
  void SendChunks(Whole answer, Recounts::Lease of, Responder* responder);
  // Has `run` done by a query thread.
  void Queue(std::unique_ptr<Responder> responder, std::function<void(Responder*)> run);
  // The same for one who may answer later.
  void QueueOwned(std::unique_ptr<Responder> responder,
                  std::function<void(std::unique_ptr<Responder>)> run);
  // Hands the work to its queue (a JobPool or the WriteQueue), or answers `full` where that is.
  template <typename Pool, typename Work>
  static void Submit(Pool* pool, Work work, const Refusal& full);

  engine::DurableBook* const durable_;
  engine::Book* const book_;  // for questions; it is told things through writes_
  const Lookups lookups_;
  const uint32_t max_frame_bytes_;
  const uint32_t max_profile_ids_;
  const uint32_t max_batch_events_;
  const bool day_is_pinned_;
  const std::string durability_;
  const Callbacks callbacks_;
  MemoryLimit memory_limit_;
  Recounts recounts_;
  OpenLists open_lists_;
  Watches watches_;
  WriteQueue writes_;  // these are last: their threads use the rest
  JobPool queries_;
  JobPool maintenance_;
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_DISPATCH_H_
