// A journal beside a snapshot: what the snapshot covers may be damaged or missing, and is told;
// what came after it may not. Judging changes nothing, and the files of one journal are told from
// those of another.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/journal_files.h"
#include "engine/rocks_journal.h"
#include "tests/engine/folder_state.h"
#include "tests/engine/journal_folder.h"

namespace kundig::engine {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class JournalBelowTest : public ::testing::Test {
 protected:
  JournalBelowTest() {
    options_.folder = folder_.Below("journal");
    options_.disk_reserve_bytes = 0;
  }

  // A segment with two records, each acknowledged for itself.
  void WriteSegment() { WriteSegmentTo(options_.folder); }
  void WriteSegmentTo(const std::string& folder) {
    RocksJournalOptions options = options_;
    options.folder = folder;
    auto journal = OpenAt(options);
    ASSERT_TRUE(journal.has_value()) << journal.error().message;
    for (int i = 0; i < 2; ++i) ASSERT_FALSE(AppendNext(**journal, 1));
  }

  fs::path Segment(uint64_t number) const {
    const std::string digits = std::to_string(number);
    return fs::path(options_.folder) / (std::string(20 - digits.size(), '0') + digits);
  }
  static fs::path LogOf(const fs::path& segment) {
    for (const fs::path& file : FilesBelow(segment)) {
      if (file.extension() == ".log" && fs::file_size(file) > 0) return file;
    }
    return {};
  }
  static void Flip(const fs::path& file, size_t at) {
    std::string content = Content(file);
    ASSERT_LT(at, content.size());
    content[at] = static_cast<char>(content[at] ^ 1);
    Overwrite(file, content);
  }

  // Refuses, and leaves everything as it lies.
  Error ExpectRefused() {
    const FolderState before = StateOf(folder_.path());
    JournalRecovery recovery;
    const auto journal = OpenRocksJournal(options_, &recovery);
    EXPECT_FALSE(journal.has_value());
    EXPECT_EQ(StateOf(folder_.path()), before);
    if (journal) return {};
    EXPECT_EQ(journal.error().code, ErrorCode::kDamaged) << journal.error().message;
    EXPECT_THAT(journal.error().message, HasSubstr("restore a backup"));
    return journal.error();
  }
  // Opens with what was not needed told, and with these records.
  void ExpectOpens(uint64_t first, uint64_t last, bool told) {
    JournalRecovery recovery;
    const auto journal = OpenRocksJournal(options_, &recovery);
    ASSERT_TRUE(journal.has_value()) << journal.error().message;
    EXPECT_EQ(!recovery.damaged_below.empty(), told);
    ExpectRecords(**journal, first, last);
  }
  uint64_t SetAside() const {
    uint64_t folders = 0;
    for (const auto& entry : fs::directory_iterator(options_.folder)) {
      folders += entry.path().extension() == kSetAside ? 1 : 0;
    }
    return folders;
  }

