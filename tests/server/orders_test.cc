// Orders column by column and the same orders event by event: the same answers and the same book.

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/calendar.h"
#include "schemas/profile_generated.h"
#include "server/dispatch.h"
#include "tests/server/kept_answer.h"
#include "tests/server/messages.h"

namespace kundig::server {
namespace {

using wire::MessageType;

constexpr int64_t kMillisecondsADay = int64_t{24} * 60 * 60 * 1000;
constexpr uint32_t kBuyers = 40;

// A book and its dispatcher.
struct Shop {
  static constexpr engine::Day kToday{11'574};

  Shop()
      : book(engine::DurableBook::InMemory(
            engine::CompileRules({}, engine::Calendar()).value(),
            engine::BookOptions{.today = kToday, .shards = 4, .threads = 1})),
        dispatcher(book.get(), ServerOptions(), true, "none",
                   {.book_changed = [] {},
                    .storage_failed = {},
                    .save = {},
                    .backup = {},
                    .reload = {},
                    .read_other_rules = {}}) {}

  template <typename Native>
  std::vector<uint8_t> Ask(MessageType type, const Native& message) {
    const auto answer = std::make_shared<KeptAnswer>();
    dispatcher.Handle(type, Packed(message), KeptAnswer::ResponderOf(answer));
    EXPECT_EQ(answer->WaitForType(), static_cast<MessageType>(static_cast<uint8_t>(type) | 0x80));
    return answer->payload();
  }

  std::unique_ptr<engine::DurableBook> book;
  Dispatcher dispatcher;
};

// Mostly sound; some are bad, late, in another currency, or of an id that came before.
wire::OrderT AnyOrder(std::minstd_rand* random, const std::string& currency) {
  wire::OrderT order = OrderOf("customer-" + std::to_string((*random)() % kBuyers),
                               "o-" + std::to_string((*random)() % 300),
                               static_cast<int64_t>((*random)() % 5) * 1000);
  order.at -= static_cast<int64_t>((*random)() % 700) * kMillisecondsADay;
  order.items = (*random)() % 4;
  if ((*random)() % 2 == 0) order.margin = static_cast<int64_t>((*random)() % 100) - 50;
  if ((*random)() % 30 == 0) order.at += 3000 * kMillisecondsADay;
  if ((*random)() % 30 == 0) order.revenue = -1;
  if ((*random)() % 30 == 0) order.customer = "K\xc3\xb6ln";
  if ((*random)() % 30 == 0) order.order = "\n";
  order.currency = currency;
  return order;
}

TEST(OrdersTest, AreTheSameAsTheSameOrdersAsEvents) {
  Shop columns, events;
  std::minstd_rand random(7);
  uint32_t applied = 0, replaced = 0, unchanged = 0;
  size_t refused = 0;
  for (int round = 0; round < 60; ++round) {
    const std::string currency = round % 7 == 0 ? "XYZ" : round % 7 == 1 ? "EUR" : "";
    std::vector<wire::OrderT> orders;
    wire::EventBatchT batch;
    for (size_t left = random() % 60; left > 0; --left) {
      const bool again = !orders.empty() && random() % 10 == 0;
      orders.push_back(again ? orders.back() : AnyOrder(&random, currency));
      AddTo(&batch, orders.back());
    }
    const std::vector<uint8_t> by_columns = columns.Ask(MessageType::orders, ColumnsOf(orders));
    const std::vector<uint8_t> by_events = events.Ask(MessageType::events, batch);
    ASSERT_EQ(by_columns, by_events) << round;
    const auto reply = Unpacked<wire::EventBatchReplyT>(by_columns);
    applied += reply.applied;
    replaced += reply.replaced;
    unchanged += reply.unchanged;
    refused += reply.refused.size();
  }
  // All of what may become of an order was there.
  EXPECT_GT(applied, 100U);
  EXPECT_GT(replaced, 20U);
  EXPECT_GT(unchanged, 0U);
  EXPECT_GT(refused, 100U);

  wire::ProfilesRequestT profiles;
  wire::RecordsRequestT records;
  profiles.customers.push_back("K\xc3\xb6ln");
  for (uint32_t i = 0; i < kBuyers; ++i) {
    profiles.customers.push_back("customer-" + std::to_string(i));
  }
  records.customers = profiles.customers;
  EXPECT_EQ(columns.Ask(MessageType::profiles, profiles),
            events.Ask(MessageType::profiles, profiles));
  EXPECT_EQ(columns.Ask(MessageType::records, records), events.Ask(MessageType::records, records));
  EXPECT_EQ(columns.book->book().Status().orders, events.book->book().Status().orders);
}

}  // namespace
}  // namespace kundig::server
