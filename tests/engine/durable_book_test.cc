#include "engine/durable_book.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "engine/calendar.h"
#include "engine/data_folder.h"
#include "tests/engine/journal_folder.h"
#include "tests/engine/model_book.h"
#include "tests/engine/random_history_actions.h"
#include "tests/engine/random_history_compare.h"
#include "tests/engine/random_history_questions.h"
#include "tests/engine/random_history_random.h"
#include "tests/engine/random_history_seeds.h"
#include "tests/engine/reopened_book.h"
#include "tests/engine/stored_bytes.h"
#include "tests/eventually.h"

namespace kundig::engine {
namespace {

TEST(DurableBook, ANumberedBatchIsAppliedOnceHoweverOftenItIsSent) {
  Reopened book;
  const std::vector<OrderPlaced> orders = {OrderOf("a", "1", 100), OrderOf("b", "2", -1)};
  const WriteRequest batch{.name = {"shop", 7}, .what = std::span<const OrderPlaced>(orders)};
  // Twice in one group, again later, and again after a start.
  const auto answers = book.Write({batch, batch});
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_FALSE(answers[0]->repeated);
  EXPECT_EQ(answers[0]->applied, 1u);
  ASSERT_EQ(answers[0]->refused.size(), 1u);
  ExpectSameAnswer(*answers[0], *answers[1]);
  const OrderPlaced other = OrderOf("a", "3", 50);
  const WriteRequest unnamed{.name = {}, .what = std::span<const OrderPlaced>(&other, 1)};
  EXPECT_FALSE(book.Write({unnamed})[0]->repeated);
  EXPECT_FALSE(book.Write({unnamed})[0]->repeated);
  book.Open();
  ExpectSameAnswer(*answers[0], *book.Write({batch})[0]);
  EXPECT_EQ(book->book().Status().orders, 2u);
  EXPECT_EQ(book->book().Status().state.journal_sequence, 3u);
}

TEST(DurableBook, ABatchThatCanNoLongerBeToldApartIsRefused) {
  Reopened book;
  const auto send = [&](uint64_t number) {
    const std::string id = std::to_string(number);
    const OrderPlaced order = OrderOf("a", id, 1);
    return book.Write({{.name = {"shop", number}, .what = std::span<const OrderPlaced>(&order, 1)}})
        .front();
  };
  // In any order, as long as no more than kKeptBatches are under way.
  for (uint64_t number = kKeptBatches; number > 0; --number) EXPECT_FALSE(send(number)->repeated);
  EXPECT_TRUE(send(1)->repeated);
  EXPECT_FALSE(send(kKeptBatches + 1)->repeated);
  for (int opened = 0; opened < 2; ++opened) {
    const Result<ApplyAnswer> too_old = send(1);
    ASSERT_FALSE(too_old.has_value());
    EXPECT_EQ(too_old.error().code, ErrorCode::kLimitExceeded);
    EXPECT_EQ(too_old.error().field, "kept_batches");
    EXPECT_TRUE(send(2)->repeated);
    book.Open();
  }
  EXPECT_EQ(book->book().Status().orders, kKeptBatches + 1);
}

TEST(DurableBook, KeepsItsDay) {
  Reopened book;
  ASSERT_TRUE(book->AdvanceDay(kToday + 3).has_value());
  EXPECT_EQ(book->AdvanceDay(kToday + 3).error().code, ErrorCode::kDayNotForward);
  book.Open();
  EXPECT_EQ(book->book().Status().state.as_of, kToday + 3);
  EXPECT_EQ(book->book().Status().state.journal_sequence, 1u);
}

TEST(DurableBook, AFolderServesOneBookAtATime) {
  Reopened book;
  Recovery recovery;
  const auto second =
      DurableBook::Open(DefaultRules(), Options(kToday), book.durability(), &recovery);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kFolderInUse);
}

TEST(DurableBook, StatusNamesTheRecords) {
  Reopened book;
  const OrderPlaced order = OrderOf("a", "1", 1);
  book.Write({{.name = {}, .what = std::span<const OrderPlaced>(&order, 1)}});
  const DurabilityStatus status = book->Status();
  EXPECT_TRUE(status.durable);
  EXPECT_EQ(status.journal_first, 1u);  // the first day of the book, then its rules
  EXPECT_EQ(status.journal_last, 3u);
  EXPECT_EQ(status.journal_synced, 3u);
  book.Open();
  EXPECT_EQ(book.recovery().last_record, 3u);
  EXPECT_EQ(book.recovery().events, 1u);
  EXPECT_FALSE(DurableBook::InMemory(DefaultRules(), Options(kToday))->Status().durable);
}

TEST(DurableBook, StartsFromItsSnapshotAndTheRecordsBehindIt) {
  Reopened book;
  uint64_t orders = 0;
  for (int generation = 0; generation < 4; ++generation) {
    for (int i = 0; i < 20; ++i) {
      const std::string id = std::to_string(++orders);
      book.Write({OneOrder(OrderOf("c" + std::to_string(orders % 7), id, 1))});
    }
    ASSERT_TRUE(book->SaveSnapshot(TimeMs{generation}, Generations::kKeepTwo).has_value());
    EXPECT_EQ(book->Status().unsaved_bytes, 0u);
    const std::string id = std::to_string(++orders);
    book.Write({OneOrder(OrderOf("c1", id, 1))});
    book.Open();
    ASSERT_TRUE(book.recovery().snapshot.has_value());
    EXPECT_EQ(book.recovery().events, 1u);
    ExpectOrders(&book->book(), orders);
  }
  EXPECT_FALSE(book->RollJournal().has_value());
  EXPECT_EQ(book->Status().segment_bytes, 0u);
  // The journal was cut behind the older of two generations.
  EXPECT_GT(book->Status().journal_first, 20u);
  EXPECT_EQ(GenerationsOf(book.durability().folder)->size(), 2u);
}

TEST(DurableBook, AnOlderGenerationAndTheJournalGiveTheSameBook) {
  Reopened book;
  uint64_t orders = 0;
  for (int generation = 0; generation < 2; ++generation) {
    for (int i = 0; i < 20; ++i) {
      const std::string id = std::to_string(++orders);
      book.Write({OneOrder(OrderOf("c" + std::to_string(orders % 7), id, 1))});
    }
    ASSERT_TRUE(book->SaveSnapshot(TimeMs{0}, Generations::kKeepTwo).has_value());
  }
  book.Close();
  const std::string& folder = book.durability().folder;
  const uint64_t newest = GenerationsOf(folder)->back();
  const std::filesystem::path names = GenerationFolder(folder, newest) + "/manifest";
  std::string content = Content(names);
  content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
  Overwrite(names, content);
  Verification found;
  const auto damage = DurableBook::Verify(folder, &found);
  ASSERT_TRUE(damage.has_value());
  EXPECT_EQ(damage->code, ErrorCode::kDamaged);
  book.Open();
  EXPECT_EQ(book.recovery().damaged.size(), 1u);
  ExpectOrders(&book->book(), orders);
  // With both gone there is nothing to start from: the journal alone does not tell everything.
  ASSERT_TRUE(book->SaveSnapshot(TimeMs{0}, Generations::kKeepNewest).has_value());
  book.Close();
  for (const uint64_t generation : *GenerationsOf(folder)) {
    std::filesystem::remove_all(GenerationFolder(folder, generation));
  }
  Recovery recovery;
  const auto opened =
      DurableBook::Open(DefaultRules(), Options(kToday), book.durability(), &recovery);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kDamaged);
}

