// Everything that happened to one customer, packed into one block of memory.
//
// A block holds the customer's id and then its entries (one of EntryKind each), one behind the
// other in the order in which they came, each about 20 bytes. Measures of a customer are sums over
// its entries, so corrections, cancellations and late orders come out exact: take the old entry's
// share away, add the new one's.
//
// Most customers have few entries, and finding one is a walk over some hundred bytes. A customer
// whose block has grown beyond kIndexedBytes (the "walk-in customer" of a till has hundreds of
// thousands of orders) gets an index by identity and by day beside its block, so that an event
// costs the same for every customer.
//
// A History is one pointer, and a small block has six bytes of header: with millions of customers
// every byte here is paid millions of times.
//
// Thread safety: const methods from any thread that holds the book's lookup, scan or write lock;
// others need the write lock. Invariant: a block's live entries have distinct identities; the
// index, where there is one, knows exactly these.

#ifndef KUNDIG_ENGINE_HISTORY_H_
#define KUNDIG_ENGINE_HISTORY_H_

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/column_day.h"
#include "engine/history_entry.h"
#include "engine/units.h"

namespace kundig::engine {

class History {
 public:
  History() = default;  // of nobody, with nothing in it; cannot be added to
  explicit History(std::string_view customer);
  // With the entries that AppendEntries gave; false in *sound where they cannot be those.
  History(std::string_view customer, std::string_view entries, bool* sound);
  ~History();
  History(History&& other) noexcept;
  History& operator=(History&& other) noexcept;

  std::string_view customer() const;

  // The entry of the same kind and identity (its id where it has one, else its time).
  std::optional<HistoryEntry> Find(const HistoryEntry& identity) const;
  // False where the customer has kMaxHistoryEntries entries. The identity must not be there yet.
  bool Add(const HistoryEntry& entry);
  // The identity must be there.
  void Remove(const HistoryEntry& identity);

  template <typename Visitor>
  void ForEach(Visitor&& visit) const {
    const Bytes block = View();
    for (uint32_t at = FirstEntry(block.data); at < block.used; at += PackedSize(block.data + at)) {
      HistoryEntry entry;
      if (Unpack(block.data + at, &entry)) visit(entry);
    }
  }

  // The entries of one kind; the others are passed over by their first bytes.
  template <typename Visitor>
  void ForEachOf(EntryKind kind, Visitor&& visit) const {
    const Bytes block = View();
    for (uint32_t at = FirstEntry(block.data); at < block.used; at += PackedSize(block.data + at)) {
      if (!IsOfKind(block.data + at, kind)) continue;
      HistoryEntry entry;
      Unpack(block.data + at, &entry);
      visit(entry);
    }
  }

  // The entries as they lie, without the removed ones.
  void AppendEntries(std::string* bytes) const;

  // Orders on that business day.
  uint32_t OrdersOn(Day day) const;
  // The days with an order, ascending, each once.
  std::vector<ColumnDay> PurchaseDays() const;
  // The days of contacts, service requests or late payments, ascending; a day as often as it has
  // such entries, but at most `most` times.
  std::vector<ColumnDay> DaysOf(EntryKind kind, uint32_t most) const;
  // A bit for each EntryKind that there is an entry of.
  uint32_t Kinds() const;
  // The time of the latest consent; long ago where there is none.
  TimeMs LatestConsent() const;
  // The first and the last day with an order.
  std::optional<std::pair<Day, Day>> OrderDays() const;

  uint32_t entries() const;

  // Ask the processor for the id, and for as much as a usual block has.
  void PrefetchId() const {
    __builtin_prefetch(reinterpret_cast<const void*>(tagged_ & ~kLargeTag));
  }
  void PrefetchEntries() const {
    const auto* begin = reinterpret_cast<const char*>(tagged_ & ~kLargeTag);
    for (int line = 0; line < 3; ++line) __builtin_prefetch(begin + line * 64);
  }

 private:
  struct Small;
  struct Large;
  struct Bytes {
    const uint8_t* data;
    uint32_t used;
  };

  static constexpr uint32_t kIndexedBytes = 4096;
  static constexpr uintptr_t kLargeTag = 1;

  static uint32_t FirstEntry(const uint8_t* data) { return 1u + data[0]; }

  bool is_large() const { return (tagged_ & kLargeTag) != 0; }
  Small* small() const { return reinterpret_cast<Small*>(tagged_); }
  Large* large() const { return reinterpret_cast<Large*>(tagged_ & ~kLargeTag); }
  Bytes View() const;
  std::optional<uint32_t> Locate(const HistoryEntry& identity) const;
  void AppendSmall(const uint8_t* bytes, uint32_t size);
  void BecomeLarge();

  uintptr_t tagged_ = 0;  // a Small, or a Large with kLargeTag
};
static_assert(sizeof(History) == sizeof(void*));

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_HISTORY_H_
