#include "tools/csv_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/tools/import_test_files.h"
#include "tools/csv_text.h"

namespace kundig::tools {
namespace {

struct Read {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::vector<uint64_t> lines;
  std::string failure;
};

Read ReadAll(const std::string& path, char delimiter = ',') {
  Read read;
  auto reader = CsvReader::Open(path, delimiter);
  if (reader.has_error()) {
    read.failure = reader.error().sentence;
    return read;
  }
  read.header = reader->header();
  const auto done = reader->ReadRows([&](const CsvRow& row) {
    read.rows.emplace_back(row.fields.begin(), row.fields.end());
    read.lines.push_back(row.line);
    return true;
  });
  if (done.has_error()) read.failure = done.error().sentence;
  return read;
}

using Rows = std::vector<std::vector<std::string>>;
using LineNumbers = std::vector<uint64_t>;

TEST(CsvReader, ReadsQuotesDelimitersAndLineEnds) {
  const TestFolder folder;
  const Read read = ReadAll(folder.Write(
      "a.csv",
      "a,b\r\n1,\"x, \"\"y\"\"\"\r\n\r\n\"two\nlines\", z \n\n3,\"\"\n,\nlast,12\" vinyl"));
  EXPECT_EQ(read.failure, "");
  EXPECT_EQ(read.header, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(
      read.rows,
      (Rows{{"1", "x, \"y\""}, {"two\nlines", "z"}, {"3", ""}, {"", ""}, {"last", "12\" vinyl"}}));
  EXPECT_EQ(read.lines, (LineNumbers{2, 4, 7, 8, 9}));
}

TEST(CsvReader, ReadsOldLineEndsAndBlanks) {
  const TestFolder folder;
  const Read read = ReadAll(folder.Write("a.csv", "a\r1\r\r2\r"));
  EXPECT_EQ(read.rows, (Rows{{"1"}, {"2"}}));
  EXPECT_EQ(read.lines, (LineNumbers{2, 4}));
  // A line of blanks is an empty line.
  EXPECT_EQ(ReadAll(folder.Write("b.csv", "a,b\n  \n1,2\n")).rows, (Rows{{"1", "2"}}));
}

TEST(CsvReader, LosesNoRowToBlanksBehindAQuote) {
  const TestFolder folder;
  EXPECT_EQ(ReadAll(folder.Write("a.csv", "a,b\n1,\"x\" \n2,\"y\" \n\"3\"\t, z \n")).rows,
            (Rows{{"1", "x"}, {"2", "y"}, {"3", "z"}}));
}

TEST(CsvReader, SkipsTheByteOrderMarkAndTakesOtherDelimiters) {
  const TestFolder folder;
  const Read read = ReadAll(folder.Write("a.csv", "\xef\xbb\xbf a ;b\n1,5;2\n"), ';');
  EXPECT_EQ(read.header, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read.rows, (Rows{{"1,5", "2"}}));
  EXPECT_EQ(ReadAll(folder.Write("b.csv", "a\tb\n1\t\t\n"), '\t').rows, (Rows{{"1", "", ""}}));
}

TEST(CsvReader, ReadsGzipByContent) {
  const TestFolder folder;
  std::string content = "a,b\n";
  for (int i = 0; i < 200'000; ++i) {
    content += std::to_string(i);
    content += ",x\n";
  }
  const Read read = ReadAll(folder.WriteGz("no_ending", content));
  EXPECT_EQ(read.failure, "");
  ASSERT_EQ(read.rows.size(), 200'000U);
  EXPECT_EQ(read.rows.back(), (std::vector<std::string>{"199999", "x"}));
  EXPECT_EQ(read.lines.back(), 200'001U);
}

TEST(CsvReader, TellsOfGzipThatIsCutOrDamaged) {
  const TestFolder folder;
  std::string content = "a,b\n";
  for (int i = 0; i < 50'000; ++i) {
    content += std::to_string(i * 7919);
    content += ",x\n";
  }
  const std::string whole = ReadWhole(folder.WriteGz("whole.gz", content));
  const Read cut = ReadAll(folder.Write("cut.gz", whole.substr(0, whole.size() / 2)));
  EXPECT_NE(cut.failure.find("cut short"), std::string::npos) << cut.failure;
  const Read tail = ReadAll(folder.Write("tail.gz", whole.substr(0, whole.size() - 4)));
  EXPECT_NE(tail.failure.find("cut short"), std::string::npos) << tail.failure;
  std::string damaged = whole;
  damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 1);
  EXPECT_NE(ReadAll(folder.Write("damaged.gz", damaged)).failure, "");
}

TEST(CsvReader, TellsOfFilesThatAreNone) {
  const TestFolder folder;
  EXPECT_NE(ReadAll(folder.path() + "/missing.csv").failure.find("missing.csv"), std::string::npos);
  EXPECT_NE(ReadAll(folder.path()).failure, "");
  EXPECT_NE(ReadAll(folder.Write("empty.csv", "")).failure.find("empty"), std::string::npos);
  EXPECT_NE(ReadAll(folder.Write("latin.csv", "Stra\xdf\x65,b\n1,2\n")).failure.find("UTF-8"),
            std::string::npos);
}

TEST(CsvReader, StopsAtAQuoteThatIsLeftOpen) {
  const TestFolder folder;
  std::string content = "a,b\n1,\"open\n";
  while (content.size() < kMaxCsvRowBytes * 3) content += "2,3\n";
  const Read read = ReadAll(folder.Write("a.csv", content));
  EXPECT_NE(read.failure.find(":2: the row is longer"), std::string::npos) << read.failure;
  EXPECT_TRUE(read.rows.empty());
  std::string wide = "a,b\n";
  wide.append(kMaxCsvRowBytes + 1, ',');
  EXPECT_NE(ReadAll(folder.Write("wide.csv", wide + "\n")).failure, "");
}

TEST(CsvReader, StopsWhenTold) {
  const TestFolder folder;
  auto reader = CsvReader::Open(folder.Write("a.csv", "a\n1\n2\n3\n"), ',');
  ASSERT_TRUE(reader.has_value());
  int rows = 0;
  EXPECT_TRUE(reader->ReadRows([&](const CsvRow&) { return ++rows < 2; }).has_value());
  EXPECT_EQ(rows, 2);
}

TEST(CsvReader, ReadsAPipe) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::thread writer([&ends] {
    for (const std::string_view part : {"a,", "b\n1", ",2\n3,4"}) {
      EXPECT_EQ(write(ends[1], part.data(), part.size()), static_cast<ssize_t>(part.size()));
    }
    close(ends[1]);
  });
  const Read read = ReadAll("/proc/self/fd/" + std::to_string(ends[0]));
  writer.join();
  close(ends[0]);
  EXPECT_EQ(read.rows, (Rows{{"1", "2"}, {"3", "4"}}));
}

TEST(CsvText, StripsTheSpaceOfUnicode) {
  EXPECT_EQ(Strip("  a b\t\n"), "a b");
  EXPECT_EQ(Strip("\xc2\xa0x\xe3\x80\x80"), "x");
  EXPECT_EQ(Strip("\xe2\x80\x83\xe2\x80\x83"), "");
  EXPECT_EQ(Strip("\xc3\xa9"), "\xc3\xa9");
  // Bytes that are no UTF-8 are left to who checks them.
  EXPECT_EQ(Strip("\xa0x\xc2"), "\xa0x\xc2");
  EXPECT_EQ(Strip(""), "");
}

TEST(CsvText, KnowsUtf8) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("plain text that is longer than a word"));
  EXPECT_TRUE(IsUtf8("Gr\xc3\xbc\xc3\x9f\x65 \xf0\x9f\x98\x80"));
  EXPECT_FALSE(IsUtf8("Stra\xdf\x65 that is longer than a word"));
  EXPECT_FALSE(IsUtf8("\xc0\xaf"));          // overlong
  EXPECT_FALSE(IsUtf8("\xed\xa0\x80"));      // a surrogate
  EXPECT_FALSE(IsUtf8("\xf4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(IsUtf8("cut \xe2\x82"));
}

TEST(CsvText, QuotesWhatNeedsIt) {
  std::string line;
  AppendCsvField("plain", &line);
  line += ',';
  AppendCsvField("a \"b\", c", &line);
  EXPECT_EQ(line, "plain,\"a \"\"b\"\", c\"");
}

}  // namespace
}  // namespace kundig::tools
