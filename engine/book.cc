#include "engine/book.h"

#include <algorithm>
#include <array>
#include <bit>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "engine/check.h"
#include "engine/customer_view.h"
#include "engine/dictionary.h"
#include "engine/hash.h"
#include "engine/huge_pages.h"
#include "engine/lead_table.h"
#include "engine/list.h"
#include "engine/pipeline.h"
#include "engine/rank_counts.h"
#include "engine/ranking.h"
#include "engine/shard.h"
#include "engine/shard_runner.h"
#include "engine/state_lock.h"
#include "engine/summary.h"

namespace kundig::engine {

class Book::Impl {
 public:
  Impl(std::shared_ptr<const Rules> rules, const BookOptions& options)
      : options_(options),
        rules_(std::move(rules)),
        today_(options.today),
        runner_(options.threads) {
    KUNDIG_CHECK(std::has_single_bit(options.shards) && options.shards <= kMaxShards);
    KUNDIG_CHECK(options.today >= kFirstDay && options.today <= kLastDay);
    for (uint32_t shard = 0; shard < options.shards; ++shard) {
      shards_.push_back(std::make_unique<Shard>(&arena_, today_));
    }
    ranking_ = NewRanking();
  }

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
  // Asks the processor for all that applying these events will touch. In the writer's turn.
  template <typename AnyEvent>
  void Prefetch(std::span<const AnyEvent> slice);
  // These need the lookup, scan or write lock.
  StateName State() const { return {sequence_, ranking_.version, today_}; }
  bool Stale() const { return figures_changed_at_ > ranking_.version; }
  Result<Effect> ApplyOne(const Event& event);
  Result<Effect> ApplyOne(const OrderPlaced& order) { return ApplyBody(order); }
  template <typename Body>
  Result<Effect> ApplyBody(const Body& body);

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

// One state of the book, held for a scan; with rankings of that state where they are asked for.
// Rankings that had to be computed for it are published when it ends.
class Book::Impl::Scanning {
 public:
  explicit Scanning(Impl* book) : book_(book) { hold_.emplace(&book->lock_); }
  ~Scanning() {
    hold_.reset();
    if (fresh_) book_->Publish(*fresh_);
  }
  Scanning(const Scanning&) = delete;
  Scanning& operator=(const Scanning&) = delete;

  const Ranking& RankingFor(bool needed) {
    if (!needed || !book_->Stale()) return book_->ranking_;
    fresh_ = book_->NewRanking();
    return *fresh_;
  }
  StateName StateWith(const Ranking& ranking) const {
    return {book_->sequence_, ranking.version, book_->today_};
  }

