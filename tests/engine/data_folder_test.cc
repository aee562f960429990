// A data folder of which parts are missing, mixed up or in the way: starting, verifying and
// restoring say what is wrong, and change nothing where they refuse.

#include "engine/data_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/calendar.h"
#include "engine/durable_book.h"
#include "engine/journal_files.h"
#include "tests/engine/folder_state.h"
#include "tests/engine/journal_folder.h"
#include "tests/engine/sample_days.h"

namespace kundig::engine {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class DataFolderTest : public ::testing::Test {
 protected:
  DataFolderTest() { durability_.folder = data_; }

  Result<std::unique_ptr<DurableBook>> Open() {
    BookOptions options;
    options.today = kToday;
    options.shards = 2;
    options.threads = 2;
    return DurableBook::Open(CompileRules({}, Calendar()).value(), options, durability_,
                             &recovery_);
  }
  void Order(DurableBook* book) {
    const std::string id = std::to_string(++orders_);
    OrderPlaced placed;
    placed.customer = "c";
    placed.order = id;
    placed.at = On(kToday);
    placed.revenue = Minor{1};
    const WriteRequest write{
        .name = {}, .growth = Growth::kAllowed, .what = std::span<const OrderPlaced>(&placed, 1)};
    book->Write(std::span(&write, 1), [](size_t, const Result<ApplyAnswer>& answer) {
      ASSERT_TRUE(answer.has_value()) << answer.error().message;
    });
  }
  // Two generations with an order before, between and behind them.
  void Fill() {
    auto book = Open();
    ASSERT_TRUE(book.has_value()) << book.error().message;
    for (int generation = 0; generation < 2; ++generation) {
      Order(book->get());
      ASSERT_TRUE((*book)->SaveSnapshot(TimeMs{1}, Generations::kKeepTwo).has_value());
    }
    Order(book->get());
  }
  void ExpectOpens() {
    const auto book = Open();
    ASSERT_TRUE(book.has_value()) << book.error().message;
    EXPECT_EQ((*book)->book().Status().orders, orders_);
  }
  // Start and --verify refuse alike, and the journal lies there as it did.
  void ExpectRefused(const std::string& part) {
    const FolderState before = StateOf(data_);
    Verification found;
    const auto damage = DurableBook::Verify(data_, &found);
    ASSERT_TRUE(damage.has_value());
    EXPECT_EQ(damage->code, ErrorCode::kDamaged);
    EXPECT_THAT(damage->message, HasSubstr(part));
    EXPECT_EQ(StateOf(data_), before);
    const FolderState journal = StateOf(JournalFolder(data_));
    const auto book = Open();
    ASSERT_FALSE(book.has_value());
    EXPECT_EQ(book.error().code, ErrorCode::kDamaged);
    EXPECT_THAT(book.error().message, HasSubstr(part));
    EXPECT_EQ(StateOf(JournalFolder(data_)), journal);
  }
  void ExpectInvalid(const std::optional<Error>& error, const std::string& part) {
    ASSERT_TRUE(error.has_value()) << part;
    EXPECT_EQ(error->code, ErrorCode::kInvalidValue) << error->message;
    EXPECT_THAT(error->message, HasSubstr(part));
  }

