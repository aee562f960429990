#include "server/dispatch.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schemas/limits.h"
#include "schemas/lookup_day.h"
#include "schemas/summaries_generated.h"
#include "server/decode.h"
#include "server/decode_events.h"
#include "server/decode_orders.h"
#include "server/encode.h"
#include "server/limits.h"
#include "server/sending.h"

namespace kundig::server {
namespace {

using wire::MessageType;

Refusal WriterBusy() {
  return Overloaded("max_queued_event_bytes",
                    "Too many events wait for the writer; send this again later.");
}

Refusal MaintenanceBusy() {
  return Overloaded("max_queued_maintenance",
                    "Other snapshots, backups or reloads wait already; ask again later.");
}

}  // namespace

Dispatcher::Dispatcher(engine::DurableBook* book, const ServerOptions& options, bool day_is_pinned,
                       std::string durability, Callbacks callbacks)
    : durable_(book),
      book_(&book->book()),
      lookups_(book_, options.max_profile_ids),
      max_frame_bytes_(options.max_frame_bytes),
      max_profile_ids_(options.max_profile_ids),
      max_batch_events_(options.max_batch_events),
      day_is_pinned_(day_is_pinned),
      durability_(std::move(durability)),
      callbacks_(std::move(callbacks)),
      memory_limit_(options.memory_limit_bytes),
      recounts_(book_, [this] { return memory_limit_.RoomBytes(); }),
      open_lists_(options.max_open_lists),
      watches_(book_, options.max_frame_bytes),
      writes_(
          book, kMaxQueuedEventBytes, [this] { return memory_limit_.Judge(); },
          callbacks_.storage_failed),
      queries_(options.query_threads, options.max_queued_queries),
      maintenance_(1, kMaxQueuedMaintenance) {}

Dispatcher::~Dispatcher() {
  Stop();
}

void Dispatcher::StopWatches() {
  watches_.Stop();
}

void Dispatcher::Stop() {
  watches_.Stop();
  for (WriteQueue::Entry& write : writes_.Stop()) {
    SendRefusal(ShuttingDown(), write.responder.get());
  }
  for (JobPool* pool : {&queries_, &maintenance_}) {
    for (JobPool::Job& job : pool->Stop()) SendRefusal(ShuttingDown(), job.responder.get());
  }
}

void Dispatcher::Handle(MessageType type, std::span<const uint8_t> payload,
                        std::unique_ptr<Responder> responder) {
  switch (type) {
    case MessageType::events:
      return HandleBatch<engine::Event>(payload, DecodeEvents, MessageType::events_reply,
                                        std::move(responder));
    case MessageType::orders:
      return HandleBatch<engine::OrderPlaced>(payload, DecodeOrders, MessageType::orders_reply,
                                              std::move(responder));
    case MessageType::profiles:
      if (wire::NamesADay(payload)) return HandlePastProfiles(payload, std::move(responder));
      [[fallthrough]];
    case MessageType::records:
      return lookups_.Answer(type, payload, responder.get());
    case MessageType::names:
      return HandleNames(payload, responder.get());
    case MessageType::explain:
      return HandleExplain(payload, std::move(responder));
    case MessageType::status:
      return HandleStatus(payload, std::move(responder));
    case MessageType::advance_day:
      return HandleAdvanceDay(payload, std::move(responder));
    case MessageType::snapshot:
      return HandleSnapshot(payload, std::move(responder));
    case MessageType::backup:
      return HandleBackup(payload, std::move(responder));
    case MessageType::reload:
      return HandleReload(payload, std::move(responder));
    case MessageType::list:
      return HandleList(payload, std::move(responder));
    case MessageType::export_customer:
      return HandleExport(payload, std::move(responder));
    case MessageType::count:
      return HandleCount(payload, std::move(responder));
    case MessageType::phases:
      return HandlePhases(payload, std::move(responder));
    case MessageType::pipeline:
      return HandlePipeline(payload, std::move(responder));
    case MessageType::waterfall:
      return HandleWaterfall(payload, std::move(responder));
    case MessageType::conversion:
      return HandleConversion(payload, std::move(responder));
    case MessageType::churn:
      return HandleChurn(payload, std::move(responder));
    case MessageType::watch:
      return HandleWatch(payload, std::move(responder));
    case MessageType::what_if:
      return HandleWhatIf(payload, std::move(responder));
    case MessageType::rfm:
      return HandleSummary<wire::RfmRequest>(payload, "RfmRequest", &engine::Book::Rfm, EncodeRfm,
                                             MessageType::rfm_reply, std::move(responder));
    case MessageType::abc:
      return HandleSummary<wire::AbcRequest>(payload, "AbcRequest", &engine::Book::Abc, EncodeAbc,
                                             MessageType::abc_reply, std::move(responder));
    case MessageType::value:
      return HandleSummary<wire::ValueRequest>(payload, "ValueRequest", &engine::Book::Value,
                                               EncodeValue, MessageType::value_reply,
                                               std::move(responder));
    default:
      return SendRefusal(
          Refusal{.code = wire::ErrorCode::unknown_type,
                  .message = "Send a request of a type that this protocol version has.",
                  .field = {},
                  .position = std::nullopt},
          responder.get());
  }
}

void Dispatcher::HandleLookups(MessageType type, std::span<const std::span<const uint8_t>> payloads,
                               LookupSink* sink) {
  lookups_.Answer(type, payloads, sink);
}

template <typename AnyEvent>
struct Dispatcher::PendingBatch {
  std::vector<uint8_t> payload;
  Decoded<AnyEvent> batch;
};

template <typename AnyEvent, typename Decode>
void Dispatcher::HandleBatch(std::span<const uint8_t> payload, Decode decode, MessageType reply,
                             std::unique_ptr<Responder> responder) {
  auto pending = std::make_shared<PendingBatch<AnyEvent>>();
  pending->payload.assign(payload.begin(), payload.end());
  if (const auto refusal = decode(pending->payload, max_batch_events_, &pending->batch)) {
    return SendRefusal(*refusal, responder.get());
  }
  WriteQueue::Entry write;
  write.request = {.name = pending->batch.name,
                   .what = std::span<const AnyEvent>(pending->batch.events)};
  write.bytes = pending->payload.size() + pending->batch.size_bytes();
  write.responder = std::move(responder);
  write.answer = [this, reply, pending = std::move(pending)](
                     const engine::Result<engine::ApplyAnswer>& answer, Responder* to) {
    if (!answer) return SendRefusal(ToRefusal(answer.error()), to);
    SendReply(reply, to, [&](auto* out) {
      EncodeEventBatch(*answer, pending->batch.places, pending->batch.refused, max_frame_bytes_,
                       out);
    });
    if (!answer->repeated && answer->applied + answer->replaced > 0) callbacks_.book_changed();
  };
  Submit(&writes_, std::move(write), WriterBusy());
}

void Dispatcher::HandleNames(std::span<const uint8_t> payload, Responder* responder) {
  const Judged<NamesQuestion> question = DecodeNames(payload);
  if (!question) return SendRefusal(question.error(), responder);
  const engine::NamesAnswer answer =
      book_->Names(question->kind, question->from, wire::kMaxNamesInReply);
  SendReply(MessageType::names_reply, responder, [&](auto* out) { EncodeNames(answer, out); });
}

template <typename Message, typename Ask, typename Encode>
void Dispatcher::HandleSummary(std::span<const uint8_t> payload, std::string_view name, Ask ask,
                               Encode encode, MessageType reply,
                               std::unique_ptr<Responder> responder) {
  const Judged<std::optional<engine::Day>> as_of = DecodeAsOf<Message>(payload, name);
  if (!as_of) return SendRefusal(as_of.error(), responder.get());
  Queue(std::move(responder), [this, as_of = *as_of, ask, encode, reply](Responder* to) {
    const Recounts::Lease book = BookAsOf(as_of, to);
    if (book == nullptr) return;
    const auto answer = (book.get()->*ask)();
    SendReply(reply, to, [&](auto* out) { encode(answer, out); });
  });
}

void Dispatcher::HandleExplain(std::span<const uint8_t> payload,
                               std::unique_ptr<Responder> responder) {
  const Judged<ExplainQuestion> question = DecodeExplain(payload);
  if (!question) return SendRefusal(question.error(), responder.get());
  Queue(std::move(responder),
        [this, as_of = question->as_of, customer = std::string(question->customer)](Responder* to) {
          const Recounts::Lease book = BookAsOf(as_of, to);
          if (book == nullptr) return;
          const engine::ExplainAnswer answer = book->Explain(customer);
          SendReply(MessageType::explain_reply, to,
                    [&](auto* out) { EncodeExplain(answer, customer, out); });
        });
}

void Dispatcher::HandleStatus(std::span<const uint8_t> payload,
                              std::unique_ptr<Responder> responder) {
  const Judged<StatusQuestion> question = DecodeStatus(payload);
  if (!question) return SendRefusal(question.error(), responder.get());
  const auto send_status = [this, sequence = question->receipt_for](Responder* to) {
    const engine::StatusAnswer answer = book_->Status();
    const ErasureReceipt receipt = {
        .known = sequence > 0 && durable_->WasErasure(sequence),
        .gone_since = sequence > 0 ? durable_->GoneSince(sequence) : std::nullopt};
    SendReply(MessageType::status_reply, to, [&](auto* out) {
      EncodeStatus(answer, {.bytes = ResidentBytes(), .limit_bytes = memory_limit_.bytes()},
                   durability_, durable_->Status(), receipt, out);
    });
  };
  if (!question->fresh_rankings) return send_status(responder.get());
  Queue(std::move(responder), [this, send_status](Responder* to) {
    book_->RefreshRankings();
    send_status(to);
  });
}

void Dispatcher::HandleAdvanceDay(std::span<const uint8_t> payload,
                                  std::unique_ptr<Responder> responder) {
  const Judged<engine::Day> day = DecodeAdvanceDay(payload);
  if (!day) return SendRefusal(day.error(), responder.get());
  if (!day_is_pinned_) {
    return SendRefusal(
        Refusal{.code = wire::ErrorCode::day_not_pinned,
                .message = "The day of this server follows the clock; pin it with book.today in "
                           "its configuration to move it by hand.",
                .field = "book.today",
                .position = std::nullopt},
        responder.get());
  }
  // By the writer, so that it keeps its place among the events of its connection.
  WriteQueue::Entry write;
  write.request = {.name = {}, .what = *day};
  write.bytes = payload.size();
  write.responder = std::move(responder);
  write.answer = [this](const engine::Result<engine::ApplyAnswer>& answer, Responder* to) {
    if (!answer) return SendRefusal(ToRefusal(answer.error()), to);
    SendReply(MessageType::advance_day_reply, to,
              [&](auto* out) { EncodeAdvanceDay(answer->state, out); });
    callbacks_.book_changed();
  };
  Submit(&writes_, std::move(write), WriterBusy());
}

void Dispatcher::HandleSnapshot(std::span<const uint8_t> payload,
                                std::unique_ptr<Responder> responder) {
  const Judged<engine::Generations> keep = DecodeSnapshot(payload);
  if (!keep) return SendRefusal(keep.error(), responder.get());
  Maintain([this, keep = *keep] { return callbacks_.save(keep); }, MessageType::snapshot_reply,
           std::move(responder));
}

void Dispatcher::HandleBackup(std::span<const uint8_t> payload,
                              std::unique_ptr<Responder> responder) {
  Judged<std::string> folder = DecodeBackup(payload);
  if (!folder) return SendRefusal(folder.error(), responder.get());
  Maintain([this, folder = std::move(*folder)] { return callbacks_.backup(folder); },
           MessageType::backup_reply, std::move(responder));
}

void Dispatcher::HandleReload(std::span<const uint8_t> payload,
                              std::unique_ptr<Responder> responder) {
  if (wire::VerifiedRoot<wire::ReloadRequest>(payload) == nullptr) {
    return SendRefusal(BadMessage("ReloadRequest"), responder.get());
  }
  auto run = [this](std::unique_ptr<Responder> to) {
    const engine::Result<ReloadOutcome> outcome = callbacks_.reload();
    if (!outcome) return SendRefusal(ToRefusal(outcome.error()), to.get());
    SendReply(MessageType::reload_reply, to.get(), [&](auto* out) { EncodeReload(*outcome, out); });
  };
  Submit(&maintenance_, JobPool::Job{.run = std::move(run), .responder = std::move(responder)},
         MaintenanceBusy());
}

void Dispatcher::Maintain(std::function<engine::Result<engine::SnapshotInfo>()> save,
                          MessageType reply, std::unique_ptr<Responder> responder) {
  auto run = [save = std::move(save), reply](std::unique_ptr<Responder> to) {
    const engine::Result<engine::SnapshotInfo> saved = save();
    if (!saved) return SendRefusal(ToRefusal(saved.error()), to.get());
    SendReply(reply, to.get(), [&](auto* out) { EncodeSnapshot(*saved, out); });
  };
  Submit(&maintenance_, JobPool::Job{.run = std::move(run), .responder = std::move(responder)},
         MaintenanceBusy());
}

void Dispatcher::HandleList(std::span<const uint8_t> payload,
                            std::unique_ptr<Responder> responder) {
  Judged<engine::ListQuery> query = DecodeList(payload);
  if (!query) return SendRefusal(query.error(), responder.get());
  Queue(std::move(responder), [this, query = std::move(*query)](Responder* to) {
    const Recounts::Lease book = BookAsOf(query.as_of, to);
    if (book == nullptr) return;
    engine::Result<engine::ListAnswer> answer = book->List(query);
    if (!answer) return SendRefusal(ToRefusal(answer.error()), to);
    SendChunks(std::move(*answer), book, to);
  });
}

void Dispatcher::HandleExport(std::span<const uint8_t> payload,
                              std::unique_ptr<Responder> responder) {
  const Judged<std::string_view> customer = DecodeExport(payload);
  if (!customer) return SendRefusal(customer.error(), responder.get());
  Queue(std::move(responder), [this, customer = std::string(*customer)](Responder* to) {
    engine::Result<engine::ExportAnswer> answer = book_->Export(customer);
    if (!answer) return SendRefusal(ToRefusal(answer.error()), to);
    SendChunks(std::move(*answer), nullptr, to);
  });
}

template <typename Whole>
void Dispatcher::SendChunks(Whole answer, Recounts::Lease of, Responder* responder) {
  const size_t rows = ChunkedRows(answer);
  if (ChunkEnd(answer, 0, wire::kListChunkBytes) == rows) {
    return SendReply(ChunkType(answer), responder, [&](auto* out) {
      EncodeChunk(answer, {.begin = 0, .end = rows, .last = true}, out);
    });
  }
  OpenLists::Place place = open_lists_.Take();
  if (place == nullptr) {
    return SendRefusal(
        Overloaded("max_open_lists",
                   "Other long lists are being sent; ask again later, or page with limit."),
        responder);
  }
  responder->Stream(std::make_unique<AnswerChunks<Whole>>(std::move(answer), wire::kListChunkBytes,
                                                          std::move(place), std::move(of)));
}
template void Dispatcher::SendChunks(engine::MovesAnswer answer, Recounts::Lease of,
                                     Responder* responder);

void Dispatcher::HandleCount(std::span<const uint8_t> payload,
                             std::unique_ptr<Responder> responder) {
  Judged<CountQuestion> question = DecodeCount(payload);
  if (!question) return SendRefusal(question.error(), responder.get());
  Queue(std::move(responder), [this, question = std::move(*question)](Responder* to) {
    const Recounts::Lease book = BookAsOf(question.as_of, to);
    if (book == nullptr) return;
    const engine::Result<engine::CountAnswer> answer = book->Count(question.where);
    if (!answer) return SendRefusal(ToRefusal(answer.error()), to);
    SendReply(MessageType::count_reply, to, [&](auto* out) { EncodeCount(*answer, out); });
  });
}

void Dispatcher::HandlePhases(std::span<const uint8_t> payload,
                              std::unique_ptr<Responder> responder) {
  Judged<std::string> where = DecodePhases(payload);
  if (!where) return SendRefusal(where.error(), responder.get());
  Queue(std::move(responder), [this, where = std::move(*where)](Responder* to) {
    const engine::Result<engine::PhasesAnswer> answer = book_->Phases(where);
    if (!answer) return SendRefusal(ToRefusal(answer.error()), to);
    SendReply(MessageType::phases_reply, to, [&](auto* out) { EncodePhases(*answer, out); });
  });
}

void Dispatcher::HandlePipeline(std::span<const uint8_t> payload,
                                std::unique_ptr<Responder> responder) {
  Judged<engine::PipelineQuery> query = DecodePipeline(payload);
  if (!query) return SendRefusal(query.error(), responder.get());
  Queue(std::move(responder), [this, query = std::move(*query)](Responder* to) {
    const engine::Result<engine::PipelineAnswer> answer = book_->Pipeline(query);
    if (!answer) return SendRefusal(ToRefusal(answer.error()), to);
    const size_t groups = std::max(answer->groups.size(), answer->closed.size());
    if (groups > wire::kMaxPipelineGroups) {
      return SendRefusal(
          Refusal{.code = wire::ErrorCode::result_too_large,
                  .message = "The grouping has " + std::to_string(groups) + " groups, more than " +
                             std::to_string(wire::kMaxPipelineGroups) +
                             "; group by fewer keys, or narrow it with where.",
                  .field = "max_pipeline_groups",
                  .position = std::nullopt},
          to);
    }
    SendReply(MessageType::pipeline_reply, to,
              [&](auto* out) { EncodePipeline(*answer, query, out); });
  });
}

void Dispatcher::HandleWaterfall(std::span<const uint8_t> payload,
                                 std::unique_ptr<Responder> responder) {
  Judged<engine::WaterfallQuery> query = DecodeWaterfall(payload);
  if (!query) return SendRefusal(query.error(), responder.get());
  Queue(std::move(responder), [this, query = std::move(*query)](Responder* to) {
    const engine::Result<engine::WaterfallAnswer> answer = book_->Waterfall(query);
    if (!answer) return SendRefusal(ToRefusal(answer.error()), to);
    SendReply(MessageType::waterfall_reply, to,
              [&](auto* out) { EncodeWaterfall(*answer, query, out); });
  });
}

void Dispatcher::HandleConversion(std::span<const uint8_t> payload,
                                  std::unique_ptr<Responder> responder) {
  Judged<engine::ConversionQuery> query = DecodeConversion(payload);
  if (!query) return SendRefusal(query.error(), responder.get());
  Queue(std::move(responder), [this, query = std::move(*query)](Responder* to) {
    const engine::Result<engine::ConversionAnswer> answer = book_->Conversion(query);
    if (!answer) return SendRefusal(ToRefusal(answer.error()), to);
    SendReply(MessageType::conversion_reply, to,
              [&](auto* out) { EncodeConversion(*answer, out); });
  });
}

void Dispatcher::HandleChurn(std::span<const uint8_t> payload,
                             std::unique_ptr<Responder> responder) {
  const Judged<engine::ChurnQuery> query = DecodeChurn(payload);
  if (!query) return SendRefusal(query.error(), responder.get());
  Queue(std::move(responder), [this, query = *query](Responder* to) {
    // What looks at a part of the purchases is a question; else the fit is put in force.
    const bool asks = query.until || query.check_until;
    const engine::Result<engine::ChurnAnswer> answer =
        asks ? book_->Churn(query) : durable_->FitChurn();
    if (!answer && answer.error().code == engine::ErrorCode::kStorageFailed) {
      return callbacks_.storage_failed(answer.error());
    }
    if (!answer) return SendRefusal(ToRefusal(answer.error()), to);
    SendReply(MessageType::churn_reply, to, [&](auto* out) { EncodeChurn(*answer, out); });
  });
}

void Dispatcher::HandleWatch(std::span<const uint8_t> payload,
                             std::unique_ptr<Responder> responder) {
  Judged<WatchQuestion> question = DecodeWatch(payload);
  if (!question) return SendRefusal(question.error(), responder.get());
  QueueOwned(std::move(responder),
             [this, question = std::move(*question)](std::unique_ptr<Responder> to) {
               watches_.Watch(question, std::move(to));
             });
}

void Dispatcher::Queue(std::unique_ptr<Responder> responder, std::function<void(Responder*)> run) {
  QueueOwned(std::move(responder),
             [run = std::move(run)](std::unique_ptr<Responder> to) { run(to.get()); });
}

void Dispatcher::QueueOwned(std::unique_ptr<Responder> responder,
                            std::function<void(std::unique_ptr<Responder>)> run) {
  // The scans of a client that is gone would only keep those of the others waiting.
  auto run_where_wanted = [run = std::move(run)](std::unique_ptr<Responder> to) {
    if (to->Wanted()) return run(std::move(to));
    SendRefusal(ShuttingDown(), to.get());
  };
  Submit(
      &queries_,
      JobPool::Job{.run = std::move(run_where_wanted), .responder = std::move(responder)},
      Overloaded("max_queued_queries", "Too many scans wait for a query thread; ask again later."));
}

template <typename Pool, typename Work>
void Dispatcher::Submit(Pool* pool, Work work, const Refusal& full) {
  switch (pool->Submit(&work)) {
    case JobPool::Verdict::kTaken:
      return;
    case JobPool::Verdict::kFull:
      return SendRefusal(full, work.responder.get());
    case JobPool::Verdict::kStopped:
      return SendRefusal(ShuttingDown(), work.responder.get());
  }
}

}  // namespace kundig::server
