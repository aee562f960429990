// A shard: the customers whose ids hash to it, with their columns, their key index and their
// histories.
//
// A shard applies one event at a time. Every figure of a customer changes with the event, so a
// reader that holds the book's lock always sees figures that agree with each other.
//
// Windows: figures of a window change without an event when a day ends. The shard remembers which
// rows have an order or return on a day that can still enter or leave a window (day_log.h); a day
// change recomputes the windows of exactly the rows of the days that do. That takes a while, so it
// is done in slices, between which lookups go on: until the shard is settled for the new day,
// FiguresOn computes the windows of the one customer that is asked for.
//
// Thread safety: const methods need the book's lookup, scan or write lock; others the write lock.
// Different shards may be worked on at once, each with RankCounts of its own. Names are added by
// one thread at a time: of events that name something, only one is applied at a time.

#ifndef KUNDIG_ENGINE_SHARD_H_
#define KUNDIG_ENGINE_SHARD_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/apply_context.h"
#include "engine/customer_block.h"
#include "engine/day_log.h"
#include "engine/dictionary.h"
#include "engine/event.h"
#include "engine/history.h"
#include "engine/history_event.h"
#include "engine/huge_pages.h"
#include "engine/key_index.h"
#include "engine/rank_counts.h"
#include "engine/result.h"
#include "engine/rules.h"
#include "engine/units.h"

namespace kundig::engine {

struct CopiedRows;
struct CustomerPart;

enum class Effect : uint8_t { kApplied, kReplaced, kUnchanged };

class Shard {
 public:
  // `arena` outlives the shard.
  Shard(BlockArena* arena, Day today) : arena_(arena), settled_(today) {}
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Events of this shard's customers. Nothing is changed where an error is returned.
  Result<Effect> Apply(const CustomerSet& event, const ApplyContext& context);
  Result<Effect> Apply(const OrderCancelled& event, const ApplyContext& context);
  template <HistoryEvent E>
  Result<Effect> Apply(const E& event, const ApplyContext& context) {
    HistoryEntry entry;
    if (std::optional<Error> refusal = MakeEntry(event, context, &entry)) {
      return *std::move(refusal);
    }
    return Put(event.customer, entry, context);
  }
  // kUnchanged where there is no such customer.
  Effect Erase(const engine::Erase& event, const ApplyContext& context);

  // The leads of a customer have changed.
  void SettleLeads(RowIndex row, const LeadTable& leads, uint64_t sequence);

  // The rows whose windows change when the day `before` becomes `today`, each once. Forgets the
  // days that can change nothing any more.
  std::vector<uint32_t> RowsToRoll(const Rules& rules, Day before, Day today);
  void PrefetchRows(std::span<const uint32_t> rows) const;
  // Brings these rows' windows to `today`; with all of RowsToRoll the shard is settled for it.
  void RollRows(std::span<const uint32_t> rows, const ApplyContext& context);
  void Settle(Day today) { settled_ = today; }
  // A row and the value class that it is to have had at the last day close.
  struct ClosedClass {
    uint32_t row = 0;
    ClassCode value_class = kNoClass;
  };
  void StoreClosedClasses(std::span<const ClosedClass> classes);
  // Other rules are in force: all windows anew. Adds the customers to `counts`.
  void Recompute(const Rules& rules, Day today, RankCounts* counts);

  // Loading a snapshot: puts the customers of a part into the rows from `first` on; of a customer
  // that an earlier part had, the later one counts. False where the part cannot be one of this
  // book. EndLoading comes once, behind the last part.
  bool LoadPart(const CustomerPart& part, uint32_t first, const ApplyContext& context);
  void EndLoading();

  // Into a recount: puts what was copied into the same rows, in place of what they held, with the
  // figures of the entries up to `through`, without the entries. With `through`, who has none up to
  // that day is left out. Neither orders() nor returns() count any more.
  void TakeRows(const CopiedRows& copied, std::optional<Day> through, const ApplyContext& context);

  // Where a customer lies. To look up many, ask for all slots first, then for what each slot leads
  // to: the processor fetches them while others are looked at.
  std::optional<RowIndex> Find(std::string_view customer, uint64_t hash) const;
  void PrefetchSlot(uint64_t hash) const { index_.Prefetch(hash); }
  // Without `signs` not the line that only phase and risks need.
  void PrefetchRow(uint64_t hash, bool signs = true) const;
  void PrefetchId(uint64_t hash) const;
  void PrefetchToWrite(uint64_t hash) const;

