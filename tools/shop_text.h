// Pieces of the lines of a made-up shop: ids, days, times, money, and the names that occur.
//
// Thread safety: pure functions and constants.

#ifndef KUNDIG_TOOLS_SHOP_TEXT_H_
#define KUNDIG_TOOLS_SHOP_TEXT_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "tools/generate_random.h"

namespace kundig::tools {

void AppendCustomerId(uint64_t number, std::string* line);
void AppendDay(int32_t day, std::string* line);
// A time of that day when shops are open: no clock is ever changed then.
void AppendTime(int32_t day, RandomStream* random, std::string* line);
// "12.50" of 1250.
void AppendMoney(int64_t minor, std::string* line);
// Minor units of an amount, at least 0.01 and at most kLargestAmount.
int64_t ToMinor(double major);

inline constexpr double kLargestAmount = 5e6;

// Who looks after customers and leads.
std::string_view OwnerName(RandomStream* random);
std::string_view RegionName(RandomStream* random);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_SHOP_TEXT_H_
