// A journal on a disk that fails, fills up or loses its power, at every call in turn: what was
// acknowledged is there afterwards, and what was refused is not.
//
// KUNDIG_LONG_TESTS=1 fails every call instead of every third, and loses the power 2,000 times
// instead of 40.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/rocks_journal.h"
#include "tests/engine/faulty_files.h"
#include "tests/engine/journal_folder.h"

namespace kundig::engine {
namespace {

using rocksdb::IOStatus;
using ::testing::HasSubstr;

// A disk with one journal on it.
struct Disk {
  Disk() : files(std::make_shared<FaultyFiles>()), env(rocksdb::NewCompositeEnv(files)) {
    options.folder = folder.Below("journal");
    options.env = env.get();
    options.disk_reserve_bytes = 1 << 20;
    options.write_buffer_bytes = 64 << 10;  // so that some of it goes through tables
  }
  Result<std::unique_ptr<Journal>> Open() const { return OpenAt(options); }

  TemporaryFolder folder;
  std::shared_ptr<FaultyFiles> files;
  std::unique_ptr<rocksdb::Env> env;
  RocksJournalOptions options;
};

constexpr size_t kRecordBytesMax = 9000;

struct Ledger {
  uint64_t acknowledged = 0;  // the last number that was
  uint64_t ambiguous = 0;     // the last number of the group whose outcome was not told
  uint64_t full = 0;          // groups refused because the disk was full
  bool failed = false;
};

// Groups of one to three records, a roll and a cut now and then.
Ledger WriteSome(Journal& journal) {
  Ledger ledger{.acknowledged = journal.last(), .ambiguous = journal.last()};
  for (uint64_t turn = 0; turn < 12 && !ledger.failed; ++turn) {
    const uint64_t count = 1 + turn % 3, before = journal.last();
    const auto error = AppendNext(journal, count, kRecordBytesMax);
    if (!error) {
      EXPECT_EQ(journal.last(), before + count);
      ledger.acknowledged = ledger.ambiguous = journal.last();
    } else if (error->code == ErrorCode::kDiskFull) {
      EXPECT_EQ(journal.last(), before);
      ++ledger.full;
    } else {
      EXPECT_EQ(error->code, ErrorCode::kStorageFailed) << error->message;
      ledger.ambiguous = before + count;
      ledger.failed = true;
    }
    if (turn % 5 == 4 && !ledger.failed) {
      auto rolled = journal.Roll();
      if (!rolled && turn == 9) rolled = journal.CutThrough(2);
      if (rolled && rolled->code != ErrorCode::kDiskFull) {
        EXPECT_EQ(rolled->code, ErrorCode::kStorageFailed) << rolled->message;
        ledger.failed = true;
      }
    }
  }
  if (ledger.failed) {
    const auto error = AppendNext(journal, 1, kRecordBytesMax);
    EXPECT_TRUE(error && error->code == ErrorCode::kStorageFailed) << "a failure is final";
    EXPECT_TRUE(journal.Sync().has_value());
    EXPECT_TRUE(journal.Roll().has_value());
  }
  return ledger;
}

void ExpectLedgerHolds(const Disk& disk, const Ledger& ledger, const std::string& what) {
  const auto journal = disk.Open();
  ASSERT_TRUE(journal.has_value()) << what << ": " << journal.error().message;
  EXPECT_GE((*journal)->last(), ledger.acknowledged) << what;
  EXPECT_LE((*journal)->last(), ledger.ambiguous) << what;
  const ReadBack read = ReadAll(**journal, kRecordBytesMax);
  EXPECT_FALSE(read.error) << what << ": " << read.error->message;
  EXPECT_TRUE(read.right) << what;
  EXPECT_EQ(read.first + read.count, (*journal)->last() + 1) << what;
  EXPECT_LE(read.first, 3u) << what;
  EXPECT_FALSE(AppendNext(**journal, 1, kRecordBytesMax)) << what;
}

// Runs with `count` calls failing from each number on, until none of a run fails any more.
void FailEverywhere(uint64_t count, const IOStatus& status, uint64_t* failed, uint64_t* full) {
  const uint64_t step = LongForm() ? 1 : 3;
  for (uint64_t first = 0;; first += step) {
    const Disk disk;
    disk.files->FailCalls(first, count, status);
    const std::string what = status.ToString() + " at call " + std::to_string(first);
    Ledger ledger;
    {
      auto journal = disk.Open();
      if (journal) {
        ledger = WriteSome(**journal);
      } else {
        EXPECT_THAT(static_cast<int>(journal.error().code),
                    ::testing::AnyOf(static_cast<int>(ErrorCode::kDiskFull),
                                     static_cast<int>(ErrorCode::kStorageFailed)))
            << what << ": " << journal.error().message;
      }
      *failed += ledger.failed ? 1 : 0;
      *full += ledger.full;
    }
    const bool over = disk.files->calls() <= first;
    disk.files->FailCalls(0, 0, IOStatus::OK());
    ExpectLedgerHolds(disk, ledger, what);
    if (over || ::testing::Test::HasFailure()) return;
  }
}

TEST(JournalFaultTest, StopsAtTheFirstFailedCallAndLosesNothing) {
  uint64_t failed = 0, full = 0;
  FailEverywhere(1, IOStatus::IOError("injected"), &failed, &full);
  EXPECT_GT(failed, 5u);
  EXPECT_EQ(full, 0u);
}

TEST(JournalFaultTest, StopsWhereTheDiskStaysBroken) {
  uint64_t failed = 0, full = 0;
  FailEverywhere(1'000'000, IOStatus::IOError("injected"), &failed, &full);
  EXPECT_GT(failed, 5u);
}

TEST(JournalFaultTest, RefusesOrStopsWhereTheDiskFillsUpUnforeseen) {
  uint64_t failed = 0, full = 0;
  FailEverywhere(1, IOStatus::NoSpace("injected"), &failed, &full);
  EXPECT_GT(full, 0u);  // some of them are known to have left nothing
  FailEverywhere(6, IOStatus::NoSpace("injected"), &failed, &full);
}

TEST(JournalFaultTest, RefusesWhatWouldNotFitAndGoesOnWhenThereIsRoom) {
  const Disk disk;
  auto journal = disk.Open();
  ASSERT_TRUE(journal.has_value());
  ASSERT_FALSE(AppendNext(**journal, 2));
  for (const uint64_t free_bytes : {uint64_t{0}, disk.options.disk_reserve_bytes}) {
    disk.files->SetFreeBytes(free_bytes);
    const auto error = AppendNext(**journal, 1);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::kDiskFull);
    EXPECT_THAT(error->message, HasSubstr("make room"));
    ExpectRecords(**journal, 1, 2);
  }
  disk.files->SetFreeBytes(disk.options.disk_reserve_bytes + 4096);
  ASSERT_FALSE(AppendNext(**journal, 1));
  ExpectRecords(**journal, 1, 3);
}

TEST(JournalFaultTest, KeepsWhatWasAcknowledgedWhenThePowerFails) {
  const uint64_t losses = LongForm() ? 2000 : 40;
  for (uint64_t seed = 0; seed < losses; ++seed) {
    Random random(seed);
    const Disk disk;
    Ledger ledger;
    // The power goes at some call; nothing that is tried after it reaches the disk.
    disk.files->FailCalls(random.Below(130), 1'000'000, IOStatus::IOError("power lost"));
    {
      auto journal = disk.Open();
      if (journal) ledger = WriteSome(**journal);
    }
    disk.files->FailCalls(0, 0, IOStatus::OK());
    disk.files->LosePower(&random);
    ExpectLedgerHolds(disk, ledger, "seed " + std::to_string(seed));
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(JournalFaultTest, KeepsAPrefixWhenThePowerFailsBetweenSyncs) {
  const uint64_t losses = LongForm() ? 2000 : 40;
  for (uint64_t seed = 0; seed < losses; ++seed) {
    Random random(seed);
    Disk disk;
    disk.options.sync_every_append = false;
    disk.options.accept_lost_tail = true;  // sectors of several groups may be lost in any order
    uint64_t synced = 0, last = 0;
    {
      auto journal = disk.Open();
      ASSERT_TRUE(journal.has_value());
      for (int group = 0; group < 10; ++group) {
        ASSERT_FALSE(AppendNext(**journal, 2, 500));
        if (group == 3) {
          ASSERT_FALSE((*journal)->Sync());
          synced = (*journal)->last();
        }
      }
      last = (*journal)->last();
      EXPECT_EQ((*journal)->durable(), synced);
      disk.files->FailCalls(0, 1'000'000, IOStatus::IOError("power lost"));
    }
    disk.files->FailCalls(0, 0, IOStatus::OK());
    disk.files->LosePower(&random);
    const auto journal = disk.Open();
    ASSERT_TRUE(journal.has_value()) << seed << ": " << journal.error().message;
    EXPECT_GE((*journal)->last(), synced) << seed;
    EXPECT_LE((*journal)->last(), last) << seed;
    ExpectRecords(**journal, 1, (*journal)->last(), 500);
  }
}

}  // namespace
}  // namespace kundig::engine
