// Snapshots of random histories: parts are saved while batches go on being applied between them, as
// the dice say; the book loaded and completed from it must answer like the model that took
// everything in order.
//
//   KUNDIG_SNAPSHOT_SEEDS=5000   that many histories
//   KUNDIG_SNAPSHOT_FIRST=1234   from that seed on

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/book.h"
#include "tests/engine/journal_folder.h"
#include "tests/engine/model_book.h"
#include "tests/engine/random_history_actions.h"
#include "tests/engine/random_history_compare.h"
#include "tests/engine/random_history_seeds.h"

namespace kundig::engine {
namespace {

constexpr uint64_t kSnapshotSeeds = kUnderSanitizer ? 20 : 80;

// A journal record: events, a day change or a fit.
struct Record {
  std::vector<Event> events;
  std::vector<OrderPlaced> orders;  // where the events are orders alone
  std::optional<Day> day;
  std::optional<AdoptedFit> fit;
};

// The history as records, without its changes of rules, which no journal has. In half of the
// histories erasures are frequent, so that rows change hands and leads go while parts are saved.
std::vector<Record> RecordsOf(const RandomHistory& history, Random* random) {
  std::vector<Record> records;
  size_t room = 0;
  const uint64_t erasures = random->Pick<uint64_t>({0, 0, 8, 25});  // of 100 events
  for (const Action& action : history.actions) {
    if (const DayChange* change = std::get_if<DayChange>(&action)) {
      records.push_back({.events = {}, .orders = {}, .day = change->day, .fit = {}});
      room = 0;
    }
    if (const FitChange* change = std::get_if<FitChange>(&action)) {
      records.push_back({.events = {}, .orders = {}, .day = {}, .fit = change->fit});
      room = 0;
    }
    const Event* event = std::get_if<Event>(&action);
    if (event == nullptr) continue;
    if (room == 0) {
      records.emplace_back();
      room = random->Pick({1u, 1u, 2u, 3u, 10u, 40u});
    }
    records.back().events.push_back(*event);
    // A lead of somebody, told something more, and gone with him.
    if (random->Chance(erasures) && !history.customers.empty()) {
      const std::string_view customer = random->Pick(history.customers);
      LeadSet lead;
      lead.lead = random->Pick({"la", "lb", "lc", "ld", "le", "lf", "lg", "lh"});
      lead.stage = history.rules->stages()[0].name;
      if (random->Chance(60)) lead.customer = Patch<std::string_view>::Set(customer);
      lead.revenue = Minor{random->Between(0, 1000)};
      records.back().events.push_back(lead);
    }
    if (random->Chance(erasures)) {
      records.back().events.push_back(Erase{random->Pick(history.customers)});
    }
    --room;
  }
  for (Record& record : records) {
    for (const Event& event : record.events) {
      if (const auto* order = std::get_if<OrderPlaced>(&event)) record.orders.push_back(*order);
    }
    if (record.orders.size() != record.events.size()) record.orders.clear();
  }
  return records;
}

void Apply(const Record& record, Book* book) {
  if (record.day) {
    static_cast<void>(book->AdvanceDay(*record.day));
  } else if (record.fit) {
    book->AdoptFit(*record.fit);
  } else if (!record.orders.empty()) {
    book->Apply(record.orders);
  } else {
    book->Apply(record.events);
  }
}

void Apply(const Record& record, ModelBook* model) {
  if (record.day) {
    static_cast<void>(model->AdvanceDay(*record.day));
  } else if (record.fit) {
    model->AdoptFit(*record.fit);
  } else {
    model->Apply(record.events);
  }
}

void Replay(uint64_t number, const Record& record, Book* book) {
  if (record.day) {
    book->ReplayDay(number, *record.day);
  } else if (record.fit) {
    book->ReplayFit(number, *record.fit);
  } else if (!record.orders.empty()) {
    book->Replay(number, record.orders);
  } else {
    book->Replay(number, record.events);
  }
}

std::string PlayOne(uint64_t seed, const std::string& folder) {
  Random random(seed ^ 0x5a5a);
  const std::unique_ptr<RandomHistory> history = MakeHistory(seed);
  const std::vector<Record> records = RecordsOf(*history, &random);
  BookOptions options;
  options.today = history->first_day;
  options.shards = random.Pick({1u, 2u, 16u});
  options.threads = random.Pick({1, 3});
  Book book(history->rules, options);
  ModelBook model(history->rules, history->first_day);

  uint64_t applied = 0;  // records so far
  const auto apply = [&](uint64_t count) {
    for (; count > 0 && applied < records.size(); --count, ++applied) {
      Apply(records[applied], &book);
      Apply(records[applied], &model);
    }
  };
  apply(random.Below(records.size() + 1));

  // Parts of a few rows, and up to some records between two of them.
  SnapshotOrder order;
  order.folder = folder + "/" + std::to_string(seed);
  order.time_zone = "Europe/Berlin";
  order.saved_at = TimeMs{static_cast<int64_t>(seed)};
  order.limits = {.bytes = random.Pick({size_t{1}, size_t{200}, size_t{100'000}}),
                  .customers = random.Pick({1u, 3u, 2048u}),
                  .leads = random.Pick({1u, 2u, 1024u}),
                  .names = random.Pick({size_t{1}, size_t{3}, size_t{4096}})};
  const uint64_t most = random.Pick<uint64_t>({0, 1, 2, 5});
  // A day close that remembers value classes waits until a snapshot is through (durable_book.h).
  const bool no_days = history->rules->settings().value.between == Between::kLastClose;
  order.while_still = [&](const std::function<void()>& work) {
    const bool may = applied < records.size() && !(no_days && records[applied].day);
    if (may && random.Chance(60)) apply(no_days ? 1 : random.Below(most + 1));
    work();
    return applied;
  };
  uint64_t attached = 0;
  order.attachment = [&] {
    attached = applied;
    return "as of " + std::to_string(applied);
  };
  const Result<SnapshotInfo> saved = book.SaveSnapshot(order);
  if (!saved) return saved.error().message;
  apply(random.Chance(50) ? 0 : random.Below(20));

  // Other numbers of shards and threads, and another day: those of the snapshot count.
  BookOptions other;
  other.today = kFirstDay;
  other.threads = 3;
  Result<LoadedSnapshot> loaded =
      Book::LoadSnapshot(order.folder, history->rules, other, /*env=*/nullptr);
  if (!loaded) return loaded.error().message;
  const SnapshotInfo& info = loaded->info;
  Differences differences;
  differences.Same("info", "end_record", attached, info.end_record);
  differences.Same("info", "attachment", "as of " + std::to_string(attached), loaded->attachment);
  differences.Same("info", "time_zone", order.time_zone, info.time_zone);
  differences.Same("info", "saved_at", order.saved_at.since_epoch, info.saved_at.since_epoch);
  for (uint64_t n = info.begin_record + 1; n <= info.end_record; ++n) {
    Replay(n, records[n - 1], loaded->book.get());
  }
  uint64_t known = info.end_record;  // to the loaded book
  const auto follow = [&] {
    for (; known < applied; ++known) Apply(records[known], loaded->book.get());
    CompareBooks(model, loaded->book.get(), seed, /*thorough=*/true, &differences);
  };
  follow();
  if (!differences.empty()) return differences.text();
  apply(records.size());
  follow();
  return differences.text();
}

class SnapshotHistoryTest : public testing::TestWithParam<uint64_t> {};

TEST_P(SnapshotHistoryTest, TheLoadedBookAnswersLikeTheModel) {
  const TemporaryFolder folder;
  const uint64_t first = FromEnvironment("KUNDIG_SNAPSHOT_FIRST", 1);
  const uint64_t seeds = FromEnvironment("KUNDIG_SNAPSHOT_SEEDS", kSnapshotSeeds);
  for (uint64_t seed = first + GetParam(); seed < first + seeds; seed += kSlices) {
    ASSERT_EQ(PlayOne(seed, folder.path()), "") << "seed " << seed;
    std::filesystem::remove_all(folder.Below(std::to_string(seed)));
  }
}

INSTANTIATE_TEST_SUITE_P(Slices, SnapshotHistoryTest, testing::Range(uint64_t{0}, kSlices));

}  // namespace
}  // namespace kundig::engine
