#include "engine/segment_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace kundig::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

SegmentSetting Cells(std::string name, std::vector<std::string> cells) {
  SegmentSetting segment;
  segment.name = std::move(name);
  segment.cells = std::move(cells);
  return segment;
}

SegmentSetting Ranges(std::string name, std::array<int, 2> r, std::array<int, 2> f = {1, 5},
                      std::array<int, 2> m = {1, 5}) {
  SegmentSetting segment;
  segment.name = std::move(name);
  segment.recency = r;
  segment.frequency = f;
  segment.monetary = m;
  return segment;
}

RfmSettings Exact(std::vector<SegmentSetting> segments) {
  RfmSettings settings;
  settings.segments = std::move(segments);
  return settings;
}

RfmSettings First(std::vector<SegmentSetting> segments, std::optional<std::string> otherwise = {}) {
  RfmSettings settings = Exact(std::move(segments));
  settings.first_match = true;
  settings.otherwise = std::move(otherwise);
  return settings;
}

const std::string& SegmentOf(const SegmentTable& table, int r, int f, int m) {
  return table.names.at(
      table.segment_of.at(static_cast<size_t>(25 * (r - 1) + 5 * (f - 1) + (m - 1))));
}

Error TableRefusal(const RfmSettings& settings) {
  Result<SegmentTable> table = BuildSegmentTable(settings);
  if (table) {
    ADD_FAILURE() << "the table was taken";
    return {};
  }
  return table.error();
}

TEST(DefaultSegmentsTest, PartitionAllCodes) {
  std::set<std::string> codes;
  size_t count = 0;
  for (const SegmentSetting& segment : DefaultSegments()) {
    for (const std::string& cell : segment.cells) {
      EXPECT_EQ(cell.size(), 3u);
      codes.insert(cell);
      ++count;
    }
  }
  EXPECT_EQ(codes.size(), 125u);
  EXPECT_EQ(count, 125u);
}

TEST(DefaultSegmentsTest, AreInForceWhereNoneAreConfigured) {
  const SegmentTable table = BuildSegmentTable(RfmSettings{}).value();
  EXPECT_THAT(table.names, ElementsAre("Champions", "Loyal", "Potential loyalist", "New",
                                       "Promising", "Need attention", "About to sleep", "At risk",
                                       "Cannot lose", "Hibernating", "Lost"));
  EXPECT_EQ(SegmentOf(table, 5, 5, 5), "Champions");
  EXPECT_EQ(SegmentOf(table, 3, 3, 5), "Loyal");
  EXPECT_EQ(SegmentOf(table, 3, 2, 3), "Potential loyalist");
  EXPECT_EQ(SegmentOf(table, 3, 1, 1), "New");
  EXPECT_EQ(SegmentOf(table, 3, 1, 3), "Promising");
  EXPECT_EQ(SegmentOf(table, 3, 2, 4), "Need attention");
  EXPECT_EQ(SegmentOf(table, 2, 5, 1), "About to sleep");
  EXPECT_EQ(SegmentOf(table, 1, 2, 4), "At risk");
  EXPECT_EQ(SegmentOf(table, 1, 1, 3), "Cannot lose");
  EXPECT_EQ(SegmentOf(table, 2, 1, 1), "Hibernating");
  EXPECT_EQ(SegmentOf(table, 1, 5, 1), "Lost");
}

TEST(SegmentTableTest, TakesRangesAndCellsThatPartition) {
  std::vector<SegmentSetting> segments{
      Ranges("Good", {4, 5}), Ranges("Fair", {2, 3}, {1, 5}, {2, 5}),
      Ranges("Poor", {2, 3}, {1, 5}, {1, 1}), Ranges("Gone", {1, 1}, {1, 4}),
      Cells("Odd", {"151", "152", "153", "154", "155"})};
  const SegmentTable table = BuildSegmentTable(Exact(segments)).value();
  EXPECT_EQ(SegmentOf(table, 4, 1, 1), "Good");
  EXPECT_EQ(SegmentOf(table, 3, 5, 2), "Fair");
  EXPECT_EQ(SegmentOf(table, 2, 3, 1), "Poor");
  EXPECT_EQ(SegmentOf(table, 1, 4, 5), "Gone");
  EXPECT_EQ(SegmentOf(table, 1, 5, 3), "Odd");
}

TEST(SegmentTableTest, NamesTheCodesOfAHole) {
  const Error error =
      TableRefusal(Exact({Ranges("A", {2, 5}), Ranges("B", {1, 1}, {1, 5}, {1, 4})}));
  EXPECT_EQ(error.code, ErrorCode::kInvalidValue);
  EXPECT_EQ(error.field, "rfm.segment");
  EXPECT_THAT(error.message, HasSubstr("115 125 135 145 155"));
}

