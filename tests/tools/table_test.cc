#include "tools/table.h"

#include <gtest/gtest.h>

namespace kundig::tools {
namespace {

TEST(Table, AlignsByCodePoints) {
  Table table({{"name", Align::kLeft}, {"sum", Align::kRight}});
  table.AddRow({"Müller", "7.00"});
  table.AddRow({"Al", "1,234.00"});
  table.AddRule();
  table.AddRow({"total", "1,241.00"});
  EXPECT_EQ(table.Render({}),
            "name         sum\n"
            "──────  ────────\n"
            "Müller      7.00\n"
            "Al      1,234.00\n"
            "──────  ────────\n"
            "total   1,241.00\n");
}

TEST(Table, HasNoHeaderLineWithoutHeaders) {
  Table table({{"", Align::kLeft}, {"", Align::kLeft}});
  table.AddRow({"a", "b"});
  table.AddRow({"long", ""});
  EXPECT_EQ(table.Render({}), "a     b\nlong\n");
}

TEST(Table, ColoursOnlyWhereWanted) {
  Table table({{"", Align::kLeft}});
  table.AddRow({{"x", "1"}});
  EXPECT_EQ(table.Render({"EUR", false}), "x\n");
  EXPECT_EQ(table.Render({"EUR", true}), "\x1b[1mx\x1b[0m\n");
}

TEST(Table, PartsOfALongTableAlign) {
  Table table({{"id", Align::kRight}});
  table.AddRow({"1234"});
  const std::string first = table.Render({});
  table.Clear();
  EXPECT_TRUE(table.empty());
  table.AddRow({"5"});
  EXPECT_EQ(first + table.Render({}, false), "  id\n────\n1234\n   5\n");
}

TEST(Table, ShortRowsAreFilledAndTextsAreMadePrintable) {
  Table table({{"a", Align::kLeft}, {"b", Align::kRight}});
  table.AddRow({"x\ty"});
  EXPECT_EQ(table.Render({}), "a    b\n───  ─\nx?y\n");
}

}  // namespace
}  // namespace kundig::tools
