// The inside of a book: what is guarded by its lock, and what its three faces share. Events and
// days are in book_write.cc, lookups in book_lookup.cc, scans in book_scan.cc, book_pipeline.cc,
// book_export.cc and book_churn.cc, recounts in book_recount.cc, what feeds are told in
// book_feeds.cc.
//
// Thread safety: as book.h says; the members below the lock need it in the mode that fits.

#ifndef KUNDIG_ENGINE_BOOK_IMPL_H_
#define KUNDIG_ENGINE_BOOK_IMPL_H_

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/adopted_fit.h"
#include "engine/book.h"
#include "engine/churn_outlook.h"
#include "engine/customer_view.h"
#include "engine/dictionary.h"
#include "engine/explain_answer.h"
#include "engine/feeds.h"
#include "engine/huge_pages.h"
#include "engine/lead_table.h"
#include "engine/rank_counts.h"
#include "engine/ranking.h"
#include "engine/replay_marks.h"
#include "engine/selection.h"
#include "engine/shard.h"
#include "engine/shard_runner.h"
#include "engine/state_lock.h"
#include "engine/summary.h"

namespace kundig::engine {

class Book::Impl {
 public:
  Impl(std::shared_ptr<const Rules> rules, const BookOptions& options);

  template <typename AnyEvent>
  ApplyAnswer Apply(std::span<const AnyEvent> events, Growth growth);
  Result<StateName> AdvanceDay(Day day);
  Result<SnapshotInfo> SaveSnapshot(const SnapshotOrder& order);
  std::optional<Error> LoadParts(const std::string& folder, const SnapshotInfo& info,
                                 rocksdb::Env* env, const LoadProgress& progress,
                                 std::string* attachment);
  template <typename AnyEvent>
  void Replay(uint64_t record, std::span<const AnyEvent> events, Growth growth);
  void ReplayDay(uint64_t record, Day day);
  void ReplayFit(uint64_t record, const AdoptedFit& fit);
  StateName AdoptFit(const AdoptedFit& fit);
  bool FitIsDue();
  bool LacksFit();
  Result<StateName> ReplaceRules(std::shared_ptr<const Rules> rules);
  std::optional<Error> JudgeRules(const Rules& rules);
  StateName RefreshRankings();
  bool RankingsStale();
  std::shared_ptr<const Rules> rules();
  StatusAnswer Status();
  void Profiles(std::span<const std::string_view> ids, ProfilesAnswer* answer);
  void Records(std::span<const std::string_view> ids, RecordsAnswer* answer);
  NamesAnswer Names(NameKind kind, uint32_t first, size_t limit);
  ExplainAnswer Explain(std::string_view id);
  Result<ExportAnswer> Export(std::string_view id);
  RfmAnswer Rfm();
  AbcAnswer Abc();
  ValueAnswer Value();
  Result<CountAnswer> Count(std::string_view where);
  Result<PhasesAnswer> Phases(std::string_view where);
  Result<ListAnswer> List(const ListQuery& query);
  Result<PipelineAnswer> Pipeline(const PipelineQuery& query);
  Result<WaterfallAnswer> Waterfall(const WaterfallQuery& query);
  Result<ConversionAnswer> Conversion(const ConversionQuery& query);
  Result<ChurnAnswer> Churn(const ChurnQuery& query);
  Result<std::vector<std::unique_ptr<Book>>> Recount(const RecountOrder& order);
  bool CatchUp(Impl* recount);
  uint64_t RecountBytes();
  Result<MovesAnswer> Moves(Impl* to, const MovesQuery& query);
  Result<std::shared_ptr<Feed>> OpenFeed(const WatchQuery& query);
  void CloseFeed(const Feed& feed);

 private:
  class Recounting;
  class Scanning;
  class Saving;
  class Loading;

  // What became of events.
  struct Outcome {
    uint32_t applied = 0, replaced = 0, unchanged = 0, erased = 0;
    bool figures_changed = false;
    std::vector<RefusedEvent> refused;  // index: the place in the slice

