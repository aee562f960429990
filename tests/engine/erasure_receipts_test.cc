#include "engine/erasure_receipts.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/erased_sequences.h"
#include "tests/engine/journal_folder.h"
#include "tests/engine/reopened_book.h"

namespace kundig::engine {
namespace {

TEST(ErasureReceipts, SpeakOfAGenerationOnceItIsTheOldest) {
  ErasureReceipts receipts;
  EXPECT_EQ(receipts.latest().sequence, 0u);
  EXPECT_FALSE(receipts.GoneSince(1).has_value());
  receipts.Cover(10, 100);
  receipts.Cover(20, 200);
  EXPECT_FALSE(receipts.GoneSince(100).has_value());
  receipts.Gone(10, TimeMs{1});
  EXPECT_EQ(receipts.GoneSince(100), TimeMs{1});
  EXPECT_EQ(receipts.GoneSince(7), TimeMs{1});
  EXPECT_FALSE(receipts.GoneSince(101).has_value());
  EXPECT_EQ(receipts.latest().sequence, 100u);
  receipts.Cover(30, 300);
  receipts.Gone(20, TimeMs{2});
  // Later cuts say nothing else about the earlier ones, and neither do clocks that go back.
  receipts.Gone(30, TimeMs{0});
  EXPECT_EQ(receipts.GoneSince(100), TimeMs{1});
  EXPECT_EQ(receipts.GoneSince(101), TimeMs{2});
  EXPECT_EQ(receipts.GoneSince(200), TimeMs{2});
  EXPECT_EQ(receipts.GoneSince(201), TimeMs{0});
  EXPECT_EQ(receipts.latest().sequence, 300u);
  EXPECT_EQ(receipts.latest().gone_since, TimeMs{0});
}

TEST(ErasureReceipts, OneGenerationMayCoverMoreLater) {
  ErasureReceipts receipts;
  receipts.Cover(10, 100);
  receipts.Cover(10, 110);
  receipts.Cover(10, 105);
  EXPECT_FALSE(receipts.GoneSince(110).has_value());
  receipts.Gone(10, TimeMs{5});
  EXPECT_EQ(receipts.GoneSince(110), TimeMs{5});
  // What the generation had covered before stays as it was said.
  receipts.Cover(10, 120);
  EXPECT_FALSE(receipts.GoneSince(120).has_value());
  receipts.Gone(10, TimeMs{6});
  EXPECT_EQ(receipts.GoneSince(110), TimeMs{5});
  EXPECT_EQ(receipts.GoneSince(120), TimeMs{6});
}

TEST(ErasureReceipts, UnsayWhatWasAboutLostRecords) {
  ErasureReceipts receipts;
  receipts.Cover(10, 100);
  receipts.Cover(20, 200);
  receipts.Gone(20, TimeMs{1});
  EXPECT_FALSE(receipts.ForgetAbove(200));
  EXPECT_TRUE(receipts.GoneSince(200).has_value());
  EXPECT_TRUE(receipts.ForgetAbove(199));
  EXPECT_FALSE(receipts.GoneSince(200).has_value());
  EXPECT_FALSE(receipts.GoneSince(101).has_value());
  EXPECT_EQ(receipts.GoneSince(100), TimeMs{1});
}

TEST(ErasureReceipts, AreBoundedAndStayTrue) {
  ErasureReceipts receipts;
  constexpr uint64_t kCuts = ErasureReceipts::kMaxEntries + 10;
  for (uint64_t cut = 1; cut <= kCuts; ++cut) {
    receipts.Cover(cut, cut * 10);
    receipts.Gone(cut, TimeMs{static_cast<int64_t>(cut)});
  }
  EXPECT_EQ(receipts.GoneSince(kCuts * 10), TimeMs{kCuts});
  EXPECT_EQ(receipts.GoneSince(110), TimeMs{11});
  EXPECT_EQ(receipts.GoneSince(1), TimeMs{11});  // the oldest cut that is known
  const TemporaryFolder folder;
  ASSERT_FALSE(receipts.Write(folder.path()).has_value());
  EXPECT_EQ(ErasureReceipts::Read(folder.path())->GoneSince(1), TimeMs{11});
}

class StoredReceipts : public testing::Test {
 protected:
  StoredReceipts() {
    receipts_.Cover(10, 100);
    receipts_.Gone(10, TimeMs{-7});
    receipts_.Cover(20, 200);
    EXPECT_FALSE(receipts_.Write(folder_.path()).has_value());
  }
  std::string path() const { return folder_.Below("erasures"); }

  TemporaryFolder folder_;
  ErasureReceipts receipts_;
};

TEST_F(StoredReceipts, AreReadAsTheyWere) {
  const auto read = ErasureReceipts::Read(folder_.path());
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->GoneSince(100), TimeMs{-7});
  EXPECT_FALSE(read->GoneSince(101).has_value());
  // The generation that was not the oldest yet is still known.
  ErasureReceipts later = *read;
  later.Gone(20, TimeMs{8});
  EXPECT_EQ(later.GoneSince(200), TimeMs{8});
  ASSERT_FALSE(later.Write(folder_.path()).has_value());
  EXPECT_EQ(ErasureReceipts::Read(folder_.path())->GoneSince(200), TimeMs{8});
  EXPECT_EQ(FilesBelow(folder_.path()).size(), 1u);
}

TEST_F(StoredReceipts, AreNoneWhereThereIsNoFile) {
  std::filesystem::remove(path());
  const auto read = ErasureReceipts::Read(folder_.path());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->latest().sequence, 0u);
}

