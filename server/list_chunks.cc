#include "server/list_chunks.h"

#include "server/encode.h"

namespace kundig::server {

OpenLists::Place OpenLists::Take() {
  if (open_->fetch_add(1) >= limit_) {
    open_->fetch_sub(1);
    return nullptr;
  }
  // The pointer is only a mark; what counts is the end of the last copy of it.
  return {open_.get(), [open = open_](void*) { open->fetch_sub(1); }};
}

template <typename Whole>
std::optional<Answer> AnswerChunks<Whole>::Next(bool cancelled) {
  if (ended_) return std::nullopt;
  ListChunk chunk{.begin = sent_rows_, .end = sent_rows_, .last = true, .cancelled = cancelled};
  if (!cancelled) {
    chunk.end = ChunkEnd(answer_, sent_rows_, chunk_bytes_);
    chunk.last = chunk.end == ChunkedRows(answer_);
  }
  sent_rows_ = chunk.end;
  ended_ = chunk.last;
  flatbuffers::FlatBufferBuilder builder(chunk_bytes_);
  EncodeChunk(answer_, chunk, &builder);
  const std::span<const uint8_t> payload = Payload(builder);
  return Answer{.type = ChunkType(answer_),
                .payload = std::vector<uint8_t>(payload.begin(), payload.end())};
}

template class AnswerChunks<engine::ListAnswer>;
template class AnswerChunks<engine::ExportAnswer>;
template class AnswerChunks<engine::MovesAnswer>;

}  // namespace kundig::server
