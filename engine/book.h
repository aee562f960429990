// The book: all that one server holds, as the rest of the house sees it.
//
// Thread safety: every method may be called from any thread. A lookup (Profiles, Status, rules,
// RankingsStale) waits at most for the small slice of a write that is under way and never for a
// scan. Writes (Apply, AdvanceDay, AdoptFit, ReplaceRules) take turns with scans (everything
// else), in the order in which they come, so that one scan sees one state. Writes and scans
// therefore may wait for as long as a scan takes: call them from threads that may block, never from
// a network thread.
//
// Determinism: the state is a function of the sequence of writes alone. The
// engine reads no clock and draws no random number.

#ifndef KUNDIG_ENGINE_BOOK_H_
#define KUNDIG_ENGINE_BOOK_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/adopted_fit.h"
#include "engine/event.h"
#include "engine/explain_answer.h"
#include "engine/feed.h"
#include "engine/limits.h"
#include "engine/query.h"
#include "engine/recount.h"
#include "engine/result.h"
#include "engine/rules.h"
#include "engine/snapshot.h"
#include "engine/units.h"

namespace kundig::engine {

// By so much a book must have changed before a day change fits its models anew.
inline constexpr uint64_t kFitChangePercent = 1;

struct BookOptions {
  Day today;                                       // the first business day of the book
  uint32_t shards = 64;                            // a power of two, at most kMaxShards
  int threads = 0;                                 // workers for scans; 0 = one for each processor
  uint64_t list_memory_bytes = uint64_t{1} << 30;  // rows of one list; above it kResultTooLarge
  // The time of day, for the changes of feeds alone; absent: 0. Called by writers.
  std::function<TimeMs()> now = nullptr;
};
struct RefusedEvent {
  uint32_t index = 0;  // place in the batch
  Error error;
};

struct ApplyAnswer {
  StateName state;         // after the batch
  uint32_t applied = 0;    // new identities, changed attributes
  uint32_t replaced = 0;   // same identity, other content
  uint32_t unchanged = 0;  // same identity, same content
  uint32_t erased = 0;     // of those applied; not kept for a repeated answer
  std::vector<RefusedEvent> refused;
  uint32_t refused_more = 0;  // refused too, but not kept for a repeated answer
  bool repeated = false;      // the batch had been taken before; nothing was applied now
};

class Book {
 public:
  Book(std::shared_ptr<const Rules> rules, const BookOptions& options);
  ~Book();
  Book(const Book&) = delete;
  Book& operator=(const Book&) = delete;

  // Takes each event or refuses it by itself, in the order given. A refused event changes nothing
  // and takes no place in the journal sequence.
  ApplyAnswer Apply(std::span<const Event> events, Growth growth = Growth::kAllowed);
  // The same for orders alone, without the width of an Event for each.
  ApplyAnswer Apply(std::span<const OrderPlaced> orders, Growth growth = Growth::kAllowed);

  // Moves today forward: windows roll, orders of the new day enter. Error: kDayNotForward.
  Result<StateName> AdvanceDay(Day day);

  // Puts other rules in force and recomputes what depends on them, for a server that reads its
  // configuration again; lookups wait meanwhile. Nothing is changed where it is
  // refused: kInvalidValue for another currency, kUnknownStage where an open lead stands at a stage
  // they do not name.
  Result<StateName> ReplaceRules(std::shared_ptr<const Rules> rules);
  // Why ReplaceRules would refuse them now.
  std::optional<Error> JudgeRules(const Rules& rules) const;

  // Puts the models of a fit in force, of which the rules may leave some aside
  // (engine/churn_outlook.h). Like other rules it is no entry of the journal sequence.
  StateName AdoptFit(const AdoptedFit& fit);
  // Whether the book calls for a fit: it has never had one that the rules could use, or its
  // customers with an order or their purchase days have become kFitChangePercent more or fewer
  // since; and there are kMinFitCustomers.
  bool FitIsDue();
  // Whether nothing is foretold, because the book has no fit that the rules could use.
  bool LacksFit();

