#include "server/watches.h"

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "server/encode.h"
#include "server/refusal.h"
#include "server/sending.h"

namespace kundig::server {
namespace {

// Deadlines are met at once; ended feeds, unused ones and connections that are gone are looked for
// so often.
constexpr std::chrono::milliseconds kLongestLook{1000};
constexpr int kLooksWhileKept = 4;  // that a feed is kept for

Refusal FeedClosed() {
  return Refusal{.code = wire::ErrorCode::history_gone,
                 .message = "Nothing is told of this expression any more; ask again to begin anew.",
                 .field = "from",
                 .position = std::nullopt};
}

}  // namespace

struct Watches::Request {
  std::optional<engine::FeedPosition> from;
  size_t limit = 0;
  Clock::time_point deadline;
  std::unique_ptr<Responder> responder;
  bool has_waited = false;
};

// A feed that is open here.
struct Watches::Watched {
  FeedPointer feed;
  Clock::time_point last_asked;
  uint64_t changes = 0;  // how often it has rung
  bool rung = false;     // it is among Shared::rung
  std::vector<Request> waiting;
};

struct Watches::Shared {
  std::mutex mutex;  // guards the rest; the book is never asked under it
  std::condition_variable wake;
  std::unordered_map<uint64_t, Watched> watched;  // by the number of the feed
  std::vector<uint64_t> rung;                     // with waiting requests
  size_t waiting = 0;
  Clock::time_point next_look = Clock::time_point::min();  // at all of them
  bool stopped = false;
};

struct Watches::Due {
  FeedPointer feed;
  Request request;
};

Watches::Watches(engine::Book* book, size_t max_answer_bytes,
                 std::chrono::milliseconds feed_kept_for, size_t max_waiting,
                 std::chrono::milliseconds feed_spared_for)
    : book_(book),
      max_answer_bytes_(max_answer_bytes),
      feed_kept_for_(feed_kept_for),
      feed_spared_for_(feed_spared_for),
      max_waiting_(max_waiting),
      shared_(std::make_shared<Shared>()),
      thread_([this] { Run(); }) {}

Watches::~Watches() {
  Stop();
}

void Watches::Stop() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopped = true;
  }
  shared_->wake.notify_all();
  if (thread_.joinable()) thread_.join();
  std::unordered_map<uint64_t, Watched> watched;
  {
    const std::lock_guard lock(shared_->mutex);
    watched.swap(shared_->watched);
    shared_->waiting = 0;
  }
  for (auto& [number, one] : watched) {
    one.feed->OnChange(nullptr);
    for (const Request& request : one.waiting) {
      SendRefusal(ShuttingDown(), request.responder.get());
    }
  }
}

size_t Watches::waiting() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->waiting;
}

size_t Watches::open_feeds() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->watched.size();
}

void Watches::Watch(const WatchQuestion& question, std::unique_ptr<Responder> responder) {
  std::shared_lock opening(opening_);
  engine::Result<FeedPointer> feed = Open(question.what);
  if (!feed && feed.error().code == engine::ErrorCode::kLimitExceeded &&
      feed.error().field == "max_feeds") {
    opening.unlock();
    CloseLongestUnused();
    opening.lock();
    feed = Open(question.what);
  }
  if (!feed) return SendRefusal(ToRefusal(feed.error()), responder.get());
  Register(*feed);
  opening.unlock();
  Serve(*feed, {.from = question.from,
                .limit = question.limit,
                .deadline = Clock::now() + question.wait,
                .responder = std::move(responder)});
}

engine::Result<Watches::FeedPointer> Watches::Open(const engine::WatchQuery& what) {
  engine::Result<FeedPointer> feed = book_->OpenFeed(what);
  if (!feed || !(*feed)->ended()) return feed;
  // What is opened instead says what is wrong with the expression now.
  book_->CloseFeed(**feed);
  return book_->OpenFeed(what);
}

void Watches::Register(const FeedPointer& feed) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->stopped) return;
  const auto [place, is_new] = shared_->watched.try_emplace(feed->number());
  place->second.last_asked = Clock::now();
  if (!is_new) return;
  place->second.feed = feed;
  // Under the mutex: nobody else may wait for a feed that does not ring yet.
  feed->OnChange([weak = std::weak_ptr(shared_), number = feed->number()] {
    if (const std::shared_ptr<Shared> shared = weak.lock()) Ring(shared.get(), number);
  });
}

void Watches::Ring(Shared* shared, uint64_t feed_number) {
  const std::lock_guard lock(shared->mutex);
  const auto found = shared->watched.find(feed_number);
  if (found == shared->watched.end()) return;
  Watched& watched = found->second;
  ++watched.changes;
  if (watched.waiting.empty() || std::exchange(watched.rung, true)) return;
  shared->rung.push_back(feed_number);
  shared->wake.notify_one();
}

