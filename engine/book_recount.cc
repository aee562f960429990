// Recounts: customers copied slice by slice beside writers, and then once more those that have
// changed since, until the rest is few enough for one short turn.

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/book_impl.h"
#include "engine/customer_part.h"

namespace kundig::engine {
namespace {

// Of what a turn copies at the end there is no end but the rows themselves.
constexpr PartLimits kNoLimits = {.bytes = std::numeric_limits<size_t>::max(),
                                  .customers = std::numeric_limits<uint32_t>::max(),
                                  .names = std::numeric_limits<size_t>::max()};

}  // namespace

class Book::Impl::Recounting {
 public:
  Recounting(Impl* book, std::vector<Impl*> recounts, const PartLimits& limits)
      : book_(*book), recounts_(std::move(recounts)), limits_(limits) {}

  // Puts all customers into new recounts.
  void CopyAll() {
    while (!CopyNames()) continue;
    CopySlices(std::nullopt);
  }
  // Brings recounts that have what happened up to `since` to the state now, one for all of them.
  // False where the rules, the churn fit, or the day of a recount of today, are others than the
  // recounts'.
  bool CatchUp(uint64_t since);

 private:
  // Some of the names that the recounts lack; true where that was all of them.
  bool CopyNames();
  void PutNames(size_t most);
  bool names_are_whole() const;
  // All rows, or those that changed after `since`.
  void CopySlices(std::optional<uint64_t> since);
  // Puts what was copied of a shard into the recounts; `lane` is the caller's.
  void Put(size_t shard, size_t lane, const CopiedRows& copied);
  bool Fits(const Impl& recount) const {
    return recount.today_ == (recount.through_ ? *recount.through_ : book_.today_) &&
           recount.rules_version_ == book_.rules_version_ &&
           recount.fit_version_ == book_.fit_version_;
  }
  static std::array<Dictionary*, 3> NamesOf(Impl* book) {
    return {&book->names_.countries, &book->names_.regions, &book->names_.owners};
  }

