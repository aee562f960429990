// What watches cost the engine: orders, rankings and a day change without any, with one and with a
// thousand different ones.
//
//   feed_scale [CUSTOMERS] [ORDERS_PER_CUSTOMER]     default 1000000 5
//
// The thousand are of two kinds. Cells: a segment, class, phase or threshold, in one country, with
// a revenue of one of four ranges, of which everybody is in a dozen; so most orders move somebody
// from some to others. Accounts: a customer each, who rarely orders. Orders go in rounds, in turns
// without and with the watches, so that both see the same machine; they are timed by the processor
// time of all workers, which other work moves less, and a ratio is the median of the rounds'.
// Before anything is timed, feeds are compared with the customers that their conditions select.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bench/engine_shop.h"
#include "engine/book.h"
#include "engine/check.h"

namespace {

using namespace kundig::engine;  // NOLINT: a program of its own

constexpr size_t kRounds = 7;
constexpr size_t kWatches = 1000;

enum class Mix { kCells, kAccounts };

// One customer each, as somebody watches who looks after him.
std::string AccountCondition(const Shop& shop, size_t number) {
  return "customer = '" + shop.Customer(number) +
         "' and activity in ('overdue', 'inactive', 'lost')";
}

std::string CellCondition(size_t number) {
  constexpr const char* kCountries[] = {"DE", "FR", "GB", "NL", "AT", "CH", "IT", "ES"};
  constexpr const char* kRevenues[] = {
      "revenue_total < 50000", "revenue_total >= 50000 and revenue_total < 200000",
      "revenue_total >= 200000 and revenue_total < 500000", "revenue_total >= 500000"};
  constexpr const char* kClasses[] = {"rfm_segment = 'Champions'",
                                      "rfm_segment = 'Loyal'",
                                      "rfm_segment = 'At risk'",
                                      "rfm_segment = 'Hibernating'",
                                      "rfm_segment = 'Lost'",
                                      "abc = 'A'",
                                      "abc = 'B'",
                                      "abc = 'C'",
                                      "value_class = 'individual'",
                                      "value_class = 'standard'",
                                      "value_class = 'review'",
                                      "phase = 'growth'",
                                      "phase = 'maturity'",
                                      "phase = 'degeneration'",
                                      "phase = 'abstinence'",
                                      "phase = 'revitalization'",
                                      "activity = 'active'",
                                      "activity = 'overdue'",
                                      "activity = 'inactive'",
                                      "activity = 'lost'",
                                      "churn_band = 'high'",
                                      "churn_band = 'medium'",
                                      "churn_band = 'low'",
                                      "orders >= 1",
                                      "orders >= 3",
                                      "orders >= 5",
                                      "orders >= 10",
                                      "clv >= 100000",
                                      "inactive_days >= 90",
                                      "inactive_days >= 180",
                                      "recency_days < 30",
                                      "satisfaction >= 9"};
  return std::string(kClasses[number % 32]) + " and country = '" + kCountries[number / 32 % 8] +
         "' and " + kRevenues[number / 256 % 4];
}

class Watches {
 public:
  Watches(Book* book, const Shop& shop, Mix mix, size_t count) : book_(book) {
    from_.sequence = book->Status().state.journal_sequence;
    for (size_t number = 0; number < count; ++number) {
      WatchQuery query;
      query.where = mix == Mix::kCells ? CellCondition(number) : AccountCondition(shop, number);
      query.fields = {"revenue_total", "value_class"};
      feeds_.push_back(book->OpenFeed(query).value());
    }
  }
  ~Watches() {
    for (const auto& feed : feeds_) book_->CloseFeed(*feed);
  }
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  uint64_t Changes() const {
    uint64_t changes = 0;
    for (const auto& feed : feeds_) {
      changes += feed->Read(from_, SIZE_MAX, UINT64_MAX).value().changes.size();
    }
    return changes;
  }

