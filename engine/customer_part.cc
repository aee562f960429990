#include "engine/customer_part.h"

#include <algorithm>
#include <type_traits>

#include "engine/shard.h"

namespace kundig::engine {
namespace {

// Histories asked for ahead of the one that is copied.
constexpr uint32_t kAhead = 16;

// Rows looked at for each that may be copied, where only those are copied that have changed.
constexpr uint64_t kLookedAtForEach = 64;

// Calls use(place, attribute) for each. Numbers of places are part of the stored format.
template <typename Figures, typename Use>
void ForEachAttribute(Figures& c, Use&& use) {
  use(0, c.kind);
  use(1, c.key_account);
  use(2, c.satisfaction);
  use(3, c.referral);
  use(4, c.bonding);
  use(5, c.country);
  use(6, c.region);
  use(7, c.owner);
  use(8, c.company_size);
  use(9, c.products);
  use(10, c.potential);
  ClassCode pinned = c.pinned_class, closed = c.closed_class;
  use(11, pinned);
  use(12, closed);
  if constexpr (!std::is_const_v<Figures>) {
    c.pinned_class = pinned & kClassCodes;
    c.closed_class = closed & kClassCodes;
  }
}

// One more than the attribute as an unsigned number, so that most marks of absence, which are all
// ones, become 0 and lie beside small values.
template <typename T>
uint64_t AttributeWord(T value) {
  using Bits =
      std::make_unsigned_t<typename std::conditional_t<std::is_enum_v<T>, std::underlying_type<T>,
                                                       std::type_identity<T>>::type>;
  return static_cast<Bits>(static_cast<Bits>(value) + Bits{1});
}
template <typename T>
void FromAttributeWord(uint64_t word, T* value) {
  *value = static_cast<T>(word - 1);
}

}  // namespace

void CustomerPart::Clear() {
  live.clear();
  ids.Clear();
  histories.Clear();
  for (std::vector<uint64_t>& column : attributes) column.clear();
  for (std::vector<uint64_t>& column : owner_changes) column.clear();
}

void CustomerPart::Add(const CustomerRow& row) {
  live.push_back(row.live ? 1 : 0);
  if (!row.live) return;
  ids.Add(row.customer());
  ForEachAttribute(row, [&](size_t column, auto attribute) {
    attributes[column].push_back(AttributeWord(attribute));
  });
  for (size_t at = 0; at < kKeptOwnerChanges; ++at) {
    owner_changes[at].push_back(row.owner_changes[at]);
  }
  const size_t before = histories.bytes.size();
  row.history.AppendEntries(&histories.bytes);
  histories.sizes.push_back(histories.bytes.size() - before);
}

void CustomerPart::Encode(std::string* bytes) const {
  bytes->clear();
  PutNumbers(live, bytes);
  PutTexts(ids, bytes);
  for (size_t at = 0; at < kFirstAttributes; ++at) PutNumbers(attributes[at], bytes);
  PutTexts(histories, bytes);
  for (size_t at = kFirstAttributes; at < kAttributes; ++at) PutNumbers(attributes[at], bytes);
  for (const std::vector<uint64_t>& column : owner_changes) PutNumbers(column, bytes);
}

bool CustomerPart::Decode(std::string_view bytes) {
  ColumnReader columns(bytes);
  columns.Numbers(PartLimits::kMost, &live);
  columns.Texts(PartLimits::kMost, &ids);
  for (size_t at = 0; at < kFirstAttributes; ++at) {
    columns.Numbers(PartLimits::kMost, &attributes[at]);
  }
  columns.Texts(PartLimits::kMost, &histories);
  const bool has_all = !columns.at_end();
  for (size_t at = kFirstAttributes; at < kAttributes; ++at) {
    if (has_all) {
      columns.Numbers(PartLimits::kMost, &attributes[at]);
    } else {
      attributes[at].assign(ids.sizes.size(), AttributeWord(kNoClass));
    }
  }
  for (std::vector<uint64_t>& column : owner_changes) {
    if (has_all) {
      columns.Numbers(PartLimits::kMost, &column);
    } else {
      column.assign(ids.sizes.size(), kNoDay);
    }
  }
  const auto customers = static_cast<size_t>(std::count(live.begin(), live.end(), uint64_t{1}));
  const auto holes = static_cast<size_t>(std::count(live.begin(), live.end(), uint64_t{0}));
  bool fits = columns.ok() && columns.at_end() && customers + holes == live.size() &&
              ids.sizes.size() == customers && histories.sizes.size() == customers;
  for (const std::vector<uint64_t>& column : attributes) fits = fits && column.size() == customers;
  for (const auto& column : owner_changes) fits = fits && column.size() == customers;
  return fits;
}

void CustomerPart::ReadAttributes(size_t place, CustomerFigures* figures) const {
  ForEachAttribute(*figures, [&](size_t column, auto& attribute) {
    FromAttributeWord(attributes[column][place], &attribute);
  });
  for (size_t at = 0; at < kKeptOwnerChanges; ++at) {
    figures->owner_changes[at] = static_cast<ColumnDay>(owner_changes[at][place]);
  }
}

uint32_t CopyCustomers(const Shard& shard, uint32_t first, const PartLimits& limits,
                       CustomerPart* part) {
  part->Clear();
  const uint32_t end = std::min(first + limits.customers, shard.blocks() * kBlockRows);
  uint32_t at = first;
  for (; at < end && part->ids.bytes.size() + part->histories.bytes.size() < limits.bytes; ++at) {
    if (at + kAhead < end) shard.row(at + kAhead).history.PrefetchEntries();
    part->Add(shard.row(at));
  }
  return at;
}

uint32_t CopyRows(const Shard& shard, uint32_t first, std::optional<uint64_t> since,
                  const PartLimits& limits, CopiedRows* copied) {
  copied->rows.clear();
  copied->changed_at.clear();
  CustomerPart& part = copied->part;
  part.Clear();
  const uint32_t rows = shard.blocks() * kBlockRows;
  // Looking at when a row changed costs a fraction of copying it.
  const uint64_t most = uint64_t{limits.customers} * (since ? kLookedAtForEach : 1);
  const auto end = static_cast<uint32_t>(std::min<uint64_t>(rows, first + most));
  uint32_t at = first;
  for (; at < end && copied->rows.size() < limits.customers &&
         part.ids.bytes.size() + part.histories.bytes.size() < limits.bytes;
       ++at) {
    const uint64_t changed_at = shard.changed_at(at);
    if (since && changed_at <= *since) continue;
    if (!since && at + kAhead < end) shard.row(at + kAhead).history.PrefetchEntries();
    copied->rows.push_back(at);
    copied->changed_at.push_back(changed_at);
    part.Add(shard.row(at));
  }
  return at;
}

}  // namespace kundig::engine