  TemporaryFolder folder_;
  RocksJournalOptions options_;
};

using Damage = std::function<void(const fs::path& segment)>;

std::vector<std::pair<std::string, Damage>> Damages() {
  const auto change = [](const fs::path& file, size_t at) {
    std::string content = Content(file);
    content[at] = static_cast<char>(content[at] ^ 1);
    Overwrite(file, content);
  };
  const auto file_of = [](const fs::path& segment, std::string_view part) {
    for (const fs::path& file : FilesBelow(segment)) {
      if (file.string().find(part) != std::string::npos && fs::file_size(file) > 0) return file;
    }
    return fs::path();
  };
  return {
      {"a changed log", [=](const fs::path& s) { change(file_of(s, ".log"), 20); }},
      {"an emptied log", [=](const fs::path& s) { fs::resize_file(file_of(s, ".log"), 0); }},
      {"a shorter log", [=](const fs::path& s) { fs::resize_file(file_of(s, ".log"), 40); }},
      {"no CURRENT", [](const fs::path& s) { fs::remove(s / "CURRENT"); }},
      {"a changed CURRENT", [=](const fs::path& s) { change(s / "CURRENT", 12); }},
      {"no MANIFEST", [=](const fs::path& s) { fs::remove(file_of(s, "MANIFEST")); }},
      {"a changed MANIFEST", [=](const fs::path& s) { change(file_of(s, "MANIFEST"), 9); }},
      {"no folder", [](const fs::path& s) { fs::remove_all(s); }},
  };
}

TEST_F(JournalBelowTest, AJournalThatMustExistIsNotMadeAnew) {
  options_.must_exist = true;
  options_.first_number = 8;
  EXPECT_THAT(ExpectRefused().message, HasSubstr("is missing"));
  fs::create_directory(options_.folder);
  EXPECT_THAT(ExpectRefused().message, HasSubstr("is empty"));
  options_.accept_lost_tail = true;
  JournalRecovery recovery;
  ASSERT_TRUE(OpenRocksJournal(options_, &recovery).has_value());
  EXPECT_THAT(recovery.unknown_loss, HasSubstr("everything after record 7 is lost"));
  ASSERT_TRUE(OpenRocksJournal(options_, &(recovery = {})).has_value());
  EXPECT_EQ(recovery.unknown_loss, "");
  ExpectOpens(8, 7, false);
}

// Of a log that is damaged at its front no record is left, but the bytes are.
TEST_F(JournalBelowTest, DamageAtTheFrontOfALogRemovesNoEvidence) {
  for (const size_t at : {size_t{20}, size_t{60}}) {
    fs::remove_all(options_.folder);
    for (int i = 0; i < 2; ++i) WriteSegment();
    Flip(LogOf(Segment(1)), at);
    options_.first_number = 3;  // the snapshot covers it
    ExpectOpens(3, 4, true);
    EXPECT_EQ(SetAside(), 1u);

    options_.first_number = 1;
    fs::remove_all(options_.folder);
    WriteSegment();
    options_.accept_lost_tail = true;
    for (uint64_t time = 1; time <= 2; ++time) {
      WriteSegment();
      Flip(LogOf(Segment(3)), at);
      JournalRecovery recovery;
      const auto journal = OpenRocksJournal(options_, &recovery);
      ASSERT_TRUE(journal.has_value()) << journal.error().message;
      EXPECT_EQ(recovery.lost_records, 2u);
      EXPECT_FALSE(recovery.tail_torn);
      ExpectRecords(**journal, 1, 2);
      EXPECT_EQ(SetAside(), time);
    }
    options_.accept_lost_tail = false;
  }
}

TEST_F(JournalBelowTest, DamageInALongRecordNamesItsLogAndMayBeAccepted) {
  WriteSegment();
  {
    auto journal = OpenAt(options_);
    ASSERT_TRUE(journal.has_value());
    const std::string record(100'000, 'x');  // of several blocks of the log
    const std::vector<std::string_view> group = {record};
    ASSERT_FALSE((*journal)->Append(group));
  }
  Flip(LogOf(Segment(3)), 60'000);
  const Error refused = ExpectRefused();
  EXPECT_THAT(refused.message, HasSubstr(LogOf(Segment(3)).string()));
  EXPECT_THAT(refused.message, HasSubstr("--lost-tail accept"));
  options_.accept_lost_tail = true;
  JournalRecovery recovery;
  const auto journal = OpenRocksJournal(options_, &recovery);
  ASSERT_TRUE(journal.has_value()) << journal.error().message;
  EXPECT_EQ(recovery.lost_records, 1u);
  EXPECT_FALSE(recovery.tail_torn);
  ExpectRecords(**journal, 1, 2);
  EXPECT_EQ(SetAside(), 1u);
}

// Records behind damage were acknowledged, whether or not the mark can tell.
TEST_F(JournalBelowTest, CountsWhatLiesBehindDamageAsLostAlsoWithoutAMark) {
  {
    auto journal = OpenAt(options_);
    ASSERT_TRUE(journal.has_value());
    const std::string record(40'000, 'x');  // more than a block of the log
    const std::vector<std::string_view> group = {record};
    for (int i = 0; i < 3; ++i) ASSERT_FALSE((*journal)->Append(group));
  }
  fs::remove(options_.folder + "/mark");
  Flip(LogOf(Segment(1)), 60);
  options_.accept_lost_tail = true;
  JournalRecovery recovery;
  ASSERT_TRUE(OpenRocksJournal(options_, &recovery).has_value());
  EXPECT_THAT(recovery.unknown_loss, HasSubstr("mark"));
  EXPECT_EQ(recovery.lost_records, 3u);
  EXPECT_FALSE(recovery.tail_torn);
}

TEST_F(JournalBelowTest, DamageInWhatIsNotNeededIsToldAndSetAside) {
  for (int i = 0; i < 3; ++i) WriteSegment();
  const std::string sound = folder_.Below("sound");
  CopyFolder(options_.folder, sound);
  for (const auto& [what, damage] : Damages()) {
    for (const uint64_t number : {1u, 3u}) {
      SCOPED_TRACE(what + " in segment " + std::to_string(number));
      CopyFolder(sound, options_.folder);
      damage(Segment(number));
      // A hole before what is needed is no tail, and cannot be accepted.
      for (const bool accept : {false, true}) {
        options_.first_number = 1;
        options_.accept_lost_tail = accept;
        const std::string message = ExpectRefused().message;
        if (what != "no folder") {
          EXPECT_THAT(message, HasSubstr(Segment(number)));
        }
      }
      options_.accept_lost_tail = false;
      options_.first_number = 5;
      // What lies behind the damage is kept as long as nothing is missing in it.
      const uint64_t first = number == 1 ? 3 : 5;
      ExpectOpens(first, 6, true);
      if (HasFailure()) return;
      ExpectOpens(first, 6, false);  // told once
      auto journal = OpenAt(options_);
      ASSERT_TRUE(journal.has_value());
      ASSERT_FALSE((*journal)->CutThrough(4));
      EXPECT_EQ(SetAside(), 0u);
      ExpectRecords(**journal, 5, 6);
    }
  }
}

TEST_F(JournalBelowTest, DamageAtTheEndIsHarmlessWhereASnapshotCoversIt) {
  for (int i = 0; i < 2; ++i) WriteSegment();
  const std::string sound = folder_.Below("sound");
  CopyFolder(options_.folder, sound);
  for (const auto& [what, damage] : Damages()) {
    SCOPED_TRACE(what);
    CopyFolder(sound, options_.folder);
    damage(Segment(3));
    options_.first_number = 4;
    const std::string message = ExpectRefused().message;
    EXPECT_THAT(message, HasSubstr("Record 4 of the journal"));
    EXPECT_THAT(message, HasSubstr("--lost-tail accept"));
    // A segment that is gone can only be named by the one before it.
    EXPECT_THAT(message, HasSubstr(Segment(what == "no folder" ? 1 : 3)));

    options_.first_number = 5;
    ExpectOpens(5, 4, true);
    if (HasFailure()) return;
    {
      auto journal = OpenAt(options_);
      ASSERT_TRUE(journal.has_value());
      ASSERT_FALSE(AppendNext(**journal, 1));
    }
    ExpectOpens(5, 5, false);

    // Accepted, only what no snapshot has is lost.
    CopyFolder(sound, options_.folder);
    damage(Segment(3));
    options_.first_number = 4;
    options_.accept_lost_tail = true;
    JournalRecovery recovery;
    const auto journal = OpenRocksJournal(options_, &recovery);
    ASSERT_TRUE(journal.has_value()) << journal.error().message;
    EXPECT_EQ(recovery.lost_records, 1u);
    EXPECT_EQ((*journal)->last(), 3u);
    options_.accept_lost_tail = false;
  }
}

TEST_F(JournalBelowTest, LosesNothingWithItsMarkWhereNothingIsLeft) {
  WriteSegment();
  {
    auto journal = OpenAt(options_);
    ASSERT_TRUE(journal.has_value());
    ASSERT_FALSE((*journal)->CutThrough(2));
  }
  fs::remove(options_.folder + "/mark");
  options_.first_number = 3;
  options_.must_exist = true;
  EXPECT_THAT(ExpectRefused().message, HasSubstr("--lost-tail accept"));
  options_.accept_lost_tail = true;
  ExpectOpens(3, 2, false);
}

TEST_F(JournalBelowTest, AJournalOlderThanItsSnapshotIsRefused) {
  WriteSegment();
  options_.first_number = 10;
  EXPECT_THAT(ExpectRefused().message, HasSubstr("ends with record 2"));
  options_.accept_lost_tail = true;
  ExpectOpens(10, 9, true);
}

TEST_F(JournalBelowTest, KnowsASegmentOfAnotherJournal) {
  const std::string other = folder_.Below("other"), sound = folder_.Below("sound");
  for (int i = 0; i < 3; ++i) {
    WriteSegment();
    WriteSegmentTo(other);
  }
  CopyFolder(options_.folder, sound);
  CopyFolder(fs::path(other) / Segment(3).filename(), Segment(3));
  const Error refused = ExpectRefused();
  EXPECT_THAT(refused.message, HasSubstr("another journal"));
  EXPECT_THAT(refused.message, HasSubstr(Segment(3)));
  options_.first_number = 5;
  ExpectOpens(5, 6, true);

  options_.first_number = 1;
  CopyFolder(sound, options_.folder);
  fs::copy_file(other + "/mark", options_.folder + "/mark", fs::copy_options::overwrite_existing);
  EXPECT_THAT(ExpectRefused().message, HasSubstr("another journal"));
  // A copy of the whole is the same journal.
  CopyFolder(other, options_.folder);
  ExpectOpens(1, 6, false);
}

TEST_F(JournalBelowTest, OpensAJournalOfBeforeThereWereIdentities) {
  WriteSegment();
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open({}, Segment(1), &opened).ok());
  {
    const std::unique_ptr<rocksdb::DB> rocks(opened);
    ASSERT_TRUE(rocks->Delete({}, std::string(8, '\0')).ok());
  }
  std::string format, body, slot;
  PutFixed(1, 4, &format);
  for (const uint64_t number : {4u, 0u, 2u}) PutFixed(number, 8, &body);
  PutFixed(Crc32c({format, body}), 4, &slot);
  slot = format + slot + body;
  slot.resize(512);
  Overwrite(options_.folder + "/mark", slot + slot);
  ExpectOpens(1, 2, false);
  WriteSegment();
  ExpectOpens(1, 4, false);
}

TEST_F(JournalBelowTest, ReadingJudgesAlikeAndChangesNothing) {
  for (int i = 0; i < 2; ++i) WriteSegment();
  const fs::path log = LogOf(Segment(3));
  Overwrite(log, Content(log) + "abc");  // a write that the power broke off
  Flip(options_.folder + "/mark", 512 + 9);
  const FolderState before = StateOf(folder_.path());
  JournalRecovery recovery;
  for (int time = 0; time < 2; ++time) {
    uint64_t records = 0;
    const auto reader = [&](uint64_t number, std::string_view payload) -> std::optional<Error> {
      EXPECT_EQ(number, ++records);
      EXPECT_EQ(payload, PayloadOf(number));
      return std::nullopt;
    };
    recovery = {};
    const auto range = ReadRocksJournal(options_, reader, &recovery);
    ASSERT_TRUE(range.has_value()) << range.error().message;
    EXPECT_EQ(range->first, 1u);
    EXPECT_EQ(range->last, 4u);
    EXPECT_EQ(records, 4u);
    EXPECT_TRUE(recovery.tail_torn);
    EXPECT_TRUE(recovery.mark_torn);
  }
  EXPECT_EQ(StateOf(folder_.path()), before);
  // Opening mends both.
  ASSERT_TRUE(OpenAt(options_).has_value());
  WriteSegment();
  ASSERT_TRUE(ReadRocksJournal(
                  options_, [](uint64_t, std::string_view) { return std::optional<Error>(); },
                  &(recovery = {}))
                  .has_value());
  EXPECT_FALSE(recovery.tail_torn);
  EXPECT_FALSE(recovery.mark_torn);
}

TEST_F(JournalBelowTest, NamesTheFileAndTheLastSoundRecordBeforeItsDamage) {
  uintmax_t first_ends = 0;
  {
    auto journal = OpenAt(options_);
    ASSERT_TRUE(journal.has_value());
    for (int i = 0; i < 3; ++i) {
      ASSERT_FALSE(AppendNext(**journal, 1));
      if (i == 0) first_ends = fs::file_size(LogOf(Segment(1)));
    }
  }
  WriteSegment();
  Flip(LogOf(Segment(1)), static_cast<size_t>(first_ends) + 20);
  const Error refused = ExpectRefused();
  EXPECT_THAT(refused.message, HasSubstr("Records 2 to 3"));
  EXPECT_THAT(refused.message,
              HasSubstr(LogOf(Segment(1)).string() + " is damaged behind record 1"));
}

TEST_F(JournalBelowTest, TakesNoRoomAhead) {
  auto journal = OpenAt(options_);
  ASSERT_TRUE(journal.has_value());
  ASSERT_FALSE(AppendNext(**journal, 1));
  uint64_t bytes = 0;  // on the disk, as a killed process would leave them
  for (const fs::path& file : FilesBelow(options_.folder)) {
    struct stat status {};
    ASSERT_EQ(stat(file.c_str(), &status), 0);
    bytes += static_cast<uint64_t>(status.st_blocks) * 512;
  }
  EXPECT_LT(bytes, uint64_t{1} << 20);
}

}  // namespace
}  // namespace kundig::engine
