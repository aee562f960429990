#include "engine/snapshot_columns.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace kundig::engine {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie");

// Calls use(T()) with the unsigned number of `width` bytes.
template <typename Use>
bool WithWidth(uint64_t width, Use&& use) {
  switch (width) {
    case 1:
      use(uint8_t{});
      return true;
    case 2:
      use(uint16_t{});
      return true;
    case 4:
      use(uint32_t{});
      return true;
    case 8:
      use(uint64_t{});
      return true;
    default:
      return false;
  }
}

uint64_t WidthOf(uint64_t largest) {
  if (largest == 0) return 0;
  if (largest <= std::numeric_limits<uint8_t>::max()) return 1;
  if (largest <= std::numeric_limits<uint16_t>::max()) return 2;
  return largest <= std::numeric_limits<uint32_t>::max() ? 4 : 8;
}

void PutNumber(uint64_t number, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(&number), sizeof(number));
}

}  // namespace

// count, smallest, width; the distances.
void PutNumbers(std::span<const uint64_t> numbers, std::string* bytes) {
  uint64_t smallest = 0, largest = 0;
  if (!numbers.empty()) {
    const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
    smallest = *low;
    largest = *high;
  }
  const uint64_t width = WidthOf(largest - smallest);
  PutNumber(numbers.size(), bytes);
  PutNumber(smallest, bytes);
  PutNumber(width, bytes);
  WithWidth(width, [&](auto narrow) {
    using Narrow = decltype(narrow);
    const size_t begin = bytes->size();
    bytes->resize(begin + numbers.size() * sizeof(Narrow));
    char* to = bytes->data() + begin;
    for (const uint64_t number : numbers) {
      const auto distance = static_cast<Narrow>(number - smallest);
      std::memcpy(to, &distance, sizeof(Narrow));
      to += sizeof(Narrow);
    }
  });
}

void PutTexts(const TextColumn& texts, std::string* bytes) {
  PutNumbers(texts.sizes, bytes);
  PutNumber(texts.bytes.size(), bytes);
  *bytes += texts.bytes;
}

std::string_view ColumnReader::Take(uint64_t count) {
  if (count > bytes_.size()) {
    ok_ = false;
    bytes_ = {};
    return {};
  }
  const std::string_view taken = bytes_.substr(0, count);
  bytes_.remove_prefix(count);
  return taken;
}

uint64_t ColumnReader::Number() {
  uint64_t number = 0;
  const std::string_view bytes = Take(sizeof(number));
  if (!bytes.empty()) std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}

void ColumnReader::Numbers(size_t most, std::vector<uint64_t>* numbers) {
  numbers->clear();
  const uint64_t count = Number(), smallest = Number(), width = Number();
  ok_ = ok_ && count <= most;
  if (!ok_) return;
  numbers->assign(count, smallest);
  if (width == 0) return;
  const bool known = WithWidth(width, [&](auto narrow) {
    using Narrow = decltype(narrow);
    const std::string_view bytes = Take(count * sizeof(Narrow));
    if (!ok_) return;
    const char* from = bytes.data();
    for (uint64_t& number : *numbers) {
      Narrow distance;
      std::memcpy(&distance, from, sizeof(Narrow));
      number += distance;
      from += sizeof(Narrow);
    }
  });
  ok_ = ok_ && known;
  if (!ok_) numbers->clear();
}

void ColumnReader::Texts(size_t most, TextColumn* texts) {
  Numbers(most, &texts->sizes);
  texts->bytes = Take(Number());
  uint64_t left = texts->bytes.size();
  for (const uint64_t size : texts->sizes) {
    ok_ = ok_ && size <= left;
    if (!ok_) break;
    left -= size;
  }
  ok_ = ok_ && left == 0;
  if (!ok_) texts->Clear();
}

}  // namespace kundig::engine
