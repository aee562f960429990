// Answers of the engine -> FlatBuffers payloads.
//
// Each function clears `builder` and leaves one finished message in it; its bytes are Payload().
// Nothing here can fail: a payload above the connection's frame limit is the session's to refuse.
//
// Thread safety: pure functions; a builder belongs to one thread.

#ifndef KUNDIG_SERVER_ENCODE_H_
#define KUNDIG_SERVER_ENCODE_H_

#include <flatbuffers/flatbuffers.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "engine/durable_book.h"
#include "engine/explain_answer.h"
#include "engine/feed.h"
#include "engine/query.h"
#include "server/decoded_batch.h"
#include "server/refusal.h"
#include "server/reload.h"

namespace kundig::server {

// Valid until the builder is used again.
inline std::span<const uint8_t> Payload(const flatbuffers::FlatBufferBuilder& builder) {
  return {builder.GetBufferPointer(), builder.GetSize()};
}

void EncodeError(const Refusal& refusal, flatbuffers::FlatBufferBuilder* builder);
// `answer.refused` counts places among the events that passed decoding, which `places` names in the
// batch as sent; `refused` are the others. The reply counts places of the batch as sent. Refused
// events for which a reply of `max_bytes` has no room are only counted, so that an answer to what
// was applied is never too long to be sent.
void EncodeEventBatch(const engine::ApplyAnswer& answer, std::span<const uint32_t> places,
                      std::span<const RefusedEntry> refused, size_t max_bytes,
                      flatbuffers::FlatBufferBuilder* builder);
// Some of the profiles of an answer.
void EncodeProfiles(const engine::ProfilesAnswer& answer, std::span<const engine::Profile> profiles,
                    flatbuffers::FlatBufferBuilder* builder);
void EncodeNames(const engine::NamesAnswer& answer, flatbuffers::FlatBufferBuilder* builder);
void EncodeExplain(const engine::ExplainAnswer& answer, std::string_view customer,
                   flatbuffers::FlatBufferBuilder* builder);
void EncodeRfm(const engine::RfmAnswer& answer, flatbuffers::FlatBufferBuilder* builder);
void EncodeAbc(const engine::AbcAnswer& answer, flatbuffers::FlatBufferBuilder* builder);
void EncodeValue(const engine::ValueAnswer& answer, flatbuffers::FlatBufferBuilder* builder);
void EncodePhases(const engine::PhasesAnswer& answer, flatbuffers::FlatBufferBuilder* builder);
void EncodeCount(const engine::CountAnswer& answer, flatbuffers::FlatBufferBuilder* builder);
// `query` is the question: the reply repeats its keys.
void EncodePipeline(const engine::PipelineAnswer& answer, const engine::PipelineQuery& query,
                    flatbuffers::FlatBufferBuilder* builder);
void EncodeWaterfall(const engine::WaterfallAnswer& answer, const engine::WaterfallQuery& query,
                     flatbuffers::FlatBufferBuilder* builder);
void EncodeConversion(const engine::ConversionAnswer& answer,
                      flatbuffers::FlatBufferBuilder* builder);
// `state`: of the book, at or behind the last of the changes.
void EncodeWatch(const engine::FeedAnswer& answer, const engine::StateName& state,
                 flatbuffers::FlatBufferBuilder* builder);
void EncodeChurn(const engine::ChurnAnswer& answer, flatbuffers::FlatBufferBuilder* builder);
// Of the process, as status tells it.
struct MemoryUse {
  uint64_t bytes = 0, limit_bytes = 0;
};
// Of the journal_sequence that a status request names.
struct ErasureReceipt {
  bool known = false;  // something was erased there
  std::optional<engine::TimeMs> gone_since;
};
void EncodeStatus(const engine::StatusAnswer& answer, const MemoryUse& memory,
                  std::string_view durability_text, const engine::DurabilityStatus& kept,
                  const ErasureReceipt& receipt, flatbuffers::FlatBufferBuilder* builder);
void EncodeSnapshot(const engine::SnapshotInfo& info, flatbuffers::FlatBufferBuilder* builder);
void EncodeReload(const ReloadOutcome& outcome, flatbuffers::FlatBufferBuilder* builder);
void EncodeAdvanceDay(const engine::StateName& state, flatbuffers::FlatBufferBuilder* builder);

// One chunk of a list, an export or the moves of a what-if.
struct ListChunk {
  size_t begin = 0, end = 0;  // rows of the answer; or events, and behind them lead changes
  bool last = false;
  bool cancelled = false;
};
// The first row that does not belong into a chunk that starts with row `begin`: behind it the chunk
// would be longer than about `max_bytes`. A chunk has at least one row where there is one.
size_t ChunkEnd(const engine::ListAnswer& answer, size_t begin, size_t max_bytes);
size_t ChunkEnd(const engine::ExportAnswer& answer, size_t begin, size_t max_bytes);
size_t ChunkEnd(const engine::MovesAnswer& answer, size_t begin, size_t max_bytes);
void EncodeChunk(const engine::ListAnswer& answer, const ListChunk& chunk,
                 flatbuffers::FlatBufferBuilder* builder);
void EncodeChunk(const engine::ExportAnswer& answer, const ListChunk& chunk,
                 flatbuffers::FlatBufferBuilder* builder);
void EncodeChunk(const engine::MovesAnswer& answer, const ListChunk& chunk,
                 flatbuffers::FlatBufferBuilder* builder);
inline size_t ChunkedRows(const engine::MovesAnswer& answer) {
  return answer.rows.size();
}
inline size_t ChunkedRows(const engine::ListAnswer& answer) {
  return answer.rows;
}
inline size_t ChunkedRows(const engine::ExportAnswer& answer) {
  return answer.events.size() + answer.lead_history.size();
}
inline wire::MessageType ChunkType(const engine::ListAnswer&) {
  return wire::MessageType::list_reply;
}
inline wire::MessageType ChunkType(const engine::MovesAnswer&) {
  return wire::MessageType::what_if_reply;
}
inline wire::MessageType ChunkType(const engine::ExportAnswer&) {
  return wire::MessageType::export_customer_reply;
}

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_ENCODE_H_