  Impl& book_;
  const std::vector<Impl*> recounts_;
  const PartLimits limits_;
};

void Book::Impl::Recounting::PutNames(size_t most) {
  const std::array<Dictionary*, 3> from = NamesOf(&book_);
  for (Impl* recount : recounts_) {
    const std::array<Dictionary*, 3> to = NamesOf(recount);
    size_t room = most;
    for (size_t kind = 0; kind < from.size(); ++kind) {
      for (; to[kind]->size() < from[kind]->size() && room > 0; --room) {
        to[kind]->Add(from[kind]->Text(static_cast<NameCode>(to[kind]->size() + 1)));
      }
    }
  }
}

bool Book::Impl::Recounting::names_are_whole() const {
  const std::array<Dictionary*, 3> from = NamesOf(&book_), to = NamesOf(recounts_.back());
  for (size_t kind = 0; kind < from.size(); ++kind) {
    if (to[kind]->size() < from[kind]->size()) return false;
  }
  return true;
}

bool Book::Impl::Recounting::CopyNames() {
  const StateLock::Scan scan(&book_.lock_);
  PutNames(limits_.names);
  return names_are_whole();
}

void Book::Impl::Recounting::CopySlices(std::optional<uint64_t> since) {
  const size_t lanes = book_.lanes_.size();
  std::vector<CopiedRows> copied(lanes);
  for (size_t first = 0; first < book_.shards_.size(); first += lanes) {
    const size_t count = std::min(lanes, book_.shards_.size() - first);
    std::vector<uint32_t> next(count);
    for (bool more = true; more;) {
      {
        const StateLock::Scan scan(&book_.lock_);
        PutNames(kNoLimits.names);  // the few that rows of this slice may have got meanwhile
        book_.runner_.ForEach(count, [&](size_t lane) {
          next[lane] =
              CopyRows(*book_.shards_[first + lane], next[lane], since, limits_, &copied[lane]);
        });
        more = false;
        for (size_t lane = 0; lane < count; ++lane) {
          more = more || next[lane] < book_.shards_[first + lane]->blocks() * kBlockRows;
        }
      }
      book_.runner_.ForEach(count, [&](size_t lane) { Put(first + lane, lane, copied[lane]); });
    }
  }
}

void Book::Impl::Recounting::Put(size_t shard, size_t lane, const CopiedRows& copied) {
  for (Impl* recount : recounts_) {
    const ApplyContext context = recount->Context(&recount->lanes_[lane].counts);
    recount->shards_[shard]->TakeRows(copied, recount->through_, context);
  }
}

bool Book::Impl::Recounting::CatchUp(uint64_t since) {
  uint64_t mark = 0;
  {
    const StateLock::Lookup lookup(&book_.lock_);
    mark = book_.sequence_;
  }
  CopySlices(since);
  StateName state;
  uint64_t first_cursor_sequence = 0;
  const size_t lanes = book_.lanes_.size();
  std::vector<CopiedRows> copied(book_.shards_.size());
  {
    const StateLock::Scan scan(&book_.lock_);
    for (const Impl* recount : recounts_) {
      if (!Fits(*recount)) return false;
    }
    PutNames(kNoLimits.names);
    book_.runner_.ForEach(copied.size(), [&](size_t shard) {
      CopyRows(*book_.shards_[shard], 0, mark, kNoLimits, &copied[shard]);
    });
    state = book_.State();
    first_cursor_sequence = book_.first_cursor_sequence_;
  }
  for (size_t first = 0; first < copied.size(); first += lanes) {
    book_.runner_.ForEach(std::min(lanes, copied.size() - first),
                          [&](size_t lane) { Put(first + lane, lane, copied[first + lane]); });
  }
  for (Impl* recount : recounts_) {
    recount->sequence_ = state.journal_sequence;
    recount->first_cursor_sequence_ = first_cursor_sequence;
    recount->figures_changed_at_ = state.journal_sequence;
    recount->ranking_ = recount->NewRanking();
  }
  return true;
}

Result<std::vector<std::unique_ptr<Book>>> Book::Impl::Recount(const RecountOrder& order) {
  for (;;) {
    std::shared_ptr<const Rules> rules_in_force;
    uint32_t rules_version = 0;
    std::optional<AdoptedFit> fit;
    uint32_t fit_version = 0;
    StateName begin;
    {
      const StateLock::Lookup lookup(&lock_);
      rules_in_force = rules_;
      rules_version = rules_version_;
      fit = fit_;
      fit_version = fit_version_;
      begin = State();
    }
    if (order.as_of && *order.as_of > begin.as_of) {
      return Error{
          ErrorCode::kInvalidValue,
          "name a day up to today, " + FormatDay(begin.as_of) + ", not " + FormatDay(*order.as_of),
          "as_of", std::nullopt};
    }
    BookOptions options = options_;
    options.today = order.as_of.value_or(begin.as_of);
    std::vector<std::unique_ptr<Book>> books;
    std::vector<Impl*> recounts;
    for (const std::shared_ptr<const Rules>& rules : order.rules) {
      books.push_back(std::make_unique<Book>(rules ? rules : rules_in_force, options));
      recounts.push_back(books.back()->impl_.get());
      // Cursors are of the rules in force, and go on in the next recount.
      recounts.back()->rules_version_ = rules_version;
      recounts.back()->has_histories_ = false;
      if (fit) recounts.back()->AdoptFit(*fit);
      recounts.back()->fit_version_ = fit_version;
      if (options.today < begin.as_of) recounts.back()->through_ = options.today;
    }
    Recounting recounting(this, recounts, order.limits);
    recounting.CopyAll();
    // Otherwise the day or the rules have changed, which is rare: from the beginning.
    if (recounting.CatchUp(begin.journal_sequence)) return books;
  }
}

bool Book::Impl::CatchUp(Impl* recount) {
  {
    const StateLock::Lookup lookup(&lock_);
    if (recount->rules_version_ != rules_version_ || recount->fit_version_ != fit_version_) {
      return false;
    }
    if (recount->sequence_ == sequence_) return true;
  }
  return Recounting(this, {recount}, PartLimits()).CatchUp(recount->sequence_);
}

uint64_t Book::Impl::RecountBytes() {
  // The slots of a key index that has just grown are twice as many as the load needs.
  constexpr uint64_t kIndexBytes = 32;
  const StateLock::Lookup lookup(&lock_);
  uint64_t bytes = 0;
  for (const std::unique_ptr<Shard>& shard : shards_) {
    bytes += uint64_t{shard->blocks()} * sizeof(CustomerBlock) + shard->customers() * kIndexBytes;
  }
  return bytes;
}

}  // namespace kundig::engine
