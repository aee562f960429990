#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tools/answer_text.h"
#include "tools/figures.h"
#include "tools/names.h"

namespace kundig::tools {

namespace {

constexpr double kBarColumns = 40;  // of the longest bar

// In eighths of a column.
std::string Bar(double share) {
  constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<size_t>(std::max(std::lround(share * kBarColumns * 8), 0L));
  std::string bar;
  for (size_t whole = eighths / 8; whole > 0; --whole) bar += "█";
  return bar + kEighths[eighths % 8];
}

std::string HoldOutText(const wire::ChurnReplyT& reply, const Look& look) {
  double largest = 1e-12;  // so that nothing is divided by zero
  for (const auto& row : reply.hold_out) {
    if (row->customers == 0) continue;
    const double most = std::max(static_cast<double>(row->purchases), row->expected);
    largest = std::max(largest, most / static_cast<double>(row->customers));
  }
  Table table({{"repeats", Align::kRight},
               {"customers", Align::kRight},
               {"purchases", Align::kLeft},
               {"mean", Align::kRight},
               {"", Align::kLeft}});
  for (const auto& row : reply.hold_out) {
    const bool last = row == reply.hold_out.back();
    const std::string repeats = fmt::format("{}{}", row->repeats, last ? " and more" : "");
    if (row->customers == 0) {
      table.AddRow({repeats, "0"});
      continue;
    }
    const auto customers = static_cast<double>(row->customers);
    const double actual = static_cast<double>(row->purchases) / customers;
    const double expected = row->expected / customers;
    table.AddRow({repeats,
                  FormatCount(row->customers),
                  "actual",
                  fmt::format("{:.2f}", actual),
                  {Bar(actual / largest), std::string(kBold)}});
    table.AddRow({"",
                  "",
                  "expected",
                  fmt::format("{:.2f}", expected),
                  {Bar(expected / largest), std::string(kFaint)}});
  }
  return fmt::format("\nPurchases behind {} through {}, for each customer\n\n{}",
                     FormatDay(reply.fitted_through), FormatDay(*reply.checked_through),
                     table.Render(look));
}

// What an order is worth, and whether anybody looks ahead by all this.
std::string UseText(const wire::ChurnReplyT& reply, const Look& look) {
  if (!reply.in_force) {
    return "\nNot put in force: only a fit to all purchases is, without --until.\n";
  }
  const std::string use =
      "\nIn force from now on: profiles, lists and early-warning look ahead by it.\n";
  if (reply.spend == nullptr) {
    return use + "There is no lifetime value: too few customers have orders of a positive value.\n";
  }
  const double mean_minor = reply.spend->p * reply.spend->gamma / (reply.spend->q - 1);
  return use + fmt::format("An order is worth {} of {} on average, by the orders of {}.\n",
                           MoneyText(std::llround(mean_minor), look), Name(reply.spend->measure),
                           FormatCount(reply.spend->customers, "customer"));
}

}  // namespace

std::string ChurnText(const wire::ChurnReplyT& reply, const Look& look) {
  Table table({{"", Align::kLeft}, {"", Align::kRight}, {"", Align::kLeft}});
  table.AddRow({"r", fmt::format("{:.3f}", reply.parameters->r())});
  table.AddRow({"alpha", fmt::format("{:.3f}", reply.parameters->alpha()), "weeks"});
  table.AddRow({"a", fmt::format("{:.3f}", reply.parameters->a())});
  table.AddRow({"b", fmt::format("{:.3f}", reply.parameters->b())});
  table.AddRow({"log-likelihood", fmt::format("{:.2f}", reply.log_likelihood)});
  table.AddRow({"customers still", fmt::format("{:.1f}", reply.alive),
                FormatPercent(reply.alive / static_cast<double>(reply.customers))});
  table.AddRow({"purchases to come", fmt::format("{:.1f}", reply.expected_purchases),
                fmt::format("in {}", FormatCount(reply.horizon_days, "day"))});
  std::string text =
      fmt::format("Churn model {}, {} {} with an order through {}\n\n{}", Name(reply.model),
                  reply.pinned ? "pinned by the configuration, for" : "fitted to",
                  FormatCount(reply.customers, "customer"), FormatDay(reply.fitted_through),
                  table.Render(look));
  if (!reply.converged) {
    text += "\nThe fit did not settle; these are the best parameters that it found.\n";
  }
  if (reply.at_limit) {
    text += "\nA parameter stands at its limit: customers are more alike than the model can say.\n";
  }
  text += UseText(reply, look);
  return reply.checked_through.has_value() ? text + HoldOutText(reply, look) : text;
}

}  // namespace kundig::tools