TEST(DurableBook, WhatWasErasedLeavesNoByteAfterCompacting) {
  Reopened book;
  const std::string& folder = book.durability().folder;
  constexpr std::string_view kGone = "gone-for-good";
  book.Write({OneOrder(OrderOf(kGone, "order-of-the-gone", 1)), OneOrder(OrderOf("b", "2", 1))});
  ASSERT_TRUE(book->SaveSnapshot(TimeMs{1}, Generations::kKeepTwo).has_value());
  const Event erase = Erase{kGone};
  const auto erased = book.Write({{.name = {}, .what = std::span<const Event>(&erase, 1)}})[0];
  EXPECT_TRUE(HasBytes(folder, kGone));
  EXPECT_LT(book->Status().erased_sequence, erased->state.journal_sequence);
  book.SetClock(3);
  ASSERT_TRUE(book->SaveSnapshot(TimeMs{2}, Generations::kKeepNewest).has_value());
  EXPECT_FALSE(HasBytes(folder, kGone));
  EXPECT_FALSE(HasBytes(folder, "order-of-the-gone"));
  EXPECT_GE(book->Status().erased_sequence, erased->state.journal_sequence);
  EXPECT_EQ(book->Status().erased_at, TimeMs{3});
  book.Open();
  ExpectOrders(&book->book(), 1);
}

