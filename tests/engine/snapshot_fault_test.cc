// Saving a snapshot where the disk fails at every call in turn, where the process ends there, and
// where the power goes.

#include <gtest/gtest.h>

#include <rocksdb/env.h>

#include <filesystem>
#include <limits>
#include <memory>
#include <string>

#include "tests/engine/faulty_files.h"
#include "tests/engine/journal_folder.h"
#include "tests/engine/snapshot_sample.h"

namespace kundig::engine {
namespace {

constexpr uint64_t kForever = std::numeric_limits<uint64_t>::max();

class SnapshotFaultTest : public testing::Test {
 protected:
  SnapshotFaultTest()
      : files_(std::make_shared<FaultyFiles>()),
        env_(rocksdb::NewCompositeEnv(files_)),
        book_(SampleRules(), SampleOptions()) {
    FillSample(&book_);
    EXPECT_TRUE(Save(older_).has_value());
  }

  Result<SnapshotInfo> Save(const std::string& folder) {
    return book_.SaveSnapshot(SampleOrder(folder, env_.get()));
  }
  static bool IsWhole(const std::string& folder) {
    const Result<LoadedSnapshot> loaded = LoadSample(folder);
    return loaded && loaded->book->Status().customers == 3 &&
           loaded->attachment == kSampleAttachment;
  }
  // How many calls change something while a snapshot is saved.
  uint64_t CallsOfOne() {
    files_->FailCalls(kForever, 0, rocksdb::IOStatus::OK());
    const std::string folder = folder_.Below("counted");
    EXPECT_TRUE(Save(folder).has_value());
    std::filesystem::remove_all(folder);
    return files_->calls();
  }

  const TemporaryFolder folder_;
  const std::string older_ = folder_.Below("older"), newer_ = folder_.Below("newer");
  const std::string unfinished_ = newer_ + std::string(kUnfinished);
  const std::shared_ptr<FaultyFiles> files_;
  const std::unique_ptr<rocksdb::Env> env_;
  Book book_;
};

TEST_F(SnapshotFaultTest, AFailingCallIsToldAndTheNextOneSucceeds) {
  const uint64_t calls = CallsOfOne();
  ASSERT_GT(calls, 20u);
  const std::pair<rocksdb::IOStatus, ErrorCode> faults[] = {
      {rocksdb::IOStatus::NoSpace("full"), ErrorCode::kDiskFull},
      {rocksdb::IOStatus::IOError("broken"), ErrorCode::kStorageFailed}};
  for (const auto& [status, code] : faults) {
    for (uint64_t call = 0; call < calls; ++call) {
      files_->FailCalls(call, 1, status);
      const Result<SnapshotInfo> saved = Save(newer_);
      ASSERT_TRUE(saved.has_error()) << "call " << call;
      EXPECT_EQ(saved.error().code, code) << saved.error().message;
      EXPECT_TRUE(IsWhole(older_));
      EXPECT_FALSE(std::filesystem::exists(unfinished_)) << "its room is free again";
      // Only the last sync, that of the parent, comes behind the new name.
      EXPECT_EQ(std::filesystem::exists(newer_), call + 1 == calls) << "call " << call;
      if (call + 1 == calls) {
        EXPECT_TRUE(IsWhole(newer_));
        std::filesystem::remove_all(newer_);
      }
    }
  }
  EXPECT_TRUE(Save(newer_).has_value());
  EXPECT_TRUE(IsWhole(newer_));
}

TEST_F(SnapshotFaultTest, AnEndAtAnyCallPublishesNothingHalf) {
  const uint64_t calls = CallsOfOne();
  for (uint64_t call = 0; call < calls; ++call) {
    files_->FailCalls(call, kForever, rocksdb::IOStatus::IOError("the process has ended"));
    ASSERT_TRUE(Save(newer_).has_error());
    EXPECT_TRUE(IsWhole(older_));
    EXPECT_TRUE(!std::filesystem::exists(newer_) || IsWhole(newer_)) << "call " << call;
    // The next start tries again, over what was left.
    files_->FailCalls(kForever, 0, rocksdb::IOStatus::OK());
    std::filesystem::remove_all(newer_);
    ASSERT_TRUE(Save(newer_).has_value()) << "call " << call;
    EXPECT_TRUE(IsWhole(newer_));
    std::filesystem::remove_all(newer_);
  }
}

TEST_F(SnapshotFaultTest, WhatIsPublishedSurvivesALossOfPower) {
  const uint64_t calls = CallsOfOne();
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    Random random(seed);
    const uint64_t call = random.Below(calls + 1);
    files_->FailCalls(call, kForever, rocksdb::IOStatus::IOError("the power has gone"));
    const bool saved = Save(newer_).has_value();
    files_->LosePower(&random);
    files_->FailCalls(kForever, 0, rocksdb::IOStatus::OK());
    EXPECT_TRUE(IsWhole(older_)) << "seed " << seed;
    EXPECT_EQ(saved, call == calls);
    EXPECT_TRUE(!std::filesystem::exists(newer_) || IsWhole(newer_)) << "seed " << seed;
    EXPECT_TRUE(!saved || IsWhole(newer_)) << "seed " << seed;
    std::filesystem::remove_all(newer_);
    std::filesystem::remove_all(unfinished_);
  }
}

}  // namespace
}  // namespace kundig::engine
