#include "tools/import_tally.h"

#include <fmt/format.h>

#include <utility>

#include "tools/figures.h"

namespace kundig::tools {

void Tally::StartFile(std::string name) {
  const std::lock_guard lock(mutex_);
  file_ = std::move(name);
}

void Tally::CountRow() {
  const std::lock_guard lock(mutex_);
  ++rows_;
}

void Tally::Skip(std::string_view why) {
  const std::lock_guard lock(mutex_);
  Count(why);
}

void Tally::BadRow(uint64_t line, std::string_view reason) {
  const std::lock_guard lock(mutex_);
  Count(kBadRow);
  if (++bad_rows_ <= kShownSkips) {
    say_(fmt::format("{}:{}: {}: {}", file_, line, kBadRow, Printable(reason)));
  } else if (bad_rows_ == kShownSkips + 1) {
    say_("further bad rows are counted only");
  }
}

void Tally::Refused(std::string_view file, uint64_t line, std::string_view error,
                    std::string_view message) {
  const std::lock_guard lock(mutex_);
  Count(error);
  if (++refused_ <= kShownSkips) {
    say_(fmt::format("{}:{}: {}: {}", file, line, error, Printable(message)));
  } else if (refused_ == kShownSkips + 1) {
    say_("further refused events are counted only");
  }
}

uint64_t Tally::rows() const {
  const std::lock_guard lock(mutex_);
  return rows_;
}

std::map<std::string, uint64_t> Tally::skipped() const {
  const std::lock_guard lock(mutex_);
  return {skipped_.begin(), skipped_.end()};
}

std::string Tally::file() const {
  const std::lock_guard lock(mutex_);
  return file_;
}

void Tally::Count(std::string_view why) {
  const auto found = skipped_.find(why);
  if (found != skipped_.end()) {
    ++found->second;
  } else {
    skipped_.emplace(why, 1);
  }
}

}  // namespace kundig::tools
