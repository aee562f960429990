// The feed of one watch: which customers have entered or left a condition, in the order in which
// that happened, as far back as it is kept.
//
// A feed begins when somebody asks for it and grows with the book, whether anybody reads it or not.
// Readers hold a place in it and nothing else, so a slow one costs the others nothing; who is
// slower than what is kept is told so, and from where the feed still reaches on.
//
// Places: a sequence of the book may bring many changes, so a place is a sequence and the number of
// the change among those of that sequence. `feed` tells this feed from others of the same condition
// that the server had before, whose numbers mean something else.
//
// Thread safety: every method may be called from any thread.

#ifndef KUNDIG_ENGINE_FEED_H_
#define KUNDIG_ENGINE_FEED_H_

#include <boost/container/deque.hpp>
#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/field.h"
#include "engine/query.h"
#include "engine/result.h"
#include "engine/units.h"

namespace kundig::engine {

// Feeds that a book keeps at once.
inline constexpr size_t kMaxFeeds = 1024;
// Changes kept for all of them together. Above it the longest feed gives up the older half of its.
inline constexpr size_t kMaxFeedBytes = size_t{256} << 20;

// What is watched: feeds of the same condition and fields are one.
struct WatchQuery {
  std::string where;                // an expression; not empty
  std::vector<std::string> fields;  // told of each change, before and after

  friend bool operator==(const WatchQuery&, const WatchQuery&) = default;
};

struct FeedPosition {
  // Of a reader: behind all changes of the sequence that there are when it asks first. A ranking,
  // rules or a fit may bring more of one sequence, so the position that it is answered is exact.
  static constexpr uint64_t kBehindAll = std::numeric_limits<uint64_t>::max();

  uint64_t feed = 0;  // 0, of a reader: whichever
  uint64_t sequence = 0;
  uint64_t place = 0;  // from 1; 0: before all changes of the sequence
};
// As a reader is told it: SEQUENCE.PLACE.FEED
std::string FormatPosition(const FeedPosition& position);

enum class ChangeCause : uint8_t { kEvent, kDay, kRanking, kRules };

// What Feed::Read answers. Texts point into it, into the book's dictionaries or into the feed.
struct FeedAnswer {
  struct Change {
    uint64_t sequence = 0, place = 0;
    TimeMs at;  // by BookOptions::now
    std::string customer;
    bool entered = false;
    ChangeCause cause = ChangeCause::kEvent;
  };

  FeedPosition position;  // behind the last of the changes
  std::vector<Change> changes;
  std::vector<ListColumn> before, after;  // a column for each field, a row for each change
  std::deque<std::string> sets;           // storage behind the texts of sets
};

class Feed {
 public:
  // The value of a field, as it was.
  struct Value {
    int64_t number = 0;          // of a text its bytes
    const char* text = nullptr;  // of names and enumerations; null: a number
    bool present = false;
    bool is_id = false;  // the text is the customer's id

    void Take(std::string_view name) {
      text = name.data();
      number = static_cast<int64_t>(name.size());
    }
    std::string_view name() const { return {text, static_cast<size_t>(number)}; }
  };
  struct Line {
    FeedAnswer::Change change;
    // One for each field before, then one for each field after.
    boost::container::small_vector<Value, 4> values;
    bool was = false, is = false;  // whether there is a customer on that side
  };

  // Of a book that is at `sequence` now. `fields` are those of the query.
  Feed(uint64_t number, WatchQuery query, std::vector<FieldInfo> fields, uint64_t sequence);

  uint64_t number() const { return number_; }
  const WatchQuery& query() const { return query_; }

  // At most `limit` changes behind `from`, or behind all where it is absent: then none, and the
  // place from which to go on. `sequence` is that of the book now. Error: kHistoryGone.
  Result<FeedAnswer> Read(const std::optional<FeedPosition>& from, size_t limit,
                          uint64_t sequence) const;

  // Has `changed` called behind every change, and when the feed ends, on the thread that brought it
  // and until the next call of this. It must be quick and ask nothing of the book; it may read the
  // feed.
  void OnChange(std::function<void()> changed);

  // For the book. `lines` come in order; their places are given here. These return the bytes that
  // what is kept takes from then on.
  size_t Append(std::span<Line* const> lines);
  // Gives up the older half of what is kept.
  size_t DropHalf();
  // Keeps of these customers that they entered and left, and nothing else: they were erased.
  void Forget(const std::set<std::string_view>& customers);
  // Changes of this sequence came and could not be kept: nothing up to here is known any more.
  void Lose(uint64_t sequence);
  // Texts of lines to come point into these rules.
  void Keep(std::shared_ptr<const Rules> rules);
  // Nothing will come any more: the condition cannot be read by the rules in force.
  void End();
  bool ended() const;

 private:
  // Whether all behind it is kept.
  bool Knows(const FeedPosition& from) const;
  void NextPlace(uint64_t sequence);  // moves end_
  void Tell();                        // calls changed_, without the mutex

  const uint64_t number_;
  const WatchQuery query_;
  const std::vector<FieldInfo> fields_;
  mutable std::mutex mutex_;  // guards the rest
  boost::container::deque<Line, void,
                          boost::container::deque_options_t<boost::container::block_size<64>>>
      lines_;
  size_t bytes_ = 0;
  FeedPosition begin_;  // all behind it is kept
  FeedPosition end_;    // of the newest change, or begin_
  bool ended_ = false;
  std::vector<std::shared_ptr<const Rules>> rules_;
  std::function<void()> changed_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_FEED_H_
