#include "engine/cursor.h"

#include <gtest/gtest.h>

namespace kundig::engine {
namespace {

Cursor Sample() {
  Cursor cursor;
  cursor.question = 0x123456789abcdef0u;
  cursor.rules_version = 3;
  cursor.sequence = 77;
  cursor.as_of = Day{-5};
  cursor.place = {false, -42, "N\xc3\xbcrnberg"};
  cursor.customer = std::string("c\0d", 3);
  cursor.ranking.emplace();
  cursor.ranking->version = 70;
  cursor.ranking->scored = true;
  cursor.ranking->monetary_cuts = {INT64_MIN, -1, 3, INT64_MAX};
  return cursor;
}

TEST(CursorTest, ComesBackWhole) {
  const Cursor cursor = Sample();
  const Result<Cursor> back = DecodeCursor(EncodeCursor(cursor));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->question, cursor.question);
  EXPECT_EQ(back->rules_version, cursor.rules_version);
  EXPECT_EQ(back->sequence, cursor.sequence);
  EXPECT_EQ(back->as_of, cursor.as_of);
  EXPECT_EQ(back->place.absent, cursor.place.absent);
  EXPECT_EQ(back->place.number, cursor.place.number);
  EXPECT_EQ(back->place.text, cursor.place.text);
  EXPECT_EQ(back->customer, cursor.customer);
  EXPECT_EQ(back->ranking, cursor.ranking);
}

TEST(CursorTest, IsShortWithoutARanking) {
  Cursor cursor = Sample();
  cursor.ranking.reset();
  const std::string text = EncodeCursor(cursor);
  EXPECT_FALSE(DecodeCursor(text)->ranking.has_value());
  EXPECT_LT(text.size(), 120u);
}

TEST(CursorTest, EveryChangedOrMissingLetterIsRefused) {
  const std::string text = EncodeCursor(Sample());
  for (size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = changed[at] == '0' ? '1' : '0';
    const Result<Cursor> back = DecodeCursor(changed);
    ASSERT_FALSE(back.has_value()) << at;
    EXPECT_EQ(back.error().code, ErrorCode::kBadCursor);
    EXPECT_FALSE(DecodeCursor(text.substr(0, at)).has_value()) << at;
  }
  EXPECT_FALSE(DecodeCursor("not a cursor").has_value());
  EXPECT_FALSE(DecodeCursor(std::string(100000, '0')).has_value());
}

}  // namespace
}  // namespace kundig::engine
