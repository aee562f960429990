// What the tests of the dispatcher share: one in front of a book in memory, asked without a
// network.
//
// Thread safety: for one thread; the dispatcher's own threads answer.

#ifndef KUNDIG_TESTS_SERVER_DISPATCH_FIXTURE_H_
#define KUNDIG_TESTS_SERVER_DISPATCH_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/calendar.h"
#include "server/configuration.h"
#include "server/dispatch.h"
#include "tests/server/kept_answer.h"
#include "tests/server/messages.h"

namespace kundig::server {

using wire::MessageType;

// 2001-09-09, the day of the orders that OrderOf makes.
inline constexpr engine::Day kToday{11'574};

class DispatchTest : public testing::Test {
 protected:
  explicit DispatchTest(ServerOptions options = SmallOptions(), bool day_is_pinned = true)
      : book_(engine::DurableBook::InMemory(
            engine::CompileRules({}, engine::Calendar()).value(),
            engine::BookOptions{.today = kToday, .shards = 4, .threads = 2})),
        dispatcher_(
            book_.get(), options, day_is_pinned, "none",
            {.book_changed = [this] { ++changes_; },
             .storage_failed = [](const engine::Error& error) { ADD_FAILURE() << error.message; },
             .save =
                 [this](engine::Generations keep) {
                   return book_->SaveSnapshot(engine::TimeMs{0}, keep);
                 },
             .backup =
                 [this](const std::string& folder) {
                   return book_->Backup(engine::TimeMs{0}, folder);
                 },
             .reload = [this] { return Reloaded(); },
             .read_other_rules =
                 [this](std::string_view text) {
                   Configuration in_force;
                   in_force.rules = book_->book().rules();
                   return RulesOfOther(text, in_force);
                 }}) {}

  // The next one is refused, so that the second call is.
  engine::Result<ReloadOutcome> Reloaded() {
    if (++reloads_ > 1) {
      return engine::Error{.code = engine::ErrorCode::kInvalidValue,
                           .message = "shop.toml:3: expected a number",
                           .field = "abc.a",
                           .position = {}};
    }
    return ReloadOutcome{.state = book_->book().Status().state, .changed = true};
  }

  static ServerOptions SmallOptions() {
    ServerOptions options;
    options.max_profile_ids = 3;
    options.max_batch_events = 20'000;
    options.query_threads = 1;
    options.max_queued_queries = 1;
    options.max_open_lists = 1;
    return options;
  }

  std::shared_ptr<KeptAnswer> AskBytes(MessageType type, const std::vector<uint8_t>& payload,
                                       bool hold = false) {
    auto answer = std::make_shared<KeptAnswer>();
    if (hold) answer->Hold();
    dispatcher_.Handle(type, payload, KeptAnswer::ResponderOf(answer));
    return answer;
  }
  template <typename Native>
  std::shared_ptr<KeptAnswer> Ask(MessageType type, const Native& message, bool hold = false) {
    return AskBytes(type, Packed(message), hold);
  }
  // Asks, waits, and reads the reply, which must be of this type.
  template <typename Reply, typename Native>
  Reply Get(MessageType type, const Native& message) {
    const auto answer = Ask(type, message);
    const auto expected = static_cast<MessageType>(static_cast<uint8_t>(type) | 0x80);
    EXPECT_EQ(answer->WaitForType(), expected);
    return Unpacked<Reply>(answer->payload());
  }
  template <typename Native>
  wire::ErrorT GetError(MessageType type, const Native& message) {
    return ErrorOf(Ask(type, message));
  }
  static wire::ErrorT ErrorOf(const std::shared_ptr<KeptAnswer>& answer) {
    EXPECT_EQ(answer->WaitForType(), MessageType::error);
    return Unpacked<wire::ErrorT>(answer->payload());
  }

  void PlaceOrders(int customers) {
    wire::EventBatchT batch;
    for (int i = 0; i < customers; ++i) {
      AddTo(&batch, OrderOf("customer-" + std::to_string(i), "o", 100 + i));
    }
    const auto reply = Get<wire::EventBatchReplyT>(MessageType::events, batch);
    ASSERT_EQ(reply.applied, static_cast<uint32_t>(customers));
  }

  std::atomic<int> changes_{0};
  int reloads_ = 0;  // by the maintenance thread
  std::unique_ptr<engine::DurableBook> book_;
  Dispatcher dispatcher_;
};

class FullDispatchTest : public DispatchTest {
 protected:
  FullDispatchTest() : DispatchTest(WithoutMemory(), true) {}

  static ServerOptions WithoutMemory() {
    ServerOptions options = SmallOptions();
    options.memory_limit_bytes = 1;
    return options;
  }
};

}  // namespace kundig::server

#endif  // KUNDIG_TESTS_SERVER_DISPATCH_FIXTURE_H_
