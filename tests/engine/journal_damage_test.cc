// A journal whose files were cut or changed behind its back: it opens whole, or as the prefix that
// was never promised to be longer, or it says what is wrong. It never gives fewer records than were
// acknowledged, and never others.
//
// KUNDIG_LONG_TESTS=1 flips every bit instead of one bit of every byte.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "engine/journal_files.h"
#include "engine/journal_mark.h"
#include "engine/rocks_journal.h"
#include "tests/engine/journal_folder.h"
#include "tests/eventually.h"

namespace kundig::engine {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class JournalDamageTest : public ::testing::Test {
 protected:
  JournalDamageTest() {
    options_.folder = folder_.Below("journal");
    options_.disk_reserve_bytes = 0;
  }

  // Each group a record, so that each is acknowledged for itself; closed as a killed process would
  // leave it, but for the log's size, which only a living one could make longer.
  void Write(uint64_t records, size_t bytes_max = 60) {
    auto journal = OpenAt(options_);
    ASSERT_TRUE(journal.has_value()) << journal.error().message;
    for (uint64_t i = 0; i < records; ++i) ASSERT_FALSE(AppendNext(**journal, 1, bytes_max));
  }

  // What a loss of power leaves of the mark, at worst: what was synced last.
  void MarkAt(uint64_t number, const std::string& folder) {
    const JournalFiles files(rocksdb::Env::Default());
    Result<JournalMark> mark = JournalMark::Open(files, folder);
    ASSERT_TRUE(mark.has_value());
    JournalMark::Numbers numbers = mark->numbers();
    numbers.synced_through = number;
    ASSERT_FALSE(mark->Write(numbers));
    ASSERT_FALSE(mark->Write(numbers));
  }

  fs::path Newest(std::string_view extension) const {
    fs::path newest;
    for (const fs::path& file : FilesBelow(options_.folder)) {
      if (file.extension() == extension && fs::file_size(file) > 0) newest = file;
    }
    return newest;
  }

  std::ptrdiff_t LogsOpen() const {
    const std::vector<fs::path> files = FilesBelow(options_.folder);
    return std::count_if(files.begin(), files.end(),
                         [](const fs::path& file) { return file.extension() == ".log"; });
  }

  // The journal of a damaged copy: all `last` records, or an error that says so.
  void ExpectWholeOrRefused(uint64_t last, const std::string& what, uint64_t* refused,
                            size_t bytes_max = 60) {
    const auto journal = OpenAt(options_);
    if (!journal) {
      ++*refused;
      EXPECT_THAT(static_cast<int>(journal.error().code),
                  ::testing::AnyOf(static_cast<int>(ErrorCode::kDamaged),
                                   static_cast<int>(ErrorCode::kNewerFormat),
                                   static_cast<int>(ErrorCode::kStorageFailed)))
          << what;
      EXPECT_FALSE(journal.error().message.empty());
      return;
    }
    const ReadBack read = ReadAll(**journal, bytes_max);
    EXPECT_TRUE(read.right) << what;
    if (read.error) {
      ++*refused;
      return;
    }
    EXPECT_EQ(read.first, 1u) << what;
    EXPECT_EQ(read.count, last) << what;
  }

  // Changes each byte of each file that matters, one at a time.
  void FlipEverywhere(uint64_t last, size_t bytes_max) {
    const std::string sound = folder_.Below("sound");
    CopyFolder(options_.folder, sound);
    const int bits = LongForm() ? 8 : 1;
    uint64_t flips = 0, refused = 0;
    for (const fs::path& file : FilesBelow(sound)) {
      const fs::path place = options_.folder / fs::relative(file, sound);
      const std::string content = Content(file);
      // RocksDB never reads its options and identity back, and the mark is mostly padding.
      const std::string name = file.filename();
      const bool dense = LongForm() || (name != "mark" && name != "IDENTITY" &&
                                        name.find("OPTIONS") == std::string::npos);
      for (size_t at = 0; at < content.size();
           at += dense || (name == "mark" && at % 512 < 32) ? 1 : 97) {
        for (int bit = 0; bit < bits; ++bit) {
          CopyFolder(sound, options_.folder);
          std::string changed = content;
          changed[at] = static_cast<char>(changed[at] ^ (1 << (bits == 1 ? at % 8 : size_t(bit))));
          Overwrite(place, changed);
          ++flips;
          ExpectWholeOrRefused(last, place.string() + " byte " + std::to_string(at), &refused,
                               bytes_max);
          if (HasFailure()) return;
        }
      }
    }
    EXPECT_GT(refused, last);  // the records' own bytes at least
    RecordProperty("flips", std::to_string(flips));
    RecordProperty("refused", std::to_string(refused));
  }