  // The figures of a row as of `today`: its own, or `*room` with its windows recomputed.
  const CustomerFigures& FiguresOn(uint32_t row, const Rules& rules, Day today,
                                   CustomerFigures* room) const;

  // The figures that a row would have by these rules on this day.
  const CustomerFigures& FiguresBy(uint32_t row, const Rules& rules, Day today,
                                   CustomerFigures* room) const;

  uint32_t blocks() const { return static_cast<uint32_t>(blocks_.size()); }
  const CustomerBlock& block(uint32_t at) const { return *blocks_[at]; }
  const CustomerRow& row(uint32_t at) const {
    return blocks_[at / kBlockRows]->rows[at % kBlockRows];
  }
  uint64_t changed_at(uint32_t at) const {
    return block(at / kBlockRows).changed_at[at % kBlockRows];
  }
  // Entries of the log of days: at most about twice the orders and returns.
  size_t logged_days() const { return rows_on_day_.size(); }
  uint32_t customers() const { return static_cast<uint32_t>(index_.size()); }
  uint64_t orders() const { return orders_; }
  uint64_t returns() const { return returns_; }

 private:
  CustomerBlock& BlockOf(uint32_t row) { return *blocks_[row / kBlockRows]; }
  CustomerRow& RowAt(uint32_t row) { return BlockOf(row).rows[row % kBlockRows]; }
  // A block with room for the row is there.
  void MakeRoom(uint32_t row);
  // The customer must not be there.
  uint32_t Create(std::string_view customer, const ApplyContext& context);
  Result<uint32_t> FindOrCreate(std::string_view customer, const ApplyContext& context);
  // Adds the entry, or puts it in the place of the one with its identity.
  Result<Effect> Put(std::string_view customer, const HistoryEntry& entry,
                     const ApplyContext& context);
  // Takes an entry out of the history, and its share in the measures away. `entry` may point into
  // the history.
  void Subtract(CustomerRow* row, const HistoryEntry& entry, const ApplyContext& context);
  // The customer at `place` of a part into an empty row; `context` has its hash. False where it
  // cannot be one of this book.
  bool LoadRow(uint32_t row, const CustomerPart& part, size_t place, std::string_view customer,
               std::string_view history, const ApplyContext& context);
  // All measures of a customer that has none yet, from its history.
  void MeasureAll(uint32_t row, const Rules& rules, Day today);
  // Adds the share of an entry that was added to the history.
  void AddUp(uint32_t row, const HistoryEntry& entry, const ApplyContext& context);
  // Publishes a row that has changed: its columns, and the counts; `before` is what it counted as.
  void Store(uint32_t row, EntryKind kind, const RankedValues& before, const ApplyContext& context);
  // First and last order after an order was taken away.
  static void SettleDays(CustomerRow* row, const Rules& rules);
  void RememberDay(uint32_t row, EntryKind kind, Day day, const Rules& rules, Day today);
  // The days of all orders and returns of a row, and of costs to come.
  void RememberDaysOf(uint32_t row, const Rules& rules, Day today);
  // Drops what corrections that moved orders between days have left in the log.
  void TidyDays(const Rules& rules, Day today);
  // Inlined by force: GCC takes a function that does nothing but prefetch for one without an effect
  // and drops the calls.
  [[gnu::always_inline]] void PrefetchLinesOf(uint32_t at, bool signs = true) const {
    const auto* lines = reinterpret_cast<const char*>(&row(at));
    if (signs) __builtin_prefetch(lines);
    for (size_t line = sizeof(CustomerSigns); line < sizeof(CustomerRow); line += 64) {
      __builtin_prefetch(lines + line);
    }
  }
  void PrefetchWritesOf(uint32_t row) const;

  BlockArena* const arena_;
  std::vector<CustomerBlock*> blocks_;
  uint32_t rows_ = 0;  // ever taken
  std::vector<uint32_t> free_rows_;
  KeyIndex index_;
  uint64_t orders_ = 0, returns_ = 0;
  Day settled_;  // the day that all windows are brought to
  DayLog rows_on_day_;
  uint64_t logged_costs_ = 0;  // at least as many as rows_on_day_ has
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_SHARD_H_
