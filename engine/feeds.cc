#include "engine/feeds.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "engine/field_name.h"

namespace kundig::engine {
namespace {

// A feed's number: unlike those of the same book before its last start, which a reader may still
// have.
uint64_t NumberOf(TimeMs now, uint64_t opened) {
  return (static_cast<uint64_t>(now.since_epoch) << 16) + opened;
}

// What the customer's fields are on one side.
void TakeValues(const std::vector<CustomerField>& fields, const CustomerView& view,
                const WatchedFields& reader, Feed::Value* values) {
  const FieldCatalog& catalog = view.book->rules->customer_fields();
  for (size_t at = 0; at < fields.size(); ++at) {
    const FieldInfo& info = catalog.At(Index(fields[at]));
    Feed::Value& value = values[at];
    if (fields[at] == CustomerField::kCustomer) {
      value.present = value.is_id = true;
    } else if (info.type == FieldType::kText) {
      std::string_view name;
      value.present = reader.Text(Index(fields[at]), &name);
      value.Take(name);
    } else {
      value.present = reader.Number(Index(fields[at]), &value.number);
      if (info.type == FieldType::kEnumeration && value.present) {
        value.Take(info.values[static_cast<size_t>(value.number)]);
      }
    }
  }
}

Error AtField(Error error, const char* field) {
  error.field = field;
  return error;
}

}  // namespace

std::shared_ptr<Feed> Feeds::Find(const WatchQuery& query) const {
  const std::lock_guard lock(mutex_);
  for (const std::unique_ptr<Watch>& watch : watches_) {
    if (watch->feed->query() == query) return watch->feed;
  }
  return nullptr;
}

Result<std::shared_ptr<Feed>> Feeds::Open(const WatchQuery& query,
                                          const std::shared_ptr<const Rules>& rules,
                                          uint64_t sequence) {
  if (std::shared_ptr<Feed> feed = Find(query)) return feed;
  const FieldCatalog& catalog = rules->customer_fields();
  Result<Expression> where = ParseExpression(query.where, catalog);
  if (!where) return AtField(where.error(), "where");
  auto watch = std::make_unique<Watch>();
  watch->where = std::move(*where);
  for (const std::string& name : query.fields) {
    const std::optional<FieldIndex> index = catalog.Find(name);
    if (!index) {
      return Error{ErrorCode::kUnknownField, UnknownFieldSentence(name, catalog), "fields",
                   std::nullopt};
    }
    const auto field = static_cast<CustomerField>(*index);
    if (std::find(watch->fields.begin(), watch->fields.end(), field) != watch->fields.end()) {
      return Error{ErrorCode::kInvalidValue, "the field '" + name + "' is named twice", "fields",
                   std::nullopt};
    }
    watch->fields.push_back(field);
    watch->infos.push_back(catalog.At(*index));
  }
  if (watches_.size() >= kMaxFeeds) {
    return Error{ErrorCode::kLimitExceeded,
                 "there are " + std::to_string(kMaxFeeds) +
                     " watches with a condition and fields of their own, all of them in use",
                 "max_feeds", std::nullopt};
  }
  const TimeMs now = now_ ? now_() : TimeMs{};
  watch->feed = std::make_shared<Feed>(NumberOf(now, ++opened_), query, watch->infos, sequence);
  watch->feed->Keep(rules);
  std::shared_ptr<Feed> feed = watch->feed;
  {
    const std::lock_guard lock(mutex_);
    watches_.push_back(std::move(watch));
  }
  index_.reset();
  return feed;
}

void Feeds::Close(uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(watches_, [&](const auto& watch) {
      if (watch->feed->number() != number) return false;
      Keeps(watch.get(), 0);
      return true;
    });
  }
  index_.reset();
}

void Feeds::Forget(const std::set<std::string_view>& customers) {
  for (const std::unique_ptr<Watch>& watch : watches_) watch->feed->Forget(customers);
}

void Feeds::Prepare() {
  if (index_ != nullptr) return;
  std::vector<const Expression*> conditions;
  FieldSet told;
  for (const std::unique_ptr<Watch>& watch : watches_) {
    conditions.push_back(&watch->where);
    for (const CustomerField field : watch->fields) told.Add(Index(field));
  }
  index_ = std::make_unique<const FeedIndex>(conditions, told);
}

