#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "schemas/lists_generated.h"
#include "server/encode.h"
#include "server/list_chunks.h"
#include "tests/server/messages.h"

namespace kundig::server {
namespace {

using engine::FieldType;
using engine::ListColumn;

// `rows` rows: an id, a number that every third row lacks, and an activity.
engine::ListAnswer ListOf(size_t rows) {
  engine::ListAnswer answer;
  answer.state = {.journal_sequence = 3, .ranking_version = 2, .as_of = engine::Day{1}};
  answer.total_customers = 1000;
  answer.total_revenue = engine::Minor{-5};
  answer.excluded_no_consent = 6;
  answer.excluded_contacted = 7;
  answer.rows = rows;
  answer.columns.resize(3);
  ListColumn& id = answer.columns[0];
  id.name = "customer";
  id.type = FieldType::kText;
  ListColumn& days = answer.columns[1];
  days.name = "inactive_days";
  days.type = FieldType::kInteger;
  ListColumn& activity = answer.columns[2];
  activity.name = "activity";
  activity.type = FieldType::kEnumeration;
  activity.names = {"never", "lost"};
  for (size_t row = 0; row < rows; ++row) answer.ids.push_back("customer-" + std::to_string(row));
  for (size_t row = 0; row < rows; ++row) {
    id.texts.push_back(answer.ids[row]);
    days.numbers.push_back(static_cast<int64_t>(row));
    days.absent.push_back(row % 3 == 2 ? 1 : 0);
    activity.numbers.push_back(static_cast<int64_t>(row % 2));
  }
  return answer;
}

std::vector<wire::ListReplyT> AllChunks(ListChunks* chunks, size_t* largest_bytes = nullptr) {
  std::vector<wire::ListReplyT> replies;
  while (const auto answer = chunks->Next(false)) {
    EXPECT_EQ(answer->type, wire::MessageType::list_reply);
    if (largest_bytes != nullptr) *largest_bytes = std::max(*largest_bytes, answer->payload.size());
    replies.push_back(Unpacked<wire::ListReplyT>(answer->payload));
  }
  return replies;
}

OpenLists::Place SomePlace() {
  return OpenLists(1).Take();
}

TEST(EncodeList, SplitsIntoBoundedChunksThatMakeTheWhole) {
  constexpr size_t kRows = 1000, kChunkBytes = 4096, kFixedBytes = 512;
  engine::ListAnswer answer = ListOf(kRows);
  answer.next = "more";
  ListChunks chunks(std::move(answer), kChunkBytes, SomePlace());
  size_t largest_bytes = 0;
  const auto replies = AllChunks(&chunks, &largest_bytes);
  EXPECT_GT(replies.size(), 5u);
  EXPECT_LE(largest_bytes, kChunkBytes + kFixedBytes);
  size_t row = 0;
  for (size_t i = 0; i < replies.size(); ++i) {
    const wire::ListReplyT& reply = replies[i];
    const bool last = i + 1 == replies.size();
    EXPECT_EQ(reply.last, last);
    EXPECT_EQ(reply.next, last ? "more" : "");
    EXPECT_FALSE(reply.cancelled);
    EXPECT_EQ(reply.total_customers, 1000u);
    EXPECT_EQ(reply.total_revenue, -5);
    EXPECT_EQ(reply.excluded_no_consent, 6u);
    EXPECT_EQ(reply.excluded_contacted, 7u);
    EXPECT_EQ(reply.state->journal_sequence(), 3u);
    ASSERT_EQ(reply.columns.size(), 3u);
    ASSERT_EQ(reply.columns[0]->texts.size(), reply.rows);
    for (size_t at = 0; at < reply.rows; ++at, ++row) {
      EXPECT_EQ(reply.columns[0]->texts[at], "customer-" + std::to_string(row));
      EXPECT_EQ(reply.columns[1]->absent[at], row % 3 == 2 ? 1 : 0);
      EXPECT_EQ(reply.columns[1]->numbers[at], static_cast<int64_t>(row));
      EXPECT_EQ(reply.columns[2]->texts[at], row % 2 == 0 ? "never" : "lost");
    }
  }
  EXPECT_EQ(row, kRows);
  EXPECT_EQ(replies[0].columns[0]->type, wire::FieldType::text);
  EXPECT_EQ(replies[0].columns[2]->type, wire::FieldType::text);
  EXPECT_TRUE(replies[0].columns[0]->absent.empty());
}

TEST(EncodeList, SendsOneChunkForAnEmptyList) {
  ListChunks chunks(ListOf(0), 4096, SomePlace());
  const auto replies = AllChunks(&chunks);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_TRUE(replies[0].last);
  EXPECT_EQ(replies[0].rows, 0u);
  EXPECT_EQ(replies[0].columns.size(), 3u);
}

TEST(EncodeList, SendsARowThatIsLongerThanAChunk) {
  ListChunks chunks(ListOf(3), 1, SomePlace());
  const auto replies = AllChunks(&chunks);
  ASSERT_EQ(replies.size(), 3u);
  for (const auto& reply : replies) EXPECT_EQ(reply.rows, 1u);
}

TEST(EncodeList, EndsWhenCancelled) {
  ListChunks chunks(ListOf(1000), 4096, SomePlace());
  ASSERT_TRUE(chunks.Next(false).has_value());
  const auto answer = chunks.Next(true);
  ASSERT_TRUE(answer.has_value());
  const auto reply = Unpacked<wire::ListReplyT>(answer->payload);
  EXPECT_TRUE(reply.cancelled);
  EXPECT_TRUE(reply.last);
  EXPECT_EQ(reply.rows, 0u);
  EXPECT_FALSE(chunks.Next(false).has_value());
}

TEST(OpenLists, GiveEachPlaceOnceAtATime) {
  OpenLists lists(2);
  OpenLists::Place first = lists.Take();
  const OpenLists::Place second = lists.Take();
  EXPECT_NE(first, nullptr);
  EXPECT_NE(second, nullptr);
  EXPECT_EQ(lists.Take(), nullptr);
  first.reset();
  EXPECT_NE(lists.Take(), nullptr);
}

TEST(OpenLists, MayGoBeforeTheirPlaces) {
  OpenLists::Place place;
  {
    OpenLists lists(1);
    place = lists.Take();
  }
  EXPECT_NE(place, nullptr);
  place.reset();
}

}  // namespace
}  // namespace kundig::server
