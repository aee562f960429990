// What a durable book does when it finds its rules changed, its memory used up, its newest snapshot
// damaged, or is asked for a backup where there is something already.

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/data_folder.h"
#include "engine/producer_table.h"
#include "tests/engine/reopened_book.h"

namespace kundig::engine {
namespace {

// A lead that stood at a stage which later rules do not name was taken all the same, and an order
// in another currency was not.
TEST(DurableBook, JudgesWhatItReadsByTheRulesUnderWhichItCame) {
  RuleSettings with_stage, without;
  with_stage.stages = {{.name = "Tasting", .chance_hundredths = 4'000}};
  without.stages = {{.name = "Offer", .chance_hundredths = 7'500}};
  for (const bool saved : {false, true}) {
    Reopened book(CompileRules(with_stage, Calendar()).value());
    LeadSet lead;
    lead.lead = "l";
    lead.stage = "Tasting";
    lead.revenue = Minor{100};
    const Event open = lead;
    book.Write({{.name = {}, .what = std::span<const Event>(&open, 1)}});
    if (saved) {
      ASSERT_TRUE(book->SaveSnapshot(TimeMs{0}, Generations::kKeepNewest).has_value());
    }
    // While the lead is open, rules without its stage are refused and change nothing.
    book.Configure(CompileRules(without, Calendar()).value());
    const std::optional<Error> refused = book.TryToOpen();
    ASSERT_TRUE(refused.has_value());
    EXPECT_EQ(refused->code, ErrorCode::kUnknownStage);
    book.Configure(CompileRules(with_stage, Calendar()).value());
    book.Open();
    const Event close = LeadClosed{"l", LeadStatus::kWon, kToday, "sold"};
    book.Write({{.name = {}, .what = std::span<const Event>(&close, 1)}});
    ASSERT_TRUE(book.ReplaceRules(CompileRules(without, Calendar()).value()).has_value());
    for (int start = 0; start < 2; ++start) {
      book.Open();
      EXPECT_EQ(book->book().rules()->stages().front().name, "Offer");
      const auto pipeline = book->book().Pipeline({});
      ASSERT_TRUE(pipeline.has_value());
      EXPECT_EQ(pipeline->won_leads, 1u);
      EXPECT_EQ(pipeline->won_revenue.units, 100);
    }
    RuleSettings pounds = without;
    pounds.currency = "GBP";
    book.Configure(CompileRules(pounds, Calendar()).value());
    EXPECT_EQ(book.TryToOpen()->field, "book.currency");
  }
}

TEST(DurableBook, ABookThatIsNotToGrowTakesCorrectionsAndNothingNew) {
  Reopened book;
  book.Write({OneOrder(OrderOf("a", "1", 100)), OneOrder(OrderOf("b", "2", 100))});
  const TimeMs now = On(kToday);
  CustomerSet products, nobody;
  products.customer = "b";
  products.products = Patch<uint32_t>::Set(2);
  nobody.customer = "new";
  LeadSet lead;
  lead.lead = "new";
  lead.stage = "Offer";
  const std::vector<Event> events = {
      OrderOf("a", "1", 70),                                      // a correction
      OrderOf("a", "new", 1),                                     // refused
      OrderOf("new", "3", 1),                                     // refused
      Visit{"a", now},                                            // refused
      Consent{"a", now, ConsentState::kWithdrawn, std::nullopt},  // taken
      Consent{"new", now, ConsentState::kGranted, std::nullopt},  // refused
      products,                                                   // taken
      nobody,                                                     // refused
      lead,                                                       // refused
      OrderCancelled{"b", "2"},                                   // taken
      OrderCancelled{"new", "2"},                                 // refused
      Erase{"b"},                                                 // taken
  };
  const WriteRequest full{
      .name = {"p", 1}, .growth = Growth::kRefused, .what = std::span<const Event>(events)};
  const auto answer = book.Write({full})[0];
  std::vector<uint32_t> refused;
  for (const RefusedEvent& one : answer->refused) {
    EXPECT_EQ(one.error.code, ErrorCode::kMemoryFull) << one.index;
    refused.push_back(one.index);
  }
  EXPECT_EQ(refused, (std::vector<uint32_t>{1, 2, 3, 5, 7, 8, 10}));
  // The same at every start, whatever memory there is then.
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(book->book().Status().customers, 1u);
    EXPECT_EQ(book->book().Status().leads, 0u);
    EXPECT_EQ(book->book().Count("")->revenue_total.units, 70);
    book.Open();
    ExpectSameAnswer(*answer, *book.Write({full})[0]);
  }
}

// Compacting removes every other copy, so the one that stays has to be sound.
TEST(DurableBook, NeverKeepsADamagedSnapshotAlone) {
  Reopened book;
  book.Write({OneOrder(OrderOf("a", "1", 1)), OneOrder(OrderOf("b", "2", 1))});
  ASSERT_TRUE(book->SaveSnapshot(TimeMs{1}, Generations::kKeepTwo).has_value());
  book.Write({OneOrder(OrderOf("c", "3", 1))});
  ASSERT_TRUE(book->SaveSnapshot(TimeMs{2}, Generations::kKeepTwo).has_value());
  const std::string folder = book.durability().folder;
  const uint64_t newest = GenerationsOf(folder)->back();
  for (const std::filesystem::path& file : FilesBelow(GenerationFolder(folder, newest))) {
    std::string content = Content(file);
    content.back() = static_cast<char>(content.back() ^ 1);
    Overwrite(file, content);
  }
  const auto saved = book->SaveSnapshot(TimeMs{3}, Generations::kKeepNewest);
  ASSERT_TRUE(saved.has_value()) << saved.error().message;
  EXPECT_EQ(saved->saved_at, TimeMs{3});
  book.Open();
  EXPECT_TRUE(book.recovery().damaged.empty());
  ExpectOrders(&book->book(), 3);
}

TEST(DurableBook, ABackupLeavesAloneWhatIsThere) {
  Reopened book, victim;
  book.Write({OneOrder(OrderOf("a", "1", 1))});
  victim.Write({OneOrder(OrderOf("v", "1", 1))});
  victim.Close();
  const std::string other = victim.durability().folder;
  EXPECT_EQ(book->Backup(TimeMs{1}, other).error().code, ErrorCode::kInvalidValue);
  EXPECT_EQ(book->Backup(TimeMs{1}, other + "/").error().code, ErrorCode::kInvalidValue);
  victim.Open();
  ExpectOrders(&victim->book(), 1);

  const std::string own = book.durability().folder;
  for (const char* inside : {"", "/journal", "/snapshots/new", "/../data/x"}) {
    const auto backup = book->Backup(TimeMs{1}, own + inside);
    ASSERT_FALSE(backup.has_value()) << inside;
    EXPECT_EQ(backup.error().code, ErrorCode::kInvalidValue) << inside;
  }
  EXPECT_EQ(book->Backup(TimeMs{1}, book.FileBelow("no/where")).error().code,
            ErrorCode::kInvalidValue);
  const std::string empty = book.FileBelow("empty");
  std::filesystem::create_directory(empty);
  EXPECT_TRUE(book->Backup(TimeMs{1}, empty + "/").has_value());
  Verification found;
  EXPECT_FALSE(DurableBook::Verify(empty, &found).has_value());
}

TEST(DurableBook, GivesUpASnapshotAndABackupWhenItStops) {
  Reopened book;
  std::atomic<bool> stopping{false};
  book.durability().stopping = [&] { return stopping.load(); };
  book.Open();
  book.Write({OneOrder(OrderOf("a", "1", 1))});
  stopping = true;
  EXPECT_EQ(book->SaveSnapshot(TimeMs{1}, Generations::kKeepTwo).error().code,
            ErrorCode::kStopping);
  EXPECT_EQ(book->Backup(TimeMs{1}, book.FileBelow("copy")).error().code, ErrorCode::kStopping);
  EXPECT_FALSE(std::filesystem::exists(book.FileBelow("copy")));
  EXPECT_FALSE(std::filesystem::exists(book.FileBelow("copy.unfinished")));
  EXPECT_TRUE(GenerationsOf(book.durability().folder)->empty());
  stopping = false;
  EXPECT_TRUE(book->SaveSnapshot(TimeMs{1}, Generations::kKeepTwo).has_value());
  EXPECT_TRUE(book->Backup(TimeMs{1}, book.FileBelow("copy")).has_value());
}

TEST(DurableBook, GivesUpAStartThatIsAskedToStop) {
  Reopened book;
  for (uint64_t order = 1; order <= 200; ++order) {
    const std::string id = std::to_string(order);
    book.Write({OneOrder(OrderOf("a", id, 1))});
  }
  book.durability().stopping = [] { return true; };
  EXPECT_EQ(book.TryToOpen()->code, ErrorCode::kStopping);
  book.durability().stopping = [] { return false; };
  book.Open();
  ExpectOrders(&book->book(), 200);
}

TEST(DurableBook, SaysWhichDayAndRulesItLeftBehind) {
  Reopened book;
  EXPECT_FALSE(book.recovery().rules_changed);
  ASSERT_TRUE(book->AdvanceDay(kToday + 5).has_value());
  book.Open();
  EXPECT_FALSE(book.recovery().rules_changed);
  EXPECT_EQ(book.recovery().day_before, kToday + 5);
  book.Configure(DefaultRules());
  book.Open();
  EXPECT_TRUE(book.recovery().rules_changed);
}

// Else a loss of power could leave a snapshot of records that the journal does not have.
TEST(DurableBook, ASnapshotIsNeverAheadOfTheDurableJournal) {
  Reopened book;
  uint64_t orders = 0;
  const auto write = [&] {
    const std::string id = std::to_string(++orders);
    book.Write({OneOrder(OrderOf("a", id, 1))});
    return false;
  };
  book.durability().sync_every_write = false;
  book.durability().stopping = write;  // asked between parts
  book.Open();
  write();
  EXPECT_LT(book->Status().journal_synced, book->Status().journal_last);
  const auto saved = book->SaveSnapshot(TimeMs{1}, Generations::kKeepTwo);
  ASSERT_TRUE(saved.has_value()) << saved.error().message;
  EXPECT_GT(saved->end_record, saved->begin_record);
  EXPECT_GE(book->Status().journal_synced, saved->end_record);
  book.Open();
  ExpectOrders(&book->book(), orders);
}

// A producer of nothing but mistakes must not fill the memory with what was said to them.
TEST(ProducerTable, KeepsABoundedAmountOfRefusals) {
  ApplyAnswer answer;
  RefusedEvent refused;
  refused.error.message = std::string(1000, 'x');
  answer.refused.assign(2 * kKeptRefusals, refused);
  ProducerTable table;
  for (uint64_t producer = 0; producer < 8; ++producer) {
    const std::string name = std::to_string(producer);
    for (uint64_t batch = 0; batch < kKeptBatches; ++batch) table.Remember({name, batch}, answer);
  }
  const std::string saved = table.Save(), bytes = saved + "what follows";
  EXPECT_LT(saved.size(), kMaxKeptRefusalBytes + (size_t{1} << 20));
  ProducerTable loaded;
  std::string_view rest = bytes;
  ASSERT_FALSE(loaded.Load(&rest));
  EXPECT_EQ(rest, "what follows");
  EXPECT_EQ(loaded.Save(), saved);
  ApplyAnswer first, last;
  EXPECT_EQ(loaded.Look({"0", 0}, &first), ProducerTable::Verdict::kKnown);
  EXPECT_EQ(first.refused.size(), kKeptRefusals);
  EXPECT_EQ(loaded.Look({"7", kKeptBatches - 1}, &last), ProducerTable::Verdict::kKnown);
  EXPECT_TRUE(last.refused.empty());
  EXPECT_EQ(last.refused_more, 2 * kKeptRefusals);
}

}  // namespace
}  // namespace kundig::engine
