// The journal in good health: what is appended is read back, after reopening, rolling and cutting.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/journal_files.h"
#include "engine/rocks_journal.h"
#include "tests/engine/journal_folder.h"
#include "tests/engine/stored_bytes.h"

namespace kundig::engine {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() {
    options_.folder = folder_.Below("journal");
    options_.disk_reserve_bytes = 0;
  }

  std::unique_ptr<Journal> Open() {
    Result<std::unique_ptr<Journal>> journal = OpenAt(options_);
    EXPECT_TRUE(journal.has_value()) << journal.error().message;
    return journal ? std::move(*journal) : nullptr;
  }

  TemporaryFolder folder_;
  RocksJournalOptions options_;
};

TEST(Crc32cTest, GivesThePublishedCheckValue) {
  EXPECT_EQ(Crc32c({"123456789"}), 0xe3069283);
  EXPECT_EQ(Crc32c({"1234", "", "56789"}), 0xe3069283);
}

TEST_F(JournalTest, BeginsEmptyAtTheNumberThatItIsGiven) {
  options_.first_number = 501;
  auto journal = Open();
  ExpectRecords(*journal, 501, 500);
  ASSERT_FALSE(AppendNext(*journal, 2));
  ExpectRecords(*journal, 501, 502);
  options_.first_number = 1;  // of no use to a journal that is there
  journal.reset();
  ExpectRecords(*Open(), 501, 502);
}

TEST_F(JournalTest, ReadsBackWhatWasAppendedAlsoAfterReopening) {
  uint64_t last = 0;
  for (int opening = 0; opening < 4; ++opening) {
    auto journal = Open();
    ExpectRecords(*journal, 1, last);
    for (const uint64_t group : {uint64_t{1}, uint64_t{5}, uint64_t{2}}) {
      ASSERT_FALSE(AppendNext(*journal, group));
      last += group;
      EXPECT_EQ(journal->durable(), last);
    }
    ExpectRecords(*journal, 1, last);
  }
}

TEST_F(JournalTest, ReadsFromAnyNumber) {
  auto journal = Open();
  for (int i = 0; i < 3; ++i) {
    ASSERT_FALSE(AppendNext(*journal, 4));
    ASSERT_FALSE(journal->Roll());
  }
  for (uint64_t from = 1; from <= 13; ++from) {
    std::vector<uint64_t> numbers;
    const auto error = journal->Read(from, [&](uint64_t number, std::string_view payload) {
      EXPECT_EQ(payload, PayloadOf(number));
      numbers.push_back(number);
      return std::optional<Error>();
    });
    EXPECT_FALSE(error);
    ASSERT_EQ(numbers.size(), 13 - from);
    for (size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], from + i);
  }
}

