#include "tools/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "tools/figures.h"

namespace kundig::tools {

namespace {
constexpr std::chrono::milliseconds kBetweenDraws{100};
constexpr size_t kBarCells = 24;
}  // namespace

bool StandardErrorIsTerminal() {
  return isatty(STDERR_FILENO) == 1;
}

Progress::Progress(std::string label, std::string unit, uint64_t total)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      shown_(StandardErrorIsTerminal()),
      started_(std::chrono::steady_clock::now()),
      next_draw_(started_ + kBetweenDraws) {}

Progress::~Progress() {
  Clear();
}

void Progress::Update(uint64_t done, uint64_t items) {
  if (!shown_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_draw_) return;
  next_draw_ = now + kBetweenDraws;
  Draw(done, items, std::chrono::duration<double>(now - started_).count());
}

void Progress::Draw(uint64_t done, uint64_t items, double seconds) {
  std::string bar;
  if (total_ > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
    const auto cells = static_cast<size_t>(share * static_cast<double>(kBarCells));
    bar = fmt::format(" [{}{}] {:3.0f} %", std::string(cells, '='),
                      std::string(kBarCells - cells, ' '), share * 100);
  }
  const auto rate = static_cast<uint64_t>(static_cast<double>(items) / std::max(seconds, 1e-3));
  fmt::print(stderr, "{}{}{}  {} {}, {}/s", kClearLine, label_, bar, FormatCount(items), unit_,
             FormatCount(rate));
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::Clear() {
  if (!drawn_) return;
  fmt::print(stderr, "{}", kClearLine);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace kundig::tools
