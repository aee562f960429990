// Follows feeds of random conditions through a history: who has entered and not left must be who
// satisfies the condition by the model, at every state that is looked at.
//
// Thread safety: one thread at a time.

#ifndef KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_FEEDS_H_
#define KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_FEEDS_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/book.h"
#include "tests/engine/model_book.h"
#include "tests/engine/random_history_compare.h"
#include "tests/engine/random_history_random.h"

namespace kundig::engine {

class FeedFollower {
 public:
  // `engine` and `model` have got the same history whenever something is asked.
  FeedFollower(Book* engine, uint64_t seed) : engine_(engine), random_(seed) {}

  // Opens feeds until there are kFeeds.
  void Open(const ModelBook& model);
  // Reads what has come, and compares.
  void Check(const ModelBook& model, Differences* differences);

 private:
  static constexpr size_t kFeeds = 4;

  struct Followed {
    std::shared_ptr<Feed> feed;
    FeedPosition at;
    std::set<std::string> members;
  };

  void Read(const ModelBook& model, Followed* followed, Differences* differences);

  Book* const engine_;
  Random random_;
  std::vector<Followed> followed_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_FEEDS_H_
