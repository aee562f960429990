// Snapshots of earlier releases, kept in tests/engine/golden as they were written, are still read.

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tests/engine/random_history_actions.h"
#include "tests/engine/snapshot_sample.h"

namespace kundig::engine {
namespace {

std::vector<std::string> HeldBy(Book* book, std::string_view customer) {
  const Result<ExportAnswer> answer = book->Export(customer);
  EXPECT_TRUE(answer.has_value());
  std::vector<std::string> lines;
  for (const HeldEvent& event : answer->events) {
    std::visit([&](const auto& one) { lines.push_back(Describe(Event(one))); }, event);
  }
  return lines;
}

// Written by the last release without terminations, complaints, service requests, late payments
// and costs, of the book of FillSample and one consent.
TEST(SnapshotFormats, ReadsFormat3) {
  const Result<LoadedSnapshot> loaded =
      LoadSample(std::string(KUNDIG_SOURCE_DIR) + "/tests/engine/golden/snapshot_format_3");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->attachment, kSampleAttachment);
  Book book(SampleRules(), SampleOptions());
  FillSample(&book);
  const TimeMs at{int64_t{kSampleDay.since_epoch} * 86'400'000};
  const Event consent = Consent{"anna", at, ConsentState::kGranted, kSampleDay + 30};
  ASSERT_EQ(book.Apply(std::span(&consent, 1)).applied, 1u);
  for (const std::string_view customer : {"anna", "bert-with-a-long-name", "carla"}) {
    const std::vector<std::string> held = HeldBy(&book, customer);
    EXPECT_GE(held.size(), 2u);
    EXPECT_EQ(HeldBy(loaded->book.get(), customer), held);
  }
  EXPECT_EQ(loaded->book->Status().customers, 3u);
  EXPECT_EQ(loaded->book->Status().state.journal_sequence, book.Status().state.journal_sequence);
  // New kinds go on from there, names included.
  const Event notice = Termination{"anna", at, TerminationState::kGiven, kSampleDay + 9, "moved"};
  ASSERT_EQ(loaded->book->Apply(std::span(&notice, 1)).applied, 1u);
  ASSERT_EQ(book.Apply(std::span(&notice, 1)).applied, 1u);
  EXPECT_EQ(HeldBy(loaded->book.get(), "anna"), HeldBy(&book, "anna"));
}

}  // namespace
}  // namespace kundig::engine
