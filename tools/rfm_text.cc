#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "tools/answer_text.h"
#include "tools/figures.h"

namespace kundig::tools {

namespace {

constexpr int kScores = 5;

// From few customers to many: dark to bright green.
constexpr std::array<const char*, 6> kHeat = {"48;5;236;38;5;250", "48;5;22;38;5;255",
                                              "48;5;28;38;5;255",  "48;5;34;38;5;232",
                                              "48;5;40;38;5;232",  "48;5;46;38;5;232"};

std::string Between(const std::string& low, const std::string& high) {
  return low == high ? low : fmt::format("{} to {}", low, high);
}

// What a score of frequency or monetary means: values above the cut below it, up to its own cut.
std::string Above(const std::vector<int64_t>& cuts, int score, std::string (*format)(int64_t)) {
  const auto k = static_cast<size_t>(score);
  if (score == 1) return "up to " + format(cuts[0]);
  if (score == kScores) return "over " + format(cuts[3]);
  if (cuts[k - 2] == cuts[k - 1]) return kAbsent;
  return Between(format(cuts[k - 2] + 1), format(cuts[k - 1]));
}

// What a score of recency means, in days; `cuts` from the most days to the fewest.
std::string Recency(const std::vector<int64_t>& cuts, int score) {
  const auto k = static_cast<size_t>(score);
  if (score == kScores) return fmt::format("under {}", cuts[3]);
  if (score == 1) return fmt::format("{} and more", cuts[0]);
  if (cuts[k - 2] == cuts[k - 1]) return kAbsent;
  return Between(std::to_string(cuts[k - 1]), std::to_string(cuts[k - 2] - 1));
}

std::string Bounds(const wire::RfmReplyT& reply, const Look& look) {
  constexpr size_t kCuts = kScores - 1;
  if (reply.recency_cuts.size() != kCuts || reply.frequency_cuts.size() != kCuts ||
      reply.monetary_cuts.size() != kCuts) {
    return "Nobody is scored: no customer has an order in the window.\n";
  }
  // Quantile cuts of recency fall, configured ones rise; both mean the same set of bounds.
  std::vector<int64_t> recency = reply.recency_cuts;
  std::sort(recency.begin(), recency.end(), std::greater<>());
  Table table({{"score", Align::kLeft},
               {"recency, days", Align::kRight},
               {"frequency", Align::kRight},
               {"monetary, " + look.currency, Align::kRight}});
  for (int score = kScores; score >= 1; --score) {
    table.AddRow(
        {std::to_string(score), Recency(recency, score),
         Above(reply.frequency_cuts, score, [](int64_t value) { return std::to_string(value); }),
         Above(reply.monetary_cuts, score, FormatMoney)});
  }
  return table.Render(look);
}

std::string HeatMap(const wire::RfmReplyT& reply, const Look& look) {
  std::array<std::array<uint64_t, kScores>, kScores> customers{};
  uint64_t most = 1;
  for (const auto& cell : reply.cells) {
    if (cell->r < 1 || cell->r > kScores || cell->f < 1 || cell->f > kScores) continue;
    uint64_t& count = customers[cell->r - 1u][cell->f - 1u];
    count += cell->customers;
    most = std::max(most, count);
  }
  Table table({{"customers", Align::kLeft},
               {"f 1", Align::kRight},
               {"f 2", Align::kRight},
               {"f 3", Align::kRight},
               {"f 4", Align::kRight},
               {"f 5", Align::kRight}});
  for (size_t r = kScores; r >= 1; --r) {
    std::vector<Table::Cell> row{"r " + std::to_string(r)};
    for (uint64_t count : customers[r - 1]) {
      if (count == 0) {
        row.emplace_back("·", std::string(kFaint));
        continue;
      }
      const double share = static_cast<double>(count) / static_cast<double>(most);
      const auto heat = static_cast<size_t>(share * (kHeat.size() - 1));
      row.emplace_back(FormatCount(count), kHeat[heat]);
    }
    table.AddRow(std::move(row));
  }
  return table.Render(look);
}

std::string Segments(const wire::RfmReplyT& reply, const Look& look) {
  Table table({{"segment", Align::kLeft},
               {"customers", Align::kRight},
               {"share", Align::kRight},
               {"orders", Align::kRight},
               {"revenue", Align::kRight},
               {"per customer", Align::kRight}});
  for (const auto& segment : reply.segments) {
    const auto customers = static_cast<int64_t>(std::max<uint64_t>(segment->customers, 1));
    table.AddRow({segment->name, FormatCount(segment->customers),
                  FormatPercent(static_cast<double>(segment->customers) /
                                static_cast<double>(reply.population)),
                  FormatCount(segment->orders), FormatMoney(segment->revenue),
                  FormatMoney(segment->revenue / customers)});
  }
  return table.Render(look);
}

}  // namespace

std::string RfmText(const wire::RfmReplyT& reply, const Look& look) {
  std::string text = fmt::format("RFM on {}: {} with an order in the window, money in {}\n\n",
                                 FormatDay(reply.state->as_of()),
                                 FormatCount(reply.population, "customer"), look.currency);
  text += Bounds(reply, look);
  if (reply.population == 0) return text;
  return text + '\n' + HeatMap(reply, look) + '\n' + Segments(reply, look);
}

}  // namespace kundig::tools