TEST_F(JournalTest, EndsReadingWithTheReadersError) {
  auto journal = Open();
  ASSERT_FALSE(AppendNext(*journal, 3));
  uint64_t calls = 0;
  const auto error = journal->Read(1, [&](uint64_t, std::string_view) -> std::optional<Error> {
    if (++calls < 2) return std::nullopt;
    return Error{.code = ErrorCode::kSyntax, .message = "enough", .field = {}, .position = {}};
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kSyntax);
  EXPECT_EQ(calls, 2u);
}

TEST_F(JournalTest, KeepsEmptyAndLargeRecords) {
  auto journal = Open();
  const std::string large(3 << 20, 'x');
  const std::vector<std::string_view> group = {"", large, ""};
  ASSERT_FALSE(journal->Append(group));
  journal.reset();
  journal = Open();
  std::vector<std::string> read;
  ASSERT_FALSE(journal->Read(1, [&](uint64_t, std::string_view payload) {
    read.emplace_back(payload);
    return std::optional<Error>();
  }));
  EXPECT_THAT(read, ::testing::ElementsAre("", large, ""));
}

TEST_F(JournalTest, RefusesAGroupBeyondTheLimitAndGoesOn) {
  auto journal = Open();
  const std::string piece(64 << 20, 'x');
  const std::vector<std::string_view> group(kMaxJournalGroupBytes / piece.size() + 1, piece);
  const auto error = journal->Append(group);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(error->field, "journal.group_bytes_max");
  ASSERT_FALSE(AppendNext(*journal, 1));
  ExpectRecords(*journal, 1, 1);
}

TEST_F(JournalTest, CutsWholeSegmentsWithEveryByteOfTheirRecords) {
  constexpr std::string_view kId = "customer-to-be-forgotten";
  auto journal = Open();
  const std::vector<std::string_view> group = {kId};
  ASSERT_FALSE(journal->Append(group));
  ASSERT_FALSE(journal->Roll());
  ASSERT_FALSE(AppendNext(*journal, 2));
  EXPECT_TRUE(HasBytes(options_.folder, kId));
  const uint64_t before = journal->bytes_on_disk();
  ASSERT_FALSE(journal->CutThrough(1));
  EXPECT_FALSE(HasBytes(options_.folder, kId));
  EXPECT_LT(journal->bytes_on_disk(), before);
  EXPECT_EQ(journal->first(), 2u);
  const auto error =
      journal->Read(1, [](uint64_t, std::string_view) { return std::optional<Error>(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kInvalidValue);
  ASSERT_FALSE(journal->CutThrough(2));  // in the middle of the segment that is written: it stays
  EXPECT_EQ(journal->first(), 2u);
  journal.reset();
  journal = Open();
  EXPECT_EQ(journal->first(), 2u);
  EXPECT_EQ(journal->last(), 3u);
}

TEST_F(JournalTest, KnowsItsNumberWhenEverythingWasCut) {
  auto journal = Open();
  ASSERT_FALSE(AppendNext(*journal, 7));
  ASSERT_FALSE(journal->Roll());
  ASSERT_FALSE(journal->Roll());  // nothing to begin anew
  ASSERT_FALSE(journal->CutThrough(7));
  for (int opening = 0; opening < 3; ++opening) {
    EXPECT_EQ(journal->first(), 8u);
    EXPECT_EQ(journal->last(), 7u);
    journal.reset();
    journal = Open();
  }
  ASSERT_FALSE(AppendNext(*journal, 1));
  ExpectRecords(*journal, 8, 8);
}

TEST_F(JournalTest, LeavesNoFoldersBehindWhenOpenedOften) {
  for (int opening = 0; opening < 5; ++opening) Open();
  uint64_t folders = 0;
  for (const auto& entry : std::filesystem::directory_iterator(options_.folder)) {
    folders += entry.is_directory() ? 1 : 0;
  }
  EXPECT_EQ(folders, 1u);
}

TEST_F(JournalTest, IsDurableThroughTheLastSyncWhereItIsSyncedInIntervals) {
  options_.sync_every_append = false;
  auto journal = Open();
  ASSERT_FALSE(AppendNext(*journal, 3));
  EXPECT_EQ(journal->last(), 3u);
  EXPECT_EQ(journal->durable(), 0u);
  ASSERT_FALSE(journal->Sync());
  EXPECT_EQ(journal->durable(), 3u);
  ASSERT_FALSE(AppendNext(*journal, 1));
  ASSERT_FALSE(journal->Roll());  // what is behind is finished
  EXPECT_EQ(journal->durable(), 4u);
  ASSERT_FALSE(AppendNext(*journal, 1));
  journal.reset();
  ExpectRecords(*Open(), 1, 5);  // the process ended, the kernel did not
}

TEST_F(JournalTest, SpansTheFilesOfASegmentThatOutgrowsItsBuffer) {
  options_.write_buffer_bytes = 64 << 10;
  constexpr size_t kBytesMax = 4000;
  auto journal = Open();
  for (int i = 0; i < 100; ++i) ASSERT_FALSE(AppendNext(*journal, 3, kBytesMax));
  ExpectRecords(*journal, 1, 300, kBytesMax);
  journal.reset();
  const auto files = FilesBelow(options_.folder);
  EXPECT_TRUE(std::any_of(files.begin(), files.end(),
                          [](const auto& file) { return file.extension() == ".sst"; }));
  ExpectRecords(*Open(), 1, 300, kBytesMax);
}

TEST_F(JournalTest, NamesANewerFormatOfItsMark) {
  ASSERT_FALSE(AppendNext(*Open(), 1));
  const std::string mark = options_.folder + "/mark";
  std::string content = Content(mark);
  content[0] = content[512] = 99;  // the version, in both slots
  Overwrite(mark, content);
  const auto opened = OpenAt(options_);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kNewerFormat);
}

// What RocksDB's own checksums cannot see: values that were stored in sound files but are wrong.
TEST_F(JournalTest, ChecksEveryStoredValueForItself) {
  ASSERT_FALSE(AppendNext(*Open(), 3));
  const std::string segment = options_.folder + "/00000000000000000001";
  const auto key_of = [](char number) { return std::string(7, '\0') + number; };
  const auto change = [&](const auto& how) {
    rocksdb::Options options;
    rocksdb::DB* opened = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, segment, &opened).ok());
    const std::unique_ptr<rocksdb::DB> rocks(opened);
    how(*rocks);
  };
  const auto read_error = [&] {
    const auto journal = Open();
    const ReadBack read = ReadAll(*journal);
    EXPECT_TRUE(read.right);
    return read.error ? read.error->code : ErrorCode::kSyntax;
  };
  std::string second, third;
  change([&](rocksdb::DB& rocks) {
    ASSERT_TRUE(rocks.Get({}, key_of(2), &second).ok());
    ASSERT_TRUE(rocks.Get({}, key_of(3), &third).ok());
  });
  const auto put_second = [&](const std::string& value) {
    change([&](rocksdb::DB& rocks) { ASSERT_TRUE(rocks.Put({}, key_of(2), value).ok()); });
  };
  put_second(third);
  EXPECT_EQ(read_error(), ErrorCode::kDamaged);  // sound, but another record
  put_second(second.substr(0, second.size() - 1));
  EXPECT_EQ(read_error(), ErrorCode::kDamaged);
  put_second("");
  EXPECT_EQ(read_error(), ErrorCode::kDamaged);
  put_second("\x02" + second.substr(1));
  EXPECT_EQ(read_error(), ErrorCode::kNewerFormat);
  change([&](rocksdb::DB& rocks) { ASSERT_TRUE(rocks.Delete({}, key_of(2)).ok()); });
  EXPECT_EQ(read_error(), ErrorCode::kDamaged);
  put_second(second);
  ExpectRecords(*Open(), 1, 3);
}

