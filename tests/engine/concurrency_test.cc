// Writers, day changes and every kind of reader at once.
//
// Each answer names its state by a journal_sequence. While the threads run, answers are checked for
// agreeing with themselves; some are kept. Afterwards the journal is put together from what the
// writers were told, the model is led through it event by event, and each kept answer must be what
// the model says at that sequence.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

#include "engine/book.h"
#include "tests/engine/model_book.h"
#include "tests/engine/random_history_actions.h"
#include "tests/engine/random_history_churn.h"
#include "tests/engine/random_history_compare.h"
#include "tests/engine/random_history_questions.h"

namespace kundig::engine {
namespace {

constexpr size_t kWriters = 2;
constexpr size_t kReaders = 3;
constexpr size_t kBatchEvents = 8;
constexpr size_t kKeptByEachReader = 100;
constexpr int64_t kHistoryRounds = 60;

// What the book said when it took a batch or a day.
struct JournalPart {
  uint64_t sequence = 0;  // after it
  std::vector<Event> events;
  ApplyAnswer answer;
  std::optional<Day> day;  // a day change instead of events
};

// An answer to be compared with the model's at `sequence`.
struct KeptAnswer {
  uint64_t sequence = 0;
  std::function<void(const ModelBook&, Differences*)> compare;
};

class Reader {
 public:
  Reader(Book* book, const RandomHistory& history, uint64_t seed)
      : book_(book), history_(history), random_(seed), empty_(history.rules, history.first_day) {}

  void AskOnce() {
    // Rarely: it takes longer than all the others.
    if (random_.Chance(3)) return AskChurn();
    switch (random_.Below(8)) {
      case 0:
        return AskStatus();
      case 1:
        return AskProfiles();
      case 2:
        return AskRfm();
      case 3:
        return AskAbc();
      case 4:
        return AskValue();
      case 5:
        return AskCount();
      case 6:
        return AskList();
      default:
        return AskPipeline();
    }
  }

  const std::vector<KeptAnswer>& kept() const { return kept_; }

 private:
  template <typename Compare>
  void Keep(const StateName& state, Compare&& compare) {
    EXPECT_LE(state.ranking_version, state.journal_sequence);
    EXPECT_GE(state.journal_sequence, last_sequence_) << "a reader must not see time go back";
    last_sequence_ = state.journal_sequence;
    // So that what is kept comes from the whole run.
    ++asked_;
    if (kept_.size() < kKeptByEachReader) {
      kept_.push_back({state.journal_sequence, compare});
    } else if (const uint64_t place = random_.Below(asked_); place < kKeptByEachReader) {
      kept_[place] = {state.journal_sequence, compare};
    }
  }

  void AskStatus() {
    const StatusAnswer answer = book_->Status();
    EXPECT_LE(answer.open_leads, answer.leads);
    Keep(answer.state, [answer](const ModelBook& model, Differences* differences) {
      CompareStatus(model.Status(), answer, differences);
    });
  }

  void AskProfiles() {
    std::vector<std::string_view> ids;
    for (int n = 0; n < 5; ++n) ids.push_back(random_.Pick(history_.customers));
    ProfilesAnswer answer;
    book_->Profiles(ids, &answer);
    Keep(answer.state, [answer, ids](const ModelBook& model, Differences* differences) {
      ProfilesAnswer expected;
      model.Profiles(ids, &expected);
      for (size_t i = 0; i < ids.size(); ++i) {
        // A lookup takes the rankings in force, which may be those of an earlier state.
        CompareProfile("profile", expected.profiles[i], answer.profiles[i], false, differences);
      }
    });
  }

  void AskRfm() {
    const RfmAnswer answer = book_->Rfm();
    RfmAnswer::Segment cells, segments;
    for (const RfmAnswer::Cell& cell : answer.cells) {
      cells.customers += cell.customers;
      cells.revenue += cell.revenue;
    }
    for (const RfmAnswer::Segment& segment : answer.segments) {
      segments.customers += segment.customers;
      segments.revenue += segment.revenue;
    }
    EXPECT_EQ(cells.customers, answer.population);
    EXPECT_EQ(segments.customers, answer.population);
    EXPECT_EQ(cells.revenue, segments.revenue);
    Keep(answer.state, [answer](const ModelBook& model, Differences* differences) {
      CompareRfm(model.Rfm(), answer, differences);
    });
  }

