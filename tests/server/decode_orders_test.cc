#include "server/decode_orders.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "engine/limits.h"
#include "server/decode_events.h"
#include "tests/server/messages.h"

namespace kundig::server {
namespace {

constexpr uint32_t kManyOrders = 1000;

// An order of anything that an order may be, and of what it may not be.
wire::OrderT AnyOrder(std::minstd_rand* random) {
  const auto id = [&] {
    static const std::string kForms[] = {"",
                                         "c-17",
                                         std::string(64, 'x'),
                                         std::string(65, 'x'),
                                         std::string(255, 'x'),
                                         "M\xc3\xbcller",
                                         "\xc3",
                                         "tab\t",
                                         "0"};
    const size_t form = (*random)() % 20;
    return form < std::size(kForms) ? kForms[form] : "id-" + std::to_string((*random)() % 50);
  };
  const auto number = [&](std::initializer_list<int64_t> edges) {
    const size_t form = (*random)() % (edges.size() + 8);
    return form < edges.size() ? edges.begin()[form] : static_cast<int64_t>((*random)() % 1000);
  };
  wire::OrderT order;
  order.customer = id();
  order.order = id();
  order.at = number({-2'208'988'800'000 - 1, 3'453'000'000'000 * 10, -1, INT64_MIN, INT64_MAX});
  order.revenue = number({-1, engine::kMaxAmountMinor, engine::kMaxAmountMinor + 1, INT64_MIN});
  if ((*random)() % 3 != 0) {
    order.margin = number({-1, -engine::kMaxAmountMinor - 1, engine::kMaxAmountMinor + 1});
  }
  order.items = static_cast<uint32_t>(number({engine::kMaxCount, engine::kMaxCount + 1}));
  return order;
}

TEST(DecodeOrders, JudgesEachOrderAsAnOrderEvent) {
  std::minstd_rand random(1);
  size_t taken = 0, refused = 0;
  DecodedOrders columns;
  DecodedBatch table;
  for (int round = 0; round < 300; ++round) {
    const std::string currency = round % 10 == 0 ? "euro" : round % 10 == 1 ? "EUR" : "";
    std::vector<wire::OrderT> orders;
    wire::EventBatchT batch;
    for (size_t left = random() % 40; left > 0; --left) {
      orders.push_back(AnyOrder(&random));
      // Every second round has plain ids only, which are checked all at once.
      if (round % 2 == 0) orders.back().customer = orders.back().order = "plain";
      orders.back().currency = currency;
      AddTo(&batch, orders.back());
    }
    const auto column_bytes = Packed(ColumnsOf(orders)), table_bytes = Packed(batch);
    ASSERT_FALSE(DecodeOrders(column_bytes, kManyOrders, &columns).has_value());
    ASSERT_FALSE(DecodeEvents(table_bytes, kManyOrders, &table).has_value());

    ASSERT_EQ(columns.places, table.places);
    ASSERT_EQ(columns.events.size(), table.events.size());
    for (size_t i = 0; i < columns.events.size(); ++i) {
      const auto& other = std::get<engine::OrderPlaced>(table.events[i]);
      const engine::OrderPlaced& order = columns.events[i];
      EXPECT_EQ(order.customer, other.customer);
      EXPECT_EQ(order.order, other.order);
      EXPECT_EQ(order.at, other.at);
      EXPECT_EQ(order.revenue, other.revenue);
      EXPECT_EQ(order.margin, other.margin);
      EXPECT_EQ(order.items, other.items);
      EXPECT_EQ(order.currency, other.currency);
    }
    ASSERT_EQ(columns.refused.size(), table.refused.size());
    for (size_t i = 0; i < columns.refused.size(); ++i) {
      EXPECT_EQ(columns.refused[i].index, table.refused[i].index);
      EXPECT_EQ(columns.refused[i].refusal.code, table.refused[i].refusal.code);
      EXPECT_EQ(columns.refused[i].refusal.field, table.refused[i].refusal.field);
      EXPECT_EQ(columns.refused[i].refusal.message, table.refused[i].refusal.message);
    }
    taken += columns.events.size();
    refused += columns.refused.size();
  }
  EXPECT_GT(taken, 300U);
  EXPECT_GT(refused, 300U);
}

TEST(DecodeOrders, MarginAndItemsMayBeMissingAsAWhole) {
  wire::OrderBatchT columns = ColumnsOf({OrderOf("c", "o", 7)});
  columns.margin.clear();
  columns.items.clear();
  const auto payload = Packed(columns);
  DecodedOrders batch;
  ASSERT_FALSE(DecodeOrders(payload, kManyOrders, &batch).has_value());
  ASSERT_EQ(batch.events.size(), 1U);
  EXPECT_FALSE(batch.events[0].margin.has_value());
  EXPECT_EQ(batch.events[0].items, 0U);
  EXPECT_EQ(batch.events[0].revenue, engine::Minor{7});
  EXPECT_EQ(batch.events[0].customer, "c");
  EXPECT_EQ(batch.events[0].order, "o");
}

TEST(DecodeOrders, RefusesColumnsThatAreNotOneTable) {
  using Change = std::function<void(wire::OrderBatchT*)>;
  const std::vector<Change> changes = {
      [](auto* columns) { columns->at.pop_back(); },
      [](auto* columns) { columns->revenue.push_back(1); },
      [](auto* columns) { columns->margin.push_back(1); },
      [](auto* columns) { columns->items.pop_back(); },
      [](auto* columns) { columns->customer_bytes.pop_back(); },
      [](auto* columns) { columns->order_bytes.push_back(0); },
      [](auto* columns) { columns->ids.pop_back(); },
      [](auto* columns) { columns->ids.push_back('x'); },
      [](auto* columns) { ++columns->order_bytes[1]; },
      [](auto* columns) { columns->ids.clear(); },
  };
  DecodedOrders batch;
  const wire::OrderBatchT sound = ColumnsOf({OrderOf("a", "o"), OrderOf("bb", "p")});
  ASSERT_FALSE(DecodeOrders(Packed(sound), kManyOrders, &batch).has_value());
  for (size_t i = 0; i < changes.size(); ++i) {
    wire::OrderBatchT columns = sound;
    changes[i](&columns);
    const auto refusal = DecodeOrders(Packed(columns), kManyOrders, &batch);
    ASSERT_TRUE(refusal.has_value()) << i;
    EXPECT_EQ(refusal->code, wire::ErrorCode::bad_message) << i;
    EXPECT_TRUE(batch.events.empty() && batch.places.empty() && batch.refused.empty()) << i;
  }
  EXPECT_EQ(DecodeOrders(std::vector<uint8_t>(32, 0xff), kManyOrders, &batch)->code,
            wire::ErrorCode::bad_message);
}

TEST(DecodeOrders, KeepsToItsLimitAndUsesItsMemoryAgain) {
  const auto three = Packed(ColumnsOf({OrderOf("a", "o"), OrderOf("b", "o"), OrderOf("", "o")}));
  DecodedOrders batch;
  ASSERT_FALSE(DecodeOrders(three, 3, &batch).has_value());
  EXPECT_EQ(batch.events.size(), 2U);
  EXPECT_EQ(batch.refused.size(), 1U);
  const auto refusal = DecodeOrders(three, 2, &batch);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->code, wire::ErrorCode::limit_exceeded);
  EXPECT_EQ(refusal->field, "max_batch_events");
  const auto none = Packed(ColumnsOf({}));
  ASSERT_FALSE(DecodeOrders(none, 0, &batch).has_value());
  EXPECT_TRUE(batch.events.empty() && batch.places.empty() && batch.refused.empty());
}

}  // namespace
}  // namespace kundig::server
