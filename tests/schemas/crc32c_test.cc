#include "schemas/crc32c.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string_view>
#include <vector>

#include "schemas/frame.h"

namespace kundig::wire {
namespace {

std::vector<uint8_t> AsBytes(std::string_view text) {
  return {text.begin(), text.end()};
}

// The vectors of RFC 3720, appendix B.4, and the check value of the Castagnoli CRC.
struct Known {
  std::vector<uint8_t> bytes;
  uint32_t checksum;
};

std::vector<Known> KnownChecksums() {
  std::vector<uint8_t> ascending(32), descending(32);
  for (uint8_t i = 0; i < 32; ++i) {
    ascending[i] = i;
    descending[i] = static_cast<uint8_t>(31 - i);
  }
  return {{AsBytes(""), 0},
          {AsBytes("123456789"), 0xE3069283},
          {std::vector<uint8_t>(32, 0x00), 0x8A9136AA},
          {std::vector<uint8_t>(32, 0xFF), 0x62A8AB43},
          {ascending, 0x46DD794E},
          {descending, 0x113FDB5C}};
}

TEST(Crc32cTest, PublishedVectors) {
  for (const Known& known : KnownChecksums()) {
    EXPECT_EQ(Crc32c(known.bytes), known.checksum);
    EXPECT_EQ(Crc32cPortable(known.bytes, 0), known.checksum);
  }
}

TEST(Crc32cTest, InstructionsAndTableAgree) {
  if (!HasCrc32cInstructions()) GTEST_SKIP() << "this processor has no CRC32C instructions";
  std::mt19937 random(1);
  std::vector<uint8_t> bytes(4096);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  // Around every number of lanes there may be.
  for (size_t length = 0; length < bytes.size(); ++length) {
    const std::span<const uint8_t> part(bytes.data(), length);
    ASSERT_EQ(Crc32cInstructions(part, 0), Crc32cPortable(part, 0)) << length;
  }
  for (int round = 0; round < 500; ++round) {
    const size_t from = random() % 64;
    const size_t length = random() % (bytes.size() - from);
    const auto seed = static_cast<uint32_t>(random());
    const std::span<const uint8_t> part(bytes.data() + from, length);
    ASSERT_EQ(Crc32cInstructions(part, seed), Crc32cPortable(part, seed));
  }
}

TEST(Crc32cTest, PartsContinue) {
  const std::vector<uint8_t> bytes = AsBytes("a checksum may be taken in parts of any length");
  const std::span<const uint8_t> all(bytes);
  for (size_t cut = 0; cut <= all.size(); ++cut) {
    EXPECT_EQ(Crc32c(all.subspan(cut), Crc32c(all.first(cut))), Crc32c(all));
    EXPECT_EQ(Crc32cPortable(all.subspan(cut), Crc32cPortable(all.first(cut), 0)), Crc32c(all));
  }
}

}  // namespace
}  // namespace kundig::wire
