// What changes a book: events, days and rules.

#include <algorithm>
#include <array>
#include <mutex>
#include <type_traits>
#include <utility>
#include <variant>

#include "engine/book_impl.h"
#include "engine/hash.h"

namespace kundig::engine {

namespace {

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

}  // namespace

template <typename AnyEvent>
Book::Impl::SliceHashes Book::Impl::Prefetch(std::span<const AnyEvent> slice) {
  SliceHashes hashes;
  for (size_t at = 0; at < slice.size(); ++at) {
    hashes[at] = HashBytes(CustomerOf(slice[at]));
    ShardOf(hashes[at]).PrefetchSlot(hashes[at]);
  }
  for (size_t at = 0; at < slice.size(); ++at) ShardOf(hashes[at]).PrefetchRow(hashes[at]);
  for (size_t at = 0; at < slice.size(); ++at) ShardOf(hashes[at]).PrefetchToWrite(hashes[at]);
  return hashes;
}

template <typename Body>
Result<Effect> Book::Impl::ApplyBody(const Body& body, uint64_t hash) {
  if constexpr (std::is_same_v<Body, LeadSet>) {
    return leads_.Apply(body, *rules_, today_);
  } else if constexpr (std::is_same_v<Body, LeadClosed>) {
    return leads_.Apply(body, today_);
  } else {
    ApplyContext context = Context();
    context.sequence = sequence_ + 1;
    context.hash = hash;
    Shard& shard = ShardOf(hash);
    if constexpr (std::is_same_v<Body, engine::Erase>) {
      const bool had_leads = leads_.EraseOf(body.customer);
      const Effect effect = shard.Erase(body, context);
      if (effect == Effect::kApplied) figures_changed_at_ = context.sequence;
      return had_leads ? Effect::kApplied : effect;
    } else {
      const uint32_t customers = shard.customers();
      Result<Effect> effect = shard.Apply(body, context);
      // Also an event that changes nothing else may have made a customer.
      if (effect && (*effect != Effect::kUnchanged || shard.customers() != customers)) {
        figures_changed_at_ = context.sequence;
      }
      return effect;
    }
  }
}

Result<Effect> Book::Impl::ApplyOne(const Event& event, uint64_t hash) {
  return std::visit([this, hash](const auto& body) { return ApplyBody(body, hash); }, event);
}

template <typename AnyEvent>
ApplyAnswer Book::Impl::Apply(std::span<const AnyEvent> events) {
  ApplyAnswer answer;
  size_t next = 0;
  do {
    const StateLock::Turn turn(&lock_);
    const size_t begin = next;
    const size_t end = std::min(begin + kWriteSliceEvents, events.size());
    const SliceHashes hashes = Prefetch(events.subspan(begin, end - begin));
    const StateLock::Alone alone(turn);
    for (; next < end; ++next) {
      Result<Effect> effect = ApplyOne(events[next], hashes[next - begin]);
      if (!effect) {
        answer.refused.push_back({static_cast<uint32_t>(next), effect.error()});
        continue;
      }
      ++sequence_;
      answer.applied += *effect == Effect::kApplied;
      answer.replaced += *effect == Effect::kReplaced;
      answer.unchanged += *effect == Effect::kUnchanged;
    }
    answer.state = State();
  } while (next < events.size());
  return answer;
}

template ApplyAnswer Book::Impl::Apply(std::span<const Event> events);
template ApplyAnswer Book::Impl::Apply(std::span<const OrderPlaced> orders);

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
  const ApplyContext context = Context();
  for (const std::unique_ptr<Shard>& shard : shards_) {
    const std::vector<uint32_t> rows = shard->RowsToRoll(*rules_, before, day);
    for (size_t next = 0; next < rows.size(); next += kWriteSliceEvents) {
      const std::span<const uint32_t> slice =
          std::span(rows).subspan(next, std::min(kWriteSliceEvents, rows.size() - next));
      shard->PrefetchRows(slice);
      const StateLock::Alone alone(turn);
      shard->RollRows(slice, context);
    }
    const StateLock::Alone alone(turn);
    shard->Settle(day);
  }
  const Ranking ranking = NewRanking();
  const StateLock::Alone alone(turn);
  ranking_ = ranking;
  return State();
}

Result<StateName> Book::Impl::ReplaceRules(std::shared_ptr<const Rules> rules) {
  StateLock::Write write(&lock_);
  if (rules->settings().currency != rules_->settings().currency) {
    return Error{
        ErrorCode::kInvalidValue,
        "the book is kept in " + rules_->settings().currency + "; its currency cannot be changed",
        "book.currency", std::nullopt};
  }
  if (std::optional<Error> error = leads_.CheckStages(*rules_, *rules)) return *error;
  leads_.MoveStages(*rules_, *rules);
  rules_ = std::move(rules);
  ++rules_version_;
  counts_ = RankCounts();
  std::mutex merging;
  runner_.ForEach(shards_.size(), [&](size_t shard) {
    RankCounts counts;
    shards_[shard]->Recompute(*rules_, today_, &counts);
    const std::lock_guard<std::mutex> lock(merging);
    counts_.Merge(counts);
  });
  ranking_ = NewRanking();
  return State();
}

}  // namespace kundig::engine
