// A snapshot beside everything else: events, day changes, lookups, scans and rankings go on from
// other threads while it is saved. Run under ThreadSanitizer it also finds what is not guarded.

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/engine/journal_folder.h"
#include "tests/engine/snapshot_sample.h"

namespace kundig::engine {
namespace {

constexpr uint32_t kRecordCustomers = 3000;

// Record n of a history in which every kind of thing happens; `texts` holds its ids.
std::vector<Event> EventsOfRecord(uint64_t n, std::vector<std::string>* texts) {
  texts->clear();
  texts->reserve(100);
  const auto keep = [&](std::string text) -> std::string_view {
    return texts->emplace_back(std::move(text));
  };
  const TimeMs at{int64_t{kSampleDay.since_epoch} * 86'400'000};
  std::vector<Event> events;
  for (uint64_t i = 0; i < 20; ++i) {
    const uint64_t draw = (n * 20 + i) * 7919;
    const std::string_view customer = keep("c" + std::to_string(draw % kRecordCustomers));
    LeadSet lead;
    lead.lead = keep("l" + std::to_string(draw % 500));
    lead.customer = Patch<std::string_view>::Set(customer);
    lead.stage = "Offer";
    lead.status = LeadStatus::kOpen;
    events.push_back(OrderPlaced{customer,
                                 keep("o" + std::to_string(draw % 50)),
                                 at,
                                 Minor{static_cast<int64_t>(draw % 1000)},
                                 std::nullopt,
                                 1,
                                 {}});
    events.push_back(lead);
    if (i % 4 == 0) events.push_back(LeadClosed{lead.lead, LeadStatus::kWon, std::nullopt, "won"});
    if (i == 7) events.push_back(Erase{keep("c" + std::to_string(draw / 3 % kRecordCustomers))});
  }
  return events;
}

TEST(SnapshotConcurrencyTest, EverythingGoesOnAndTheBookIsTheSame) {
  const TemporaryFolder folder;
  BookOptions options = SampleOptions();
  options.shards = 8;
  Book book(SampleRules(), options);
  std::mutex writing;  // guards what follows, and keeps records whole
  std::vector<std::string> texts;
  uint64_t records = 0;
  const auto write = [&](uint64_t number, Book* to) {
    if (number % 100 == 0) {
      EXPECT_TRUE(to->AdvanceDay(kSampleDay + static_cast<int32_t>(number / 100)).has_value());
    } else {
      to->Apply(EventsOfRecord(number, &texts));
    }
  };
  for (; records < 150; ++records) write(records + 1, &book);

  std::atomic<bool> done{false};
  std::thread writer([&] {
    while (!done) {
      const std::lock_guard<std::mutex> lock(writing);
      write(++records, &book);
    }
  });
  std::thread reader([&] {
    ProfilesAnswer answer;
    const std::vector<std::string_view> ids = {"c1", "c2", "c3", "c7919"};
    while (!done) {
      book.Profiles(ids, &answer);
      book.RefreshRankings();
      EXPECT_TRUE(book.Count("orders >= 1 and r >= 2").has_value());
    }
  });
  SnapshotOrder order = SampleOrder(folder.Below("one"));
  order.limits = {.bytes = 2000, .customers = 50, .leads = 7, .names = 1};
  order.while_still = [&](const std::function<void()>& work) {
    const std::lock_guard<std::mutex> lock(writing);
    work();
    return records;
  };
  const Result<SnapshotInfo> saved = book.SaveSnapshot(order);
  done = true;
  writer.join();
  reader.join();
  ASSERT_TRUE(saved.has_value()) << saved.error().message;

  Result<LoadedSnapshot> loaded = LoadSample(order.folder);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  Book* copy = loaded->book.get();
  for (uint64_t n = saved->begin_record + 1; n <= saved->end_record; ++n) {
    if (n % 100 == 0) {
      copy->ReplayDay(n, kSampleDay + static_cast<int32_t>(n / 100));
    } else {
      copy->Replay(n, std::span<const Event>(EventsOfRecord(n, &texts)));
    }
  }
  for (uint64_t n = saved->end_record + 1; n <= records; ++n) write(n, copy);
  const StatusAnswer expected = book.Status(), found = copy->Status();
  EXPECT_EQ(found.state.journal_sequence, expected.state.journal_sequence);
  EXPECT_EQ(found.state.as_of, expected.state.as_of);
  EXPECT_EQ(found.customers, expected.customers);
  EXPECT_EQ(found.orders, expected.orders);
  EXPECT_EQ(found.leads, expected.leads);
  EXPECT_EQ(found.open_leads, expected.open_leads);
  EXPECT_EQ(copy->Count("f >= 2")->customers, book.Count("f >= 2")->customers);
  EXPECT_EQ(copy->Count("")->revenue_total, book.Count("")->revenue_total);
}

// Its last event names no customer, so the replay alone could not tell that the erasure took it.
TEST(SnapshotConcurrencyTest, ALeadThatGoesBeforeItsTurnIsNotMadeUp) {
  const TemporaryFolder folder;
  Book book(SampleRules(), SampleOptions());
  const auto lead_set = [](std::string_view lead, std::string_view customer) {
    LeadSet set;
    set.lead = lead;
    set.stage = "Offer";
    if (!customer.empty()) set.customer = Patch<std::string_view>::Set(customer);
    return set;
  };
  const std::vector<std::vector<Event>> records = {
      {lead_set("first", "anna"), lead_set("second", "bert"), lead_set("third", "carla")},
      {lead_set("third", {})},
      {Erase{"carla"}}};
  book.Apply(records[0]);
  uint64_t applied = 1, stills = 0;
  SnapshotOrder order = SampleOrder(folder.Below("one"));
  order.limits.leads = 1;
  order.while_still = [&](const std::function<void()>& work) {
    if (++stills == 2) {
      for (; applied < records.size(); ++applied) book.Apply(records[applied]);
    }
    work();
    return applied;
  };
  const Result<SnapshotInfo> saved = book.SaveSnapshot(order);
  ASSERT_TRUE(saved.has_value()) << saved.error().message;
  ASSERT_EQ(saved->begin_record, 1u);
  ASSERT_EQ(saved->end_record, 3u);
  ASSERT_EQ(book.Status().leads, 2u);
  const Result<LoadedSnapshot> loaded = LoadSample(order.folder);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  for (uint64_t n = 2; n <= 3; ++n) {
    loaded->book->Replay(n, std::span<const Event>(records[n - 1]));
  }
  EXPECT_EQ(loaded->book->Status().leads, 2u);
  EXPECT_EQ(loaded->book->Status().state.journal_sequence, book.Status().state.journal_sequence);
}

// Cursors say what has changed since, and of what was loaded nothing says when it did.
TEST(SnapshotConcurrencyTest, ACursorFromBeforeTheSnapshotEndsWithTheRestart) {
  const TemporaryFolder folder;
  Book book(SampleRules(), SampleOptions());
  FillSample(&book);
  ListQuery query;
  query.fields = {"customer"};
  query.limit = 1;
  query.cursor = *book.List(query)->next;
  const std::vector<Event> more = {
      Visit{"dora", TimeMs{int64_t{kSampleDay.since_epoch} * 86'400'000}}};
  book.Apply(more);
  EXPECT_TRUE(book.List(query).has_value());
  ASSERT_TRUE(book.SaveSnapshot(SampleOrder(folder.Below("one"))).has_value());
  const Result<LoadedSnapshot> loaded = LoadSample(folder.Below("one"));
  const Result<ListAnswer> old = loaded->book->List(query);
  ASSERT_TRUE(old.has_error());
  EXPECT_EQ(old.error().code, ErrorCode::kBadCursor);
  query.cursor.clear();
  query.cursor = *loaded->book->List(query)->next;
  EXPECT_EQ(loaded->book->List(query)->rows, 1u);
}

}  // namespace
}  // namespace kundig::engine