TEST(DurableBook, AReceiptIsTheSameForEverAndNamesTheCutThatCounts) {
  Reopened book;
  const std::string& folder = book.durability().folder;
  uint64_t orders = 0;
  const auto erase = [&](std::string_view customer) {
    const std::string id = std::to_string(++orders);
    book.Write({OneOrder(OrderOf(customer, id, 1))});
    const Event event = Erase{customer};
    return book.Write({{.name = {}, .what = std::span<const Event>(&event, 1)}})[0]
        ->state.journal_sequence;
  };
  ASSERT_TRUE(book->SaveSnapshot(TimeMs{0}, Generations::kKeepTwo).has_value());
  // Two generations are kept, so an erasure is gone with the second snapshot behind it.
  const uint64_t first = erase("gone-first");
  for (int64_t time = 1; time <= 2; ++time) {
    EXPECT_FALSE(book->GoneSince(first).has_value());
    EXPECT_TRUE(HasBytes(folder, "gone-first"));
    book.SetClock(time);
    ASSERT_TRUE(book->SaveSnapshot(TimeMs{0}, Generations::kKeepTwo).has_value());
    book.Write({OneOrder(OrderOf("b", "b" + std::to_string(time), 1))});
    book.Open();
    if (time == 1) continue;
    EXPECT_FALSE(HasBytes(folder, "gone-first"));
    EXPECT_EQ(book->GoneSince(first), TimeMs{2});
  }
  const uint64_t second = erase("gone-second");
  EXPECT_FALSE(book->GoneSince(second).has_value());
  book.SetClock(7);
  ASSERT_TRUE(book->SaveSnapshot(TimeMs{0}, Generations::kKeepNewest).has_value());
  EXPECT_FALSE(HasBytes(folder, "gone-second"));
  for (int64_t later = 8; later <= 10; ++later) {
    EXPECT_EQ(book->GoneSince(first), TimeMs{2});
    EXPECT_EQ(book->GoneSince(second), TimeMs{7});
    EXPECT_EQ(book->Status().erased_sequence, second);
    book.SetClock(later);
    ASSERT_TRUE(book->SaveSnapshot(TimeMs{0}, Generations::kKeepNewest).has_value());
    book.Open();
  }
  // A backup takes the receipts with it.
  const std::string backup = book.FileBelow("backup"), copy = book.FileBelow("copy");
  const uint64_t third = erase("gone-third");
  ASSERT_TRUE(book->Backup(TimeMs{20}, backup).has_value());
  EXPECT_FALSE(book->GoneSince(third).has_value());
  EXPECT_FALSE(HasBytes(backup, "gone-third"));
  ASSERT_FALSE(DurableBook::Restore(backup, copy).has_value());
  book.Close();
  DurabilityOptions durability = book.durability();
  durability.folder = copy;
  Recovery recovery;
  const auto restored = DurableBook::Open(DefaultRules(), Options(kToday), durability, &recovery);
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_EQ((*restored)->GoneSince(first), TimeMs{2});
  EXPECT_EQ((*restored)->GoneSince(third), TimeMs{20});
}

// Between the new segment of the journal and the snapshot others go on writing, and what they write
// then stays.
TEST(DurableBook, AReceiptIsTrueWhileOthersWrite) {
  Reopened book;
  const std::string& folder = book.durability().folder;
  std::mutex mutex;
  std::vector<std::pair<uint64_t, std::string>> erased;  // sequence and id
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      const std::string id = "gone-" + std::to_string(i) + "-for-good";
      const std::string order_id = "order-of-" + id;
      const OrderPlaced order = OrderOf(id, order_id, 1);
      const Event erase = Erase{id};
      const std::vector<WriteRequest> writes = {
          OneOrder(order), {.name = {}, .what = std::span<const Event>(&erase, 1)}};
      book->Write(writes, [&](size_t place, const Result<ApplyAnswer>& answer) {
        if (place == 0 || !answer) return;
        const std::lock_guard lock(mutex);
        erased.emplace_back(answer->state.journal_sequence, id);
      });
    }
  });
  EXPECT_TRUE(Eventually([&] {
    const std::lock_guard lock(mutex);
    return !erased.empty();
  }));
  size_t looked_for = 0;
  for (int cut = 0; cut < 30; ++cut) {
    const auto saved = book->SaveSnapshot(TimeMs{0}, Generations::kKeepNewest);
    EXPECT_TRUE(saved.has_value()) << saved.error().message;
    std::vector<std::pair<uint64_t, std::string>> now;
    {
      const std::lock_guard lock(mutex);
      now = erased;
    }
    const std::string stored = StoredBytes(folder);
    // The newest ones are those that a wrong receipt would be about.
    for (size_t left = 200; left > 0 && !now.empty(); now.pop_back()) {
      if (!book->GoneSince(now.back().first)) continue;
      EXPECT_EQ(stored.find(now.back().second), std::string::npos) << now.back().second;
      --left;
      ++looked_for;
    }
  }
  stop = true;
  writer.join();
  EXPECT_GT(looked_for, 0u);
}

