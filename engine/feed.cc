#include "engine/feed.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/list_column.h"

namespace kundig::engine {
namespace {

bool Before(const FeedPosition& a, const FeedPosition& b) {
  return std::tie(a.sequence, a.place) < std::tie(b.sequence, b.place);
}

FeedPosition PositionOf(const Feed::Line& line) {
  return {0, line.change.sequence, line.change.place};
}

size_t BytesOf(const Feed::Line& line) {
  return sizeof(Feed::Line) + line.change.customer.size() +
         (line.values.size() > line.values.static_capacity
              ? line.values.size() * sizeof(Feed::Value)
              : 0);
}

// The values of one side of the lines from `begin` on, those of the answer's changes, as columns.
template <typename Lines>
std::vector<ListColumn> Columns(const std::vector<FieldInfo>& fields, Lines begin,
                                bool Feed::Line::*side, FeedAnswer* answer) {
  const size_t rows = answer->changes.size();
  std::vector<ListColumn> columns(fields.size());
  for (size_t at = 0; at < fields.size(); ++at) {
    ListColumn& column = columns[at];
    const bool is_text =
        fields[at].type == FieldType::kText || fields[at].type == FieldType::kEnumeration;
    column.name = fields[at].name;
    column.type = is_text ? FieldType::kText : fields[at].type;
    column.absent.resize(rows, 1);
    (is_text ? column.texts.resize(rows) : column.numbers.resize(rows));
    for (size_t row = 0; row < rows; ++row) {
      const Feed::Line& line = begin[static_cast<ptrdiff_t>(row)];
      const Feed::Value& value = line.values[side == &Feed::Line::was ? at : fields.size() + at];
      if (!(line.*side) || !value.present) continue;
      column.absent[row] = 0;
      if (is_text) {
        column.texts[row] = value.is_id ? answer->changes[row].customer : value.name();
      } else {
        column.numbers[row] = value.number;
      }
    }
    if (fields[at].type == FieldType::kSet) NameSets(fields[at], &column, &answer->sets);
  }
  return columns;
}

}  // namespace

std::string FormatPosition(const FeedPosition& position) {
  return std::to_string(position.sequence) + '.' + std::to_string(position.place) + '.' +
         std::to_string(position.feed);
}

Feed::Feed(uint64_t number, WatchQuery query, std::vector<FieldInfo> fields, uint64_t sequence)
    : number_(number), query_(std::move(query)), fields_(std::move(fields)) {
  begin_ = {number, sequence, 0};
  end_ = begin_;
}

bool Feed::Knows(const FeedPosition& from) const {
  return (from.feed == 0 || from.feed == number_) && !Before(from, begin_);
}

Result<FeedAnswer> Feed::Read(const std::optional<FeedPosition>& from, size_t limit,
                              uint64_t sequence) const {
  const std::lock_guard lock(mutex_);
  // Where the book has come further than the last change, that is known, too.
  FeedPosition now = end_;
  if (sequence > now.sequence) now = {number_, sequence, 0};
  FeedAnswer answer;
  if (!from) {
    answer.position = now;
    return answer;
  }
  if (from->sequence > now.sequence) {
    return Error{ErrorCode::kHistoryGone,
                 "the book is at sequence " + std::to_string(now.sequence) +
                     " and not there yet; take the list of the condition anew and go on from " +
                     FormatPosition(now),
                 "from", std::nullopt};
  }
  // Behind all that there is of a sequence: more of it may come.
  FeedPosition start = *from;
  if (start.place == FeedPosition::kBehindAll && start.sequence >= end_.sequence) {
    start.place = start.sequence == end_.sequence ? end_.place : 0;
  }
  if (!Knows(start)) {
    return Error{ErrorCode::kHistoryGone,
                 "this feed is not known from there on; take the list of the condition anew and "
                 "go on from " +
                     FormatPosition(now),
                 "from", std::nullopt};
  }
  const auto behind = [](const FeedPosition& position, const Line& line) {
    return Before(position, PositionOf(line));
  };
  const auto begin = std::upper_bound(lines_.begin(), lines_.end(), start, behind);
  const size_t rows = std::min(limit, static_cast<size_t>(lines_.end() - begin));
  if (rows == 0 && ended_) {
    return Error{ErrorCode::kHistoryGone,
                 "the rules have changed and do not know the condition any more; watch another one",
                 "from", std::nullopt};
  }
  answer.position = {number_, start.sequence, start.place};
  answer.changes.reserve(rows);
  for (size_t row = 0; row < rows; ++row) {
    answer.changes.push_back(begin[static_cast<ptrdiff_t>(row)].change);
    answer.position.sequence = answer.changes.back().sequence;
    answer.position.place = answer.changes.back().place;
  }
  answer.before = Columns(fields_, begin, &Line::was, &answer);
  answer.after = Columns(fields_, begin, &Line::is, &answer);
  return answer;
}

void Feed::OnChange(std::function<void()> changed) {
  const std::lock_guard lock(mutex_);
  changed_ = std::move(changed);
}

void Feed::Tell() {
  std::function<void()> changed;
  {
    const std::lock_guard lock(mutex_);
    changed = changed_;
  }
  if (changed) changed();
}

void Feed::NextPlace(uint64_t sequence) {
  end_.place = sequence == end_.sequence ? end_.place + 1 : 1;
  end_.sequence = sequence;
}

size_t Feed::Append(std::span<Line* const> lines) {
  size_t bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    for (Line* const line : lines) {
      NextPlace(line->change.sequence);
      line->change.place = end_.place;
      bytes_ += BytesOf(*line);
      lines_.push_back(std::move(*line));
    }
    bytes = bytes_;
  }
  Tell();
  return bytes;
}

size_t Feed::DropHalf() {
  const std::lock_guard lock(mutex_);
  for (size_t drop = (lines_.size() + 1) / 2; drop > 0; --drop) {
    const FeedPosition dropped = PositionOf(lines_.front());
    begin_ = {number_, dropped.sequence, dropped.place};
    bytes_ -= BytesOf(lines_.front());
    lines_.pop_front();
  }
  return bytes_;
}

void Feed::Forget(const std::set<std::string_view>& customers) {
  const std::lock_guard lock(mutex_);
  for (Line& line : lines_) {
    if (!customers.contains(line.change.customer)) continue;
    line.was = line.is = false;
    for (Value& value : line.values) value = Value();
  }
}

void Feed::Lose(uint64_t sequence) {
  {
    const std::lock_guard lock(mutex_);
    NextPlace(sequence);
    begin_ = end_;
    lines_.clear();
    bytes_ = 0;
  }
  Tell();
}

void Feed::Keep(std::shared_ptr<const Rules> rules) {
  const std::lock_guard lock(mutex_);
  rules_.push_back(std::move(rules));
}

void Feed::End() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  Tell();
}

bool Feed::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

}  // namespace kundig::engine
