// A small book with everything that a snapshot keeps, for the tests of its files.
//
// Thread safety: one thread.

#ifndef KUNDIG_TESTS_ENGINE_SNAPSHOT_SAMPLE_H_
#define KUNDIG_TESTS_ENGINE_SNAPSHOT_SAMPLE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/book.h"

namespace kundig::engine {

inline constexpr Day kSampleDay{20000};
inline constexpr std::string_view kSampleAttachment = "what the producers have sent";

inline std::shared_ptr<const Rules> SampleRules() {
  RuleSettings settings;
  settings.currency = "EUR";
  return CompileRules(settings, Calendar()).value();
}

inline BookOptions SampleOptions() {
  BookOptions options;
  options.today = kSampleDay;
  options.shards = 2;
  options.threads = 2;
  return options;
}

inline void FillSample(Book* book) {
  const TimeMs at{int64_t{kSampleDay.since_epoch} * 86'400'000};
  CustomerSet set;
  set.customer = "anna";
  set.country = Patch<std::string_view>::Set("Iceland");
  set.satisfaction = Patch<uint8_t>::Set(9);
  LeadSet lead;
  lead.lead = "roof";
  const std::shared_ptr<const Rules> rules = SampleRules();
  lead.stage = rules->stages()[0].name;
  lead.revenue = Minor{70'000};
  lead.customer = Patch<std::string_view>::Set("bert-with-a-long-name");
  const std::vector<Event> events = {
      set,
      OrderPlaced{"anna", "order-1", at, Minor{1999}, Minor{500}, 2, "EUR"},
      OrderPlaced{"bert-with-a-long-name", "order-2", at, Minor{4200}, std::nullopt, 1, {}},
      ReturnReceived{"anna", "return-1", at, Minor{100}, std::nullopt, {}},
      Contact{"anna", at, "mail", "spring"},
      Visit{"carla", at},
      lead};
  EXPECT_EQ(book->Apply(events).refused.size(), 0u);
}

inline SnapshotOrder SampleOrder(std::string folder, rocksdb::Env* env = nullptr) {
  SnapshotOrder order;
  order.folder = std::move(folder);
  order.time_zone = "Atlantic/Reykjavik";
  order.saved_at = TimeMs{1'700'000'000'000};
  order.while_still = [](const std::function<void()>& work) -> uint64_t {
    work();
    return 1;
  };
  order.attachment = [] { return std::string(kSampleAttachment); };
  order.env = env;
  return order;
}

inline Result<LoadedSnapshot> LoadSample(const std::string& folder, rocksdb::Env* env = nullptr) {
  return Book::LoadSnapshot(folder, SampleRules(), SampleOptions(), env);
}

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_SNAPSHOT_SAMPLE_H_
