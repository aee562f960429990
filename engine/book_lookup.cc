// Questions about single customers: point lookups, and the explanation of one.

#include <algorithm>
#include <array>

#include "engine/book_impl.h"
#include "engine/check.h"
#include "engine/explanation.h"
#include "engine/hash.h"

namespace kundig::engine {

template <typename Found>
void Book::Impl::ForEachCustomer(std::span<const std::string_view> ids, bool signs,
                                 Found&& found) const {
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
      for (size_t at = 0; at < group.size(); ++at)
        ShardOf(hashes[at]).PrefetchRow(hashes[at], signs);
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

bool Book::Impl::ValueReadsSigns() const {
  FieldSet of_signs;
  of_signs.Add(Index(CustomerField::kCustomerValue));
  of_signs.Add(Index(CustomerField::kPhase));
  return rules_->value_fields().Intersects(of_signs);
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
  ForEachCustomer(ids, true, [&](size_t at, const CustomerView& customer) {
    FillProfile(customer, &answer->profiles[at]);
  });
}

void Book::Impl::Records(std::span<const std::string_view> ids, RecordsAnswer* answer) {
  answer->records.assign(ids.size(), ProfileRecord{});
  StateLock::Lookup lookup(&lock_);
  answer->state = State();
  ForEachCustomer(ids, ValueReadsSigns(), [&](size_t at, const CustomerView& customer) {
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
  // Writers wait while a long history is added up and days are foreseen, lookups do not.
  const StateLock::Scan scan(&lock_);
  answer.state = State();
  answer.rules = rules_;
  ForEachCustomer(std::span(&id, 1), true, [&](size_t, const CustomerView& customer) {
    FillExplanation(customer, has_histories_ ? &customer.row->history : nullptr, &answer);
  });
  return answer;
}

}  // namespace kundig::engine
