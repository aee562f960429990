#include "tools/bench_report.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "tools/answer_json.h"
#include "tools/figures.h"

namespace kundig::tools {

namespace {

struct Percentile {
  const char* name;
  double share;
};
constexpr std::array<Percentile, 5> kPercentiles = {
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}}};

double Microseconds(double nanoseconds) {
  return std::round(nanoseconds / 10) / 100;
}
double Microseconds(uint64_t nanoseconds) {
  return Microseconds(static_cast<double>(nanoseconds));
}

double PerSecond(uint64_t count, double seconds) {
  return seconds > 0 ? std::round(static_cast<double>(count) / seconds * 10) / 10 : 0;
}

boost::json::object LatencyJson(const LatencyHistogram& latency) {
  boost::json::object json{{"mean", Microseconds(latency.mean_ns())},
                           {"min", Microseconds(latency.min_ns())}};
  for (const auto& [name, share] : kPercentiles) json[name] = Microseconds(latency.AtShare(share));
  json["max"] = Microseconds(latency.max_ns());
  return json;
}

boost::json::object KindJson(const LoadReport& report, const KindFigures& kind) {
  const double seconds = report.figures.seconds;
  boost::json::object json{{"requests", kind.latency.count()},
                           {"requests_per_second", PerSecond(kind.latency.count(), seconds)}};
  if (!report.items.empty()) {
    json[report.items] = kind.items;
    json[report.items + "_per_second"] = PerSecond(kind.items, seconds);
  }
  json["latency_us"] = LatencyJson(kind.latency);
  return json;
}

// 3 digits are enough of a time, and no more fit the eye.
std::string TimeText(uint64_t nanoseconds) {
  const double us = static_cast<double>(nanoseconds) / 1e3;
  if (us < 1000) return fmt::format("{:.{}f} us", us, us < 100 ? 1 : 0);
  if (us < 1e6) return fmt::format("{:.{}f} ms", us / 1e3, us < 1e5 ? 1 : 0);
  return fmt::format("{:.2f} s", us / 1e6);
}

std::string RateText(uint64_t count, double seconds) {
  const double rate = PerSecond(count, seconds);
  return rate < 100 ? fmt::format("{:.1f}", rate) : FormatCount(static_cast<uint64_t>(rate));
}

}  // namespace

boost::json::object LoadJson(const LoadReport& report) {
  const LoadFigures& figures = report.figures;
  boost::json::object json{{"load", report.load},
                           {"connections", report.plan.connections},
                           {"depth", report.plan.depth},
                           {"rate", nullptr}};
  if (report.plan.rate > 0) json["rate"] = report.plan.rate;
  for (const auto& member : report.about) json[member.key()] = member.value();
  json["seconds"] = std::round(figures.seconds * 1e6) / 1e6;
  json["errors"] = figures.errors;
  json["first_error"] = nullptr;
  if (figures.first_error) json["first_error"] = figures.first_error->message;
  if (report.plan.rate > 0) {
    json["unsent"] = figures.unsent;
    json["send_lag_us"] = LatencyJson(figures.send_lag);
  }
  if (report.kinds.size() == 1 && report.kinds.front().empty()) {
    for (const auto& member : KindJson(report, figures.kinds.front())) {
      json[member.key()] = member.value();
    }
    return json;
  }
  boost::json::object questions;
  for (size_t kind = 0; kind < report.kinds.size(); ++kind) {
    questions[report.kinds[kind]] = KindJson(report, figures.kinds[kind]);
  }
  json["questions"] = std::move(questions);
  return json;
}

std::string LoadText(const LoadReport& report, const Look& look) {
  const LoadFigures& figures = report.figures;
  std::string text = fmt::format("{}: {} connection{}, ", report.load, report.plan.connections,
                                 report.plan.connections == 1 ? "" : "s");
  text += report.plan.rate > 0 ? fmt::format("{} requests a second by schedule",
                                             FormatCount(static_cast<uint64_t>(report.plan.rate)))
                               : fmt::format("{} in flight on each", report.plan.depth);
  for (const auto& member : report.about) {
    const boost::json::value& value = member.value();
    text += fmt::format(", {} {}", std::string_view(member.key()),
                        value.is_string() ? std::string(value.as_string()) : ToText(value));
  }
  text += fmt::format("; {:.1f} s\n\n", figures.seconds);

  std::vector<Table::Column> columns = {{report.items.empty() ? "question" : ""}};
  const auto right = [&](std::string header) {
    columns.push_back({std::move(header), Align::kRight});
  };
  right("requests");
  right("a second");
  if (!report.items.empty()) right(report.items + " a second");
  for (const auto& [name, share] : kPercentiles) right(name);
  right("max");
  Table table(std::move(columns));
  for (size_t kind = 0; kind < report.kinds.size(); ++kind) {
    const KindFigures& kind_figures = figures.kinds[kind];
    const LatencyHistogram& latency = kind_figures.latency;
    std::vector<Table::Cell> row = {report.kinds[kind].empty() ? report.load : report.kinds[kind],
                                    FormatCount(latency.count()),
                                    RateText(latency.count(), figures.seconds)};
    if (!report.items.empty()) row.emplace_back(RateText(kind_figures.items, figures.seconds));
    for (const auto& [name, share] : kPercentiles)
      row.emplace_back(TimeText(latency.AtShare(share)));
    row.emplace_back(TimeText(latency.max_ns()));
    table.AddRow(std::move(row));
  }
  text += table.Render(look);
  if (report.plan.rate > 0) {
    text +=
        fmt::format("\nSent after they were due: p99 {}, max {} (counted in the latencies).\n",
                    TimeText(figures.send_lag.AtShare(0.99)), TimeText(figures.send_lag.max_ns()));
    if (figures.unsent > 0) {
      text += fmt::format("{} requests were due and could not be sent: the rate is too high.\n",
                          FormatCount(figures.unsent));
    }
  }
  return text;
}

}  // namespace kundig::tools
