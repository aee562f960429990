// A snapshot that is not what was written is never served: every byte changed, every length cut,
// every file missing. And what was erased is in none of its bytes.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "engine/journal_files.h"
#include "tests/engine/journal_folder.h"
#include "tests/engine/snapshot_sample.h"

namespace kundig::engine {
namespace {

std::vector<std::filesystem::path> FilesOf(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  return files;
}

class SnapshotDamageTest : public testing::Test {
 protected:
  SnapshotDamageTest() : book_(SampleRules(), SampleOptions()) {
    FillSample(&book_);
    EXPECT_TRUE(book_.SaveSnapshot(SampleOrder(snapshot_)).has_value());
  }

  // Checking and loading both say so, and name the file.
  void ExpectRefused(ErrorCode code, const std::string& file, bool load = true) const {
    const std::optional<Error> checked = CheckSnapshot(nullptr, snapshot_);
    ASSERT_TRUE(checked.has_value()) << file;
    EXPECT_EQ(checked->code, code) << checked->message;
    EXPECT_NE(checked->message.find(file), std::string::npos) << checked->message;
    if (!load) return;
    const Result<LoadedSnapshot> loaded = LoadSample(snapshot_);
    ASSERT_TRUE(loaded.has_error()) << file;
    EXPECT_EQ(loaded.error().code, code) << loaded.error().message;
  }
  // Loading takes the time of a whole book; checking goes the same way to the bytes.
  static bool IsLoaded(size_t at) { return LongForm() || at % 16 == 5; }

  const TemporaryFolder folder_;
  const std::string snapshot_ = folder_.Below("one");
  Book book_;
};

TEST_F(SnapshotDamageTest, AWholeOneIsServed) {
  const Result<LoadedSnapshot> loaded = LoadSample(snapshot_);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_FALSE(CheckSnapshot(nullptr, snapshot_).has_value());
  EXPECT_EQ(loaded->attachment, kSampleAttachment);
  EXPECT_EQ(loaded->info.currency, "EUR");
  EXPECT_EQ(loaded->info.time_zone, "Atlantic/Reykjavik");
  EXPECT_EQ(loaded->info.begin_record, 1u);
  EXPECT_EQ(loaded->info.end_record, 1u);
  const StatusAnswer status = loaded->book->Status();
  EXPECT_EQ(status.customers, 3u);
  EXPECT_EQ(status.orders, 2u);
  EXPECT_EQ(status.returns, 1u);
  EXPECT_EQ(status.open_leads, 1u);
  EXPECT_EQ(status.state.journal_sequence, book_.Status().state.journal_sequence);
  EXPECT_EQ(loaded->book->Count("country = 'Iceland' and revenue = 1899")->customers, 1u);
}

TEST_F(SnapshotDamageTest, EveryByteChangedIsDamage) {
  for (const std::filesystem::path& path : FilesOf(snapshot_)) {
    const std::string whole = Content(path);
    for (size_t at = 0; at < whole.size(); ++at) {
      for (const int mask : {0x01, 0x80, 0xff}) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ mask);
        Overwrite(path, damaged);
        ExpectRefused(ErrorCode::kDamaged, path, mask == 0xff && IsLoaded(at));
        if (HasFatalFailure()) FAIL() << path << " byte " << at;
      }
    }
    Overwrite(path, whole);
  }
}

TEST_F(SnapshotDamageTest, EveryLengthButItsOwnIsDamage) {
  for (const std::filesystem::path& path : FilesOf(snapshot_)) {
    const std::string whole = Content(path);
    for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
      Overwrite(path, whole.substr(0, bytes));
      ExpectRefused(ErrorCode::kDamaged, path, IsLoaded(bytes));
      if (HasFatalFailure()) FAIL() << path << " cut to " << bytes;
    }
    Overwrite(path, whole + '\0');
    ExpectRefused(ErrorCode::kDamaged, path);
    // A part twice has only checksums that are right by themselves.
    Overwrite(path, whole + whole.substr(16));
    ExpectRefused(ErrorCode::kDamaged, path);
    std::filesystem::remove(path);
    ExpectRefused(ErrorCode::kDamaged, path);
    Overwrite(path, whole);
  }
}

TEST_F(SnapshotDamageTest, AFileOfAnotherSnapshotIsDamage) {
  // The same customers, and an order of the same size: only the figure differs.
  const std::string other = folder_.Below("other");
  const TimeMs at{int64_t{kSampleDay.since_epoch} * 86'400'000};
  const std::vector<Event> events = {
      OrderPlaced{"anna", "order-1", at, Minor{1998}, Minor{500}, 2, "EUR"}};
  ASSERT_EQ(book_.Apply(events).replaced, 1u);
  ASSERT_TRUE(book_.SaveSnapshot(SampleOrder(other)).has_value());
  size_t differing = 0;
  for (const std::filesystem::path& path : FilesOf(snapshot_)) {
    const std::string whole = Content(path), foreign = Content(other / path.filename());
    if (path.filename() == kManifest || foreign == whole) continue;
    ASSERT_EQ(foreign.size(), whole.size());
    ++differing;
    Overwrite(path, foreign);
    ExpectRefused(ErrorCode::kDamaged, path);
    Overwrite(path, whole);
  }
  EXPECT_EQ(differing, 1u);
}

