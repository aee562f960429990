// What a load was and what came out, for people and for programs.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TOOLS_BENCH_REPORT_H_
#define KUNDIG_TOOLS_BENCH_REPORT_H_

#include <boost/json/object.hpp>

#include <string>
#include <vector>

#include "tools/bench_load.h"
#include "tools/table.h"

namespace kundig::tools {

struct LoadReport {
  std::string load;                // lookup, ingest, scan
  std::string items;               // what an item is: "customers", "orders"; empty for scans
  std::vector<std::string> kinds;  // the questions of a scan; one that is empty elsewhere
  LoadPlan plan{};
  boost::json::object about{};  // what else decides the figures: keys, batch, ...
  LoadFigures figures{};
};

// {"load","connections","depth","rate",...about,"seconds","errors","first_error","unsent",
// "send_lag_us",...} and, at the top or in "questions" by name: {"requests","requests_per_second",
// "items","items_per_second","latency_us":{"mean","min","p50","p90","p99","p99.9","p99.99","max"}}.
boost::json::object LoadJson(const LoadReport& report);
std::string LoadText(const LoadReport& report, const Look& look);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_BENCH_REPORT_H_