TEST_F(JournalTest, IsReadRolledAndCutWhileItIsAppendedTo) {
  auto journal = Open();
  const uint64_t groups = LongForm() ? 3000 : 150;
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const uint64_t from = journal->first();
      uint64_t next = from;
      const auto error = journal->Read(from, [&](uint64_t number, std::string_view payload) {
        EXPECT_EQ(number, next++);
        EXPECT_EQ(payload, PayloadOf(number));
        return std::optional<Error>();
      });
      // What was cut between the two calls is named as such, and nothing else goes wrong.
      if (error) {
        EXPECT_EQ(error->code, ErrorCode::kInvalidValue) << error->message;
      }
    }
  });
  std::thread roller([&] {
    while (!done) {
      EXPECT_FALSE(journal->Roll());
      const uint64_t last = journal->last();
      if (last > 40) {
        EXPECT_FALSE(journal->CutThrough(last - 40));
      }
    }
  });
  // Until something was cut, however late the other thread came to run.
  for (uint64_t i = 0; i < groups || journal->first() == 1; ++i) {
    EXPECT_FALSE(AppendNext(*journal, 1 + i % 4));
  }
  done = true;
  reader.join();
  roller.join();
  const uint64_t first = journal->first(), last = journal->last();
  journal.reset();
  ExpectRecords(*Open(), first, last);
}

}  // namespace
}  // namespace kundig::engine