TEST_F(SnapshotDamageTest, ANewerFormatIsRefused) {
  for (const std::filesystem::path& path : FilesOf(snapshot_)) {
    const std::string whole = Content(path);
    std::string head(kSnapshotMagic);
    PutFixed(kSnapshotFormat + 1, 4, &head);
    PutFixed(Crc32c({head}), 4, &head);
    Overwrite(path, head + whole.substr(head.size()));
    ExpectRefused(ErrorCode::kNewerFormat, path);
    Overwrite(path, whole);
  }
}

// A manifest without a fit is that of format 3, byte for byte behind its head.
TEST_F(SnapshotDamageTest, FormerFormatsAreRead) {
  const std::string path = snapshot_ + "/" + std::string(kManifest);
  const std::string whole = Content(path);
  for (const uint32_t format : {2u, 3u}) {
    std::string head(kSnapshotMagic);
    PutFixed(format, 4, &head);
    PutFixed(Crc32c({head}), 4, &head);
    Overwrite(path, head + whole.substr(head.size()));
    const Result<LoadedSnapshot> loaded = LoadSample(snapshot_);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
    EXPECT_FALSE(loaded->info.fit.has_value());
    EXPECT_EQ(loaded->book->Status().customers, book_.Status().customers);
  }
}

TEST_F(SnapshotDamageTest, OtherRulesMustFit) {
  RuleSettings pounds;
  pounds.currency = "GBP";
  const auto in_pounds = Book::LoadSnapshot(snapshot_, CompileRules(pounds, Calendar()).value(),
                                            SampleOptions(), nullptr);
  ASSERT_TRUE(in_pounds.has_error());
  EXPECT_EQ(in_pounds.error().code, ErrorCode::kInvalidValue);
  RuleSettings stages;
  stages.currency = "EUR";
  stages.stages = {{"Elsewhere", 5000}};
  const auto elsewhere = Book::LoadSnapshot(snapshot_, CompileRules(stages, Calendar()).value(),
                                            SampleOptions(), nullptr);
  ASSERT_TRUE(elsewhere.has_error());
  EXPECT_EQ(elsewhere.error().code, ErrorCode::kUnknownStage);
}

TEST_F(SnapshotDamageTest, WhatWasErasedIsInNoByte) {
  // A long history, so that the indexed form is left behind as well.
  const TimeMs at{int64_t{kSampleDay.since_epoch} * 86'400'000};
  std::vector<std::string> orders;
  for (int n = 0; n < 500; ++n) orders.push_back("secret-order-" + std::to_string(n));
  std::vector<Event> events;
  for (const std::string& order : orders) {
    events.push_back(OrderPlaced{"anna", order, at, Minor{1}, std::nullopt, 1, {}});
  }
  ASSERT_EQ(book_.Apply(events).applied, 500u);
  const std::vector<Event> some = {OrderCancelled{"anna", orders[7]}};
  ASSERT_EQ(book_.Apply(some).applied, 1u);
  const auto holds = [&](const std::string& folder, const std::string& text) {
    bool found = false;
    for (const std::filesystem::path& path : FilesOf(folder)) {
      found = found || Content(path).find(text) != std::string::npos;
    }
    return found;
  };
  const std::string before = folder_.Below("before"), after = folder_.Below("after");
  ASSERT_TRUE(book_.SaveSnapshot(SampleOrder(before)).has_value());
  EXPECT_TRUE(holds(before, "anna") && holds(before, "secret-order-8"));
  EXPECT_TRUE(holds(before, "bert-with-a-long-name"));
  EXPECT_FALSE(holds(before, orders[7] + "\x01")) << "cancelled: it lies in no slack";

  const std::vector<Event> erasures = {Erase{"anna"}, Erase{"bert-with-a-long-name"}};
  ASSERT_EQ(book_.Apply(erasures).applied, 2u);
  ASSERT_TRUE(book_.SaveSnapshot(SampleOrder(after)).has_value());
  for (const char* text : {"anna", "bert", "order-", "return-", "roof"}) {
    EXPECT_FALSE(holds(after, text)) << text;
  }
  EXPECT_TRUE(holds(after, "carla"));
  EXPECT_EQ(LoadSample(after)->book->Status().customers, 1u);
}

}  // namespace
}  // namespace kundig::engine