void Watches::Serve(const FeedPointer& feed, Request request) {
  std::optional<uint64_t> seen;  // how often the feed had rung before the look at it
  Refusal refusal = FeedClosed();
  while (true) {
    if (seen && Answered(*feed, &request)) return;
    const std::lock_guard lock(shared_->mutex);
    const auto found = shared_->watched.find(feed->number());
    if (shared_->stopped) {
      refusal = ShuttingDown();
      break;
    }
    if (found == shared_->watched.end()) break;
    Watched& watched = found->second;
    if (std::exchange(seen, watched.changes) != watched.changes) continue;
    if (!request.has_waited && shared_->waiting >= max_waiting_) {
      refusal = Overloaded("max_waiting_watches",
                           "Too many watches wait for changes already; ask again later.");
      break;
    }
    request.has_waited = true;
    if (request.deadline < shared_->next_look) {
      shared_->next_look = request.deadline;
      shared_->wake.notify_one();
    }
    ++shared_->waiting;
    watched.waiting.push_back(std::move(request));
    return;
  }
  SendRefusal(refusal, request.responder.get());
}

bool Watches::Answered(const engine::Feed& feed, Request* asked) {
  Request& request = *asked;
  Responder* const to = request.responder.get();
  if (!to->Wanted()) {
    SendRefusal(ShuttingDown(), to);
    return true;
  }
  flatbuffers::FlatBufferBuilder* const builder = ThreadBuilder();
  for (size_t limit = request.limit;; limit /= 2) {
    const uint64_t sequence = book_->Status().state.journal_sequence;
    const engine::Result<engine::FeedAnswer> answer = feed.Read(request.from, limit, sequence);
    if (!answer) {
      SendRefusal(ToRefusal(answer.error()), to);
      return true;
    }
    if (answer->changes.empty() && request.from && Clock::now() < request.deadline) {
      request.from = answer->position;  // exact, whatever came
      return false;
    }
    EncodeWatch(*answer, book_->Status().state, builder);
    if (limit > 1 && builder->GetSize() > max_answer_bytes_) continue;
    SendBuilt(wire::MessageType::watch_reply, builder, to);
    return true;
  }
}

void Watches::Run() {
  std::unique_lock lock(shared_->mutex);
  while (!shared_->stopped) {
    if (shared_->rung.empty() && Clock::now() < shared_->next_look) {
      shared_->wake.wait_until(lock, shared_->next_look);
      continue;
    }
    const bool looks_at_all = Clock::now() >= shared_->next_look;
    std::vector<Due> due = TakeDue();
    lock.unlock();
    for (Due& one : due) Serve(one.feed, std::move(one.request));
    if (looks_at_all) CloseUnused();
    lock.lock();
  }
}

std::vector<Watches::Due> Watches::TakeDue() {
  std::vector<Due> due;
  const auto take = [&](Watched* watched, const auto& is_due) {
    const auto first =
        std::stable_partition(watched->waiting.begin(), watched->waiting.end(),
                              [&](const Request& request) { return !is_due(request); });
    for (auto request = first; request != watched->waiting.end(); ++request) {
      due.push_back({watched->feed, std::move(*request)});
    }
    watched->waiting.erase(first, watched->waiting.end());
  };
  for (const uint64_t number : std::exchange(shared_->rung, {})) {
    const auto found = shared_->watched.find(number);
    if (found == shared_->watched.end()) continue;
    found->second.rung = false;
    take(&found->second, [](const Request&) { return true; });
  }
  const Clock::time_point now = Clock::now();
  if (now >= shared_->next_look) {
    shared_->next_look =
        now + std::min<std::chrono::milliseconds>(kLongestLook, feed_kept_for_ / kLooksWhileKept);
    for (auto& [number, watched] : shared_->watched) {
      take(&watched, [&](const Request& request) {
        return request.deadline <= now || !request.responder->Wanted();
      });
      for (const Request& request : watched.waiting) {
        shared_->next_look = std::min(shared_->next_look, request.deadline);
      }
    }
  }
  shared_->waiting -= due.size();
  return due;
}

void Watches::CloseLongestUnused() {
  const std::lock_guard opening(opening_);
  FeedPointer unused;
  {
    const std::lock_guard lock(shared_->mutex);
    auto longest = shared_->watched.end();
    for (auto one = shared_->watched.begin(); one != shared_->watched.end(); ++one) {
      if (!one->second.waiting.empty()) continue;
      if (longest == shared_->watched.end() ||
          one->second.last_asked < longest->second.last_asked) {
        longest = one;
      }
    }
    if (longest == shared_->watched.end() ||
        Clock::now() - longest->second.last_asked < feed_spared_for_) {
      return;
    }
    unused = longest->second.feed;
    shared_->watched.erase(longest);
  }
  unused->OnChange(nullptr);
  book_->CloseFeed(*unused);
}

void Watches::CloseUnused() {
  // Not where a feed is being opened, which may take a while: there is a next time.
  const std::unique_lock opening(opening_, std::try_to_lock);
  if (!opening) return;
  std::vector<FeedPointer> unused;
  {
    const std::lock_guard lock(shared_->mutex);
    const Clock::time_point now = Clock::now();
    std::erase_if(shared_->watched, [&](const auto& entry) {
      const Watched& watched = entry.second;
      const bool is_unused = watched.waiting.empty() &&
                             (now - watched.last_asked >= feed_kept_for_ || watched.feed->ended());
      if (is_unused) unused.push_back(watched.feed);
      return is_unused;
    });
  }
  for (const FeedPointer& feed : unused) {
    feed->OnChange(nullptr);
    book_->CloseFeed(*feed);
  }
}

}  // namespace kundig::server
