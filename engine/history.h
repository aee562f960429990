// Everything that happened to one customer, packed into one block of memory.
//
// A block holds the customer's id and then its entries (orders, returns, visits, contacts,
// consents), one behind the other in the order in which they came, each about 20 bytes. Measures of
// a customer are sums over its entries, so corrections, cancellations and late orders come out
// exact: take the old entry's share away, add the new one's.
//
// Most customers have few entries, and finding one is a walk over some hundred bytes. A customer
// whose block has grown beyond kIndexedBytes (the "walk-in customer" of a till has hundreds of
// thousands of orders) gets an index by identity and by day beside its block, so that an event
// costs the same for every customer.
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
#include <string_view>
#include <vector>

#include "engine/dictionary.h"
#include "engine/event.h"
#include "engine/units.h"

namespace kundig::engine {

enum class EntryKind : uint8_t { kOrder = 1, kReturn = 2, kVisit = 3, kContact = 4, kConsent = 5 };

// One entry, unpacked. Which fields count depends on the kind.
struct HistoryEntry {
  EntryKind kind = EntryKind::kOrder;
  Day day;
  TimeMs at;
  std::string_view id;                             // order, return
  Minor amount;                                    // order: revenue; return: amount
  std::optional<Minor> margin;                     // order, return
  uint32_t items = 0;                              // order
  NameCode channel = kNoName, campaign = kNoName;  // contact
  ConsentState consent = ConsentState::kGranted;   // consent
  std::optional<Day> until;                        // consent

  bool SameContent(const HistoryEntry& other) const;
};

class History {
 public:
  explicit History(std::string_view customer);
  ~History();
  History(History&& other) noexcept;
  History& operator=(History&& other) noexcept;

  std::string_view customer() const;

  // The entry of the same kind and identity (id for orders and returns, time for the others).
  std::optional<HistoryEntry> Find(const HistoryEntry& identity) const;
  // False where the customer has kMaxHistoryEntries entries. The identity must not be there yet.
  bool Add(const HistoryEntry& entry);
  // The identity must be there.
  void Remove(const HistoryEntry& identity);

  template <typename Visitor>
  void ForEach(Visitor&& visit) const {
    for (uint32_t at = FirstEntry(); at < used_;) {
      HistoryEntry entry;
      const bool live = Read(&at, &entry);
      if (live) visit(entry);
    }
  }

  // Orders on that business day.
  uint32_t OrdersOn(Day day) const;
  // The first and the last day with an order.
  std::optional<std::pair<Day, Day>> OrderDays() const;

  uint32_t entries() const { return entries_; }

 private:
  struct Index;

  static constexpr uint32_t kIndexedBytes = 4096;

  uint32_t FirstEntry() const;
  // Unpacks the entry at *at and moves *at behind it. False for an entry that was removed.
  bool Read(uint32_t* at, HistoryEntry* entry) const;
  std::optional<uint32_t> Locate(const HistoryEntry& identity) const;
  void Append(const uint8_t* bytes, uint32_t size);
  void BuildIndex();
  void Compact();

  uint8_t* data_ = nullptr;
  uint32_t used_ = 0, capacity_ = 0;
  uint32_t entries_ = 0;  // live ones
  std::unique_ptr<Index> index_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_HISTORY_H_
