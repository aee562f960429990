#include "schemas/lookup_day.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tests/schemas/golden_messages.h"

namespace kundig::wire {
namespace {

TEST(LookupDay, IsSeenWhereOneIsNamed) {
  ProfilesRequestT request;
  for (const char* customer : {"a", "b", "a longer one"}) {
    request.customers.emplace_back(customer);
    request.as_of = flatbuffers::nullopt;
    EXPECT_FALSE(NamesADay(Packed(request)));
    for (const int32_t day : {-1, 0, 14'000}) {
      request.as_of = day;
      EXPECT_TRUE(NamesADay(Packed(request))) << day;
    }
  }
}

// Under the address sanitizer: nothing behind the payload is read, whatever it says.
TEST(LookupDay, TrustsNoNumber) {
  ProfilesRequestT request;
  request.customers = {"a"};
  request.as_of = 14'000;
  const std::vector<uint8_t> sound = Packed(request);
  for (size_t size = 0; size < sound.size(); ++size) {
    NamesADay(std::vector<uint8_t>(sound.begin(), sound.begin() + static_cast<ptrdiff_t>(size)));
  }
  for (size_t at = 0; at < sound.size(); ++at) {
    for (const char byte : {'\x00', '\x01', '\x7f', '\x80', '\xff'}) {
      std::vector<uint8_t> damaged = sound;
      damaged[at] = static_cast<uint8_t>(byte);
      NamesADay(damaged);
    }
  }
  EXPECT_FALSE(NamesADay({}));
}

}  // namespace
}  // namespace kundig::wire
