#include <algorithm>
#include <vector>

#include "schemas/what_if_generated.h"
#include "server/encode.h"
#include "server/encode_parts.h"
#include "server/encode_state.h"

namespace kundig::server {
namespace {

using engine::MovesAnswer;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

// A row with the longest id, and its place.
constexpr size_t kLargestRowBytes = 128;

Offset<wire::MoveMatrix> AddMatrix(const MovesAnswer::Matrix& matrix, engine::Judgement judgement,
                                   FlatBufferBuilder* builder) {
  std::vector<Offset<wire::Move>> moves;
  for (const MovesAnswer::Move& move : matrix.moves) {
    const auto from = Text(builder, move.from);
    const auto to = Text(builder, move.to);
    moves.push_back(wire::CreateMove(*builder, from, to, move.customers, move.revenue.units));
  }
  const auto all = builder->CreateVector(moves);
  return wire::CreateMoveMatrix(*builder, SameCode<wire::Judgement>(judgement), all, matrix.moved);
}

}  // namespace

size_t ChunkEnd(const MovesAnswer& answer, size_t begin, size_t max_bytes) {
  const size_t rows = std::max<size_t>(1, max_bytes / kLargestRowBytes);
  return begin + std::min(rows, answer.rows.size() - begin);
}

void EncodeChunk(const MovesAnswer& answer, const ListChunk& chunk, FlatBufferBuilder* builder) {
  builder->Clear();
  std::vector<Offset<wire::MoveMatrix>> matrices;
  for (size_t at = 0; chunk.begin == 0 && at < answer.matrices.size(); ++at) {
    const auto judgement = static_cast<engine::Judgement>(at);
    matrices.push_back(AddMatrix(answer.matrices[at], judgement, builder));
  }
  std::vector<Offset<wire::MovedCustomer>> rows;
  rows.reserve(chunk.end - chunk.begin);
  for (size_t at = chunk.begin; at < chunk.end; ++at) {
    const MovesAnswer::Row& row = answer.rows[at];
    const auto customer = Text(builder, row.customer);
    rows.push_back(
        wire::CreateMovedCustomer(*builder, customer, row.revenue.units, row.revenue_total.units));
  }
  std::vector<Offset<flatbuffers::String>> notes;
  for (size_t at = 0; chunk.begin == 0 && at < answer.notes.size(); ++at) {
    notes.push_back(builder->CreateString(answer.notes[at]));
  }
  const auto all_notes = builder->CreateVector(notes);
  const auto all_matrices = builder->CreateVector(matrices);
  const auto all_rows = builder->CreateVector(rows);
  const wire::State state = WireState(answer.state);
  builder->Finish(wire::CreateWhatIfReply(*builder, &state, all_matrices, answer.listed, all_rows,
                                          chunk.last, chunk.cancelled, all_notes));
}

}  // namespace kundig::server
