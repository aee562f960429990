// All feeds of a book: what is watched, and the changes that a worker finds.
//
// What changes a customer is shown as two views of him, before and after. FeedIndex says which
// conditions that may concern; these are evaluated on both, and where they differ the feed gets a
// line. So an event is compared where it is applied, and a day, a ranking or other rules customer
// by customer.
//
// A worker collects its lines with the place of the event that brought them. Tell() puts those of
// all workers in order, so that a feed does not depend on who was faster.
//
// Thread safety: Find from any thread. Everything else needs the writer's turn; collectors work
// side by side within it.

#ifndef KUNDIG_ENGINE_FEEDS_H_
#define KUNDIG_ENGINE_FEEDS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "engine/customer_field.h"
#include "engine/customer_view.h"
#include "engine/expression.h"
#include "engine/feed.h"
#include "engine/feed_index.h"
#include "engine/result.h"
#include "engine/rules.h"

namespace kundig::engine {

class FeedCollector;

class Feeds {
 public:
  explicit Feeds(std::function<TimeMs()> now) : now_(std::move(now)) {}

  bool empty() const { return watches_.empty(); }
  // To be called in each turn before collectors compare; there must be a feed.
  void Prepare();
  // What the conditions compare, once prepared.
  FieldSet fields() const { return index_->fields(); }

  std::shared_ptr<Feed> Find(const WatchQuery& query) const;
  // The one there is, or one that begins at this sequence. Errors: as of Book::OpenFeed.
  Result<std::shared_ptr<Feed>> Open(const WatchQuery& query,
                                     const std::shared_ptr<const Rules>& rules, uint64_t sequence);
  void Close(uint64_t number);

  // Other rules are in force: conditions are read anew, and those that cannot be read end. Until
  // ForgetFormer, what collectors get as `before` is judged by the former conditions.
  void UseRules(const Rules& former, const std::shared_ptr<const Rules>& rules);
  void ForgetFormer();

  // See Feed::Forget.
  void Forget(const std::set<std::string_view>& customers);

  // Gives what was found to the feeds and empties the collectors. Places ascend by sequence_of.
  void Tell(std::span<FeedCollector* const> collectors, ChangeCause cause,
            const std::function<uint64_t(uint32_t place)>& sequence_of);

 private:
  friend class FeedCollector;

  struct Watch {
    std::shared_ptr<Feed> feed;
    Expression where = Expression::Everything();
    std::optional<Expression> former;
    std::vector<FieldInfo> infos;  // of `fields`
    std::vector<CustomerField> fields;
    size_t bytes = 0;  // that its feed keeps
  };

  void Keeps(Watch* watch, size_t bytes);
  // The longest feed gives up its older half, until what is kept is little enough.
  void DropOldest();

  const std::function<TimeMs()> now_;
  mutable std::mutex mutex_;  // guards watches_ against Find
  std::vector<std::unique_ptr<Watch>> watches_;
  std::unique_ptr<const FeedIndex> index_;  // of watches_; null until Prepare
  std::vector<int64_t> former_segments_;
  uint64_t opened_ = 0;
  size_t bytes_ = 0;  // that all feeds keep
};

// What one worker finds of one slice, or of one piece of a pass over all customers.
class FeedCollector {
 public:
  // Compares a customer before and after; null where there was or is none. `place`: see Tell.
  void Compare(const Feeds& feeds, std::string_view customer, const CustomerView* before,
               const CustomerView* after, uint32_t place);

 private:
  friend class Feeds;

  struct Found {
    uint32_t place = 0;
    uint32_t watch = 0;
    Feed::Line line;
  };

  static constexpr size_t kMaxKeptBytes = size_t{1} << 20;

  void Clear();

  FeedIndex::Finder finder_;
  std::vector<Found> found_;
  size_t bytes_ = 0;
  bool lost_ = false;  // there was more than may be kept
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_FEEDS_H_
