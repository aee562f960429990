// What the feeds are told: every change of the book, as two views of the customers that it may
// concern.
//
// An event concerns one customer, whose figures are copied before it is applied. A ranking concerns
// those whose scores or classes it moves, which their columns say. A day and other rules concern
// everybody; what a customer was before follows from his history by the former day or rules, so
// nothing has to be kept for the case that somebody watches.
//
// All of it happens in the turn of the writer that made the change, so that a feed has the order of
// the book. Lookups go on meanwhile.

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>
#include <variant>

#include "engine/block_scan.h"
#include "engine/book_impl.h"
#include "engine/list.h"

namespace kundig::engine {
namespace {

// The rows whose measure of ABC lies between the two cuts, which make a class of it or another.
Selection BetweenCuts(const CustomerBlock& block, int64_t a, int64_t b) {
  if (a == b) return Selection::None();
  return MoneyInRange(block, kAbcColumn, std::min(a, b), std::max(a, b) - 1);
}

// The rows that one ranking scores or classes otherwise than the other.
Selection Moved(const BookView& before, const BookView& after, const CustomerBlock& block) {
  Column<uint8_t> was, is;
  ScoreCells(before, block, &was);
  ScoreCells(after, block, &is);
  Selection moved = BetweenCuts(block, before.ranking->a_from, after.ranking->a_from) |
                    BetweenCuts(block, before.ranking->b_from, after.ranking->b_from);
  for (uint32_t row = 0; row < kBlockRows; ++row) {
    if (was[row] != is[row]) moved.Add(row);
  }
  return moved & LiveRows(block);
}

}  // namespace

Book::Impl::Seen Book::Impl::Look(std::string_view customer, uint64_t hash) const {
  const Shard& shard = ShardOf(hash);
  Seen seen;
  seen.row = shard.Find(customer, hash);
  if (seen.row) seen.figures = shard.row(Raw(*seen.row));
  return seen;
}

void Book::Impl::CompareOne(std::string_view customer, uint64_t hash, const Seen& before,
                            uint32_t place, FeedCollector* changes) {
  const Shard& shard = ShardOf(hash);
  // An event moves nobody to another row; it may make a customer, or erase him.
  std::optional<RowIndex> row = before.row ? before.row : shard.Find(customer, hash);
  if (row && !shard.row(Raw(*row)).live) row.reset();
  // The row of who was erased is empty, but rules may ask for his id.
  std::optional<CustomerRow> erased;
  if (!row) erased.emplace().BeginWith(customer);
  const CustomerRow& self = row ? shard.row(Raw(*row)) : *erased;
  const BookView view = View();
  std::optional<CustomerView> was, is;
  if (before.row) was.emplace(view, self, before.figures);
  if (row) {
    is.emplace(view, self);
    if (was && std::memcmp(was->figures, is->figures, sizeof(CustomerFigures)) == 0) return;
  }
  changes->Compare(feeds_, customer, was ? &*was : nullptr, is ? &*is : nullptr, place);
}

void Book::Impl::TellFeeds(uint64_t first, const std::vector<RefusedEvent>& refused) {
  if (feeds_.empty()) return;
  std::vector<FeedCollector*> collectors;
  for (Lane& lane : lanes_) collectors.push_back(&lane.changes);
  // Refused events have no place in the sequence.
  const auto sequence_of = [&](uint32_t place) {
    const auto before =
        std::lower_bound(refused.begin(), refused.end(), place,
                         [](const RefusedEvent& event, uint32_t at) { return event.index < at; });
    return first + 1 + place - static_cast<uint64_t>(before - refused.begin());
  };
  feeds_.Tell(collectors, ChangeCause::kEvent, sequence_of);
}

void Book::Impl::ForgetInFeeds(std::span<const Event> slice) {
  std::set<std::string_view> erased;
  for (const Event& event : slice) {
    if (const auto* erase = std::get_if<engine::Erase>(&event)) erased.insert(erase->customer);
  }
  feeds_.Forget(erased);
}

void Book::Impl::CompareAll(const FeedPass& pass) {
  if (feeds_.empty()) return;
  feeds_.Prepare();
  const BookView after = View();
  std::vector<FeedCollector*> collectors;
  for (Lane& lane : lanes_) collectors.push_back(&lane.changes);
  const auto compare = [&](size_t number, FeedCollector* changes) {
    const Shard& shard = *shards_[number];
    CustomerFigures room;
    for (uint32_t at = 0; at < shard.blocks(); ++at) {
      const CustomerBlock& block = shard.block(at);
      const Selection rows = pass.rows ? pass.rows(block) : LiveRows(block);
      rows.ForEach([&](uint32_t in_block) {
        const uint32_t row = at * kBlockRows + in_block;
        const CustomerRow& now = shard.row(row);
        const CustomerView was(pass.before, now,
                               pass.figures ? pass.figures(number, row, &room) : now);
        const CustomerView is(after, now);
        changes->Compare(feeds_, now.customer(), &was, &is, 0);
      });
    }
  };
  for (size_t first = 0; first < shards_.size(); first += lanes_.size()) {
    const size_t count = std::min(lanes_.size(), shards_.size() - first);
    runner_.ForEach(count, [&](size_t lane) { compare(first + lane, &lanes_[lane].changes); });
    feeds_.Tell(collectors, pass.cause, [&](uint32_t /*place*/) { return sequence_; });
  }
}

void Book::Impl::CompareRanking(const Ranking& former) {
  if (feeds_.empty()) return;
  feeds_.Prepare();
  if (!NeedsRanking(feeds_.fields(), *rules_)) return;
  const BookView before = ViewBy(former), after = View();
  CompareAll({before, ChangeCause::kRanking,
              [&](const CustomerBlock& block) { return Moved(before, after, block); }, nullptr});
}

void Book::Impl::CompareOutlook(const BookView& before) {
  if (feeds_.empty()) return;
  feeds_.Prepare();
  if (!NeedsOutlook(feeds_.fields(), *rules_)) return;
  CompareAll({before, ChangeCause::kRules, nullptr, nullptr});
}

void Book::Impl::CompareDay(const DayBefore& former) {
  BookView before = ViewBy(former.ranking);
  before.today = former.day;
  const auto figures = [&](size_t shard, uint32_t row,
                           CustomerFigures* room) -> const CustomerFigures& {
    const std::vector<uint32_t>& rolled = former.rolled[shard];
    const std::vector<Shard::ClosedClass>& closed = former.closed[shard];
    const CustomerFigures* then = &shards_[shard]->row(row);
    if (std::binary_search(rolled.begin(), rolled.end(), row)) {
      then = &shards_[shard]->FiguresBy(row, *rules_, former.day, room);
    }
    const auto was =
        std::lower_bound(closed.begin(), closed.end(), row,
                         [](const Shard::ClosedClass& one, uint32_t at) { return one.row < at; });
    if (was == closed.end() || was->row != row) return *then;
    *room = *then;
    room->closed_class = was->value_class & kClassCodes;
    return *room;
  };
  CompareAll({before, ChangeCause::kDay, nullptr, figures});
}

Book::Impl::RulesBefore Book::Impl::KeepRules() const {
  RulesBefore former;
  if (feeds_.empty()) return former;
  former.rules = rules_;
  former.ranking = ranking_;
  former.outlook = ChurnOutlook::Make(rules_->settings().churn, fit_);
  for (const std::unique_ptr<Shard>& shard : shards_) {
    std::vector<ClassCode>& classes = former.closed.emplace_back();
    for (uint32_t at = 0; at < shard->blocks(); ++at) {
      const Column<ClassCode>& of_block = shard->block(at).columns.closed_class;
      classes.insert(classes.end(), of_block.begin(), of_block.end());
    }
  }
  return former;
}

void Book::Impl::CompareRules(const RulesBefore& former) {
  if (feeds_.empty()) return;
  feeds_.UseRules(*former.rules, rules_);
  BookView before = ViewBy(former.ranking);
  before.rules = former.rules.get();
  before.churn = former.outlook.get();
  const auto figures = [&](size_t shard, uint32_t row,
                           CustomerFigures* room) -> const CustomerFigures& {
    shards_[shard]->FiguresBy(row, *former.rules, today_, room);
    room->closed_class = former.closed[shard][row] & kClassCodes;
    return *room;
  };
  CompareAll({before, ChangeCause::kRules, nullptr, figures});
  feeds_.ForgetFormer();
}

void Book::Impl::Publish(const Ranking& ranking) {
  const StateLock::Turn turn(&lock_);
  if (ranking.version <= ranking_.version) return;
  const Ranking former = ranking_;
  {
    const StateLock::Alone alone(turn);
    ranking_ = ranking;
  }
  CompareRanking(former);
}

Result<std::shared_ptr<Feed>> Book::Impl::OpenFeed(const WatchQuery& query) {
  if (std::shared_ptr<Feed> feed = feeds_.Find(query)) return feed;
  const StateLock::Turn turn(&lock_);
  return feeds_.Open(query, rules_, sequence_);
}

void Book::Impl::CloseFeed(const Feed& feed) {
  const StateLock::Turn turn(&lock_);
  feeds_.Close(feed.number());
}

}  // namespace kundig::engine