TEST(SegmentTableTest, NamesTheCodesOfAnOverlapAndTheirOwner) {
  const Error error =
      TableRefusal(Exact({Ranges("Upper", {3, 5}), Ranges("Lower", {1, 3}, {1, 5})}));
  EXPECT_EQ(error.field, "rfm.segment[1]");
  EXPECT_THAT(error.message, HasSubstr("311 (Upper)"));
  EXPECT_THAT(error.message, HasSubstr("355 (Upper)"));
  EXPECT_THAT(error.message, testing::Not(HasSubstr("255")));
}

TEST(SegmentTableTest, LetsTheFirstMatchWin) {
  const SegmentTable table =
      BuildSegmentTable(
          First({Cells("Best", {"555"}), Ranges("Recent", {4, 5}), Ranges("Any", {1, 5}, {2, 5})},
                "Rest"))
          .value();
  EXPECT_EQ(SegmentOf(table, 5, 5, 5), "Best");
  EXPECT_EQ(SegmentOf(table, 5, 5, 4), "Recent");
  EXPECT_EQ(SegmentOf(table, 3, 5, 5), "Any");
  EXPECT_EQ(SegmentOf(table, 3, 1, 5), "Rest");
  EXPECT_THAT(table.names, ElementsAre("Best", "Recent", "Any", "Rest"));
}

TEST(SegmentTableTest, AllowsASegmentThatIsNeverReachedUnderFirstMatchOnly) {
  const std::vector<SegmentSetting> segments = {
      Ranges("Recent", {4, 5}), Cells("Best", {"555", "455"}), Ranges("Rest", {1, 5})};
  const SegmentTable table = BuildSegmentTable(First(segments)).value();
  EXPECT_EQ(SegmentOf(table, 5, 5, 5), "Recent");
  EXPECT_EQ(SegmentOf(table, 3, 5, 5), "Rest");
  EXPECT_EQ(TableRefusal(Exact(segments)).field, "rfm.segment[1]");
}

TEST(SegmentTableTest, AsksForANameForHolesUnderFirstMatch) {
  const Error error = TableRefusal(First({Ranges("Recent", {2, 5})}));
  EXPECT_EQ(error.field, "rfm.segment");
  EXPECT_THAT(error.message, HasSubstr("rfm.otherwise"));
  EXPECT_THAT(error.message, HasSubstr(" 111 "));
}

TEST(SegmentTableTest, TakesOtherwiseOnlyUnderFirstMatch) {
  RfmSettings settings;
  settings.otherwise = "Rest";
  EXPECT_EQ(TableRefusal(settings).field, "rfm.otherwise");
  settings.first_match = true;
  EXPECT_TRUE(BuildSegmentTable(settings)) << "a name for holes that are not there does no harm";
  settings.otherwise = "";
  EXPECT_EQ(TableRefusal(settings).field, "rfm.otherwise");
}

TEST(SegmentTableTest, MakesOneSegmentOfEntriesWithOneName) {
  const SegmentTable table =
      BuildSegmentTable(First({Ranges("Ends", {5, 5}), Ranges("Middle", {2, 4})}, "Ends")).value();
  EXPECT_THAT(table.names, ElementsAre("Ends", "Middle"));
  EXPECT_EQ(SegmentOf(table, 1, 1, 1), "Ends");
}

TEST(SegmentTableTest, RefusesBadEntries) {
  EXPECT_EQ(TableRefusal(Exact({Ranges("", {1, 5})})).field, "rfm.segment[0].name");
  EXPECT_EQ(TableRefusal(Exact({Ranges("", {1, 5})})).code, ErrorCode::kMissingField);
  EXPECT_EQ(TableRefusal(Exact({Ranges(std::string(129, 'x'), {1, 5})})).field,
            "rfm.segment[0].name");
  for (const char* cell : {"", "55", "5555", "560", "056", "5a5", " 55", "5-5"}) {
    EXPECT_EQ(TableRefusal(Exact({Cells("A", {"555", cell})})).field, "rfm.segment[0].cells[1]")
        << cell;
  }
  EXPECT_EQ(TableRefusal(Exact({Cells("A", {"555", "554", "555"})})).field,
            "rfm.segment[0].cells[2]");
  EXPECT_EQ(TableRefusal(Exact({Ranges("A", {0, 5})})).field, "rfm.segment[0].recency");
  EXPECT_EQ(TableRefusal(Exact({Ranges("A", {1, 5}, {4, 3})})).field, "rfm.segment[0].frequency");
  EXPECT_EQ(TableRefusal(Exact({Ranges("A", {1, 5}, {1, 5}, {1, 6})})).field,
            "rfm.segment[0].monetary");
}

TEST(SegmentTableTest, BoundsItsEntries) {
  const std::vector<SegmentSetting> many(kMaxSegments + 1, Ranges("A", {1, 5}));
  EXPECT_EQ(TableRefusal(First(many)).code, ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace kundig::engine