    void Count(size_t place, const Result<Effect>& effect);
    void Take(Outcome other);
  };
  // What one worker does of a slice of orders or of a day change.
  struct Lane {
    std::vector<uint32_t> places;  // in the slice
    std::vector<uint64_t> hashes;  // of the customers at these places
    RankCounts counts;             // what the lane has changed
    Outcome outcome;
    FeedCollector changes;  // what it found for the feeds
  };
  // A comparison of all customers as they were with what they are now.
  struct FeedPass {
    BookView before;
    ChangeCause cause = ChangeCause::kDay;
    // The only rows of a block that may have changed; absent: all.
    std::function<Selection(const CustomerBlock&)> rows;
    // Absent: the figures are what they were, and only the view of them has changed.
    std::function<const CustomerFigures&(size_t shard, uint32_t row, CustomerFigures* room)>
        figures;
  };

  // The shard of an id: the high bits of its hash; the key index of the shard uses the low ones.
  size_t ShardNumber(uint64_t hash) const { return (hash >> 32) & (options_.shards - 1); }
  Shard& ShardOf(uint64_t hash) const { return *shards_[ShardNumber(hash)]; }
  BookView View() const { return ViewBy(ranking_); }
  BookView ViewBy(const Ranking& ranking) const {
    return {rules_.get(), &ranking, &names_, today_, outlook_.get()};
  }
  Ranking NewRanking();
  // Of the next slice. Its entries share one sequence, which is later than any state before it.
  ApplyContext Context(RankCounts* counts) {
    ApplyContext context;
    context.rules = rules_.get();
    context.names = &names_;
    context.counts = counts;
    context.leads = &leads_;
    context.today = today_;
    context.sequence = sequence_ + 1;
    context.growth = growth_;
    return context;
  }
  // Calls found(place in ids, customer) for each id that there is; `signs`: which will be read.
  template <typename Found>
  void ForEachCustomer(std::span<const std::string_view> ids, bool signs, Found&& found) const;
  // Whether the value class depends on them.
  bool ValueReadsSigns() const;
  // Asks the processor for all that applying events of these customers will touch.
  void Prefetch(std::span<const uint64_t> hashes) const;
  // Before a slice is applied, in the writer's turn: its hashes, and who will apply what.
  void Prepare(std::span<const Event> slice);
  void Prepare(std::span<const OrderPlaced> slice);
  // Apply a slice that was prepared. These need the write lock.
  Outcome ApplySlice(std::span<const Event> slice);
  Outcome ApplySlice(std::span<const OrderPlaced> slice);
  void ApplyLane(std::span<const OrderPlaced> slice, Lane* lane);
  // Brings the windows of shards first ... last - 1, at most as many as there are lanes, from the
  // day `before` to today. Leaves in `rolled` the rows of these shards that it was done for.
  void RollShards(size_t first, size_t last, Day before, const StateLock::Turn& turn,
                  std::vector<std::vector<uint32_t>>* rolled);
  // Keeps every customer's value class as that of the day close, where the rules want it. Leaves
  // in `former` the rows of each shard whose class that changed, ascending, with the class before.
  using ClosedClasses = std::vector<std::vector<Shard::ClosedClass>>;
  void CloseClasses(const StateLock::Turn& turn, ClosedClasses* former);

