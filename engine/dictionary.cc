#include "engine/dictionary.h"

#include <algorithm>
#include <numeric>

#include "engine/limits.h"

namespace kundig::engine {

std::optional<NameCode> Dictionary::Add(std::string_view text) {
  if (auto found = codes_.find(text); found != codes_.end()) return found->second;
  if (texts_.size() >= kMaxNames) return std::nullopt;
  texts_.emplace_back(text);
  const auto code = static_cast<NameCode>(texts_.size());
  codes_.emplace(std::string_view(texts_.back()), code);
  return code;
}

NameCode Dictionary::Find(std::string_view text) const {
  auto found = codes_.find(text);
  return found == codes_.end() ? kNoName : found->second;
}

std::vector<uint32_t> Dictionary::Ranks() const {
  std::vector<NameCode> order(texts_.size());
  std::iota(order.begin(), order.end(), NameCode{1});
  std::sort(order.begin(), order.end(),
            [this](NameCode a, NameCode b) { return Text(a) < Text(b); });
  std::vector<uint32_t> ranks(texts_.size() + 1, 0);
  for (uint32_t place = 0; place < order.size(); ++place) ranks[order[place]] = place + 1;
  return ranks;
}

}  // namespace kundig::engine