TEST_F(StoredReceipts, SayThatTheyAreDamagedWhateverByteIsWrong) {
  const std::string sound = Content(path());
  for (size_t at = 0; at < sound.size(); ++at) {
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    Overwrite(path(), damaged);
    const auto read = ErasureReceipts::Read(folder_.path());
    ASSERT_FALSE(read.has_value()) << "byte " << at;
    EXPECT_EQ(read.error().code, ErrorCode::kDamaged) << "byte " << at;
    EXPECT_NE(read.error().message.find(path()), std::string::npos);
    Overwrite(path(), sound.substr(0, at));
    EXPECT_FALSE(ErasureReceipts::Read(folder_.path()).has_value()) << "cut at " << at;
  }
  Overwrite(path(), sound + '\0');
  EXPECT_FALSE(ErasureReceipts::Read(folder_.path()).has_value());
}

TEST(ErasedSequences, AreKeptUpToALimitAndReadAsTheyWere) {
  ErasedSequences erased;
  constexpr uint64_t kErasures = ErasedSequences::kMaxKept + 2;
  for (uint64_t number = 1; number <= kErasures; ++number) erased.Add(number * 3);
  ErasedSequences read;
  ASSERT_FALSE(read.Load(erased.Save()).has_value());
  for (const ErasedSequences* table : {&erased, &read}) {
    EXPECT_TRUE(table->Has(kErasures * 3));
    EXPECT_FALSE(table->Has(kErasures * 3 - 1));
    EXPECT_TRUE(table->Has(9));
    EXPECT_FALSE(table->Has(6));  // forgotten
  }
  EXPECT_EQ(read.Load(erased.Save() + "x")->code, ErrorCode::kDamaged);
  // Of a snapshot of before there were any.
  EXPECT_FALSE(read.Load("").has_value());
  EXPECT_FALSE(read.Has(9));
}

// The journal_sequence of the answer.
uint64_t Erased(Reopened* book, std::string_view customer) {
  const Event event = Erase{customer};
  return book->Write({{.name = {}, .what = std::span<const Event>(&event, 1)}})[0]
      ->state.journal_sequence;
}

TEST(ReceiptsOfABook, SpeakOnlyOfWhatWasErased) {
  Reopened book;
  book.Write({OneOrder(OrderOf("a", "1", 1)), OneOrder(OrderOf("b", "2", 1))});
  const uint64_t before = book->Status().saved_sequence + 1;
  const uint64_t nobody = Erased(&book, "nobody"), erased = Erased(&book, "a");
  // A batch has one number, whatever else was in it.
  const std::vector<Event> mixed = {Erase{"b"}, OrderOf("c", "3", 1)};
  const uint64_t batch =
      book.Write({{.name = {}, .what = std::span<const Event>(mixed)}})[0]->state.journal_sequence;
  const auto expect = [&](bool gone) {
    for (const uint64_t sequence : {erased, batch}) {
      EXPECT_TRUE(book->WasErasure(sequence));
      EXPECT_EQ(book->GoneSince(sequence).has_value(), gone);
    }
    for (const uint64_t sequence : {before, nobody, batch - 1, batch + 1}) {
      EXPECT_FALSE(book->WasErasure(sequence)) << sequence;
      EXPECT_FALSE(book->GoneSince(sequence).has_value()) << sequence;
    }
  };
  expect(false);
  book.Open();  // from the journal
  expect(false);
  ASSERT_TRUE(book->SaveSnapshot(TimeMs{1}, Generations::kKeepNewest).has_value());
  expect(true);
  book.Open();  // from the snapshot
  expect(true);
}

TEST(ReceiptsOfABook, SaysNothingOfAnotherLineOfIt) {
  Reopened book;
  book.Write({OneOrder(OrderOf("a", "1", 1))});
  const std::string backup = book.FileBelow("backup"), copy = book.FileBelow("copy");
  ASSERT_TRUE(book->Backup(TimeMs{1}, backup).has_value());
  const uint64_t erased = Erased(&book, "a");
  ASSERT_TRUE(book->SaveSnapshot(TimeMs{2}, Generations::kKeepNewest).has_value());
  EXPECT_TRUE(book->GoneSince(erased).has_value());
  // Where "a" is there again, and its number is that of something else.
  ASSERT_FALSE(DurableBook::Restore(backup, copy).has_value());
  book.durability().folder = copy;
  book.Open();
  const auto other = book.Write({OneOrder(OrderOf("b", "2", 1))});
  ASSERT_EQ(other[0]->state.journal_sequence, erased);
  ASSERT_TRUE(book->SaveSnapshot(TimeMs{3}, Generations::kKeepNewest).has_value());
  EXPECT_FALSE(book->WasErasure(erased));
  EXPECT_FALSE(book->GoneSince(erased).has_value());
  const uint64_t again = Erased(&book, "a");
  ASSERT_TRUE(book->SaveSnapshot(TimeMs{4}, Generations::kKeepNewest).has_value());
  EXPECT_TRUE(book->GoneSince(again).has_value());
}

TEST(ReceiptsOfABook, AboutLostRecordsAreUnsaidForEver) {
  Reopened book;
  book.Close();
  const std::string snapshots = book.durability().folder + "/snapshots";
  ErasureReceipts receipts;
  receipts.Cover(1, 1000);
  receipts.Gone(1, TimeMs{1});
  ASSERT_FALSE(receipts.Write(snapshots).has_value());
  book.Open();
  EXPECT_EQ(book->Status().erased_sequence, 0u);
  EXPECT_EQ(ErasureReceipts::Read(snapshots)->latest().sequence, 0u);
}

}  // namespace
}  // namespace kundig::engine
