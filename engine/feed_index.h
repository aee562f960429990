// Which of many conditions may have become true or false for a customer, without evaluating them.
//
// A comparison of a number changes its truth only where the number crosses an edge: that of a
// range, or a number of a set. So the edges of all conditions on one field lie in one sorted array,
// and the conditions that a change of the field may concern are one stretch of it.
//
// Many conditions share an edge and differ in something else: the same class in each country. A
// condition that wants one value of a field, whatever else it wants, concerns nobody who has
// another one both before and after. That value is its guard, and conditions are indexed by it: of
// each guarded field only the two groups of the customer's own values are looked at.
//
// Thread safety: immutable; a Finder belongs to one thread. Needs the book's lock as customer views
// do.

#ifndef KUNDIG_ENGINE_FEED_INDEX_H_
#define KUNDIG_ENGINE_FEED_INDEX_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/customer_field.h"
#include "engine/customer_view.h"
#include "engine/expression.h"

namespace kundig::engine {

// The watched fields of a customer on one side of a change, read once for all conditions; as
// Expression::Holds reads them.
class WatchedFields {
 public:
  bool Number(FieldIndex field, int64_t* value) const;
  bool Text(FieldIndex field, std::string_view* text) const;

 private:
  friend class FeedIndex;

  // Names as their codes.
  std::optional<int64_t> Code(CustomerField field) const;

  std::string_view customer_;
  const BookView* view_ = nullptr;  // null: there is no such customer
  uint64_t present_ = 0;            // a bit for each field
  std::array<int64_t, kCustomerFieldCount> numbers_{};
};

class FeedIndex {
 public:
  // Conditions are named by their places. `told`: all fields that some change may be asked to tell.
  FeedIndex(std::span<const Expression* const> conditions, FieldSet told);

  // All that the conditions compare.
  FieldSet fields() const { return fields_; }

  class Finder {
   public:
    // The conditions that may hold for one of the two and not for the other, each once. Null: there
    // is no such customer, and no condition holds. `former_segments`, where it is not empty: the
    // code now of each code of an RFM segment before.
    std::span<const uint32_t> Find(const FeedIndex& index, std::string_view customer,
                                   const CustomerView* before, const CustomerView* after,
                                   std::span<const int64_t> former_segments = {});
    // Of the last search: what the conditions compare ...
    const WatchedFields& before() const { return before_; }
    const WatchedFields& after() const { return after_; }
    // ... and from now on what may be told, too.
    void ReadTold(const FeedIndex& index, const CustomerView* before, const CustomerView* after);

   private:
    friend class FeedIndex;

    struct Change {
      std::optional<int64_t> from, to;
    };

    void Add(uint32_t condition);

    WatchedFields before_, after_;
    bool has_told_ = false;
    uint64_t changed_ = 0;  // a bit for each field
    std::array<Change, kCustomerFieldCount> changes_;
    std::vector<uint64_t> seen_;  // by condition: the last search that found it
    uint64_t search_ = 0;
    std::vector<uint32_t> found_;
  };

 private:
  // What the conditions of a group compare of one field.
  struct Watched {
    CustomerField field{};
    std::vector<std::pair<int64_t, uint32_t>> edges;  // ascending; a value is behind those <= it
    std::vector<std::pair<int64_t, uint32_t>> sets;   // members asked for
    std::vector<uint32_t> names;                      // conditions that compare a name
  };
  struct Group {
    std::vector<Watched> watched;
    // To be looked at whenever a customer comes or goes.
    std::vector<uint32_t> existence;
  };
  struct Guard {
    CustomerField field{};
    std::map<int64_t, Group> by_number;
    std::map<std::string, Group, std::less<>> by_name;
  };

  Group* GroupOf(const Expression& condition);
  Guard* GuardOf(CustomerField field);
  const Group* Guarded(const Guard& guard, const WatchedFields& fields) const;
  static void AddNode(const Expression::Node& node, uint32_t condition, Group* group);
  static void Search(const Group& group, Finder* finder);
  // Adds these fields; nothing where there is no customer.
  static void Read(const std::vector<CustomerField>& which, const CustomerView* view,
                   WatchedFields* fields);

  FieldSet fields_;
  std::vector<CustomerField> read_;  // of these all but the id
  std::vector<CustomerField> told_;  // what may be told and no condition compares
  Group unguarded_;
  std::vector<Guard> guards_;
  size_t conditions_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_FEED_INDEX_H_