  TemporaryFolder folder_;
  RocksJournalOptions options_;
};

TEST_F(JournalDamageTest, RefusesALogCutBelowTheMarkAndOpensWhatWasNeverAcknowledged) {
  constexpr uint64_t kRecords = 8, kLastThree = 3;
  // The log's size after each record.
  std::vector<uintmax_t> ends;
  {
    auto journal = OpenAt(options_);
    ASSERT_TRUE(journal.has_value());
    for (uint64_t i = 0; i < kRecords; ++i) {
      ASSERT_FALSE(AppendNext(**journal, 1, 4));
      ends.push_back(fs::file_size(Newest(".log")));
    }
  }
  const fs::path log = Newest(".log");
  const std::string content = Content(log), sound = folder_.Below("sound");
  CopyFolder(options_.folder, sound);
  for (uintmax_t size = ends[kRecords - 1 - kLastThree]; size < ends.back(); ++size) {
    const auto whole = static_cast<uint64_t>(
        std::count_if(ends.begin(), ends.end(), [&](uintmax_t end) { return end <= size; }));
    const auto cut = [&] {
      CopyFolder(sound, options_.folder);
      fs::resize_file(log, size);
    };
    cut();
    auto journal = OpenAt(options_);
    ASSERT_FALSE(journal.has_value()) << size;
    EXPECT_EQ(journal.error().code, ErrorCode::kDamaged);
    EXPECT_THAT(journal.error().message, HasSubstr("ecord"));
    EXPECT_THAT(journal.error().message, HasSubstr(std::to_string(whole + 1)));

    cut();
    MarkAt(whole, options_.folder);
    journal = OpenAt(options_);
    ASSERT_TRUE(journal.has_value()) << size << ": " << journal.error().message;
    ExpectRecords(**journal, 1, whole, 4);
    if (size % 8 != 0 && !LongForm()) continue;
    // And it goes on from there, also after it was closed.
    ASSERT_FALSE(AppendNext(**journal, 1, 4));
    journal = OpenAt(options_);
    ASSERT_TRUE(journal.has_value());
    ExpectRecords(**journal, 1, whole + 1, 4);
  }
}

TEST_F(JournalDamageTest, OpensWhatIsLeftWhereTheLossIsAccepted) {
  Write(6);
  const fs::path log = Newest(".log");
  fs::resize_file(log, fs::file_size(log) - 1);
  ASSERT_FALSE(OpenAt(options_).has_value());
  ASSERT_FALSE(OpenAt(options_).has_value());  // refusing changes nothing
  options_.accept_lost_tail = true;
  JournalRecovery recovery;
  {
    const auto journal = OpenRocksJournal(options_, &recovery);
    ASSERT_TRUE(journal.has_value()) << journal.error().message;
    EXPECT_EQ(recovery.lost_records, 1u);
    ExpectRecords(**journal, 1, 5);
    ASSERT_FALSE(AppendNext(**journal, 1));
  }
  options_.accept_lost_tail = false;
  const auto journal = OpenRocksJournal(options_, &recovery);
  ASSERT_TRUE(journal.has_value()) << journal.error().message;
  EXPECT_EQ(recovery.lost_records, 0u);
  ExpectRecords(**journal, 1, 6);
}

// Sectors of a group that was being written when the power went may reach the disk in any order.
TEST_F(JournalDamageTest, TakesAHoleInTheLastGroupForItsTornTailAndRefusesOneBeforeIt) {
  constexpr size_t kBytesMax = 100'000;
  std::vector<uintmax_t> ends;
  {
    auto journal = OpenAt(options_);
    ASSERT_TRUE(journal.has_value());
    for (int i = 0; i < 6; ++i) {
      ASSERT_FALSE(AppendNext(**journal, 4, kBytesMax));
      ends.push_back(fs::file_size(Newest(".log")));
    }
  }
  const fs::path log = Newest(".log");
  const std::string content = Content(log), sound = folder_.Below("sound");
  CopyFolder(options_.folder, sound);
  const auto with_hole = [&](uintmax_t from, size_t bytes) {
    CopyFolder(sound, options_.folder);
    std::string changed = content;
    changed.replace(static_cast<size_t>(from), bytes, bytes, '\0');
    Overwrite(log, changed);
    MarkAt(0, options_.folder);
  };
  constexpr size_t kSector = 512;
  const size_t step = LongForm() ? kSector : 24 * kSector;
  for (uintmax_t at = (ends[4] / kSector + 1) * kSector; at + kSector < ends[5]; at += step) {
    with_hole(at, kSector);
    JournalRecovery recovery;
    const auto journal = OpenRocksJournal(options_, &recovery);
    ASSERT_TRUE(journal.has_value()) << at << ": " << journal.error().message;
    EXPECT_TRUE(recovery.tail_torn);
    ExpectRecords(**journal, 1, 20, kBytesMax);
  }
  for (uintmax_t at = ends[1] + kSector; at + kSector < ends[3]; at += step) {
    with_hole(at, kSector);
    const auto journal = OpenAt(options_);
    ASSERT_FALSE(journal.has_value()) << at;
    EXPECT_EQ(journal.error().code, ErrorCode::kDamaged);
  }
}

TEST_F(JournalDamageTest, DetectsEveryChangedByteOfItsLogs) {
  Write(5, 4);
  FlipEverywhere(5, 4);
}

TEST_F(JournalDamageTest, DetectsEveryChangedByteOfItsTables) {
  options_.write_buffer_bytes = 64 << 10;
  // Records until the buffer went into a table; those in the log count as well.
  uint64_t records = 0;
  {
    auto journal = OpenAt(options_);
    ASSERT_TRUE(journal.has_value());
    const std::string filler(60 << 10, 'x');
    const std::vector<std::string_view> group = {filler};
    while (Newest(".sst").empty() && records < 100) {
      ASSERT_FALSE((*journal)->Append(group));
      ++records;
    }
    // Closing gives up a table that is still being written; a log goes when its table is whole.
    ASSERT_TRUE(Eventually([&] { return LogsOpen() == 1; }));
  }
  const fs::path table = Newest(".sst");
  const std::string content = Content(table), sound = folder_.Below("sound");
  CopyFolder(options_.folder, sound);
  // The filler's bytes are alike: few of them, and more of the index and footer at the end.
  const size_t dense_from = content.size() - 1500;
  const auto step = [&](size_t at) { return LongForm() ? size_t{1} : at < dense_from ? 1009 : 3; };
  uint64_t refused = 0, flips = 0;
  for (size_t at = 0; at < content.size(); at += step(at)) {
    CopyFolder(sound, options_.folder);
    std::string changed = content;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    Overwrite(table, changed);
    ++flips;
    const auto journal = OpenAt(options_);
    if (!journal) {
      ++refused;
      continue;
    }
    uint64_t count = 0;
    const auto error = (*journal)->Read(1, [&](uint64_t number, std::string_view payload) {
      EXPECT_EQ(number, ++count);
      EXPECT_EQ(payload, std::string(60 << 10, 'x'));
      return std::optional<Error>();
    });
    if (error) {
      ++refused;
    } else {
      ASSERT_EQ(count, records) << at;
    }
  }
  EXPECT_GT(refused, flips / 4);
}

TEST_F(JournalDamageTest, MissesASegmentThatIsGone) {
  for (int i = 0; i < 3; ++i) Write(2);
  const std::string sound = folder_.Below("sound");
  CopyFolder(options_.folder, sound);
  std::set<fs::path> segments;
  for (const auto& entry : fs::directory_iterator(sound)) {
    if (entry.is_directory()) segments.insert(entry.path().filename());
  }
  ASSERT_EQ(segments.size(), 3u);
  uint64_t first_missing = 1;
  for (const fs::path& segment : segments) {
    CopyFolder(sound, options_.folder);
    fs::remove_all(options_.folder / segment);
    const auto journal = OpenAt(options_);
    ASSERT_FALSE(journal.has_value()) << segment;
    EXPECT_EQ(journal.error().code, ErrorCode::kDamaged);
    EXPECT_THAT(journal.error().message, HasSubstr("Records " + std::to_string(first_missing) +
                                                   " to " + std::to_string(first_missing + 1)));
    first_missing += 2;
  }
}

TEST_F(JournalDamageTest, MissesItsMark) {
  Write(3);
  fs::remove(options_.folder + "/mark");
  auto journal = OpenAt(options_);
  ASSERT_FALSE(journal.has_value());
  EXPECT_EQ(journal.error().code, ErrorCode::kDamaged);
  options_.accept_lost_tail = true;
  journal = OpenAt(options_);
  ASSERT_TRUE(journal.has_value());
  ExpectRecords(**journal, 1, 3);
}

TEST_F(JournalDamageTest, FinishesACutThatWasInterrupted) {
  for (int i = 0; i < 3; ++i) Write(2);
  // The mark was written, and of the two segments to go one was renamed, the other not yet.
  {
    const JournalFiles files(rocksdb::Env::Default());
    Result<JournalMark> mark = JournalMark::Open(files, options_.folder);
    ASSERT_TRUE(mark.has_value());
    JournalMark::Numbers numbers = mark->numbers();
    numbers.cut_through = 4;
    ASSERT_FALSE(mark->Write(numbers));
  }
  const std::string first = options_.folder + "/00000000000000000001";
  fs::rename(first, first + ".removed");
  const auto journal = OpenAt(options_);
  ASSERT_TRUE(journal.has_value()) << journal.error().message;
  ExpectRecords(**journal, 5, 6);
  EXPECT_FALSE(fs::exists(first + ".removed"));
  EXPECT_FALSE(fs::exists(options_.folder + "/00000000000000000003"));
}

TEST_F(JournalDamageTest, RemovesASegmentThatNeverBegan) {
  Write(2);
  fs::create_directory(options_.folder + "/00000000000000000003");
  Overwrite(options_.folder + "/00000000000000000003/MANIFEST-000001", "not much");
  const auto journal = OpenAt(options_);
  ASSERT_TRUE(journal.has_value()) << journal.error().message;
  ExpectRecords(**journal, 1, 2);
}

}  // namespace
}  // namespace kundig::engine
