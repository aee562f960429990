// One process per folder: who comes second is told who was first.

#include "engine/folder_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "tests/engine/journal_folder.h"

namespace kundig::engine {
namespace {

TEST(FolderLockTest, NamesTheProcessThatHoldsTheFolder) {
  const TemporaryFolder folder;
  Result<FolderLock> held = FolderLock::Take(folder.path());
  ASSERT_TRUE(held.has_value());
  const Result<FolderLock> second = FolderLock::Take(folder.path());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kFolderInUse);
  EXPECT_THAT(second.error().message,
              ::testing::HasSubstr("nother kundigd (pid " + std::to_string(getpid()) + ") uses " +
                                   folder.path().string()));
}

TEST(FolderLockTest, IsFreeAgainWhenTheHolderLetsGo) {
  const TemporaryFolder folder;
  {
    Result<FolderLock> held = FolderLock::Take(folder.path());
    ASSERT_TRUE(held.has_value());
    const FolderLock moved = std::move(*held);  // moving keeps it
    EXPECT_FALSE(FolderLock::Take(folder.path()).has_value());
  }
  EXPECT_TRUE(FolderLock::Take(folder.path()).has_value());
}

TEST(FolderLockTest, IsFreeAgainWhenTheHolderDies) {
  const TemporaryFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    const Result<FolderLock> held = FolderLock::Take(folder.path());
    _exit(held.has_value() ? 0 : 1);  // without a destructor, as SIGKILL would
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(FolderLock::Take(folder.path()).has_value());
}

TEST(FolderLockTest, IsHeldWhateverBecomesOfItsFile) {
  const TemporaryFolder folder;
  const Result<FolderLock> held = FolderLock::Take(folder.path());
  ASSERT_TRUE(held.has_value());
  ASSERT_TRUE(std::filesystem::remove(folder.Below("lock")));
  const Result<FolderLock> second = FolderLock::Take(folder.path());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kFolderInUse);
  EXPECT_EQ(FolderLock::TakeToRead(folder.path()).error().code, ErrorCode::kFolderInUse);
}

TEST(FolderLockTest, LetsReadersInBesideEachOtherAndWritesNothing) {
  const TemporaryFolder folder;
  const Result<FolderLock> first = FolderLock::TakeToRead(folder.path());
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(FolderLock::TakeToRead(folder.path()).has_value());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  const Result<FolderLock> writer = FolderLock::Take(folder.path());
  ASSERT_FALSE(writer.has_value());
  EXPECT_EQ(writer.error().code, ErrorCode::kFolderInUse);
  EXPECT_THAT(writer.error().message, ::testing::HasSubstr("--verify"));
}

TEST(FolderLockTest, SaysWhenThereIsNoFolder) {
  const TemporaryFolder folder;
  const Result<FolderLock> held = FolderLock::Take(folder.Below("nowhere"));
  ASSERT_FALSE(held.has_value());
  EXPECT_EQ(held.error().code, ErrorCode::kInvalidValue);
}

}  // namespace
}  // namespace kundig::engine