  // Applies what changes one customer, and tells the feeds' collector of it.
  template <typename Apply>
  void Watching(std::string_view customer, uint64_t hash, uint32_t place, FeedCollector* changes,
                Apply apply) {
    if (feeds_.empty()) return apply();
    const Seen before = Look(customer, hash);
    apply();
    CompareOne(customer, hash, before, place, changes);
  }
  // A customer before an event.
  struct Seen {
    std::optional<RowIndex> row;
    CustomerFigures figures;
  };
  Seen Look(std::string_view customer, uint64_t hash) const;
  void CompareOne(std::string_view customer, uint64_t hash, const Seen& before, uint32_t place,
                  FeedCollector* changes);
  // Tells the feeds what the lanes found of a slice; `first` is the sequence before it.
  void TellFeeds(uint64_t first, const std::vector<RefusedEvent>& refused);
  // What the feeds keep of the customers that the slice erases.
  void ForgetInFeeds(std::span<const Event> slice);
  // These need the writer's turn, and do nothing where there is no feed.
  void CompareAll(const FeedPass& pass);
  void CompareRanking(const Ranking& former);
  void CompareOutlook(const BookView& before);
  struct DayBefore {
    Day day;
    Ranking ranking;
    std::vector<std::vector<uint32_t>> rolled;  // by shard: the rows whose windows have moved
    ClosedClasses closed;
  };
  void CompareDay(const DayBefore& former);
  struct RulesBefore {
    std::shared_ptr<const Rules> rules;
    Ranking ranking;
    std::unique_ptr<const ChurnOutlook> outlook;
    std::vector<std::vector<ClassCode>> closed;  // by shard and row
  };
  RulesBefore KeepRules() const;
  void CompareRules(const RulesBefore& former);
  // The part of ReplaceRules that lookups wait for.
  void UseRules(std::shared_ptr<const Rules> rules, const StateLock::Turn& turn);
  template <typename Body>
  Result<Effect> ApplyBody(const Body& body, const ApplyContext& context, bool* figures_changed);
  template <typename Body>
  Result<Effect> ApplyLead(const Body& body, const ApplyContext& context);
  // Tells a customer, if he is there, that his leads have changed with the entry of this sequence.
  // Needs the write lock.
  void SettleLeadsOf(std::string_view customer, uint64_t sequence);
  // All dictionaries, by the numbers that snapshots know them by: new ones come last.
  static constexpr size_t kDictionaries = 11;
  std::array<Dictionary*, kDictionaries> Dictionaries();
  // Whether what the event does to its customer or lead was loaded already.
  template <typename Body>
  bool IsLoaded(uint64_t record, const Body& body) const;
  void ReplayErase(uint64_t record, const engine::Erase& event);
  void EndRecord(uint64_t record);
  // All records up to the end of the snapshot have been replayed.
  void EndReplay();
  // These need the lookup, scan or write lock.
  std::optional<Error> JudgeRulesLocked(const Rules& rules) const;
  std::vector<std::string> NotesOnFits(const Impl& to) const;
  StateName State() const {
    return {sequence_, ranking_.version, today_, rules_version_, fit_version_};
  }
  bool Stale() const { return figures_changed_at_ > ranking_.version; }

  // Publishes a ranking that a scan has computed, unless a newer one is in force.
  void Publish(const Ranking& ranking);
  SummarySource SourceOf(const Ranking& ranking) const { return {shards_, ViewBy(ranking)}; }

  const BookOptions options_;
  StateLock lock_;
  // Everything below is guarded by lock_.
  std::shared_ptr<const Rules> rules_;
  uint32_t rules_version_ = 1;
  std::optional<AdoptedFit> fit_;
  uint32_t fit_version_ = 0;
  std::unique_ptr<const ChurnOutlook> outlook_;  // of the rules and the fit
  Day today_;
  uint64_t sequence_ = 0;
  Growth growth_ = Growth::kAllowed;  // of the batch that is being applied
  uint64_t figures_changed_at_ = 0;  // sequence of the last entry that changed a customer's figures
  BlockArena arena_;
  std::vector<std::unique_ptr<Shard>> shards_;
  RankCounts counts_;             // of the customers in shards_, with those of lanes_
  std::vector<Lane> lanes_;       // as many as there are workers
  std::vector<uint64_t> hashes_;  // of the slice that is being applied
  CustomerNames names_;
  LeadTable leads_;
  Ranking ranking_;
  Feeds feeds_;
  uint32_t event_place_ = 0;  // in its slice, of the event that is being applied outside of lanes
  uint64_t first_cursor_sequence_ = 0;      // what changed before it is not known any more
  std::unique_ptr<ReplayMarks> replaying_;  // of a loaded book that is not complete yet
  // Of a recount: the last day whose entries count, where it is before the book's today.
  std::optional<Day> through_;
  bool has_histories_ = true;  // a recount has none

  ShardRunner runner_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_BOOK_IMPL_H_
