// A list, an export or the moves of a what-if as a stream of chunks, each encoded when the
// connection has room for it: the encoded form of a list of millions of rows never exists as a
// whole.
//
// Thread safety: AnswerChunks are used by one thread at a time; OpenLists by any.

#ifndef KUNDIG_SERVER_LIST_CHUNKS_H_
#define KUNDIG_SERVER_LIST_CHUNKS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "engine/query.h"
#include "server/request_handler.h"

namespace kundig::server {

// Counts the lists and exports that are being sent, whose rows stay in memory until their clients
// have read them.
class OpenLists {
 public:
  // One place among them, as long as it lives.
  using Place = std::shared_ptr<void>;

  explicit OpenLists(uint32_t limit) : limit_(limit) {}
  // nullptr where there is none left.
  Place Take();

 private:
  const uint32_t limit_;
  // Shared with the places, which may outlive the server's dispatcher inside a session.
  std::shared_ptr<std::atomic<uint32_t>> open_ = std::make_shared<std::atomic<uint32_t>>(0);
};

// `Whole` is an answer that EncodeChunk (encode.h) knows.
template <typename Whole>
class AnswerChunks final : public ChunkSource {
 public:
  // `source`: what the answer points into, where that may go otherwise.
  AnswerChunks(Whole answer, size_t chunk_bytes, OpenLists::Place place,
               std::shared_ptr<const void> source = nullptr)
      : source_(std::move(source)),
        answer_(std::move(answer)),
        chunk_bytes_(chunk_bytes),
        place_(std::move(place)) {}

  std::optional<Answer> Next(bool cancelled) override;

 private:
  const std::shared_ptr<const void> source_;
  const Whole answer_;
  const size_t chunk_bytes_;
  const OpenLists::Place place_;
  size_t sent_rows_ = 0;
  bool ended_ = false;
};
using ListChunks = AnswerChunks<engine::ListAnswer>;
using ExportChunks = AnswerChunks<engine::ExportAnswer>;
using MovesChunks = AnswerChunks<engine::MovesAnswer>;

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_LIST_CHUNKS_H_