  // Writes a snapshot of the book into a new folder, while writes and questions go on. Nothing but
  // <folder>.unfinished is left where it fails (kDiskFull, kStorageFailed), or where the process
  // ends on the way.
  Result<SnapshotInfo> SaveSnapshot(const SnapshotOrder& order);
  // The book of a snapshot, by all workers; its shards and its first day are those of the snapshot.
  // Every byte is checked first. Errors: kDamaged, kNewerFormat, kStorageFailed; kInvalidValue and
  // kUnknownStage where the rules do not fit the book, as for ReplaceRules.
  static Result<LoadedSnapshot> LoadSnapshot(const std::string& folder,
                                             std::shared_ptr<const Rules> rules,
                                             const BookOptions& options, rocksdb::Env* env,
                                             const LoadProgress& progress = {});
  // Completes a loaded book by the records behind begin_record up to end_record, one after the
  // other: what they did and the snapshot does not show yet is done. Records behind end_record are
  // applied like any other.
  void Replay(uint64_t record, std::span<const Event> events, Growth growth = Growth::kAllowed);
  void Replay(uint64_t record, std::span<const OrderPlaced> orders,
              Growth growth = Growth::kAllowed);
  void ReplayDay(uint64_t record, Day day);
  void ReplayFit(uint64_t record, const AdoptedFit& fit);

  // Brings the rankings up to date with the state now; does nothing where they are.
  StateName RefreshRankings();
  bool RankingsStale() const;

  std::shared_ptr<const Rules> rules() const;
  StatusAnswer Status() const;

  // Point lookups, on the calling thread. `answer` is overwritten; its memory is used again.
  void Profiles(std::span<const std::string_view> ids, ProfilesAnswer* answer) const;
  // The same figures as fixed-size records, for very many customers at once.
  void Records(std::span<const std::string_view> ids, RecordsAnswer* answer) const;
  // The names behind the codes first, first + 1, ... of a kind, at most `limit`; first >= 1.
  NamesAnswer Names(NameKind kind, uint32_t first, size_t limit) const;

  // Why a customer is judged as it is by the rankings in force, and when that changes by itself. A
  // scan, because a history may be long: writes wait for it.
  ExplainAnswer Explain(std::string_view id);
  // Everything held about one customer. A scan, because a history may be long: writes wait for it.
  // Its figures are those of Profiles. kResultTooLarge above list_memory_bytes.
  Result<ExportAnswer> Export(std::string_view id);

  // Scans. Rankings are brought up to date first where the answer depends on them.
  RfmAnswer Rfm();
  AbcAnswer Abc();
  ValueAnswer Value();
  Result<PhasesAnswer> Phases(std::string_view where);
  Result<CountAnswer> Count(std::string_view where);
  Result<ListAnswer> List(const ListQuery& query);
  Result<PipelineAnswer> Pipeline(const PipelineQuery& query);
  // From what the weighted pipeline was to what it became. Error: kInvalidValue for days that are
  // not in order, or after today.
  Result<WaterfallAnswer> Waterfall(const WaterfallQuery& query);
  Result<ConversionAnswer> Conversion(const ConversionQuery& query);
  // The churn model fitted to the book, or the pinned one held against it; without `until` the
  // spend model, too. Nothing is put in force. Writes wait while the purchases are collected, not
  // while the model is fitted. Errors: kInvalidValue and kMissingField for days that cannot be
  // asked for; kTooLittleData.
  Result<ChurnAnswer> Churn(const ChurnQuery& query);

  // The customers as of another day or by other rules (recount.h), while writes and questions go
  // on: what is copied at a time is little, and what has changed meanwhile is copied again, so that
  // a recount is of one state, which it names in its answers. It may be asked Profiles, Explain and
  // all scans about customers; of Status only the state. Error: kInvalidValue (as_of).
  Result<std::vector<std::unique_ptr<Book>>> Recount(const RecountOrder& order);
  // Brings a recount of this book to the state now, which takes little where few customers have
  // changed; nobody else may be using it. False, and it is of no use any more, where the rules have
  // changed, or the day of a recount of today.
  bool CatchUp(Book* recount);
  // Memory that one recount takes.
  uint64_t RecountBytes() const;
  // Which customers are judged otherwise by `to` than by this: both recounts of one order. Errors:
  // kInvalidValue (list), kResultTooLarge.
  Result<MovesAnswer> Moves(Book* to, const MovesQuery& query);

  // The feed of a condition, begun now where the book has none of the same condition and fields. It
  // grows until it is closed. A feed is no part of the book's state: snapshots do not have it.
  // Errors: those of an expression (field "where"), kUnknownField, kInvalidValue ("fields"),
  // kLimitExceeded ("max_feeds").
  Result<std::shared_ptr<Feed>> OpenFeed(const WatchQuery& query);
  // Nothing comes into it any more, and the next OpenFeed begins another.
  void CloseFeed(const Feed& feed);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_BOOK_H_
