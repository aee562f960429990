#include <string>
#include <vector>

#include "schemas/pipeline_generated.h"
#include "server/encode.h"
#include "server/encode_parts.h"
#include "server/encode_state.h"

namespace kundig::server {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

Offset<wire::PipelineGroup> AddGroup(const engine::PipelineAnswer::Group& group,
                                     FlatBufferBuilder* builder) {
  const auto keys = builder->CreateVectorOfStrings(group.keys);
  return wire::CreatePipelineGroup(*builder, keys, group.leads, group.revenue.units,
                                   group.weighted.units, group.overridden);
}

Offset<flatbuffers::Vector<wire::PipelineKey>> AddKeys(const std::vector<engine::PipelineKey>& keys,
                                                       FlatBufferBuilder* builder) {
  std::vector<wire::PipelineKey> codes;
  for (const engine::PipelineKey key : keys) codes.push_back(static_cast<wire::PipelineKey>(key));
  return builder->CreateVector(codes);
}

static_assert(SameCode<wire::WaterfallPart>(engine::WaterfallPart::kNew) ==
              wire::WaterfallPart::appeared);
static_assert(SameCode<wire::WaterfallPart>(engine::WaterfallPart::kRevalued) ==
              wire::WaterfallPart::revalued);
static_assert(SameCode<wire::WaterfallPart>(engine::WaterfallPart::kLost) ==
              wire::WaterfallPart::lost);

wire::WaterfallTotal TotalOf(const engine::WaterfallAnswer::Total& total) {
  return {total.leads, total.revenue.units, total.weighted.units};
}

}  // namespace

void EncodePipeline(const engine::PipelineAnswer& answer, const engine::PipelineQuery& query,
                    FlatBufferBuilder* builder) {
  builder->Clear();
  std::vector<Offset<wire::PipelineGroup>> groups;
  groups.reserve(answer.groups.size());
  for (const auto& group : answer.groups) groups.push_back(AddGroup(group, builder));
  const auto group_list = builder->CreateVector(groups);
  const auto total = AddGroup(answer.total, builder);
  const auto by = AddKeys(query.by, builder);

  // Without `closed_by` there are no groups of closed leads, and neither vector is there.
  Offset<flatbuffers::Vector<wire::PipelineKey>> closed_by = 0;
  Offset<flatbuffers::Vector<Offset<wire::ClosedGroup>>> closed_list = 0;
  if (!query.closed_by.empty()) {
    std::vector<Offset<wire::ClosedGroup>> closed;
    closed.reserve(answer.closed.size());
    for (const auto& group : answer.closed) {
      const auto keys = builder->CreateVectorOfStrings(group.keys);
      closed.push_back(wire::CreateClosedGroup(*builder,
                                               static_cast<wire::LeadStatus>(group.status), keys,
                                               group.leads, group.revenue.units));
    }
    closed_list = builder->CreateVector(closed);
    closed_by = AddKeys(query.closed_by, builder);
  }
  const wire::State state = WireState(answer.state);
  builder->Finish(wire::CreatePipelineReply(
      *builder, &state, by, group_list, total, answer.won_leads, answer.won_revenue.units,
      answer.lost_leads, answer.lost_revenue.units, closed_by, closed_list));
}

void EncodeWaterfall(const engine::WaterfallAnswer& answer, const engine::WaterfallQuery& query,
                     FlatBufferBuilder* builder) {
  builder->Clear();
  std::vector<wire::WaterfallChange> changes;
  for (size_t at = 0; at < answer.parts.size(); ++at) {
    const engine::WaterfallAnswer::Part& part = answer.parts[at];
    changes.emplace_back(static_cast<wire::WaterfallPart>(at), part.leads, part.revenue.units,
                         part.weighted.units);
  }
  const auto change_list = builder->CreateVectorOfStructs(changes);
  const wire::State state = WireState(answer.state);
  const wire::WaterfallTotal opening = TotalOf(answer.opening), closing = TotalOf(answer.closing);
  builder->Finish(wire::CreateWaterfallReply(*builder, &state, query.from.since_epoch,
                                             query.to.since_epoch, &opening, change_list,
                                             &closing));
}

void EncodeConversion(const engine::ConversionAnswer& answer, FlatBufferBuilder* builder) {
  builder->Clear();
  std::vector<Offset<wire::ConversionStage>> stages;
  for (size_t at = 0; at < answer.stages.size(); ++at) {
    std::vector<Offset<wire::ConversionStep>> steps;
    for (const engine::ConversionAnswer::Step& step : answer.stages[at].to) {
      steps.push_back(
          wire::CreateConversionStep(*builder, step.leads, Nullable<uint32_t>(step.median_days)));
    }
    const auto to = builder->CreateVector(steps);
    const auto name = Text(builder, answer.rules->stages()[at].name);
    stages.push_back(wire::CreateConversionStage(*builder, name, answer.stages[at].leads, to));
  }
  const auto stage_list = builder->CreateVector(stages);
  const wire::State state = WireState(answer.state);
  builder->Finish(wire::CreateConversionReply(*builder, &state, stage_list));
}

}  // namespace kundig::server
