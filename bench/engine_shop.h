// A generated shop for benchmarks of the engine alone, and their clock.
//
// It is drawn from a fixed seed: orders over three years, customers evenly, so of cold memory.
//
// Thread safety: one thread at a time.

#ifndef KUNDIG_BENCH_ENGINE_SHOP_H_
#define KUNDIG_BENCH_ENGINE_SHOP_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "engine/book.h"
#include "engine/check.h"

namespace kundig::engine {

inline constexpr Day kToday{20000};
inline constexpr int32_t kDays = 3 * 365;
inline constexpr int64_t kDayMs = 86'400'000;
inline constexpr size_t kBatch = 1000;

inline double SecondsOf(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

inline double MedianMs(const std::function<void()>& work, int runs = 7) {
  std::vector<double> ms;
  for (int run = 0; run < runs; ++run) ms.push_back(SecondsOf(work) * 1000);
  std::nth_element(ms.begin(), ms.begin() + runs / 2, ms.end());
  return ms[static_cast<size_t>(runs / 2)];
}

// Time of the processor: what work costs where others want the processor, too.
inline double SecondsOn(clockid_t clock) {
  timespec time{};
  KUNDIG_CHECK(clock_gettime(clock, &time) == 0);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

inline void Report(const char* what, double value, const char* unit) {
  std::printf("%-58s %12.2f %s\n", what, value, unit);
  std::fflush(stdout);
}

class Shop {
 public:
  explicit Shop(uint64_t customers) : customers_(customers) {}

  std::string Customer(uint64_t number) const { return "c" + std::to_string(10'000'000 + number); }
  std::string AnyCustomer() { return Customer(random_() % customers_); }

  // A batch of orders of the given span of days before today.
  std::vector<OrderPlaced> Orders(size_t count, int32_t youngest_days, int32_t oldest_days) {
    ids_.clear();
    ids_.reserve(2 * count);  // views of its elements must stay
    std::vector<OrderPlaced> orders(count);
    for (OrderPlaced& order : orders) {
      order.customer = ids_.emplace_back(AnyCustomer());
      order.order = ids_.emplace_back("o" + std::to_string(++orders_));
      const auto days =
          static_cast<int32_t>(random_() % static_cast<uint64_t>(oldest_days - youngest_days + 1));
      order.at = TimeMs{int64_t{(kToday - youngest_days - days).since_epoch} * kDayMs +
                        static_cast<int64_t>(random_() % 86'400) * 1000};
      order.revenue = Minor{static_cast<int64_t>(500 + random_() % 20'000 * (random_() % 9 + 1))};
      order.margin = Minor{order.revenue.units / 4};
      order.items = static_cast<uint32_t>(1 + random_() % 5);
    }
    return orders;
  }
  std::mt19937_64& random() { return random_; }

 private:
  uint64_t customers_;
  uint64_t orders_ = 0;
  std::mt19937_64 random_{20};
  std::vector<std::string> ids_;
};

inline void FillCustomers(Book* book, const Shop& shop, uint64_t customers) {
  constexpr std::string_view kCountries[] = {"DE", "FR", "GB", "NL", "AT", "CH", "IT", "ES"};
  std::vector<std::string> ids(kBatch);
  for (uint64_t next = 0; next < customers; next += kBatch) {
    std::vector<Event> events;
    for (uint64_t at = next; at < std::min(next + kBatch, customers); ++at) {
      CustomerSet set;
      set.customer = ids[at - next] = shop.Customer(at);
      set.country = Patch<std::string_view>::Set(kCountries[at * 7919 % 8]);
      set.satisfaction = Patch<uint8_t>::Set(static_cast<uint8_t>(at % 11));
      events.emplace_back(set);
    }
    book->Apply(events);
  }
}

}  // namespace kundig::engine

#endif  // KUNDIG_BENCH_ENGINE_SHOP_H_