TEST(DurableBook, ABackupIsABookOfItsOwn) {
  Reopened book;
  book.Write({OneOrder(OrderOf("a", "1", 1)), OneOrder(OrderOf("b", "2", 1))});
  const std::string copy = book.FileBelow("copy");
  ASSERT_TRUE(book->Backup(TimeMs{1}, copy).has_value());
  EXPECT_EQ(book->Backup(TimeMs{1}, copy).error().code, ErrorCode::kInvalidValue);
  book.Write({OneOrder(OrderOf("c", "3", 1))});
  Verification found;
  EXPECT_FALSE(DurableBook::Verify(copy, &found).has_value());
  EXPECT_EQ(found.generations, 1u);
  DurabilityOptions durability = book.durability();
  durability.folder = copy;
  Recovery recovery;
  const auto restored = DurableBook::Open(DefaultRules(), Options(kToday), durability, &recovery);
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  ExpectOrders(&(*restored)->book(), 2);
  EXPECT_EQ(
      DurableBook::InMemory(DefaultRules(), Options(kToday))->Backup(TimeMs{0}, copy).error().code,
      ErrorCode::kInvalidValue);
}

TEST(DurableBook, SavesBesideWritersAndReaders) {
  Reopened book;
  constexpr uint64_t kBatches = 400;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (uint64_t number = 1; number <= kBatches; ++number) {
      std::vector<std::string> ids;
      for (uint64_t i = 0; i < 50; ++i) ids.push_back(std::to_string(number * 50 + i));
      std::vector<OrderPlaced> orders;
      for (const std::string& id : ids) orders.push_back(OrderOf(id, id, 1));
      book.Write({{.name = {"w", number}, .what = std::span<const OrderPlaced>(orders)}});
    }
    done = true;
  });
  do {
    EXPECT_TRUE(book->SaveSnapshot(TimeMs{0}, Generations::kKeepTwo).has_value());
    EXPECT_LE(book->book().Count("")->customers, kBatches * 50);
  } while (!done);
  writer.join();
  book.Open();
  ExpectOrders(&book->book(), kBatches * 50);
}

// Histories go to the model and to a book that is saved, closed and opened again at any point.
TEST(DurableBook, IsTheSameAfterEveryStart) {
  for (uint64_t seed = 1; seed <= (kUnderSanitizer ? 4 : 12); ++seed) {
    const std::unique_ptr<RandomHistory> history = MakeHistory(seed);
    Random random(seed);
    ModelBook model(history->rules, history->first_day);
    Reopened book(history->rules, history->first_day);
    std::vector<Event> events;
    uint64_t batches = 0;
    const auto write = [&] {
      if (events.empty()) return;
      const WriteRequest request{.name = {"p", ++batches},
                                 .growth = random.Chance(15) ? Growth::kRefused : Growth::kAllowed,
                                 .what = std::span<const Event>(events)};
      const ApplyAnswer expected = model.Apply(events, request.growth);
      const Result<ApplyAnswer> answer = book.Write({request})[0];
      ASSERT_TRUE(answer.has_value());
      EXPECT_EQ(answer->applied, expected.applied);
      EXPECT_EQ(answer->refused.size(), expected.refused.size());
      if (random.Chance(20)) {
        EXPECT_TRUE(book.Write({request})[0]->repeated);
      }
      events.clear();
    };
    for (const Action& action : history->actions) {
      if (const Event* event = std::get_if<Event>(&action)) events.push_back(*event);
      const DayChange* day = std::get_if<DayChange>(&action);
      const RuleChange* rules = std::get_if<RuleChange>(&action);
      const FitChange* fit = std::get_if<FitChange>(&action);
      if (day != nullptr || rules != nullptr || fit != nullptr || random.Chance(5)) write();
      if (rules != nullptr) {
        EXPECT_EQ(model.ReplaceRules(rules->rules).has_value(),
                  book.ReplaceRules(rules->rules).has_value());
      }
      if (fit != nullptr) {
        model.AdoptFit(fit->fit);
        EXPECT_TRUE(book.Write({{.name = {}, .what = &fit->fit}})[0].has_value());
      }
      if (day != nullptr) {
        EXPECT_EQ(model.AdvanceDay(day->day).has_value(), book->AdvanceDay(day->day).has_value());
      }
      if (random.Chance(1)) {
        write();
        if (random.Chance(50)) {
          const auto saved = book->SaveSnapshot(
              TimeMs{1}, random.Pick({Generations::kKeepTwo, Generations::kKeepNewest}));
          EXPECT_TRUE(saved.has_value()) << saved.error().message;
        }
        if (random.Chance(70)) book.Open();
      }
    }
    write();
    book.Open();
    Differences differences;
    CompareBooks(model, &book->book(), seed, true, &differences);
    ASSERT_TRUE(differences.empty()) << "seed " << seed << "\n" << differences.text();
  }
}

}  // namespace
}  // namespace kundig::engine