  void AskAbc() {
    const AbcAnswer answer = book_->Abc();
    EXPECT_EQ(answer.classes[0].sum + answer.classes[1].sum + answer.classes[2].sum, answer.total);
    Keep(answer.state, [answer](const ModelBook& model, Differences* differences) {
      CompareAbc(model.Abc(), answer, differences);
    });
  }

  void AskValue() {
    const ValueAnswer answer = book_->Value();
    EXPECT_LE(answer.hidden_potential.customers, answer.classes[1].customers);
    Keep(answer.state, [answer](const ModelBook& model, Differences* differences) {
      CompareValue(model.Value(), answer, differences);
    });
  }

  void AskCount() {
    const std::string where = RandomExpression(
        &random_, history_.rules->customer_fields(), [](FieldIndex) { return true; }, nullptr);
    const Result<CountAnswer> answer = book_->Count(where);
    ASSERT_TRUE(answer.has_value()) << where;
    Keep(answer->state, [answer, where](const ModelBook& model, Differences* differences) {
      CompareCount(where, *model.Count(where), *answer, differences);
    });
  }

  void AskList() {
    ListQuery query = RandomListQuery(&random_, empty_);
    query.early_warning = false;  // no churn model is in force
    query.fields = {"customer", "revenue_total", "rfm_segment", "value_score"};
    Result<ListAnswer> taken = book_->List(query);
    ASSERT_TRUE(taken.has_value()) << query.where;
    // Shared, because texts point into the answer.
    const auto answer = std::make_shared<const ListAnswer>(std::move(*taken));
    const std::vector<int64_t>& revenues = answer->columns[1].numbers;
    EXPECT_EQ(answer->rows, answer->total_customers);
    EXPECT_EQ(std::accumulate(revenues.begin(), revenues.end(), int64_t{0}),
              answer->total_revenue.units);
    Keep(answer->state, [answer, query](const ModelBook& model, Differences* differences) {
      CompareList("list where " + query.where + " by " + query.order_by, *model.List(query),
                  *answer, differences);
    });
  }

  void AskPipeline() {
    PipelineQuery query = RandomPipelineQuery(&random_, empty_);
    // The book may still be on its first day.
    if (query.as_of) query.as_of = std::min(*query.as_of, empty_.today());
    const Result<PipelineAnswer> answer = book_->Pipeline(query);
    ASSERT_TRUE(answer.has_value()) << query.where;
    uint64_t leads = 0;
    Minor revenue;
    for (const PipelineAnswer::Group& group : answer->groups) {
      leads += group.leads;
      revenue += group.revenue;
    }
    EXPECT_EQ(leads, answer->total.leads);
    EXPECT_EQ(revenue, answer->total.revenue);
    Keep(answer->state, [answer, query](const ModelBook& model, Differences* differences) {
      ComparePipeline("pipeline", *model.Pipeline(query), *answer, differences);
    });
  }

  void AskChurn() {
    ChurnQuery query;
    if (random_.Chance(50)) {
      query.until = history_.first_day - 40;
      query.check_until = history_.first_day;
    }
    const Result<ChurnAnswer> answer = book_->Churn(query);
    if (answer.has_error()) {
      EXPECT_EQ(answer.error().code, ErrorCode::kTooLittleData);
      return;
    }
    Keep(answer->state, [answer, query](const ModelBook& model, Differences* differences) {
      CompareChurn("churn", *model.Churn(query), *answer, differences);
    });
  }

  Book* book_;
  const RandomHistory& history_;
  Random random_;
  ModelBook empty_;  // lends its rules to questions
  uint64_t last_sequence_ = 0;
  uint64_t asked_ = 0;
  std::vector<KeptAnswer> kept_;
};

// Writes its share of the history; the first writer also changes the days.
std::vector<JournalPart> WriteShare(Book* book, const std::vector<Action>& actions, size_t writer) {
  std::vector<JournalPart> parts;
  std::vector<Event> batch;
  const auto send = [&] {
    if (batch.empty()) return;
    JournalPart part;
    part.answer = book->Apply(batch);
    part.sequence = part.answer.state.journal_sequence;
    part.events = std::move(batch);
    batch.clear();
    parts.push_back(std::move(part));
  };
  for (size_t i = 0; i < actions.size(); ++i) {
    const DayChange* change = std::get_if<DayChange>(&actions[i]);
    if (change != nullptr && writer == 0) {
      send();
      const Result<StateName> state = book->AdvanceDay(change->day);
      if (state.has_value()) parts.push_back({state->journal_sequence, {}, {}, change->day});
    }
    const Event* event = std::get_if<Event>(&actions[i]);
    if (event != nullptr && i % kWriters == writer) batch.push_back(*event);
    if (batch.size() == kBatchEvents) send();
  }
  send();
  return parts;
}

class ModelReplay {
 public:
  ModelReplay(const RandomHistory& history, const std::vector<Reader>& readers)
      : model_(history.rules, history.first_day) {
    for (const Reader& reader : readers) {
      for (const KeptAnswer& answer : reader.kept()) answers_.emplace(answer.sequence, &answer);
    }
  }

