#include "server/encode_records.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "schemas/absent.h"
#include "schemas/profile_generated.h"
#include "schemas/verified.h"
#include "tests/server/encoded_state.h"

namespace kundig::server {
namespace {

using engine::ProfileRecord;

// The whole payload, as a session sends it.
std::vector<uint8_t> RecordsPayload(const engine::StateName& state,
                                    const std::vector<ProfileRecord>& records) {
  RecordsHead of_state(state);
  const std::span<const uint8_t> head = of_state.For(static_cast<uint32_t>(records.size()));
  const std::span<const uint8_t> body = RecordBytes(records);
  std::vector<uint8_t> payload(head.size() + body.size());
  std::copy(body.begin(), body.end(), std::copy(head.begin(), head.end(), payload.begin()));
  return payload;
}

TEST(EncodeRecords, LaysEveryFieldWhereTheSchemaHasIt) {
  ProfileRecord record;
  record.potential = 1;
  record.revenue = -2;
  record.margin = -3;
  record.revenue_total = 4;
  record.margin_total = -5;
  record.items = 6;
  record.orders = 7;
  record.orders_total = 8;
  record.purchase_days = 9;
  record.company_size = 10;
  record.products = 11;
  record.country = 12;
  record.region = 13;
  record.owner = 14;
  record.first_order = -15;
  record.last_order = 16;
  record.last_activity = 17;
  record.last_contact = 18;
  record.recency_days = -1;
  record.inactive_days = 20;
  record.value_score_thousandths = 21;
  record.reserved_word = 22;
  record.found = true;
  record.key_account = true;
  record.hidden_potential = true;
  record.kind = 1;
  record.satisfaction = 27;
  record.referral = 28;
  record.bonding = 29;
  record.r = 30;
  record.f = 31;
  record.m = 32;
  record.rfm_segment = 33;
  record.abc = 34;
  record.value_class = 35;
  record.activity = 36;
  record.consent = 37;
  record.value_pinned = true;
  const wire::ProfileRecord expected(1, -2, -3, 4, -5, 6, 7, 8, 9, 10, 11, 12, 13, 14, -15, 16, 17,
                                     18, -1, 20, 21, 22, true, true, true, 1, 27, 28, 29, 30, 31,
                                     32, 33, 34, 35, 36, 37, true);
  EXPECT_EQ(std::memcmp(&record, &expected, sizeof(expected)), 0);
  // Where two neighbours of one value had changed places, the comparison above would not see it.
  for (const auto& [changed, read] :
       {std::pair{&ProfileRecord::found, &wire::ProfileRecord::found},
        std::pair{&ProfileRecord::key_account, &wire::ProfileRecord::key_account},
        std::pair{&ProfileRecord::hidden_potential, &wire::ProfileRecord::hidden_potential}}) {
    ProfileRecord one;
    one.*changed = true;
    EXPECT_TRUE((std::bit_cast<wire::ProfileRecord>(one).*read)());
  }
}

TEST(EncodeRecords, IsASoundReplyOfAnyLength) {
  for (const size_t count : {0U, 1U, 2U, 1000U}) {
    std::vector<ProfileRecord> records(count);
    for (size_t i = 0; i < count; ++i) records[i].revenue = static_cast<int64_t>(i) - 1;
    const std::vector<uint8_t> payload = RecordsPayload(kState, records);
    const auto* reply = wire::VerifiedRoot<wire::RecordsReply>(payload);
    ASSERT_NE(reply, nullptr) << count;
    EXPECT_EQ(reply->state()->journal_sequence(), 7U);
    EXPECT_EQ(reply->state()->ranking_version(), 5U);
    EXPECT_EQ(reply->state()->as_of(), 14'953);
    EXPECT_EQ(reply->state()->rules_version(), 3U);
    EXPECT_EQ(reply->state()->fit_version(), 2U);
    ASSERT_EQ(reply->records()->size(), count);
    for (size_t i = 0; i < count; ++i) {
      EXPECT_EQ(reply->records()->Get(static_cast<uint32_t>(i))->revenue(),
                static_cast<int64_t>(i) - 1);
    }
  }
}

TEST(EncodeRecords, OneHeadServesManyReplies) {
  RecordsHead head(kState);
  for (const uint32_t records : {3U, 1U, 0U}) {
    const std::span<const uint8_t> bytes = head.For(records);
    std::vector<uint8_t> payload(bytes.begin(), bytes.end());
    payload.resize(payload.size() + records * sizeof(ProfileRecord));
    const auto* reply = wire::VerifiedRoot<wire::RecordsReply>(payload);
    ASSERT_NE(reply, nullptr) << records;
    EXPECT_EQ(reply->records()->size(), records);
  }
}

TEST(EncodeRecords, AnUnknownCustomerHasTheMarksOfTheWire) {
  const std::vector<uint8_t> payload = RecordsPayload(kState, {ProfileRecord{}});
  const auto* reply = wire::VerifiedRoot<wire::RecordsReply>(payload);
  ASSERT_NE(reply, nullptr);
  const wire::ProfileRecord& record = *reply->records()->Get(0);
  EXPECT_FALSE(record.found());
  EXPECT_EQ(record.potential(), wire::kNoPotential);
  EXPECT_EQ(record.company_size(), wire::kNoCount);
  EXPECT_EQ(record.country(), wire::kNoNameCode);
  EXPECT_EQ(record.first_order(), wire::kNoDay);
  EXPECT_EQ(record.recency_days(), wire::kNoDay);
  EXPECT_EQ(record.value_score(), wire::kNoScore);
  EXPECT_EQ(record.kind(), wire::kNoByte);
  EXPECT_EQ(record.m(), wire::kNoByte);
  EXPECT_EQ(record.consent(), wire::kNoByte);
  EXPECT_EQ(static_cast<wire::AbcClass>(record.abc()), wire::AbcClass::none);
  EXPECT_EQ(static_cast<wire::ValueClass>(record.value_class()), wire::ValueClass::review);
  EXPECT_EQ(static_cast<wire::Activity>(record.activity()), wire::Activity::never);
}

}  // namespace
}  // namespace kundig::server
