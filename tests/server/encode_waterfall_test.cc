#include <gtest/gtest.h>

#include "engine/rules.h"
#include "schemas/pipeline_generated.h"
#include "server/encode.h"
#include "tests/server/encoded_state.h"
#include "tests/server/messages.h"

namespace kundig::server {
namespace {

using engine::Day;
using engine::Minor;

TEST(EncodeWaterfall, SaysEveryPartInOrder) {
  engine::WaterfallAnswer answer;
  answer.state = kState;
  answer.opening = {1, Minor{2}, Minor{3}};
  for (size_t at = 0; at < answer.parts.size(); ++at) {
    const auto number = static_cast<int64_t>(at);
    answer.parts[at] = {at, Minor{10 * number}, Minor{-number}};
  }
  answer.closing = {4, Minor{5}, Minor{6}};
  flatbuffers::FlatBufferBuilder builder;
  EncodeWaterfall(answer, {.from = Day{10}, .to = Day{20}, .where = {}}, &builder);
  const auto reply = Unpacked<wire::WaterfallReplyT>(Payload(builder));
  ExpectState(reply.state);
  EXPECT_EQ(reply.from, 10);
  EXPECT_EQ(reply.to, 20);
  EXPECT_EQ(reply.opening->leads(), 1u);
  EXPECT_EQ(reply.opening->revenue(), 2);
  EXPECT_EQ(reply.opening->weighted(), 3);
  EXPECT_EQ(reply.closing->weighted(), 6);
  ASSERT_EQ(reply.changes.size(), 6u);
  for (size_t at = 0; at < reply.changes.size(); ++at) {
    const auto number = static_cast<int64_t>(at);
    EXPECT_EQ(reply.changes[at].part(), static_cast<wire::WaterfallPart>(at));
    EXPECT_EQ(reply.changes[at].leads(), at);
    EXPECT_EQ(reply.changes[at].revenue(), 10 * number);
    EXPECT_EQ(reply.changes[at].weighted(), -number);
  }
}

TEST(EncodeConversion, NamesTheStages) {
  engine::ConversionAnswer answer;
  answer.state = kState;
  answer.rules = engine::CompileRules({}, engine::Calendar()).value();
  answer.stages.resize(answer.rules->stages().size());
  answer.stages[3] = {.leads = 7, .to = {{2, 11}, {0, std::nullopt}}};
  flatbuffers::FlatBufferBuilder builder;
  EncodeConversion(answer, &builder);
  const auto reply = Unpacked<wire::ConversionReplyT>(Payload(builder));
  ASSERT_EQ(reply.stages.size(), 5u);
  EXPECT_EQ(reply.stages[0]->stage, "Address");
  EXPECT_EQ(reply.stages[3]->stage, "Offer");
  EXPECT_EQ(reply.stages[3]->leads, 7u);
  ASSERT_EQ(reply.stages[3]->to.size(), 2u);
  EXPECT_EQ(reply.stages[3]->to[0]->leads, 2u);
  EXPECT_EQ(reply.stages[3]->to[0]->median_days, 11u);
  EXPECT_EQ(reply.stages[3]->to[1]->median_days, flatbuffers::nullopt);
}

}  // namespace
}  // namespace kundig::server
