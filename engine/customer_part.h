// A piece of a shard as a snapshot keeps it: the truth about some customers, by columns. What
// follows from it (figures, columns, counters, indexes) is computed when it is loaded.
//
// Copying is apart from encoding, because writers wait for the former.
//
// Thread safety: a part belongs to one thread at a time. CopyCustomers needs the book's lookup,
// scan or write lock.

#ifndef KUNDIG_ENGINE_CUSTOMER_PART_H_
#define KUNDIG_ENGINE_CUSTOMER_PART_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/customer_row.h"
#include "engine/part_limits.h"
#include "engine/snapshot_columns.h"

namespace kundig::engine {

class Shard;

struct CustomerPart {
  static constexpr size_t kAttributes = 13;
  // The others came with format 4, behind the histories.
  static constexpr size_t kFirstAttributes = 11;

  std::vector<uint64_t> live;  // one for each row; 0 for that of nobody
  // Of the others:
  TextColumn ids, histories;
  std::array<std::vector<uint64_t>, kAttributes> attributes;
  // ColumnDay; format 3 had none.
  std::array<std::vector<uint64_t>, kKeptOwnerChanges> owner_changes;

  void Clear();
  // The row behind those that are there.
  void Add(const CustomerRow& row);
  void Encode(std::string* bytes) const;
  // False where the bytes are no part.
  bool Decode(std::string_view bytes);
  // What of the customer at `place` in the columns his history does not tell.
  void ReadAttributes(size_t place, CustomerFigures* figures) const;
};

// Copies the rows from `first` on; returns the row behind the last one copied.
uint32_t CopyCustomers(const Shard& shard, uint32_t first, const PartLimits& limits,
                       CustomerPart* part);

// Rows wherever they lie, with the sequence at which each changed.
struct CopiedRows {
  std::vector<uint32_t> rows;
  std::vector<uint64_t> changed_at;
  CustomerPart part;  // of these rows, in this order
};

// Copies the rows from `first` on, or of them those that changed after `since`; returns the row
// behind the last one looked at.
uint32_t CopyRows(const Shard& shard, uint32_t first, std::optional<uint64_t> since,
                  const PartLimits& limits, CopiedRows* copied);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CUSTOMER_PART_H_
