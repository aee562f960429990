#include "tests/engine/cdnow_sample.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

namespace kundig::engine {

std::optional<std::vector<CdnowCustomer>> ReadCdnowSample() {
  const gzFile file = gzopen(KUNDIG_SOURCE_DIR "/../shared/data/cdnow_sample.txt.gz", "rb");
  if (file == nullptr) return std::nullopt;
  std::vector<CdnowCustomer> customers;
  unsigned previous = 0;
  char line[256];
  while (gzgets(file, line, sizeof line) != nullptr) {
    unsigned in_full_set = 0, customer = 0, date = 0, discs = 0;
    double dollars = 0;
    EXPECT_EQ(
        std::sscanf(line, "%u %u %u %u %lf", &in_full_set, &customer, &date, &discs, &dollars), 5)
        << line;
    if (customer != previous) customers.emplace_back();
    previous = customer;
    const std::chrono::sys_days day = std::chrono::year(static_cast<int>(date / 10000)) /
                                      std::chrono::month(date / 100 % 100) /
                                      std::chrono::day(date % 100);
    customers.back()[Day{static_cast<int32_t>(day.time_since_epoch().count())}] +=
        std::llround(dollars * 100);
  }
  gzclose(file);
  return customers;
}

}  // namespace kundig::engine
