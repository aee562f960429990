// The key index against a map, with hashes that collide in place and in tag.

#include "engine/key_index.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace kundig::engine {
namespace {

TEST(KeyIndexTest, AnEmptyOneFindsNothing) {
  const KeyIndex index;
  EXPECT_FALSE(index.Guess(7).has_value());
  index.Prefetch(7);
}

TEST(KeyIndexTest, AgreesWithAMapWhileItGrowsAndShrinks) {
  std::mt19937_64 random(5);
  for (const uint64_t places : {uint64_t{1}, uint64_t{16}, uint64_t{1} << 20}) {
    KeyIndex index;
    std::map<uint32_t, uint64_t> hash_of;  // by row
    uint32_t next_row = 0;
    for (int step = 0; step < 4000; ++step) {
      if (random() % 3 != 0 || hash_of.empty()) {
        // Few places: long runs of neighbours. The same 32 bits now and then: equal tags.
        const uint64_t hash = (random() % places) | (random() % 3) << 31 | (random() % 4) << 32;
        index.Insert(hash, RowIndex{next_row});
        hash_of[next_row++] = hash;
      } else {
        auto gone = hash_of.begin();
        std::advance(gone, static_cast<ptrdiff_t>(random() % hash_of.size()));
        index.Erase(gone->second, RowIndex{gone->first});
        hash_of.erase(gone);
      }
      ASSERT_EQ(index.size(), hash_of.size());
      if (step % 50 != 0) continue;
      for (const auto& entry : hash_of) {
        const auto is_it = [&](RowIndex at) { return Raw(at) == entry.first; };
        ASSERT_TRUE(index.Find(entry.second, is_it).has_value()) << entry.first;
        ASSERT_TRUE(index.Guess(entry.second).has_value());
      }
      EXPECT_FALSE(index.Find(random(), [](RowIndex) { return false; }).has_value());
    }
  }
}

}  // namespace
}  // namespace kundig::engine