 private:
  Book* const book_;
  FeedPosition from_;
  std::vector<std::shared_ptr<Feed>> feeds_;
};

std::set<std::string> MembersOf(Book* book, const std::string& where) {
  ListQuery query;
  query.where = where;
  query.limit = 0;
  query.fields = {"customer"};
  const ListAnswer answer = book->List(query).value();
  return {answer.columns[0].texts.begin(), answer.columns[0].texts.end()};
}

// Orders, a ranking and a day: who was there and entered and did not leave is there.
void Prove(Book* book, Shop* shop) {
  for (size_t number = 0; number < 10; ++number) {
    const std::string where =
        number % 2 == 0 ? CellCondition(number) : AccountCondition(*shop, number);
    std::set<std::string> members = MembersOf(book, where);
    const std::shared_ptr<Feed> feed = book->OpenFeed({where, {}}).value();
    const FeedPosition begin =
        feed->Read(std::nullopt, 1, book->Status().state.journal_sequence)->position;
    book->Apply(shop->Orders(kBatch, 0, 30));
    book->RefreshRankings();
    KUNDIG_CHECK(book->AdvanceDay(book->Status().state.as_of + 1).has_value());
    const std::set<std::string> expected = MembersOf(book, where);
    const FeedAnswer told =
        feed->Read(begin, SIZE_MAX, book->Status().state.journal_sequence).value();
    for (const FeedAnswer::Change& change : told.changes) {
      KUNDIG_CHECK(change.entered ? members.insert(change.customer).second
                                  : members.erase(change.customer) == 1);
    }
    KUNDIG_CHECK(members == expected);
    book->CloseFeed(*feed);
  }
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void OrdersInTurns(Book* book, Shop* shop, Mix mix, size_t watches, size_t batches) {
  std::vector<double> without, with, ratios;
  uint64_t changes = 0;
  for (size_t round = 0; round < kRounds; ++round) {
    for (const bool watched : {round % 2 == 0, round % 2 != 0}) {
      std::unique_ptr<Watches> open;
      if (watched) open = std::make_unique<Watches>(book, *shop, mix, watches);
      double orders = 0, seconds = 0;
      for (size_t at = 0; at < batches; ++at) {
        const std::vector<OrderPlaced> batch = shop->Orders(kBatch, 0, 365);
        const double before_s = SecondsOn(CLOCK_PROCESS_CPUTIME_ID);
        book->Apply(batch);
        seconds += SecondsOn(CLOCK_PROCESS_CPUTIME_ID) - before_s;
        orders += static_cast<double>(batch.size());
      }
      (watched ? with : without).push_back(orders / seconds);
      if (open) changes += open->Changes();
    }
    ratios.push_back(with.back() / without.back());
  }
  const std::string name =
      std::to_string(watches) + (mix == Mix::kCells ? " cells watched" : " accounts watched");
  Report("an order without watches", 1e9 / Median(without), "ns");
  Report(("  with " + name).c_str(), 1e9 / Median(with), "ns");
  Report("  speed with them, of that without", Median(ratios), "x");
  Report("  changes told for each order",
         static_cast<double>(changes) / static_cast<double>(kRounds * batches * kBatch), "");
}

void RankingsAndDay(Book* book, Shop* shop, uint64_t customers, size_t watches) {
  const Watches open(book, *shop, Mix::kCells, watches);
  const std::string name = std::to_string(watches) + (watches == 1 ? " watch" : " watches");
  std::vector<double> ms;
  for (int round = 0; round < 5; ++round) {
    for (uint64_t next = 0; next < customers / 100; next += kBatch) {
      book->Apply(shop->Orders(kBatch, 0, 30));
    }
    ms.push_back(SecondsOf([&] { book->RefreshRankings(); }) * 1000);
  }
  Report(("rankings after 1 % changed, " + name).c_str(), Median(ms), "ms");
  Report(("day change, " + name).c_str(), SecondsOf([&] {
                                            const Day today = book->Status().state.as_of;
                                            KUNDIG_CHECK(book->AdvanceDay(today + 1).has_value());
                                          }) * 1000,
         "ms");
}

void Run(uint64_t customers, uint64_t orders) {
  RuleSettings settings;
  settings.value.criteria = {{"revenue", 40, Missing::kZero, {{0, 0}, {50000, 50}, {500000, 100}}},
                             {"satisfaction", 20, Missing::kSkip, {{0, 0}, {5, 50}, {9, 100}}}};
  settings.churn.pinned = ChurnParameters{0.5, 60, 0.8, 2.5};
  BookOptions options;
  options.today = kToday;
  Book book(CompileRules(settings, Calendar()).value(), options);
  Shop shop(customers);
  FillCustomers(&book, shop, customers);
  for (uint64_t next = 0; next < orders; next += kBatch) {
    book.Apply(shop.Orders(std::min<uint64_t>(kBatch, orders - next), 0, kDays));
  }
  book.RefreshRankings();
  Report("customers", static_cast<double>(customers), "");
  Prove(&book, &shop);
  const size_t batches = std::max<size_t>(1, customers / 10'000);
  OrdersInTurns(&book, &shop, Mix::kCells, 1, batches);
  for (const Mix mix : {Mix::kAccounts, Mix::kCells}) {
    OrdersInTurns(&book, &shop, mix, kWatches, batches);
  }
  for (const size_t watches : {size_t{0}, size_t{1}, kWatches}) {
    RankingsAndDay(&book, &shop, customers, watches);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t customers = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const uint64_t each = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 5;
  if (customers < 1000 || each < 1) {
    std::fprintf(stderr, "usage: feed_scale [CUSTOMERS >= 1000] [ORDERS_PER_CUSTOMER >= 1]\n");
    return 2;
  }
  Run(customers, customers * each);
  return 0;
}
