// A durable book that is closed and opened again as often as a test likes, and what most tests of
// it ask and expect.
//
// Thread safety: for one thread; the book inside as durable_book.h says.

#ifndef KUNDIG_TESTS_ENGINE_REOPENED_BOOK_H_
#define KUNDIG_TESTS_ENGINE_REOPENED_BOOK_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/calendar.h"
#include "engine/durable_book.h"
#include "tests/engine/journal_folder.h"
#include "tests/engine/sample_orders.h"

namespace kundig::engine {

inline std::shared_ptr<const Rules> DefaultRules() {
  return CompileRules({}, Calendar()).value();
}

inline BookOptions Options(Day today) {
  BookOptions options;
  options.today = today;
  options.shards = 4;
  options.threads = 2;
  return options;
}

// A book that is closed and opened again as often as a test likes. The text of its rules is a
// number.
class Reopened {
 public:
  explicit Reopened(std::shared_ptr<const Rules> rules = DefaultRules(), Day today = kToday)
      : today_(today) {
    durability_.folder = folder_.Below("data");
    durability_.read_rules = [this](std::string_view text) -> Result<std::shared_ptr<const Rules>> {
      return rules_.at(std::stoul(std::string(text)));
    };
    Configure(std::move(rules));
    durability_.now = [this] { return now_; };
    Open();
  }

  // The rules of the next start.
  void Configure(std::shared_ptr<const Rules> rules) {
    durability_.rules_text = std::to_string(rules_.size());
    rules_.push_back(std::move(rules));
  }
  Result<StateName> ReplaceRules(std::shared_ptr<const Rules> rules) {
    const std::string before = durability_.rules_text;
    Configure(rules);
    Result<StateName> state = book_->ReplaceRules({std::move(rules), durability_.rules_text});
    if (!state) durability_.rules_text = before;
    return state;
  }

  std::optional<Error> TryToOpen() {
    book_.reset();
    auto opened = DurableBook::Open(rules_.at(std::stoul(durability_.rules_text)), Options(today_),
                                    durability_, &recovery_);
    if (!opened) return opened.error();
    book_ = std::move(*opened);
    return std::nullopt;
  }
  void Open() {
    const std::optional<Error> error = TryToOpen();
    ASSERT_FALSE(error) << error->message;
  }
  void Close() { book_.reset(); }
  DurableBook* operator->() { return book_.get(); }
  void SetClock(int64_t ms) { now_ = TimeMs{ms}; }
  const Recovery& recovery() const { return recovery_; }
  // Of the next opening; its functions are asked at any time.
  DurabilityOptions& durability() { return durability_; }
  std::string FileBelow(const char* name) const { return folder_.Below(name); }

  std::vector<Result<ApplyAnswer>> Write(const std::vector<WriteRequest>& writes) {
    std::vector<Result<ApplyAnswer>> answers;
    book_->Write(writes, [&](size_t place, const Result<ApplyAnswer>& answer) {
      EXPECT_EQ(place, answers.size());
      answers.push_back(answer);
    });
    return answers;
  }

 private:
  std::vector<std::shared_ptr<const Rules>> rules_;
  const Day today_;
  TimeMs now_{};
  TemporaryFolder folder_;
  DurabilityOptions durability_;
  Recovery recovery_;
  std::unique_ptr<DurableBook> book_;
};

inline void ExpectSameAnswer(const ApplyAnswer& first, const ApplyAnswer& second) {
  EXPECT_TRUE(second.repeated);
  EXPECT_EQ(first.state.journal_sequence, second.state.journal_sequence);
  EXPECT_EQ(first.applied, second.applied);
  EXPECT_EQ(first.replaced, second.replaced);
  EXPECT_EQ(first.unchanged, second.unchanged);
  ASSERT_EQ(first.refused.size(), second.refused.size());
  for (size_t i = 0; i < first.refused.size(); ++i) {
    EXPECT_EQ(first.refused[i].index, second.refused[i].index);
    EXPECT_EQ(first.refused[i].error.code, second.refused[i].error.code);
    EXPECT_EQ(first.refused[i].error.message, second.refused[i].error.message);
  }
}

// What two starts must agree on, in short.
inline void ExpectOrders(Book* book, uint64_t orders) {
  EXPECT_EQ(book->Status().orders, orders);
  EXPECT_EQ(static_cast<uint64_t>(book->Count("")->revenue_total.units), orders);
}

inline WriteRequest OneOrder(const OrderPlaced& order) {
  return {.name = {}, .what = std::span<const OrderPlaced>(&order, 1)};
}

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_REOPENED_BOOK_H_
