#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "schemas/watch_generated.h"
#include "server/encode.h"
#include "tests/server/messages.h"

namespace kundig::server {
namespace {

engine::ListColumn Revenue(std::vector<int64_t> numbers, std::vector<uint8_t> absent) {
  engine::ListColumn column;
  column.name = "revenue";
  column.type = engine::FieldType::kMoney;
  column.numbers = std::move(numbers);
  column.absent = std::move(absent);
  return column;
}

engine::StateName StateAt(uint64_t sequence) {
  engine::StateName state;
  state.journal_sequence = sequence;
  return state;
}

TEST(EncodeWatch, SaysEveryChangeWithItsFieldsBeforeAndAfter) {
  engine::FeedAnswer answer;
  answer.position = {.feed = 7, .sequence = 12, .place = 1};
  answer.changes.push_back({.sequence = 9,
                            .place = 3,
                            .at = {1'291'996'800'123},
                            .customer = "ada",
                            .entered = true,
                            .cause = engine::ChangeCause::kRules});
  answer.changes.push_back({.sequence = 12,
                            .place = 1,
                            .at = {1'291'996'800'124},
                            .customer = "zo\xc3\xab",
                            .entered = false,
                            .cause = engine::ChangeCause::kDay});
  answer.before.push_back(Revenue({0, 5}, {1, 0}));
  answer.after.push_back(Revenue({-3, 4}, {}));

  flatbuffers::FlatBufferBuilder builder;
  EncodeWatch(answer, StateAt(13), &builder);
  const auto reply = Unpacked<wire::WatchReplyT>(Payload(builder));
  EXPECT_EQ(reply.state->journal_sequence(), 13u);
  EXPECT_EQ(reply.position->feed(), 7u);
  EXPECT_EQ(reply.position->sequence(), 12u);
  EXPECT_EQ(reply.position->place(), 1u);
  ASSERT_EQ(reply.changes.size(), 2u);
  EXPECT_EQ(reply.changes[0]->sequence, 9u);
  EXPECT_EQ(reply.changes[0]->place, 3u);
  EXPECT_EQ(reply.changes[0]->at, 1'291'996'800'123);
  EXPECT_EQ(reply.changes[0]->customer, "ada");
  EXPECT_TRUE(reply.changes[0]->entered);
  EXPECT_EQ(reply.changes[0]->cause, wire::ChangeCause::rules);
  EXPECT_EQ(reply.changes[1]->customer, "zo\xc3\xab");
  EXPECT_FALSE(reply.changes[1]->entered);
  EXPECT_EQ(reply.changes[1]->cause, wire::ChangeCause::day);
  ASSERT_EQ(reply.before.size(), 1u);
  ASSERT_EQ(reply.after.size(), 1u);
  EXPECT_EQ(reply.before[0]->name, "revenue");
  EXPECT_EQ(reply.before[0]->type, wire::FieldType::money);
  EXPECT_EQ(reply.before[0]->absent, (std::vector<uint8_t>{1, 0}));
  EXPECT_EQ(reply.before[0]->numbers[1], 5);
  EXPECT_EQ(reply.after[0]->numbers, (std::vector<int64_t>{-3, 4}));
  EXPECT_TRUE(reply.after[0]->absent.empty());
}

TEST(EncodeWatch, SaysAPlaceWithoutChanges) {
  engine::FeedAnswer answer;
  answer.position = {.feed = 7, .sequence = 12, .place = engine::FeedPosition::kBehindAll};
  flatbuffers::FlatBufferBuilder builder;
  EncodeWatch(answer, StateAt(12), &builder);
  const auto reply = Unpacked<wire::WatchReplyT>(Payload(builder));
  EXPECT_TRUE(reply.changes.empty());
  EXPECT_EQ(reply.position->place(), engine::FeedPosition::kBehindAll);
}

}  // namespace
}  // namespace kundig::server