  TemporaryFolder folder_;
  const std::string data_ = folder_.Below("data");
  DurabilityOptions durability_;
  Recovery recovery_;
  uint64_t orders_ = 0;
};

TEST_F(DataFolderTest, ALostJournalIsNotAnEmptyOne) {
  Fill();
  fs::remove_all(JournalFolder(data_));
  ExpectRefused("is missing");
  fs::create_directory(JournalFolder(data_));
  ExpectRefused("is empty");
  durability_.accept_lost_tail = true;
  --orders_;  // what came behind the snapshot
  ExpectOpens();
  ASSERT_EQ(recovery_.notes.size(), 1u);
  EXPECT_THAT(recovery_.notes.front(), HasSubstr("nothing tells how much"));
}

TEST_F(DataFolderTest, AFolderThatWasUsedIsNotBegunAnew) {
  {
    auto book = Open();
    ASSERT_TRUE(book.has_value()) << book.error().message;
    EXPECT_TRUE(recovery_.new_book);
    Order(book->get());
  }
  fs::remove_all(JournalFolder(data_));
  ExpectRefused("is missing");
  fs::create_directory(JournalFolder(data_));
  ExpectRefused("is empty");
  durability_.accept_lost_tail = true;
  orders_ = 0;
  ExpectOpens();
  EXPECT_TRUE(recovery_.new_book);
  EXPECT_EQ(recovery_.notes.size(), 1u);
}

TEST_F(DataFolderTest, AnEmptyJournalIsNoBook) {
  fs::create_directories(JournalFolder(data_));
  Verification found;
  ExpectInvalid(DurableBook::Verify(data_, &found), "its journal has no record");
  ExpectInvalid(DurableBook::Restore(data_, folder_.Below("other")), "its journal has no record");
  ExpectOpens();
}

TEST_F(DataFolderTest, DamagedReceiptsAreFoundAndKeepNobodyFromStarting) {
  Fill();
  const std::string receipts = SnapshotsFolder(data_) + "/erasures";
  std::string content = Content(receipts);
  content.back() = static_cast<char>(content.back() ^ 1);
  Overwrite(receipts, content);
  Verification found;
  const auto damage = DurableBook::Verify(data_, &found);
  ASSERT_TRUE(damage.has_value());
  EXPECT_EQ(damage->code, ErrorCode::kDamaged);
  EXPECT_THAT(damage->message, HasSubstr(receipts));
  EXPECT_EQ(DurableBook::Restore(data_, folder_.Below("other"))->code, ErrorCode::kDamaged);
  ExpectOpens();
  ASSERT_EQ(recovery_.notes.size(), 1u);
  EXPECT_THAT(recovery_.notes.front(), HasSubstr(receipts));
  EXPECT_EQ(Content(receipts + ".damaged"), content);
  auto book = Open();
  ASSERT_TRUE(book.has_value()) << book.error().message;
  EXPECT_TRUE(recovery_.notes.empty());
  ASSERT_TRUE((*book)->SaveSnapshot(TimeMs{1}, Generations::kKeepTwo).has_value());
  book->reset();
  EXPECT_FALSE(fs::exists(receipts + ".damaged"));
  EXPECT_FALSE(DurableBook::Verify(data_, &found).has_value());
}

TEST_F(DataFolderTest, AMarkThatWasMendedIsNamed) {
  Fill();
  const std::string mark = JournalFolder(data_) + "/mark";
  std::string content = Content(mark);
  content[512 + 9] = static_cast<char>(content[512 + 9] ^ 1);
  Overwrite(mark, content);
  ExpectOpens();
  ASSERT_EQ(recovery_.notes.size(), 1u);
  EXPECT_THAT(recovery_.notes.front(), HasSubstr(mark));
  ExpectOpens();
  EXPECT_TRUE(recovery_.notes.empty());
}

TEST_F(DataFolderTest, RemovesWhatARemovalLeftWhateverIsInIt) {
  Fill();
  const std::string left = SnapshotsFolder(data_) + "/foo.removed", kept = folder_.Below("kept");
  fs::create_directories(left + "/a/b");
  fs::create_directory(kept);
  Overwrite(kept + "/diary", "mine");
  fs::create_directory_symlink(kept, left + "/a/link");
  ExpectOpens();
  EXPECT_FALSE(fs::exists(left));
  EXPECT_EQ(Content(kept + "/diary"), "mine");
}

TEST_F(DataFolderTest, SaysWhichFolderIsMissing) {
  const auto children = JournalFiles(rocksdb::Env::Default()).Children(folder_.Below("no/where"));
  ASSERT_FALSE(children.has_value());
  EXPECT_THAT(children.error().message, HasSubstr("There is no folder " + folder_.Below("no")));
}

TEST_F(DataFolderTest, VerifyingChangesNothing) {
  Fill();
  const FolderState before = StateOf(data_);
  for (int time = 0; time < 2; ++time) {
    Verification found;
    const auto damage = DurableBook::Verify(data_ + "/", &found);
    ASSERT_FALSE(damage.has_value()) << damage->message;
    EXPECT_EQ(found.generations, 2u);
    EXPECT_EQ(found.records, 2u);  // behind the older generation
    EXPECT_TRUE(found.notes.empty());
    EXPECT_EQ(StateOf(data_), before);
  }
  ExpectOpens();
}

TEST_F(DataFolderTest, DamageThatOnlyTheOlderGenerationMissesIsToldAndPassedOver) {
  Fill();
  const auto segments = FilesBelow(JournalFolder(data_));
  fs::remove(segments.front().parent_path() / "CURRENT");
  Verification found;
  const auto damage = DurableBook::Verify(data_, &found);
  ASSERT_TRUE(damage.has_value());
  EXPECT_EQ(damage->code, ErrorCode::kDamaged);
  EXPECT_THAT(damage->message, HasSubstr("CURRENT is missing"));
  const uint64_t older = GenerationsOf(data_)->front();
  EXPECT_THAT(damage->message, HasSubstr("needs those from " + std::to_string(older + 1) + " on"));
  ExpectOpens();
  ASSERT_EQ(recovery_.damaged_below.size(), 1u);
  EXPECT_THAT(recovery_.damaged_below.front().message, HasSubstr("CURRENT is missing"));
}

TEST_F(DataFolderTest, AGenerationUnderANewerNameIsDamage) {
  Fill();
  const uint64_t newest = GenerationsOf(data_)->back();
  fs::rename(GenerationFolder(data_, newest), GenerationFolder(data_, newest + 1));
  Verification found;
  const auto damage = DurableBook::Verify(data_, &found);
  ASSERT_TRUE(damage.has_value());
  EXPECT_EQ(damage->code, ErrorCode::kDamaged);
  ExpectOpens();
  EXPECT_EQ(recovery_.damaged.size(), 1u);
}

TEST_F(DataFolderTest, RestoresIntoAnyFolderThatIsFree) {
  Fill();
  const FolderState before = StateOf(data_);
  const std::string real = folder_.Below("real"), link = folder_.Below("link");
  fs::create_directory(real);
  fs::create_directory_symlink(real, link);
  for (const std::string& target : {folder_.Below("new") + "/", link}) {
    const auto error = DurableBook::Restore(data_ + "/", target);
    ASSERT_FALSE(error.has_value()) << error->message;
    durability_.folder = target;
    ExpectOpens();
  }
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_FALSE(fs::exists(real + ".unfinished"));
  EXPECT_EQ(StateOf(data_), before);
}

TEST_F(DataFolderTest, RestoresIntoNothingThatIsInTheWay) {
  Fill();
  const std::string taken = folder_.Below("taken"), left = folder_.Below("new.unfinished");
  fs::create_directory(taken);
  fs::create_directory(left);
  Overwrite(taken + "/diary", "mine");
  Overwrite(left + "/diary", "mine");
  Overwrite(folder_.Below("file"), "");
  fs::create_symlink(folder_.Below("nowhere"), folder_.Below("dangling"));
  const FolderState before = StateOf(folder_.path());
  const auto restore = [&](const std::string& to) { return DurableBook::Restore(data_, to); };
  ExpectInvalid(restore(taken), "already");
  ExpectInvalid(restore(folder_.Below("new")), "is in the way");
  ExpectInvalid(restore(folder_.Below("file")), "is no folder");
  ExpectInvalid(restore(folder_.Below("dangling")), "symbolic link");
  ExpectInvalid(restore(folder_.Below("no/where")), "there is no folder");
  ExpectInvalid(restore(data_), "must lie apart");
  ExpectInvalid(restore(data_ + "/inside"), "must lie apart");
  ExpectInvalid(restore(folder_.path()), "must lie apart");
  ExpectInvalid(DurableBook::Restore(taken, folder_.Below("other")), "no data folder");
  // What is damaged leaves nothing behind either.
  fs::resize_file(GenerationFolder(data_, GenerationsOf(data_)->back()) + "/manifest", 1);
  const FolderState damaged = StateOf(folder_.path());
  EXPECT_EQ(restore(folder_.Below("other"))->code, ErrorCode::kDamaged);
  EXPECT_EQ(StateOf(folder_.path()), damaged);
  EXPECT_EQ(damaged.size(), before.size());
}

TEST_F(DataFolderTest, SaysWhatIsWrongWithTheFolderThatWasNamed) {
  Overwrite(folder_.Below("file"), "");
  fs::create_symlink(folder_.Below("nowhere"), folder_.Below("dangling"));
  const auto open = [&](const std::string& folder) {
    durability_.folder = folder;
    const auto book = Open();
    return book ? std::optional<Error>() : std::optional(book.error());
  };
  Verification found;
  for (const auto& [name, part] :
       {std::pair("file", "is no folder"), std::pair("dangling", "symbolic link")}) {
    ExpectInvalid(open(folder_.Below(name)), part);
    ExpectInvalid(DurableBook::Verify(folder_.Below(name), &found), part);
  }
  ExpectInvalid(open(folder_.Below("no/where")), "there is no folder");
  ExpectInvalid(DurableBook::Verify(folder_.Below("no/where"), &found), "no data folder");
  fs::create_directory(data_);
  ExpectInvalid(DurableBook::Verify(data_, &found), "no data folder");
  fs::create_directory(SnapshotsFolder(data_));
  ExpectInvalid(DurableBook::Verify(data_, &found), "no data folder");
  EXPECT_FALSE(open(folder_.Below("with_slash") + "/").has_value());
}

// The folders that were synced.
class WatchedSyncs : public rocksdb::FileSystemWrapper {
 public:
  WatchedSyncs() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "WatchedSyncs"; }
  rocksdb::IOStatus NewDirectory(const std::string& folder, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override {
    opened.push_back(folder);
    return FileSystemWrapper::NewDirectory(folder, options, directory, debug);
  }

  std::vector<fs::path> opened;
};

TEST_F(DataFolderTest, TheEntryOfANewFolderIsSyncedWhateverCameBefore) {
  const auto watched = std::make_shared<WatchedSyncs>();
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(watched);
  const JournalFiles files(env.get());
  for (const std::string& name : {data_ + "/", data_}) {
    ASSERT_FALSE(files.CreateFolder(name).has_value());
    ASSERT_EQ(watched->opened.size(), 1u);
    EXPECT_EQ(watched->opened.front(), folder_.path());
    watched->opened.clear();
  }
}

}  // namespace
}  // namespace kundig::engine