void Feeds::UseRules(const Rules& former, const std::shared_ptr<const Rules>& rules) {
  for (const std::unique_ptr<Watch>& watch : watches_) {
    Result<Expression> where =
        ParseExpression(watch->feed->query().where, rules->customer_fields());
    if (!where) {
      watch->feed->End();
      Keeps(watch.get(), 0);
      continue;
    }
    watch->former = std::exchange(watch->where, std::move(*where));
    watch->feed->Keep(rules);
  }
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(watches_, [](const auto& watch) { return watch->feed->ended(); });
  }
  index_.reset();
  // Segments are the one enumeration that rules name. One that is no more gets a code of its own.
  const std::vector<std::string>& names = rules->segment_names();
  former_segments_.clear();
  for (const std::string& name : former.segment_names()) {
    const auto same = std::find(names.begin(), names.end(), name);
    former_segments_.push_back(same == names.end()
                                   ? static_cast<int64_t>(kMaxSegments + former_segments_.size())
                                   : same - names.begin());
  }
}

void Feeds::ForgetFormer() {
  for (const std::unique_ptr<Watch>& watch : watches_) watch->former.reset();
  former_segments_.clear();
}

void Feeds::Tell(std::span<FeedCollector* const> collectors, ChangeCause cause,
                 const std::function<uint64_t(uint32_t place)>& sequence_of) {
  // By feed, and within it by place: those of one place are one worker's and keep their order.
  struct Key {
    uint32_t watch, place, collector, at;
  };
  std::vector<Key> keys;
  bool lost = false;
  for (uint32_t number = 0; number < collectors.size(); ++number) {
    const std::vector<FeedCollector::Found>& found = collectors[number]->found_;
    for (uint32_t at = 0; at < found.size(); ++at) {
      keys.push_back({found[at].watch, found[at].place, number, at});
    }
    lost |= collectors[number]->lost_;
  }
  if (keys.empty() && !lost) return;
  std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) {
    return std::tie(a.watch, a.place, a.collector, a.at) <
           std::tie(b.watch, b.place, b.collector, b.at);
  });
  const TimeMs now = now_ ? now_() : TimeMs{};
  std::vector<Feed::Line*> lines;
  for (size_t begin = 0; begin < keys.size() && !lost;) {
    const uint32_t watch = keys[begin].watch;
    lines.clear();
    for (; begin < keys.size() && keys[begin].watch == watch; ++begin) {
      const Key& key = keys[begin];
      Feed::Line& line = collectors[key.collector]->found_[key.at].line;
      lines.push_back(&line);
      line.change.sequence = sequence_of(key.place);
      line.change.at = now;
      line.change.cause = cause;
    }
    Keeps(watches_[watch].get(), watches_[watch]->feed->Append(lines));
  }
  for (FeedCollector* collector : collectors) {
    collector->Clear();
  }
  if (lost) {
    for (const std::unique_ptr<Watch>& watch : watches_) {
      watch->feed->Lose(sequence_of(0));
      Keeps(watch.get(), 0);
    }
  }
  DropOldest();
}

void Feeds::Keeps(Watch* watch, size_t bytes) {
  bytes_ += bytes - watch->bytes;
  watch->bytes = bytes;
}

void Feeds::DropOldest() {
  while (bytes_ > kMaxFeedBytes) {
    const auto longest =
        std::max_element(watches_.begin(), watches_.end(),
                         [](const auto& a, const auto& b) { return a->bytes < b->bytes; });
    Keeps(longest->get(), (*longest)->feed->DropHalf());
  }
}

void FeedCollector::Clear() {
  // What one large change needed is not kept for the small ones.
  if (bytes_ > kMaxKeptBytes) std::vector<Found>().swap(found_);
  found_.clear();
  bytes_ = 0;
  lost_ = false;
}

void FeedCollector::Compare(const Feeds& feeds, std::string_view customer,
                            const CustomerView* before, const CustomerView* after, uint32_t place) {
  if (lost_) return;
  const std::span<const uint32_t> concerned =
      finder_.Find(*feeds.index_, customer, before, after, feeds.former_segments_);
  for (const uint32_t at : concerned) {
    const Feeds::Watch& watch = *feeds.watches_[at];
    const Expression& former = watch.former ? *watch.former : watch.where;
    const bool was = before != nullptr && former.Holds(finder_.before());
    const bool is = after != nullptr && watch.where.Holds(finder_.after());
    if (was == is) continue;
    Found& found = found_.emplace_back();
    found.place = place;
    found.watch = at;
    Feed::Line& line = found.line;
    line.change.customer = std::string(customer);
    line.change.entered = is;
    line.was = before != nullptr;
    line.is = after != nullptr;
    const size_t fields = watch.fields.size();
    line.values.resize(2 * fields);
    finder_.ReadTold(*feeds.index_, before, after);
    if (line.was) TakeValues(watch.fields, *before, finder_.before(), line.values.data());
    if (line.is) TakeValues(watch.fields, *after, finder_.after(), line.values.data() + fields);
    bytes_ += sizeof(Found) + line.values.size() * sizeof(Feed::Value);
  }
  if (bytes_ > kMaxFeedBytes) {
    lost_ = true;
    found_.clear();
  }
}

}  // namespace kundig::engine
