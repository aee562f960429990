// What the three loads ask, and how they tell a right answer from a wrong one.
//
// Thread safety: each source is used as a RequestSource is; sources of one load share nothing that
// changes but the number of the next order, which is atomic.

#ifndef KUNDIG_TOOLS_BENCH_REQUESTS_H_
#define KUNDIG_TOOLS_BENCH_REQUESTS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tools/bench_keys.h"
#include "tools/bench_load.h"

namespace kundig::tools {

// The id of a generated customer behind a prefix (none for the shop's own).
std::string LoadCustomerId(const std::string& prefix, uint64_t number);

struct LookupLoad {
  KeyDraw keys;
  uint64_t seed = 1;
  uint32_t batch = 1;     // ids in each request
  bool profiles = false;  // whole profiles instead of fixed-size records
};

struct IngestLoad {
  KeyDraw keys;
  uint64_t seed = 1;
  uint32_t batch = 1;   // orders in each request
  std::string prefix;   // of the customers
  std::string tag;      // of the orders, so that a second run sends new ones
  int64_t at_ms = 0;    // of the orders, give or take an hour
  bool events = false;  // one event for each instead of columns
  // Of the next order, over all connections.
  std::shared_ptr<std::atomic<uint64_t>> next_order = std::make_shared<std::atomic<uint64_t>>(0);
};

// A question that is asked again and again.
struct LoadQuestion {
  std::string name;
  wire::MessageType type = wire::MessageType::none;
  std::vector<uint8_t> payload;
};

// Every customer asked for must be there.
std::unique_ptr<RequestSource> MakeLookups(const LookupLoad& load, uint32_t connection);
// Every order must be taken as a new one.
std::unique_ptr<RequestSource> MakeIngest(const IngestLoad& load, uint32_t connection);
// In turns; the kind of a request is the place of its question.
std::unique_ptr<RequestSource> MakeScans(std::shared_ptr<const std::vector<LoadQuestion>> questions,
                                         uint32_t connection);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_BENCH_REQUESTS_H_
