// What changes a book: events, days and rules.
//
// Events are applied in slices, each visible as a whole. Orders go to as many lanes as there are
// workers: a lane applies those of its own shards, in the order given, and has counters of its own.
// So the book's state depends neither on the number of workers nor on who was faster.

#include <algorithm>
#include <iterator>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "engine/block_scan.h"
#include "engine/book_impl.h"
#include "engine/hash.h"
#include "engine/value_judge.h"

namespace kundig::engine {

namespace {

// Fewer orders are done before another worker has woken up.
constexpr size_t kMinSharedOrders = 32;

// Orders that a lane asks the memory for at a time.
constexpr size_t kPrefetchedOrders = 64;

// The id of the customer whose row an event changes; empty where it changes none.
template <typename Body>
std::string_view CustomerOf(const Body& body) {
  if constexpr (std::is_same_v<Body, Event>) {
    return std::visit([](const auto& one) { return CustomerOf(one); }, body);
  } else if constexpr (std::is_same_v<Body, LeadSet> || std::is_same_v<Body, LeadClosed>) {
    return {};
  } else {
    return body.customer;
  }
}

// Applies an event of a customer; true in `*figures_changed` where rankings may have to follow:
// also an event that changes nothing else may have made a customer.
template <typename Body>
Result<Effect> ApplyTo(Shard* shard, const Body& body, const ApplyContext& context,
                       bool* figures_changed) {
  const uint32_t customers = shard->customers();
  Result<Effect> effect = shard->Apply(body, context);
  *figures_changed |= effect && (*effect != Effect::kUnchanged || shard->customers() != customers);
  return effect;
}

}  // namespace

void Book::Impl::Outcome::Count(size_t place, const Result<Effect>& effect) {
  if (!effect) {
    refused.push_back({static_cast<uint32_t>(place), effect.error()});
    return;
  }
  applied += *effect == Effect::kApplied;
  replaced += *effect == Effect::kReplaced;
  unchanged += *effect == Effect::kUnchanged;
}

void Book::Impl::Outcome::Take(Outcome other) {
  applied += other.applied;
  replaced += other.replaced;
  unchanged += other.unchanged;
  erased += other.erased;
  figures_changed |= other.figures_changed;
  refused.insert(refused.end(), std::make_move_iterator(other.refused.begin()),
                 std::make_move_iterator(other.refused.end()));
}

void Book::Impl::Prefetch(std::span<const uint64_t> hashes) const {
  for (const uint64_t hash : hashes) ShardOf(hash).PrefetchSlot(hash);
  for (const uint64_t hash : hashes) ShardOf(hash).PrefetchRow(hash);
  for (const uint64_t hash : hashes) ShardOf(hash).PrefetchToWrite(hash);
}

void Book::Impl::Prepare(std::span<const Event> slice) {
  hashes_.clear();
  for (const Event& event : slice) hashes_.push_back(HashBytes(CustomerOf(event)));
  Prefetch(hashes_);
}

void Book::Impl::Prepare(std::span<const OrderPlaced> slice) {
  for (Lane& lane : lanes_) {
    lane.places.clear();
    lane.hashes.clear();
  }
  for (size_t place = 0; place < slice.size(); ++place) {
    const uint64_t hash = HashBytes(slice[place].customer);
    Lane& lane = lanes_[ShardNumber(hash) % lanes_.size()];
    lane.places.push_back(static_cast<uint32_t>(place));
    lane.hashes.push_back(hash);
  }
}

void Book::Impl::SettleLeadsOf(std::string_view customer, uint64_t sequence) {
  if (customer.empty()) return;
  const uint64_t hash = HashBytes(customer);
  Shard& shard = ShardOf(hash);
  const std::optional<RowIndex> row = shard.Find(customer, hash);
  if (!row) return;
  Watching(customer, hash, event_place_, &lanes_[0].changes,
           [&] { shard.SettleLeads(*row, leads_, sequence); });
}

template <typename Body>
Result<Effect> Book::Impl::ApplyLead(const Body& body, const ApplyContext& context) {
  const std::string before(leads_.CustomerOf(body.lead));  // which the table may forget
  const auto apply = [&] {
    if constexpr (std::is_same_v<Body, LeadSet>) {
      return leads_.Apply(body, *rules_, today_, context.growth);
    } else {
      return leads_.Apply(body, today_);
    }
  };
  Result<Effect> effect = apply();
  if (!effect || *effect == Effect::kUnchanged) return effect;
  SettleLeadsOf(before, context.sequence);
  const std::string_view after = leads_.CustomerOf(body.lead);
  if (after != before) SettleLeadsOf(after, context.sequence);
  return effect;
}

template <typename Body>
Result<Effect> Book::Impl::ApplyBody(const Body& body, const ApplyContext& context,
                                     bool* figures_changed) {
  if constexpr (std::is_same_v<Body, LeadSet> || std::is_same_v<Body, LeadClosed>) {
    return ApplyLead(body, context);
  } else if constexpr (std::is_same_v<Body, engine::Erase>) {
    const bool had_leads = leads_.EraseOf(body.customer);
    Effect effect = Effect::kUnchanged;
    Watching(body.customer, context.hash, event_place_, &lanes_[0].changes,
             [&] { effect = ShardOf(context.hash).Erase(body, context); });
    *figures_changed |= effect == Effect::kApplied;
    return had_leads ? Effect::kApplied : effect;
  } else {
    Result<Effect> effect = Effect::kUnchanged;
    Watching(body.customer, context.hash, event_place_, &lanes_[0].changes,
             [&] { effect = ApplyTo(&ShardOf(context.hash), body, context, figures_changed); });
    return effect;
  }
}

Book::Impl::Outcome Book::Impl::ApplySlice(std::span<const Event> slice) {
  Outcome outcome;
  ApplyContext context = Context(&counts_);
  for (size_t place = 0; place < slice.size(); ++place) {
    context.hash = hashes_[place];
    event_place_ = static_cast<uint32_t>(place);
    const auto apply = [&](const auto& body) {
      return ApplyBody(body, context, &outcome.figures_changed);
    };
    const Result<Effect> effect = std::visit(apply, slice[place]);
    outcome.Count(place, effect);
    outcome.erased += std::holds_alternative<engine::Erase>(slice[place]) && effect &&
                      *effect == Effect::kApplied;
  }
  return outcome;
}

void Book::Impl::ApplyLane(std::span<const OrderPlaced> slice, Lane* lane) {
  lane->outcome = Outcome();
  ApplyContext context = Context(&lane->counts);
  for (size_t next = 0; next < lane->places.size();) {
    const size_t end = std::min(next + kPrefetchedOrders, lane->places.size());
    Prefetch(std::span(lane->hashes).subspan(next, end - next));
    for (; next < end; ++next) {
      context.hash = lane->hashes[next];
      const uint32_t place = lane->places[next];
      bool* const changed = &lane->outcome.figures_changed;
      Watching(slice[place].customer, context.hash, place, &lane->changes, [&] {
        lane->outcome.Count(place, ApplyTo(&ShardOf(context.hash), slice[place], context, changed));
      });
    }
  }
}

Book::Impl::Outcome Book::Impl::ApplySlice(std::span<const OrderPlaced> slice) {
  if (slice.size() < kMinSharedOrders) {
    for (Lane& lane : lanes_) ApplyLane(slice, &lane);
  } else {
    runner_.ForEach(lanes_.size(), [&](size_t lane) { ApplyLane(slice, &lanes_[lane]); });
  }
  Outcome outcome;
  for (Lane& lane : lanes_) outcome.Take(std::move(lane.outcome));
  const auto earlier = [](const RefusedEvent& a, const RefusedEvent& b) {
    return a.index < b.index;
  };
  std::sort(outcome.refused.begin(), outcome.refused.end(), earlier);
  return outcome;
}

template <typename AnyEvent>
ApplyAnswer Book::Impl::Apply(std::span<const AnyEvent> events, Growth growth) {
  constexpr bool kInLanes = std::is_same_v<AnyEvent, OrderPlaced>;
  const size_t slice_events = kWriteSliceEvents * (kInLanes ? lanes_.size() : 1);
  ApplyAnswer answer;
  size_t next = 0;
  do {
    const StateLock::Turn turn(&lock_);
    const std::span<const AnyEvent> slice =
        events.subspan(next, std::min(slice_events, events.size() - next));
    Prepare(slice);
    if (!feeds_.empty()) feeds_.Prepare();
    Outcome outcome;
    const uint64_t first = sequence_;
    {
      const StateLock::Alone alone(turn);
      growth_ = growth;
      outcome = ApplySlice(slice);
      sequence_ += uint64_t{outcome.applied} + outcome.replaced + outcome.unchanged;
      if (outcome.figures_changed) figures_changed_at_ = sequence_;
    }
    TellFeeds(first, outcome.refused);
    if constexpr (!kInLanes) {
      if (outcome.erased > 0) ForgetInFeeds(slice);
    }
    answer.applied += outcome.applied;
    answer.replaced += outcome.replaced;
    answer.unchanged += outcome.unchanged;
    answer.erased += outcome.erased;
    for (RefusedEvent& refused : outcome.refused) {
      refused.index += static_cast<uint32_t>(next);
      answer.refused.push_back(std::move(refused));
    }
    answer.state = State();
    next += slice.size();
  } while (next < events.size());
  return answer;
}

template ApplyAnswer Book::Impl::Apply(std::span<const Event> events, Growth growth);
template ApplyAnswer Book::Impl::Apply(std::span<const OrderPlaced> orders, Growth growth);

void Book::Impl::RollShards(size_t first, size_t last, Day before, const StateLock::Turn& turn,
                            std::vector<std::vector<uint32_t>>* rolled) {
  std::vector<std::vector<uint32_t>>& rows = *rolled;
  rows.assign(last - first, {});
  size_t most = 0;
  runner_.ForEach(rows.size(), [&](size_t lane) {
    rows[lane] = shards_[first + lane]->RowsToRoll(*rules_, before, today_);
  });
  for (const std::vector<uint32_t>& of_shard : rows) most = std::max(most, of_shard.size());
  for (size_t next = 0; next < most; next += kWriteSliceEvents) {
    const StateLock::Alone alone(turn);
    runner_.ForEach(rows.size(), [&](size_t lane) {
      if (next >= rows[lane].size()) return;
      const std::span<const uint32_t> slice =
          std::span(rows[lane])
              .subspan(next, std::min(kWriteSliceEvents, rows[lane].size() - next));
      ApplyContext context = Context(&lanes_[lane].counts);
      context.sequence = sequence_;  // the day change has its place already
      shards_[first + lane]->PrefetchRows(slice);
      shards_[first + lane]->RollRows(slice, context);
    });
  }
  const StateLock::Alone alone(turn);
  for (size_t shard = first; shard < last; ++shard) shards_[shard]->Settle(today_);
}

void Book::Impl::CloseClasses(const StateLock::Turn& turn, ClosedClasses* former) {
  former->resize(shards_.size());
  if (rules_->settings().value.between == Between::kReview) return;
  const ValueJudge judge(*rules_, names_);
  const BookView view = View();
  for (size_t number = 0; number < shards_.size(); ++number) {
    Shard* const shard = shards_[number].get();
    // Judged beside lookups: this turn changes nothing else meanwhile.
    ClosedClasses of_blocks(shard->blocks());
    runner_.ForEach(of_blocks.size(), [&](size_t at) {
      const CustomerBlock& block = shard->block(static_cast<uint32_t>(at));
      const ValueJudge::Classes classes = judge.Judge(view, block, LiveRows(block));
      for (size_t value_class = 0; value_class < classes.rows.size(); ++value_class) {
        const ClassCode code = ToCode(static_cast<ValueClass>(value_class));
        classes.rows[value_class].ForEach([&](uint32_t row) {
          if (block.columns.closed_class[row] == code) return;
          of_blocks[at].push_back({static_cast<uint32_t>(at) * kBlockRows + row, code});
        });
      }
    });
    for (const std::vector<Shard::ClosedClass>& classes : of_blocks) {
      for (const Shard::ClosedClass& closed : classes) {
        (*former)[number].push_back({closed.row, shard->row(closed.row).closed_class});
      }
      const StateLock::Alone alone(turn);
      shard->StoreClosedClasses(classes);
    }
    // A block gives them class by class.
    std::sort(
        (*former)[number].begin(), (*former)[number].end(),
        [](const Shard::ClosedClass& a, const Shard::ClosedClass& b) { return a.row < b.row; });
  }
}

Result<StateName> Book::Impl::AdvanceDay(Day day) {
  const StateLock::Turn turn(&lock_);
  if (day <= today_ || day > kLastDay) {
    return Error{
        ErrorCode::kDayNotForward,
        "the day must be after " + FormatDay(today_) + " and not after " + FormatDay(kLastDay),
        "day", std::nullopt};
  }
  const Day before = today_;
  {
    // From here on lookups are as of the new day; they compute the windows of customers that are
    // not settled yet.
    const StateLock::Alone alone(turn);
    ++sequence_;
    today_ = day;
    figures_changed_at_ = sequence_;
  }
  DayBefore former{before, ranking_, {}, {}};
  for (size_t first = 0; first < shards_.size(); first += lanes_.size()) {
    std::vector<std::vector<uint32_t>> rolled;
    RollShards(first, std::min(first + lanes_.size(), shards_.size()), before, turn, &rolled);
    std::move(rolled.begin(), rolled.end(), std::back_inserter(former.rolled));
  }
  const Ranking ranking = NewRanking();
  {
    const StateLock::Alone alone(turn);
    ranking_ = ranking;
  }
  CloseClasses(turn, &former.closed);
  CompareDay(former);
  return State();
}

StateName Book::Impl::AdoptFit(const AdoptedFit& fit) {
  const StateLock::Turn turn(&lock_);
  auto outlook = ChurnOutlook::Make(rules_->settings().churn, fit);
  const BookView before = View();
  {
    const StateLock::Alone alone(turn);
    fit_ = fit;
    ++fit_version_;
    outlook_.swap(outlook);
  }
  CompareOutlook(before);
  return State();
}

std::optional<Error> Book::Impl::JudgeRulesLocked(const Rules& rules) const {
  if (rules.settings().currency != rules_->settings().currency) {
    return Error{
        ErrorCode::kInvalidValue,
        "the book is kept in " + rules_->settings().currency + "; its currency cannot be changed",
        "book.currency", std::nullopt};
  }
  return leads_.CheckStages(*rules_, rules);
}

std::optional<Error> Book::Impl::JudgeRules(const Rules& rules) {
  const StateLock::Lookup lookup(&lock_);
  return JudgeRulesLocked(rules);
}

Result<StateName> Book::Impl::ReplaceRules(std::shared_ptr<const Rules> rules) {
  const StateLock::Turn turn(&lock_);
  if (std::optional<Error> error = JudgeRulesLocked(*rules)) return *error;
  const RulesBefore former = KeepRules();
  UseRules(std::move(rules), turn);
  CompareRules(former);
  return State();
}

void Book::Impl::UseRules(std::shared_ptr<const Rules> rules, const StateLock::Turn& turn) {
  const StateLock::Alone alone(turn);
  leads_.MoveStages(*rules_, *rules);
  rules_ = std::move(rules);
  ++rules_version_;
  outlook_ = ChurnOutlook::Make(rules_->settings().churn, fit_);
  counts_ = RankCounts();
  for (Lane& lane : lanes_) lane.counts = RankCounts();
  std::mutex merging;
  runner_.ForEach(shards_.size(), [&](size_t shard) {
    RankCounts counts;
    shards_[shard]->Recompute(*rules_, today_, &counts);
    const std::lock_guard<std::mutex> lock(merging);
    counts_.Merge(counts);
  });
  ranking_ = NewRanking();
}

}  // namespace kundig::engine
