// Which of many conditions may have become true or false for a customer, without evaluating them.
//
// A comparison of a number changes its truth only where the number crosses an edge: that of a
// range, or a number of a set. All edges of all conditions on one field lie in one sorted array, so
// the conditions that a change of the field may concern are one stretch of it. A change that
// crosses nothing, which most are, costs the reading of the watched fields and two binary searches
// each, whatever the number of conditions.
//
// Thread safety: immutable; a Finder belongs to one thread. Needs the book's lock as customer
// views do.

#ifndef KUNDIG_ENGINE_FEED_INDEX_H_
#define KUNDIG_ENGINE_FEED_INDEX_H_

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/customer_field.h"
#include "engine/customer_view.h"
#include "engine/expression.h"

namespace kundig::engine {

class FeedIndex {
 public:
  // Conditions are named by their places.
  explicit FeedIndex(std::span<const Expression* const> conditions);

  // All that the conditions compare.
  FieldSet fields() const { return fields_; }

  class Finder {
   public:
    // The conditions that may hold for one of the two and not for the other, each once. Null: there
    // is no such customer, and no condition holds. `former_segments`, where it is not empty: the
    // code now of each code of an RFM segment before.
    std::span<const uint32_t> Find(const FeedIndex& index, const CustomerView* before,
                                   const CustomerView* after,
                                   std::span<const int64_t> former_segments = {});

   private:
    void Add(uint32_t condition);

    std::vector<uint64_t> seen_;  // by condition: the last search that found it
    uint64_t search_ = 0;
    std::vector<uint32_t> found_;
  };

 private:
  // What the conditions compare of one field.
  struct Watched {
    CustomerField field{};
    std::vector<std::pair<int64_t, uint32_t>> edges;  // ascending; a value is behind those <= it
    std::vector<std::pair<int64_t, uint32_t>> sets;   // members asked for
    std::vector<uint32_t> names;                      // conditions that compare a name
  };

  Watched* Of(CustomerField field);
  void AddNode(const Expression::Node& node, uint32_t condition);

  FieldSet fields_;
  std::vector<Watched> watched_;
  // To be looked at whenever a customer comes or goes.
  std::vector<uint32_t> existence_;
  size_t conditions_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_FEED_INDEX_H_
