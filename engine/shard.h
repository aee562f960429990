// A shard: the customers whose ids hash to it, with their columns, their key index and their
// histories.
//
// A shard applies one event at a time. Every figure of a customer changes with the event, so a
// reader that holds the book's lock always sees figures that agree with each other.
//
// Windows: figures of a window change without an event when a day ends. The shard keeps, for each
// business day that can still enter or leave a window, the rows with an order or return on that
// day; a day change recomputes the windows of exactly these rows.
//
// Thread safety: const methods need the book's lookup, scan or write lock; others the write lock.
// Different shards may be worked on at once.

#ifndef KUNDIG_ENGINE_SHARD_H_
#define KUNDIG_ENGINE_SHARD_H_

#include <boost/unordered/unordered_flat_set.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/customer_columns.h"
#include "engine/dictionary.h"
#include "engine/event.h"
#include "engine/history.h"
#include "engine/result.h"
#include "engine/rules.h"
#include "engine/units.h"

namespace kundig::engine {

enum class Effect : uint8_t { kApplied, kReplaced, kUnchanged };

// What applying an event needs to know besides the shard.
struct ApplyContext {
  const Rules* rules = nullptr;
  CustomerNames* names = nullptr;
  Day today;
  uint64_t sequence = 0;  // journal_sequence of the event
};

class Shard {
 public:
  Shard() = default;
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Events of this shard's customers. Nothing is changed where an error is returned.
  Result<Effect> Apply(const CustomerSet& event, const ApplyContext& context);
  Result<Effect> Apply(const OrderPlaced& event, const ApplyContext& context);
  Result<Effect> Apply(const ReturnReceived& event, const ApplyContext& context);
  Result<Effect> Apply(const OrderCancelled& event, const ApplyContext& context);
  Result<Effect> Apply(const Visit& event, const ApplyContext& context);
  Result<Effect> Apply(const Contact& event, const ApplyContext& context);
  Result<Effect> Apply(const Consent& event, const ApplyContext& context);
  // kUnchanged where there is no such customer.
  Effect Erase(std::string_view customer);

  // The day has become `today`; it was `before`.
  void Roll(const Rules& rules, Day before, Day today, uint64_t sequence);
  // Other rules are in force: all windows anew.
  void Recompute(const Rules& rules, Day today);

  std::optional<RowIndex> Find(std::string_view customer) const;
  const CustomerColumns& columns() const { return columns_; }
  std::string_view CustomerAt(uint32_t row) const { return histories_[row]->customer(); }
  uint32_t customers() const { return static_cast<uint32_t>(index_.size()); }
  uint64_t orders() const { return orders_; }
  uint64_t returns() const { return returns_; }

 private:
  struct KeyHash {
    using is_transparent = void;
    const Shard* shard;
    size_t operator()(RowIndex row) const;
    size_t operator()(std::string_view id) const;
  };
  struct KeyEqual {
    using is_transparent = void;
    const Shard* shard;
    bool operator()(RowIndex a, RowIndex b) const { return a == b; }
    bool operator()(std::string_view id, RowIndex row) const {
      return shard->CustomerAt(Raw(row)) == id;
    }
    bool operator()(RowIndex row, std::string_view id) const { return (*this)(id, row); }
  };

  uint32_t FindOrCreate(std::string_view customer, const ApplyContext& context);
  // Adds the entry, or puts it in the place of the one with its identity.
  Result<Effect> Put(std::string_view customer, const HistoryEntry& entry,
                     const ApplyContext& context);
  // Takes an entry's share in the measures away, after it was removed from the history ...
  void Subtract(uint32_t row, const HistoryEntry& entry, const ApplyContext& context);
  // ... or adds it, after it was added.
  void AddUp(uint32_t row, const HistoryEntry& entry, const ApplyContext& context);
  void CountSums(uint32_t row, const HistoryEntry& entry, const ApplyContext& context, int sign);
  void SettleConsent(uint32_t row, const HistoryEntry& entry);
  void SettleDays(uint32_t row);
  // The window measures and totals of a row from its history.
  void RecomputeSums(uint32_t row, const Rules& rules, Day today);
  void RememberDay(uint32_t row, Day day, const Rules& rules, Day today);

  CustomerColumns columns_;
  std::vector<std::unique_ptr<History>> histories_;
  std::vector<uint32_t> free_rows_;
  boost::unordered_flat_set<RowIndex, KeyHash, KeyEqual> index_{0, KeyHash{this}, KeyEqual{this}};
  uint64_t orders_ = 0, returns_ = 0;
  // Rows with an order or return on a day, from first_kept_day_ on; a row may be named more than
  // once.
  std::vector<std::vector<uint32_t>> rows_on_day_;
  ColumnDay first_kept_day_ = 0;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_SHARD_H_
