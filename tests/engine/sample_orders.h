// The orders that most tests of a book need.
//
// Thread safety: free functions.

#ifndef KUNDIG_TESTS_ENGINE_SAMPLE_ORDERS_H_
#define KUNDIG_TESTS_ENGINE_SAMPLE_ORDERS_H_

#include <cstdint>
#include <string_view>

#include "engine/event.h"
#include "tests/engine/sample_days.h"

namespace kundig::engine {

inline constexpr std::string_view kAda = "ada-with-an-id-longer-than-a-row-holds";

inline OrderPlaced OrderOf(std::string_view customer, std::string_view order, int64_t revenue,
                           Day day = kToday) {
  OrderPlaced placed;
  placed.customer = customer;
  placed.order = order;
  placed.at = On(day);
  placed.revenue = Minor{revenue};
  return placed;
}

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_SAMPLE_ORDERS_H_