  // The parts in the order of the journal. Parts that took no event are left out by the caller.
  void Run(const std::vector<JournalPart>& parts) {
    CompareAnswers();
    for (const JournalPart& part : parts) {
      if (part.day) {
        ASSERT_TRUE(model_.AdvanceDay(*part.day).has_value());
      } else {
        Take(part);
      }
      ASSERT_EQ(model_.State().journal_sequence, part.sequence) << "the journal has a gap";
      CompareAnswers();
    }
    EXPECT_TRUE(answers_.empty()) << "an answer names a state that never was";
  }

 private:
  void Take(const JournalPart& part) {
    ApplyAnswer together;
    for (uint32_t i = 0; i < part.events.size(); ++i) {
      const ApplyAnswer one = model_.Apply(std::span(&part.events[i], 1));
      together.applied += one.applied;
      together.replaced += one.replaced;
      together.unchanged += one.unchanged;
      for (RefusedEvent refused : one.refused) {
        refused.index = i;
        together.refused.push_back(refused);
      }
      if (i + 1 < part.events.size()) CompareAnswers();
    }
    together.state = model_.State();
    Differences differences;
    CompareApply(together, part.answer, &differences);
    EXPECT_TRUE(differences.empty()) << differences.text();
  }

  void CompareAnswers() {
    const uint64_t sequence = model_.State().journal_sequence;
    for (auto at = answers_.find(sequence); at != answers_.end(); at = answers_.find(sequence)) {
      Differences differences;
      at->second->compare(model_, &differences);
      EXPECT_TRUE(differences.empty()) << "at " << sequence << ": " << differences.text();
      answers_.erase(at);
    }
  }

  ModelBook model_;
  std::multimap<uint64_t, const KeptAnswer*> answers_;
};

class ConcurrencyTest : public testing::TestWithParam<uint64_t> {};

TEST_P(ConcurrencyTest, EveryAnswerIsThatOfTheStateItNames) {
  const std::unique_ptr<RandomHistory> history = MakeHistory(GetParam(), kHistoryRounds);
  BookOptions options;
  options.today = history->first_day;
  options.shards = 16;
  options.threads = 3;
  Book book(history->rules, options);

  std::vector<Reader> readers;
  for (size_t i = 0; i < kReaders; ++i) readers.emplace_back(&book, *history, 100 + i);
  std::vector<std::vector<JournalPart>> written(kWriters);
  std::atomic<size_t> writing{kWriters};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kWriters; ++i) {
    threads.emplace_back([&, i] {
      written[i] = WriteShare(&book, history->actions, i);
      --writing;
    });
  }
  for (Reader& reader : readers) {
    threads.emplace_back([&] {
      do reader.AskOnce();
      while (writing > 0);
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::vector<JournalPart> parts;
  for (std::vector<JournalPart>& share : written) {
    for (JournalPart& part : share) {
      const ApplyAnswer& answer = part.answer;
      const bool took_any = answer.applied + answer.replaced + answer.unchanged > 0;
      if (part.day || took_any) parts.push_back(std::move(part));
    }
  }
  std::sort(parts.begin(), parts.end(),
            [](const JournalPart& a, const JournalPart& b) { return a.sequence < b.sequence; });
  ModelReplay(*history, readers).Run(parts);
}

// Seeds with long histories: many orders, many days, bursts.
INSTANTIATE_TEST_SUITE_P(Seeds, ConcurrencyTest, testing::Values(3, 8, 21, 34));

}  // namespace
}  // namespace kundig::engine