 private:
  Impl* book_;
  std::optional<StateLock::Scan> hold_;
  std::optional<Ranking> fresh_;
};

template <typename Found>
void Book::Impl::ForEachCustomer(std::span<const std::string_view> ids, Found&& found) const {
  // A lookup is a few reads of memory, each of an address that the one before tells. Those of a
  // group of customers are under way at the same time.
  constexpr size_t kGroup = 32;
  std::array<uint64_t, kGroup> hashes;
  CustomerFigures room;
  const BookView view = View();
  for (size_t begin = 0; begin < ids.size(); begin += kGroup) {
    const std::span<const std::string_view> group =
        ids.subspan(begin, std::min(kGroup, ids.size() - begin));
    for (size_t at = 0; at < group.size(); ++at) {
      hashes[at] = HashBytes(group[at]);
      ShardOf(hashes[at]).PrefetchSlot(hashes[at]);
    }
    if (group.size() > 1) {
      for (size_t at = 0; at < group.size(); ++at) ShardOf(hashes[at]).PrefetchRow(hashes[at]);
      for (size_t at = 0; at < group.size(); ++at) ShardOf(hashes[at]).PrefetchId(hashes[at]);
    }
    for (size_t at = 0; at < group.size(); ++at) {
      const Shard& shard = ShardOf(hashes[at]);
      const std::optional<RowIndex> row = shard.Find(group[at], hashes[at]);
      if (!row) continue;
      const CustomerFigures& figures = shard.FiguresOn(Raw(*row), *rules_, today_, &room);
      found(begin + at, CustomerView(view, shard.row(Raw(*row)), figures));
    }
  }
}

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

template <typename AnyEvent>
void Book::Impl::Prefetch(std::span<const AnyEvent> slice) {
  std::array<uint64_t, kWriteSliceEvents> hashes;
  for (size_t at = 0; at < slice.size(); ++at) {
    hashes[at] = HashBytes(CustomerOf(slice[at]));
    ShardOf(hashes[at]).PrefetchSlot(hashes[at]);
  }
  for (size_t at = 0; at < slice.size(); ++at) ShardOf(hashes[at]).PrefetchRow(hashes[at]);
  for (size_t at = 0; at < slice.size(); ++at) ShardOf(hashes[at]).PrefetchToWrite(hashes[at]);
}

template <typename Body>
Result<Effect> Book::Impl::ApplyBody(const Body& body) {
  if constexpr (std::is_same_v<Body, LeadSet>) {
    return leads_.Apply(body, *rules_, today_);
  } else if constexpr (std::is_same_v<Body, LeadClosed>) {
    return leads_.Apply(body, today_);
  } else {
    ApplyContext context = Context();
    context.sequence = sequence_ + 1;
    context.hash = HashBytes(body.customer);
    Shard& shard = ShardOf(context.hash);
    if constexpr (std::is_same_v<Body, engine::Erase>) {
      const bool had_leads = leads_.EraseOf(body.customer);
      const Effect effect = shard.Erase(body, context);
      if (effect == Effect::kApplied) figures_changed_at_ = context.sequence;
      return had_leads ? Effect::kApplied : effect;
    } else {
      Result<Effect> effect = shard.Apply(body, context);
      if (effect && *effect != Effect::kUnchanged) figures_changed_at_ = context.sequence;
      return effect;
    }
  }
}

Result<Effect> Book::Impl::ApplyOne(const Event& event) {
  return std::visit([this](const auto& body) { return ApplyBody(body); }, event);
}

template <typename AnyEvent>
ApplyAnswer Book::Impl::Apply(std::span<const AnyEvent> events) {
  ApplyAnswer answer;
  size_t next = 0;
  do {
    const StateLock::Turn turn(&lock_);
    const size_t end = std::min(next + kWriteSliceEvents, events.size());
    Prefetch(events.subspan(next, end - next));
    const StateLock::Alone alone(turn);
    for (; next < end; ++next) {
      Result<Effect> effect = ApplyOne(events[next]);
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

StateName Book::Impl::RefreshRankings() {
  Scanning scan(this);
  return scan.StateWith(scan.RankingFor(true));
}

bool Book::Impl::RankingsStale() {
  StateLock::Lookup lookup(&lock_);
  return Stale();
}

std::shared_ptr<const Rules> Book::Impl::rules() {
  StateLock::Lookup lookup(&lock_);
  return rules_;
}

StatusAnswer Book::Impl::Status() {
  StateLock::Lookup lookup(&lock_);
  StatusAnswer answer;
  answer.state = State();
  for (const std::unique_ptr<Shard>& shard : shards_) {
    answer.customers += shard->customers();
    answer.orders += shard->orders();
    answer.returns += shard->returns();
  }
  answer.leads = leads_.leads();
  answer.open_leads = leads_.open_leads();
  return answer;
}

void Book::Impl::Profiles(std::span<const std::string_view> ids, ProfilesAnswer* answer) {
  answer->profiles.assign(ids.size(), Profile{});
  for (size_t at = 0; at < ids.size(); ++at) answer->profiles[at].customer = ids[at];
  StateLock::Lookup lookup(&lock_);
  answer->state = State();
  answer->rules = rules_;
  ForEachCustomer(ids, [&](size_t at, const CustomerView& customer) {
    FillProfile(customer, &answer->profiles[at]);
  });
}

void Book::Impl::Records(std::span<const std::string_view> ids, RecordsAnswer* answer) {
  answer->records.assign(ids.size(), ProfileRecord{});
  StateLock::Lookup lookup(&lock_);
  answer->state = State();
  ForEachCustomer(ids, [&](size_t at, const CustomerView& customer) {
    FillRecord(customer, &answer->records[at]);
  });
}

NamesAnswer Book::Impl::Names(NameKind kind, uint32_t first, size_t limit) {
  KUNDIG_CHECK(first >= 1);
  NamesAnswer answer;
  StateLock::Lookup lookup(&lock_);
  answer.rules = rules_;
  const auto fill = [&](size_t codes, const auto& text_of) {
    answer.codes = static_cast<uint32_t>(codes);
    for (size_t code = first; code <= codes && answer.names.size() < limit; ++code) {
      answer.names.push_back(text_of(static_cast<uint32_t>(code)));
    }
  };
  const auto from = [&](const Dictionary& names) {
    fill(names.size(), [&](NameCode code) { return names.Text(code); });
  };
  switch (kind) {
    case NameKind::kCountry:
      from(names_.countries);
      break;
    case NameKind::kRegion:
      from(names_.regions);
      break;
    case NameKind::kOwner:
      from(names_.owners);
      break;
    case NameKind::kRfmSegment: {
      const std::vector<std::string>& names = rules_->segment_names();
      fill(names.size(), [&](uint32_t code) { return std::string_view(names[code - 1]); });
      break;
    }
  }
  return answer;
}

ExplainAnswer Book::Impl::Explain(std::string_view id) {
  ExplainAnswer answer;
  StateLock::Lookup lookup(&lock_);
  answer.state = State();
  answer.rules = rules_;
  ForEachCustomer(std::span(&id, 1), [&](size_t, const CustomerView& customer) {
    FillExplanation(customer, &answer);
  });
  return answer;
}

RfmAnswer Book::Impl::Rfm() {
  RfmAnswer answer;
  Scanning scan(this);
  const Ranking& ranking = scan.RankingFor(true);
  answer.state = scan.StateWith(ranking);
  answer.rules = rules_;
  ComputeRfm(SourceOf(ranking), &runner_, &answer);
  return answer;
}

AbcAnswer Book::Impl::Abc() {
  AbcAnswer answer;
  Scanning scan(this);
  const Ranking& ranking = scan.RankingFor(true);
  answer.state = scan.StateWith(ranking);
  ComputeAbc(SourceOf(ranking), &runner_, &answer);
  return answer;
}

ValueAnswer Book::Impl::Value() {
  ValueAnswer answer;
  FieldSet judged;
  judged.Add(Index(CustomerField::kHiddenPotential));
  Scanning scan(this);
  const Ranking& ranking = scan.RankingFor(NeedsRanking(judged, *rules_));
  answer.state = scan.StateWith(ranking);
  ComputeValue(SourceOf(ranking), &runner_, &answer);
  return answer;
}

Result<CountAnswer> Book::Impl::Count(std::string_view where) {
  ListQuery query;
  query.where = std::string(where);
  Scanning scan(this);
  const Result<ListPlan> plan = PlanList(query, *rules_, rules_version_);
  if (!plan) return plan.error();
  CountAnswer answer;
  const Ranking& ranking = scan.RankingFor(plan->needs_ranking);
  answer.state = scan.StateWith(ranking);
  ComputeCount(SourceOf(ranking), plan->where, &runner_, &answer);
  return answer;
}

Result<ListAnswer> Book::Impl::List(const ListQuery& query) {
  Scanning scan(this);
  const Result<ListPlan> plan = PlanList(query, *rules_, rules_version_);
  if (!plan) return plan.error();
  ListSource source;
  source.shards = shards_;
  source.rules = rules_.get();
  source.names = &names_;
  // A later page is judged by the ranking of the first.
  const bool given = plan->cursor && plan->cursor->ranking;
  source.ranking = given ? *plan->cursor->ranking : scan.RankingFor(plan->needs_ranking);
  source.today = today_;
  source.sequence = sequence_;
  source.rules_version = rules_version_;
  source.memory_bytes = options_.list_memory_bytes;
  Result<ListAnswer> answer = ComputeList(*plan, source, &runner_);
  if (answer) answer->state = scan.StateWith(source.ranking);
  return answer;
}

Result<PipelineAnswer> Book::Impl::Pipeline(const PipelineQuery& query) {
  if (std::optional<Error> error = CheckGrouping(query)) return *error;
  Scanning scan(this);
  Expression where = Expression::Everything();
  if (!query.where.empty()) {
    Result<Expression> parsed = ParseExpression(query.where, rules_->lead_fields());
    if (!parsed) {
      Error error = parsed.error();
      error.field = "where";
      return error;
    }
    where = std::move(*parsed);
  }
  PipelineAnswer answer = ComputePipeline(leads_, *rules_, query, where, &runner_);
  answer.state = State();
  return answer;
}

Book::Book(std::shared_ptr<const Rules> rules, const BookOptions& options)
    : impl_(std::make_unique<Impl>(std::move(rules), options)) {}
Book::~Book() = default;

ApplyAnswer Book::Apply(std::span<const Event> events) {
  return impl_->Apply(events);
}
ApplyAnswer Book::Apply(std::span<const OrderPlaced> orders) {
  return impl_->Apply(orders);
}
Result<StateName> Book::AdvanceDay(Day day) {
  return impl_->AdvanceDay(day);
}
Result<StateName> Book::ReplaceRules(std::shared_ptr<const Rules> rules) {
  return impl_->ReplaceRules(std::move(rules));
}
StateName Book::RefreshRankings() {
  return impl_->RefreshRankings();
}
bool Book::RankingsStale() const {
  return impl_->RankingsStale();
}
std::shared_ptr<const Rules> Book::rules() const {
  return impl_->rules();
}
StatusAnswer Book::Status() const {
  return impl_->Status();
}
void Book::Profiles(std::span<const std::string_view> ids, ProfilesAnswer* answer) const {
  impl_->Profiles(ids, answer);
}
void Book::Records(std::span<const std::string_view> ids, RecordsAnswer* answer) const {
  impl_->Records(ids, answer);
}
NamesAnswer Book::Names(NameKind kind, uint32_t first, size_t limit) const {
  return impl_->Names(kind, first, limit);
}
ExplainAnswer Book::Explain(std::string_view id) const {
  return impl_->Explain(id);
}
RfmAnswer Book::Rfm() {
  return impl_->Rfm();
}
AbcAnswer Book::Abc() {
  return impl_->Abc();
}
ValueAnswer Book::Value() {
  return impl_->Value();
}
Result<CountAnswer> Book::Count(std::string_view where) {
  return impl_->Count(where);
}
Result<ListAnswer> Book::List(const ListQuery& query) {
  return impl_->List(query);
}
Result<PipelineAnswer> Book::Pipeline(const PipelineQuery& query) {
  return impl_->Pipeline(query);
}

}  // namespace kundig::engine
