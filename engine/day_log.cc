#include "engine/day_log.h"

#include <algorithm>

namespace kundig::engine {
namespace {

// Looked at together: days of a span are rare, and most groups have none.
constexpr size_t kDaysAtOnce = 64;

// What is forgotten is removed when this part of the kept days has passed: copying the rest then
// costs little for each entry.
constexpr int32_t kForgottenPart = 4;

}  // namespace

std::vector<uint32_t> DayLog::RowsOn(std::span<const Days> spans) const {
  std::vector<uint32_t> rows;
  for (const Days& span : spans) {
    const auto width = static_cast<ColumnDay>(span.last - span.first);
    const auto is_in = [&](ColumnDay day) {
      return static_cast<ColumnDay>(day - span.first) <= width;
    };
    for (size_t begin = 0; begin < days_.size(); begin += kDaysAtOnce) {
      const size_t end = std::min(begin + kDaysAtOnce, days_.size());
      if (end - begin == kDaysAtOnce) {
        uint8_t any = 0;
        for (size_t at = 0; at < kDaysAtOnce; ++at)
          any = static_cast<uint8_t>(any | (is_in(days_[begin + at]) ? 1 : 0));
        if (any == 0) continue;
      }
      for (size_t at = begin; at < end; ++at) {
        if (is_in(days_[at])) rows.push_back(rows_[at]);
      }
    }
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

void DayLog::Forget(ColumnDay first_kept, ColumnDay today) {
  if (first_kept - first_kept_ < (today - first_kept) / kForgottenPart) return;
  first_kept_ = first_kept;
  size_t to = 0;
  for (size_t from = 0; from < days_.size(); ++from) {
    if (days_[from] < first_kept) continue;
    days_[to] = days_[from];
    rows_[to] = rows_[from];
    ++to;
  }
  days_.resize(to);
  rows_.resize(to);
}

void DayLog::Clear() {
  rows_.clear();
  days_.clear();
}

}  // namespace kundig::engine
