// What the engine alone costs at a given size: memory, events, lookups, scans, rankings and a day.
//
//   book_scale [CUSTOMERS] [ORDERS_PER_CUSTOMER] [FOLDER]     default 1000000 5
//
// With a folder, which must not be there yet, the book is saved into it while orders come and
// lookups are made, then loaded from it and compared; it is removed at the end.
//
// The shop is drawn from a fixed seed: orders over three years, one lead for ten customers. Before
// anything is timed, sums that the book reports are compared with those added up while drawing.
// Times are medians of several runs; lookups are of customers drawn evenly, so of cold memory.

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/engine_shop.h"
#include "engine/book.h"
#include "engine/check.h"

namespace {

using namespace kundig::engine;  // NOLINT: a program of its own

uint64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

struct Drawn {
  uint64_t orders = 0;
  int64_t revenue = 0;  // of all time
};

// One in six is open, as in a shop that has kept its leads for a year and a half.
void FillLeads(Book* book, uint64_t leads, std::mt19937_64* random) {
  constexpr std::string_view kStages[] = {"Address", "Interest", "Concrete", "Offer",
                                          "Negotiation"};
  for (uint64_t next = 0; next < leads; next += kBatch) {
    std::vector<std::string> texts;
    texts.reserve(2 * kBatch);
    std::vector<Event> events;
    for (uint64_t at = next; at < std::min(next + kBatch, leads); ++at) {
      LeadSet lead;
      lead.lead = texts.emplace_back("l" + std::to_string(at));
      if ((*random)() % 6 == 0) {
        lead.stage = kStages[(*random)() % 5];
      } else {
        lead.status = (*random)() % 5 < 2 ? LeadStatus::kWon : LeadStatus::kLost;
        lead.reason = "price";
      }
      lead.revenue = Minor{static_cast<int64_t>((*random)() % 10'000'000)};
      lead.owner = Patch<std::string_view>::Set(
          texts.emplace_back("owner " + std::to_string((*random)() % 200)));
      lead.expected_close = Patch<Day>::Set(kToday + static_cast<int32_t>((*random)() % 365));
      events.emplace_back(lead);
    }
    book->Apply(events);
  }
}

// The longest lookup of 100 customers while `work` runs.
double LongestLookupMs(const Book& book, Shop* shop, const std::function<void()>& work) {
  std::vector<std::string> ids;
  for (int at = 0; at < 100; ++at) ids.push_back(shop->AnyCustomer());
  const std::vector<std::string_view> views(ids.begin(), ids.end());
  std::atomic<bool> done{false};
  double longest_ms = 0;
  std::thread looker([&] {
    RecordsAnswer answer;
    while (!done.load(std::memory_order_relaxed)) {
      longest_ms = std::max(longest_ms, SecondsOf([&] { book.Records(views, &answer); }) * 1000);
    }
  });
  work();
  done = true;
  looker.join();
  return longest_ms;
}

// The longest of the batches of 1,000 orders that another thread sends while `work` runs; waiting
// included.
double LongestBatchMs(Book* book, Shop* shop, const std::function<void()>& work) {
  std::atomic<bool> done{false};
  double longest_ms = 0;
  std::thread writer([&] {
    while (!done) {
      const std::vector<OrderPlaced> batch = shop->Orders(kBatch, 0, 30);
      longest_ms = std::max(longest_ms, SecondsOf([&] { book->Apply(batch); }) * 1000);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  work();
  done = true;
  writer.join();
  return longest_ms;
}

// A recount as of half a year ago and a what-if, beside orders and lookups.
void RecountAndWhatIf(Book* book, Shop* shop) {
  const double quiet_ms =
      LongestBatchMs(book, shop, [] { std::this_thread::sleep_for(std::chrono::seconds(2)); });
  RecountOrder order;
  order.as_of = kToday - 180;
  std::vector<std::unique_ptr<Book>> recounts;
  const uint64_t before = ResidentBytes();
  double before_s = SecondsOn(CLOCK_PROCESS_CPUTIME_ID);
  double seconds = SecondsOf([&] { recounts = book->Recount(order).value(); });
  Report("recount as of half a year ago", seconds, "s");
  Report("  the processors' time", SecondsOn(CLOCK_PROCESS_CPUTIME_ID) - before_s, "s");
  Report(
      "  memory for each customer of the book",
      static_cast<double>(ResidentBytes() - before) / static_cast<double>(book->Status().customers),
      "bytes");
  recounts.clear();
  double batch_ms = 0;
  const double lookup_ms = LongestLookupMs(*book, shop, [&] {
    batch_ms = LongestBatchMs(
        book, shop, [&] { seconds = SecondsOf([&] { recounts = book->Recount(order).value(); }); });
  });
  const CountAnswer then = recounts[0]->Count("").value();
  Report("  beside writes and lookups", seconds, "s");
  Report("  longest batch of 1,000 orders meanwhile, waiting included", batch_ms, "ms");
  Report("    the same without it", quiet_ms, "ms");
  Report("  longest lookup of 100 meanwhile", lookup_ms, "ms");
  for (uint64_t next = 0; next < then.customers / 100; next += kBatch) {
    book->Apply(shop->Orders(kBatch, 0, 30));
  }
  Report("  caught up after 1 % of the customers changed",
         SecondsOf([&] { KUNDIG_CHECK(book->CatchUp(recounts[0].get())); }) * 1000, "ms");
  // All orders since are of the last days.
  const CountAnswer caught_up = recounts[0]->Count("").value();
  KUNDIG_CHECK(then.customers > 0 && caught_up.customers == then.customers &&
               caught_up.revenue_total == then.revenue_total);
  recounts.clear();

  RuleSettings other = book->rules()->settings();
  other.rfm.window_days = 180;
  other.abc.a_hundredths = 7000;
  RecountOrder both;
  both.rules.push_back(CompileRules(other, Calendar()).value());
  MovesQuery moves;
  moves.list = MovesQuery::List{Judgement::kAbc, "A", "B"};
  MovesAnswer answer;
  before_s = SecondsOn(CLOCK_PROCESS_CPUTIME_ID);
  seconds = SecondsOf([&] {
    recounts = book->Recount(both).value();
    answer = recounts[0]->Moves(recounts[1].get(), moves).value();
  });
  KUNDIG_CHECK(answer.listed > 0 && answer.rows.size() == std::min<uint64_t>(answer.listed, 100));
  Report("what-if: two recounts of today, and who moves", seconds, "s");
  Report("  the processors' time", SecondsOn(CLOCK_PROCESS_CPUTIME_ID) - before_s, "s");
  Report("  of that the comparison",
         MedianMs([&] { recounts[0]->Moves(recounts[1].get(), moves).value(); }, 3), "ms");
}

// Saves the book while another thread sends orders in batches, then loads it and replays them.
void SaveAndLoad(Book* book, Shop* shop, const std::string& folder) {
  constexpr size_t kWaiting = 200;  // batches that come while the snapshot is being saved
  std::vector<std::vector<OrderPlaced>> batches;
  std::deque<std::string> texts;  // that outlive the batch they were drawn for
  for (size_t at = 0; at < kWaiting; ++at) {
    batches.push_back(shop->Orders(kBatch, 0, 30));
    for (OrderPlaced& one : batches.back()) {
      one.customer = texts.emplace_back(one.customer);
      one.order = texts.emplace_back(one.order);
    }
  }
  std::mutex writing;
  uint64_t records = 0;
  std::vector<double> still_ms, copying_ms, write_ms;
  SnapshotOrder order;
  order.folder = folder;
  order.while_still = [&](const std::function<void()>& work) {
    const std::lock_guard<std::mutex> lock(writing);
    const double before_s = SecondsOn(CLOCK_THREAD_CPUTIME_ID);
    still_ms.push_back(SecondsOf(work) * 1000);
    copying_ms.push_back((SecondsOn(CLOCK_THREAD_CPUTIME_ID) - before_s) * 1000);
    return records;
  };
  std::atomic<bool> saved{false};
  std::thread writer([&] {
    while (!saved && records < kWaiting) {
      write_ms.push_back(SecondsOf([&] {
                           const std::lock_guard<std::mutex> lock(writing);
                           book->Apply(batches[records]);
                           ++records;
                         }) *
                         1000);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  SnapshotInfo info;
  double save_s = 0;
  const double lookup_ms = LongestLookupMs(
      *book, shop, [&] { save_s = SecondsOf([&] { info = book->SaveSnapshot(order).value(); }); });
  saved = true;
  writer.join();
  const double orders = static_cast<double>(book->Status().orders);
  Report("snapshot saved, beside writes and lookups", save_s, "s");
  Report("  bytes on disk", static_cast<double>(info.bytes()) / 1e6, "MB");
  Report("  bytes on disk for each order", static_cast<double>(info.bytes()) / orders, "bytes");
  Report("  longest time that writers wait for it",
         *std::max_element(still_ms.begin(), still_ms.end()), "ms");
  Report("    of that the processor's, at most",
         *std::max_element(copying_ms.begin(), copying_ms.end()), "ms");
  Report("  longest batch of 1,000 orders meanwhile, waiting included",
         *std::max_element(write_ms.begin(), write_ms.end()), "ms");
  Report("  longest lookup of 100 meanwhile", lookup_ms, "ms");

  const CountAnswer expected = book->Count("orders >= 2").value();
  const std::shared_ptr<const Rules> rules = book->rules();
  BookOptions options;
  options.today = kToday;
  std::optional<Result<LoadedSnapshot>> loaded;
  const double before_s = SecondsOn(CLOCK_PROCESS_CPUTIME_ID);
  Report("snapshot checked and loaded",
         SecondsOf([&] { loaded.emplace(Book::LoadSnapshot(folder, rules, options, nullptr)); }),
         "s");
  Report("  the processors' time", SecondsOn(CLOCK_PROCESS_CPUTIME_ID) - before_s, "s");
  Book* copy = loaded->value().book.get();
  Report("  batches of 1,000 replayed", static_cast<double>(info.end_record - info.begin_record),
         "");
  Report("  replayed in", SecondsOf([&] {
           for (uint64_t n = info.begin_record; n < info.end_record; ++n) {
             copy->Replay(n + 1, std::span<const OrderPlaced>(batches[n]));
           }
         }),
         "s");
  for (uint64_t n = info.end_record; n < records; ++n) copy->Apply(batches[n]);
  const CountAnswer found = copy->Count("orders >= 2").value();
  KUNDIG_CHECK(found.customers == expected.customers && found.orders == expected.orders &&
               found.revenue == expected.revenue && found.revenue_total == expected.revenue_total &&
               copy->Status().state.journal_sequence == book->Status().state.journal_sequence);
  std::filesystem::remove_all(folder);
}

void Run(uint64_t customers, uint64_t orders, const std::string& folder) {
  RuleSettings settings;
  settings.value.criteria = {{"revenue", 40, Missing::kZero, {{0, 0}, {50000, 50}, {500000, 100}}},
                             {"satisfaction", 20, Missing::kSkip, {{0, 0}, {5, 50}, {9, 100}}}};
  BookOptions options;
  options.today = kToday;
  const uint64_t before = ResidentBytes();
  Book book(CompileRules(settings, Calendar()).value(), options);
  Shop shop(customers);
  Drawn drawn;

  Report("customers", static_cast<double>(customers), "");
  Report("new customers", static_cast<double>(customers) / 1e6 / SecondsOf([&] {
                            FillCustomers(&book, shop, customers);
                          }),
         "M/s");
  double apply_s = 0;
  for (uint64_t next = 0; next < orders; next += kBatch) {
    const std::vector<OrderPlaced> batch =
        shop.Orders(std::min<uint64_t>(kBatch, orders - next), 0, kDays);
    for (const OrderPlaced& order : batch) drawn.revenue += order.revenue.units;
    drawn.orders += batch.size();
    apply_s += SecondsOf([&] { KUNDIG_CHECK(book.Apply(batch).applied == batch.size()); });
  }
  Report("orders applied in batches of 1,000", static_cast<double>(orders) / 1e6 / apply_s, "M/s");
  const double bytes = static_cast<double>(ResidentBytes() - before);
  Report("memory", bytes / 1e6, "MB");
  Report("memory beyond 40 bytes an order, for each customer",
         (bytes - 40.0 * static_cast<double>(orders)) / static_cast<double>(customers), "bytes");

  const CountAnswer all = book.Count("").value();
  KUNDIG_CHECK(all.customers == customers && all.revenue_total.units == drawn.revenue);
  KUNDIG_CHECK(book.Status().orders == drawn.orders);

  std::vector<std::string> ids;
  for (int at = 0; at < 200'000; ++at) ids.push_back(shop.AnyCustomer());
  const std::vector<std::string_view> views(ids.begin(), ids.end());
  RecordsAnswer records;
  ProfilesAnswer profiles;
  for (const size_t group : {size_t{1}, size_t{64}, size_t{100}}) {
    const double ms = MedianMs([&] {
      for (size_t at = 0; at + group <= views.size(); at += group) {
        book.Records(std::span(views).subspan(at, group), &records);
        KUNDIG_CHECK(records.records.back().found);
      }
    });
    Report(("records, " + std::to_string(group) + " at a time, each customer").c_str(),
           ms * 1e6 / static_cast<double>(views.size()), "ns");
  }
  const auto report_profiles = [&](const char* what) {
    Report(what,
           MedianMs(
               [&] {
                 for (const std::string_view& id : views) {
                   book.Profiles(std::span(&id, 1), &profiles);
                 }
               },
               3) *
               1e6 / static_cast<double>(views.size()),
           "ns");
  };
  report_profiles("profiles, 1 at a time");

  Report("rfm", MedianMs([&] { KUNDIG_CHECK(book.Rfm().population > 0); }), "ms");
  Report("abc", MedianMs([&] { KUNDIG_CHECK(book.Abc().total.units > 0); }), "ms");
  Report("value", MedianMs([&] { book.Value(); }, 3), "ms");
  const auto count = [&](const char* where) {
    Report(("count " + std::string(where)).c_str(),
           MedianMs([&] { KUNDIG_CHECK(book.Count(where)->customers > 0); }), "ms");
  };
  count("orders >= 2");
  count("orders >= 2 and revenue > 50000 and country = 'DE' and last_order >= 2024-06-01");
  count("rfm_segment in ('Champions', 'Loyal')");
  count("activity = 'overdue'");
  count("phase = 'degeneration'");
  count("risk = 'slowing'");
  Report("phases and risks", MedianMs([&] {
           KUNDIG_CHECK(book.Phases("")->phases[static_cast<size_t>(Phase::kGrowth)].customers > 0);
         }),
         "ms");
  ListQuery top;
  top.reactivation = true;
  top.limit = 1000;
  top.fields = {"customer", "revenue_total", "last_activity"};
  Report("top 1,000 of the passive by value",
         MedianMs([&] { KUNDIG_CHECK(book.List(top)->rows == 1000); }), "ms");

  FillLeads(&book, std::max<uint64_t>(customers / 10, 10), &shop.random());
  PipelineQuery pipeline;
  Report("pipeline by stage",
         MedianMs([&] { KUNDIG_CHECK(book.Pipeline(pipeline)->total.leads > 0); }), "ms");
  pipeline.by = {PipelineKey::kOwner, PipelineKey::kMonth};
  Report("pipeline by owner and month",
         MedianMs([&] { KUNDIG_CHECK(book.Pipeline(pipeline)->total.leads > 0); }), "ms");

  Report("churn: the fit", MedianMs([&] { KUNDIG_CHECK(book.Churn({})->customers > 0); }, 3), "ms");
  ChurnQuery year_before;
  year_before.until = kToday - 365;
  year_before.check_until = kToday;
  Report("churn: the fit as of a year ago, and its check",
         MedianMs([&] { KUNDIG_CHECK(book.Churn(year_before)->hold_out[0].customers > 0); }, 3),
         "ms");
  Report("churn: whether a fit is due", MedianMs([&] { KUNDIG_CHECK(book.FitIsDue()); }), "ms");
  const ChurnAnswer fit = book.Churn({}).value();
  Report("churn: the fit put in force", MedianMs([&] {
           book.AdoptFit({.model = fit.model,
                          .parameters = fit.parameters,
                          .fitted_through = fit.fitted_through,
                          .spend = fit.spend});
         }),
         "ms");
  report_profiles("profiles, 1 at a time, with a fit in force");
  count("churn_band != null");
  count("clv >= 0");
  ListQuery warning = top;
  warning.where = "churn_score >= 0";
  warning.activities = {Activity::kActive, Activity::kOverdue};
  warning.order_by = "clv";
  warning.fields = {"customer", "churn_score", "expected_orders", "clv"};
  Report("top 1,000 of the reachable at risk, by clv",
         MedianMs([&] { KUNDIG_CHECK(book.List(warning)->rows == 1000); }), "ms");

  RecountAndWhatIf(&book, &shop);

  std::vector<double> refresh_ms;
  double longest_ms = 0;
  for (int run = 0; run < 5; ++run) {
    for (uint64_t next = 0; next < customers / 100; next += kBatch) {
      book.Apply(shop.Orders(std::min<uint64_t>(kBatch, customers / 100 - next), 0, 30));
    }
    longest_ms = std::max(longest_ms, LongestLookupMs(book, &shop, [&] {
                            refresh_ms.push_back(SecondsOf([&] { book.RefreshRankings(); }) * 1000);
                          }));
  }
  std::sort(refresh_ms.begin(), refresh_ms.end());
  Report("rankings after 1 % of the customers changed", refresh_ms[2], "ms");
  Report("  longest lookup of 100 meanwhile", longest_ms, "ms");
  std::vector<double> day_ms;
  longest_ms = 0;
  for (int run = 1; run <= 5; ++run) {
    longest_ms = std::max(
        longest_ms, LongestLookupMs(book, &shop, [&] {
          day_ms.push_back(SecondsOf([&] { book.AdvanceDay(kToday + run).value(); }) * 1000);
        }));
  }
  std::sort(day_ms.begin(), day_ms.end());
  Report("a day change", day_ms[2], "ms");
  Report("  longest lookup of 100 meanwhile", longest_ms, "ms");
  if (!folder.empty()) SaveAndLoad(&book, &shop, folder);
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t customers = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const uint64_t per_customer = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 5;
  if (customers < 2000 || per_customer < 1) {
    std::fprintf(stderr,
                 "usage: book_scale [CUSTOMERS (at least 2000)] [ORDERS_PER_CUSTOMER] [FOLDER]\n");
    return 2;
  }
  Run(customers, customers * per_customer, argc > 3 ? argv[3] : "");
}
