// Orders out of rows: rows with the same order id are one order, wherever they stand in the file.
//
// Orders are summed in memory up to a budget. Beyond it what was summed so far and every further
// row go to disk, split by the hash of the order id, and each part is finished by itself, in the
// same way. In either case the outcome is the same: the customer of an order is that of its first
// row, and rows of the order with another customer are skipped.
//
// Thread safety: belongs to one thread.

#ifndef KUNDIG_TOOLS_IMPORT_AGGREGATE_H_
#define KUNDIG_TOOLS_IMPORT_AGGREGATE_H_

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include "tools/decimal.h"
#include "tools/import_attributes.h"
#include "tools/import_failure.h"
#include "tools/import_spill.h"
#include "tools/import_tally.h"

namespace kundig::tools {

// A row, or what several rows of one order come to.
struct OrderPart {
  std::string_view order, customer;
  uint64_t line = 0;  // of the first row
  int64_t at_ms = 0;  // the earliest
  Decimal amount;     // in the units of the file
  Decimal items;
  Decimal margin;
  bool has_margin = false;  // at least one row gave a margin
  AttributeTexts attributes;
};

class OrderAggregate {
 public:
  // Skipped rows are told to `tally`, attributes of accepted rows to `attributes`; both must
  // outlive this object.
  OrderAggregate(size_t memory_bytes, Tally* tally, AttributeMerge* attributes, int depth = 0);
  ~OrderAggregate();

  // Texts are copied. Failure: the disk cannot be used.
  Outcome<void> Add(const OrderPart& part);

  // Hands over the orders (without attributes), where all fitted the memory in the order of their
  // first rows, until `emit` fails. Ends the use of this object.
  using Emit = std::function<Outcome<void>(const OrderPart&)>;
  Outcome<void> Finish(const Emit& emit);

 private:
  struct State {
    std::string_view order, customer;
    uint64_t line;
    int64_t at_ms;
    Decimal amount, items, margin;
    bool has_margin;
  };

  Outcome<void> Merge(const OrderPart& part);
  State* Find(const OrderPart& part);
  std::string_view Keep(std::string_view text);
  Outcome<void> StartSpill();
  static OrderPart ToPart(const State& state);

  const size_t memory_bytes_;
  Tally* const tally_;
  AttributeMerge* const attributes_;
  const int depth_;
  size_t used_bytes_ = 0;
  std::unique_ptr<std::pmr::monotonic_buffer_resource> texts_;
  std::deque<State> orders_;
  boost::unordered_flat_map<std::string_view, size_t> places_;
  size_t last_ = 0;  // consecutive rows are mostly of one order
  std::optional<SpillFiles> spill_;
  std::string record_;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_IMPORT_AGGREGATE_H_
