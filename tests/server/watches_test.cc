#include "server/watches.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/calendar.h"
#include "schemas/watch_generated.h"
#include "tests/eventually.h"
#include "tests/server/kept_answer.h"
#include "tests/server/messages.h"
#include "tests/server/served.h"

namespace kundig::server {
namespace {

using namespace std::chrono_literals;
using Answered = std::shared_ptr<KeptAnswer>;
using Position = std::optional<engine::FeedPosition>;

constexpr const char* kBought = "revenue_total >= 100";

class WatchesTest : public testing::Test {
 protected:
  static constexpr engine::Day kToday{14'000};

  WatchesTest()
      : book_(engine::CompileRules({}, engine::Calendar()).value(),
              engine::BookOptions{.today = kToday, .shards = 2, .threads = 2, .now = [] {
                                    return engine::TimeMs{77};
                                  }}) {}

  void Order(const std::string& customer, int64_t revenue) {
    const std::string id = std::to_string(++orders_);
    const engine::Event event = engine::OrderPlaced{customer,
                                                    id,
                                                    {int64_t{kToday.since_epoch} * 86'400'000},
                                                    engine::Minor{revenue},
                                                    std::nullopt,
                                                    1,
                                                    {}};
    ASSERT_TRUE(book_.Apply(std::span(&event, 1)).refused.empty());
  }

  static Answered Ask(Watches* watches, const Position& from, std::chrono::milliseconds wait = 0ms,
                      uint32_t limit = 1000, const std::string& where = kBought) {
    auto answer = std::make_shared<KeptAnswer>();
    watches->Watch({.what = {.where = where, .fields = {"revenue_total"}},
                    .from = from,
                    .wait = wait,
                    .limit = limit},
                   KeptAnswer::ResponderOf(answer));
    return answer;
  }
  static wire::WatchReplyT ReplyOf(const Answered& answer) {
    EXPECT_EQ(answer->WaitForType(), wire::MessageType::watch_reply);
    return Unpacked<wire::WatchReplyT>(answer->payload());
  }
  static wire::ErrorT ErrorOf(const Answered& answer) {
    EXPECT_EQ(answer->WaitForType(), wire::MessageType::error);
    return Unpacked<wire::ErrorT>(answer->payload());
  }
  static Position PositionOf(const wire::WatchReplyT& reply) {
    return engine::FeedPosition{.feed = reply.position->feed(),
                                .sequence = reply.position->sequence(),
                                .place = reply.position->place()};
  }
  // Where the feed is now.
  static Position Begin(Watches* watches, const std::string& where = kBought) {
    return PositionOf(ReplyOf(Ask(watches, std::nullopt, 0ms, 1000, where)));
  }

  int orders_ = 0;
  engine::Book book_;
};

TEST_F(WatchesTest, TheFirstRequestIsToldItsPlaceAtOnce) {
  Order("ada", 100);
  Watches watches(&book_, wire::kMaxFrameBytes);
  const wire::WatchReplyT reply = ReplyOf(Ask(&watches, std::nullopt, 60s));
  EXPECT_TRUE(reply.changes.empty());
  EXPECT_NE(reply.position->feed(), 0u);
  EXPECT_EQ(reply.state->journal_sequence(), 1u);
  EXPECT_EQ(watches.open_feeds(), 1u);
  EXPECT_EQ(watches.waiting(), 0u);
}

TEST_F(WatchesTest, AChangeAnswersAtOnceWhoeverWaitsForIt) {
  Watches watches(&book_, wire::kMaxFrameBytes);
  const Position begin = Begin(&watches);
  const Position begin_of_another = Begin(&watches, "revenue_total >= 5000");
  const Answered first = Ask(&watches, begin, 60s), second = Ask(&watches, begin, 60s);
  const Answered another = Ask(&watches, begin_of_another, 60s, 1000, "revenue_total >= 5000");
  EXPECT_EQ(watches.waiting(), 3u);
  EXPECT_EQ(watches.open_feeds(), 2u);
  EXPECT_FALSE(first->answered());
  Order("ada", 150);
  for (const Answered& answer : {first, second}) {
    const wire::WatchReplyT reply = ReplyOf(answer);
    ASSERT_EQ(reply.changes.size(), 1u);
    EXPECT_EQ(reply.changes[0]->customer, "ada");
    EXPECT_TRUE(reply.changes[0]->entered);
    EXPECT_EQ(reply.changes[0]->cause, wire::ChangeCause::event);
    EXPECT_EQ(reply.changes[0]->sequence, 1u);
    EXPECT_EQ(reply.changes[0]->at, 77);
    EXPECT_EQ(reply.after[0]->numbers, std::vector<int64_t>{150});
    EXPECT_EQ(reply.before[0]->absent, std::vector<uint8_t>{1});
    EXPECT_TRUE(ReplyOf(Ask(&watches, PositionOf(reply))).changes.empty());
  }
  EXPECT_EQ(watches.waiting(), 1u);
  Order("ada", 5000);
  EXPECT_EQ(ReplyOf(another).changes.size(), 1u);
}

TEST_F(WatchesTest, ARequestWhoseTimeIsOverIsAnsweredWithoutAChange) {
  Watches watches(&book_, wire::kMaxFrameBytes);
  const Position begin = Begin(&watches);
  const Answered late = Ask(&watches, begin, 60s);
  const auto asked_at = std::chrono::steady_clock::now();
  const wire::WatchReplyT reply = ReplyOf(Ask(&watches, begin, 30ms));
  EXPECT_GE(std::chrono::steady_clock::now() - asked_at, 30ms);
  EXPECT_TRUE(reply.changes.empty());
  EXPECT_FALSE(late->answered());
  EXPECT_EQ(watches.waiting(), 1u);
  Order("ada", 100);
  EXPECT_EQ(ReplyOf(Ask(&watches, PositionOf(reply))).changes.size(), 1u);
  EXPECT_EQ(ReplyOf(late).changes.size(), 1u);
}

TEST_F(WatchesTest, AnAnswerHoldsAtMostWhatWasAskedForAndWhatFits) {
  constexpr int kCustomers = 50;
  for (const size_t max_bytes : {size_t{wire::kMaxFrameBytes}, size_t{600}, size_t{1}}) {
    Watches watches(&book_, max_bytes);
    Position from = Begin(&watches);
    const std::string prefix = std::to_string(max_bytes) + "-";
    for (int i = 0; i < kCustomers; ++i) Order(prefix + std::to_string(i), 100);
    int seen = 0;
    while (seen < kCustomers) {
      const Answered answer = Ask(&watches, from, 0ms, 20);
      const wire::WatchReplyT reply = ReplyOf(answer);
      ASSERT_FALSE(reply.changes.empty());
      EXPECT_LE(reply.changes.size(), 20u);
      EXPECT_TRUE(answer->payload().size() <= max_bytes || reply.changes.size() == 1);
      if (max_bytes == wire::kMaxFrameBytes) {
        EXPECT_EQ(reply.changes.size(), seen == 40 ? 10u : 20u);
      }
      for (const auto& change : reply.changes) {
        EXPECT_EQ(change->customer, prefix + std::to_string(seen++));
      }
      from = PositionOf(reply);
    }
    EXPECT_EQ(seen, kCustomers);
    EXPECT_TRUE(ReplyOf(Ask(&watches, from)).changes.empty());
  }
}

TEST_F(WatchesTest, ReadersLoseNothingBesideAWriter) {
  constexpr int kCustomers = 300, kReaders = 3;
  Watches watches(&book_, wire::kMaxFrameBytes);
  const Position begin = Begin(&watches);
  std::vector<std::thread> readers;
  for (int reader = 0; reader < kReaders; ++reader) {
    readers.emplace_back([&, reader] {
      Position from = begin;
      int seen = 0;
      while (seen < kCustomers && !HasFailure()) {
        const wire::WatchReplyT reply =
            ReplyOf(Ask(&watches, from, 20s, static_cast<uint32_t>(1 + 4 * reader)));
        for (const auto& change : reply.changes) {
          EXPECT_EQ(change->customer, std::to_string(seen++));
        }
        from = PositionOf(reply);
      }
    });
  }
  for (int customer = 0; customer < kCustomers; ++customer) {
    Order(std::to_string(customer), 100);
    if (customer % 10 == 0) std::this_thread::sleep_for(1ms);
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(watches.waiting(), 0u);
}

TEST_F(WatchesTest, RefusesWhatCannotBeWatched) {
  Watches watches(&book_, wire::kMaxFrameBytes);
  const wire::ErrorT syntax = ErrorOf(Ask(&watches, std::nullopt, 0ms, 1000, "revenue_total >="));
  EXPECT_EQ(syntax.code, wire::ErrorCode::syntax_error);
  EXPECT_EQ(syntax.field, "where");
  EXPECT_EQ(ErrorOf(Ask(&watches, std::nullopt, 0ms, 1000, "height > 1")).code,
            wire::ErrorCode::unknown_field);
  EXPECT_EQ(watches.open_feeds(), 0u);
  Position other = Begin(&watches);
  ++other->feed;
  EXPECT_EQ(ErrorOf(Ask(&watches, other, 60s)).code, wire::ErrorCode::history_gone);
}

TEST_F(WatchesTest, TooManyThatWaitAreRefused) {
  Watches watches(&book_, wire::kMaxFrameBytes, kFeedKeptFor, 2);
  const Position begin = Begin(&watches);
  const Answered first = Ask(&watches, begin, 60s), second = Ask(&watches, begin, 60s);
  const wire::ErrorT refused = ErrorOf(Ask(&watches, begin, 60s));
  EXPECT_EQ(refused.code, wire::ErrorCode::overloaded);
  EXPECT_EQ(refused.field, "max_waiting_watches");
  EXPECT_TRUE(ReplyOf(Ask(&watches, begin)).changes.empty()) << "which does not wait";
  Order("ada", 100);
  EXPECT_EQ(ReplyOf(first).changes.size(), 1u);
  EXPECT_EQ(ReplyOf(second).changes.size(), 1u);
  EXPECT_TRUE(Eventually([&] { return watches.waiting() == 0; }));
  const Position now = Begin(&watches);
  EXPECT_FALSE(Ask(&watches, now, 60s)->answered());
}

TEST_F(WatchesTest, WhoeverWaitsIsToldThatTheServerStops) {
  Watches watches(&book_, wire::kMaxFrameBytes);
  const Position begin = Begin(&watches);
  const Answered waits = Ask(&watches, begin, 60s);
  watches.Stop();
  ASSERT_TRUE(waits->answered());
  EXPECT_EQ(ErrorOf(waits).code, wire::ErrorCode::shutting_down);
  EXPECT_EQ(ErrorOf(Ask(&watches, begin, 60s)).code, wire::ErrorCode::shutting_down);
  EXPECT_EQ(watches.waiting(), 0u);
  Order("ada", 100);  // and rings nowhere
}

TEST_F(WatchesTest, AFeedThatNobodyAsksForIsClosed) {
  Watches watches(&book_, wire::kMaxFrameBytes, 1s);
  const Position begin = Begin(&watches);
  const Answered waits = Ask(&watches, begin, 60s);
  std::this_thread::sleep_for(2500ms);
  EXPECT_EQ(watches.open_feeds(), 1u) << "somebody waits";
  Order("ada", 100);
  const Position seen = PositionOf(ReplyOf(waits));
  EXPECT_TRUE(Eventually([&] { return watches.open_feeds() == 0; }));
  Order("ben", 100);
  EXPECT_EQ(ErrorOf(Ask(&watches, seen, 60s)).code, wire::ErrorCode::history_gone);
}

TEST_F(WatchesTest, WhereThereAreAllTheOneThatIsUnusedLongestMakesRoom) {
  const auto fill = [](Watches* watches) {
    for (size_t at = 0; at < engine::kMaxFeeds; ++at) {
      Begin(watches, "orders_total >= " + std::to_string(at));
    }
  };
  {
    Watches spares(&book_, wire::kMaxFrameBytes, kFeedKeptFor, kMaxWaitingWatches, 1h);
    fill(&spares);
    const wire::ErrorT refused = ErrorOf(Ask(&spares, std::nullopt, 0ms, 1000, "revenue > 1"));
    EXPECT_EQ(refused.code, wire::ErrorCode::limit_exceeded);
    EXPECT_EQ(refused.field, "max_feeds");
  }
  Watches watches(&book_, wire::kMaxFrameBytes, kFeedKeptFor, kMaxWaitingWatches, 0ms);
  fill(&watches);
  const std::string waited_for = "orders_total >= 0";
  const Answered waits = Ask(&watches, Begin(&watches, waited_for), 60s, 1000, waited_for);
  Begin(&watches, "revenue > 1");
  EXPECT_EQ(watches.open_feeds(), engine::kMaxFeeds);
  Order("ada", 100);
  EXPECT_EQ(ReplyOf(waits).changes.size(), 1u);
}

TEST_F(WatchesTest, OtherRulesEndAFeedThatTheyCannotRead) {
  Watches watches(&book_, wire::kMaxFrameBytes);
  const std::string where = "rfm_segment = 'Champions'";
  const Position begin = Begin(&watches, where);
  const Answered waits = Ask(&watches, begin, 60s, 1000, where);
  engine::RuleSettings settings;
  settings.rfm.segments.push_back({.name = "Everybody", .cells = {}});
  ASSERT_TRUE(
      book_.ReplaceRules(engine::CompileRules(settings, engine::Calendar()).value()).has_value());
  EXPECT_EQ(ErrorOf(waits).code, wire::ErrorCode::history_gone);
  const wire::ErrorT now = ErrorOf(Ask(&watches, begin, 60s, 1000, where));
  EXPECT_EQ(now.code, wire::ErrorCode::invalid_value);
  EXPECT_EQ(now.field, "where");
  EXPECT_TRUE(Eventually([&] { return watches.open_feeds() == 0; }));
}

// Of a connection that goes.
class UnwantedResponder final : public Responder {
 public:
  UnwantedResponder(const std::atomic<bool>* wanted, std::atomic<int>* answers)
      : wanted_(wanted), answers_(answers) {}
  void Send(wire::MessageType type, std::span<const uint8_t>) override {
    EXPECT_EQ(type, wire::MessageType::error);
    ++*answers_;
  }
  void Stream(std::unique_ptr<ChunkSource>) override { ADD_FAILURE(); }
  bool Wanted() const override { return *wanted_; }

 private:
  const std::atomic<bool>* const wanted_;
  std::atomic<int>* const answers_;
};

TEST_F(WatchesTest, ARequestOfAConnectionThatIsGoneMakesRoom) {
  std::atomic<bool> wanted{true};
  std::atomic<int> answers{0};
  Watches watches(&book_, wire::kMaxFrameBytes);
  const Position begin = Begin(&watches);
  watches.Watch({.what = {.where = kBought, .fields = {"revenue_total"}},
                 .from = begin,
                 .wait = 60s,
                 .limit = 1},
                std::make_unique<UnwantedResponder>(&wanted, &answers));
  EXPECT_EQ(watches.waiting(), 1u);
  wanted = false;
  EXPECT_TRUE(Eventually([&] { return watches.waiting() == 0; }));
  EXPECT_TRUE(Eventually([&] { return answers == 1; }));
}

}  // namespace
}  // namespace kundig::server
