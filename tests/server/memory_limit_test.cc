#include "server/memory_limit.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace kundig::server {
namespace {

TEST(MemoryLimit, LetsTheBookGrowUpToItAndAgainWhenThereIsRoom) {
  uint64_t resident = 100;
  MemoryLimit limit(100, [&] { return resident; });
  EXPECT_EQ(limit.Judge(), engine::Growth::kAllowed);
  resident = 101;
  EXPECT_EQ(limit.Judge(), engine::Growth::kRefused);
  EXPECT_EQ(limit.RoomBytes(), 0u);
  resident = 99;
  EXPECT_EQ(limit.Judge(), engine::Growth::kAllowed);
  EXPECT_EQ(limit.RoomBytes(), 1u);
}

TEST(MemoryLimit, IsAPartOfTheMachineWhereNoneIsNamed) {
  const uint64_t usable = UsableMemoryBytes();
  ASSERT_GT(usable, uint64_t{1} << 20);
  EXPECT_EQ(MemoryLimit(0).bytes(), usable / 100 * kDefaultMemoryPercent);
  EXPECT_GT(ResidentBytes(), uint64_t{1} << 20);
  EXPECT_LT(ResidentBytes(), usable);
}

}  // namespace
}  // namespace kundig::server
