#include <vector>

#include "schemas/watch_generated.h"
#include "server/encode.h"
#include "server/encode_parts.h"
#include "server/encode_state.h"

namespace kundig::server {
namespace {

using engine::ChangeCause;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

static_assert(static_cast<int>(wire::ChangeCause::event) == static_cast<int>(ChangeCause::kEvent));
static_assert(static_cast<int>(wire::ChangeCause::day) == static_cast<int>(ChangeCause::kDay));
static_assert(static_cast<int>(wire::ChangeCause::ranking) ==
              static_cast<int>(ChangeCause::kRanking));
static_assert(static_cast<int>(wire::ChangeCause::rules) == static_cast<int>(ChangeCause::kRules));

Offset<flatbuffers::Vector<Offset<wire::Column>>> AddColumns(
    const std::vector<engine::ListColumn>& columns, size_t rows, FlatBufferBuilder* builder) {
  std::vector<Offset<wire::Column>> all;
  for (const engine::ListColumn& column : columns) {
    all.push_back(AddColumn(column, 0, rows, builder));
  }
  return builder->CreateVector(all);
}

}  // namespace

void EncodeWatch(const engine::FeedAnswer& answer, const engine::StateName& state,
                 FlatBufferBuilder* builder) {
  builder->Clear();
  std::vector<Offset<wire::Change>> changes;
  changes.reserve(answer.changes.size());
  for (const engine::FeedAnswer::Change& change : answer.changes) {
    const auto customer = Text(builder, change.customer);
    changes.push_back(wire::CreateChange(*builder, change.sequence, change.place,
                                         change.at.since_epoch, customer, change.entered,
                                         SameCode<wire::ChangeCause>(change.cause)));
  }
  const auto all = builder->CreateVector(changes);
  const auto before = AddColumns(answer.before, changes.size(), builder);
  const auto after = AddColumns(answer.after, changes.size(), builder);
  const wire::State wire_state = WireState(state);
  const wire::FeedPosition position(answer.position.feed, answer.position.sequence,
                                    answer.position.place);
  builder->Finish(wire::CreateWatchReply(*builder, &wire_state, &position, all, before, after));
}

}  // namespace kundig::server
