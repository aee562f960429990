// The requests that wait for changes of a feed (engine/feed.h), and the feeds that are open for
// them.
//
// A reader asks again and again from the place it has come to, so the server holds nothing of it
// but the request that waits. It is answered by the one thread here when its feed changes or its
// time is over. Whatever brings a change only rings: it never reads, encodes or sends.
//
// No change is missed between a look at the feed and the wait for it: how often the feed has
// changed is noted before the look, and who would wait looks again where that is not the same.
//
// Thread safety: Watch from any thread that may wait for the writer, the others from any thread.
// Stop by one at a time.
// Invariants: a feed with waiting requests stays open; after Stop nothing waits.

#ifndef KUNDIG_SERVER_WATCHES_H_
#define KUNDIG_SERVER_WATCHES_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "engine/book.h"
#include "server/decode.h"
#include "server/limits.h"
#include "server/request_handler.h"

namespace kundig::server {

class Watches {
 public:
  // `book` outlives this. Above `max_answer_bytes` an answer holds fewer changes than asked for.
  Watches(engine::Book* book, size_t max_answer_bytes,
          std::chrono::milliseconds feed_kept_for = kFeedKeptFor,
          size_t max_waiting = kMaxWaitingWatches,
          std::chrono::milliseconds feed_spared_for = kFeedSparedFor);
  ~Watches();
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  // Answers at once what can be, and else when there is a change. Refusals: those of
  // Book::OpenFeed, history_gone, overloaded ("max_waiting_watches"), shutting_down.
  void Watch(const WatchQuestion& question, std::unique_ptr<Responder> responder);
  // Answers whoever waits, and whoever would from now on, with shutting_down.
  void Stop();

  size_t waiting() const;
  size_t open_feeds() const;

 private:
  using Clock = std::chrono::steady_clock;
  using FeedPointer = std::shared_ptr<engine::Feed>;
  struct Request;
  struct Watched;
  struct Shared;
  struct Due;

  engine::Result<FeedPointer> Open(const engine::WatchQuery& what);
  // Has the feed ring, where it is new here.
  void Register(const FeedPointer& feed);
  static void Ring(Shared* shared, uint64_t feed_number);
  // Answers the request, or has it wait.
  void Serve(const FeedPointer& feed, Request request);
  // Whether there was something to answer.
  bool Answered(const engine::Feed& feed, Request* request);

  void Run();
  // Those to be looked at now. Under the mutex.
  std::vector<Due> TakeDue();
  void CloseUnused();
  // So that there is room for another, unless all are in use.
  void CloseLongestUnused();

  engine::Book* const book_;
  const size_t max_answer_bytes_;
  const std::chrono::milliseconds feed_kept_for_;
  const std::chrono::milliseconds feed_spared_for_;
  const size_t max_waiting_;
  // Held shared from the opening of a feed until it is registered, and alone to close some: so
  // nobody is given a feed that has just been closed.
  std::shared_mutex opening_;
  // The rest. Feeds ring by it, also while this goes.
  const std::shared_ptr<Shared> shared_;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_WATCHES_H_
