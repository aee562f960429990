// The inside of a book: what is guarded by its lock, and what its three faces share. Events and
// days are in book_write.cc, lookups in book_lookup.cc, scans in book_scan.cc.
//
// Thread safety: as book.h says; the members below the lock need it in the mode that fits.

#ifndef KUNDIG_ENGINE_BOOK_IMPL_H_
#define KUNDIG_ENGINE_BOOK_IMPL_H_

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/book.h"
#include "engine/customer_view.h"
#include "engine/dictionary.h"
#include "engine/huge_pages.h"
#include "engine/lead_table.h"
#include "engine/rank_counts.h"
#include "engine/ranking.h"
#include "engine/shard.h"
#include "engine/shard_runner.h"
#include "engine/state_lock.h"
#include "engine/summary.h"

namespace kundig::engine {

class Book::Impl {
 public:
  Impl(std::shared_ptr<const Rules> rules, const BookOptions& options);

  template <typename AnyEvent>
  ApplyAnswer Apply(std::span<const AnyEvent> events);
  Result<StateName> AdvanceDay(Day day);
  Result<StateName> ReplaceRules(std::shared_ptr<const Rules> rules);
  StateName RefreshRankings();
  bool RankingsStale();
  std::shared_ptr<const Rules> rules();
  StatusAnswer Status();
  void Profiles(std::span<const std::string_view> ids, ProfilesAnswer* answer);
  void Records(std::span<const std::string_view> ids, RecordsAnswer* answer);
  NamesAnswer Names(NameKind kind, uint32_t first, size_t limit);
  ExplainAnswer Explain(std::string_view id);
  RfmAnswer Rfm();
  AbcAnswer Abc();
  ValueAnswer Value();
  Result<CountAnswer> Count(std::string_view where);
  Result<ListAnswer> List(const ListQuery& query);
  Result<PipelineAnswer> Pipeline(const PipelineQuery& query);

 private:
  class Scanning;

  // The shard of an id: the high bits of its hash; the key index of the shard uses the low ones.
  Shard& ShardOf(uint64_t hash) const { return *shards_[(hash >> 32) & (options_.shards - 1)]; }
  BookView View() const { return {rules_.get(), &ranking_, &names_, today_}; }
  Ranking NewRanking() {
    return ComputeRanking(counts_, shards_, *rules_, today_, sequence_, &runner_);
  }
  ApplyContext Context() {
    ApplyContext context;
    context.rules = rules_.get();
    context.names = &names_;
    context.counts = &counts_;
    context.today = today_;
    context.sequence = sequence_;
    return context;
  }
  // Calls found(place in ids, customer) for each id that there is.
  template <typename Found>
  void ForEachCustomer(std::span<const std::string_view> ids, Found&& found) const;
  // The hashes of the ids of the customers of a slice's events.
  using SliceHashes = std::array<uint64_t, kWriteSliceEvents>;
  // Asks the processor for all that applying these events will touch. In the writer's turn.
  template <typename AnyEvent>
  SliceHashes Prefetch(std::span<const AnyEvent> slice);
  // These need the lookup, scan or write lock.
  StateName State() const { return {sequence_, ranking_.version, today_}; }
  bool Stale() const { return figures_changed_at_ > ranking_.version; }
  Result<Effect> ApplyOne(const Event& event, uint64_t hash);
  Result<Effect> ApplyOne(const OrderPlaced& order, uint64_t hash) {
    return ApplyBody(order, hash);
  }
  template <typename Body>
  Result<Effect> ApplyBody(const Body& body, uint64_t hash);

  // Publishes a ranking that a scan has computed, unless a newer one is in force.
  void Publish(const Ranking& ranking) {
    StateLock::Write write(&lock_);
    if (ranking.version > ranking_.version) ranking_ = ranking;
  }
  SummarySource SourceOf(const Ranking& ranking) const {
    return {shards_, {rules_.get(), &ranking, &names_, today_}};
  }

  const BookOptions options_;
  StateLock lock_;
  // Everything below is guarded by lock_.
  std::shared_ptr<const Rules> rules_;
  uint64_t rules_version_ = 0;
  Day today_;
  uint64_t sequence_ = 0;
  uint64_t figures_changed_at_ = 0;  // sequence of the last entry that changed a customer's figures
  BlockArena arena_;
  std::vector<std::unique_ptr<Shard>> shards_;
  RankCounts counts_;  // of the customers in shards_
  CustomerNames names_;
  LeadTable leads_;
  Ranking ranking_;

  ShardRunner runner_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_BOOK_IMPL_H_
