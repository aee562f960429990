// The attributes that rows of orders give to customers: for each attribute of a customer the row
// that comes last in the file wins, wherever its order ends up.
//
// Which row is last is kept as its line, so that rows may come in any order: what does not fit the
// memory goes to disk and is merged there, one partition after the other.
//
// Thread safety: belongs to one thread.

#ifndef KUNDIG_TOOLS_IMPORT_ATTRIBUTES_H_
#define KUNDIG_TOOLS_IMPORT_ATTRIBUTES_H_

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include "tools/import_failure.h"
#include "tools/import_spill.h"

namespace kundig::tools {

// Country, kind, region; an empty text is one that is not given.
inline constexpr size_t kOrderAttributes = 3;
using AttributeTexts = std::array<std::string_view, kOrderAttributes>;

class AttributeMerge {
 public:
  explicit AttributeMerge(size_t memory_bytes, int depth = 0);
  ~AttributeMerge();

  // Failure: the disk cannot be used.
  Outcome<void> Set(std::string_view customer, const AttributeTexts& texts, uint64_t line);

  // `line` is that of the last row that gave something. Stops where `emit` fails. Ends the use of
  // this object.
  using Emit = std::function<Outcome<void>(std::string_view customer, const AttributeTexts& texts,
                                           uint64_t line)>;
  Outcome<void> Finish(const Emit& emit);

 private:
  using Lines = std::array<uint64_t, kOrderAttributes>;
  struct State {
    std::string_view customer;
    AttributeTexts texts;
    Lines lines{};
  };

  Outcome<void> Merge(std::string_view customer, const AttributeTexts& texts, const Lines& lines);
  std::string_view Keep(std::string_view text);
  Outcome<void> Spill();
  void Forget();

  const size_t memory_bytes_;
  const int depth_;
  size_t used_bytes_ = 0;
  std::unique_ptr<std::pmr::monotonic_buffer_resource> texts_;
  std::deque<State> states_;
  boost::unordered_flat_map<std::string_view, size_t> places_;
  // Few countries and regions are shared by many customers.
  boost::unordered_flat_map<std::string_view, std::string_view> values_;
  size_t last_ = 0;  // consecutive rows are mostly of one customer
  std::optional<SpillFiles> spill_;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_IMPORT_ATTRIBUTES_H_
