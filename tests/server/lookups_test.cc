#include "server/lookups.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/calendar.h"
#include "schemas/profile_generated.h"
#include "tests/server/kept_answer.h"
#include "tests/server/messages.h"

namespace kundig::server {
namespace {

using wire::MessageType;

constexpr uint32_t kMaxIds = 5;
constexpr uint32_t kKnownCustomers = 30;

class KeptAnswers final : public LookupSink {
 public:
  bool Answer(MessageType type, std::span<const uint8_t> head,
              std::span<const uint8_t> body) override {
    std::vector<uint8_t> payload(head.size() + body.size());
    std::copy(body.begin(), body.end(), std::copy(head.begin(), head.end(), payload.begin()));
    answers.push_back({type, std::move(payload)});
    return answers.size() < wanted;
  }
  size_t wanted = SIZE_MAX;  // then the connection ends
  std::vector<server::Answer> answers;
};

class LookupsTest : public testing::Test {
 protected:
  LookupsTest() {
    std::vector<std::string> ids;
    for (uint32_t i = 0; i < kKnownCustomers; ++i) ids.push_back(CustomerOf(i));
    std::vector<engine::OrderPlaced> orders(kKnownCustomers);
    for (uint32_t i = 0; i < kKnownCustomers; ++i) {
      orders[i].customer = ids[i];
      orders[i].order = "o";
      orders[i].at = engine::TimeMs{1'000'000'000'000};
      orders[i].revenue = engine::Minor{100 + i};
    }
    EXPECT_EQ(book_.Apply(orders).applied, kKnownCustomers);
  }
  static std::string CustomerOf(uint32_t index) { return "customer-" + std::to_string(index); }

  // A request; some are refused.
  template <typename Request>
  static std::vector<uint8_t> AnyRequest(std::minstd_rand* random) {
    Request request;
    for (size_t left = (*random)() % (kMaxIds + 2); left > 0; --left) {
      request.customers.push_back(
          CustomerOf(static_cast<uint32_t>((*random)() % (kKnownCustomers + 5))));
    }
    if ((*random)() % 8 == 0) request.customers.emplace_back("\n");
    std::vector<uint8_t> payload = Packed(request);
    if ((*random)() % 8 == 0) payload[0] = 0xff;
    return payload;
  }

  // Runs are answered as each of their requests would be alone.
  template <typename Request>
  void Compare(MessageType type) {
    std::minstd_rand random(3);
    size_t refused = 0;
    for (int round = 0; round < 100; ++round) {
      std::vector<std::vector<uint8_t>> payloads;
      std::vector<std::span<const uint8_t>> run;
      for (size_t left = 1 + random() % 20; left > 0; --left) {
        payloads.push_back(AnyRequest<Request>(&random));
      }
      run.assign(payloads.begin(), payloads.end());
      KeptAnswers together;
      lookups_.Answer(type, run, &together);
      ASSERT_EQ(together.answers.size(), run.size());
      for (size_t i = 0; i < run.size(); ++i) {
        const auto alone = std::make_shared<KeptAnswer>();
        lookups_.Answer(type, run[i], KeptAnswer::ResponderOf(alone).get());
        ASSERT_TRUE(alone->answered());
        EXPECT_EQ(together.answers[i].type, alone->WaitForType());
        EXPECT_EQ(together.answers[i].payload, alone->payload());
        refused += together.answers[i].type == MessageType::error ? 1 : 0;
      }
    }
    EXPECT_GT(refused, 100U);
  }

  engine::Book book_{engine::CompileRules({}, engine::Calendar()).value(),
                     engine::BookOptions{.today = engine::Day{11'574}, .shards = 4, .threads = 1}};
  const Lookups lookups_{&book_, kMaxIds};
};

TEST_F(LookupsTest, ARunOfRecordsIsAnsweredAsItsRequestsAlone) {
  Compare<wire::RecordsRequestT>(MessageType::records);
}

TEST_F(LookupsTest, ARunOfProfilesIsAnsweredAsItsRequestsAlone) {
  Compare<wire::ProfilesRequestT>(MessageType::profiles);
}

TEST_F(LookupsTest, EveryRequestGetsItsOwnCustomers) {
  std::vector<std::vector<uint8_t>> payloads;
  for (uint32_t i = 0; i < 20; ++i) {
    wire::RecordsRequestT request;
    for (uint32_t j = 0; j <= i % 3; ++j) request.customers.push_back(CustomerOf(i + j));
    payloads.push_back(Packed(request));
  }
  const std::vector<std::span<const uint8_t>> run(payloads.begin(), payloads.end());
  KeptAnswers kept;
  lookups_.Answer(MessageType::records, run, &kept);
  ASSERT_EQ(kept.answers.size(), 20U);
  for (uint32_t i = 0; i < 20; ++i) {
    ASSERT_EQ(kept.answers[i].type, MessageType::records_reply);
    const auto reply = Unpacked<wire::RecordsReplyT>(kept.answers[i].payload);
    ASSERT_EQ(reply.records.size(), i % 3 + 1);
    for (uint32_t j = 0; j <= i % 3; ++j) EXPECT_EQ(reply.records[j].revenue(), 100 + i + j);
  }
}

TEST_F(LookupsTest, NothingIsAnsweredBehindTheEnd) {
  const std::vector<uint8_t> payload = Packed(wire::RecordsRequestT());
  const std::vector<std::span<const uint8_t>> run(10, payload);
  KeptAnswers kept;
  kept.wanted = 4;
  lookups_.Answer(MessageType::records, run, &kept);
  EXPECT_EQ(kept.answers.size(), 4U);
}

}  // namespace
}  // namespace kundig::server
