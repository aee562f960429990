#include "client/order_batch.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "schemas/absent.h"
#include "schemas/events_generated.h"
#include "schemas/limits.h"
#include "schemas/verified.h"

namespace kundig::client {
namespace {

wire::OrderBatchT Columns(const OrderBatch& orders, const OrderBatch::Part& part) {
  const std::vector<uint8_t> payload = orders.Packed(part);
  wire::OrderBatchT columns;
  const auto* root = wire::VerifiedRoot<wire::OrderBatch>(payload);
  EXPECT_NE(root, nullptr);
  if (root != nullptr) root->UnPackTo(&columns);
  return columns;
}

std::string Text(const std::vector<uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST(OrderBatchTest, ColumnsCarryWhatWasSaid) {
  OrderBatch orders;
  EXPECT_TRUE(orders.empty());
  orders.Add("anna", "o1", 10, 100, 3, -7).Add("b", "o22", 11, 101);
  ASSERT_EQ(orders.size(), 2U);
  const wire::OrderBatchT columns = Columns(orders, orders.All());
  EXPECT_EQ(columns.at, (std::vector<int64_t>{10, 11}));
  EXPECT_EQ(columns.revenue, (std::vector<int64_t>{100, 101}));
  EXPECT_EQ(columns.margin, (std::vector<int64_t>{-7, wire::kNoMargin}));
  EXPECT_EQ(columns.items, (std::vector<uint32_t>{3, 0}));
  EXPECT_EQ(columns.customer_bytes, (std::vector<uint8_t>{4, 1}));
  EXPECT_EQ(columns.order_bytes, (std::vector<uint8_t>{2, 3}));
  EXPECT_EQ(Text(columns.ids), "annao1bo22");
  EXPECT_EQ(columns.currency, "");
}

TEST(OrderBatchTest, ColumnsOfNothingAreLeftOut) {
  OrderBatch orders;
  orders.Add("a", "o", 1, 2, 3, 4);
  orders.Clear();
  EXPECT_TRUE(orders.empty());
  orders.Add("b", "p", 5, 6);
  const wire::OrderBatchT columns = Columns(orders, orders.All());
  EXPECT_EQ(columns.at, std::vector<int64_t>{5});
  EXPECT_TRUE(columns.margin.empty());
  EXPECT_TRUE(columns.items.empty());
  EXPECT_EQ(Text(columns.ids), "bp");
}

TEST(OrderBatchTest, WhatHasNoPlaceInAColumnStaysWrong) {
  OrderBatch orders;
  orders.Add(std::string(300, 'c'), "", 1, 2, 3, std::numeric_limits<int64_t>::min());
  const wire::OrderBatchT columns = Columns(orders, orders.All());
  EXPECT_EQ(columns.customer_bytes, std::vector<uint8_t>{255});
  EXPECT_GT(columns.customer_bytes[0], wire::kMaxIdBytes);
  EXPECT_EQ(columns.ids.size(), 255U);
  EXPECT_NE(columns.margin[0], wire::kNoMargin);
}

TEST(OrderBatchTest, PartsAreTheBatchAndKeepToTheLimits) {
  OrderBatch orders;
  for (int i = 0; i < 100; ++i) {
    orders.Add(std::string(static_cast<size_t>(i) % 64 + 1, 'c'), "o" + std::to_string(i), i, i, 1,
               i);
  }
  EXPECT_TRUE(OrderBatch().Split(10, 1000).empty());
  for (const uint32_t max_orders : {1U, 7U, 100U, 1000U}) {
    for (const uint32_t max_bytes : {100U, 1000U, 1U << 20}) {
      size_t next = 0;
      std::string ids;
      for (const OrderBatch::Part& part : orders.Split(max_orders, max_bytes)) {
        EXPECT_EQ(part.begin, next);
        EXPECT_LE(part.end - part.begin, max_orders);
        const wire::OrderBatchT columns = Columns(orders, part);
        ASSERT_EQ(columns.at.size(), part.end - part.begin);
        for (const int64_t at : columns.at) EXPECT_EQ(at, static_cast<int64_t>(next++));
        ids += Text(columns.ids);
        if (part.end - part.begin > 1) {
          EXPECT_LE(orders.Packed(part).size(), max_bytes);
        }
      }
      EXPECT_EQ(next, orders.size());
      EXPECT_EQ(ids, Text(Columns(orders, orders.All()).ids));
    }
  }
  EXPECT_EQ(orders.Split(1000, 1U << 20).size(), 1U);
}

}  // namespace
}  // namespace kundig::client
