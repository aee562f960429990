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

// One customer on one side of a change. His row may be gone, so the id is told beside it.
class SideReader {
 public:
  SideReader(std::string_view customer, const CustomerView& view)
      : customer_(customer), reader_(view) {}

  bool Number(FieldIndex field, int64_t* value) const { return reader_.Number(field, value); }
  bool Text(FieldIndex field, std::string_view* text) const {
    if (field != Index(CustomerField::kCustomer)) return reader_.Text(field, text);
    *text = customer_;
    return true;
  }

 private:
  const std::string_view customer_;
  const RowReader reader_;
};

std::vector<Feed::Value> ValuesOf(const std::vector<CustomerField>& fields,
                                  std::string_view customer, const CustomerView* view) {
  std::vector<Feed::Value> values;
  if (view == nullptr) return values;
  const SideReader reader(customer, *view);
  const FieldCatalog& catalog = view->book->rules->customer_fields();
  values.resize(fields.size());
  for (size_t at = 0; at < fields.size(); ++at) {
    const FieldInfo& info = catalog.At(Index(fields[at]));
    Feed::Value& value = values[at];
    if (fields[at] == CustomerField::kCustomer) {
      value.present = value.is_id = true;
    } else if (info.type == FieldType::kText) {
      value.present = reader.Text(Index(fields[at]), &value.text);
    } else {
      value.present = reader.Number(Index(fields[at]), &value.number);
      if (info.type == FieldType::kEnumeration && value.present) {
        value.text = info.values[static_cast<size_t>(value.number)];
      }
    }
  }
  return values;
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
                     " watches with a condition and fields of their own already",
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
  MakeIndex();
  return feed;
}

void Feeds::Close(uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(watches_, [&](const auto& watch) { return watch->feed->number() == number; });
  }
  MakeIndex();
}

void Feeds::MakeIndex() {
  std::vector<const Expression*> conditions;
  for (const std::unique_ptr<Watch>& watch : watches_) conditions.push_back(&watch->where);
  index_ = std::make_unique<const FeedIndex>(conditions);
}

void Feeds::UseRules(const Rules& former, const std::shared_ptr<const Rules>& rules) {
  std::vector<std::unique_ptr<Watch>> readable;
  for (std::unique_ptr<Watch>& watch : watches_) {
    Result<Expression> where =
        ParseExpression(watch->feed->query().where, rules->customer_fields());
    if (!where) {
      watch->feed->End();
      continue;
    }
    watch->former = std::exchange(watch->where, std::move(*where));
    watch->feed->Keep(rules);
    readable.push_back(std::move(watch));
  }
  {
    const std::lock_guard lock(mutex_);
    watches_ = std::move(readable);
  }
  MakeIndex();
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
  std::vector<FeedCollector::Found> found;
  bool lost = false;
  for (FeedCollector* collector : collectors) {
    found.insert(found.end(), std::make_move_iterator(collector->found_.begin()),
                 std::make_move_iterator(collector->found_.end()));
    collector->found_.clear();
    collector->bytes_ = 0;
    lost |= std::exchange(collector->lost_, false);
  }
  if (lost) {
    for (const std::unique_ptr<Watch>& watch : watches_) watch->feed->Lose(sequence_of(0));
    return;
  }
  if (found.empty()) return;
  // By feed, and within it by place: those of one place are one worker's and keep their order.
  std::stable_sort(found.begin(), found.end(),
                   [](const FeedCollector::Found& a, const FeedCollector::Found& b) {
                     return std::tie(a.watch, a.place) < std::tie(b.watch, b.place);
                   });
  const TimeMs now = now_ ? now_() : TimeMs{};
  for (size_t begin = 0; begin < found.size();) {
    const uint32_t watch = found[begin].watch;
    std::vector<Feed::Line> lines;
    for (; begin < found.size() && found[begin].watch == watch; ++begin) {
      Feed::Line& line = lines.emplace_back(std::move(found[begin].line));
      line.change.sequence = sequence_of(found[begin].place);
      line.change.at = now;
      line.change.cause = cause;
    }
    watches_[watch]->feed->Append(std::move(lines));
  }
  size_t bytes = 0;
  for (const std::unique_ptr<Watch>& watch : watches_) bytes += watch->feed->bytes();
  while (bytes > kMaxFeedBytes) {
    const auto longest = std::max_element(
        watches_.begin(), watches_.end(),
        [](const auto& a, const auto& b) { return a->feed->bytes() < b->feed->bytes(); });
    bytes -= (*longest)->feed->bytes();
    (*longest)->feed->DropHalf();
    bytes += (*longest)->feed->bytes();
  }
}

void FeedCollector::Compare(const Feeds& feeds, std::string_view customer,
                            const CustomerView* before, const CustomerView* after, uint32_t place) {
  if (lost_) return;
  for (const uint32_t at : finder_.Find(*feeds.index_, before, after, feeds.former_segments_)) {
    const Feeds::Watch& watch = *feeds.watches_[at];
    const Expression& former = watch.former ? *watch.former : watch.where;
    const bool was = before != nullptr && former.Holds(SideReader(customer, *before));
    const bool is = after != nullptr && watch.where.Holds(SideReader(customer, *after));
    if (was == is) continue;
    Found& found = found_.emplace_back();
    found.place = place;
    found.watch = at;
    found.line.change.customer = std::string(customer);
    found.line.change.entered = is;
    found.line.before = ValuesOf(watch.fields, customer, before);
    found.line.after = ValuesOf(watch.fields, customer, after);
    bytes_ += sizeof(Found) + 2 * watch.fields.size() * sizeof(Feed::Value);
  }
  if (bytes_ > kMaxFeedBytes) {
    lost_ = true;
    found_.clear();
  }
}

}  // namespace kundig::engine
